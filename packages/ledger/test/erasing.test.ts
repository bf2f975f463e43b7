// What the rules of erasing let through, and what holds afterwards. What they refuse has rows in the table of rules.

import { describe, expect, test } from 'vitest';
import { holdersNow, purgesOf, refusalClassOf, type SegmentFacts } from '../src/index.ts';
import { ErasingBench, PURGEABLE, RELEASABLE } from './erasing-bench.ts';
import { outcomeOf, RuleBench } from './rule-bench.ts';
import { DAY_MS, daemonOf, NOW } from './sample-charter.ts';
import {
  deviceGenesis,
  keepOf,
  objects,
  Pen,
  placeOf,
  purgeOf,
  releaseOf,
  sweepOf,
  trimOf,
  voidOf,
} from './samples.ts';

const trim = (it: ErasingBench, keeper: string, generation = 1) =>
  trimOf({ segment: it.segment, index: 1, keeper }, generation);
const factsOf = (it: ErasingBench): Promise<SegmentFacts> =>
  it.bench.hoster.mirror.view().segment(it.segment);
const holdersOfOne = async (it: ErasingBench) =>
  holdersNow(await factsOf(it))
    .filter(({ index }) => index === 1)
    .map(({ daemon }) => ['h0', 'h1', 'h2', 'h3'].find((name) => daemonOf(name) === daemon))
    .toSorted((a = '', b = '') => (a < b ? -1 : 1));

describe('releasing and purging', () => {
  test('to the millisecond: retention, then grace, then the purge', async () => {
    const it = await ErasingBench.open();
    const { bench, place } = it;
    it.at(place.retainUntil);
    await bench.mustWrite(bench.device, [releaseOf([it.claim])]);
    await bench.certify(bench.device);
    it.at(place.retainUntil + 14 * DAY_MS);
    expect(await outcomeOf(it.purge())).toEqual({ code: 'cosigned' });
    expect((await factsOf(it)).purges).toMatchObject([{ daemon: daemonOf('h1'), voided: false }]);
  });

  test('every daemon that holds some of it purges its own', async () => {
    const it = await ErasingBench.released();
    for (const name of ['h1', 'h2', 'h3']) {
      expect(await outcomeOf(it.bench.write(await it.pen(name), [purgeOf(1, [it.segment])]))).toEqual({
        code: 'cosigned',
      });
    }
    const left = holdersNow(await factsOf(it)).map(({ index }) => index);
    expect(left).toEqual([3, 4, 5, 6, 7, 8]);
  });

  test('within the grace a keep undoes the release: the segment stays until that is released too', async () => {
    const it = await ErasingBench.released();
    it.at(PURGEABLE - 1);
    await it.bench.mustWrite(it.bench.device, [keepOf(it.segment)]);
    await it.bench.certify(it.bench.device);
    it.at(PURGEABLE + DAY_MS);
    expect(await outcomeOf(it.purge())).toMatchObject({ code: 'CLAIM_HELD' });
    await it.release({ ...it.claim, index: 3 });
    it.at(PURGEABLE);
    expect(await outcomeOf(it.purge())).toEqual({ code: 'cosigned' });
  });

  test('a payload: released by its own log, purged, and found under the purge that lists it', async () => {
    const it = await ErasingBench.open();
    const { bench } = it;
    await bench.mustWrite(bench.device, [objects('secret'), releaseOf([], 2)]);
    await bench.certify(bench.device);
    it.at(NOW + 14 * DAY_MS);
    const payload = { origin: bench.device.origin, index: 2 };
    await bench.mustWrite(bench.daemon, [purgeOf(1, [], [payload])]);
    const found = await purgesOf(bench.hoster.store, payload);
    expect(found).toEqual([
      { by: { origin: bench.daemon.origin, index: 1 }, daemon: daemonOf('h1'), voided: false },
    ]);
  });

  test('a purge voided by its own append was judged by nobody and stands against nothing', async () => {
    const it = await ErasingBench.open();
    await it.bench.mustWrite(it.bench.daemon, [purgeOf(7, [it.segment]), voidOf(1)]);
    expect((await factsOf(it)).purges).toEqual([]);
    await it.bench.mustWrite(it.bench.device, [keepOf(it.segment)]);
    await it.bench.mustWrite(it.bench.daemon, [sweepOf(1)]);
  });

  test('a second release of the same claims, and one of a voided claim, are no faults', async () => {
    const it = await ErasingBench.released();
    await it.bench.mustWrite(it.bench.device, [releaseOf([it.claim])]);
    const bench = await RuleBench.open({ delegation: { rights: ['write', 'delete'] } });
    await bench.voidedPlace();
    bench.clock.time = RELEASABLE;
    await bench.mustWrite(bench.device, [releaseOf([{ origin: bench.device.origin, index: 1 }])]);
  });

  test('the grace counts from when the voter got the release, not from when it was certified', async () => {
    const it = await ErasingBench.open();
    it.at(RELEASABLE);
    await it.bench.mustWrite(it.bench.device, [releaseOf([it.claim])], RELEASABLE);
    it.at(PURGEABLE);
    await it.bench.certify(it.bench.device);
    expect(await outcomeOf(it.purge())).toEqual({ code: 'cosigned' });
  });
});

