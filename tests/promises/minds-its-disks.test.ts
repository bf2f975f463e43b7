// The promise: what rots on a disk is rebuilt before anybody asks, a daemon that leaves hands everything over first, and a
// daemon killed in the middle of a repair goes on where it was. Five real daemons; the disks are looked at from outside.

import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask } from '../support/command.ts';
import { bytesOf, type TestNetwork, until } from '../support/network.ts';
import { fragmentFiles } from './fragment-files.ts';
import { HealingNetwork } from './healing-network.ts';
import { heldOnDisks } from './surviving-disks.ts';

const N = 5;
let healing: HealingNetwork;
let network: TestNetwork;

beforeAll(async () => {
  healing = await HealingNetwork.up({
    sites: N,
    k: 3,
    m: 2,
    durations: {
      suspectAfterMs: 1_500,
      lostAfterMs: 4_000,
      takeoverMs: 5_000,
      trimGraceMs: 1_000,
      scrubPeriodMs: 8_000,
    },
    files: new Map([['file', bytesOf(60_000_000, 3)]]),
  });
  ({ network } = healing);
}, 120_000);
afterAll(() => healing?.close());

it('rot in a fragment is found and healed by its own daemon', async () => {
  const [fragment] = await fragmentFiles(network);
  if (fragment === undefined) throw new Error('there are no fragments');
  const before = await readFile(fragment.path);
  const rotten = Buffer.from(before);
  const at = Math.floor(rotten.length / 3);
  rotten[at] = (rotten[at] as number) ^ 0x10;
  await writeFile(fragment.path, rotten);
  const bytes = (await stat(fragment.path)).size - 224;
  await until(async () =>
    (await readFile(fragment.path)).subarray(0, bytes).equals(before.subarray(0, bytes)),
  );
  expect(await healing.fewest()).toBe(N);
}, 90_000);

it('daemons killed in the middle of a repair finish it after their restart', async () => {
  await network.kill('strasbourg');
  // Whoever repairs something first is killed in the middle of the rest.
  let repairing: string | undefined;
  await until(async () => {
    for (const { site } of await network.daemons())
      if (site !== 'strasbourg' && (await network.logOf(site)).includes('"repaired"')) repairing = site;
    return repairing !== undefined;
  });
  await network.kill(repairing as string);
  await network.start();
  await until(async () => (await healing.fewest()) === N);
  await healing.reads('after-kills');
  expect(repairing).not.toBe('strasbourg');
}, 120_000);

it('a daemon that is drained is safe to stop, and the margin stays', async () => {
  const place = await network.daemon('nancy');
  const ended = await ask(['daemon', 'drain', '--config', place.config]);
  expect(ended.safeToStop).toBe(true);
  // Whatever lies there lies elsewhere too.
  const held = await heldOnDisks(network, healing.placed);
  for (const indices of held.values()) {
    for (const sites of indices.values()) expect(sites.some((site) => site !== 'nancy')).toBe(true);
    expect(indices.size).toBe(N);
  }
  await network.kill('nancy');
  await healing.reads('without-the-drained');
}, 120_000);
