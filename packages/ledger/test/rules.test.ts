// Long: one row per rule of admission and of the mirror, in one table. Every fault code that these files can throw has a
// row, and a test reads the sources to make sure.

import { readdirSync, readFileSync } from 'node:fs';
import { diskError, Fault, type Policy, type Store, utf8 } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  admit,
  type Append,
  decodePayload,
  type HeldRecord,
  type LogRecord,
  LogStore,
  Mirror,
  openEntry,
  readHead,
  type Payload,
  type Place,
  refusalClassOf,
  segmentIdOf,
  signDelegation,
  writerOf,
} from '../src/index.ts';
import { claimRows } from './claim-rows.ts';
import { erasingRows } from './erasing-rows.ts';
import { outcomeOf, type Row, RuleBench } from './rule-bench.ts';
import { operatorPen, standingRows } from './standing-rows.ts';
import {
  advance,
  crypto,
  DAY_MS,
  daemonOf,
  hosterName,
  NOW,
  policyOf,
  publicOf,
  sampleCharter,
  seedOf,
} from './sample-charter.ts';
import {
  auditOf,
  custodyOf,
  daemonGenesis,
  delegationOf,
  deviceGenesis,
  keepOf,
  drillOf,
  maintenanceOf,
  objects,
  Pen,
  placeOf,
  readmitOf,
  siteLostOf,
  VAULT,
  voidOf,
} from './samples.ts';

const names = Array.from({ length: 9 }, (_, at) => hosterName(at + 1));
const instead = (at: number, holder: string | undefined) =>
  names.map((name, nth) => (nth === at ? holder : name));

/** A bench, and the reply to a place that `bend` made wrong. */
async function placed(bend: (bench: RuleBench) => Payload, time = NOW): Promise<unknown> {
  const bench = await RuleBench.open();
  return bench.device1(bend(bench), time);
}

function unknownWriter(genesis: Payload, key: string): Promise<unknown> {
  return RuleBench.open().then((bench) => bench.write(new Pen(key), [genesis]));
}

const declared = (hoster: string, change: object) =>
  sampleCharter(9).hosters.map((one) =>
    one.id === hoster ? { ...one, declaration: { ...one.declaration, ...change } } : one,
  );

/** A daemon's bench: the place of `device` is certified at size 2; `custody` tries to hold one more fragment. */
async function withPlace(of: Parameters<typeof placeOf>[1] = {}) {
  const bench = await RuleBench.open();
  const place = placeOf(bench.charter, of);
  await bench.mustWrite(bench.device, [place]);
  await bench.certify(bench.device);
  const claim = { origin: bench.device.origin, index: 1 };
  const custody = (index: number, change: object = {}) =>
    custodyOf(place, { holder: 'h1', index, claim, size: 2 }, change);
  return { bench, place, claim, custody };
}

function bentPolicy(change: Partial<Policy>): Policy[] {
  const [first, second] = sampleCharter(9).policies as [Policy, Policy];
  return [{ ...first, ...change }, second];
}

