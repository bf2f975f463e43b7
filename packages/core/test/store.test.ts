// Every store keeps the contract; the one on disk survives closing and belongs to one process; the checked one finds lies.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findLevelStore, nodeCrypto, openLevelStore } from '../node/index.ts';
import {
  checkedStore,
  fromUtf8,
  memoryStore,
  prefixedStore,
  readableRows,
  type Store,
  utf8,
} from '../src/index.ts';
import { storeContract } from './store-contract.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vauban-store-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));
const fresh = () => mkdtemp(join(directory, 'level-'));

storeContract('memory', async () => memoryStore());
storeContract('level', async () => openLevelStore(await fresh()));
storeContract('checked memory', async () => checkedStore(memoryStore(), nodeCrypto));
storeContract('checked level', async () => checkedStore(await openLevelStore(await fresh()), nodeCrypto), {});

storeContract('prefixed memory', async () => {
  const inner = memoryStore();
  // Neighbours on both sides, which must never show.
  for (const key of ['p', 'p.', 'p0', 'q', 'o']) {
    await inner.batch([{ put: utf8(key), value: utf8('not mine') }], { sync: true });
  }
  return prefixedStore(inner, utf8('p/'));
});

describe('level', () => {
  test('what it held is there when it is opened again', async () => {
    const path = await fresh();
    const first = await openLevelStore(path);
    await first.batch([{ put: utf8('key'), value: utf8('value') }], { sync: true });
    await first.close();
    const second = await openLevelStore(path);
    expect(fromUtf8((await second.get(utf8('key'))) as Uint8Array)).toBe('value');
    await second.close();
  });

  test('a second opening is refused while the first lasts', async () => {
    const path = await fresh();
    const first = await openLevelStore(path);
    await expect(openLevelStore(path)).rejects.toMatchObject({ kind: 'refused', code: 'STORE_LOCKED' });
    await first.close();
  });

  test('a directory that is no database is unreadable, not empty', async () => {
    const path = await fresh();
    await writeFile(join(path, 'CURRENT'), 'MANIFEST-000099\n');
    await expect(openLevelStore(path)).rejects.toMatchObject({ kind: 'integrity', code: 'STORE_UNREADABLE' });
  });
});

describe('checked', () => {
  const sync = { sync: true };
  const corrupt = { kind: 'integrity', code: 'STORE_CORRUPT', facts: { key: '6b6579' } };
  const key = utf8('key');
  const walk = async (store: Store) => {
    for await (const _ of store.range({}));
  };

  test('each flipped bit of a stored value is found, by key and by range', async () => {
    const inner = memoryStore();
    const store = checkedStore(inner, nodeCrypto);
    await store.batch([{ put: key, value: utf8('a value') }], sync);
    const stored = (await inner.get(key)) as Uint8Array;
    for (let bit = 0; bit < 8 * stored.length; bit++) {
      const bent = stored.slice();
      bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7));
      await inner.batch([{ put: key, value: bent }], sync);
      await expect(store.get(key)).rejects.toMatchObject(corrupt);
      await expect(walk(store)).rejects.toMatchObject(corrupt);
    }
    await inner.batch([{ put: key, value: stored }], sync);
    expect(await store.get(key)).toEqual(utf8('a value'));
  });

  test('a value cut short, to nothing too, is found', async () => {
    const inner = memoryStore();
    const store = checkedStore(inner, nodeCrypto);
    await store.batch([{ put: key, value: utf8('a value') }], sync);
    const stored = (await inner.get(key)) as Uint8Array;
    for (let length = 0; length < stored.length; length++) {
      await inner.batch([{ put: key, value: stored.subarray(0, length) }], sync);
      await expect(store.get(key)).rejects.toMatchObject(corrupt);
    }
  });

  test('a true value under another key is found', async () => {
    const inner = memoryStore();
    const store = checkedStore(inner, nodeCrypto);
    await store.batch([{ put: utf8('ke'), value: utf8('y, a value') }], sync);
    await inner.batch([{ put: key, value: (await inner.get(utf8('ke'))) as Uint8Array }], sync);
    await expect(store.get(key)).rejects.toMatchObject(corrupt);
  });
});

