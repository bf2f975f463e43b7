// Scrubbing: what rots on this disk is found within the period and rebuilt before anybody asks, across restarts.

import { checkedStore, Fault, memoryStore, type Store, toHex } from '@vauban/core';
import type { Payload } from '@vauban/ledger';
import { beforeEach, describe, expect, test } from 'vitest';
import { fileBytes, type FragmentKey, pathOf } from '../src/fragment-file.ts';
import { FragmentStore } from '../src/fragment-store.ts';
import { FragmentsService, type FragmentsServiceOptions } from '../src/fragments-service.ts';
import { Scrub, type ScrubPorts } from '../src/watch/scrub.ts';
import {
  clock as standing,
  crypto,
  daemon,
  flip,
  holds,
  type Machine,
  newMachine,
  put,
  type Sample,
  sample,
  seededRandom,
} from './fragment-setup.ts';
import { JumpingClock, START } from './watch-setup.ts';

const PERIOD_MS = 100_000;
const DAY_MS = 60_000;
const durations = { scrubPeriodMs: PERIOD_MS, recheckMs: 4_000, awayMaxMs: DAY_MS };

let machine: Machine;
let rows: Store;
let store: FragmentStore;
let clock: JumpingClock;
let kept: Store;
let samples: Sample[];
let lost: FragmentKey[];
let mends: string[];
/** Why nothing can be mended now. */
let obstacle: Fault | undefined;

beforeEach(async () => {
  machine = await newMachine();
  rows = memoryStore();
  clock = new JumpingClock(START);
  kept = memoryStore();
  samples = [];
  lost = [];
  mends = [];
  obstacle = undefined;
  await open();
});

async function open(): Promise<void> {
  const index = checkedStore(rows, crypto);
  const random = seededRandom(7);
  store = await FragmentStore.open({ files: machine.files, index, crypto, clock: standing, random, daemon });
}

/** Fragments spread over all directories. */
async function fill(count: number, bytes = 40_000): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    const one = sample(bytes, Math.floor((nth * 256) / count));
    samples.push(one);
    await put(store, one);
  }
}

const same = (a: FragmentKey, b: FragmentKey) => a.index === b.index && toHex(a.segment) === toHex(b.segment);

async function started(change: Partial<ScrubPorts> = {}): Promise<Scrub> {
  const scrub = new Scrub({
    clock,
    charter: () => ({ durations }) as never,
    fragments: store,
    mend: async (segment, index) => {
      const one = samples.find((other) => same(other, { segment, index }));
      mends.push(`${toHex(segment)}/${index}`);
      if (obstacle !== undefined) throw obstacle;
      if (one === undefined) throw new Fault('refused', 'FRAGMENT_UNPLACED', 'nobody claims it', {});
      const writer = await store.begin({ ...one, replace: true });
      if (writer.already) throw new Error('it was to be replaced');
      await writer.write(one.data);
      await writer.commit();
    },
    owes: async (key) => samples.some((one) => same(one, key)),
    ownLog: {
      append: async (payloads: readonly Payload[]) => {
        for (const payload of payloads) {
          if (payload.kind !== 'lost') throw new Error('only losses are stated here');
          lost.push(...payload.fragments.map(([segment, index]) => ({ segment, index })));
        }
        return { origin: 'sample/own', size: 1 };
      },
    },
    foreground: { busy: false },
    bytesPerSecond: 1e12,
    store: kept,
    log: () => undefined,
    ...change,
  });
  await scrub.start();
  return scrub;
}

describe('a pass over all fragments', () => {
  test('reads each once in its period, spread over it', async () => {
    await fill(40);
    const scrub = await started();
    await clock.pass(PERIOD_MS / 2);
    const each = fileBytes(40_000);
    expect(scrub.progress().readBytes).toBeGreaterThan(15 * each);
    expect(scrub.progress().readBytes).toBeLessThan(25 * each);
    expect(scrub.progress().progress).toBeCloseTo(0.5, 1);
    await clock.pass(PERIOD_MS / 2 - 1);
    expect(scrub.progress().readBytes).toBe(40 * each);
    await clock.pass(PERIOD_MS);
    await scrub.stop();
    expect(scrub.progress().readBytes).toBeGreaterThanOrEqual(79 * each);
    expect(mends).toEqual([]);
  });

  test('goes on after a restart where it was', async () => {
    await fill(40);
    const before = await started();
    await clock.pass(PERIOD_MS / 2);
    await before.stop();
    const after = await started();
    const [last] = samples.slice(-1) as [Sample];
    flip(machine, pathOf(last), 5);
    await clock.pass(PERIOD_MS / 2 - 1);
    await after.stop();
    expect(await holds(store, last)).toBe(true);
    expect(before.progress().readBytes + after.progress().readBytes).toBe(39 * fileBytes(40_000));
    expect(before.progress().readBytes).toBeGreaterThan(10 * fileBytes(40_000));
  });

  test('never reads faster than it may', async () => {
    await fill(20);
    const slow = await started({ bytesPerSecond: fileBytes(40_000) / 10 });
    await clock.pass(PERIOD_MS);
    await slow.stop();
    expect(slow.progress().readBytes).toBeLessThanOrEqual(12 * fileBytes(40_000));
    expect(slow.progress().readBytes).toBeGreaterThanOrEqual(8 * fileBytes(40_000));
  });
});