const writers: Row[] = [
  {
    name: 'a daemon that no charter lists',
    code: 'WRITER_UNKNOWN',
    class: 'policy',
    sabotage: () => unknownWriter(daemonGenesis('nobody'), 'log nobody'),
  },
  {
    name: 'an operator that no charter lists',
    code: 'WRITER_UNKNOWN',
    class: 'policy',
    sabotage: () =>
      unknownWriter({ kind: 'genesis', writer: 'operator', operator: 'nobody' }, 'operator nobody'),
  },
  {
    name: 'a daemon that the current charter no longer lists goes on writing',
    code: 'WRITER_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const pen = new Pen('log h0');
      await bench.mustWrite(pen, [daemonGenesis('h0')]);
      const { daemons } = bench.charter;
      advance(bench.charters, { daemons: daemons.filter(({ site }) => site !== 'h0') });
      return bench.write(pen, [{ kind: 'lost', fragments: [[VAULT, 0]] }]);
    },
  },
  {
    name: 'a daemon whose log key was replaced goes on with the old one',
    code: 'WRITER_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const daemons = bench.charter.daemons.map((one) =>
        one.site === 'h1' ? { ...one, logKey: publicOf('new log h1') } : one,
      );
      advance(bench.charters, { daemons });
      return bench.write(bench.daemon, [{ kind: 'lost', fragments: [[VAULT, 0]] }]);
    },
  },
  {
    name: 'an operator that was dropped goes on writing',
    code: 'WRITER_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const pen = new Pen('operator crisis');
      await bench.mustWrite(pen, [{ kind: 'genesis', writer: 'operator', operator: 'crisis' }]);
      advance(bench.charters, { operators: [] });
      return bench.write(pen, [voidOf(0)]);
    },
  },
  {
    name: 'a device of an agency that no charter lists',
    code: 'AGENCY_UNKNOWN',
    class: 'policy',
    sabotage: () => unknownWriter(deviceGenesis('phone', { agency: 'nancy' }), 'device phone'),
  },
  {
    name: 'a device whose agency has left',
    code: 'AGENCY_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      advance(bench.charters, { agencies: [] });
      return bench.device1(objects('a'));
    },
  },
  {
    name: 'a device whose agency is suspended',
    code: 'AGENCY_SUSPENDED',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      advance(bench.charters, {
        agencies: bench.charter.agencies.map((one) => ({ ...one, suspended: true })),
      });
      return bench.device1(objects('a'));
    },
  },
  {
    name: 'a delegation that another key signed',
    code: 'DELEGATION_FORGED',
    class: 'never',
    sabotage: () => unknownWriter(deviceGenesis('phone', {}, 'root nancy'), 'device phone'),
  },
  {
    name: 'a delegation under another charter',
    code: 'CHARTER_OTHER',
    class: 'never',
    sabotage: () => unknownWriter(deviceGenesis('phone', { charter: 'sud' }), 'device phone'),
  },
  {
    name: 'a delegation that ended',
    code: 'DELEGATION_EXPIRED',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      bench.clock.time = NOW + 60 * DAY_MS;
      return bench.device1(objects('a'));
    },
  },
  {
    name: 'a policy that the agency may no longer use',
    code: 'POLICY_OTHER',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      advance(bench.charters, {
        agencies: bench.charter.agencies.map((one) => ({ ...one, policies: ['other'] })),
      });
      return bench.device1(objects('a'));
    },
  },
  {
    name: 'a charter that nobody renewed',
    code: 'CHARTER_EXPIRED',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open({ delegation: { until: NOW + 900 * DAY_MS } });
      bench.clock.time = NOW + 89 * DAY_MS;
      return bench.device1(objects('a'));
    },
  },
  {
    name: 'a log that is not named after its key',
    code: 'ORIGIN_OTHER',
    class: 'never',
    sabotage: () => unknownWriter(deviceGenesis('phone'), 'device laptop 2'),
  },
  {
    name: 'an entry from tomorrow',
    code: 'CLOCK_AHEAD',
    class: 'policy',
    sabotage: async () => (await RuleBench.open()).device1(objects('a'), NOW + DAY_MS),
  },
  {
    name: 'a place of a device without the right to write',
    code: 'RIGHT_MISSING',
    class: 'never',
    async sabotage() {
      const bench = await RuleBench.open({ delegation: { rights: ['delete'] } });
      return bench.device1(placeOf(bench.charter));
    },
  },
  ...(
    [
      ['a place of a daemon', (bench) => bench.write(bench.daemon, [placeOf(bench.charter)])],
      ['objects of a daemon', (bench) => bench.write(bench.daemon, [objects('a')])],
      ['a keep of a daemon', (bench) => bench.write(bench.daemon, [keepOf(VAULT)])],
      ['a loss of a device', (bench) => bench.device1({ kind: 'lost', fragments: [[VAULT, 0]] })],
      [
        'custody of a device',
        (bench) => {
          const place = placeOf(bench.charter);
          const claim = { origin: bench.device.origin, index: 1 };
          return bench.device1(custodyOf(place, { holder: 'h1', index: 0, claim, size: 2 }));
        },
      ],
    ] satisfies [string, (bench: RuleBench) => Promise<unknown>][]
  ).map(
    ([name, sabotage]): Row => ({
      name,
      code: 'RIGHT_MISSING',
      class: 'never',
      sabotage: async () => sabotage(await RuleBench.open()),
    }),
  ),
];

