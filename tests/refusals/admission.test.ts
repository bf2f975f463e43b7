// Long: one row per line of the admission check, each told to a real daemon over the wire by a peer that signs what it
// likes. The unit rows of the ledger try the same rules on a bare mirror; here nothing is bare.

import { readFileSync } from 'node:fs';
import { CELL_BYTES, daemonIdBytes, equalBytes, toHex, utf8 } from '@vauban/core';
import { nodeClock, nodeCrypto as crypto, nodeRandom } from '@vauban/core/node';
import {
  type Delegation,
  fragmentBytesOf,
  makeCertificate,
  parseSignature,
  type Payload,
  type Payloads,
  type Place,
  readHead,
  type ReceiptClaim,
  segmentIdOf,
  signReceipt,
} from '@vauban/ledger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcomeOf } from './caller.ts';
import { Consortium } from './consortium.ts';
import { DAY_MS } from './network.ts';
import { keepOf, newAgency, newDevice, objects, Pen, voidOf, type WireAppend } from './pen.ts';
import { placeOf } from './segment.ts';

let it: Consortium;
beforeAll(async () => {
  it = await Consortium.open();
  // The poor one: where budgets are tried, and where the clock is moved.
  await it.network.stop(3);
  const budgets = { bytesPerDay: 4_000, checksPerDay: 12, voidsPerDay: 1 };
  await it.network.start(3, { budgets });
  await it.network.untilVoting(3);
});
afterAll(() => it?.close());

const POOR = 3;

interface Row {
  readonly name: string;
  readonly code: string;
  /** Undefined when the call fails instead of being answered. */
  readonly class?: 'never' | 'later' | 'policy';
  readonly sabotage: () => Promise<unknown>;
}
type Class = NonNullable<Row['class']>;

/** One log of genesis and this place, from a fresh device. */
const placed = (name: string, of: Parameters<Consortium['place']>[1] = {}) => it.tell([it.place(name, of)]);

/** The daemon of site POOR with its clock moved ahead, for one telling. */
async function later(aheadMs: number, tell: () => Promise<unknown>): Promise<unknown> {
  const { clock } = it.network.site(POOR);
  clock.aheadMs = aheadMs;
  try {
    return await tell();
  } finally {
    clock.aheadMs = 0;
  }
}

const writers: Row[] = [
  {
    name: 'a log that is not named after its key',
    code: 'ORIGIN_OTHER',
    class: 'never',
    sabotage: async () => it.bring(it.device().pen.write([it.device().genesis])),
  },
  {
    name: 'a delegation that another key signed',
    code: 'DELEGATION_FORGED',
    class: 'never',
    async sabotage() {
      const { pen, genesis } = newDevice(it.charter.name, it.archives, {}, it.hospital.rootSeed);
      return it.bring(pen.write([genesis]));
    },
  },
  {
    name: 'a delegation that ended',
    code: 'DELEGATION_EXPIRED',
    class: 'policy',
    sabotage: () => it.tell([], { device: { until: nodeClock.now() - 1 } }),
  },
  {
    name: 'a delegation of another charter',
    code: 'CHARTER_OTHER',
    class: 'never',
    sabotage: () => it.tell([], { device: { charter: 'grand-ouest' } }),
  },
  {
    name: 'an agency that no charter lists',
    code: 'AGENCY_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const { pen, genesis } = newDevice(it.charter.name, newAgency('nobody'));
      return it.bring(pen.write([genesis]));
    },
  },
  {
    name: 'an agency that is suspended',
    code: 'AGENCY_SUSPENDED',
    class: 'policy',
    async sabotage() {
      const { pen, genesis } = it.device({}, it.frozen);
      return it.bring(pen.write([genesis]));
    },
  },
  {
    name: 'a policy that the agency may not use',
    code: 'POLICY_OTHER',
    class: 'policy',
    sabotage: () => it.tell([], { device: { policy: 'nobodys' } }),
  },
  {
    name: 'a charter that nobody renewed',
    code: 'CHARTER_EXPIRED',
    class: 'policy',
    sabotage: () => later(91 * DAY_MS, () => it.tell([], { at: POOR })),
  },
  {
    name: 'a daemon that no charter lists',
    code: 'WRITER_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const pen = new Pen(it.charter.name, nodeRandom.bytes(32));
      return it.bring(pen.write([{ kind: 'genesis', writer: 'daemon', daemon: nodeRandom.bytes(16) }]));
    },
  },
  {
    name: 'an operator that no charter lists',
    code: 'WRITER_UNKNOWN',
    class: 'policy',
    async sabotage() {
      const pen = new Pen(it.charter.name, nodeRandom.bytes(32));
      return it.bring(pen.write([{ kind: 'genesis', writer: 'operator', operator: 'nobody' }]));
    },
  },
  {
    name: 'a daemon’s log with another key than the charter’s',
    code: 'ORIGIN_OTHER',
    class: 'never',
    async sabotage() {
      const pen = new Pen(it.charter.name, nodeRandom.bytes(32));
      return it.bring(pen.write([ghostGenesis()]));
    },
  },
  {
    name: 'an entry from tomorrow',
    code: 'CLOCK_AHEAD',
    class: 'policy',
    sabotage: () => it.tell([objects('a')], { time: nodeClock.now() + DAY_MS }),
  },
  {
    name: 'a place of a device without the right to write',
    code: 'RIGHT_MISSING',
    class: 'never',
    sabotage: () => it.tell([it.place('no right')], { device: { rights: ['delete'] } }),
  },
  {
    name: 'a loss that a device tells of',
    code: 'RIGHT_MISSING',
    class: 'never',
    sabotage: () => it.tell([{ kind: 'lost', fragments: [[it.segment('x').id, 0]] }]),
  },
  {
    name: 'objects that a daemon tells of',
    code: 'RIGHT_MISSING',
    class: 'never',
    sabotage: () => it.bring(ghostPen().write([ghostGenesis(), objects('a')])),
  },
];

