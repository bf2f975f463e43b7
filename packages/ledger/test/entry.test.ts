// Entries and payloads: strict in every field, chained, committed; receipts and segment ids bind what they name.

import { createHash } from 'node:crypto';
import { concat, daemonIdBytes, decodeCbor, ENTRY_BYTES_MAX, encodeCbor as encode, utf8 } from '@vauban/core';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import {
  commitOf,
  decodeEntry,
  decodePayload,
  encodeEntry,
  encodePayload,
  type Entry,
  entryKinds,
  leafHashOf,
  makeEntry,
  NO_PREVIOUS,
  openEntry,
  type Payload,
  type ReceiptClaim,
  type SegmentDescriptor,
  segmentIdOf,
  signReceipt,
  verifyReceipt,
} from '../src/index.ts';
import { crypto, daemonOf, NOW, publicOf, sampleCharter, seedOf } from './sample-charter.ts';
import {
  adoptOf,
  auditOf,
  custodyOf,
  daemonGenesis,
  deviceGenesis,
  keepOf,
  drillOf,
  maintenanceOf,
  objects,
  Pen,
  placeOf,
  purgeOf,
  readmitOf,
  releaseOf,
  siteLostOf,
  sweepOf,
  trimOf,
  VAULT,
  voidOf,
} from './samples.ts';

const decode = (bytes: Uint8Array) => decodeCbor(v.unknown(), bytes, 'anything', 65_536);
const malformed = expect.objectContaining({ kind: 'refused', code: 'MALFORMED' });
const place = placeOf(sampleCharter(9));
const claim = { origin: `grand-est/${'ab'.repeat(32)}`, index: 3 };
const head = { origin: claim.origin, size: 4, root: VAULT };
const pen = new Pen('device laptop');
pen.write([deviceGenesis('laptop'), objects('sealed')]);
const samples: readonly Payload[] = [
  deviceGenesis('laptop'),
  daemonGenesis('h1'),
  { kind: 'genesis', writer: 'operator', operator: 'crisis' },
  place,
  placeOf(sampleCharter(9), { holders: ['h1', undefined] }),
  keepOf(VAULT, place.segment),
  objects('sealed'),
  voidOf(7),
  custodyOf(place, { holder: 'h1', index: 4, claim, size: 5 }),
  { kind: 'lost', fragments: [[VAULT, 0]] },
  adoptOf(pen, 1),
  releaseOf([claim], 4),
  purgeOf(1, [VAULT], [claim]),
  sweepOf(2),
  trimOf({ segment: VAULT, index: 4, keeper: 'h2' }, 3),
  siteLostOf('metz-1'),
  maintenanceOf('metz-1', NOW),
  drillOf(),
  drillOf({ phase: 'aborted', floor: null, report: VAULT }),
  readmitOf(claim),
  readmitOf(),
  auditOf('h2', head),
  auditOf('h2', head, {
    failed: [[VAULT, 4, 0, 'UNREACHABLE']],
    degraded: [[VAULT, 5, 1, 'LEAF_WRONG']],
    restored: [[VAULT, 6]],
  }),
];

const entry: Entry = { kind: 'objects', previous: crypto.sha256(utf8('before')), time: NOW, commit: VAULT };
const encoded = encodeEntry(entry);

describe('entries', () => {
  test('are five fields in a row, and come back', () => {
    expect(decode(encoded)).toEqual(['vauban/entry/0', 'objects', entry.previous, NOW, VAULT]);
    expect(decodeEntry(encoded)).toEqual(entry);
    expect(Math.max(...entryKinds.map((kind) => encodeEntry({ ...entry, kind }).length))).toBeLessThan(
      ENTRY_BYTES_MAX,
    );
  });

  test.each([
    ['another version', 0, 'vauban/entry/1'],
    ['an unknown kind', 1, 'erase'],
    ['a kind that is no text', 1, 3],
    ['a short link', 2, VAULT.subarray(1)],
    ['no link', 2, null],
    ['a time before 1970', 3, -1],
    ['a fraction of a time', 3, 0.5],
    ['a time as text', 3, String(NOW)],
    ['a long commitment', 4, concat(VAULT, VAULT)],
    ['a commitment as text', 4, 'ab'.repeat(16)],
  ])('with %s are refused', (_what, at, value) => {
    const fields = decode(encoded) as unknown[];
    fields[at] = value;
    expect(() => decodeEntry(encode(fields))).toThrow(malformed);
  });

  test.each([
    ['a trailing byte', concat(encoded, Uint8Array.of(0))],
    ['a byte less', encoded.subarray(0, -1)],
    ['a field more', encode([...(decode(encoded) as unknown[]), 0])],
    ['a field less', encode((decode(encoded) as unknown[]).slice(1))],
    ['a map', encode({ ...entry })],
    ['an array of a length written in two bytes', concat(Uint8Array.of(0x98, 5), encoded.subarray(1))],
    ['an array of open length', concat(Uint8Array.of(0x9f), encoded.subarray(1), Uint8Array.of(0xff))],
    ['nothing', new Uint8Array(0)],
  ])('with %s are refused', (_what, bytes) => {
    expect(() => decodeEntry(bytes)).toThrow(malformed);
  });

  test('of endless length are refused unread', () => {
    expect(() => decodeEntry(new Uint8Array(ENTRY_BYTES_MAX + 1))).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
  });

  test('every bit counts: what can be flipped and still decodes says something else', () => {
    let decoded = 0;
    for (let bit = 0; bit < 8 * encoded.length; bit++) {
      const flipped = encoded.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      let other: Entry | undefined;
      try {
        other = decodeEntry(flipped);
      } catch {
        continue;
      }
      decoded += 1;
      expect(other).not.toEqual(entry);
    }
    // Link, time and commitment may be anything; all else is fixed.
    expect(decoded).toBeGreaterThan(8 * 64);
    expect(decoded).toBeLessThan(8 * 72);
  });

  test('the leaf hash is RFC 6962’s, the commitment is ours', () => {
    const salt = crypto.sha256(utf8('salt'));
    const sha = (...parts: Uint8Array[]) =>
      new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
    expect(leafHashOf(crypto, encoded)).toEqual(sha(Uint8Array.of(0), encoded));
    expect(commitOf(crypto, salt, utf8('payload'))).toEqual(
      sha(utf8('vauban/commit/0\n'), salt, utf8('payload')),
    );
  });
});

