// Every hoster is put back to an older state, votes and all, so that they agree with each other: only whoever remembers
// more can tell, and says so instead of showing less.

import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inWords } from '../support/command.ts';
import { TestNetwork } from '../support/network.ts';

let network: TestNetwork;
beforeAll(async () => {
  network = await TestNetwork.up({ sites: 3, k: 2, m: 1 });
});
afterAll(() => network?.close());

it('is an integrity fault for who has seen more: exit status 3', async () => {
  const vault = await network.vault();
  const file = join(network.scratch, 'file');
  const earlier = join(network.scratch, 'earlier');
  for (const content of ['before', 'after']) {
    await writeFile(file, content.repeat(2_000));
    const stored = await vault.here('put', file, content, '--json');
    expect(stored.code, inWords(stored)).toBe(0);
    if (content === 'after') break;
    await network.stop();
    await cp(network.directory, earlier, { recursive: true });
    await network.start();
  }
  await network.stop();
  await rm(network.directory, { recursive: true });
  await cp(earlier, network.directory, { recursive: true });
  await network.start();

  const listed = await vault.here('ls', '--json');
  expect([listed.code, listed.json.error.code], inWords(listed)).toEqual([3, 'ROLLBACK']);
  expect(listed.stderr).toMatch(/this reader has seen it certified/);
  // What was certified when last seen can still be asked for, and says what it is.
  const stale = await vault.here('ls', '--stale', '--json');
  expect(stale.json.objects.length, inWords(stale)).toBe(2);
});