function ghostGenesis(): Payloads['genesis'] {
  return { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(it.spare.id) };
}

function ghostPen(): Pen {
  return new Pen(it.charter.name, it.spare.logSeed);
}

/** An append of genesis and two entries that `bend` made wrong. */
async function bent(bend: (append: WireAppend) => WireAppend): Promise<unknown> {
  const { pen, genesis } = it.device();
  return it.bring(bend(pen.write([genesis, objects('a'), objects('b')])));
}

const mapRecord = (
  append: WireAppend,
  at: number,
  change: Partial<WireAppend['records'][number]>,
): WireAppend => ({
  ...append,
  records: append.records.map((record, nth) => (nth === at ? { ...record, ...change } : record)),
});

const appends: Row[] = [
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
    sabotage: () => bent((append) => ({ ...append, records: append.records.slice(0, 2) })),
  },
  {
    name: 'a checkpoint of another log',
    code: 'MALFORMED',
    class: 'never',
    sabotage: () => bent((append) => ({ ...append, checkpoint: ghostPen().checkpoint() })),
  },
  {
    name: 'a checkpoint that its writer did not sign',
    code: 'LOG_SIGNATURE',
    class: 'never',
    sabotage: () =>
      bent((append) => ({ ...append, checkpoint: append.checkpoint.replace(/.{8}\n$/, 'AAAAAA==\n') })),
  },
  {
    name: 'entries in another order',
    code: 'CHAIN_BROKEN',
    class: 'never',
    sabotage: () =>
      bent((append) => {
        const [first, second, third] = append.records as [
          WireAppend['records'][number],
          WireAppend['records'][number],
          WireAppend['records'][number],
        ];
        return { ...append, records: [first, third, second] };
      }),
  },
  {
    name: 'a last entry with another time',
    code: 'ROOT_MISMATCH',
    class: 'never',
    sabotage: () =>
      bent((append) => {
        const entry = (append.records[2]?.entry ?? new Uint8Array(0)).slice();
        // The last byte of the time: the commitment's 34 bytes follow it.
        entry[entry.length - 35] = (entry[entry.length - 35] as number) ^ 1;
        return mapRecord(append, 2, { entry });
      }),
  },
  {
    name: 'another payload than the entry commits to',
    code: 'COMMIT_MISMATCH',
    class: 'never',
    sabotage: () => bent((append) => mapRecord(append, 1, { payload: utf8('x') })),
  },
  {
    name: 'another salt',
    code: 'COMMIT_MISMATCH',
    class: 'never',
    sabotage: () => bent((append) => mapRecord(append, 0, { salt: new Uint8Array(32) })),
  },
  {
    name: 'a second genesis',
    code: 'GENESIS_MISPLACED',
    class: 'never',
    async sabotage() {
      const { pen, genesis } = it.device();
      return it.bring(pen.write([genesis, genesis]));
    },
  },
  {
    name: 'a log that does not begin with its genesis',
    code: 'MALFORMED',
    class: 'never',
    sabotage: async () => it.bring(it.device().pen.write([objects('a')])),
  },
  {
    name: 'a second history of one size',
    code: 'FORKED',
    class: 'never',
    async sabotage() {
      const { pen, genesis } = it.device();
      await it.mustBring(pen.write([genesis]));
      const other = pen.copy();
      await it.mustBring(pen.write([objects('a')]));
      return it.bring(other.write([objects('b')]));
    },
  },
  {
    name: 'a certificate with a cosignature too few',
    code: 'CERTIFICATE_SHORT',
    class: 'never',
    async sabotage() {
      const { pen, genesis } = it.device();
      const append = pen.write([genesis]);
      const lines = [];
      for (const at of [1, 2]) lines.push(parseSignature(await it.mustBring(append, at)));
      return it.bring(append, 0, makeCertificate(it.charter, append.checkpoint, lines));
    },
  },
  {
    name: 'a certificate that ends before the append',
    code: 'CERTIFICATE_OTHER',
    class: 'never',
    async sabotage() {
      const { pen, genesis } = it.device();
      pen.write([genesis]);
      const certificate = await it.certificate(pen);
      return it.bring(pen.write([objects('a')]), 0, certificate);
    },
  },
  {
    name: 'a certificate of another log',
    code: 'LOG_SIGNATURE',
    class: 'never',
    async sabotage() {
      const one = it.device();
      const two = it.device();
      one.pen.write([one.genesis]);
      const certificate = await it.certificate(one.pen);
      return it.bring(two.pen.write([two.genesis]), 0, certificate);
    },
  },
  {
    name: 'a certificate of another history',
    code: 'FORKED',
    class: 'never',
    async sabotage() {
      const { pen, genesis } = it.device();
      await it.mustBring(pen.write([genesis]), POOR);
      const other = pen.copy();
      pen.write([objects('a')]);
      const certificate = await it.certificate(pen);
      return it.bring(other.write([objects('b')]), POOR, certificate);
    },
  },
];