const places: Row[] = [
  {
    name: 'a charter version that is not known here',
    code: 'CHARTER_AHEAD',
    class: 'later',
    sabotage: () => placed(({ charter }) => placeOf(charter, { change: { charter: 2 } })),
  },
  {
    name: 'another vault',
    code: 'VAULT_OTHER',
    class: 'never',
    sabotage: () => placed(({ charter }) => placeOf(charter, { change: { vault: crypto.sha256(VAULT) } })),
  },
  {
    name: 'a segment id that is not the fragments’',
    code: 'SEGMENT_ID',
    class: 'never',
    sabotage: () => placed(({ charter }) => ({ ...placeOf(charter), segment: VAULT })),
  },
  ...(
    [
      ['a fragment too few', (place) => ({ fragments: place.fragments.slice(1) })],
      ['no parity', () => ({ m: 0 })],
      ['a last cell that is no multiple of 16', () => ({ lastCellBytes: 1_000 })],
      ['a last cell larger than a cell', () => ({ lastCellBytes: 16_400 })],
      ['no stripe', () => ({ stripes: 0 })],
      ['a cell that is no whole leaf', () => ({ cellBytes: 16_000, lastCellBytes: 16_000 })],
      ['a cell that clay cannot cut into equal parts', () => ({ code: 'clay', cellBytes: 3 * 16_384 })],
      ['a clay code that does not exist', () => ({ code: 'clay', m: 1, fragments: [] })],
    ] satisfies [string, (place: Place) => Partial<Place>][]
  ).map(
    ([name, change]): Row => ({
      name,
      code: 'SEGMENT_SHAPE',
      class: 'never',
      sabotage: () =>
        placed(({ charter }) => {
          const place = placeOf(charter);
          return { ...place, ...change(place) };
        }),
    }),
  ),
  ...(
    [
      ['more data shards than the policy', { k: 7 }],
      ['another number of parity shards', { m: 2 }],
      ['fewer data than parity shards', { k: 2 }],
      ['larger cells', { cellBytes: 32_768 }],
      ['another code', { code: 'clay', cellBytes: 27 * 16_384, lastCellBytes: 432 }],
    ] satisfies [string, Partial<Place>][]
  ).map(
    ([name, change]): Row => ({
      name,
      code: 'CODE_OTHER',
      class: 'never',
      sabotage: () => placed(({ charter }) => placeOf(charter, { change, holders: [...names, undefined] })),
    }),
  ),
  {
    name: 'more frames than a segment may have',
    code: 'SEGMENT_TOO_LARGE',
    class: 'never',
    sabotage: () => placed(({ charter }) => placeOf(charter, { change: { stripes: 7 } })),
  },
  {
    name: 'a policy that the charter it names does not have',
    code: 'POLICY_OTHER',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const later = policyOf('later', { k: 6, m: 3, sitesLost: 3, minSurvives: 2 });
      advance(bench.charters, {
        policies: [...bench.charter.policies, later],
        agencies: bench.charter.agencies.map((one) => ({ ...one, policies: ['later'] })),
      });
      const phone = new Pen('device phone');
      await bench.mustWrite(phone, [deviceGenesis('phone', { policy: 'later' })]);
      await bench.mustWrite(phone, [placeOf(bench.charter, { name: 'now' })]);
      return bench.write(phone, [placeOf(bench.charter, { change: { charter: 1 } })]);
    },
  },
  {
    name: 'a holder that the charter does not list',
    code: 'UNKNOWN_HOLDER',
    class: 'policy',
    sabotage: () => placed(({ charter }) => placeOf(charter, { holders: instead(3, 'nobody') })),
  },
  {
    name: 'a holder that only the charter it names still lists',
    code: 'UNKNOWN_HOLDER',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = placeOf(bench.charter, { holders: instead(3, 'h0') });
      advance(bench.charters, { daemons: bench.charter.daemons.filter(({ site }) => site !== 'h0') });
      return bench.device1(place);
    },
  },
  {
    name: 'too few receipts',
    code: 'MARGIN_SHORT',
    class: 'policy',
    sabotage: () =>
      placed(({ charter }) =>
        placeOf(charter, { holders: names.map((one, at) => (at < 7 ? one : undefined)) }),
      ),
  },
  {
    name: 'two fragments at one hoster, with the two others that three sites may hold',
    code: 'DOMAIN_RULE',
    class: 'policy',
    sabotage: () => placed(({ charter }) => placeOf(charter, { holders: instead(1, 'h1') })),
  },
  {
    name: 'a holder whose declaration ran out',
    code: 'DECLARATION_EXPIRED',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      bench.clock.time = NOW + 30 * DAY_MS;
      return bench.device1(placeOf(bench.charter));
    },
  },
  {
    name: 'a holder that the policy does not accept now',
    code: 'DECLARATION_REFUSED',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = placeOf(bench.charter);
      advance(bench.charters, { hosters: declared('h5', { seat: 'US' }) });
      return bench.device1(place);
    },
  },
  {
    name: 'a holder that the charter it names did not accept yet',
    code: 'DECLARATION_REFUSED',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open({ charter: { hosters: declared('h5', { seat: 'US' }) } });
      const place = placeOf(bench.charter);
      advance(bench.charters, { hosters: declared('h5', {}) });
      return bench.device1(place);
    },
  },
  {
    name: 'a margin that only the charter it names accepts',
    code: 'MARGIN_SHORT',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = placeOf(bench.charter, { holders: instead(8, undefined) });
      advance(bench.charters, { policies: bentPolicy({ minSurvives: 3 }) });
      return bench.device1(place);
    },
  },
  {
    name: 'a promise shorter than the policy’s',
    code: 'RETENTION_SHORT',
    class: 'never',
    sabotage: () => placed(({ charter }) => ({ ...placeOf(charter), retainUntil: NOW + 7 * DAY_MS - 1 })),
  },
  {
    name: 'a promise shorter than the one before',
    code: 'RETENTION_SHORTENED',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = placeOf(bench.charter);
      await bench.mustWrite(bench.device, [place]);
      return bench.device1({ ...place, retainUntil: place.retainUntil - 1 });
    },
  },
  {
    name: 'a receipt from before the daemon erased',
    code: 'GENERATION_OLD',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = placeOf(bench.charter, { generation: 2 });
      const [record] = new Pen('device laptop').write([place]).records as [HeldRecord];
      const genesis = decodePayload('genesis', (bench.device.appendFrom(0).records[0] as HeldRecord).payload);
      const writer = writerOf(crypto, bench.charter, genesis);
      const at = { origin: bench.device.origin, index: 1, writer };
      const old = daemonOf('h4');
      const view = {
        ...bench.hoster.mirror.view(),
        generationOf: async (daemon: string) => (daemon === old ? 3 : 0),
      };
      await admit({ ...view, generationOf: async () => 2 }, at, openEntry(crypto, record.entry, record));
      return admit(view, at, openEntry(crypto, record.entry, record)).catch((fault: Fault) => ({
        result: 'refused',
        class: refusalClassOf(fault),
        fault,
      }));
    },
  },
  ...(
    [
      ['another segment', (place, other) => other.fragments[0]?.[3] ?? place.segment],
      ['another index', (place) => place.fragments[1]?.[3] ?? place.segment],
      ['no one', () => new Uint8Array(64)],
    ] satisfies [string, (place: Place, other: Place) => Uint8Array][]
  ).map(
    ([name, take]): Row => ({
      name: `a receipt that was given for ${name}`,
      code: 'RECEIPT_FORGED',
      class: 'never',
      sabotage: () =>
        placed(({ charter }) => {
          const place = placeOf(charter);
          const receipt = take(place, placeOf(charter, { name: 'other' }));
          const [first, ...rest] = place.fragments;
          if (first === undefined || first.length === 1) throw new Error('a holder');
          return { ...place, fragments: [[first[0], first[1], first[2], receipt], ...rest] };
        }),
    }),
  ),
];

