// Disks that fail without losing power: each step of a put and of an erasure, full or broken; and disks that lie.

import { LEAF_BYTES, toHex } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { fileBytes, leafCount, pathOf, TRAILER_BYTES } from '../src/fragment-file.ts';
import type { FragmentStore } from '../src/fragment-store.ts';
import {
  diskFailure,
  flip,
  fragmentFiles,
  holds,
  newMachine,
  put,
  type Step,
  sample,
} from './fragment-setup.ts';

const kept = sample(20_000, 2);
const one = sample(40_000, 1);

/** The n-th step of this call fails, and only that one. */
function failing(call: Step['call'], nth: number, error: Error): (step: Step) => Error | undefined {
  let seen = 0;
  return (step) => (step.call === call && ++seen === nth ? error : undefined);
}

const puts: readonly [call: Step['call'], nth: number, full: string, broken: string][] = [
  ['create', 1, 'DISK_FULL', 'WRITE_FAILED'],
  ['write', 1, 'DISK_FULL', 'WRITE_FAILED'],
  ['write', 2, 'DISK_FULL', 'WRITE_FAILED'],
  ['write', 3, 'DISK_FULL', 'WRITE_FAILED'],
  ['sync', 1, 'DISK_FAILED', 'DISK_FAILED'],
  ['close', 1, 'DISK_FULL', 'WRITE_FAILED'],
  ['rename', 1, 'DISK_FULL', 'WRITE_FAILED'],
  ['syncDirectory', 1, 'DISK_FAILED', 'DISK_FAILED'],
  ['index', 1, 'DISK_FAILED', 'DISK_FAILED'],
];

async function readsOn(store: FragmentStore): Promise<void> {
  expect(await holds(store, kept)).toBe(true);
  expect((await store.leafHashes(kept)).length).toBe(64);
  expect(store.totals().fragments).toBe(1);
}

describe.each(puts)('a put whose %s (%i) fails', (call, nth, full, broken) => {
  test.each([
    ['ENOSPC', full],
    ['EIO', broken],
  ] as const)('with %s is a fault %s', async (error, code) => {
    const machine = await newMachine();
    const store = await machine.open();
    await put(store, kept);
    machine.fail = failing(call, nth, diskFailure(error));
    const kind = code === 'DISK_FULL' ? 'refused' : 'failure';
    await expect(put(store, one, 20_000)).rejects.toMatchObject({ kind, code });
    machine.fail = () => undefined;
    await readsOn(store);
    expect(await store.get(one)).toBeUndefined();
    const stops = code === 'DISK_FAILED';
    expect(store.failure?.code).toBe(stops ? 'DISK_FAILED' : undefined);
    if (stops) {
      await expect(put(store, one)).rejects.toMatchObject({ code: 'DISK_FAILED' });
      await expect(store.begin(kept)).rejects.toMatchObject({ code: 'DISK_FAILED' });
      await expect(store.remove(kept)).rejects.toMatchObject({ code: 'DISK_FAILED' });
      await expect(store.forgetMissing(kept)).rejects.toMatchObject({ code: 'DISK_FAILED' });
      await readsOn(store);
    } else {
      expect((await fragmentFiles(machine)).length).toBe(1);
      await put(store, one);
      expect(await holds(store, one)).toBe(true);
    }
    // Whatever it was, the next start finds both whole, or one of them and nothing of the other.
    const again = await machine.open();
    expect(await holds(again, kept)).toBe(true);
    const held = await holds(again, one);
    expect((await fragmentFiles(machine)).length).toBe(held ? 2 : 1);
    expect(again.missing).toEqual([]);
    await put(again, one);
    // What was taken in is as durable as what was put.
    await machine.crash();
    const last = await machine.open();
    expect(await holds(last, kept)).toBe(true);
    expect(await holds(last, one)).toBe(true);
  });
});

test('an upload under way when another one’s fsync fails is stopped too', async () => {
  const machine = await newMachine();
  const store = await machine.open();
  const writer = await store.begin(one);
  if (writer.already) throw new Error('already');
  await writer.write(one.data);
  machine.fail = failing('sync', 1, diskFailure('EIO'));
  await expect(put(store, kept)).rejects.toMatchObject({ code: 'DISK_FAILED' });
  await expect(writer.commit()).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(await store.get(one)).toBeUndefined();
});

test('a fragment whose fsync failed is not believed even if a second fsync would succeed', async () => {
  const machine = await newMachine();
  const store = await machine.open();
  machine.fail = failing('sync', 1, diskFailure('EIO'));
  await expect(put(store, one)).rejects.toMatchObject({ code: 'DISK_FAILED' });
  await machine.crash();
  expect(await holds(await machine.open(), one)).toBe(false);
});