describe('what rotted', () => {
  test('any byte of a fragment’s file, wherever it is, is found in the period and made whole', async () => {
    const bytes = 33_000;
    const length = fileBytes(bytes);
    const step = Math.floor(length / 120);
    const places = Array.from({ length: 120 }, (_, nth) => Math.min(length - 1, nth * step + (nth % 7)));
    // The hashes and the trailer are short: each of their bytes has its turn somewhere.
    places.push(
      ...Array.from({ length: 40 }, (_, nth) => length - 1 - nth * 8),
      0,
      bytes - 1,
      bytes,
      length - 1,
    );
    for (let nth = 0; nth < places.length; nth++) {
      const one = { ...sample(bytes, nth), index: 5 };
      samples.push(one);
      await put(store, one);
      flip(machine, pathOf(one), places[nth] as number);
    }
    const scrub = await started();
    await clock.pass(PERIOD_MS);
    await scrub.stop();
    for (const one of samples) expect(await holds(store, one)).toBe(true);
    expect(new Set(mends).size).toBe(places.length);
    expect(scrub.progress()).toMatchObject({
      damagedFragments: places.length,
      mendedFragments: places.length,
      waitingFragments: 0,
    });
  });

  test('any byte of an index row is found, and written again from the file', async () => {
    await fill(30);
    let at = 0;
    for await (const [key, value] of rows.range({})) {
      const other = value.slice();
      const place = (at++ * 7) % value.length;
      other[place] = (other[place] as number) ^ 4;
      await rows.batch([{ put: key, value: other }], { sync: true });
    }
    const scrub = await started();
    await clock.pass(PERIOD_MS);
    await scrub.stop();
    for (const one of samples) expect(await holds(store, one)).toBe(true);
    expect(mends).toEqual([]);
    expect(store.totals()).toMatchObject({ fragments: 30 });
  });

  test('a file that is gone is rebuilt, a file that its row lost is taken in', async () => {
    await fill(4);
    const [first, second] = samples as [Sample, Sample];
    await machine.files.remove(pathOf(first));
    for await (const [key] of rows.range({})) {
      if (key[9] === second.segment[0]) await rows.batch([{ del: key }], { sync: true });
    }
    expect(await store.get(second)).toBeUndefined();
    const scrub = await started();
    await clock.pass(PERIOD_MS);
    await scrub.stop();
    for (const one of samples) expect(await holds(store, one)).toBe(true);
    expect(mends).toEqual([`${toHex(first.segment)}/${first.index}`]);
  });

  test('what cannot be made whole now is tried again, after a restart too', async () => {
    await fill(1);
    const [one] = samples as [Sample];
    flip(machine, pathOf(one), 10);
    obstacle = new Fault('missing-fragments', 'REPAIR_SOURCES_SHORT', 'too few are there', {});
    const before = await started();
    await clock.pass(DAY_MS / 4);
    await before.stop();
    expect(mends.length).toBeGreaterThan(2);
    expect(before.progress().waitingFragments).toBe(1);
    const after = await started();
    await clock.pass(DAY_MS / 4);
    expect(after.progress()).toMatchObject({ waitingFragments: 1, damagedFragments: 0 });
    obstacle = undefined;
    await clock.pass(DAY_MS / 4);
    await after.stop();
    expect(await holds(store, one)).toBe(true);
    expect(lost).toEqual([]);
  });

  test('what cannot be made whole for a day is stated as lost, and no longer held', async () => {
    await fill(3);
    const [one] = samples as [Sample];
    flip(machine, pathOf(one), 10);
    obstacle = new Fault('integrity', 'ROOT_MISMATCH', 'it never was a code word', {});
    const scrub = await started();
    await clock.pass(DAY_MS - 5_000);
    expect(lost).toEqual([]);
    await clock.pass(15_000);
    await scrub.stop();
    expect(lost).toMatchObject([{ index: one.index }]);
    expect(await store.get(one)).toBeUndefined();
    expect(store.missing).toEqual([]);
    expect(scrub.progress().waitingFragments).toBe(0);
    expect(store.totals().fragments).toBe(2);
  });

  test('what too few others could rebuild goes on being served: its sound leaves may be needed', async () => {
    await fill(1);
    const [one] = samples as [Sample];
    flip(machine, pathOf(one), 10);
    obstacle = new Fault('missing-fragments', 'REPAIR_SOURCES_SHORT', 'too few are there', {});
    const scrub = await started();
    await clock.pass(3 * DAY_MS);
    expect(lost).toEqual([]);
    expect(await store.get(one)).toBeDefined();
    obstacle = undefined;
    await clock.pass(DAY_MS);
    await scrub.stop();
    expect(await holds(store, one)).toBe(true);
  });

  test('what nobody counts on is nobody’s loss', async () => {
    await fill(1);
    const [one] = samples as [Sample];
    flip(machine, pathOf(one), 10);
    const scrub = await started({ owes: async () => false });
    samples.splice(0);
    await clock.pass(2 * DAY_MS);
    await scrub.stop();
    expect(lost).toEqual([]);
    expect(await store.get(one)).toBeDefined();
  });

  test('a row that rotted, of a file that rotted too and that nobody counts on, is missing no longer', async () => {
    await fill(2);
    const [one] = samples as [Sample];
    flip(machine, pathOf(one), 10);
    for await (const [key, value] of rows.range({})) {
      const other = value.slice();
      other[20] = (other[20] as number) ^ 1;
      if (key[9] === one.segment[0]) await rows.batch([{ put: key, value: other }], { sync: true });
    }
    const scrub = await started({ owes: async (key) => !same(key, one) });
    await clock.pass(PERIOD_MS);
    await scrub.stop();
    expect(mends).toEqual([]);
    expect(lost).toEqual([]);
    // Until it was forgotten, nothing could be erased here.
    expect(store.missing).toEqual([]);
    expect(scrub.progress()).toMatchObject({ damagedFragments: 1, waitingFragments: 0 });
    await open();
    expect(store.missing).toEqual([]);
  });

  test('erased while it waited, it is forgotten', async () => {
    await fill(1);
    const [one] = samples as [Sample];
    flip(machine, pathOf(one), 10);
    obstacle = new Fault('missing-fragments', 'REPAIR_SOURCES_SHORT', 'too few are there', {});
    const scrub = await started({ owes: async () => false });
    await clock.pass(5_000);
    await store.remove(one);
    await clock.pass(5_000);
    const tried = mends.length;
    await clock.pass(20_000);
    await scrub.stop();
    expect(mends).toHaveLength(tried);
    expect(scrub.progress().waitingFragments).toBe(0);
  });
});

