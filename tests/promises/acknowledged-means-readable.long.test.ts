// The promise: what a put acknowledged stays readable and listed, whenever the client is killed; what it did not
// acknowledge is there whole or not at all. The long way: many kills, nine sites.

import { afterAll, beforeAll, it } from 'vitest';
import { TestNetwork } from '../support/network.ts';
import { type AgencyVault, joinNetwork } from './agency.ts';
import { expectToSurviveKills } from './killed-puts.ts';

let network: TestNetwork;
let vault: AgencyVault;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 9, k: 6, m: 3 });
  vault = await joinNetwork(network);
});
afterAll(() => network?.close());

it('holds over eighty kills', async () => {
  await expectToSurviveKills(network, vault, { kills: 80, seed: 7 });
});
