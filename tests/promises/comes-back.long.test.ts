// The promise: a disk that comes back after its site was given up erases nothing before a person has looked, whatever was
// deleted meanwhile; afterwards the network is as lean as before. And deleting does free the disks of those that were there.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminGet } from '../support/admin.ts';
import { ask } from '../support/command.ts';
import { bytesOf, type TestNetwork, type TestVault, until } from '../support/network.ts';
import { fragmentFiles } from './fragment-files.ts';
import { HealingNetwork } from './healing-network.ts';
import { heldOnDisks, type PlacedRoots, placedRoots } from './surviving-disks.ts';

const N = 5;
const BACK = 'nancy';
let healing: HealingNetwork;
let network: TestNetwork;
let vault: TestVault;
const placed = new Map<string, readonly PlacedRoots[]>();

beforeAll(async () => {
  healing = await HealingNetwork.up({
    sites: N,
    k: 3,
    m: 2,
    durations: {
      suspectAfterMs: 1_500,
      lostAfterMs: 4_000,
      takeoverMs: 10_000,
      awayMaxMs: 12_000,
      eraseGraceMs: 6_000,
      trimGraceMs: 1_000,
    },
    files: new Map([
      ['kept', bytesOf(6_000_000, 1)],
      ['deleted', bytesOf(5_000_000, 2)],
    ]),
  });
  ({ network, vault } = healing);
  for (const name of ['kept', 'deleted']) placed.set(name, await placedRoots(vault, [name]));
}, 120_000);
afterAll(() => healing?.close());

/** Files of fragments of this object, by site. */
async function filesOf(name: string): Promise<string[]> {
  const segments = new Set(placed.get(name)?.map(({ segment }) => segment));
  const found = (await fragmentFiles(network)).filter(({ segment }) => segments.has(segment));
  return found.map(({ site, segment, index }) => `${site} ${segment} ${index}`).sort();
}

async function at(site: string, name: string): Promise<string[]> {
  return (await filesOf(name)).filter((one) => one.startsWith(`${site} `));
}

/** On the disks of the others. */
async function copiesElsewhere(name: string): Promise<number> {
  const all = await filesOf(name);
  return all.length - (await at(BACK, name)).length;
}

it('a site given up is rebuilt elsewhere; its old disk comes back and changes nothing until it is readmitted', async () => {
  const all = { kept: await filesOf('kept'), deleted: await filesOf('deleted') };
  await network.kill(BACK);
  const lost = (await at(BACK, 'kept')).length;
  await until(async () => (await copiesElsewhere('kept')) === all.kept.length);
  expect(lost).toBeGreaterThan(0);

  // While it is gone an object is deleted: after the grace the others erase what they held of it.
  await vault.ask('rm', 'deleted');
  await ask(['site', 'declare-lost', BACK, '--network', network.directory, '--yes']);
  // A minute after it was put its claims can be given up: what the date of its place keeps it for.
  for (const end = Date.now() + 90_000; (await copiesElsewhere('deleted')) > 0 && Date.now() < end; ) {
    await vault.ask('rm', '--finish');
    await sleep(2_000);
  }
  expect(await copiesElsewhere('deleted')).toBe(0);
  expect((await at(BACK, 'deleted')).length).toBeGreaterThan(0);

  const before = { kept: await at(BACK, 'kept'), deleted: await at(BACK, 'deleted') };
  await network.start();
  const daemon = await network.daemon(BACK);
  const status = async () => JSON.parse(await adminGet(daemon, '/v0/status')) as { readonly mode: string };
  expect((await status()).mode).toBe('read-only');
  // Longer than every grace there is: whatever were to erase, would have.
  await sleep(10_000);
  expect(await at(BACK, 'kept')).toEqual(before.kept);
  expect(await at(BACK, 'deleted')).toEqual(before.deleted);
  expect((await status()).mode).toBe('read-only');
  await healing.reads('while-read-only', { of: ['kept'] });

  await ask(['daemon', 'readmit', '--config', daemon.config]);
  // What was deleted goes here too, and of each fragment one copy stays.
  await until(async () => (await at(BACK, 'deleted')).length === 0);
  await until(async () => (await filesOf('kept')).length === all.kept.length);
  const held = await heldOnDisks(network, placed.get('kept') ?? []);
  for (const indices of held.values()) expect(indices.size).toBe(N);
  await healing.reads('afterwards', { of: ['kept'] });
}, 300_000);
