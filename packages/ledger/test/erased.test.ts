// Erased payloads: gone from the disk and from what travels, while the log verifies and everything else can be read; and
// nothing passes for erased that no certified purge lists.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concat, equalBytes, memoryStore, type Store, utf8 } from '@vauban/core';
import { openLevelStore } from '@vauban/core/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Append,
  type ClaimName,
  commitOf,
  erasePayloads,
  type HeldRecord,
  heldRecord,
  isErased,
  LogStore,
  PayloadEraser,
  pull,
  type ReaderOptions,
  type ResolveWriter,
  resolveWriter,
  scrubLog,
} from '../src/index.ts';
import { countedRandom } from './memory-hosters.ts';
import { outcomeOf, RuleBench } from './rule-bench.ts';
import { crypto, DAY_MS, NOW } from './sample-charter.ts';
import { objects, placeOf, purgeOf, releaseOf } from './samples.ts';

const SECRET = 'name, date of birth and diagnosis of a patient';
let directory: string;
let store: Store;
let bench: RuleBench;
/** What is to be erased, and the purge that lists it. */
let of: ClaimName;
let purge: ClaimName;
let record: HeldRecord;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vauban-erased-'));
  store = await openLevelStore(directory);
  bench = await RuleBench.open({
    delegation: { rights: ['write', 'delete'] },
    hoster: { wrapStore: () => store },
  });
  const { device, daemon } = bench;
  await bench.mustWrite(device, [objects(SECRET), objects('harmless')]);
  await bench.mustWrite(device, [placeOf(bench.charter)]);
  of = { origin: device.origin, index: 1 };
  record = heldRecord((await bench.hoster.mirror.logs.record(of.origin, 1)) as HeldRecord);
  await bench.certify(device);
  bench.clock.time = NOW + 9 * DAY_MS;
  await bench.mustWrite(device, [releaseOf([], 1)], bench.clock.time);
  await bench.certify(device);
  bench.clock.time += 14 * DAY_MS;
  const size = await bench.mustWrite(daemon, [purgeOf(1, [], [of])], bench.clock.time);
  purge = { origin: daemon.origin, index: size - 1 };
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const erase = async () => {
  await bench.certify(bench.daemon);
  return erasePayloads(bench.hoster.mirror.logs, purge);
};
/** Whether these bytes stand in any file of the database. */
async function onDisk(bytes: Uint8Array): Promise<boolean> {
  const files = await Promise.all((await readdir(directory)).map((name) => readFile(join(directory, name))));
  return files.some((content) => content.includes(Buffer.from(bytes)));
}
async function reader(): Promise<ReaderOptions> {
  const { clock, charters, hoster } = bench;
  const logs = await LogStore.open(memoryStore(), crypto);
  return { crypto, clock, random: countedRandom('reader'), charters, voters: () => [hoster], logs };
}

describe('once the purge is certified', () => {
  test('payload and salt are gone from the disk and from what travels', async () => {
    expect(await onDisk(utf8(SECRET))).toBe(true);
    expect(await onDisk(record.salt)).toBe(true);
    expect(await erase()).toBe(1);
    expect(await onDisk(utf8(SECRET))).toBe(false);
    expect(await onDisk(record.payload)).toBe(false);
    expect(await onDisk(record.salt)).toBe(false);
    expect(await onDisk(record.entry)).toBe(true);
    const sent = (await bench.hoster.batches(of.origin, 0)).flatMap(({ records }) => records);
    const bytes = concat(
      ...sent.flatMap((one) => (isErased(one) ? [one.entry] : [one.entry, one.salt, one.payload])),
    );
    expect(Buffer.from(bytes).includes(SECRET)).toBe(false);
    expect(Buffer.from(bytes).includes('harmless')).toBe(true);
    expect(Buffer.from(bytes).includes(Buffer.from(record.salt))).toBe(false);
    expect(sent[1]).toEqual({ entry: record.entry, erased: purge });
  });

  test('the log verifies as before, twice is once, and whoever needs the payload is told', async () => {
    const { logs } = bench.hoster.mirror;
    const before = logs.state(of.origin);
    expect(await erase()).toBe(1);
    expect(await erasePayloads(logs, purge)).toBe(0);
    const again = await LogStore.open(store, crypto);
    expect(again.state(of.origin)).toEqual(before);
    const resolve: ResolveWriter = (...first) =>
      resolveWriter({ crypto, charters: bench.charters }, ...first);
    const scrub = { crypto, logs: again, resolve, now: NOW, pace: async () => undefined };
    expect(await scrubLog(scrub, of.origin)).toBeUndefined();
    await expect(again.entry(of.origin, 1)).rejects.toMatchObject({
      code: 'PAYLOAD_ERASED',
      facts: { purge: purge.origin, purgeIndex: purge.index },
    });
    expect(await again.stored(of.origin, 1)).toMatchObject({ payload: null, erased: purge });
    expect((await again.entry(of.origin, 2)).payload).toMatchObject({ kind: 'objects' });
    expect((await again.entry(of.origin, 3)).payload).toMatchObject({ kind: 'place' });
    // The log goes on.
    await bench.mustWrite(bench.device, [objects('later')], bench.clock.time);
  });

  test('a hoster finds by itself what it has to erase, and looks at each purge once', async () => {
    const { logs } = bench.hoster.mirror;
    const eraser = new PayloadEraser(logs);
    expect(await eraser.round()).toBe(0);
    await bench.certify(bench.daemon);
    expect(await eraser.round()).toBe(1);
    expect(await eraser.round()).toBe(0);
    expect(await onDisk(utf8(SECRET))).toBe(false);
  });

  test('another copy is made of it by whoever has or fetches the purge', async () => {
    await erase();
    const other = await reader();
    await pull(other, bench.hoster, of.origin, bench.hoster.mirror.logs.state(of.origin).size);
    expect(await other.logs.record(of.origin, 1)).toEqual({ entry: record.entry, erased: purge });
    expect(other.logs.state(purge.origin).certifiedSize).toBeGreaterThan(purge.index);
    const { checkpoint } = bench.hoster.mirror.logs.state(of.origin);
    expect(other.logs.state(of.origin).checkpoint).toBe(checkpoint);
  });
});