const places: Row[] = [
  {
    name: 'a charter version nobody knows yet',
    code: 'CHARTER_AHEAD',
    class: 'later',
    sabotage: () => placed('ahead', { change: { charter: it.charter.version + 1 } }),
  },
  {
    name: 'another vault',
    code: 'VAULT_OTHER',
    class: 'never',
    sabotage: () =>
      it.tell([placeOf(it.charter, it.segment('theirs', {}, it.hospital), { holders: it.holders() })]),
  },
  {
    name: 'a policy that the charter it names does not have',
    code: 'POLICY_OTHER',
    class: 'policy',
    sabotage: () =>
      it.tell([it.place('early', { shape: { k: 3, m: 1 }, change: { charter: 1 } })], {
        device: { policy: 'wide' },
      }),
  },
  ...(
    [
      ['more data shards than the policy', { k: 3 }],
      ['another number of parity shards', { m: 1 }],
      ['fewer data than parity shards', { k: 1 }],
      ['other cells', { cellBytes: 2 * CELL_BYTES }],
    ] satisfies [string, object][]
  ).map(
    ([name, shape]): Row => ({
      name,
      code: 'CODE_OTHER',
      class: 'never',
      sabotage: () => placed(name, { shape, holders: [...it.holders(), it.spare] }),
    }),
  ),
  {
    name: 'a segment larger than the policy allows',
    code: 'SEGMENT_TOO_LARGE',
    class: 'never',
    sabotage: () => placed('large', { shape: { stripes: 55 } }),
  },
  ...(
    [
      ['a fragment too few', (place) => ({ fragments: place.fragments.slice(1) })],
      ['no parity', () => ({ m: 0 })],
      ['no stripe', () => ({ stripes: 0 })],
      ['a last cell larger than a cell', () => ({ lastCellBytes: CELL_BYTES + 16 })],
      ['a last cell of an odd length', () => ({ lastCellBytes: 1_000 })],
      ['cells that are no whole leaves', () => ({ cellBytes: 16_000, lastCellBytes: 16_000 })],
    ] satisfies [string, (place: Place) => Partial<Place>][]
  ).map(
    ([name, change]): Row => ({
      name,
      code: 'SEGMENT_SHAPE',
      class: 'never',
      sabotage() {
        const place = it.place(name);
        return it.tell([{ ...place, ...change(place) }]);
      },
    }),
  ),
  {
    name: 'a segment id that is not the fragments’',
    code: 'SEGMENT_ID',
    class: 'never',
    sabotage: () => placed('named', { change: { segment: it.segment('another').id } }),
  },
  {
    name: 'the segment id of the same fragments in another vault',
    code: 'SEGMENT_ID',
    class: 'never',
    sabotage() {
      const { descriptor } = it.segment('moved');
      const elsewhere = segmentIdOf(crypto, { ...descriptor, vault: it.hospital.vault });
      return placed('moved', { change: { segment: elsewhere } });
    },
  },
  {
    name: 'a holder that the charter does not list',
    code: 'UNKNOWN_HOLDER',
    class: 'policy',
    sabotage() {
      const nobody = { id: toHex(nodeRandom.bytes(16)), receiptSeed: nodeRandom.bytes(32) };
      return placed('nobody', { holders: [nobody, ...it.holders().slice(1)] });
    },
  },
  {
    name: 'a holder that the charter named did not list yet',
    code: 'UNKNOWN_HOLDER',
    class: 'policy',
    sabotage: () =>
      placed('too early', { holders: [it.spare, ...it.holders().slice(1)], change: { charter: 1 } }),
  },
  {
    name: 'too few receipts to survive what the policy promises',
    code: 'MARGIN_SHORT',
    class: 'policy',
    sabotage: () => placed('thin', { holders: [...it.holders().slice(0, 3), undefined] }),
  },
  {
    name: 'two fragments on one site',
    code: 'DOMAIN_RULE',
    class: 'policy',
    sabotage: () => placed('crowded', { holders: [it.holder(1), ...it.holders().slice(1)] }),
  },
  {
    name: 'a holder whose declaration ran out',
    code: 'DECLARATION_EXPIRED',
    class: 'policy',
    sabotage: () => placed('lapsed', { holders: [it.lapsed, ...it.holders().slice(1)] }),
  },
  {
    name: 'a holder whose declaration has run out since',
    code: 'DECLARATION_EXPIRED',
    class: 'policy',
    sabotage: () =>
      later(11 * DAY_MS, () =>
        it.tell([it.place('since', { holders: [it.spare, ...it.holders().slice(1)] })], { at: POOR }),
      ),
  },
  {
    name: 'a holder that the policy does not accept',
    code: 'DECLARATION_REFUSED',
    class: 'policy',
    sabotage: () => placed('foreign', { holders: [it.foreign, ...it.holders().slice(1)] }),
  },
  {
    name: 'a promise shorter than the policy’s',
    code: 'RETENTION_SHORT',
    class: 'never',
    sabotage: () => it.tell([it.place('short')], { device: { policy: 'kept' } }),
  },
  {
    name: 'a promise shorter than the one before',
    code: 'RETENTION_SHORTENED',
    class: 'policy',
    async sabotage() {
      const { pen, genesis } = it.device();
      const place = it.place('twice');
      await it.mustBring(pen.write([genesis, place]));
      return it.bring(pen.write([{ ...place, retainUntil: place.retainUntil - 1 }]));
    },
  },
];

