// The promise: a site may burn in the middle of a read, and the reader only notices the bytes it asked for.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { burnSite } from '@vauban/fleet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf, TestNetwork } from '../support/network.ts';
import { type AgencyVault, bytesBeneath, expectEnd, joinNetwork, untilMidway } from './agency.ts';

const BYTES = 96_000_000;
let network: TestNetwork;
let vault: AgencyVault;
let content: Buffer;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 5, k: 3, m: 2 });
  vault = await joinNetwork(network);
  content = bytesOf(BYTES, 77);
  const tree = await network.tree('in', { film: content });
  await vault.ask('put', join(tree, 'film'), 'film');
});
afterAll(() => network?.close());

it('gives every byte, without an error, while a site dies and its disks are erased', async () => {
  const outs = join(network.scratch, 'outs');
  const out = join(outs, 'film');
  const reading = vault.begin('get', 'film', out, '--json');
  // A few segments are through; most are not.
  await untilMidway(reading, async () => (await bytesBeneath(outs)) > 4_000_000);
  const burnt = await burnSite(network.directory, 'strasbourg');
  // It came in mid-read: until all is there, what is there has another name.
  await expect(stat(out)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(burnt.fragmentsLost).toBeGreaterThan(0);

  const outcome = await reading.outcome;
  expectEnd(outcome, 0);
  expect(outcome.json.objects).toMatchObject([{ path: 'film', size: BYTES }]);
  expect(content.equals(await readFile(out))).toBe(true);

  const where = await vault.ask('where', 'film');
  const held = where.segments[0].fragments as { site: string; live: boolean }[];
  expect(held.filter(({ live }) => !live).map(({ site }) => site)).toEqual(['strasbourg']);
  expect(where.survives).toEqual({ sites: 1 });
});