describe('sweeping', () => {
  test('a place with fresh receipts is welcome again, and what was voted before is signed again', async () => {
    const it = await ErasingBench.open();
    const { bench } = it;
    const early = placeOf(bench.charter, { name: 'early' });
    const append = bench.device.write([early]);
    await bench.must(append);
    await bench.mustWrite(bench.daemon, [sweepOf(4)]);
    await bench.must(append);
    it.at(NOW + 2 * DAY_MS);
    await bench.must(append);
    const old = placeOf(bench.charter, { name: 'late', generation: 3 });
    expect(await outcomeOf(it.ask(bench.device, [old]))).toMatchObject({ code: 'GENERATION_OLD' });
    await bench.mustWrite(bench.device, [placeOf(bench.charter, { name: 'late', generation: 4 })]);
  });

  test('receipts of another daemon stay good', async () => {
    const it = await ErasingBench.open();
    await it.bench.mustWrite(await it.pen('h0'), [sweepOf(9)]);
    await it.bench.mustWrite(it.bench.device, [placeOf(it.bench.charter, { name: 'other' })]);
  });
});

describe('trimming', () => {
  /** Fragment 1 lies on h2 and on the spare h0. */
  async function doubled(): Promise<ErasingBench> {
    const it = await ErasingBench.open();
    await it.certified('h0', it.custody('h0', 1));
    return it;
  }

  test('either copy, as long as the other stays', async () => {
    const one = await doubled();
    await one.bench.mustWrite(await one.pen('h0'), [trim(one, 'h2')]);
    expect(await holdersOfOne(one)).toEqual(['h2']);
    const other = await doubled();
    await other.bench.mustWrite(await other.pen('h2'), [trim(other, 'h0')]);
    expect(await holdersOfOne(other)).toEqual(['h0']);
  });

  test('a keeper can be drained later: once the trim that named it is certified', async () => {
    const it = await doubled();
    await it.certified('h2', trim(it, 'h0'));
    await it.certified('h3', it.custody('h3', 1));
    const spare = await it.pen('h0');
    // h3 holds fragment 2 as well: it is the domain rule that speaks, no longer the trim before.
    expect(await outcomeOf(it.ask(spare, [trim(it, 'h3')]))).toMatchObject({ code: 'DOMAIN_RULE' });
    await it.certified('h2', it.custody('h2', 1, 1));
    await it.certified('h0', trim(it, 'h2'));
    expect(await holdersOfOne(it)).toEqual(['h2', 'h3']);
  });

  test('custody after a trim or a loss counts again', async () => {
    const it = await doubled();
    const spare = await it.pen('h0');
    await it.bench.mustWrite(spare, [trim(it, 'h2')]);
    await it.bench.mustWrite(spare, [it.custody('h0', 1, 1)]);
    expect(await holdersOfOne(it)).toEqual(['h0', 'h2']);
    await it.bench.mustWrite(spare, [{ kind: 'lost', fragments: [[it.segment, 1]] }]);
    expect(await holdersOfOne(it)).toEqual(['h2']);
    await it.bench.mustWrite(spare, [it.custody('h0', 1, 1)]);
    expect(await holdersOfOne(it)).toEqual(['h0', 'h2']);
  });

  test('a loss, then custody of it again: three are a crowd of three', async () => {
    const it = await ErasingBench.open();
    const { daemon } = it.bench;
    await it.bench.mustWrite(daemon, [it.custody('h1', 4), it.custody('h1', 5)]);
    await it.bench.mustWrite(daemon, [{ kind: 'lost', fragments: [[it.segment, 5]] }]);
    await it.bench.mustWrite(daemon, [it.custody('h1', 5)]);
    expect(await outcomeOf(it.bench.write(daemon, [it.custody('h1', 6)]))).toMatchObject({
      code: 'CUSTODY_CROWDED',
    });
  });

  test('custody that was voided holds nothing', async () => {
    const it = await ErasingBench.open();
    const { daemon } = it.bench;
    await it.bench.mustWrite(daemon, [it.custody('h1', 4)]);
    await it.bench.mustWrite(daemon, [voidOf(1)]);
    expect(await outcomeOf(it.bench.write(daemon, [it.custody('h1', 5), it.custody('h1', 6)]))).toEqual({
      code: 'cosigned',
    });
  });
});