/** Receipts over something else than what the place says: one bent field each. */
const receiptBindings: [string, (claim: ReceiptClaim) => Partial<ReceiptClaim>][] = [
  ['another charter', () => ({ charterName: 'grand-ouest' })],
  ['another segment', () => ({ segment: it.segment('another').id })],
  [
    'the same fragments in another vault',
    () => ({
      segment: segmentIdOf(crypto, { ...it.segment('receipts').descriptor, vault: it.hospital.vault }),
    }),
  ],
  [
    'the same fragments under another code',
    () => ({ segment: segmentIdOf(crypto, { ...it.segment('receipts').descriptor, k: 3, m: 1 }) }),
  ],
  ['another index', ({ index }) => ({ index: index + 1 })],
  ['another root', () => ({ root: crypto.sha256(utf8('root')) })],
  ['other bytes', ({ bytes }) => ({ bytes: bytes + 16 })],
  ['another daemon', () => ({ daemon: it.spare.id })],
  ['another generation', ({ generation }) => ({ generation: generation + 1 })],
];

const receipts: Row[] = [
  ...receiptBindings.map(
    ([name, change]): Row => ({
      name: `a receipt signed for ${name}`,
      code: 'RECEIPT_FORGED',
      class: 'never',
      sabotage: () =>
        placed('receipts', {
          claim: (claim) => (claim.index === 0 ? { ...claim, ...change(claim) } : claim),
        }),
    }),
  ),
  {
    name: 'a receipt that another daemon signed',
    code: 'RECEIPT_FORGED',
    class: 'never',
    sabotage: () =>
      placed('receipts', {
        holders: it
          .holders()
          .map(({ id }, index) => ({ id, receiptSeed: it.holder(index === 0 ? 1 : index).receiptSeed })),
      }),
  },
  {
    name: 'no receipt',
    code: 'RECEIPT_FORGED',
    class: 'never',
    sabotage: () =>
      placed('receipts', { receipt: (index) => (index === 0 ? new Uint8Array(64) : undefined) }),
  },
  {
    name: 'the true receipt of another fragment of that daemon',
    code: 'RECEIPT_FORGED',
    class: 'never',
    async sabotage() {
      const { receipt } = await it.courier.upload(0, it.segment('replay one'), 0);
      return placed('replay two', { receipt: (index) => (index === 0 ? receipt : undefined) });
    },
  },
  {
    name: 'the true receipt of that daemon for another index of the segment',
    code: 'RECEIPT_FORGED',
    class: 'never',
    async sabotage() {
      const { receipt } = await it.courier.upload(0, it.segment('replay'), 1);
      return placed('replay', { receipt: (index) => (index === 0 ? receipt : undefined) });
    },
  },
];