const keepsAndVoids: Row[] = [
  {
    name: 'a keep of what was never placed',
    code: 'CLAIM_MISSING',
    class: 'policy',
    sabotage: () => placed(() => keepOf(VAULT)),
  },
  {
    name: 'a keep of another vault’s segment',
    code: 'CLAIM_MISSING',
    class: 'policy',
    async sabotage() {
      const { bench, place } = await withPlace();
      const thief = new Pen('device thief');
      await bench.mustWrite(thief, [deviceGenesis('thief', { vault: crypto.sha256(VAULT) })]);
      return bench.write(thief, [keepOf(place.segment)]);
    },
  },
  {
    name: 'a keep of a place that was voided',
    code: 'CLAIM_MISSING',
    class: 'policy',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = await bench.voidedPlace();
      return bench.device1(keepOf(place.segment));
    },
  },
  {
    name: 'a keep of a place that is not certified yet',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = placeOf(bench.charter);
      await bench.mustWrite(bench.device, [place]);
      return bench.device1(keepOf(place.segment));
    },
  },
  ...[0, 1, 2, 99].map(
    (index): Row => ({
      name: `at index 1, a void of ${index}`,
      code: 'VOID_RANGE',
      class: 'never',
      sabotage: () => placed(() => voidOf(index)),
    }),
  ),
];

const custodies: Row[] = [
  {
    name: 'custody whose place is not certified here as far as it says',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    async sabotage() {
      const { bench, custody } = await withPlace();
      return bench.write(bench.daemon, [custody(4, { size: 3 })]);
    },
  },
  ...(
    [
      ['another root', 4, { root: VAULT }],
      ['an index beyond the last fragment', 9, {}],
      ['another segment', 4, { segment: VAULT }],
    ] satisfies [string, number, object][]
  ).map(
    ([name, index, change]): Row => ({
      name: `custody of ${name}`,
      code: 'CUSTODY_OTHER',
      class: 'never',
      async sabotage() {
        const { bench, custody } = await withPlace();
        return bench.write(bench.daemon, [custody(index, change)]);
      },
    }),
  ),
  {
    name: 'custody on the strength of a place that was voided',
    code: 'CUSTODY_OTHER',
    class: 'never',
    async sabotage() {
      const bench = await RuleBench.open();
      const place = placeOf(bench.charter);
      await bench.mustWrite(bench.device, [place, voidOf(1)]);
      await bench.certify(bench.device);
      const claim = { origin: bench.device.origin, index: 1 };
      return bench.write(bench.daemon, [custodyOf(place, { holder: 'h1', index: 4, claim, size: 3 })]);
    },
  },
  ...(
    [
      ['another daemon’s receipt', { receipt: new Uint8Array(64) }],
      ['a receipt for other bytes', { bytes: 1 }],
      ['a receipt of another generation', { generation: 1 }],
    ] satisfies [string, object][]
  ).map(
    ([name, change]): Row => ({
      name: `custody with ${name}`,
      code: 'RECEIPT_FORGED',
      class: 'never',
      async sabotage() {
        const { bench, custody } = await withPlace();
        return bench.write(bench.daemon, [custody(4, change)]);
      },
    }),
  ),
  {
    name: 'a fourth fragment on one site',
    code: 'CUSTODY_CROWDED',
    class: 'policy',
    async sabotage() {
      const { bench, custody } = await withPlace();
      await bench.mustWrite(bench.daemon, [custody(4)]);
      await bench.mustWrite(bench.daemon, [custody(5)]);
      return bench.write(bench.daemon, [custody(6)]);
    },
  },
  {
    name: 'as many fragments at one hoster as rebuild the segment',
    code: 'CUSTODY_CROWDED',
    class: 'policy',
    async sabotage() {
      // k = m = 3: three fragments fit the site, and are enough to read.
      const { bench, custody } = await withPlace({
        change: { k: 3 },
        holders: names.slice(0, 6),
      });
      await bench.mustWrite(bench.daemon, [custody(4)]);
      return bench.write(bench.daemon, [custody(5)]);
    },
  },
];

