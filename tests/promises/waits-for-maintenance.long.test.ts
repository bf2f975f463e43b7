// The promise: a site that said it would be away costs nothing while enough is left, however long it is silent; where a real
// loss meanwhile leaves too little, its absence is no longer waited for; and when it returns nothing is left over. Seven real
// daemons, so that a quorum is left without two; the disks are looked at from outside, and what a person is shown fits 80 columns.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { adminGet } from '../support/admin.ts';
import { ask, inWords, runHere } from '../support/command.ts';
import { bytesOf, type TestNetwork, until } from '../support/network.ts';
import { fragmentFiles } from './fragment-files.ts';
import { HealingNetwork } from './healing-network.ts';
import type { PlacedRoots } from './surviving-disks.ts';

const N = 7;
const AWAY = 'nancy';
const BURNT = 'reims';
let healing: HealingNetwork;
let network: TestNetwork;
let placed: readonly PlacedRoots[];

beforeAll(async () => {
  healing = await HealingNetwork.up({
    sites: N,
    k: 5,
    m: 2,
    durations: { suspectAfterMs: 1_500, lostAfterMs: 4_000, takeoverMs: 30_000, trimGraceMs: 1_000 },
    // As much as six sites can give: what they have beside it may be trimmed.
    policy: { sitesLost: 1, minSurvives: 1 },
    files: new Map(
      // Each has a segment of its own.
      [6_000_000, 1_200_000, 1_200_000].map((bytes, nth) => [`file-${nth}`, bytesOf(bytes, nth + 1)]),
    ),
  });
  ({ network, placed } = healing);
}, 120_000);
afterAll(() => healing?.close());

/** Whether all that run have heard nothing of a site for longer than makes lost. */
async function isMissed(site: string): Promise<boolean> {
  const pages = await Promise.all((await healing.running()).map((one) => adminGet(one, '/metrics')));
  const line = new RegExp(`^vauban_peers\\{[^}]*peer_site="${site}"[^}]*state="lost"[^}]*\\} 1$`, 'm');
  return pages.every((page) => line.test(page));
}

/** What a person sees of it all. */
async function screens(): Promise<string> {
  const [first] = await healing.running();
  const shown = [
    ['network', 'status', network.directory],
    ['repair', 'status', '--network', network.directory],
    ['daemon', 'status', '--config', first?.config ?? ''],
  ].map(async (argv) => {
    const ended = await runHere(argv);
    expect(ended.code, inWords(ended)).toBe(0);
    return ended.stdout;
  });
  const text = (await Promise.all(shown)).join('\n');
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  return text;
}

const site = (...argv: readonly string[]) => ask(['site', ...argv, '--network', network.directory]);
const repairStatus = () => ask(['repair', 'status', '--network', network.directory]);

it('nothing is rebuilt while a site is away as announced', async () => {
  await site('maintenance', AWAY, '--until', '1h');
  await network.kill(AWAY);
  await until(() => isMissed(AWAY));
  await sleep(5_000);
  expect(await healing.repaired()).toBe(0);
  expect((await fragmentFiles(network)).length).toBe(N * placed.length);
  expect(await repairStatus()).toMatchObject({ segmentsToRepair: 0, bytesToGo: 0 });
  expect(await screens()).toContain(`${AWAY} is in maintenance until`);
}, 120_000);

it('a second site is lost: too little is left to wait, and both are rebuilt', async () => {
  await network.burn(BURNT);
  // With the fragments of one of them, six on five sites, the next loss could take two: what is away is rebuilt as well. A
  // fragment is counted once it is certified, a moment after it lies there.
  await until(async () => (await healing.repaired()) === 2 * placed.length);
  for (const sites of await healing.sitesOf()) expect(sites.filter((one) => one !== AWAY)).toHaveLength(N);
  await screens();
  await healing.reads('without-two');
  expect(await healing.repaired()).toBe(2 * placed.length);
}, 180_000);

it('the site returns, and of each fragment one copy is left', async () => {
  await site('declare-lost', BURNT, '--yes');
  await network.start();
  await until(async () => (await fragmentFiles(network)).length === N * placed.length);
  for (const sites of await healing.sitesOf()) {
    expect(sites).toHaveLength(N);
    expect(new Set(sites).size).toBe(N - 1);
  }
  expect(await site('maintenance', AWAY, '--over')).toMatchObject({ until: 0 });
  expect(await repairStatus()).toMatchObject({ segmentsToRepair: 0 });
  expect(await screens()).toContain(`${BURNT} was declared lost`);
  await healing.reads('afterwards');
}, 180_000);
