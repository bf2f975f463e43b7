// The promise, as far as it goes: three of nine sites burn one after the other during one read.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { burnSite } from '@vauban/fleet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf, TestNetwork } from '../support/network.ts';
import { type AgencyVault, bytesBeneath, expectEnd, joinNetwork, untilMidway } from './agency.ts';

const BYTES = 400_000_000;
let network: TestNetwork;
let vault: AgencyVault;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 9, k: 6, m: 3 });
  vault = await joinNetwork(network);
});
afterAll(() => network?.close());

it('gives every byte while three sites burn', async () => {
  const film = join(await network.tree('in', { film: bytesOf(BYTES, 78) }), 'film');
  await vault.ask('put', film, 'film');
  const outs = join(network.scratch, 'outs');
  const out = join(outs, 'film');
  const reading = vault.begin('get', 'film', out, '--json');
  for (const [nth, site] of ['strasbourg', 'reims', 'colmar'].entries()) {
    await untilMidway(reading, async () => (await bytesBeneath(outs)) > 4_000_000 + nth * 80_000_000);
    await burnSite(network.directory, site);
    await expect(stat(out)).rejects.toMatchObject({ code: 'ENOENT' });
  }
  expectEnd(await reading.outcome, 0);
  expect((await readFile(film)).equals(await readFile(out))).toBe(true);
});