describe.each([
  ['index', 'DISK_FAILED', true],
  ['remove', 'WRITE_FAILED', true],
  ['syncDirectory', 'DISK_FAILED', false],
] as const)('an erasure whose %s fails', (call, code, comesBack) => {
  test(`is a fault ${code}; the next start finds the fragment whole or gone, never missing`, async () => {
    const machine = await newMachine();
    const store = await machine.open();
    await put(store, one);
    machine.fail = failing(call, 1, diskFailure('EIO'));
    await expect(store.remove(one)).rejects.toMatchObject({ code });
    machine.fail = () => undefined;
    const again = await machine.open();
    expect(await holds(again, one)).toBe(comesBack);
    expect(again.missing).toEqual([]);
    await again.remove(one);
    expect(await fragmentFiles(machine)).toEqual([]);
  });
});

describe('a disk that lies', () => {
  const path = pathOf(one);
  const length = fileBytes(one.bytes);
  const hashesAt = one.bytes;
  const trailerAt = length - TRAILER_BYTES;
  const partAt = (at: number) => (at < hashesAt ? 'bytes' : at < trailerAt ? 'leaf hashes' : 'trailer');

  test('each flipped byte is found, and named', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    await put(store, one);
    expect(trailerAt - hashesAt).toBe(32 * leafCount(one.bytes));
    const places = [...Array(Math.ceil(hashesAt / 101)).keys()].map((i) => 101 * i);
    for (let at = hashesAt - 1; at < length; at++) places.push(at);
    for (const at of places) {
      flip(machine, path, at);
      const part = partAt(at);
      const leaf = part === 'bytes' ? { leaf: Math.floor(at / LEAF_BYTES) } : {};
      await expect(store.verify(one)).rejects.toMatchObject({
        kind: 'integrity',
        code: 'FRAGMENT_DAMAGED',
        facts: { segment: toHex(one.segment), index: one.index, part, ...leaf },
      });
      if (part === 'leaf hashes') {
        await expect(store.leafHashes(one)).rejects.toMatchObject({ code: 'FRAGMENT_DAMAGED' });
      }
      flip(machine, path, at);
    }
    await store.verify(one);
  });

  test.each([
    ['cut short', (bytes: Uint8Array) => bytes.subarray(0, -1)],
    ['cut to its fragment', (bytes: Uint8Array) => bytes.subarray(0, one.bytes)],
    ['cut to nothing', () => new Uint8Array(0)],
    ['longer', (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
    [
      'longer, with the trailer twice',
      (bytes: Uint8Array) => Uint8Array.of(...bytes, ...bytes.subarray(trailerAt)),
    ],
  ])('a file that is %s is damaged', async (_, change) => {
    const machine = await newMachine();
    const store = await machine.open();
    await put(store, one);
    const bytes = (machine.files.bytesOf(path) as Uint8Array).slice();
    await machine.files.remove(path);
    const file = await machine.files.create(path);
    await file.write(change(bytes));
    await file.close();
    await expect(store.verify(one)).rejects.toMatchObject({ code: 'FRAGMENT_DAMAGED' });
  });

  test('a whole file of another fragment under this name is damaged', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    await put(store, one);
    await put(store, kept);
    await machine.files.rename(pathOf(kept), path);
    await expect(store.verify(one)).rejects.toMatchObject({ facts: { part: 'trailer' } });
  });

  test('a whole file that says another agency than the index is damaged', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    await put(store, { ...one, agency: 'someone-else' });
    await machine.files.rename(path, 'aside');
    await store.remove(one);
    await put(store, one);
    await machine.files.rename('aside', path);
    await expect(store.verify(one)).rejects.toMatchObject({ facts: { part: 'trailer' } });
  });

  test('sectors that cannot be read are damage, not a crash', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    await put(store, one);
    machine.fail = (step) => (step.call === 'read' ? diskFailure('EIO') : undefined);
    for (const ask of [store.read(one, 0, 10), store.leafHashes(one), store.verify(one)]) {
      await expect(ask).rejects.toMatchObject({ code: 'FRAGMENT_DAMAGED', facts: { part: 'unreadable' } });
    }
  });

  test('a file that ends early is damage where it is read', async () => {
    const machine = await newMachine();
    const store = await machine.open();
    await put(store, one);
    await machine.files.remove(path);
    await (await machine.files.create(path)).close();
    await expect(store.read(one, 0, 10)).rejects.toMatchObject({ facts: { part: 'length' } });
  });
});
