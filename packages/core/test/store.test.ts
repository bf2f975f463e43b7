// Every store keeps the contract; the one on disk survives closing and belongs to one process; the checked one finds lies.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeCrypto, openLevelStore } from '../node/index.ts';
import { checkedStore, fromUtf8, memoryStore, prefixedStore, type Store, utf8 } from '../src/index.ts';
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