const keepsAndVoids: Row[] = [
  {
    name: 'a keep of what was never placed',
    code: 'CLAIM_MISSING',
    class: 'policy',
    sabotage: () => it.tell([keepOf(it.segment('never').id)]),
  },
  {
    name: 'a keep of what another vault placed',
    code: 'CLAIM_MISSING',
    class: 'policy',
    async sabotage() {
      const place = await certifiedPlace('not yours');
      const { pen, genesis } = it.device({}, it.hospital);
      return it.bring(pen.write([genesis, keepOf(place.segment)]));
    },
  },
  {
    name: 'a keep of a place that was voided',
    code: 'CLAIM_MISSING',
    class: 'policy',
    async sabotage() {
      const { pen, genesis } = it.device();
      const place = it.place('voided');
      await it.mustBring(pen.write([genesis, place, voidOf(1)]));
      await it.certify(pen);
      return it.bring(pen.write([keepOf(place.segment)]));
    },
  },
  {
    name: 'a keep of a place that is not certified yet',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    async sabotage() {
      const { pen, genesis } = it.device();
      const place = it.place('young');
      await it.mustBring(pen.write([genesis, place]));
      return it.bring(pen.write([keepOf(place.segment)]));
    },
  },
  ...[0, 1, 2, 99].map(
    (index): Row => ({
      name: `at index 1, a void of ${index}`,
      code: 'VOID_RANGE',
      class: 'never',
      sabotage: () => it.tell([voidOf(index)]),
    }),
  ),
];

async function certifiedPlace(
  name: string,
  of: Parameters<Consortium['place']>[1] = {},
  policy = 'standard',
) {
  const { pen, genesis } = it.device({ policy });
  const place = it.place(name, of);
  pen.write([genesis, place]);
  await it.certify(pen);
  return { ...place, claim: { origin: pen.origin, index: 1 } };
}

/** What the spare hoster's daemon tells of holding fragments of a certified place, one append each; the last answer. */
async function holding(
  name: string,
  entries: readonly { readonly index: number; readonly change?: Partial<Payloads['custody']> }[],
  of: Parameters<Consortium['place']>[1] = {},
  policy = 'standard',
): Promise<unknown> {
  const { claim, ...place } = await certifiedPlace(name, of, policy);
  let answer;
  for (const { index, change } of entries) {
    const root = place.fragments[index]?.[0] ?? new Uint8Array(32);
    const held = { segment: place.segment, index, root, bytes: fragmentBytesOf(place), generation: 0 };
    const signed = { ...held, charterName: it.charter.name, daemon: it.spare.id };
    const receipt = signReceipt(crypto, signed, it.spare.receiptSeed);
    answer = await tellSpare({ kind: 'custody', ...held, receipt, place: claim, size: 2, ...change });
  }
  return answer;
}

let spareLog: Pen | undefined;
/** The next entry of the spare daemon's log; what is refused leaves the log as it was. */
async function tellSpare(payload: Payload) {
  if (spareLog === undefined) {
    spareLog = ghostPen();
    await it.mustBring(spareLog.write([ghostGenesis()]));
  }
  const next = spareLog.copy();
  const answer = await it.bring(next.write([payload]));
  if (answer.result === 'cosigned') spareLog = next;
  return answer;
}

const custodies: Row[] = [
  {
    name: 'custody whose place is not certified as far as it says',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () => holding('custody evidence', [{ index: 0, change: { size: 3 } }]),
  },
  {
    name: 'custody on the strength of a log nobody has seen',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () =>
      holding('custody unseen', [
        { index: 0, change: { place: { origin: it.device().pen.origin, index: 1 } } },
      ]),
  },
  {
    name: 'custody with another root',
    code: 'CUSTODY_OTHER',
    class: 'never',
    sabotage: () => holding('custody root', [{ index: 0, change: { root: it.segment('x').id } }]),
  },
  {
    name: 'custody of another segment than the place’s',
    code: 'CUSTODY_OTHER',
    class: 'never',
    sabotage: () => holding('custody segment', [{ index: 0, change: { segment: it.segment('x').id } }]),
  },
  {
    name: 'custody of a fragment the segment does not have',
    code: 'CUSTODY_OTHER',
    class: 'never',
    sabotage: () => holding('custody index', [{ index: 4 }]),
  },
  {
    name: 'custody by the genesis entry',
    code: 'CUSTODY_OTHER',
    class: 'never',
    async sabotage() {
      const { claim } = await certifiedPlace('custody genesis');
      return holding('custody other', [{ index: 0, change: { place: { ...claim, index: 0 } } }]);
    },
  },
  ...(
    [
      ['no receipt', { receipt: new Uint8Array(64) }],
      ['a receipt for other bytes', { bytes: 1 }],
      ['a receipt of another generation', { generation: 1 }],
    ] satisfies [string, object][]
  ).map(
    ([name, change]): Row => ({
      name: `custody with ${name}`,
      code: 'RECEIPT_FORGED',
      class: 'never',
      sabotage: () => holding(`custody ${name}`, [{ index: 0, change }]),
    }),
  ),
  {
    name: 'custody of as many fragments as rebuild the segment, at one hoster',
    code: 'CUSTODY_CROWDED',
    class: 'policy',
    sabotage: () => holding('custody hoster', [{ index: 0 }, { index: 1 }]),
  },
  {
    name: 'custody of more fragments than may be lost, on one site',
    code: 'CUSTODY_CROWDED',
    class: 'policy',
    sabotage: () => holding('custody site', [{ index: 0 }, { index: 1 }], { shape: { k: 3, m: 1 } }, 'wide'),
  },
];

