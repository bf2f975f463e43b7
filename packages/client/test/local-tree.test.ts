// The agency's files on a real disk: what is read is what was looked at, what is restored lies below its directory and on
// nothing that was there, and no link is followed either way.

import { spawnSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asFault, utf8 } from '@vauban/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeSource } from '../src/adapters/local-source.ts';
import { nodeTargetDirectory, nodeTargetFile } from '../src/adapters/local-target.ts';
import type { LocalEntry, LocalTarget } from '../src/local-tree.ts';

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'local-tree-'));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

const at = (...parts: string[]) => join(scratch, ...parts);
const AS = { mode: 0o640, modified: 1_760_000_000_123 };

async function walked(root: string, seen?: (path: string) => Promise<void>) {
  const entries: LocalEntry[] = [];
  const problems: { path: string; code: string }[] = [];
  for await (const one of nodeSource(root).walk()) {
    if ('error' in one) problems.push({ path: one.path, code: asFault(one.error).code });
    else entries.push(one);
    await seen?.(one.path);
  }
  return { entries, problems };
}

async function entryOf(root: string, path: string): Promise<LocalEntry> {
  const { entries } = await walked(root);
  return entries.find((one) => one.path === path) as LocalEntry;
}

async function readAll(root: string, entry: LocalEntry): Promise<string> {
  const reader = await nodeSource(root).open(entry);
  try {
    const bytes = new Uint8Array(1_000);
    return new TextDecoder().decode(bytes.subarray(0, await reader.read(bytes)));
  } finally {
    await reader.close();
  }
}

async function restore(target: LocalTarget, path: string, content = 'content', as = AS): Promise<void> {
  const writer = await target.file(path, as);
  await writer.write(utf8(content));
  await writer.commit();
}

const everything = async (root: string) => (await readdir(root, { recursive: true })).sort();

