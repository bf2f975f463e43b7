// Whatever reaches whom, in whatever order, with a liar among four voters: nothing that is acknowledged and unreleased
// can be purged, no trim takes the last copy, and entries are judged alike one by one and all at once.

import { equalBytes } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClaimName, Payload, Place } from '../src/index.ts';
import { Crowd, HONEST } from './crowd.ts';
import { ErasingBench } from './erasing-bench.ts';
import { DAY_MS, NOW } from './sample-charter.ts';
import {
  custodyOf,
  daemonGenesis,
  deviceGenesis,
  keepOf,
  objects,
  placeOf,
  purgeOf,
  releaseOf,
  sweepOf,
  trimOf,
  voidOf,
} from './samples.ts';

/** Enough for the suite; a search for trouble takes thousands. */
const RUNS = 20;
const everybody = Array.from({ length: HONEST }, (_, at) => at);
const some = fc.subarray(everybody, { minLength: 1 });

const writers = ['device laptop', 'device desk', 'log h1', 'log h2'] as const;

/** What is done, by which writer, and whom it reaches. */
const step = fc.record({
  do: fc.constantFrom(
    'keep',
    'keep',
    'purge',
    'purge',
    'place',
    'release',
    'again',
    'again',
    'again',
    'wait',
  ),
  by: fc.nat(3),
  to: some,
  certificateTo: some,
});

test('nothing acknowledged and unreleased is ever certified as purged', async () => {
  let purged = 0;
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 16 }), async (steps) => {
      // One segment at the end of its life: placed, released, and out of its grace. Some want it back, some want it gone.
      const crowd = await Crowd.open({ expires: NOW + 900 * DAY_MS });
      const terms = { rights: ['write' as const, 'delete' as const], until: NOW + 900 * DAY_MS };
      const placed = () => ({ ...placeOf(crowd.charter), retainUntil: crowd.clock.time + 8 * DAY_MS });
      const { segment } = placed();
      crowd.write('device laptop', deviceGenesis('laptop', terms), placed());
      crowd.write('device desk', deviceGenesis('desk', terms));
      for (const name of ['h1', 'h2']) crowd.write(`log ${name}`, daemonGenesis(name));
      for (const key of writers) await crowd.bring(key, everybody, everybody);
      crowd.clock.time += 9 * DAY_MS;
      crowd.write('device laptop', releaseOf(unreleased(crowd, segment)));
      await crowd.bring('device laptop', everybody, everybody);
      crowd.clock.time += 15 * DAY_MS;
      let generation = 0;
      for (const { do: what, by, to, certificateTo } of steps) {
        const daemon = what === 'purge' || (what === 'again' && by > 1);
        const key = writers[daemon ? 2 + (by % 2) : by % 2] as string;
        const claims = what === 'release' ? unreleased(crowd, segment) : [];
        if (what === 'wait') crowd.clock.time += 15 * DAY_MS;
        else if (what === 'place') crowd.write(key, placed());
        else if (what === 'keep') crowd.write(key, keepOf(segment));
        else if (what === 'purge') crowd.write(key, purgeOf(++generation, [segment]));
        else if (claims.length > 0) crowd.write(key, releaseOf(claims));
        await crowd.bring(key, to, certificateTo);
        if (isPurged(crowd, segment)) expect(unreleased(crowd, segment)).toEqual([]);
      }
      if (isPurged(crowd, segment)) purged += 1;
      else if (unreleased(crowd, segment).length > 0) kept += 1;
    }),
    { numRuns: RUNS, seed: 20_261_122 },
  );
  // It is about something: both ends are met.
  expect(purged).toBeGreaterThan(RUNS / 10);
  expect(kept).toBeGreaterThan(RUNS / 10);
}, 60_000);

function claimsOn(crowd: Crowd, segment: Uint8Array): ClaimName[] {
  return crowd.certified().flatMap(({ origin, index, payload }) => {
    const segments =
      payload.kind === 'place' ? [payload.segment] : payload.kind === 'keep' ? payload.segments : [];
    return segments.some((one) => equalBytes(one, segment)) ? [{ origin, index }] : [];
  });
}

function unreleased(crowd: Crowd, segment: Uint8Array): ClaimName[] {
  const released = crowd
    .certified()
    .flatMap(({ payload }) => (payload.kind === 'release' ? payload.claims : []))
    .map(([origin, index]) => `${origin} ${index}`);
  return claimsOn(crowd, segment).filter(({ origin, index }) => !released.includes(`${origin} ${index}`));
}

const isPurged = (crowd: Crowd, segment: Uint8Array) =>
  crowd
    .certified()
    .some(
      ({ payload }) => payload.kind === 'purge' && payload.segments.some((one) => equalBytes(one, segment)),
    );

/** Daemons that hold fragment 0 in turn; h2 and h3 hold the other two of the segment. */
const copies = ['h1', 'h4', 'h0'] as const;
const move = fc.record({
  do: fc.constantFrom('trim', 'trim', 'again', 'custody'),
  by: fc.nat(2),
  keeper: fc.nat(2),
  to: some,
  certificateTo: some,
});