/** An append that `bend` made wrong, brought to a bench. */
async function bent(bend: (append: Append, bench: RuleBench) => Append): Promise<unknown> {
  const bench = await RuleBench.open();
  return bench.append(bend(bench.device.write([objects('a'), objects('b')]), bench));
}

const mapRecord = (
  append: Append,
  at: number,
  change: (record: LogRecord) => Partial<LogRecord>,
): Append => ({
  ...append,
  records: append.records.map((record, nth) => (nth === at ? { ...record, ...change(record) } : record)),
});

const bytes: Row[] = [
  {
    name: 'a checkpoint of another log than the append',
    code: 'MALFORMED',
    class: 'never',
    sabotage: () => bent((append, { daemon }) => ({ ...append, checkpoint: daemon.checkpoint() })),
  },
  {
    name: 'no entry',
    code: 'MALFORMED',
    class: 'never',
    sabotage: () => bent((append) => ({ ...append, records: [] })),
  },
  {
    name: 'an entry less than the checkpoint says',
    code: 'MALFORMED',
    class: 'never',
    sabotage: () => bent((append) => ({ ...append, records: append.records.slice(0, 1) })),
  },
  {
    name: 'a checkpoint that is no note',
    code: 'MALFORMED',
    class: 'never',
    sabotage: () => bent((append) => ({ ...append, checkpoint: 'x' })),
  },
  {
    name: 'a checkpoint of endless length',
    code: 'TOO_LARGE',
    class: 'never',
    sabotage: () => bent((append) => ({ ...append, checkpoint: 'x'.repeat(9_000) })),
  },
  {
    name: 'a checkpoint that the writer did not sign',
    code: 'LOG_SIGNATURE',
    class: 'never',
    sabotage: () =>
      bent((append) => ({ ...append, checkpoint: append.checkpoint.replace(/.{8}\n$/, 'AAAAAA==\n') })),
  },
  {
    name: 'entries in another order',
    code: 'CHAIN_BROKEN',
    class: 'never',
    sabotage: () => bent((append) => ({ ...append, records: append.records.toReversed() })),
  },
  {
    name: 'an entry with another time',
    code: 'ROOT_MISMATCH',
    class: 'never',
    sabotage: () =>
      bent((append) =>
        mapRecord(append, 1, ({ entry }) => {
          // The last byte of the time: fields are ['vauban/entry/0', kind, previous, time, commit].
          const changed = entry.slice();
          changed[entry.length - 35] = (changed[entry.length - 35] as number) ^ 1;
          return { entry: changed };
        }),
      ),
  },
  {
    name: 'another payload than the entry commits to',
    code: 'COMMIT_MISMATCH',
    class: 'never',
    sabotage: () => bent((append) => mapRecord(append, 1, () => ({ payload: utf8('x') }))),
  },
  {
    name: 'another salt',
    code: 'COMMIT_MISMATCH',
    class: 'never',
    sabotage: () => bent((append) => mapRecord(append, 0, () => ({ salt: new Uint8Array(32) }))),
  },
  {
    name: 'a second genesis',
    code: 'GENESIS_MISPLACED',
    class: 'never',
    sabotage: () => placed(() => deviceGenesis('laptop')),
  },
  {
    name: 'a log that does not begin with its genesis',
    code: 'MALFORMED',
    class: 'never',
    sabotage: async () => (await RuleBench.open()).write(new Pen('device phone'), [objects('a')]),
  },
  {
    name: 'a second history of one size',
    code: 'FORKED',
    class: 'never',
    async sabotage() {
      const bench = await RuleBench.open();
      const other = bench.device.copy();
      await bench.mustWrite(bench.device, [objects('a')]);
      return bench.write(other, [objects('b')]);
    },
  },
  {
    name: 'an append under a certificate of another history',
    code: 'FORKED',
    class: 'never',
    async sabotage() {
      const bench = await RuleBench.open();
      const other = bench.device.copy();
      const certificate = bench.certificateOf(bench.device.write([objects('a')]).checkpoint);
      return bench.append(other.write([objects('b')]), certificate);
    },
  },
  {
    name: 'a certificate of another history than the one held',
    code: 'FORKED',
    async sabotage() {
      const bench = await RuleBench.open();
      const other = bench.device.copy();
      await bench.mustWrite(bench.device, [objects('a')]);
      const certificate = bench.certificateOf(other.write([objects('b')]).checkpoint);
      return bench.hoster.certify(other.origin, certificate);
    },
  },
  {
    name: 'an append under a certificate that ends before it',
    code: 'CERTIFICATE_OTHER',
    class: 'never',
    async sabotage() {
      const bench = await RuleBench.open();
      const certificate = bench.certificateOf(bench.device.checkpoint());
      return bench.append(bench.device.write([objects('a')]), certificate);
    },
  },
  {
    name: 'an append under a certificate of another log',
    code: 'LOG_SIGNATURE',
    class: 'never',
    async sabotage() {
      const bench = await RuleBench.open();
      const certificate = bench.certificateOf(bench.daemon.checkpoint());
      return bench.append(bench.device.write([objects('a')]), certificate);
    },
  },
  {
    name: 'an append under a certificate with a cosignature too few',
    code: 'CERTIFICATE_SHORT',
    class: 'never',
    async sabotage() {
      const bench = await RuleBench.open();
      const append = bench.device.write([objects('a')]);
      return bench.append(append, bench.certificateOf(append.checkpoint, 5));
    },
  },
];

