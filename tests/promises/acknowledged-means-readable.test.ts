// The promise: what a put acknowledged stays readable and listed, whenever the client is killed; what it did not
// acknowledge is there whole or not at all.

import { afterAll, beforeAll, it } from 'vitest';
import { TestNetwork } from '../support/network.ts';
import { type AgencyVault, joinNetwork } from './agency.ts';
import { expectToSurviveKills } from './killed-puts.ts';

let network: TestNetwork;
let vault: AgencyVault;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 5, k: 3, m: 2 });
  vault = await joinNetwork(network);
});
afterAll(() => network?.close());

it('holds over twenty kills of the client at any moment of a put', async () => {
  await expectToSurviveKills(network, vault, { kills: 20, seed: 20_260_301 });
});
