// The promise: whichever code a policy names, everything stored under it, before and after it changed, outlives as many
// sites as it has parities. Five real daemons, a policy that turns from Reed–Solomon to Clay, two fires.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { burnSite, enactCharter } from '@vauban/fleet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf, TestNetwork, type TestVault } from '../support/network.ts';

/** Eight sub-chunks of a leaf each at 3 + 2. */
const CELL_BYTES = 8 * 16_384;
let network: TestNetwork;
let vault: TestVault;
const files = new Map<string, Buffer>();

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 5, k: 3, m: 2, options: ['--code', 'rs'] });
  vault = await network.vault();
});
afterAll(() => network?.close());

async function put(name: string, bytes: number): Promise<void> {
  const content = bytesOf(bytes, bytes);
  const source = join(network.scratch, name);
  await writeFile(source, content);
  await vault.ask('put', source, name);
  files.set(name, content);
}

/** The codes of the segments of a path. */
async function codesOf(name: string): Promise<string[]> {
  const { segments } = await vault.ask('where', name);
  return (segments as { code: string; k: number; m: number }[]).map(({ code, k, m }) => `${code} ${k}+${m}`);
}

async function allReads(when: string): Promise<void> {
  for (const [name, content] of files) {
    const back = join(network.scratch, `${name}-${when}`);
    await vault.ask('get', name, back);
    expect((await readFile(back)).equals(content), name).toBe(true);
  }
}

it('a policy turns to clay: what is long enough obeys it, and all there is reads with two sites burnt', async () => {
  await put('before', 2_000_000);
  expect(await codesOf('before')).toEqual(['rs 3+2']);
  await enactCharter(network.directory, (charter) => ({
    ...charter,
    policies: charter.policies.map((policy) => ({ ...policy, code: 'clay', cellBytes: CELL_BYTES })),
  }));
  await put('long', 20_000_000);
  await put('short', 300_000);
  expect(await codesOf('long')).toEqual(['clay 3+2', 'clay 3+2']);
  expect(await codesOf('short')).toEqual(['rs 3+2']);
  await allReads('whole');
  for (const site of ['strasbourg', 'nancy']) {
    await burnSite(network.directory, site);
    await allReads(`without-${site}`);
  }
}, 90_000);