const states: Row[] = [
  {
    name: 'a budget used up',
    code: 'BUDGET_SPENT',
    class: 'later',
    async sabotage() {
      const bench = await RuleBench.open({
        budgets: { bytesPerDay: 1_500, checksPerDay: 100, voidsPerDay: 0 },
      });
      return bench.device1(objects('a'.repeat(1_000)));
    },
  },
  {
    name: 'more signatures to check than the budget',
    code: 'BUDGET_SPENT',
    class: 'later',
    async sabotage() {
      const bench = await RuleBench.open({
        budgets: { bytesPerDay: 90_000, checksPerDay: 10, voidsPerDay: 0 },
      });
      return bench.device1(placeOf(bench.charter));
    },
  },
  {
    name: 'a voter that is starting',
    code: 'VOTER_STARTING',
    class: 'later',
    async sabotage() {
      const bench = await RuleBench.open();
      await bench.hoster.open();
      return bench.device1(objects('a'));
    },
  },
  {
    name: 'a mirror without a vote',
    code: 'VOTER_NONE',
    async sabotage() {
      const bench = await RuleBench.open();
      const { mirror } = bench.hoster;
      const mute = new Mirror({
        logs: mirror.logs,
        crypto,
        clock: bench.clock,
        charters: bench.charters,
        voting: null,
      });
      await expect(mute.heads(VAULT, { of: 'all' }, null)).rejects.toMatchObject({ code: 'VOTER_NONE' });
      return mute.append(bench.device.write([objects('a')]), null);
    },
  },
  {
    name: 'a voter that gave up its key',
    code: 'VOTE_HISTORY_MISSING',
    async sabotage() {
      const bench = await RuleBench.open();
      const reason = new Fault('refused', 'VOTE_HISTORY_MISSING', 'gone', {});
      bench.hoster.mirror.stopVoting(reason);
      await expect(bench.hoster.heads(VAULT, { of: 'all' })).rejects.toBe(reason);
      bench.hoster.mirror.startVoting();
      return bench.device1(objects('a'));
    },
  },
  {
    name: 'a store older than the vote journal',
    code: 'VOTE_HISTORY_CONTRADICTS',
    async sabotage() {
      const bench = await RuleBench.open();
      const old = bench.hoster.store.crash();
      await bench.mustWrite(bench.device, [objects('a')]);
      bench.hoster.store = old;
      await bench.hoster.open();
      await bench.hoster.mirror.checkHistory();
    },
  },
  {
    name: 'a store with another tree than the vote journal',
    code: 'VOTE_HISTORY_CONTRADICTS',
    async sabotage() {
      const one = await RuleBench.open();
      const two = await RuleBench.open();
      await one.mustWrite(one.device, [objects('a')]);
      await two.mustWrite(two.device, [objects('b')]);
      one.hoster.store = two.hoster.store;
      await one.hoster.open();
      await one.hoster.mirror.checkHistory();
    },
  },
  {
    name: 'a stored log with a hole',
    code: 'STORE_CORRUPT',
    async sabotage() {
      const { hoster, device } = await RuleBench.open();
      const [key] = await keysOf(hoster.store, `E/${device.origin}`);
      await hoster.store.batch([{ del: key as Uint8Array }], { sync: true });
      return hoster.mirror.logs.records(device.origin, 0, 1);
    },
  },
  {
    name: 'a stored head that is not its checkpoint’s',
    code: 'STORE_CORRUPT',
    async sabotage() {
      const { hoster, device, daemon } = await RuleBench.open();
      const [mine] = await keysOf(hoster.store, `L/${device.origin}`);
      const value = (await hoster.store.get(mine as Uint8Array)) as Uint8Array;
      const from = Buffer.from(value);
      const root = Buffer.from(device.checkpoint().split('\n')[2] as string);
      const at = from.indexOf(root);
      from.set(Buffer.from(daemon.checkpoint().split('\n')[2] as string), at);
      await hoster.store.batch([{ put: mine as Uint8Array, value: from }], { sync: true });
      await LogStore.open(hoster.store, crypto);
    },
  },
  {
    name: 'a disk that fails',
    code: 'STORE_FAILED',
    async sabotage() {
      let failing = false;
      const wrapStore = (store: Store): Store => ({
        ...store,
        batch: async (...batch) => {
          if (failing) throw diskError('EIO');
          return store.batch(...batch);
        },
      });
      const bench = await RuleBench.open({ hoster: { wrapStore } });
      const append = bench.device.write([objects('a')]);
      failing = true;
      expect(await outcomeOf(bench.append(append))).toEqual({ code: 'STORE_FAILED' });
      failing = false;
      return bench.append(append);
    },
  },
  {
    name: 'a disk that is full',
    code: 'DISK_FULL',
    class: 'later',
    async sabotage() {
      let full = false;
      const wrapStore = (store: Store): Store => ({
        ...store,
        batch: async (...batch) => {
          if (full) throw new Fault('refused', 'DISK_FULL', 'full', {});
          return store.batch(...batch);
        },
      });
      const bench = await RuleBench.open({ hoster: { wrapStore } });
      const append = bench.device.write([objects('a')]);
      full = true;
      const reply = await bench.append(append);
      full = false;
      await bench.must(append);
      return reply;
    },
  },
  {
    name: 'a device more than an agency may have',
    code: 'DEVICES_MANY',
    async sabotage() {
      const { hoster } = await RuleBench.open();
      const noteOf = (nth: number) => signDelegation(crypto, delegationOf(`d${nth}`), seedOf('root metz'));
      for (let nth = 0; nth < 256; nth++) await hoster.mirror.putNote(noteOf(nth));
      await hoster.mirror.putNote(noteOf(7));
      await hoster.mirror.putNote(noteOf(256));
    },
  },
];

