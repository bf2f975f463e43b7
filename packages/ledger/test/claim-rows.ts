// Rows of the table in rules.test.ts: releases, keeps and places against retention and purges.

import type { ClaimName } from '../src/index.ts';
import { ErasingBench, RELEASABLE } from './erasing-bench.ts';
import { type Row, RuleBench } from './rule-bench.ts';
import { crypto, DAY_MS, NOW } from './sample-charter.ts';
import { deviceGenesis, keepOf, objects, Pen, placeOf, releaseOf, VAULT } from './samples.ts';

const nowhere: ClaimName = { origin: `grand-est/${'ab'.repeat(32)}`, index: 3 };

/** The reply to a release of these claims, at a time when retention is over. */
async function releasing(of: (it: ErasingBench) => readonly ClaimName[] | Promise<readonly ClaimName[]>) {
  const it = await ErasingBench.open();
  it.at(RELEASABLE);
  return it.bench.device1(releaseOf(await of(it)));
}

/** A bench on which a purge of the segment is voted. */
async function purging(): Promise<ErasingBench> {
  const it = await ErasingBench.released();
  await it.purge();
  return it;
}

export const claimRows: readonly Row[] = [
  {
    name: 'a release of a device that may not delete',
    code: 'RIGHT_MISSING',
    class: 'never',
    async sabotage() {
      const it = await ErasingBench.open({ delegation: { rights: ['write'] } });
      it.at(RELEASABLE);
      return it.bench.device1(releaseOf([it.claim]));
    },
  },
  {
    name: 'a release of a daemon',
    code: 'RIGHT_MISSING',
    class: 'never',
    async sabotage() {
      const { bench, claim } = await ErasingBench.open();
      return bench.write(bench.daemon, [releaseOf([claim])]);
    },
  },
  {
    name: 'a release of a claim of a log that is not here',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () => releasing(() => [nowhere]),
  },
  {
    name: 'a release of a claim that is not certified here',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () =>
      releasing(async ({ bench, segment }) => {
        await bench.mustWrite(bench.device, [keepOf(segment)]);
        return [{ origin: bench.device.origin, index: 2 }];
      }),
  },
  {
    name: 'a release of a claim of the same append',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    async sabotage() {
      const { bench, segment } = await ErasingBench.open();
      const claim = { origin: bench.device.origin, index: 2 };
      return bench.write(bench.device, [keepOf(segment), releaseOf([claim])]);
    },
  },
  {
    name: 'a release of what is no claim',
    code: 'CLAIM_MISSING',
    class: 'policy',
    sabotage: () => releasing(({ claim }) => [{ ...claim, index: 0 }]),
  },
  {
    name: 'a release of another vault’s claim',
    code: 'CLAIM_MISSING',
    class: 'policy',
    async sabotage() {
      const { bench, claim } = await ErasingBench.open();
      const thief = new Pen('device thief');
      const rights = { rights: ['write' as const, 'delete' as const], vault: crypto.sha256(VAULT) };
      await bench.mustWrite(thief, [deviceGenesis('thief', rights)]);
      bench.clock.time = RELEASABLE;
      return bench.write(thief, [releaseOf([claim])]);
    },
  },
  {
    name: 'a release of a keep of another vault',
    code: 'CLAIM_MISSING',
    class: 'policy',
    async sabotage() {
      const { bench, segment } = await ErasingBench.open();
      await bench.mustWrite(bench.device, [keepOf(segment)]);
      await bench.certify(bench.device);
      const thief = new Pen('device thief');
      const rights = { rights: ['write' as const, 'delete' as const], vault: crypto.sha256(VAULT) };
      await bench.mustWrite(thief, [deviceGenesis('thief', rights)]);
      bench.clock.time = RELEASABLE;
      return bench.write(thief, [releaseOf([{ origin: bench.device.origin, index: 2 }])]);
    },
  },
  {
    name: 'a release of a place one millisecond before its retention ends',
    code: 'RETENTION_RUNNING',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.open();
      it.at(it.place.retainUntil - 1);
      return it.bench.device1(releaseOf([it.claim]));
    },
  },
  {
    name: 'a release of a keep while a place of the segment retains it',
    code: 'RETENTION_RUNNING',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.open();
      const { bench, place, segment } = it;
      await bench.mustWrite(bench.device, [
        keepOf(segment),
        { ...place, retainUntil: place.retainUntil + 1 },
      ]);
      await bench.certify(bench.device);
      it.at(place.retainUntil);
      await bench.mustWrite(bench.device, [releaseOf([it.claim])]);
      return bench.device1(releaseOf([{ origin: bench.device.origin, index: 2 }]));
    },
  },
  ...(
    [
      ['an entry to come', 3],
      ['the release itself', 2],
      ['a place', 1],
      ['the genesis', 0],
    ] satisfies [string, number][]
  ).map(
    ([name, index]): Row => ({
      name: `a release of the payload of ${name}`,
      code: 'RELEASE_RANGE',
      class: 'never',
      sabotage: async () => (await ErasingBench.open()).bench.device1(releaseOf([], index)),
    }),
  ),
  {
    name: 'a release of more segments than a voter reads at once',
    code: 'RELEASE_TOO_LARGE',
    class: 'never',
    async sabotage() {
      const it = await ErasingBench.open();
      const { bench, segment } = it;
      const wide = keepOf(...Array.from({ length: 1_000 }, () => segment));
      await bench.mustWrite(bench.device, [wide, wide]);
      await bench.certify(bench.device);
      it.at(RELEASABLE);
      const claims = [2, 3, 1].map((index) => ({ origin: bench.device.origin, index }));
      return bench.device1(releaseOf(claims));
    },
  },
  {
    name: 'a place dated further back than a week',
    code: 'RETENTION_BACKDATED',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = placeOf(bench.charter);
      bench.clock.time = place.retainUntil + 1;
      return bench.device1(place, NOW);
    },
  },
  {
    name: 'a place of a segment that is being purged',
    code: 'SEGMENT_PURGED',
    class: 'policy',
    async sabotage() {
      const { bench, place } = await purging();
      const later = { ...placeOf(bench.charter, { generation: 1 }), retainUntil: place.retainUntil };
      return bench.device1({ ...later, retainUntil: bench.clock.time + 8 * DAY_MS });
    },
  },
  {
    name: 'a keep of a segment that is being purged',
    code: 'SEGMENT_PURGED',
    class: 'policy',
    async sabotage() {
      const { bench, segment } = await purging();
      return bench.device1(keepOf(segment));
    },
  },
  {
    name: 'a keep of a segment whose purge was voided after it was voted',
    code: 'SEGMENT_PURGED',
    class: 'policy',
    async sabotage() {
      const { bench, segment } = await purging();
      await bench.mustWrite(bench.daemon, [{ kind: 'void', index: 1 }]);
      return bench.device1(keepOf(segment));
    },
  },
  {
    name: 'custody of a segment that is being purged',
    code: 'SEGMENT_PURGED',
    class: 'policy',
    async sabotage() {
      const it = await purging();
      return it.bench.write(await it.pen('h2'), [it.custody('h2', 4)]);
    },
  },
  {
    name: 'custody by a receipt from before its daemon erased',
    code: 'GENERATION_OLD',
    class: 'policy',
    async sabotage() {
      const it = await ErasingBench.open();
      await it.bench.mustWrite(it.bench.daemon, [{ kind: 'sweep', generation: 2 }]);
      return it.bench.write(it.bench.daemon, [it.custody('h1', 4, 1)]);
    },
  },
  {
    name: 'a place with a receipt from before a sweep',
    code: 'GENERATION_OLD',
    class: 'policy',
    async sabotage() {
      const { bench } = await ErasingBench.open();
      await bench.mustWrite(bench.daemon, [{ kind: 'sweep', generation: 1 }]);
      return bench.device1(placeOf(bench.charter, { name: 'other' }));
    },
  },
  {
    name: 'a second place with receipts from before a sweep, though the first one stands',
    code: 'GENERATION_OLD',
    class: 'policy',
    async sabotage() {
      const { bench, place } = await ErasingBench.open();
      await bench.mustWrite(bench.daemon, [{ kind: 'sweep', generation: 1 }]);
      return bench.write(bench.device, [objects('a'), place]);
    },
  },
];
