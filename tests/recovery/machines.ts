// Machines of one agency whose programs run inside the test's own process, so that a test decides which daemon hears
// what, and when: the real client over real daemons, with something put before its network port.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeSource, recoverVault, Vault } from '@vauban/client';
import { isFault } from '@vauban/core';
import { NetworkSession, readNetworkCharter } from '@vauban/fleet';
import { type Ask, decodeRequest } from '@vauban/wire';
import { expect } from 'vitest';
import { type AgencyVault, agencyPorts, PASSPHRASE, walled } from '../promises/agency.ts';
import { inWords } from '../support/command.ts';
import type { TestNetwork } from '../support/network.ts';

/** Whether a request may go out to the daemon of a site. It waits for the answer. */
type Door = (site: string, ask: Ask) => boolean | Promise<boolean>;

/** The vault of a directory, whose requests all go through a door. */
export async function openBehind(network: TestNetwork, directory: string, door: Door): Promise<Vault> {
  const ports = await agencyPorts(directory);
  const { daemons } = (await readNetworkCharter(network.directory)).current;
  const siteOf = new Map(daemons.map(({ peer, site }) => [peer, site]));
  return Vault.open(
    {
      ...ports,
      network: (seed) =>
        walled(ports.network(seed), async ({ peer }, message) => {
          if (message === undefined) return false;
          return !(await door(siteOf.get(peer) ?? '', decodeRequest(message).ask));
        }),
    },
    PASSPHRASE,
  );
}

/** One more machine of the vault's agency, made of its words. */
export async function recovered(
  network: TestNetwork,
  vault: AgencyVault,
  name: string,
): Promise<TestVaultAt> {
  const directory = join(network.scratch, name);
  const charter = (await readNetworkCharter(network.directory)).signedFrom(1);
  const { words } = vault.created.json;
  const made = await recoverVault(await agencyPorts(directory), { words, charter, passphrase: PASSPHRASE });
  return Object.assign(vault.at(directory), { device: made.device });
}

type TestVaultAt = ReturnType<AgencyVault['at']> & {
  /** Origin of its log. */
  readonly device: string;
};

/**
 * A put whose entries are signed and stored here, but go to no hoster before it is said to which. Its program ends
 * then, like that of a machine that is lost.
 */
export class HeldBackPut {
  /** Resolves when its append has been asked of every hoster. */
  readonly signed: Promise<void>;
  readonly #reached = Promise.withResolvers<readonly string[]>();
  readonly #ended: Promise<string>;

  constructor(network: TestNetwork, vault: { readonly directory: string }, path: string) {
    const signed = Promise.withResolvers<void>();
    this.signed = signed.promise;
    const door: Door = async (site, ask) => {
      if (ask !== 'append') return true;
      signed.resolve();
      return (await this.#reached.promise).includes(site);
    };
    const put = async () => {
      const opened = await openBehind(network, vault.directory, door);
      try {
        const { problems } = await opened.put(nodeSource(await fileFor(network, path)), path);
        return problems.map(({ fault }) => fault.code).join() || 'certified';
      } catch (error) {
        return codeOf(error);
      } finally {
        await opened.close();
      }
    };
    this.#ended = put();
    void this.#ended.then((code) => signed.reject(new Error(`it ended before it had signed: ${code}`)));
  }

  /** Lets its append through to these sites; what became of it, in a word, once the program has ended. */
  reach(sites: readonly string[]): Promise<string> {
    this.#reached.resolve(sites);
    return this.#ended;
  }
}

function codeOf(error: unknown): string {
  if (isFault(error)) return error.code;
  throw error;
}

/** What is stored under a path in these tests. */
const contentOf = (path: string) => `content of ${path} `.repeat(400);

/** A file to be put under this path. */
export async function fileFor(network: TestNetwork, path: string): Promise<string> {
  const file = join(network.scratch, path);
  await writeFile(file, contentOf(path));
  return file;
}

/** Whole are exactly these paths, each with what `contentOf` says; the ledger is in order, for its agency and for operators. */
export async function expectWhole(network: TestNetwork, vault: AgencyVault, paths: readonly string[]) {
  expect((await vault.paths()).sort()).toEqual([...paths].sort());
  const out = join(network.scratch, `out ${crypto.randomUUID()}`);
  const got = await vault.here('get', '/', out, '--json');
  expect(got.code, inWords(got)).toBe(0);
  for (const path of paths) expect(await readFile(join(out, path), 'utf8')).toBe(contentOf(path));
  for (const of of [[], ['--network', network.directory]]) {
    const verified = await vault.here('ledger', 'verify', ...of, '--json');
    expect([verified.code, verified.json.problems], inWords(verified)).toEqual([0, []]);
  }
}

/** What the daemons of these sites answer to whoever brings them again all that any hoster holds of a log, from a size on. */
export async function broughtAgain(
  network: TestNetwork,
  sites: readonly string[],
  log: { readonly origin: string; readonly from: number },
): Promise<Set<string>> {
  const session = await NetworkSession.open(network.directory, { as: 'operator' });
  try {
    const hosters = session.charter.sites.filter(({ id }) => sites.includes(id)).map(({ hoster }) => hoster);
    const voters = session.voters();
    const held = await Promise.all(voters.map((voter) => voter.batches(log.origin, log.from)));
    const asked = voters.filter(({ hoster }) => hosters.includes(hoster));
    const told = held.flat().flatMap((append) => asked.map((voter) => voter.append(append, null)));
    const replies = await Promise.all(told);
    return new Set(replies.map((reply) => (reply.result === 'refused' ? reply.fault.code : reply.result)));
  } finally {
    await session.close();
  }
}