describe('entries of one append see each other', () => {
  const refused = async (of: Promise<unknown>) => (await outcomeOf(of)) as { code: string; entry?: number };

  test('custody: together too many', async () => {
    const it = await ErasingBench.open();
    const [four, five, six] = [4, 5, 6].map((index) => it.custody('h1', index)) as [never, never, never];
    expect(await refused(it.bench.write(it.bench.daemon, [four, five, six]))).toMatchObject({
      code: 'CUSTODY_CROWDED',
      entry: 3,
    });
  });

  test('custody: what the same append loses, or voids, makes room', async () => {
    const it = await ErasingBench.open();
    const [four, five, six] = [4, 5, 6].map((index) => it.custody('h1', index)) as [never, never, never];
    const lost = { kind: 'lost' as const, fragments: [[it.segment, 5] as [Uint8Array, number]] };
    await it.bench.mustWrite(it.bench.daemon, [four, five, lost, six]);
    const other = await ErasingBench.open();
    await other.bench.mustWrite(other.bench.daemon, [four, five, voidOf(2), six]);
  });

  test('places: a second one may not shorten the first', async () => {
    const it = await ErasingBench.open();
    const place = placeOf(it.bench.charter, { name: 'twice' });
    const shorter = { ...place, retainUntil: place.retainUntil - 1 };
    expect(await refused(it.bench.write(it.bench.device, [place, shorter]))).toMatchObject({
      code: 'RETENTION_SHORTENED',
      entry: 3,
    });
  });

  test('erasings: each raises the generation, and custody needs the new one', async () => {
    const it = await ErasingBench.open();
    const { bench } = it;
    expect(await refused(bench.write(bench.daemon, [sweepOf(1), sweepOf(1)]))).toMatchObject({
      code: 'GENERATION_OLD',
      entry: 2,
    });
    const other = await ErasingBench.open();
    expect(
      await refused(other.bench.write(other.bench.daemon, [sweepOf(1), other.custody('h1', 4)])),
    ).toMatchObject({ code: 'GENERATION_OLD', entry: 2 });
  });

  test('a purge, then custody', async () => {
    const it = await ErasingBench.released();
    const both = [purgeOf(1, [it.segment]), it.custody('h1', 4, 1)];
    expect(await refused(it.bench.write(it.bench.daemon, both))).toMatchObject({
      code: 'SEGMENT_PURGED',
      entry: 2,
    });
  });
});

