// A database's tables by their checksums: whole ones pass, and no byte of a block changes unseen.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { crc32c, damagedTable } from '../node/level-tables.ts';
import { findLevelStore, openLevelStore } from '../node/level-store.ts';
import { utf8 } from '../src/index.ts';

let directory: string;
let table: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vauban-tables-'));
  const store = await openLevelStore(join(directory, 'store'));
  for (let nth = 0; nth < 300; nth++)
    await store.batch([{ put: utf8(`key ${nth}`), value: utf8(`value ${nth}`.repeat(10)) }], { sync: false });
  await store.compact?.({ gte: utf8('a'), lt: utf8('z') });
  await store.close();
  const [name = ''] = (await readdir(join(directory, 'store'))).filter((one) => one.endsWith('.ldb'));
  table = join(directory, 'store', name);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it('reckons the checksum of RFC 3720', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
});

it('a byte changed anywhere before the footer is seen; whole tables, none, and one that a crash left short pass', async () => {
  const store = join(directory, 'store');
  expect(await damagedTable(store)).toBeUndefined();
  expect(await damagedTable(join(directory, 'nothing'))).toBeUndefined();
  const sound = await readFile(table);
  for (let at = 0; at < sound.length - 48; at += 37) {
    const bytes = Buffer.from(sound);
    bytes[at] = (bytes[at] as number) ^ 0x55;
    await writeFile(table, bytes);
    expect(await damagedTable(store), `byte ${at}`).toMatch(/^table \d+\.ldb is damaged/);
  }
  await writeFile(table, sound.subarray(0, sound.length - 100));
  expect(await damagedTable(store)).toBeUndefined();
  await writeFile(table, sound);
});

it('a database with such a table is set aside before it is opened, but not while another has it open', async () => {
  const other = await openLevelStore(join(directory, 'store'));
  const bytes = await readFile(table);
  bytes[40] = (bytes[40] as number) ^ 1;
  await writeFile(table, bytes);
  await expect(findLevelStore(join(directory, 'store'))).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  expect(await readdir(directory)).toEqual(['store']);
  await other.close();
  const found = await findLevelStore(join(directory, 'store'));
  await found.store.close();
  expect(found.aside).toContain('store.damaged-');
  expect(found.damage).toMatchObject({ code: 'STORE_UNREADABLE' });
});