describe('damage', () => {
  const sync = { sync: true };
  const fill = async (path: string) => {
    const store = await openLevelStore(path);
    for (const key of ['a', 'b', 'c']) await store.batch([{ put: utf8(key), value: utf8(key) }], sync);
    await store.close();
  };
  const flip = async (path: string, at: number) => {
    const bytes = await readFile(path);
    bytes[at] = (bytes[at] as number) ^ 0x55;
    await writeFile(path, bytes);
  };
  const keysOf = async (store: Store) => {
    const keys: string[] = [];
    for await (const [key] of store.range({})) keys.push(fromUtf8(key));
    return keys;
  };

  test('a database that cannot be opened is moved aside whole, and a new one takes its place', async () => {
    const path = await fresh();
    await fill(path);
    const manifest = (await readFile(join(path, 'CURRENT'), 'utf8')).trim();
    await flip(join(path, manifest), 20);
    const { store, aside, damage } = await findLevelStore(path);
    expect(await keysOf(store)).toEqual([]);
    await store.close();
    expect(damage).toMatchObject({ code: 'STORE_UNREADABLE' });
    expect(await readdir(aside as string)).toContain(manifest);
    const again = await findLevelStore(path);
    expect([again.aside, again.damage]).toEqual([undefined, undefined]);
    await again.store.close();
  });

  test('writes that the database dropped without an error are told', async () => {
    const path = await fresh();
    await fill(path);
    const [log] = (await readdir(path)).filter((name) => name.endsWith('.log'));
    await flip(join(path, log as string), 70);
    const { store, aside, damage } = await findLevelStore(path);
    expect((await keysOf(store)).length).toBeLessThan(3);
    await store.close();
    expect(aside).toBeUndefined();
    expect(damage).toMatchObject({ code: 'STORE_UNREADABLE' });
  });

  test('a sound one, closed in order or not, is no damage', async () => {
    const path = await fresh();
    await fill(path);
    const { store, aside, damage } = await findLevelStore(path);
    expect([await keysOf(store), aside, damage]).toEqual([['a', 'b', 'c'], undefined, undefined]);
    await store.close();
  });

  test('what is compacted leaves nothing of an overwritten value on the disk', async () => {
    const path = await fresh();
    const store = await openLevelStore(path);
    await store.batch([{ put: utf8('key'), value: utf8('a value to forget') }], sync);
    await store.batch([{ put: utf8('key'), value: utf8('nothing') }], sync);
    await store.batch([{ put: utf8('last'), value: utf8('another') }], sync);
    await store.compact?.({ gte: utf8('key'), lt: utf8('key0') });
    const files = await Promise.all((await readdir(path)).map((name) => readFile(join(path, name))));
    expect(files.some((bytes) => bytes.includes('a value to forget'))).toBe(false);
    expect(files.some((bytes) => bytes.includes('nothing'))).toBe(true);
    await store.close();
  });

  test('readable rows go on after corrupt ones, which are told by the key their reader knows', async () => {
    const inner = memoryStore();
    const store = prefixedStore(checkedStore(inner, nodeCrypto), utf8('p/'));
    for (const key of ['a', 'b', 'c', 'd']) await store.batch([{ put: utf8(key), value: utf8(key) }], sync);
    for (const key of ['a', 'c']) await inner.batch([{ put: utf8(`p/${key}`), value: utf8('x') }], sync);
    const corrupt: string[] = [];
    const found: string[] = [];
    for await (const [key] of readableRows(store, {}, (one) => corrupt.push(fromUtf8(one)))) {
      found.push(fromUtf8(key));
    }
    expect([found, corrupt]).toEqual([
      ['b', 'd'],
      ['a', 'c'],
    ]);
  });
});