test('no trims together take the last copy of a fragment', async () => {
  let trimmed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 6, maxLength: 24 }), async (moves) => {
      const crowd = await Crowd.open();
      const place = placeOf(crowd.charter, { holders: ['h1', 'h2', 'h3'] });
      crowd.write('device laptop', deviceGenesis('laptop'), place);
      await crowd.bring('device laptop', everybody, everybody);
      const claim = { origin: crowd.originOf('device laptop'), index: 1 };
      const custody = (holder: string, generation: number) =>
        custodyOf(place, { holder, index: 0, claim, size: 2, generation });
      for (const name of copies) {
        crowd.write(`log ${name}`, daemonGenesis(name), ...(name === 'h1' ? [] : [custody(name, 0)]));
        await crowd.bring(`log ${name}`, everybody, everybody);
      }
      // What lies on the disks: an honest daemon erases when its trim is certified, and only copies what is there.
      const disks = new Set<string>(copies);
      const generations = new Map<string, number>();
      const pending = new Map<string, 'trim' | 'custody'>();
      for (const { do: what, by, keeper, to, certificateTo } of moves) {
        const name = copies[by] as string;
        const key = `log ${name}`;
        const generation = (generations.get(name) ?? 0) + 1;
        if (what === 'trim' && disks.has(name)) {
          crowd.write(
            key,
            trimOf({ segment: place.segment, index: 0, keeper: copies[keeper] as string }, generation),
          );
          generations.set(name, generation);
          pending.set(name, 'trim');
        } else if (what === 'custody' && !disks.has(name)) {
          disks.add(name);
          crowd.write(key, custody(name, generation - 1));
          pending.set(name, 'custody');
        }
        if ((await crowd.bring(key, to, certificateTo)) && pending.get(name) === 'trim') {
          disks.delete(name);
          trimmed += 1;
          pending.delete(name);
        }
        expect(disks.size).toBeGreaterThan(0);
      }
    }),
    { numRuns: RUNS, seed: 20_261_122 },
  );
  expect(trimmed).toBeGreaterThan(RUNS / 2);
}, 60_000);

const daemonEntry = fc.oneof(
  fc.record({ kind: fc.constant('custody'), at: fc.integer({ min: 2, max: 8 }), generation: fc.nat(3) }),
  fc.record({
    kind: fc.constantFrom('lost', 'sweep', 'trim', 'purge', 'void'),
    at: fc.integer({ min: 1, max: 8 }),
    generation: fc.nat(3),
  }),
);

test('a daemon’s entries are judged alike one by one and all at once', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(daemonEntry, { minLength: 1, maxLength: 7 }),
      fc.boolean(),
      async (entries, released) => {
        const payloads = (it: ErasingBench): Payload[] =>
          entries.map(({ kind, at, generation }) => {
            if (kind === 'custody') return it.custody('h1', at, generation);
            if (kind === 'lost') return { kind: 'lost', fragments: [[it.segment, at]] };
            if (kind === 'sweep') return sweepOf(generation);
            if (kind === 'purge') return purgeOf(generation, [it.segment]);
            if (kind === 'void') return voidOf(1);
            return trimOf({ segment: it.segment, index: at, keeper: 'h2' }, generation);
          });
        const open = async () => {
          const it = await (released ? ErasingBench.released() : ErasingBench.open());
          // What the voids name: certified, so that they have no effect here nor there.
          await it.certified('h1', sweepOf(1));
          return it;
        };
        await judgedAlike(open, (it) => [it.bench.daemon, payloads(it)], seen);
      },
    ),
    { numRuns: 25, seed: 20_261_122 },
  );
  expect([...seen]).toEqual(expect.arrayContaining(['GENERATION_OLD', 'HOLDER_GONE', 'cosigned']));
}, 60_000);

const deviceEntry = fc.record({
  kind: fc.constantFrom('place', 'keep', 'release', 'objects'),
  days: fc.integer({ min: 30, max: 33 }),
  at: fc.nat(5),
});

test('and a device’s', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(deviceEntry, { minLength: 1, maxLength: 6 }), async (entries) => {
      const payloads = (it: ErasingBench): Payload[] =>
        entries.map(({ kind, days, at }) => {
          const place: Place = { ...it.place, retainUntil: it.bench.clock.time + days * DAY_MS };
          if (kind === 'place') return place;
          if (kind === 'keep') return keepOf(it.segment);
          if (kind === 'release') return at < 3 ? releaseOf([{ ...it.claim, index: at }]) : releaseOf([], at);
          return objects('a');
        });
      await judgedAlike(
        () => ErasingBench.released(),
        (it) => [it.bench.device, payloads(it)],
        seen,
      );
    }),
    { numRuns: 25, seed: 20_261_122 },
  );
  expect([...seen].toSorted()).toEqual(
    expect.arrayContaining(['CLAIM_MISSING', 'RELEASE_RANGE', 'RETENTION_SHORTENED', 'cosigned']),
  );
}, 60_000);

/** The first entry refused, and why: entry by entry on one bench, in one append on another. */
async function judgedAlike(
  open: () => Promise<ErasingBench>,
  what: (it: ErasingBench) => readonly [ErasingBench['bench']['device'], readonly Payload[]],
  seen: Set<string>,
): Promise<void> {
  const single = await open();
  const [pen, payloads] = what(single);
  const first = pen.size;
  let one = 'cosigned';
  for (const [nth, payload] of payloads.entries()) {
    const reply = await single.ask(pen, [payload]);
    if (reply.result === 'cosigned') continue;
    one = reply.result === 'refused' ? `${reply.fault.code} at ${first + nth}` : reply.result;
    break;
  }
  const joined = await open();
  const [whole, all] = what(joined);
  const reply = await joined.ask(whole, all);
  const other = reply.result === 'refused' ? `${reply.fault.code} at ${reply.index}` : reply.result;
  expect(other).toBe(one);
  seen.add(other.split(' ')[0] as string);
}

test('the crowd is what it says: the liar alone certifies nothing, and two honest voters with it do', async () => {
  const crowd = await Crowd.open();
  crowd.write('device laptop', deviceGenesis('laptop'));
  expect(await crowd.bring('device laptop', [0], [])).toBe(false);
  expect(await crowd.bring('device laptop', [0, 1], [2])).toBe(true);
  expect(crowd.idle('device laptop')).toBe(true);
});