describe('nothing else passes for erased', () => {
  test('before the purge is certified nothing is erased', async () => {
    expect(await erasePayloads(bench.hoster.mirror.logs, purge)).toBe(0);
    expect(await onDisk(utf8(SECRET))).toBe(true);
  });

  /** The device's log with a record left out, brought to a hoster that knows the logs of `known`. */
  async function bring(left: number, by: ClaimName, known: 'certified' | 'held' | 'nothing') {
    const other = await RuleBench.open({ delegation: { rights: ['write', 'delete'] } });
    other.clock.time = bench.clock.time;
    const daemon = bench.daemon.appendFrom(1);
    if (known !== 'nothing') await other.hoster.mirror.adopt(daemon);
    if (known === 'certified')
      await other.hoster.mirror.certify(daemon.origin, bench.certificateOf(bench.daemon.checkpoint()));
    const append = bench.device.appendFrom(1);
    const records: Append['records'] = append.records.map((one, nth) =>
      nth + 1 === left ? { entry: one.entry, erased: by } : one,
    );
    const certificate = bench.certificateOf(bench.device.checkpoint());
    return outcomeOf(other.hoster.append({ ...append, records }, certificate));
  }
  const withheld = { code: 'PAYLOAD_WITHHELD', class: 'later', entry: null };

  test('a record left out is taken beside the certified purge that lists it', async () => {
    expect(await bring(1, purge, 'certified')).toEqual({ code: 'stored' });
  });
  test.each([
    ['while the purge is not certified here', () => bring(1, purge, 'held')],
    ['while the purge is not known here', () => bring(1, purge, 'nothing')],
    ['with the name of an entry that is no purge', () => bring(1, { ...purge, index: 0 }, 'certified')],
    ['with the purge of another entry', () => bring(2, purge, 'certified')],
    ['when it is no `objects` entry', () => bring(3, purge, 'certified')],
  ])('%s it is withheld', async (_, refused) => {
    expect(await refused()).toMatchObject({ code: withheld.code, class: withheld.class });
  });
});

describe('what is left of an erased entry', () => {
  test('does not let anyone test a guess of its payload', () => {
    const { entry, payload, salt } = record;
    expect(Buffer.from(entry).includes(Buffer.from(crypto.sha256(payload)))).toBe(false);
    // Knowing the payload whole, without the 32 random bytes there is nothing to compare with.
    for (const guess of [
      new Uint8Array(32),
      crypto.sha256(entry),
      crypto.sha256(payload),
      entry.slice(0, 32),
    ]) {
      expect(equalBytes(commitOf(crypto, guess, payload), commitOf(crypto, salt, payload))).toBe(false);
      expect(Buffer.from(entry).includes(Buffer.from(commitOf(crypto, guess, payload)))).toBe(false);
    }
    expect(Buffer.from(entry).includes(Buffer.from(commitOf(crypto, salt, payload)))).toBe(true);
    expect(Buffer.from(entry).includes(Buffer.from(salt))).toBe(false);
    expect(salt).toHaveLength(32);
  });
});