describe('between two logs', () => {
  test('a keep and a purge that come at once are never both cosigned', async () => {
    for (const order of [0, 1]) {
      const it = await ErasingBench.released();
      const tell = [() => it.ask(it.bench.device, [keepOf(it.segment)]), () => it.purge()];
      const asked = order === 0 ? tell : tell.toReversed();
      const outcomes = await Promise.all(asked.map((one) => outcomeOf(one())));
      const refused = outcomes.filter(({ code }) => code !== 'cosigned');
      expect(refused.length).toBe(1);
      expect(['CLAIM_HELD', 'SEGMENT_PURGED']).toContain(refused[0]?.code);
    }
  });

  test('of two trims that rely on each other’s copy and come at once, one is cosigned', async () => {
    const it = await ErasingBench.open();
    await it.certified('h0', it.custody('h0', 1));
    const [spare, holder] = [await it.pen('h0'), await it.pen('h2')];
    const outcomes = await Promise.all([
      outcomeOf(it.bench.write(spare, [trim(it, 'h2')])),
      outcomeOf(it.bench.write(holder, [trim(it, 'h0')])),
    ]);
    expect(outcomes.map(({ code }) => code).toSorted()).toEqual(['HOLDER_GONE', 'cosigned']);
  });
});

describe('a void of what is certified', () => {
  /** The place is certified; its device, which does not know, voids it. */
  async function voided(): Promise<ErasingBench> {
    const it = await ErasingBench.open();
    await it.bench.mustWrite(it.bench.device, [voidOf(1), objects('after')]);
    return it;
  }

  test('is cosigned and has no effect', async () => {
    const it = await voided();
    expect((await factsOf(it)).places).toMatchObject([{ voided: false }]);
    await it.bench.mustWrite(it.bench.device, [keepOf(it.segment)]);
    it.at(PURGEABLE);
    expect(await outcomeOf(it.purge())).toMatchObject({ code: 'CLAIM_HELD' });
  });

  test('loses its effect when the certificate is learned afterwards', async () => {
    const bench = await RuleBench.open();
    const place = placeOf(bench.charter);
    await bench.mustWrite(bench.device, [place]);
    const certificate = bench.certificateOf(bench.device.checkpoint());
    const append = bench.device.write([voidOf(1)]);
    await bench.must(append);
    const view = () => bench.hoster.mirror.view().segment(place.segment);
    expect((await view()).places).toMatchObject([{ voided: true }]);
    await bench.hoster.certify(bench.device.origin, certificate);
    expect((await view()).places).toMatchObject([{ voided: false }]);
    // The same head again, the next day, and what follows it: nothing is wedged.
    await bench.must(append);
    bench.clock.time = NOW + 2 * DAY_MS;
    await bench.must(append);
    await bench.mustWrite(bench.device, [objects('on we go')]);
  });

  test('keeps its effect under a certificate that covers it too', async () => {
    const bench = await RuleBench.open();
    const place = placeOf(bench.charter);
    await bench.mustWrite(bench.device, [place]);
    await bench.mustWrite(bench.device, [voidOf(1)]);
    await bench.mustWrite(bench.device, [objects('a')]);
    await bench.certify(bench.device);
    expect((await bench.hoster.mirror.view().segment(place.segment)).places).toMatchObject([
      { voided: true },
    ]);
  });

  test('adopted before the certificate was known, it does not stop the voter for ever', async () => {
    const bench = await RuleBench.open();
    const place = bench.device.write([placeOf(bench.charter)]);
    const both = bench.device.write([voidOf(1)]);
    await bench.hoster.mirror.adopt(place);
    await bench.hoster.mirror.adopt(both);
    await bench.hoster.certify(bench.device.origin, bench.certificateOf(place.checkpoint));
    await bench.must(both);
  });
});