describe('what is put', () => {
  it('is walked in order, links as links, with modes and times to the millisecond', async () => {
    await mkdir(at('tree/b/empty'), { recursive: true });
    await mkdir(at('elsewhere'));
    await writeFile(at('elsewhere/secret'), 'not of the tree');
    await writeFile(at('tree/a'), 'hello');
    await chmod(at('tree/a'), 0o751);
    await writeFile(at('tree/b/old'), 'x');
    await symlink('../elsewhere', at('tree/to-directory'));
    await symlink('nowhere', at('tree/dangling'));
    await symlink('.', at('tree/b/loop'));
    for (const [path, ms] of [
      ['tree/a', 1_760_000_000_123],
      ['tree/b/old', -86_400_000],
    ] as const) {
      // Numbers before 1970 would be no time at all.
      const time = ms < 0 ? new Date(ms) : ms / 1_000 + 5e-7;
      await utimes(at(path), time, time);
    }
    const { entries, problems } = await walked(at('tree'));
    expect(problems).toEqual([]);
    expect(entries.map(({ path, kind, target }) => [path, kind, target])).toEqual([
      ['a', 'file', undefined],
      ['b/empty', 'directory', undefined],
      ['b/loop', 'symlink', '.'],
      ['b/old', 'file', undefined],
      ['dangling', 'symlink', 'nowhere'],
      ['to-directory', 'symlink', '../elsewhere'],
    ]);
    expect(entries[0]).toMatchObject({ size: 5, mode: 0o751, modified: 1_760_000_000_123 });
    expect(entries[3]?.modified).toBe(-86_400_000);
    expect(await readAll(at('tree'), entries[0] as LocalEntry)).toBe('hello');
  });

  it('is told by name where it cannot be stored: pipes, and names that are no text', async () => {
    await mkdir(at('tree'));
    expect(spawnSync('mkfifo', [at('tree/pipe')]).status).toBe(0);
    await writeFile(Buffer.concat([utf8(at('tree/')), Buffer.from([0x61, 0xff])]), 'mangled');
    await writeFile(at('tree/a\ufffd'), 'a name that only looks mangled');
    await writeFile(at('tree/line\nfeed'), 'odd, but text');
    const { entries, problems } = await walked(at('tree'));
    expect(entries.map(({ path }) => path)).toEqual(['a\ufffd', 'line\nfeed']);
    expect(problems.map(({ code }) => code).sort()).toEqual(['SOURCE_NAME', 'SOURCE_SPECIAL']);
    expect((await walked(at('tree/pipe'))).problems).toMatchObject([{ code: 'SOURCE_SPECIAL' }]);
    await expect(walked(at('nothing'))).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
  });

  it('that vanishes during the walk is told, and the walk goes on', async () => {
    await mkdir(at('tree/c'), { recursive: true });
    for (const name of ['a', 'b', 'c/inside', 'd']) await writeFile(at('tree', name), name);
    const { entries, problems } = await walked(at('tree'), async (path) => {
      if (path !== 'a') return;
      await rm(at('tree/b'));
      await rm(at('tree/c'), { recursive: true });
    });
    expect(entries.map(({ path }) => path)).toEqual(['a', 'd']);
    expect(problems).toEqual([
      { path: 'b', code: 'SOURCE_UNREADABLE' },
      { path: 'c', code: 'SOURCE_UNREADABLE' },
    ]);
  });

  it('is not read through a link put in its place, or in the place of any directory above it', async () => {
    await mkdir(at('tree/a/b'), { recursive: true });
    await mkdir(at('elsewhere/b'), { recursive: true });
    await writeFile(at('tree/a/b/file'), 'mine');
    await writeFile(at('elsewhere/b/file'), 'ours');
    const same = new Date(1_760_000_000_000);
    for (const path of ['tree/a/b/file', 'elsewhere/b/file']) await utimes(at(path), same, same);
    const entry = await entryOf(at('tree'), 'a/b/file');
    expect(await readAll(at('tree'), entry)).toBe('mine');
    for (const [place, target] of [
      ['tree/a/b/file', 'elsewhere/b/file'],
      ['tree/a/b', 'elsewhere/b'],
      ['tree/a', 'elsewhere'],
    ] as const) {
      await rename(at(place), at('aside'));
      await symlink(at(target), at(place));
      await expect(readAll(at('tree'), entry)).rejects.toMatchObject({
        code: expect.stringMatching(/^SOURCE_(UNREADABLE|CHANGED)$/),
      });
      await rm(at(place));
      await rename(at('aside'), at(place));
    }
    expect(await readAll(at('tree'), entry)).toBe('mine');
  });

  it('is not waited for when a pipe took its place', async () => {
    await mkdir(at('tree'));
    await writeFile(at('tree/file'), 'mine');
    const entry = await entryOf(at('tree'), 'file');
    await rm(at('tree/file'));
    expect(spawnSync('mkfifo', [at('tree/file')]).status).toBe(0);
    await expect(readAll(at('tree'), entry)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });
});

describe('what is restored', () => {
  it('appears whole with its mode and time, and not before', async () => {
    const target = nodeTargetDirectory(at('out'));
    for (const [path, modified] of [
      ['a/b/file', AS.modified],
      ['old', -86_399_999],
      ['y'.repeat(255), 0],
      ['é'.repeat(127), 1],
    ] as const) {
      const writer = await target.file(path, { mode: 0o4751, modified });
      await writer.write(utf8('one '));
      await expect(lstat(at('out', path))).rejects.toMatchObject({ code: 'ENOENT' });
      await writer.write(utf8('two'));
      await writer.commit();
      const found = await lstat(at('out', path));
      expect(await readFile(at('out', path), 'utf8')).toBe('one two');
      expect([found.mode & 0o7777, Math.round(found.mtimeMs)]).toEqual([0o751, modified]);
    }
    await target.symlink('link', 'a/b', AS);
    expect(await readlink(at('out/link'))).toBe('a/b');
    expect((await everything(at('out'))).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('leaves nothing behind when it is given up', async () => {
    const target = nodeTargetDirectory(at('out'));
    const writer = await target.file('a', AS);
    await writer.write(utf8('half'));
    expect(await everything(at('out'))).toHaveLength(1);
    await writer.abort();
    await writer.abort();
    expect(await everything(at('out'))).toEqual([]);
  });

  it('overwrites nothing, whatever it is and whenever it came', async () => {
    await mkdir(at('out/directory'), { recursive: true });
    await writeFile(at('out/file'), 'mine');
    await symlink('nowhere', at('out/link'));
    const target = nodeTargetDirectory(at('out'));
    const exists = { kind: 'refused', code: 'TARGET_EXISTS' };
    for (const name of ['directory', 'file', 'link']) {
      await expect(target.file(name, AS)).rejects.toMatchObject(exists);
      await expect(target.symlink(name, 'elsewhere', AS)).rejects.toMatchObject(exists);
    }
    await expect(target.file('file/below', AS)).rejects.toMatchObject(exists);
    const late = await target.file('late', AS);
    await late.write(utf8('restored'));
    await writeFile(at('out/late'), 'mine');
    await expect(late.commit()).rejects.toMatchObject(exists);
    await late.abort();
    expect(await readFile(at('out/late'), 'utf8')).toBe('mine');
    expect(await readFile(at('out/file'), 'utf8')).toBe('mine');
    expect(await everything(at('out'))).toEqual(['directory', 'file', 'late', 'link']);
    await expect(nodeTargetFile(at('out/file')).file('', AS)).rejects.toMatchObject(exists);
  });

  it('leaves no name a way out', async () => {
    const target = nodeTargetDirectory(at('out'));
    for (const path of ['../x', 'a/../../x', '..', '.', 'a/.', '/x', 'a//b', 'a/', '', 'a\0b', './x']) {
      for (const work of [
        () => target.file(path, AS),
        () => target.symlink(path, 'x', AS),
        ...(path === '' ? [] : [() => target.directory(path, AS)]),
      ]) {
        await expect((async () => work())()).rejects.toMatchObject({ kind: 'refused', code: 'PATH_ESCAPES' });
      }
    }
    expect(await everything(scratch)).toEqual([]);
  });

  it('goes through no link: of its own, of others, at any depth, put there at any time', async () => {
    await mkdir(at('elsewhere/b/c'), { recursive: true });
    const escapes = { kind: 'refused', code: 'PATH_ESCAPES' };
    const untouched = ['b', 'b/c'];
    for (const [link, path] of [
      ['a', 'a/file'],
      ['a', 'a/b/file'],
      ['a', 'a/b/c/file'],
      ['x/a', 'x/a/b/c/new/file'],
    ] as const) {
      const out = at(`out ${path.replaceAll('/', ' ')}`);
      const target = nodeTargetDirectory(out);
      // What a vault itself may hold: a link, and under the same name a directory, written by two devices.
      await target.symlink(link, at('elsewhere'), AS);
      await expect(target.file(path, AS)).rejects.toMatchObject(escapes);
      await expect(target.directory(path, AS)).rejects.toMatchObject(escapes);
      await expect(target.symlink(path, 'x', AS)).rejects.toMatchObject(escapes);
      expect(await everything(at('elsewhere'))).toEqual(untouched);
    }
    const target = nodeTargetDirectory(at('out'));
    for (const swapped of ['a/b', 'a']) {
      await restore(target, `a/b/before ${swapped.length}`);
      await rename(at('out', swapped), at('aside'));
      await symlink(at('elsewhere'), at('out', swapped));
      await expect(target.file('a/b/after', AS)).rejects.toMatchObject(escapes);
      await expect(target.file('a/b/c/after', AS)).rejects.toMatchObject(escapes);
      await rm(at('out', swapped));
      await rename(at('aside'), at('out', swapped));
    }
    expect(await everything(at('elsewhere'))).toEqual(untouched);
  });

  it('may go where the user says, through a link of the user', async () => {
    await mkdir(at('real'));
    await symlink('real', at('mine'));
    await restore(nodeTargetDirectory(at('mine')), 'a/file');
    await restore(nodeTargetFile(at('mine/single')), '');
    expect(await everything(at('real'))).toEqual(['a', 'a/file', 'single']);
  });

  it('makes directories with their modes and times, and leaves those that exist as they are', async () => {
    await mkdir(at('out'));
    await chmod(at('out'), 0o711);
    const target = nodeTargetDirectory(at('out'));
    await target.directory('new/inner', { mode: 0o750, modified: AS.modified });
    await target.directory('', { mode: 0o700, modified: 0 });
    const found = await lstat(at('out/new/inner'));
    expect([found.mode & 0o777, Math.round(found.mtimeMs)]).toEqual([0o750, AS.modified]);
    expect((await lstat(at('out'))).mode & 0o777).toBe(0o711);
  });
});