describe('payloads', () => {
  test.each(samples.map((payload) => [payload.kind, payload] as const))('%s comes back', (kind, payload) => {
    const bytes = encodePayload(payload);
    expect(decodePayload(kind, bytes)).toEqual(payload);
    for (const other of entryKinds.filter((one) => one !== kind)) {
      expect(() => decodePayload(other, bytes)).toThrow(malformed);
    }
  });

  test.each(samples.map((payload) => [payload.kind, payload] as const))(
    '%s is refused with any field missing, changed in type, or added',
    (kind, payload) => {
      const refuse = (fields: object) => expect(() => decodePayload(kind, encode(fields))).toThrow(malformed);
      for (const name of Object.keys(payload)) {
        const { [name]: _gone, ...rest } = payload as unknown as Record<string, unknown>;
        refuse(rest);
        refuse({ ...payload, [name]: { odd: true } });
        refuse({ ...payload, [name]: -1 });
        // A log that is nobody's successor says so, a drill that never aborts, or has no report yet.
        if (!['adopts', 'floor', 'report'].includes(name)) refuse({ ...payload, [name]: null });
      }
      refuse({ ...payload, more: 1 });
    },
  );

  test('what begins a drill has no report', () => {
    const begun = drillOf({ report: VAULT });
    expect(() => decodePayload('drill', encode(begun))).toThrow(malformed);
  });

  test('a map in another order is refused, though it says the same', () => {
    const bytes = encodePayload(voidOf(7));
    // {kind: 'void', index: 7}: shorter keys come first, so 'kind' does.
    expect([...bytes.subarray(0, 6)]).toEqual([0xa2, 0x64, ...utf8('kind')]);
    const kind = bytes.subarray(1, 11);
    const index = bytes.subarray(11);
    expect(() => decodePayload('void', concat(bytes.subarray(0, 1), index, kind))).toThrow(malformed);
    expect(decodePayload('void', concat(bytes.subarray(0, 1), kind, index))).toEqual(voidOf(7));
  });

  test.each<[string, Payload, string]>([
    ['a thousand and one kept segments', keepOf(...Array.from({ length: 1_001 }, () => VAULT)), 'MALFORMED'],
    ['no kept segment', keepOf(), 'MALFORMED'],
    ['no lost fragment', { kind: 'lost', fragments: [] }, 'MALFORMED'],
    ['a release of nothing', releaseOf([]), 'MALFORMED'],
    ['a purge of nothing', purgeOf(1, []), 'MALFORMED'],
    [
      'a release of a thousand and one payloads',
      releaseOf([], ...Array.from({ length: 1_001 }, (_, at) => at)),
      'MALFORMED',
    ],
    [
      'a purge of a thousand and one segments',
      purgeOf(
        1,
        Array.from({ length: 1_001 }, () => VAULT),
      ),
      'MALFORMED',
    ],
    [
      'an audit of five hundred and one failures',
      auditOf('h2', head, {
        failed: Array.from({ length: 501 }, (): [Uint8Array, number, number, string] => [VAULT, 0, 0, 'A']),
      }),
      'MALFORMED',
    ],
    [
      'an audit with words for a code',
      auditOf('h2', head, { failed: [[VAULT, 0, 0, 'it did not answer']] }),
      'MALFORMED',
    ],
    [
      'an audit that finds a fragment degraded and restored at once',
      auditOf('h2', head, { degraded: [[VAULT, 1, 0, 'LEAF_WRONG']], restored: [[VAULT, 1]] }),
      'MALFORMED',
    ],
    ['a site of 41 characters', siteLostOf('x'.repeat(41)), 'MALFORMED'],
    ['a record larger than a payload', objects('x'.repeat(70_000)), 'TOO_LARGE'],
    [
      '256 fragments',
      { ...place, fragments: Array.from({ length: 256 }, (): [Uint8Array] => [VAULT]) },
      'MALFORMED',
    ],
    [
      'a daemon id of 15 bytes',
      { kind: 'genesis', writer: 'daemon', daemon: new Uint8Array(15) },
      'MALFORMED',
    ],
  ])('%s: refused', (_what, payload, code) => {
    expect(() => decodePayload(payload.kind, encodePayload(payload))).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('an entry opens with its own salt and payload only', () => {
    const made = makeEntry(crypto, { previous: NO_PREVIOUS, time: NOW, payload: objects('a'), salt: VAULT });
    expect(openEntry(crypto, made.entry, made.salted)).toMatchObject({
      leafHash: made.leafHash,
      payload: objects('a'),
      entry: { kind: 'objects', previous: NO_PREVIOUS, time: NOW },
    });
    const mismatch = expect.objectContaining({ code: 'COMMIT_MISMATCH' });
    expect(() =>
      openEntry(crypto, made.entry, { ...made.salted, payload: encodePayload(objects('b')) }),
    ).toThrow(mismatch);
    expect(() => openEntry(crypto, made.entry, { ...made.salted, salt: crypto.sha256(VAULT) })).toThrow(
      mismatch,
    );
    // A byte moved from payload to salt must not commit to the same.
    const shifted = {
      salt: concat(VAULT, made.salted.payload.subarray(0, 1)),
      payload: made.salted.payload.subarray(1),
    };
    expect(() => openEntry(crypto, made.entry, shifted)).toThrow(mismatch);
  });

  test('an entry whose kind is not its payload’s is refused though it commits to it', () => {
    const payload = encodePayload(voidOf(1));
    const lying = encodeEntry({
      kind: 'keep',
      previous: NO_PREVIOUS,
      time: NOW,
      commit: commitOf(crypto, VAULT, payload),
    });
    expect(() => openEntry(crypto, lying, { salt: VAULT, payload })).toThrow(malformed);
  });
});

describe('receipts and segment ids', () => {
  const right: ReceiptClaim = {
    charterName: 'grand-est',
    segment: place.segment,
    index: 4,
    root: VAULT,
    bytes: 17_408,
    daemon: daemonOf('h5'),
    generation: 2,
  };
  const signature = signReceipt(crypto, right, seedOf('receipt h5'));
  const holds = (claimed: ReceiptClaim, receiptKey = publicOf('receipt h5')) =>
    verifyReceipt(crypto, claimed, { signature, receiptKey });

  test('a receipt holds for what it was given', () => {
    expect(holds(right)).toBe(true);
  });

  test.each<[keyof ReceiptClaim, ReceiptClaim]>([
    ['charterName', { ...right, charterName: 'sud' }],
    ['segment', { ...right, segment: VAULT }],
    ['index', { ...right, index: 5 }],
    ['root', { ...right, root: place.segment }],
    ['bytes', { ...right, bytes: 17_409 }],
    ['daemon', { ...right, daemon: daemonOf('h6') }],
    ['generation', { ...right, generation: 3 }],
  ])('replayed for another %s it fails', (_field, claimed) => {
    expect(holds(claimed)).toBe(false);
  });

  test('every field of a claim is in that list', () => {
    expect(Object.keys(right).length).toBe(7);
  });

  test('another key fails', () => {
    expect(holds(right, publicOf('log h5'))).toBe(false);
  });

  const descriptor: SegmentDescriptor = {
    vault: VAULT,
    code: 'rs',
    k: 2,
    m: 1,
    cellBytes: 16_384,
    stripes: 2,
    lastCellBytes: 1_024,
    roots: [VAULT, place.segment, VAULT],
  };

  // A receipt names the segment id, and so binds all of this as well: vault and code among it.
  test.each<[keyof SegmentDescriptor, SegmentDescriptor]>([
    ['vault', { ...descriptor, vault: place.segment }],
    ['code', { ...descriptor, code: 'clay' }],
    ['k', { ...descriptor, k: 3 }],
    ['m', { ...descriptor, m: 2 }],
    ['cellBytes', { ...descriptor, cellBytes: 32_768 }],
    ['stripes', { ...descriptor, stripes: 3 }],
    ['lastCellBytes', { ...descriptor, lastCellBytes: 2_048 }],
    ['roots', { ...descriptor, roots: [place.segment, VAULT, VAULT] }],
  ])('another %s is another segment', (_field, other) => {
    expect(segmentIdOf(crypto, other)).not.toEqual(segmentIdOf(crypto, descriptor));
  });

  test('the id is the hash of a domain and of the fields in a row', () => {
    const fields = [VAULT, 'rs', 2, 1, 16_384, 2, 1_024, [VAULT, place.segment, VAULT]];
    const id = createHash('sha256').update('vauban/segment/0\n').update(encode(fields)).digest();
    expect(segmentIdOf(crypto, descriptor)).toEqual(new Uint8Array(id));
    expect(daemonIdBytes(right.daemon).length).toBe(16);
  });
});