describe('who is asked for a leaf', () => {
  const service = (scrub: Scrub) =>
    new FragmentsService({
      store,
      crypto,
      troubled: (key: FragmentKey) => scrub.check(key),
    } as unknown as FragmentsServiceOptions);
  const asker = { role: 'daemon', daemon: 'd', hoster: 'h' } as const;

  test('and finds it rotten, says so and makes it whole at once', async () => {
    await fill(1);
    const [one] = samples as [Sample];
    const scrub = await started();
    await clock.pass(1_000);
    flip(machine, pathOf(one), 20_000);
    const asked = { segment: one.segment, index: one.index, leaf: 1 };
    await expect(service(scrub).leaf(asker, asked)).rejects.toMatchObject({ code: 'FRAGMENT_DAMAGED' });
    await clock.pass(1_000);
    expect((await service(scrub).leaf(asker, asked)).leaves).toBe(3);
    await scrub.stop();
    expect(mends).toHaveLength(1);
  });

  test('and has lost file and row, makes it whole when the ledger counts on it, and only then', async () => {
    await fill(1);
    const [one] = samples as [Sample];
    await store.remove(one);
    const scrub = await started();
    const asked = { segment: one.segment, index: one.index, leaf: 0 };
    const other = { ...asked, index: 9 };
    await expect(service(scrub).leaf(asker, asked)).rejects.toMatchObject({ code: 'FRAGMENT_MISSING' });
    await expect(service(scrub).leaf(asker, other)).rejects.toMatchObject({ code: 'FRAGMENT_MISSING' });
    await clock.pass(1_000);
    await scrub.stop();
    expect(mends).toEqual([`${toHex(one.segment)}/${one.index}`]);
    expect(await holds(store, one)).toBe(true);
  });
});
