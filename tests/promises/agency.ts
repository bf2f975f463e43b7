// An agency's client inside the test's own process, over a network of real daemons, with two of its ports changed: some
// peers cannot be reached, and the passphrase is derived in no time (it protects nothing here).

import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { main } from '@vauban/cli';
import {
  type ClientPorts,
  createVault,
  activateVault,
  nodeClient,
  openAgencyLine,
  Vault,
} from '@vauban/client';
import { Fault, memoryStore, type Network, type Peer, type Policy } from '@vauban/core';
import { nodeCrypto, nodePassphraseKdf } from '@vauban/core/node';
import { enactCharter, readNetworkCharter, STANDARD_POLICY } from '@vauban/fleet';
import { inWords, type Outcome, type Running } from '../support/command.ts';
import { type TestNetwork, TestVault } from '../support/network.ts';

/** A transfer of many megabytes takes a hundred times as long. */
const POLL_MS = 5;
export const PASSPHRASE = 'sésame';
const quickKdf = { ...nodePassphraseKdf, defaults: { memoryKiB: 8, passes: 1, lanes: 1 } };

/** A call of the network port: to whom, and the message when it is a small request. The call waits for the answer. */
type Wall = (peer: Peer, message?: Uint8Array) => boolean | Promise<boolean>;

/** The network port with walls: calls that `blocked` names fail as if nobody were there. */
export function walled(network: Network, blocked: Wall): Network {
  const pass = async (peer: Peer, message?: Uint8Array) => {
    if (!(await blocked(peer, message))) return;
    throw new Fault('unreachable', 'PEER_UNREACHABLE', `${peer.peer} cannot be reached`, {});
  };
  return {
    self: network.self,
    get addresses() {
      return network.addresses;
    },
    get traffic() {
      return network.traffic;
    },
    start: () => network.start(),
    stop: () => network.stop(),
    serve: (handler) => network.serve(handler),
    request: async (peer, body, options) => {
      await pass(peer, body);
      return network.request(peer, body, options);
    },
    bulk: async (peer, options) => {
      await pass(peer);
      return network.bulk(peer, options);
    },
  };
}

/**
 * A vault whose verbs run inside the test's process, unless they are begun: a process of its own takes a second of a
 * busy machine, and there is nothing to see from outside.
 */
export class AgencyVault extends TestVault {
  override async run(...argv: readonly string[]): Promise<Outcome> {
    let stdout = '';
    let stderr = '';
    const code = await main(argv, {
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      env: this.options.env ?? {},
      interactive: false,
    });
    return {
      argv,
      code,
      signal: null,
      stdout,
      stderr,
      json: argv.includes('--json') ? JSON.parse(stdout) : undefined,
    };
  }

  // biome-ignore lint/suspicious/noExplicitAny: what a script gets from JSON.parse
  override async ask(...argv: readonly string[]): Promise<any> {
    const outcome = await this.run(...argv, '--json');
    if (outcome.code !== 0) throw new Error(inWords(outcome));
    return outcome.json;
  }
}

/** Waits for something to happen while a command runs; says all it said when it ends before. */
export async function untilMidway(running: Running, holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    if (running.child.exitCode !== null) throw new Error(`too late: ${inWords(await running.outcome)}`);
    await sleep(POLL_MS);
  }
}

/** Segments that uploads under way have noted as stored with all their receipts: the long lines of their journals. */
export async function segmentsStored(vault: AgencyVault): Promise<number> {
  const uploads = join(vault.directory, 'uploads');
  let stored = 0;
  for (const name of await readdir(uploads).catch(() => [])) {
    const bytes = await readFile(join(uploads, name)).catch(() => Buffer.alloc(0));
    for (let at = 0; at + 4 <= bytes.length && !name.includes('.'); at += 4 + bytes.readUInt32BE(at)) {
      // The first line names the file; the others are a digest, or an id with five receipts and more.
      if (at > 0 && bytes.readUInt32BE(at) > 400) stored += 1;
    }
  }
  return stored;
}

/** Bytes of the files in a directory that something is being restored to, whatever they are called meanwhile. */
export async function bytesBeneath(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory).catch(() => [])) {
    bytes += (await stat(join(directory, name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}

/** Says all the command said when it ended otherwise. */
export function expectEnd(outcome: Outcome, ...codes: readonly number[]): void {
  if (!codes.includes(outcome.code ?? -1)) throw new Error(inWords(outcome));
}

/** A fresh agency with a vault under this policy, which is added to the charter when it is new. */
export async function joinNetwork(
  network: Pick<TestNetwork, 'directory' | 'scratch'>,
  policy: Partial<Policy> & Pick<Policy, 'name'> = { name: STANDARD_POLICY },
): Promise<AgencyVault> {
  const { scratch } = network;
  const directory = join(scratch, `vault-${policy.name}`);
  const passphraseFile = join(scratch, `vault-${policy.name}.passphrase`);
  await writeFile(passphraseFile, `${PASSPHRASE}\n`);
  const ports = await agencyPorts(directory);
  const founding = (await readNetworkCharter(network.directory)).signedFrom(1);
  const made = await createVault(ports, { charter: founding, passphrase: PASSPHRASE });
  const { id, name, rootKey } = openAgencyLine(nodeCrypto, made.publicLine);
  const chain = await enactCharter(network.directory, (current) => {
    const [standard] = current.policies;
    const known = current.policies.some((one) => one.name === policy.name);
    const agency = { id, name, rootKey, quotaBytes: 1e12, suspended: false, policies: [policy.name] };
    return {
      ...current,
      policies: known ? current.policies : [...current.policies, { ...(standard as Policy), ...policy }],
      agencies: [...current.agencies, agency],
    };
  });
  await activateVault(ports, { passphrase: PASSPHRASE, charter: chain.signedFrom(1) });
  const json = { vault: made.vault, device: made.device, words: made.words.join(' ') };
  const created = { argv: [], code: 0, signal: null, stdout: '', stderr: '', json };
  return new AgencyVault({ directory, passphraseFile, created, scratch });
}

/** Opens the vault as a machine that has its keys and nothing else: no logs, no indexes, no connections. */
export async function openFresh(
  directory: string,
  unreachable: ReadonlySet<string> = new Set(),
): Promise<Vault> {
  const ports = await agencyPorts(directory);
  const state = memoryStore();
  return Vault.open(
    {
      ...ports,
      openState: async () => ({ ...state, close: async () => {} }),
      network: (transportSeed) => walled(ports.network(transportSeed), ({ peer }) => unreachable.has(peer)),
    },
    PASSPHRASE,
  );
}

export async function agencyPorts(directory: string): Promise<ClientPorts> {
  return { ...(await nodeClient(directory)), kdf: quickKdf };
}