/** What a device that may delete tells after a place of its own that is certified. */
async function releasing(
  payload: (claim: [string, number]) => Payload,
  rights: Delegation['rights'] = ['write', 'delete'],
) {
  const { pen, genesis } = it.device({ rights });
  pen.write([genesis, it.place(`released ${payload.name}`)]);
  await it.certify(pen);
  return it.bring(pen.write([payload([pen.origin, 1])]));
}

const releaseOf = (claim: [string, number]): Payload => ({ kind: 'release', claims: [claim], objects: [] });
const purgeOf = (segments: Uint8Array[], payloads: [string, number][] = []): Payload => ({
  kind: 'purge',
  segments,
  payloads,
  generation: 1,
});

const releases: Row[] = [
  {
    name: 'a release of a device that may not delete',
    code: 'RIGHT_MISSING',
    class: 'never',
    sabotage: () => releasing(releaseOf, ['write']),
  },
  {
    name: 'a release while retention runs',
    code: 'RETENTION_RUNNING',
    class: 'policy',
    sabotage: () => releasing(releaseOf),
  },
  {
    name: 'a release of a claim of a log nobody has seen',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () => releasing(() => releaseOf([it.device().pen.origin, 1])),
  },
  {
    name: 'a release of the genesis',
    code: 'CLAIM_MISSING',
    class: 'policy',
    sabotage: () => releasing(([origin]) => releaseOf([origin, 0])),
  },
  {
    name: 'a release of the payload of a place',
    code: 'RELEASE_RANGE',
    class: 'never',
    sabotage: () => releasing(() => ({ kind: 'release', claims: [], objects: [1] })),
  },
];

const erasings: Row[] = [
  {
    name: 'a purge of what is still claimed',
    code: 'CLAIM_HELD',
    class: 'policy',
    sabotage: async () => tellSpare(purgeOf([(await certifiedPlace('purge held')).segment])),
  },
  {
    name: 'a purge of what nobody placed',
    code: 'CLAIM_MISSING',
    class: 'policy',
    sabotage: () => tellSpare(purgeOf([it.segment('purge never').id])),
  },
  {
    name: 'a purge of a payload nobody released',
    code: 'PAYLOAD_HELD',
    class: 'policy',
    async sabotage() {
      const { claim } = await certifiedPlace('purge payload');
      return tellSpare(purgeOf([], [[claim.origin, 1]]));
    },
  },
  {
    name: 'a purge that does not raise the generation',
    code: 'GENERATION_OLD',
    class: 'policy',
    async sabotage() {
      const { segment } = await certifiedPlace('purge generation');
      return tellSpare({ kind: 'purge', segments: [segment], payloads: [], generation: 0 });
    },
  },
  {
    name: 'a sweep of a device',
    code: 'RIGHT_MISSING',
    class: 'never',
    sabotage: () => it.tell([{ kind: 'sweep', generation: 1 }]),
  },
  ...(
    [
      ['the daemon itself', 'KEEPER_SELF', 'never', () => it.spare.id],
      ['a daemon without the fragment', 'HOLDER_GONE', 'policy', () => it.holder(1).id],
      ['a daemon of no charter', 'UNKNOWN_HOLDER', 'policy', () => '00'.repeat(16)],
    ] satisfies [string, string, Class, () => string][]
  ).map(
    ([name, code, refusal, keeper]): Row => ({
      name: `a trim that relies on ${name}`,
      code,
      class: refusal,
      async sabotage() {
        const { segment } = await certifiedPlace(`trim ${name}`);
        return tellSpare({ kind: 'trim', segment, index: 0, keeper: daemonIdBytes(keeper()), generation: 1 });
      },
    }),
  ),
];

const audit = (change: Partial<Payloads['audit']> = {}): Payload => ({
  kind: 'audit',
  daemon: daemonIdBytes(it.holder(1).id),
  head: { origin: it.device().pen.origin, size: 1, root: new Uint8Array(32) },
  round: 1,
  challenged: 8,
  failed: [],
  degraded: [],
  restored: [],
  ...change,
});