async function keysOf(store: Store, prefix: string): Promise<Uint8Array[]> {
  const keys = [];
  for await (const [key] of store.range({ gte: utf8(prefix), lt: utf8(`${prefix}\u{10ffff}`) }))
    keys.push(key);
  return keys;
}

const groups = {
  writers,
  places,
  keepsAndVoids,
  custodies,
  bytes,
  states,
  claimRows,
  ...erasingRows,
  ...standingRows,
};

describe.each(Object.entries(groups))('%s', (_group, rows) => {
  test.each(rows)('$name: $code', async (row) => {
    const { code, class: refusal } = await outcomeOf(row.sabotage());
    expect({ code, class: refusal }).toEqual({ code: row.code, class: row.class });
  });
});

test('every fault code of these files has a row, and each class that a code is given is shown', () => {
  const shown = new Set(Object.values(groups).flatMap((rows) => rows.map(({ code }) => code)));
  // What erases, seals, heals or opens an epoch has tests of its own.
  const here = new URL('.', import.meta.url);
  for (const file of readdirSync(here).filter((name) => /^(?!rules).*\.test\.ts$/.test(name))) {
    for (const [, code] of readFileSync(new URL(file, here), 'utf8').matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g))
      shown.add(code as string);
  }
  const sources = [
    'refusal',
    'log-rows',
    'admission',
    'admission-view',
    'admit-audit',
    'admit-claims',
    'admit-consortium',
    'admit-custody',
    'admit-erasing',
    'admit-place',
    'log-store',
    'mirror',
    'root-note',
    'writer',
    'segment',
    'budget',
    'checkpoint',
    'entry',
  ];
  const thrown = sources.flatMap((name) => {
    const text = readFileSync(new URL(`../src/${name}.ts`, import.meta.url), 'utf8');
    return [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)+|MALFORMED|FORKED)'/g)].map(([, code]) => code as string);
  });
  expect(thrown.length).toBeGreaterThan(60);
  expect([...new Set(thrown)].filter((code) => !shown.has(code))).toEqual([]);
});

