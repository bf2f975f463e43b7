// The promise: after a fire the network regains its margin alone, without the agency. Nine real daemons; the disks are looked
// at from outside. Three fires in a row, at size and with what they cost, are in the long tier.

import { burnSite } from '@vauban/fleet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf, until } from '../support/network.ts';
import { fragmentFiles } from './fragment-files.ts';
import { HealingNetwork } from './healing-network.ts';

/** 81 sub-chunks of a leaf each at 6 + 3. */
const CELL_BYTES = 81 * 16_384;
let healing: HealingNetwork;

beforeAll(async () => {
  healing = await HealingNetwork.up({
    sites: 9,
    k: 6,
    m: 3,
    durations: { suspectAfterMs: 1_500, lostAfterMs: 4_000, takeoverMs: 20_000 },
    policy: { code: 'clay', cellBytes: CELL_BYTES },
    files: new Map([
      ['long', bytesOf(40_000_000, 1)],
      ['short', bytesOf(400_000, 2)],
    ]),
  });
}, 120_000);
afterAll(() => healing?.close());

it('a site burns: the others hold every fragment again, each once, and everything reads', async () => {
  const { network, placed } = healing;
  expect(await healing.fewest()).toBe(9);
  await burnSite(network.directory, 'strasbourg');
  expect(await healing.fewest()).toBeLessThan(9);
  await until(async () => (await healing.fewest()) === 9);
  // Everybody planned alike: nothing was rebuilt twice.
  const known = new Set(placed.map(({ segment }) => segment));
  const left = (await fragmentFiles(network)).filter(({ segment }) => known.has(segment));
  expect(left.length).toBe(9 * placed.length);
  await healing.reads('without-strasbourg');
}, 240_000);
