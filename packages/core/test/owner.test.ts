// Whose a file is that root makes in another account's directory. For who is not root the system answers the same.

import { chown, link, lstat, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { keepOwner, makeDirectory, openFiles, openLevelStore } from '../node/index.ts';
import { keepOwners } from '../node/owner.ts';
import { replaceFile, utf8 } from '../src/index.ts';

const root = process.geteuid?.() === 0;
/** Nobody's. */
const other = root ? { uid: 34_567, gid: 45_678 } : { uid: process.getuid?.(), gid: process.getgid?.() };
let scratch: string;
let directory: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vauban-owner-'));
});
beforeEach(async () => {
  directory = await mkdtemp(join(scratch, 'of-another-'));
  if (root) await chown(directory, other.uid as number, other.gid as number);
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function ownerOf(path: string) {
  const { uid, gid } = await lstat(path);
  return { uid, gid };
}

test('a file that is made, replaced or appended to belongs to whom its directory belongs to', async () => {
  const files = openFiles(directory);
  await files.makeDirectory('a/b');
  await (await files.create('a/b/made')).close();
  await (await files.append('appended')).close();
  await replaceFile(files, 'replaced', utf8('1'));
  await replaceFile(files, 'replaced', utf8('2'));
  for (const path of ['a', 'a/b', 'a/b/made', 'appended', 'replaced'])
    expect([path, await ownerOf(join(directory, path))]).toEqual([path, other]);
});

test('a database too, whenever its files were made', async () => {
  const path = join(directory, 'ledger');
  await makeDirectory(path);
  const store = await openLevelStore(path, { writeBufferBytes: 65_536 });
  for (const name of await readdir(path))
    expect([name, await ownerOf(join(path, name))]).toEqual([name, other]);
  const value = new Uint8Array(100_000);
  for (let nth = 0; nth < 20; nth++) await store.batch([{ put: utf8(`${nth}`), value }], { sync: true });
  await store.close();
  const names = await readdir(path);
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) expect([name, await ownerOf(join(path, name))]).toEqual([name, other]);
});

test('a database removes files of its own while they are given away', async () => {
  const names = Array.from({ length: 500 }, (_, nth) => join(directory, `${nth}`));
  for (const name of names) await writeFile(name, '');
  const removed = Promise.all(names.toReversed().map((name) => rm(name)));
  await Promise.all([keepOwners(directory), removed]);
  expect(await readdir(directory)).toEqual([]);
});

test('what is not the directory’s own stays whose it is: behind a link, or under a second name', async () => {
  const precious = join(scratch, 'precious');
  await writeFile(precious, '');
  const before = await ownerOf(precious);
  await symlink(precious, join(directory, 'symbolic'));
  await link(precious, join(directory, 'hard'));
  await keepOwner(join(directory, 'symbolic'));
  await keepOwner(join(directory, 'hard'));
  expect(await ownerOf(precious)).toEqual(before);
  expect(await ownerOf(join(directory, 'symbolic'))).toEqual(other);
});
