// Index and files made to agree while the store is at work.

import { checkedStore, memoryStore, type Store } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { type FragmentKey, pathOf } from '../src/fragment-file.ts';
import { FragmentStore } from '../src/fragment-store.ts';
import {
  clock,
  crypto,
  daemon,
  flip,
  holds,
  type Machine,
  newMachine,
  put,
  sample,
  seededRandom,
} from './fragment-setup.ts';

const DIGITS = '01';

/** A store over an index whose rows can be flipped. */
async function opened(): Promise<{
  readonly machine: Machine;
  readonly raw: Store;
  readonly store: FragmentStore;
}> {
  const machine = await newMachine();
  const raw = memoryStore();
  const store = await FragmentStore.open({
    files: machine.files,
    index: checkedStore(raw, crypto),
    crypto,
    clock,
    random: seededRandom(7),
    daemon,
  });
  return { machine, raw, store };
}

async function flipRow(raw: Store, of: FragmentKey): Promise<void> {
  for await (const [key, value] of raw.range({})) {
    if (key.at(-1) !== of.index || key[9] !== of.segment[0]) continue;
    const other = value.slice();
    other[20] = (other[20] as number) ^ 1;
    await raw.batch([{ put: key, value: other }], { sync: true });
  }
}

describe('index and files', () => {
  test('a row that rotted is written again from its file, and counted once', async () => {
    const { raw, store } = await opened();
    const one = sample(50_000, 1);
    await put(store, one);
    await flipRow(raw, one);
    await expect(store.get(one)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    const { rewritten, rows, unreadable } = await store.agree(DIGITS);
    expect(rewritten).toHaveLength(1);
    expect(rows).toHaveLength(1);
    expect(unreadable).toEqual([]);
    expect(await holds(store, one)).toBe(true);
    expect(store.totals()).toMatchObject({ fragments: 1, bytes: 50_000 });
  });

  test('a row that rotted, of a file that rotted too, is missing', async () => {
    const { raw, machine, store } = await opened();
    const one = sample(50_000, 1);
    await put(store, one);
    await flipRow(raw, one);
    flip(machine, pathOf(one), 100);
    const { unreadable, rows } = await store.agree(DIGITS);
    expect(unreadable).toMatchObject([{ index: one.index }]);
    expect(rows).toEqual([]);
    expect(store.missing).toMatchObject([{ index: one.index }]);
    await put(store, one);
    expect(await holds(store, one)).toBe(true);
    expect(store.missing).toEqual([]);
    // Rebuilt, it counts once for its agency, and is given back once.
    const { agency, bytes } = one;
    expect(store.totals()).toEqual({ fragments: 1, bytes, byAgency: new Map([[agency, bytes]]) });
    await put(store, { ...one, replace: true });
    expect(store.totals()).toMatchObject({ fragments: 1, bytes });
    await store.remove(one);
    expect(store.totals()).toEqual({ fragments: 0, bytes: 0, byAgency: new Map() });
    await put(store, one);
    expect(store.totals()).toMatchObject({ fragments: 1, bytes });
  });

  test('a file that cannot be read for a while counts once when it can be read again', async () => {
    const { raw, machine, store } = await opened();
    const one = sample(50_000, 1);
    await put(store, one);
    await flipRow(raw, one);
    flip(machine, pathOf(one), 100);
    await store.agree(DIGITS);
    flip(machine, pathOf(one), 100);
    expect((await store.agree(DIGITS)).rewritten).toHaveLength(1);
    expect(await holds(store, one)).toBe(true);
    expect(store.totals()).toMatchObject({ fragments: 1, bytes: 50_000 });
  });

  test('a file without a row is taken in, one on its way in is left alone', async () => {
    const { raw, machine, store } = await opened();
    const one = sample(50_000, 1);
    await put(store, one);
    for await (const [key] of raw.range({})) await raw.batch([{ del: key }], { sync: true });
    const other = { ...sample(40_000, 257), index: 3 };
    const writer = await store.begin(other);
    if (writer.already) throw new Error('nothing was stored yet');
    await writer.write(other.data);
    const { rewritten } = await store.agree(DIGITS);
    expect(rewritten).toMatchObject([{ index: one.index }]);
    await writer.commit();
    expect(await holds(store, one)).toBe(true);
    expect(await holds(store, other)).toBe(true);
    expect((await machine.files.list('fragments/01')).length).toBe(2);
  });

  test('what is no whole fragment is left where it is', async () => {
    const { machine, store } = await opened();
    const path = pathOf(sample(10, 1));
    const file = await machine.files.create(path);
    await file.write(new Uint8Array(300));
    await file.close();
    expect((await store.agree(DIGITS)).rows).toEqual([]);
    expect(machine.files.bytesOf(path)).toHaveLength(300);
  });

  test('what is given up is missing, held no longer, and counted nowhere', async () => {
    const { store } = await opened();
    const one = sample(50_000, 1);
    await put(store, one);
    await store.giveUp(one);
    await store.giveUp(one);
    expect(await store.get(one)).toBeUndefined();
    expect(store.missing).toHaveLength(1);
    expect(store.totals()).toMatchObject({ fragments: 0, bytes: 0 });
  });
});
