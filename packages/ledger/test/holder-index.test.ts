// What a daemon was ever named to hold: found by daemon, whoever wrote it; still there after rot and after healing.

import { checkedStore, memoryStore, type Store, toHex, utf8 } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { LogStore, Mirror, segmentsHeldBy } from '../src/index.ts';
import { hintOf, hintRow, isHint } from '../src/holder-index.ts';
import { mendHints } from '../src/log-scrub.ts';
import { Healer } from '../src/healer.ts';
import { ErasingBench } from './erasing-bench.ts';
import { countedRandom } from './memory-hosters.ts';
import { RuleBench } from './rule-bench.ts';
import { crypto, daemonOf, hosterName } from './sample-charter.ts';
import { placeOf, trimOf } from './samples.ts';

async function listed(store: Store, daemon: string, after?: Uint8Array): Promise<string[]> {
  const found: string[] = [];
  for await (const segment of segmentsHeldBy(store, daemon, after)) found.push(toHex(segment));
  return found;
}

describe('the list of a daemon', () => {
  test('has what places and its own custody name, ascending, and in pages', async () => {
    const it = await ErasingBench.open();
    const { bench } = it;
    const { store } = bench.hoster.mirror.logs;
    const more = Array.from({ length: 6 }, (_, nth) =>
      placeOf(bench.charter, {
        name: `segment ${nth}`,
        holders: ['h1', 'h2', nth % 2 === 0 ? 'h3' : undefined, 'h4', 'h5', 'h6', 'h7', 'h8', 'h9'],
      }),
    );
    await bench.mustWrite(bench.device, more);
    await it.certified('h0', it.custody('h0', 1));
    const all = [it.place, ...more].map(({ segment }) => toHex(segment)).sort();
    expect(await listed(store, daemonOf('h1'))).toEqual(all);
    expect(await listed(store, daemonOf('h3'))).toEqual(
      [it.place, ...more.filter((_, nth) => nth % 2 === 0)].map(({ segment }) => toHex(segment)).sort(),
    );
    expect(await listed(store, daemonOf('h0'))).toEqual([toHex(it.segment)]);
    expect(await listed(store, '00'.repeat(16))).toEqual([]);
    const middle = all[3] as string;
    const after = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
    expect(await listed(store, daemonOf('h1'), after(middle))).toEqual(all.slice(4));
    expect(await listed(store, daemonOf('h1'), after(all[6] ?? ''))).toEqual([]);
  });

  test('forgets nothing: not what was voided, nor what was given back', async () => {
    const bench = await RuleBench.open();
    const place = await bench.voidedPlace();
    const { store } = bench.hoster.mirror.logs;
    expect(await listed(store, daemonOf('h5'))).toEqual([toHex(place.segment)]);
    const it = await ErasingBench.open();
    await it.certified('h0', it.custody('h0', 1));
    await it.certified('h2', trimOf({ segment: it.segment, index: 1, keeper: 'h0' }, 1));
    expect(await listed(it.bench.hoster.mirror.logs.store, daemonOf('h2'))).toEqual([toHex(it.segment)]);
  });

  test('is written in the batch that writes the place', async () => {
    const bench = await RuleBench.open();
    const { store } = bench.hoster.mirror.logs;
    const batches: number[][] = [];
    const batch = store.batch.bind(store);
    Object.assign(store, {
      batch: (...of: Parameters<Store['batch']>) => {
        const keys = of[0].flatMap((one) => ('put' in one ? [one.put] : []));
        batches.push([keys.filter((key) => key[0] === 0x53).length, keys.filter(isHint).length]);
        return batch(...of);
      },
    });
    await bench.mustWrite(bench.device, [placeOf(bench.charter)]);
    expect(batches.filter(([, hints]) => hints !== 0)).toEqual([[1, 9]]);
  });
});

describe('rot', () => {
  /** A mirror over a store of checked rows, with one place. */
  async function rotting() {
    const it = await ErasingBench.open();
    const raw = memoryStore();
    const store = checkedStore(raw, crypto);
    for await (const [put, value] of it.bench.hoster.mirror.logs.raw.range({})) {
      await store.batch([{ put, value }], { sync: true });
    }
    const logs = await LogStore.open(store, crypto, 'quarantine');
    const rot = async (key: Uint8Array) => {
      const value = (await raw.get(key)) ?? new Uint8Array(16);
      await raw.batch([{ put: key, value: value.map((byte) => byte ^ 1) }], { sync: true });
    };
    const { charters, clock } = it.bench;
    const mirror = new Mirror({ logs, crypto, clock, charters, voting: null });
    const options = { mirror, crypto, charters, clock, random: countedRandom('heal') };
    const healer = new Healer({ ...options, others: () => [], log: () => undefined });
    const hint = (hoster: string, segment = it.segment) => {
      const row = hintRow(Uint8Array.from(Buffer.from(daemonOf(hoster), 'hex')), segment);
      return (row as { put: Uint8Array }).put;
    };
    return { it, raw, store, logs, rot, healer, hint };
  }

  test('a hint that cannot be read is listed all the same, and puts no log in quarantine', async () => {
    const { it, logs, rot, hint } = await rotting();
    await rot(hint('h2'));
    expect(await listed(logs.store, daemonOf('h2'))).toEqual([toHex(it.segment)]);
    expect([logs.quarantine.size, logs.quarantine.doubt]).toEqual([0, null]);
  });

  test('re-reading everything writes it anew, and one that is gone too; one that never was is removed', async () => {
    const { it, raw, store, logs, rot, healer, hint } = await rotting();
    const stray = hint('h2', crypto.sha256(utf8('no segment')));
    await rot(hint('h2'));
    await rot(stray);
    await raw.batch([{ del: hint('h3') }], { sync: true });
    for (const _ of [...logs.origins(), 'the rest']) await healer.scrubNext(async () => undefined);
    expect(healer.needed).toBe(false);
    for (const name of ['h2', 'h3']) expect(await store.get(hint(name))).toEqual(new Uint8Array(0));
    expect(await raw.get(stray)).toBeUndefined();
    expect(await listed(store, daemonOf('h2'))).toEqual([toHex(it.segment)]);
  });

  test('one that rots between two readings of its log is written anew as well', async () => {
    const { it, raw, store, logs, rot, hint } = await rotting();
    const keys = [hint('h2'), hint('h2', new Uint8Array(32)), hint('h2').subarray(0, 40)];
    for (const key of keys) await rot(key);
    await mendHints(logs, keys);
    expect(await store.get(hint('h2'))).toEqual(new Uint8Array(0));
    for (const key of keys.slice(1)) expect(await raw.get(key)).toBeUndefined();
    expect(hintOf(hint('h2'))).toEqual({ daemon: daemonOf('h2'), segment: it.segment });
    expect(hintOf(utf8(`H/${hosterName(2)}`))).toBeUndefined();
  });
});
