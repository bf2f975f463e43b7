// What the disk in memory forgets when it crashes, and how it fails when it is told to.

import { expect, test } from 'vitest';
import {
  diskError,
  type FilesCall,
  fromUtf8,
  type MemoryFiles,
  memoryFiles,
  type Random,
  utf8,
} from '../src/index.ts';

/** Answers these numbers, one per question. */
function script(...numbers: number[]): Random {
  return {
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      bytes[length - 1] = numbers.shift() ?? 0;
      return bytes;
    },
  };
}

async function write(files: MemoryFiles, path: string, added: string, sync: boolean): Promise<void> {
  const file = await files.append(path);
  await file.write(utf8(added));
  if (sync) await file.sync();
  await file.close();
}

async function text(files: MemoryFiles, path: string): Promise<string | undefined> {
  const bytes = await files.readAll(path, 999);
  return bytes && fromUtf8(bytes);
}

test('bytes that were not synced are gone, those before them stay', async () => {
  const files = memoryFiles();
  await write(files, 'a', 'kept', true);
  await write(files, 'a', ', lost', false);
  await files.syncDirectory('');
  expect(await text(files, 'a')).toBe('kept, lost');
  expect(await text(files.crash(), 'a')).toBe('kept');
});

test('a name whose directory was not synced is gone, however well its bytes were', async () => {
  const files = memoryFiles();
  await files.makeDirectory('d');
  await files.syncDirectory('');
  await write(files, 'd/a', 'x', true);
  const after = files.crash();
  expect(await after.list('d')).toEqual([]);
});

test('a directory is a name too: its parent has to be synced', async () => {
  const files = memoryFiles();
  await files.makeDirectory('d/e');
  await write(files, 'd/e/a', 'x', true);
  await files.syncDirectory('d/e');
  await files.syncDirectory('d');
  expect(await files.crash().list('')).toEqual([]);
});

test('renames and removals are undone too', async () => {
  const files = memoryFiles();
  await write(files, 'old', 'old', true);
  await write(files, 'gone', 'gone', true);
  await files.syncDirectory('');
  await write(files, 'new', 'new', true);
  await files.rename('new', 'old');
  await files.remove('gone');
  const after = files.crash();
  expect(await after.list('')).toEqual(['gone', 'old']);
  expect(await text(after, 'old')).toBe('old');
  const space = await after.space();
  expect(space.totalBytes - space.freeBytes).toBe(2 * 4_096);
});

test('with a random port the tail is torn where it says, with zeros where bytes did not come', async () => {
  const torn = async (...numbers: number[]) => {
    const files = memoryFiles();
    await write(files, 'a', 'ab', true);
    await files.syncDirectory('');
    await write(files, 'a', 'cdef', false);
    return text(files.crash(script(...numbers)), 'a');
  };
  // Directory as synced, length, bytes that came.
  expect(await torn(0, 0, 4)).toBe('ab');
  expect(await torn(0, 3, 4)).toBe('abcde');
  expect(await torn(0, 4, 1)).toBe('abc\0\0\0');
});

test('with a random port an unsynced directory may have reached the disk by itself', async () => {
  const crash = async (wrote: number) => {
    const files = memoryFiles();
    await write(files, 'a', 'x', false);
    return files.crash(script(wrote, 0, 0)).list('');
  };
  expect(await crash(0)).toEqual([]);
  expect(await crash(1)).toEqual(['a']);
});

test('what survived one crash survives the next', async () => {
  const files = memoryFiles();
  await write(files, 'a', 'abc', false);
  const once = files.crash(script(1, 2, 3));
  expect(await text(once, 'a')).toBe('ab');
  expect(await text(once.crash(), 'a')).toBe('ab');
});

test('after a crash the old disk and its open files are dead', async () => {
  const files = memoryFiles();
  const file = await files.create('a');
  await file.sync();
  await files.syncDirectory('');
  const after = files.crash();
  const dead = { code: 'CRASHED' };
  await expect(file.write(utf8('x'))).rejects.toMatchObject(dead);
  await expect(files.create('b')).rejects.toMatchObject(dead);
  await expect(files.list('')).rejects.toMatchObject(dead);
  expect(() => files.crash()).toThrow(expect.objectContaining(dead));
  expect(await after.list('')).toEqual(['a']);
  expect(await text(after, 'a')).toBe('');
});

test('bytes that a failed sync left out never reach the disk, though a later sync succeeds', async () => {
  let failing = false;
  const files = memoryFiles({
    fail: (call) => (failing && call.call === 'sync' ? diskError('EIO') : undefined),
  });
  const file = await files.create('a');
  await files.syncDirectory('');
  await file.write(utf8('ab'));
  await file.sync();
  await file.write(utf8('cd'));
  failing = true;
  await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
  failing = false;
  await file.write(utf8('ef'));
  await file.sync();
  expect(await text(files, 'a')).toBe('abcdef');
  expect(await text(files.crash(), 'a')).toBe('ab\0\0ef');
});

test('calls are recorded in order, failed ones too, and a failed call does nothing', async () => {
  const calls: FilesCall[] = [];
  const files = memoryFiles({
    record: (call) => calls.push(call),
    fail: (call) => (call.call === 'rename' ? diskError('EIO') : undefined),
  });
  await write(files, 'a', 'xyz', true);
  await expect(files.rename('a', 'b')).rejects.toMatchObject({ code: 'EIO' });
  expect(await files.list('')).toEqual(['a']);
  expect(calls).toEqual([
    { call: 'append', path: 'a' },
    { call: 'write', path: 'a', bytes: 3 },
    { call: 'sync', path: 'a' },
    { call: 'close', path: 'a' },
    { call: 'rename', path: 'a', to: 'b' },
    { call: 'list', path: '' },
  ]);
});

test('a failing write leaves half its bytes', async () => {
  const files = memoryFiles({ fail: (call) => (call.call === 'write' ? diskError('EIO') : undefined) });
  await expect(write(files, 'a', 'abcdef', false)).rejects.toMatchObject({ code: 'EIO' });
  expect(await text(files, 'a')).toBe('abc');
});

test('a full disk says so, and has room again when something goes', async () => {
  const files = memoryFiles({ capacityBytes: 3 * 4_096 });
  await write(files, 'a', 'x', true);
  await write(files, 'b', 'x'.repeat(8_192), true);
  expect(await files.space()).toEqual({ freeBytes: 0, totalBytes: 12_288 });
  await write(files, 'b2', '', true);
  await expect(write(files, 'b2', 'x', true)).rejects.toMatchObject({ code: 'ENOSPC' });
  await write(files, 'a', 'y', true);
  await files.rename('a', 'b');
  expect((await files.space()).freeBytes).toBe(8_192);
  await files.remove('b');
  expect((await files.space()).freeBytes).toBe(12_288);
});

test('a removed file that is still open takes no space that is counted twice', async () => {
  const files = memoryFiles({ capacityBytes: 8_192 });
  const file = await files.create('a');
  await file.write(utf8('x'));
  await files.remove('a');
  await file.write(new Uint8Array(4_096));
  expect((await files.space()).freeBytes).toBe(8_192);
  await file.close();
});
