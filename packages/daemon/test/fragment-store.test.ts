// Long: one table of what a disk may do to one store, which reads better whole.
// The fragment store as its callers see it: what is put is read, what does not fit is declined, what is wrong is refused.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkedStore, type Files, LEAF_BYTES, toHex, utf8 } from '@vauban/core';
import { openFiles, openLevelStore } from '@vauban/core/node';
import { describe, expect, test } from 'vitest';
import { directoryOf, FRAGMENT_BYTES_MAX, fileBytes, pathOf } from '../src/fragment-file.ts';
import { FragmentStore } from '../src/fragment-store.ts';
import type { FragmentWriter } from '../src/fragment-writer.ts';
import { createMarker } from '../src/marker.ts';
import {
  clock,
  crypto,
  daemon,
  flip,
  fragmentFiles,
  holds,
  newMachine,
  put,
  STORED_AT,
  sample,
  seededRandom,
} from './fragment-setup.ts';

const keyOf = ({ segment, index }: { segment: Uint8Array; index: number }) => `${toHex(segment)}-${index}`;

async function writerFor(
  store: FragmentStore,
  one: Parameters<FragmentStore['begin']>[0],
): Promise<FragmentWriter> {
  const writer = await store.begin(one);
  if (writer.already) throw new Error('it is there already');
  return writer;
}

describe('a fragment', () => {
  test.each([1, 16, LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1, 100_000])(
    'of %i bytes is read as put',
    async (bytes) => {
      const store = await (await newMachine()).open();
      const one = sample(bytes);
      await put(store, one);
      expect(await holds(store, one)).toBe(true);
      expect(await store.leafHashes(one)).toEqual(crypto.leafHashes(one.data, LEAF_BYTES));
      const { root, agency, vault } = one;
      expect(await store.get(one)).toEqual({ root, bytes, agency, vault, storedAt: STORED_AT });
    },
  );

  test.each([1_000, LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1, 3 * LEAF_BYTES + 5])(
    'may come in strides of %i bytes',
    async (stride) => {
      const store = await (await newMachine()).open();
      const one = sample(100_000);
      await put(store, one, stride);
      expect(await holds(store, one)).toBe(true);
    },
  );

  test('may come byte by byte, with empty writes between', async () => {
    const store = await (await newMachine()).open();
    const one = sample(LEAF_BYTES + 3);
    const writer = await writerFor(store, one);
    for (let i = 0; i < one.bytes; i++) {
      await writer.write(one.data.subarray(i, i + 1));
      if (i % 1_000 === 0) await writer.write(new Uint8Array(0));
    }
    await writer.commit();
    expect(await holds(store, one)).toBe(true);
  });

  test('may come in memory that is used again', async () => {
    const store = await (await newMachine()).open();
    const one = sample(50_000);
    const writer = await writerFor(store, one);
    const buffer = new Uint8Array(1_000);
    for (let at = 0; at < one.bytes; at += 1_000) {
      buffer.set(one.data.subarray(at, at + 1_000));
      await writer.write(buffer);
      buffer.fill(0);
    }
    await writer.commit();
    expect(await holds(store, one)).toBe(true);
  });

  test('is read in any part, and no byte beyond its end', async () => {
    const store = await (await newMachine()).open();
    const one = sample(1_000);
    await put(store, one);
    expect(await store.read(one, 990, 10)).toEqual(one.data.subarray(990));
    expect(await store.read(one, 1_000, 0)).toEqual(new Uint8Array(0));
    for (const [offset, length] of [
      [990, 11],
      [-1, 1],
      [0.5, 1],
      [0, Number.MAX_SAFE_INTEGER + 1],
    ] as const) {
      await expect(store.read(one, offset, length)).rejects.toMatchObject({ code: 'RANGE_OUTSIDE' });
    }
  });

  test('that is not there is missing, whatever is asked', async () => {
    const store = await (await newMachine()).open();
    const one = sample(10);
    expect(await store.get(one)).toBeUndefined();
    for (const ask of [store.read(one, 0, 1), store.leafHashes(one), store.verify(one)]) {
      await expect(ask).rejects.toMatchObject({ kind: 'failure', code: 'FRAGMENT_MISSING' });
    }
    await store.remove(one);
  });

  test('does not exist before it is committed', async () => {
    const store = await (await newMachine()).open();
    const one = sample(1_000);
    const writer = await writerFor(store, one);
    await writer.write(one.data);
    expect(await holds(store, one)).toBe(false);
    expect(store.totals().fragments).toBe(0);
    await writer.commit();
    expect(await holds(store, one)).toBe(true);
  });
});

