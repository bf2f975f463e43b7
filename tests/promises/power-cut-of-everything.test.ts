// The promise: when every daemon loses power at once, in the middle of a put, everything acknowledged is readable
// after the restart, the voters vote again, and the put can be done again.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf, TestNetwork } from '../support/network.ts';
import { type AgencyVault, expectEnd, joinNetwork, segmentsStored, untilMidway } from './agency.ts';
import { treeOf } from './tree.ts';

let network: TestNetwork;
let vault: AgencyVault;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 5, k: 3, m: 2 });
  vault = await joinNetwork(network);
});
afterAll(() => network?.close());

interface Status {
  readonly summary: string;
  readonly daemons: readonly { readonly state: string; readonly fragments: number | null }[];
}
const status = (): Promise<Status> => vault.ask('network', 'status', network.directory);

it('comes back with everything acknowledged, votes, and takes the put again', async () => {
  const acknowledged = await network.tree('acknowledged', {
    'a/small': 'registre',
    'a/large': bytesOf(20_000_000, 5),
    empty: '',
  });
  await vault.ask('put', acknowledged, 'acknowledged');
  const large = join(await network.tree('in', { large: bytesOf(48_000_000, 6) }), 'large');

  const putting = vault.begin('put', large, 'large', '--json');
  await untilMidway(putting, async () => (await segmentsStored(vault)) > 0);
  const everyone = await network.daemons();
  await network.kill(...everyone.map(({ site }) => site));
  const failed = await putting.outcome;
  // Nobody answers, or not enough sites are left to store on: it depends on what the put was about to do.
  expectEnd(failed, 5, 6);
  expect(failed.json).toMatchObject({ error: { code: expect.any(String) } });
  expect((await status()).daemons.map(({ state }) => state)).toEqual(everyone.map(() => 'down'));

  const restarted = await vault.ask('network', 'start', network.directory);
  expect(restarted).toMatchObject({ quorum: true, silent: [] });
  expect((await status()).summary).toMatch(/^no data lost; worst margin 2 sites; .*5 of 5 daemons up$/);

  expect(await vault.paths()).toEqual(['acknowledged/a/large', 'acknowledged/a/small', 'acknowledged/empty']);
  const out = join(network.scratch, 'out');
  await vault.ask('get', 'acknowledged', out);
  expect(await treeOf(out)).toEqual(await treeOf(acknowledged));

  const again = await vault.ask('put', large, 'large');
  // Unchanged when the cut came after its entries were written down: the next put finishes them first.
  expect(again.objects).toMatchObject([{ path: 'large', size: 48_000_000 }]);
  await vault.ask('get', 'large', join(network.scratch, 'large-out'));
  expect((await readFile(join(network.scratch, 'large-out'))).equals(await readFile(large))).toBe(true);
  expect(await vault.ask('ledger', 'verify')).toMatchObject({ ok: true, problems: [] });
});
