// The promise: an operator who needs the lines for something else holds repair back, sees meanwhile what waits and how
// endangered it is, and lets it go on; whoever watches is told when it is done. Five real daemons; the disks are looked at from
// outside, and what a person is shown fits 80 columns.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, begin, inWords, type Outcome, run } from '../support/command.ts';
import { bytesOf, type TestNetwork, until } from '../support/network.ts';
import { fragmentFiles } from './fragment-files.ts';
import { HealingNetwork } from './healing-network.ts';
import type { PlacedRoots } from './surviving-disks.ts';

const N = 5;
const BURNT = 'metz';
let healing: HealingNetwork;
let network: TestNetwork;
let placed: readonly PlacedRoots[];

beforeAll(async () => {
  healing = await HealingNetwork.up({
    sites: N,
    k: 3,
    m: 2,
    durations: { suspectAfterMs: 1_500, lostAfterMs: 4_000, takeoverMs: 8_000 },
    files: new Map([6_000_000, 1_500_000].map((bytes, nth) => [`file-${nth}`, bytesOf(bytes, nth + 1)])),
  });
  ({ network, placed } = healing);
}, 120_000);
afterAll(() => healing?.close());

const repair = (...argv: readonly string[]) => ['repair', ...argv, '--network', network.directory];
const status = () => ask(repair('status'));

/** Ended well, within 80 columns. */
function shown(ended: Outcome): string {
  expect(ended.code, inWords(ended)).toBe(0);
  expect(ended.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  return ended.stdout.replaceAll('\n', ' ');
}

it('paused, nothing is rebuilt, and what waits is shown by its margin', async () => {
  expect(shown(await run(repair('pause')))).toContain('Repair is paused at 5 daemons.');
  await network.burn(BURNT);
  await until(async () => (await status()).segmentsToRepair === placed.length);
  // Longer than the next in line waits: that it was paused is not held against the first.
  await sleep(10_000);
  expect(await healing.repaired()).toBe(0);
  expect(await healing.fewest()).toBe(N - 1);
  const { bytesToGo, ...waiting } = await status();
  expect(bytesToGo).toBeGreaterThan(0);
  expect(waiting).toMatchObject({
    paused: true,
    segmentsToRepair: placed.length,
    byMargin: { '1': placed.length },
    etaSeconds: null,
    silent: [{ site: BURNT }],
  });
  const text = shown(await run(repair('status')));
  expect(text).toContain('repair is paused');
  expect(text).toMatch(new RegExp(`margin +segments +1 +${placed.length} `));
  const { config } = await network.daemon('nancy');
  expect(shown(await run(['daemon', 'status', '--config', config]))).toContain('REPAIR_PAUSED');
  const overview = shown(await run(['network', 'status', network.directory]));
  expect(overview).toMatch(/ paused /);
  expect(overview).toContain('repair is paused: vauban repair resume');
}, 120_000);

it('whoever watches meanwhile is told when it is done, once it goes on', async () => {
  const watching = begin(repair('status', '--watch'));
  await sleep(3_000);
  expect(watching.child.exitCode).toBeNull();
  expect(shown(await run(repair('resume')))).toContain('Repair goes on at 4 daemons.');
  const text = shown(await watching.outcome);
  expect(text).toContain('nothing is to be repaired');
  expect(await healing.fewest()).toBe(N);
  expect((await fragmentFiles(network)).length).toBe(N * placed.length);
  await until(async () => (await healing.repaired()) === placed.length);
  expect(await status()).toMatchObject({ paused: false, segmentsToRepair: 0, bytesToGo: 0, byMargin: {} });
  await healing.reads('afterwards');
}, 120_000);
