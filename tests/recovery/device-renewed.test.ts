// A vault directory that is lost in part, put back from an older copy, or used twice at once: the key that must not sign
// again never does, nothing stored is lost, and the command that met it goes on.

import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inWords, type Json, type Outcome } from '../support/command.ts';
import { TestNetwork, type TestVault } from '../support/network.ts';

let network: TestNetwork;
beforeAll(async () => {
  network = await TestNetwork.up({ sites: 3, k: 2, m: 1 });
});
afterAll(() => network?.close());

const at = (...parts: string[]) => join(network.scratch, ...parts);

const contentOf = (name: string) => `content of ${name} `.repeat(400);

async function put(vault: TestVault, name: string): Promise<Outcome> {
  await writeFile(at(name), contentOf(name));
  const stored = await vault.here('put', at(name), '--json');
  expect(stored.code, inWords(stored)).toBe(0);
  return stored;
}

async function expectAll(vault: TestVault, names: readonly string[]): Promise<void> {
  const out = at(`out of ${names.length} from ${basename(vault.directory)}`);
  const got = await vault.here('get', '/', out, '--json');
  expect(got.code, inWords(got)).toBe(0);
  expect(got.json.objects.map(({ path }: Json) => path).sort()).toEqual([...names].sort());
  for (const name of names) expect(await readFile(join(out, name), 'utf8')).toBe(contentOf(name));
}

describe('a vault directory', () => {
  it('put back from an older copy: what was put before and after is all there, in a new log', async () => {
    const vault = await network.vault('restored');
    await put(vault, 'first');
    await cp(vault.directory, at('restored copy'), { recursive: true });
    await put(vault, 'second');
    await rm(vault.directory, { recursive: true });
    await cp(at('restored copy'), vault.directory, { recursive: true });

    const told = await put(vault, 'third');
    expect(told.stderr).toMatch(/put back from an older copy.*goes on under a new key/s);

    // The same copy again, over what has happened since.
    await rm(vault.directory, { recursive: true });
    await cp(at('restored copy'), vault.directory, { recursive: true });
    expect((await put(vault, 'fourth')).stderr).toMatch(/goes on under a new key/);
    // Said once; the new key goes on.
    expect((await put(vault, 'fifth')).stderr).toBe('');
    await expectAll(vault, ['first', 'second', 'third', 'fourth', 'fifth']);
    const listed = await vault.here('vault', 'devices', '--json');
    expect(listed.json.devices.map(({ own, revoked }: Json) => [own, revoked])).toEqual([
      [false, false],
      [false, false],
      [true, false],
    ]);
    const verified = await vault.here('ledger', 'verify', '--json');
    expect([verified.code, verified.json.problems], inWords(verified)).toEqual([0, []]);
  });

  it('whose write-ahead state is gone goes on under a new key', async () => {
    const vault = await network.vault('bare');
    await put(vault, 'a');
    await rm(join(vault.directory, 'state'), { recursive: true });
    expect((await put(vault, 'b')).stderr).toMatch(/goes on under a new key/);
    await expectAll(vault, ['a', 'b']);
  });

  it('used in two places: both go on, and each reads what the other stored', async () => {
    const one = await network.vault('one');
    await put(one, 'common');
    await cp(one.directory, at('two'), { recursive: true });
    const two = one.at(at('two'));
    await put(one, 'from one');
    expect((await put(two, 'from two')).stderr).toMatch(/used in two places/);
    expect((await put(one, 'from one again')).stderr).toBe('');
    for (const vault of [one, two])
      await expectAll(vault, ['common', 'from one', 'from one again', 'from two']);
  });
});