describe('budgets', () => {
  const budgets = { bytesPerDay: 1_000_000, checksPerDay: 21, voidsPerDay: 1 };

  test('what is refused stays charged', async () => {
    const bench = await RuleBench.open({ budgets });
    const broken = { ...placeOf(bench.charter), segment: new Uint8Array(32) };
    expect(await outcomeOf(bench.append(bench.device.copy().write([broken])))).toMatchObject({
      code: 'SEGMENT_ID',
    });
    // 1 for the genesis, 10 for that, 10 more here: 21; then nothing is left.
    expect(await outcomeOf(bench.append(bench.device.copy().write([placeOf(bench.charter)])))).toEqual({
      code: 'cosigned',
    });
    bench.device.write([placeOf(bench.charter)]);
    expect(await outcomeOf(bench.device1(objects('a')))).toMatchObject({ code: 'BUDGET_SPENT' });
  });

  test('are charged before chain, commitments and root are looked at', async () => {
    const bench = await RuleBench.open({ budgets: { ...budgets, bytesPerDay: 3_500 } });
    const append = bench.device.copy().write([objects('a'.repeat(1_500))]);
    const bent = { ...append, records: append.records.map((one) => ({ ...one, salt: new Uint8Array(32) })) };
    expect(await outcomeOf(bench.append(bent))).toMatchObject({ code: 'COMMIT_MISMATCH' });
    expect(await outcomeOf(bench.append(bent))).toMatchObject({ code: 'BUDGET_SPENT' });
  });

  test('what nobody signed costs nobody', async () => {
    const bench = await RuleBench.open({ budgets: { ...budgets, bytesPerDay: 3_500 } });
    const append = bench.device.copy().write([objects('a'.repeat(1_500))]);
    const forged = { ...append, checkpoint: append.checkpoint.replace(/.{12}\n$/, 'AAAAAAAAAAA=\n') };
    expect((await outcomeOf(bench.append(forged))).code).not.toBe('BUDGET_SPENT');
    expect(await outcomeOf(bench.append(append))).toEqual({ code: 'cosigned' });
  });
});

test('a place a week old is still welcome, and so is any age when it keeps for longer', async () => {
  const bench = await RuleBench.open();
  const place = { ...placeOf(bench.charter), retainUntil: NOW + 7 * DAY_MS };
  bench.clock.time = NOW + 7 * DAY_MS;
  await bench.mustWrite(bench.device, [place], NOW);
  bench.clock.time = NOW + 20 * DAY_MS;
  const longer = { ...placeOf(bench.charter, { name: 'longer' }), retainUntil: NOW + 20 * DAY_MS };
  await bench.mustWrite(bench.device, [longer], NOW);
});

test('codes of erasing are of the class their table says', () => {
  const classOf = (code: string) => refusalClassOf({ code } as Parameters<typeof refusalClassOf>[0]);
  expect(['SEGMENT_PURGED', 'CLAIM_HELD', 'GRACE_RUNNING', 'RETENTION_RUNNING'].map(classOf)).toEqual(
    Array.from({ length: 4 }, () => 'policy'),
  );
  expect(['KEEPER_SELF', 'RELEASE_RANGE', 'RELEASE_TOO_LARGE'].map(classOf)).toEqual(
    Array.from({ length: 3 }, () => 'never'),
  );
});

test('another device of the vault may release what this one placed', async () => {
  const it = await ErasingBench.open();
  const desk = new Pen('device desk');
  it.at(RELEASABLE);
  await it.bench.mustWrite(desk, [deviceGenesis('desk', { rights: ['delete'] }), releaseOf([it.claim])]);
});
