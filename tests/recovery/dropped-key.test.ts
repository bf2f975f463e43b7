// A charter version lists another log key for a daemon, in the middle of an append under the old one: that version is the
// old log's seal. What was certified of it stays, nothing more is signed, and the new key opens a new log.

import { copyFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeCrypto, nodeRandom } from '@vauban/core/node';
import { encodeKeyFile, makeKey, readConfig } from '@vauban/daemon';
import { charterPath, enactCharter } from '@vauban/fleet';
import type { Payload } from '@vauban/ledger';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgencyVault, joinNetwork } from '../promises/agency.ts';
import { inWords, type Json } from '../support/command.ts';
import { TestNetwork, until } from '../support/network.ts';
import { DaemonPen } from './daemon-pen.ts';
import { fileFor } from './machines.ts';

let network: TestNetwork;
let vault: AgencyVault;
let sites: string[];

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 4, k: 2, m: 2 });
  vault = await joinNetwork(network);
  sites = (await network.daemons()).map(({ site }) => site);
});
afterAll(() => network?.close());

const lost = (): Payload => ({ kind: 'lost', fragments: [[nodeRandom.bytes(32), 0]] });

/** Erases every fragment of a daemon that does not run. */
async function eraseFragments(site: string): Promise<number> {
  const { data } = await network.daemon(site);
  const names = await readdir(join(data, 'fragments'), { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile());
  await Promise.all(files.map((one) => rm(join(one.parentPath, one.name))));
  return files.length;
}

/** What the whole ledger comes to, which is in order. */
async function counted(): Promise<{ logs: number; entries: number; certified: number }> {
  const outcome = await vault.here('ledger', 'verify', '--network', network.directory, '--json');
  expect([outcome.code, outcome.json.problems], inWords(outcome)).toEqual([0, []]);
  const { logs, entries, certified } = outcome.json;
  return { logs, entries, certified };
}

it('seals the log of the key it drops, and the daemon goes on under the new one', async () => {
  await vault.ask('put', await fileFor(network, 'file'), 'file');
  const [site = '', ...others] = sites;
  const [first = '', second = '', last = ''] = others;
  const old = await DaemonPen.open(network, site);
  await old.certify(old.write(lost()), sites);
  const before = await counted();
  // Fewer than a quorum have the next append when the key is dropped.
  const half = old.write(lost());
  expect(await old.bring(half, [first, second])).toEqual(['cosigned', 'cosigned']);

  const key = makeKey('log', { random: nodeRandom, crypto: nodeCrypto });
  const { facts, config } = await network.daemon(site);
  await enactCharter(network.directory, (charter) => ({
    ...charter,
    daemons: charter.daemons.map((one) =>
      one.id === facts.daemon.id ? { ...one, logKey: key.publicKey } : one,
    ),
  }));
  const refused = 'WRITER_UNKNOWN (policy)';
  expect(await old.bring(half, [site, last])).toEqual([refused, refused]);
  expect(await old.bring(old.write(lost()), [first, second])).toEqual([refused, refused]);
  // Nobody can finish what half of them hold, and nobody's reading waits for it.
  expect(await counted()).toEqual({ ...before, entries: before.entries + 1 });
  expect(await vault.paths()).toEqual(['file']);
  await old.close();

  await network.kill(site);
  expect(await eraseFragments(site)).toBe(1);
  await copyFile(charterPath(network.directory), (await readConfig(config)).charter);
  // With the old key in its directory the daemon says so instead of serving.
  const started = await vault.here('network', 'start', network.directory, '--json');
  expect(started.code, inWords(started)).toBe(1);
  expect(started.stderr).toContain('the charter lists another log key');

  // With the new one it writes down what it has lost.
  await writeFile(join(config, '..', 'keys', 'log.key'), encodeKeyFile(key));
  await network.start();
  await until(async () => (await network.logOf(site)).includes('loss-certified'));
  expect(await counted()).toEqual({
    logs: before.logs + 1,
    entries: before.entries + 3,
    certified: before.certified + 2,
  });
  const { segments } = await vault.ask('where', 'file');
  const live = new Map<string, boolean>(segments[0].fragments.map((one: Json) => [one.site, one.live]));
  // What was lost may be rebuilt by now, there or elsewhere.
  for (const one of sites) if (one !== site) expect(live.get(one), one).toBe(true);
});
