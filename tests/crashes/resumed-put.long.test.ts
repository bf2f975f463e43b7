// The full-size case: a client killed at half of 512 MiB, and the rerun's bytes counted on its sockets.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgencyVault, joinNetwork } from '../promises/agency.ts';
import { bytesOf, TestNetwork } from '../support/network.ts';
import { killedHalfWay } from './resume.ts';

const PART_BYTES = 1 << 20;
const PARTS = 512;
const BYTES = PART_BYTES * PARTS;
/** Segments of 324 frames of 49,136 bytes. */
const SEGMENTS = Math.ceil(BYTES / (324 * 49_136));

let network: TestNetwork;
let vault: AgencyVault;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 9, k: 6, m: 3 });
  vault = await joinNetwork(network);
});
afterAll(() => network?.close());

it('sends at most 60 % of 512 MiB again', async () => {
  const file = join(network.scratch, 'large');
  const handle = await open(file, 'w');
  for (let part = 0; part < PARTS; part++) await handle.write(bytesOf(PART_BYTES, part + 1));
  await handle.close();

  const { killed, sentBytes } = await killedHalfWay(vault, { file, path: 'large', segments: SEGMENTS });
  expect(killed).toBe('SIGKILL');
  expect(sentBytes).toBeLessThanOrEqual(0.6 * BYTES * 1.5);

  const out = join(network.scratch, 'out');
  await vault.ask('get', 'large', out);
  expect(await digestOf(out)).toBe(await digestOf(file));
});

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