describe('an upload', () => {
  test('of what is there needs no bytes', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const one = sample(1_000);
    await put(store, one);
    machine.steps.splice(0);
    expect(await store.begin(one)).toEqual({ already: true, facts: await store.get(one) });
    expect(machine.steps.map((step) => step.call)).toEqual(['stat']);
  });

  test('replaces damaged bytes when told to', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const one = sample(1_000);
    await put(store, one);
    flip(machine, pathOf(one), 10);
    await expect(store.verify(one)).rejects.toMatchObject({ code: 'FRAGMENT_DAMAGED' });
    await put(store, { ...one, replace: true });
    expect(await holds(store, one)).toBe(true);
    expect(store.totals()).toMatchObject({ fragments: 1, bytes: 1_000 });
  });

  test('of what is in the index only is taken again', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const one = sample(1_000);
    await put(store, one);
    await machine.files.remove(pathOf(one));
    await expect(store.read(one, 0, 1)).rejects.toMatchObject({ code: 'FRAGMENT_MISSING' });
    await put(store, one);
    expect(await holds(store, one)).toBe(true);
    expect(store.totals().fragments).toBe(1);
  });

  test.each([
    { root: new Uint8Array(32) },
    { bytes: 999 },
    { agency: 'someone-else' },
    { vault: new Uint8Array(32) },
  ])('under a key that is taken is refused: %o', async (other) => {
    const store = await (await newMachine()).open();
    const one = sample(1_000);
    await put(store, one);
    // Made whole again, it may be another agency's: the ledger says whose.
    for (const replace of 'agency' in other ? [false] : [false, true]) {
      await expect(store.begin({ ...one, ...other, replace })).rejects.toMatchObject({
        code: 'FRAGMENT_OTHER',
      });
    }
    expect(await holds(store, one)).toBe(true);
  });

  test.each([0, -1, 1.5, Number.NaN, FRAGMENT_BYTES_MAX + 1])('of %d bytes is refused', async (bytes) => {
    const store = await (await newMachine()).open();
    await expect(store.begin({ ...sample(10), bytes })).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  test('of other bytes than announced is an integrity fault, and leaves nothing', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const one = sample(40_000);
    const writer = await writerFor(store, one);
    const bent = one.data.slice();
    bent[39_999] = (bent[39_999] as number) ^ 1;
    await writer.write(bent);
    await expect(writer.commit()).rejects.toMatchObject({ kind: 'integrity', code: 'ROOT_MISMATCH' });
    expect(await fragmentFiles(machine)).toEqual([]);
    expect(machine.steps.some((step) => step.call === 'rename' && step.path.startsWith('fragments'))).toBe(
      false,
    );
    expect(await holds(store, one)).toBe(false);
    await expect(writer.commit()).rejects.toThrow('assertion failed');
    await put(store, one);
    expect(await holds(store, one)).toBe(true);
  });

  test('of too many bytes is refused as soon as they come, of too few at the end', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const one = sample(1_000);
    const long = await writerFor(store, one);
    await long.write(one.data);
    await expect(long.write(Uint8Array.of(0))).rejects.toMatchObject({
      code: 'FRAGMENT_LENGTH',
      facts: { got: 1_001 },
    });
    const short = await writerFor(store, one);
    await short.write(one.data.subarray(1));
    await expect(short.commit()).rejects.toMatchObject({ code: 'FRAGMENT_LENGTH', facts: { got: 999 } });
    expect(await fragmentFiles(machine)).toEqual([]);
  });

  test('that is given up leaves nothing, and may be given up twice', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const writer = await writerFor(store, sample(1_000));
    await writer.write(new Uint8Array(10));
    await writer.abort();
    await writer.abort();
    expect(await fragmentFiles(machine)).toEqual([]);
    await expect(writer.write(new Uint8Array(1))).rejects.toThrow('assertion failed');
  });

  test('takes one call at a time', async () => {
    const store = await (await newMachine()).open();
    const writer = await writerFor(store, sample(1_000));
    const first = writer.write(new Uint8Array(10));
    await expect(writer.write(new Uint8Array(10))).rejects.toThrow('one call at a time');
    await first;
  });

  test('twice at once: both succeed, one fragment stays', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const one = sample(40_000);
    const writers = [await writerFor(store, one), await writerFor(store, one)];
    await Promise.all(writers.map((writer) => writer.write(one.data)));
    await Promise.all(writers.map((writer) => writer.commit()));
    expect(await fragmentFiles(machine)).toEqual([keyOf(one)]);
    expect(await holds(store, one)).toBe(true);
    expect(store.totals()).toMatchObject({ fragments: 1, bytes: 40_000 });
  });

  test('that ends while the same fragment is erased leaves it whole or not there', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const one = sample(40_000);
    await put(store, one);
    const writer = await writerFor(store, { ...one, replace: true });
    await writer.write(one.data);
    await Promise.all([store.remove(one), writer.commit(), store.remove(one)]);
    const held = await holds(store, one);
    expect(await fragmentFiles(machine)).toEqual(held ? [keyOf(one)] : []);
    expect(store.totals().fragments).toBe(held ? 1 : 0);
  });
});

