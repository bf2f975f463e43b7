// Nine sites of which some fall silent, die or are cut off, before and in the middle of what an agency does.

import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inWords, type Json, type Running } from '../support/command.ts';
import { bytesOf, type TestVault, TestNetwork, until } from '../support/network.ts';

const MIB = 1 << 20;
const contents = new Map<string, Buffer>();

let network: TestNetwork;
let vault: TestVault;
beforeAll(async () => {
  network = await TestNetwork.up({ sites: 9, k: 6, m: 3 });
  vault = await network.vault();
  for (const [nth, name] of ['calm', 'stalled', 'dying'].entries()) {
    contents.set(name, bytesOf(24 * MIB + nth, nth + 1));
  }
});
afterAll(() => network.close());

const at = (...parts: string[]) => join(network.scratch, ...parts);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Starts storing 24 MiB, and returns when fragments are on their way. */
async function beginPut(name: string): Promise<Running> {
  await writeFile(at(name), contents.get(name) ?? '');
  const put = vault.begin('put', at(name), '--json');
  await until(async () => {
    const journals = await readdir(join(vault.directory, 'uploads')).catch(() => []);
    return journals.length > 0 || put.child.exitCode !== null;
  });
  return put;
}

async function expectReadable(name: string): Promise<void> {
  const restored = await vault.here('get', name, at(`${name}-back`), '--json');
  expect(restored.code, inWords(restored)).toBe(0);
  expect(restored.json.objects).toMatchObject([
    { path: name, sha256: sha256(contents.get(name) ?? Buffer.of()) },
  ]);
  expect(Buffer.compare(await readFile(at(`${name}-back`)), contents.get(name) ?? Buffer.of())).toBe(0);
  await rm(at(`${name}-back`));
}

/** Stores a small file; what was said about it. */
async function putSmall(name: string): Promise<string> {
  // Long enough to lie in all k data fragments: a few bytes would read from the one or two that hold them.
  contents.set(name, Buffer.from(`content of ${name} `.repeat(500)));
  await writeFile(at(name), contents.get(name) ?? '');
  const stored = await vault.here('put', at(name), '--json');
  expect(stored.code, inWords(stored)).toBe(0);
  return stored.stderr;
}

describe('a daemon that falls silent', () => {
  it('in mid-put is done without, and what is stored reads', async () => {
    // With everybody there, nothing is said.
    expect(await putSmall('early')).toBe('');
    const put = await beginPut('calm');
    await network.pause('metz');
    const stored = await put.outcome;
    await network.wakeAll();
    expect(stored.code, inWords(stored)).toBe(0);
    expect(stored.json.objects).toMatchObject([{ path: 'calm', size: 24 * MIB }]);
  });

  it('in mid-read is done without, and every byte is right', async () => {
    const get = vault.begin('get', 'calm', 'calm-back', '--json');
    await until(async () => {
      const partial = (await readdir(network.scratch)).find((name) => name.endsWith('.vauban-partial'));
      const done = get.child.exitCode !== null;
      return (
        done || (partial !== undefined && (await stat(at(partial)).catch(() => undefined)) !== undefined)
      );
    });
    await network.pause('strasbourg', 'colmar');
    const restored = await get.outcome;
    await network.wakeAll();
    expect(restored.code, inWords(restored)).toBe(0);
    expect(Buffer.compare(await readFile(at('calm-back')), contents.get('calm') ?? Buffer.of())).toBe(0);
    await rm(at('calm-back'));
  });
});

describe('daemons that die', () => {
  it('one, two: what is put goes into smaller codes, and is said to', async () => {
    await network.kill('metz');
    expect(await putSmall('one down')).toContain('stored without metz, in 5 + 3 fragments instead of 6 + 3');
    await network.kill('nancy');
    expect(await putSmall('two down')).toContain('stored without metz, nancy, in 4 + 3 fragments');
  });

  it('the third in mid-put: it goes on, and all there is reads with six of nine', async () => {
    const put = await beginPut('dying');
    await network.kill('reims');
    const stored = await put.outcome;
    expect(stored.code, inWords(stored)).toBe(0);
    expect(stored.stderr).toMatch(/stored without metz, nancy, reims, in 3 \+ 3 fragments/);
    const { segments, survives } = await vault.ask('where', 'dying');
    expect(survives.sites).toBeGreaterThanOrEqual(2);
    for (const { fragments } of segments) {
      expect(fragments.filter((one: Json) => one.live).length).toBeGreaterThanOrEqual(5);
    }
    await expectReadable('dying');
    await expectReadable('calm');
    expect(await putSmall('three down')).toContain('in 3 + 3 fragments');
  });

  it('the fourth: a put is refused with what is missing, and nothing of it is listed', async () => {
    await network.kill('strasbourg');
    await writeFile(at('too late'), 'too late');
    const refused = await vault.here('put', at('too late'), '--json');
    expect([refused.code, refused.json.error.code], inWords(refused)).toEqual([5, 'QUORUM_UNREACHABLE']);
    for (const hoster of ['cigogne', 'mirabelle', 'bergamote', 'libellule']) {
      expect(refused.stderr).toContain(`hebergeur-${hoster}`);
    }
    const known = await vault.ask('ls', '--stale');
    expect(known.objects.map((one: Json) => one.path)).toEqual([
      'calm',
      'dying',
      'early',
      'one down',
      'three down',
      'two down',
    ]);
    const listed = await vault.here('ls');
    expect([listed.code, listed.stderr]).toEqual([5, expect.stringContaining('--stale')]);
  });

  it('the fourth: a get says which sites are missing, and gives what it can', async () => {
    const lost = await vault.here('get', 'early', at('lost'), '--json');
    expect([lost.code, lost.json.error.code], inWords(lost)).toEqual([4, 'FRAGMENTS_MISSING']);
    for (const site of ['strasbourg', 'metz', 'nancy', 'reims']) expect(lost.stderr).toContain(site);
    const all = await vault.here('get', '/', at('all'), '--json');
    expect(all.code, inWords(all)).toBe(4);
    expect(all.json.objects.map((one: Json) => one.path)).toEqual(
      expect.arrayContaining(['dying', 'three down']),
    );
    const problems = all.json.problems.map((one: Json) => `${one.path}: ${one.code}`);
    expect(problems).toContain('early: FRAGMENTS_MISSING');
    expect(sha256(await readFile(at('all', 'dying')))).toBe(sha256(contents.get('dying') ?? Buffer.of()));
    expect(await readdir(network.scratch)).not.toContain('lost');
    expect((await readdir(network.scratch)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('the fourth: status and verification say that it is serious', async () => {
    const [status, verified] = [await vault.here('vault', 'status'), await vault.here('verify', '--json')];
    expect(status.stdout).toMatch(/^SOME OBJECTS CANNOT BE READ NOW; 5 of 9 daemons up/);
    expect(verified.code, inWords(verified)).toBe(4);
    expect(verified.json).toMatchObject({ ok: false, objects: 6 });
  });

  it('and are back: everything reads again, and what was refused has left no trace', async () => {
    await network.start();
    await expectReadable('calm');
    const paths = await vault.paths();
    expect(paths).not.toContain('too late');
    expect(await putSmall('too late')).toBe('');
  });
});