/** The answer to the spare daemon's audit of site 1's daemon, derived from the head of a certified place's log. */
async function auditing(
  name: string,
  of: (segment: Uint8Array) => { root?: Uint8Array; change?: Partial<Payloads['audit']> },
): Promise<unknown> {
  const { pen, genesis } = it.device();
  const place = it.place(name);
  pen.write([genesis, place]);
  await it.certify(pen);
  const { origin, size, root } = readHead(pen.checkpoint());
  const { root: other = root, change } = of(place.segment);
  return tellSpare(audit({ head: { origin, size, root: other }, ...change }));
}

const standing: Row[] = [
  {
    name: 'a loss of a site that no charter lists',
    code: 'SITE_UNKNOWN',
    class: 'policy',
    sabotage: () => tellSpare({ kind: 'site-lost', site: 'atlantis' }),
  },
  {
    name: 'maintenance of another hoster’s site',
    code: 'SITE_OTHER',
    class: 'policy',
    sabotage: () => tellSpare({ kind: 'maintenance', site: it.lapsed.name, until: nodeClock.now() }),
  },
  {
    name: 'a loss told by a device',
    code: 'RIGHT_MISSING',
    class: 'never',
    sabotage: () => it.tell([{ kind: 'site-lost', site: it.spare.name }]),
  },
  {
    name: 'a drill begun by a daemon',
    code: 'RIGHT_MISSING',
    class: 'never',
    sabotage: () =>
      tellSpare({
        kind: 'drill',
        drill: new Uint8Array(16),
        phase: 'begun',
        scenario: 'burn-one-site',
        plan: new Uint8Array(32),
        floor: null,
        report: null,
      }),
  },
  {
    name: 'a readmission after what is no loss',
    code: 'READMIT_OTHER',
    class: 'policy',
    async sabotage() {
      const { claim } = await certifiedPlace('readmit');
      return tellSpare({ kind: 'readmit', losses: [[claim.origin, 1]] });
    },
  },
  {
    name: 'a readmission after a loss nobody has seen',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () => tellSpare({ kind: 'readmit', losses: [[it.device().pen.origin, 1]] }),
  },
  {
    name: 'an audit of itself',
    code: 'AUDIT_OWN',
    class: 'policy',
    sabotage: () => tellSpare(audit({ daemon: daemonIdBytes(it.spare.id) })),
  },
  {
    name: 'an audit derived from a head nobody has seen',
    code: 'EVIDENCE_MISSING',
    class: 'later',
    sabotage: () => tellSpare(audit()),
  },
  {
    name: 'an audit derived from a root of its own choice',
    code: 'AUDIT_OTHER',
    class: 'never',
    sabotage: () => auditing('audit root', () => ({ root: new Uint8Array(32) })),
  },
  {
    name: 'an audit of a fragment that another daemon holds',
    code: 'HOLDER_GONE',
    class: 'policy',
    sabotage: () =>
      auditing('audit other', (segment) => ({ change: { degraded: [[segment, 0, 0, 'LEAF_WRONG']] } })),
  },
];

const budgets: Row[] = [
  {
    name: 'more ledger bytes than a day’s budget',
    code: 'BUDGET_SPENT',
    class: 'later',
    sabotage: () => it.tell([objects('a'.repeat(5_000))], { at: POOR }),
  },
  {
    name: 'more signatures to check than a day’s budget',
    code: 'BUDGET_SPENT',
    class: 'later',
    sabotage: () => it.tell([it.place('checks 1'), it.place('checks 2'), it.place('checks 3')], { at: POOR }),
  },
];

const groups = {
  writers,
  appends,
  places,
  receipts,
  keepsAndVoids,
  custodies,
  releases,
  erasings,
  standing,
  budgets,
};

describe.each(Object.entries(groups))('%s', (_group, rows) => {
  test.each(rows)('$name: $code', async (row) => {
    expect(await outcomeOf(row.sabotage())).toEqual({
      code: row.code,
      ...(row.class === undefined ? {} : { class: row.class satisfies Class }),
    });
  });
});

/** Codes without a row here, and why. */
const elsewhere: { readonly [code: string]: string } = {
  ...Object.fromEntries(
    ['SEGMENT_PURGED', 'GRACE_RUNNING', 'RETENTION_BACKDATED', 'COPY_RELIED_ON', 'RELEASE_TOO_LARGE'].map(
      (code) => [code, 'takes weeks, or thousands of segments: the ledger has a row'],
    ),
  ),
  LEDGER_HEALING: 'the ledger: healing.test.ts',
  PAYLOAD_WITHHELD: 'the ledger: erased.test.ts',
  EPOCH_OPENING: 'the ledger: epochs.test.ts',
  ADOPTED_ALREADY: 'the ledger: seals.test.ts',
  NOTE_FORGED: 'the ledger: seals.test.ts',
  DISK_FULL: 'fragments.test.ts',
  VOTER_STARTING: 'voter-restart.test.ts',
  VOTER_NONE: 'voter-restart.test.ts',
};