describe('what is right is cosigned', () => {
  test('one of each kind, by who may write it', async () => {
    const { bench, place, custody } = await withPlace();
    await bench.mustWrite(bench.device, [keepOf(place.segment), objects('a')]);
    await bench.mustWrite(bench.device, [voidOf(3)]);
    await bench.mustWrite(bench.daemon, [custody(4), { kind: 'lost', fragments: [[place.segment, 0]] }]);
    const operator = await operatorPen(bench);
    expect(await bench.mustWrite(operator, [siteLostOf('h1'), maintenanceOf('h2', NOW + DAY_MS)])).toBe(3);
    await bench.mustWrite(operator, [drillOf(), drillOf({ phase: 'ended', report: new Uint8Array(32) })]);
    const losses = [{ origin: operator.origin, index: 1 }];
    await bench.mustWrite(bench.daemon, [siteLostOf('h1'), maintenanceOf('h1', 0), readmitOf(...losses)]);
    const { checkpoint } = bench.hoster.mirror.logs.state(bench.device.origin);
    await bench.certify(bench.device);
    const found = {
      failed: [[place.segment, 1, 0, 'UNREACHABLE']],
      degraded: [[place.segment, 1, 1, 'LEAF_WRONG']],
    } satisfies Parameters<typeof auditOf>[2];
    await bench.mustWrite(bench.daemon, [auditOf('h2', readHead(checkpoint), found)]);
  });

  test('the bounds themselves', async () => {
    const bench = await RuleBench.open();
    await bench.mustWrite(bench.device, [{ ...placeOf(bench.charter), retainUntil: NOW + 7 * DAY_MS }]);
    await bench.mustWrite(bench.device, [
      placeOf(bench.charter, { name: 'wide', change: { stripes: 6, lastCellBytes: 16_384 } }),
    ]);
    await bench.mustWrite(bench.device, [
      placeOf(bench.charter, { name: 'thin', holders: instead(8, undefined) }),
    ]);
    await bench.mustWrite(bench.device, [
      placeOf(bench.charter, { name: 'narrow', change: { k: 3 }, holders: names.slice(0, 6) }),
    ]);
    await bench.mustWrite(bench.device, [objects('in a quarter of an hour')], NOW + 900_000);
    bench.clock.time = NOW + 60 * DAY_MS - 1;
    expect(await bench.mustWrite(bench.device, [objects('just in time')])).toBe(7);
  });

  test('a lost fragment no longer counts against its site', async () => {
    const { bench, place, custody } = await withPlace();
    await bench.mustWrite(bench.daemon, [custody(4), custody(5)]);
    await bench.mustWrite(bench.daemon, [{ kind: 'lost', fragments: [[place.segment, 5]] }]);
    expect(await bench.mustWrite(bench.daemon, [custody(6)])).toBe(5);
  });

  test('a place under an earlier charter that the current one accepts too', async () => {
    const bench = await RuleBench.open();
    const place = placeOf(bench.charter);
    advance(bench.charters, { operators: [] });
    expect(await bench.mustWrite(bench.device, [place])).toBe(2);
  });

  test('a refused entry, when the same append voids it; then it has no effect', async () => {
    const bench = await RuleBench.open();
    const place = { ...placeOf(bench.charter), retainUntil: NOW + 1 };
    expect(segmentIdOf(crypto, { ...place, roots: place.fragments.map(([root]) => root) })).toEqual(
      place.segment,
    );
    await bench.mustWrite(bench.device, [place, voidOf(1)]);
    const facts = await bench.hoster.mirror.view().segment(place.segment);
    expect(facts.places.map(({ voided }) => voided)).toEqual([true]);
  });

  test('of two histories that arrive at once, one is signed', async () => {
    const bench = await RuleBench.open();
    const other = bench.device.copy();
    const both = [bench.device.write([objects('a')]), other.write([objects('b')])];
    const outcomes = await Promise.all(both.map((append) => outcomeOf(bench.append(append))));
    expect(outcomes.map(({ code }) => code)).toEqual(['cosigned', 'FORKED']);
    expect(bench.hoster.journal.counter).toBe(3);
  });

  test('a certificate of a size at which no batch ended here', async () => {
    const bench = await RuleBench.open();
    const { checkpoint } = bench.device.write([objects('a')]);
    const other = bench.device.copy();
    bench.device.write([objects('b')]);
    await bench.must(bench.device.appendFrom(1));
    await bench.hoster.certify(bench.device.origin, bench.certificateOf(checkpoint));
    expect(bench.hoster.mirror.logs.state(bench.device.origin)).toMatchObject({ size: 3, certifiedSize: 2 });
    const fork = bench.certificateOf(other.write([objects('c')]).checkpoint);
    expect(await outcomeOf(bench.hoster.certify(other.origin, fork))).toMatchObject({ code: 'FORKED' });
  });

  test('the entry refused is named', async () => {
    const bench = await RuleBench.open();
    const reply = bench.write(bench.device, [objects('a'), keepOf(VAULT), objects('b')]);
    expect(await outcomeOf(reply)).toEqual({ code: 'CLAIM_MISSING', class: 'policy', entry: 2 });
  });

  test('a refused append leaves nothing', async () => {
    const bench = await RuleBench.open();
    const before = bench.hoster.mirror.logs.state(bench.device.origin);
    await bench.write(bench.device, [objects('a'), keepOf(VAULT)]);
    expect(bench.hoster.mirror.logs.state(bench.device.origin)).toEqual(before);
    expect(bench.hoster.journal.last(bench.device.origin)?.size).toBe(1);
  });
});