describe('room', () => {
  const disk = 2_000_000;
  const reserve = disk / 20;

  test('5 % of the disk stay free: uploads are declined until later, reads and erasing go on', async () => {
    const machine = await newMachine(disk);
    const store = await machine.open();
    const held = [];
    let declined: unknown;
    for (let seed = 0; declined === undefined; seed++) {
      const one = sample(100_000, seed);
      try {
        await put(store, one);
        held.push(one);
      } catch (error) {
        declined = error;
      }
    }
    expect(declined).toMatchObject({
      kind: 'refused',
      code: 'DISK_FULL',
      facts: { class: 'later', reason: 'reserve' },
    });
    expect(held.length).toBe(18);
    expect((await machine.files.space()).freeBytes).toBeGreaterThanOrEqual(reserve);
    const [first] = held as [(typeof held)[number]];
    expect(await holds(store, first)).toBe(true);
    await store.remove(first);
    await put(store, sample(100_000, 99));
  });

  test('is promised once only: uploads under way count in full', async () => {
    const store = await (await newMachine(disk)).open();
    const begun = await Promise.allSettled(
      Array.from({ length: 25 }, (_, seed) => writerFor(store, sample(100_000, seed))),
    );
    const writers = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    // 1,900,000 over 100,000 bytes, 7 hashes, a trailer and 8 KiB for the file system.
    expect(writers.length).toBe(17);
    await writers[0]?.abort();
    await writerFor(store, sample(100_000, 99));
    await expect(store.begin(sample(100_000, 98))).rejects.toMatchObject({ code: 'DISK_FULL' });
  });

  test('may be capped; what replaces itself needs none', async () => {
    const store = await (await newMachine()).open({ capacityBytes: 2_500 });
    const one = sample(1_000);
    await put(store, one);
    await put(store, sample(1_500, 2));
    await expect(store.begin(sample(1, 3))).rejects.toMatchObject({
      code: 'DISK_FULL',
      facts: { class: 'later', reason: 'capacity', heldBytes: 2_500 },
    });
    await (await writerFor(store, { ...one, replace: true })).abort();
    await store.remove(one);
    await put(store, sample(1_000, 3));
  });
});

describe('totals and lists', () => {
  test('are current, and the same after a restart', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    for (const seed of [2, 1, 4, 3]) await put(store, sample(100 * seed, seed));
    await store.remove(sample(400, 4));
    const expected = {
      fragments: 3,
      bytes: 600,
      byAgency: new Map([
        ['archives', 200],
        ['hospital', 400],
      ]),
    };
    expect(store.totals()).toEqual(expected);
    await store.remove(sample(200, 2));
    expect(store.totals().byAgency.has('archives')).toBe(false);
    await put(store, sample(200, 2));
    expect((await machine.open()).totals()).toEqual(expected);
  });

  test('go on after a key', async () => {
    const store = await (await newMachine()).open();
    const seeds = [0, 1, 255, 256, 257];
    for (const seed of seeds) await put(store, sample(100, seed));
    const inOrder = [0, 256, 1, 257, 255].map((seed) => keyOf(sample(100, seed)));
    const found: string[] = [];
    let after: { segment: Uint8Array; index: number } | undefined;
    for (;;) {
      const page: string[] = [];
      for await (const [key, facts] of store.list(after, 2)) {
        page.push(keyOf(key));
        expect(facts.bytes).toBe(100);
        after = key;
      }
      expect(page.length).toBeLessThanOrEqual(2);
      if (page.length === 0) break;
      found.push(...page);
    }
    expect(found).toEqual(inOrder);
  });
});