test('every code that admission, writers and delegations refuse with has a row', () => {
  const shown = new Set(Object.values(groups).flatMap((rows) => rows.map(({ code }) => code)));
  const text = [
    'admission',
    'admission-view',
    'admit-place',
    'admit-audit',
    'admit-claims',
    'admit-consortium',
    'admit-custody',
    'admit-erasing',
    'refusal',
    'writer',
    'root-note',
    'segment',
    'budget',
  ]
    .map((name) => readFileSync(new URL(`../../packages/ledger/src/${name}.ts`, import.meta.url), 'utf8'))
    .join('\n');
  const codes = new Set([...text.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, code]) => code as string));
  codes.delete('DEVICES_MANY');
  expect(codes.size).toBeGreaterThan(30);
  expect([...codes].filter((code) => !shown.has(code) && elsewhere[code] === undefined)).toEqual([]);
});

describe('what is right is cosigned', () => {
  test('a void of what is certified: it cannot be unsigned, and has no effect', async () => {
    const { pen, genesis } = it.device();
    const place = it.place('certified, then voided');
    pen.write([genesis, place]);
    await it.certify(pen);
    expect(await outcomeOf(it.bring(pen.write([voidOf(1), keepOf(place.segment)])))).toEqual({
      code: 'cosigned',
    });
  });

  test('a place with receipts from real uploads, under each policy', async () => {
    for (const [policy, shape] of [
      ['standard', {}],
      ['wide', { k: 3, m: 1 }],
    ] as const) {
      const segment = it.segment(`stored ${policy}`, shape);
      const given = new Map<number, Uint8Array>();
      for (const index of [0, 1, 2, 3]) {
        given.set(index, (await it.courier.upload(index, segment, index)).receipt);
      }
      const place = placeOf(it.charter, segment, {
        holders: it.holders(),
        receipt: (index) => given.get(index),
      });
      expect(await outcomeOf(it.tell([place], { device: { policy } }))).toEqual({ code: 'cosigned' });
      const read = await it.courier.download(2, segment, 2);
      expect(equalBytes(read, segment.fragments[2] as Uint8Array)).toBe(true);
    }
  });

  test('a place under an earlier charter in which all of it holds', async () => {
    expect(await outcomeOf(placed('earlier', { change: { charter: 1 } }))).toEqual({ code: 'cosigned' });
  });

  test('a refused entry, when the same append voids it', async () => {
    const lapsed = it.place('void lapsed', { holders: [it.lapsed, ...it.holders().slice(1)] });
    expect(await outcomeOf(it.tell([lapsed]))).toMatchObject({ code: 'DECLARATION_EXPIRED' });
    expect(await outcomeOf(it.tell([lapsed, voidOf(1)]))).toEqual({ code: 'cosigned' });
  });

  test('custody of one more fragment, and a keep of what is certified', async () => {
    expect(await outcomeOf(holding('custody right', [{ index: 3 }]))).toEqual({ code: 'cosigned' });
    const { pen, genesis } = it.device();
    const place = it.place('kept on');
    pen.write([genesis, place]);
    await it.certify(pen);
    expect(await outcomeOf(it.bring(pen.write([keepOf(place.segment)])))).toEqual({ code: 'cosigned' });
  });

  test('what a void needs, beyond the budget, and no more than its reserve', async () => {
    const { pen, genesis } = it.device({}, it.hospital);
    await it.mustBring(pen.write([genesis, objects('a'.repeat(2_900))]), POOR);
    const spent = pen.copy();
    expect(await outcomeOf(it.bring(spent.write([objects('b'.repeat(600))]), POOR))).toMatchObject({
      code: 'BUDGET_SPENT',
    });
    await it.mustBring(pen.write([objects('b'.repeat(600)), voidOf(2)]), POOR);
    const third = pen.write([objects('b'.repeat(600)), voidOf(4)]);
    expect(await outcomeOf(it.bring(third, POOR))).toMatchObject({ code: 'BUDGET_SPENT' });
  });

  test('the same bytes again, with the same answer', async () => {
    const { pen, genesis } = it.device();
    const append = pen.write([genesis, objects('again')]);
    const first = await it.mustBring(append);
    expect(await it.mustBring(append)).toBe(first);
  });
});

test('a refused append leaves nothing behind, and the entry refused is named', async () => {
  const { pen, genesis } = it.device();
  await it.mustBring(pen.write([genesis]));
  const other = pen.copy();
  const refused = await it.bring(other.write([objects('a'), keepOf(it.segment('never').id)]));
  expect(refused).toMatchObject({ result: 'refused', index: 2, fault: { code: 'CLAIM_MISSING' } });
  await it.mustBring(pen.write([objects('b')]));
});
