// Whoever repairs hears of every commit: of the right segments, once what was written can be read, whatever others do.

import { memoryStore, toHex } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { consortiumFacts, holdersNow, LogStore, segmentFacts } from '../src/index.ts';
import { ErasingBench } from './erasing-bench.ts';
import { RuleBench } from './rule-bench.ts';
import { crypto, NOW } from './sample-charter.ts';
import {
  auditOf,
  keepOf,
  maintenanceOf,
  objects,
  placeOf,
  readmitOf,
  siteLostOf,
  voidOf,
} from './samples.ts';
import { headOf, operatorPen } from './standing-rows.ts';

/** What is told of each commit, in hex. */
function heardOn({ hoster }: RuleBench): string[][] {
  const heard: string[][] = [];
  hoster.mirror.logs.watchSegments((segments) => heard.push(segments.map(toHex)));
  return heard;
}

describe('segments', () => {
  test('each once, by whatever entry of the commit, and nothing for a commit about none', async () => {
    const bench = await RuleBench.open();
    const heard = heardOn(bench);
    const [one, two] = ['one', 'two'].map((name) => placeOf(bench.charter, { name }));
    await bench.mustWrite(bench.device, [one as never, two as never, objects('a')]);
    await bench.mustWrite(bench.device, [objects('b')]);
    await bench.certify(bench.device);
    const id = toHex((one as { segment: Uint8Array }).segment);
    const other = toHex((two as { segment: Uint8Array }).segment);
    expect(heard).toEqual([[id, other]]);
    await bench.mustWrite(bench.device, [keepOf(bytesOf(id)), keepOf(bytesOf(id))]);
    await bench.mustWrite(bench.daemon, [{ kind: 'lost', fragments: [[bytesOf(other), 0]] }]);
    expect(heard.slice(1)).toEqual([[id], [other]]);
  });

  test('custody and its void, an audit but not a mere failure', async () => {
    const it = await ErasingBench.open();
    const heard = heardOn(it.bench);
    const id = toHex(it.segment);
    const pen = await it.pen('h0');
    await it.bench.mustWrite(pen, [it.custody('h0', 1)]);
    await it.bench.mustWrite(pen, [voidOf(1)]);
    expect(heard).toEqual([[id], [id]]);
    const failed = { failed: [[it.segment, 1, 0, 'LEAF_WRONG']] } satisfies Parameters<typeof auditOf>[2];
    await it.bench.mustWrite(it.bench.daemon, [auditOf('h2', headOf(it), failed)]);
    expect(heard).toHaveLength(2);
    const worse = { degraded: failed.failed };
    await it.bench.mustWrite(it.bench.daemon, [auditOf('h2', headOf(it), worse)]);
    expect(heard).toEqual([[id], [id], [id]]);
  });

  test('a void that a certificate undoes is told of too', async () => {
    const bench = await RuleBench.open();
    const place = placeOf(bench.charter);
    await bench.mustWrite(bench.device, [place]);
    const certificate = bench.certificateOf(bench.device.checkpoint());
    await bench.mustWrite(bench.device, [voidOf(1)]);
    const heard = heardOn(bench);
    await bench.hoster.certify(bench.device.origin, certificate);
    expect(heard).toEqual([[toHex(place.segment)]]);
  });

  test('can be read when they are told, and so can the log’s new size', async () => {
    const bench = await RuleBench.open();
    const { logs } = bench.hoster.mirror;
    const read: Promise<number>[] = [];
    const sizes: number[] = [];
    logs.watchSegments((segments) => {
      sizes.push(logs.state(bench.device.origin).size);
      for (const one of segments)
        read.push(segmentFacts(logs, one).then((facts) => holdersNow(facts).length));
    });
    await bench.mustWrite(bench.device, [placeOf(bench.charter)]);
    expect([sizes, await Promise.all(read)]).toEqual([[2], [9]]);
  });

  test('a listener that throws harms neither the commit nor the others; one that left hears nothing', async () => {
    const bench = await RuleBench.open();
    const { logs } = bench.hoster.mirror;
    const calls: string[] = [];
    logs.watchSegments(() => {
      calls.push('thrower');
      throw new Error('a mistake of the listener');
    });
    const leave = logs.watchSegments(() => calls.push('leaver'));
    logs.watchSegments(() => calls.push('last'));
    await bench.mustWrite(bench.device, [placeOf(bench.charter)]);
    leave();
    await bench.mustWrite(bench.device, [placeOf(bench.charter, { name: 'other' })]);
    expect(calls).toEqual(['thrower', 'leaver', 'last', 'thrower', 'last']);
    expect(logs.state(bench.device.origin).size).toBe(3);
  });

  test('a void of what is not there, of nothing, or unreadable tells of nothing', async () => {
    const bench = await RuleBench.open();
    const heard = heardOn(bench);
    // Adopted, so nobody judged it.
    await bench.hoster.mirror.adopt(bench.device.write([voidOf(77), voidOf(0)]));
    expect(heard).toEqual([]);
    expect(bench.hoster.mirror.logs.quarantine.size).toBe(0);
  });

  test('a commit that failed is not told of', async () => {
    const bench = await RuleBench.open();
    const heard = heardOn(bench);
    Object.assign(bench.hoster.mirror.logs.store, {
      batch: () => Promise.reject(new Error('the disk is gone')),
    });
    await expect(bench.mustWrite(bench.device, [placeOf(bench.charter)])).rejects.toMatchObject({
      code: 'STORE_FAILED',
    });
    expect(heard).toEqual([]);
  });
});

describe('the consortium', () => {
  test('is told of what is said, voided and certified, and of nothing else', async () => {
    const bench = await RuleBench.open();
    const { logs } = bench.hoster.mirror;
    const seen: Promise<string>[] = [];
    logs.watchConsortium(() =>
      seen.push(
        consortiumFacts(logs).then(({ losses, maintenance, readmits }) =>
          [losses, maintenance, readmits]
            .map((all) => all.map(({ certified }) => (certified ? 'c' : '-')).join(''))
            .join('/'),
        ),
      ),
    );
    const pen = await operatorPen(bench);
    await bench.certify(pen);
    await bench.mustWrite(bench.device, [objects('a')]);
    await bench.certify(bench.device);
    expect(await Promise.all(seen)).toEqual([]);
    await bench.mustWrite(pen, [siteLostOf('h1')]);
    await bench.mustWrite(pen, [maintenanceOf('h2', NOW + 1)]);
    await Promise.all(seen);
    await bench.certify(pen);
    await Promise.all(seen);
    await bench.mustWrite(bench.daemon, [readmitOf({ origin: pen.origin, index: 1 })]);
    await Promise.all(seen);
    await bench.mustWrite(bench.daemon, [voidOf(1)]);
    expect((await Promise.all(seen)).slice(-1)).toEqual(['c/c/']);
    expect((await Promise.all(seen)).length).toBe(5);
  });

  test('a certificate is told of after a restart too', async () => {
    const bench = await RuleBench.open();
    const pen = await operatorPen(bench);
    await bench.mustWrite(pen, [siteLostOf('h1')]);
    const copy = memoryStore();
    for await (const [put, value] of bench.hoster.mirror.logs.raw.range({})) {
      await copy.batch([{ put, value }], { sync: true });
    }
    const logs = await LogStore.open(copy, crypto);
    let told = 0;
    logs.watchConsortium(() => void (told += 1));
    const certificate = bench.certificateOf(pen.checkpoint());
    await logs.certify(pen.origin, { size: 2, certificate });
    await logs.certify(bench.device.origin, { size: 1, certificate });
    expect(told).toBe(1);
  });
});

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