describe('on a real disk with LevelDB', () => {
  test('fragments survive a restart, and a lost index is built again from the files', async () => {
    const root = await mkdtemp(join(tmpdir(), 'vauban-fragments-'));
    try {
      const files: Files = openFiles(join(root));
      await createMarker(files, daemon);
      const open = async (name: string) => {
        const index = await openLevelStore(join(root, name));
        const store = await FragmentStore.open({
          files,
          index: checkedStore(index, crypto),
          crypto,
          clock,
          random: seededRandom(1),
          daemon,
        });
        return { store, close: () => index.close() };
      };
      const held = [sample(1_000, 1), sample(100_000, 2), sample(16_384, 257)];
      const first = await open('index');
      for (const one of held) await put(first.store, one);
      const totals = first.store.totals();
      await first.close();
      for (const name of ['index', 'new-index']) {
        const again = await open(name);
        for (const one of held) expect(await holds(again.store, one)).toBe(true);
        expect(again.store.totals()).toEqual(totals);
        expect(again.store.missing).toEqual([]);
        await again.close();
      }
      const { bytes } = (await files.stat(pathOf(held[1] as (typeof held)[number]))) as { bytes: number };
      expect(bytes).toBe(fileBytes(100_000));
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});

describe('a start', () => {
  test('removes leftovers and nothing else', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const one = sample(1_000);
    await put(store, one);
    await (await writerFor(store, sample(1_000, 2))).write(new Uint8Array(10));
    await (await machine.files.create('fragments/05/readme')).close();
    expect((await fragmentFiles(machine)).length).toBe(3);
    const again = await machine.open();
    expect(await fragmentFiles(machine)).toEqual([keyOf(one), 'readme']);
    expect(again.strays).toEqual(['fragments/05/readme']);
  });

  test('reports rows without a file as missing, until told to forget or the fragment comes back', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const [lost, back, kept] = [sample(1_000, 1), sample(1_000, 2), sample(1_000, 3)];
    for (const one of [lost, back, kept]) await put(store, one);
    await machine.files.remove(pathOf(lost));
    await machine.files.remove(pathOf(back));
    await machine.open();
    const again = await machine.open();
    expect(again.missing.map(keyOf)).toEqual([keyOf(lost), keyOf(back)]);
    expect(again.totals().fragments).toBe(1);
    expect(await again.get(lost)).toBeUndefined();
    await put(again, back);
    await again.forgetMissing(lost);
    expect(again.missing).toEqual([]);
    expect((await machine.open()).missing).toEqual([]);
    expect(await holds(again, back)).toBe(true);
  });

  test('takes in a missing fragment whose file is there again', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const one = sample(1_000);
    await put(store, one);
    await machine.files.rename(pathOf(one), 'aside');
    expect((await machine.open()).missing.map(keyOf)).toEqual([keyOf(one)]);
    const copy = await machine.files.create(pathOf(one));
    await copy.write((await machine.files.readAll('aside', 9_999)) as Uint8Array);
    await copy.close();
    await machine.open();
    await machine.crash();
    const again = await machine.open();
    expect(again.missing).toEqual([]);
    expect(await holds(again, one)).toBe(true);
    expect(again.totals()).toEqual(store.totals());
  });

  test('does not take in a file that is no whole fragment, nor one under another’s name, and erases neither', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    const [bent, moved] = [sample(1_000, 1), sample(1_000, 2)];
    for (const one of [bent, moved]) await put(store, one);
    flip(machine, pathOf(bent), 5);
    const wrong = `${directoryOf(moved.segment)}/${toHex(moved.segment)}-9`;
    await machine.files.rename(pathOf(moved), wrong);
    for await (const [key] of machine.index.range({}))
      await machine.index.batch([{ del: key }], { sync: true });
    const again = await machine.open();
    expect(again.strays).toEqual([pathOf(bent), wrong]);
    expect(again.totals().fragments).toBe(0);
    expect((await fragmentFiles(machine)).length).toBe(2);
    await put(again, bent);
    expect(await holds(again, bent)).toBe(true);
  });

  test('bears a corrupt index: files beat it', async () => {
    const machine = await newMachine();
    const inner = machine.index;
    machine.index = checkedStore(inner, crypto);
    const store = await machine.open();
    const [held, gone] = [sample(1_000, 1), sample(1_000, 2)];
    for (const one of [held, gone, sample(1_000, 257)]) await put(store, one);
    await machine.files.remove(pathOf(gone));
    const bend = async () => {
      for await (const [key, value] of inner.range({})) {
        const last = value.length - 1;
        value[last] = (value[last] as number) ^ 1;
        await inner.batch([{ put: key, value }], { sync: true });
      }
    };
    await bend();
    await expect(store.get(held)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    for (const _ of ['rows', 'missing rows too']) {
      const again = await machine.open();
      expect(await holds(again, held)).toBe(true);
      expect(again.missing.map(keyOf)).toEqual([keyOf(gone)]);
      expect(again.totals()).toMatchObject({ fragments: 2, bytes: 2_000 });
      await bend();
    }
  });

  test('does not hide an index that cannot be read', async () => {
    const machine = await newMachine();
    const range = () => {
      throw new Error('no such table');
    };
    machine.index = { ...machine.index, range };
    await expect(machine.open()).rejects.toThrow('no such table');
  });

  test('touches no other key of the index', async () => {
    const machine = await newMachine();
    const key = utf8('fragments of another kind');
    await machine.index.batch([{ put: key, value: utf8('mine') }], { sync: true });
    const store = await machine.open();
    await put(store, sample(10));
    await store.remove(sample(10));
    expect((await machine.open()).totals().fragments).toBe(0);
    expect(await machine.index.get(key)).toEqual(utf8('mine'));
  });
});
