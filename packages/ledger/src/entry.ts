// Entries and payloads. An entry is a Merkle leaf that says only kind, order, time and a commitment; the payload and
// its salt travel beside it, so that a payload can be erased later while the log goes on verifying (SPEC: entries).

import {
  codeNames,
  type Crypto,
  concat,
  decodeCbor,
  ENTRY_BYTES_MAX,
  encodeCbor,
  equalBytes,
  Fault,
  fromUtf8,
  NOTE_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  SHARDS_MAX,
  shape,
  slugPattern,
  toHex,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';

export const entryKinds = [
  'genesis',
  'place',
  'keep',
  'objects',
  'void',
  'custody',
  'lost',
  'adopt',
  'release',
  'purge',
  'sweep',
  'trim',
  'site-lost',
  'maintenance',
  'readmit',
  'audit',
  'drill',
] as const;
export type EntryKind = (typeof entryKinds)[number];

/** Format. What a later log may take over has to fit an `adopt` together with its evidence. */
export const ADOPTABLE_BYTES_MAX = PAYLOAD_BYTES_MAX - 8_192;

/** What the first entry of a log has as `previous`. */
export const NO_PREVIOUS: Uint8Array = new Uint8Array(32);

export interface Entry {
  readonly kind: EntryKind;
  /** Leaf hash of the entry before: the hash chain. */
  readonly previous: Uint8Array;
  /** The writer's wall time, in milliseconds. */
  readonly time: number;
  /** SHA-256(domain ‖ salt ‖ payload). */
  readonly commit: Uint8Array;
}

const entrySchema = v.strictTuple([
  v.literal('vauban/entry/0'),
  v.picklist(entryKinds),
  shape.bytes(32),
  shape.time(),
  shape.bytes(32),
]);

export function encodeEntry(entry: Entry): Uint8Array {
  return encodeCbor(['vauban/entry/0', entry.kind, entry.previous, entry.time, entry.commit]);
}

/** Faults: MALFORMED, TOO_LARGE. */
export function decodeEntry(bytes: Uint8Array): Entry {
  const [, kind, previous, time, commit] = decodeCbor(entrySchema, bytes, 'entry', ENTRY_BYTES_MAX);
  return { kind, previous, time, commit };
}

const leafPrefix = Uint8Array.of(0);

/** RFC 6962 leaf hash of an encoded entry. */
export function leafHashOf(crypto: Crypto, entry: Uint8Array): Uint8Array {
  return crypto.sha256(leafPrefix, entry);
}

export function commitOf(crypto: Crypto, salt: Uint8Array, payload: Uint8Array): Uint8Array {
  return crypto.sha256(utf8('vauban/commit/0\n'), salt, payload);
}

const daemonBytes = shape.bytes(16);
const claimName = v.strictObject({ origin: shape.text(140), index: shape.count() });
export type ClaimName = v.InferOutput<typeof claimName>;

/** A claim, or an entry whose payload is meant, in a list: [origin, index]. */
const namedEntry = v.strictTuple([shape.text(140), shape.count()]);
/** As many as one entry may name; the payload's own limit holds as well. */
const NAMED_MAX = 1_000;

/** Findings of each sort that one audit may list: a voter looks each of them up. */
const FINDINGS_MAX = 500;
const faultCode = v.pipe(v.string(), v.regex(/^[A-Z][A-Z_]{0,39}$/));
/** A challenge that was not answered well: [segment, index, leaf, why]. */
const finding = v.strictTuple([shape.bytes(32), shape.count(SHARDS_MAX), shape.count(), faultCode]);
const findings = v.pipe(v.array(finding), v.maxLength(FINDINGS_MAX));

/** A fragment of a place: [root], or [root, daemon, generation, receipt] where one holds it. */
const placedFragment = v.union([
  v.strictTuple([shape.bytes(32)]),
  v.strictTuple([shape.bytes(32), daemonBytes, shape.count(), shape.bytes(64)]),
]);

/** A successor log says which head of the log before it stays in force. */
const adoptedHead = v.strictObject({
  origin: shape.text(140),
  size: shape.count(),
  root: shape.bytes(32),
  certificate: shape.text(NOTE_BYTES_MAX),
});
export type AdoptedHead = v.InferOutput<typeof adoptedHead>;

const schemas = {
  genesis: v.variant('writer', [
    v.strictObject({
      kind: v.literal('genesis'),
      writer: v.literal('device'),
      note: shape.bytesUpTo(4_096),
      adopts: v.nullable(adoptedHead),
    }),
    v.strictObject({ kind: v.literal('genesis'), writer: v.literal('daemon'), daemon: daemonBytes }),
    v.strictObject({ kind: v.literal('genesis'), writer: v.literal('operator'), operator: shape.text(40) }),
  ]),
  place: v.strictObject({
    kind: v.literal('place'),
    segment: shape.bytes(32),
    charter: shape.count(),
    vault: shape.bytes(32),
    code: v.picklist(codeNames),
    k: shape.count(SHARDS_MAX),
    m: shape.count(SHARDS_MAX),
    cellBytes: shape.count(),
    stripes: shape.count(),
    lastCellBytes: shape.count(),
    retainUntil: shape.time(),
    fragments: v.pipe(v.array(placedFragment), v.maxLength(SHARDS_MAX)),
  }),
  keep: v.strictObject({
    kind: v.literal('keep'),
    segments: v.pipe(v.array(shape.bytes(32)), v.minLength(1), v.maxLength(1_000)),
  }),
  /** Sealed by the agency: opaque to hosters. */
  objects: v.strictObject({
    kind: v.literal('objects'),
    sealed: shape.bytesUpTo(ADOPTABLE_BYTES_MAX - 64),
  }),
  void: v.strictObject({ kind: v.literal('void'), index: shape.count() }),
  custody: v.strictObject({
    kind: v.literal('custody'),
    segment: shape.bytes(32),
    index: shape.count(SHARDS_MAX),
    root: shape.bytes(32),
    bytes: shape.count(),
    generation: shape.count(),
    receipt: shape.bytes(64),
    /** The claim that certifies the root, and the size of a certified head of its log that covers it. */
    place: claimName,
    size: shape.count(),
  }),
  lost: v.strictObject({
    kind: v.literal('lost'),
    fragments: v.pipe(
      v.array(v.strictTuple([shape.bytes(32), shape.count(SHARDS_MAX)])),
      v.minLength(1),
      v.maxLength(1_000),
    ),
  }),
  /** An entry of a sealed log taken over, with all that is needed to check it. */
  adopt: v.strictObject({
    kind: v.literal('adopt'),
    origin: shape.text(140),
    index: shape.count(),
    /** Leaf hash of the entry: which of several branches is meant. */
    branch: shape.bytes(32),
    /** Writer-signed head of that branch, and the entry's inclusion proof under it (RFC 6962). */
    checkpoint: shape.text(1_024),
    proof: v.pipe(v.array(shape.bytes(32)), v.maxLength(53)),
    /** The delegation of the log's device: whoever never saw the log can check it all the same. */
    note: shape.bytesUpTo(4_096),
    record: v.strictObject({
      entry: shape.bytesUpTo(ENTRY_BYTES_MAX),
      salt: shape.bytes(32),
      payload: shape.bytesUpTo(ADOPTABLE_BYTES_MAX),
    }),
  }),
  /** Claims of the writer's vault given up, and own `objects` entries whose payload may be erased. */
  release: v.pipe(
    v.strictObject({
      kind: v.literal('release'),
      claims: v.pipe(v.array(namedEntry), v.maxLength(NAMED_MAX)),
      objects: v.pipe(v.array(shape.count()), v.maxLength(NAMED_MAX)),
    }),
    v.check(({ claims, objects }) => claims.length + objects.length > 0, 'expected something to release'),
  ),
  /** What this daemon erases once it is certified: whole segments, and payloads of `objects` entries. */
  purge: v.pipe(
    v.strictObject({
      kind: v.literal('purge'),
      segments: v.pipe(v.array(shape.bytes(32)), v.maxLength(NAMED_MAX)),
      payloads: v.pipe(v.array(namedEntry), v.maxLength(NAMED_MAX)),
      generation: shape.count(),
    }),
    v.check(({ segments, payloads }) => segments.length + payloads.length > 0, 'expected something to purge'),
  ),
  /** This daemon erases what was uploaded to it and never placed. */
  sweep: v.strictObject({ kind: v.literal('sweep'), generation: shape.count() }),
  /** This daemon erases its copy of a fragment that `keeper` holds too. */
  trim: v.strictObject({
    kind: v.literal('trim'),
    segment: shape.bytes(32),
    index: shape.count(SHARDS_MAX),
    keeper: daemonBytes,
    generation: shape.count(),
  }),
  /** Nothing on this site is counted on any more, until its daemons say that they are back. */
  'site-lost': v.strictObject({ kind: v.literal('site-lost'), site: shape.text(40) }),
  /** The site is away on purpose until then; a time that is over ends it. */
  maintenance: v.strictObject({
    kind: v.literal('maintenance'),
    site: shape.text(40),
    until: shape.time(),
  }),
  /** This daemon counts again; `losses` are the `site-lost` entries that it answers. */
  readmit: v.strictObject({
    kind: v.literal('readmit'),
    losses: v.pipe(v.array(namedEntry), v.maxLength(NAMED_MAX)),
  }),
  /** What this daemon found when it challenged another one. */
  audit: v.pipe(
    v.strictObject({
      kind: v.literal('audit'),
      daemon: daemonBytes,
      /** The certified head that the leaves asked for were derived from. */
      head: v.strictObject({ origin: shape.text(140), size: shape.count(), root: shape.bytes(32) }),
      round: shape.count(),
      /** Leaves asked for. */
      challenged: shape.count(),
      /** Once; again and again, so that it counts against the holder; and right again after that. */
      failed: findings,
      degraded: findings,
      restored: v.pipe(
        v.array(v.strictTuple([shape.bytes(32), shape.count(SHARDS_MAX)])),
        v.maxLength(FINDINGS_MAX),
      ),
    }),
    v.check(({ degraded, restored }) => {
      const bad = new Set(degraded.map(([segment, index]) => `${toHex(segment)}/${index}`));
      return !restored.some(([segment, index]) => bad.has(`${toHex(segment)}/${index}`));
    }, 'expected no fragment both degraded and restored'),
  ),
  /** A drill begins, with what it is to be and below which margin it aborts; ends; or was aborted. */
  drill: v.pipe(
    v.strictObject({
      kind: v.literal('drill'),
      drill: shape.bytes(16),
      phase: v.picklist(['begun', 'ended', 'aborted']),
      /** Name and SHA-256 of the scenario file. */
      scenario: v.pipe(v.string(), v.regex(slugPattern)),
      plan: shape.bytes(32),
      /** Aborts below this margin of the worst segment; null: never. */
      floor: v.nullable(shape.count(SHARDS_MAX)),
      /** SHA-256 of the sealed report; null in what begins a drill, and where none could be made. */
      report: v.nullable(shape.bytes(32)),
    }),
    v.check(({ phase, report }) => phase !== 'begun' || report === null, 'expected no report of what begins'),
  ),
} as const satisfies Record<EntryKind, v.GenericSchema>;

export type Payloads = { readonly [Kind in EntryKind]: v.InferOutput<(typeof schemas)[Kind]> };
export type Payload = Payloads[EntryKind];
export type Place = Payloads['place'];
export type PlacedFragment = Place['fragments'][number];

export function encodePayload(payload: Payload): Uint8Array {
  return encodeCbor(payload);
}

/** Faults: MALFORMED (also when the payload is of another kind than its entry says), TOO_LARGE. */
export function decodePayload<Kind extends EntryKind>(kind: Kind, bytes: Uint8Array): Payloads[Kind] {
  return decodeCbor(
    schemas[kind] as v.GenericSchema,
    bytes,
    `${kind} payload`,
    PAYLOAD_BYTES_MAX,
  ) as Payloads[Kind];
}

/** What travels and is stored for one leaf. */
export interface SaltedPayload {
  readonly salt: Uint8Array;
  readonly payload: Uint8Array;
}

/** An entry with its payload, decoded and checked against each other. */
export interface OpenEntry {
  readonly entry: Entry;
  readonly leafHash: Uint8Array;
  readonly payload: Payload;
}

/** Decodes both and checks the commitment. Faults: MALFORMED, TOO_LARGE, COMMIT_MISMATCH. */
export function openEntry(crypto: Crypto, bytes: Uint8Array, salted: SaltedPayload): OpenEntry {
  const entry = decodeEntry(bytes);
  if (salted.salt.length !== 32 || !equalBytes(commitOf(crypto, salted.salt, salted.payload), entry.commit)) {
    throw new Fault('refused', 'COMMIT_MISMATCH', `a ${entry.kind} entry does not commit to its payload`, {
      kind: entry.kind,
    });
  }
  return { entry, leafHash: leafHashOf(crypto, bytes), payload: decodePayload(entry.kind, salted.payload) };
}

/** Writes the next entry of a log. `salt` must be 32 fresh random bytes. */
export function makeEntry(
  crypto: Crypto,
  of: { previous: Uint8Array; time: number; payload: Payload; salt: Uint8Array },
): { readonly entry: Uint8Array; readonly salted: SaltedPayload; readonly leafHash: Uint8Array } {
  const payload = encodePayload(of.payload);
  const entry = encodeEntry({
    kind: of.payload.kind,
    previous: of.previous,
    time: of.time,
    commit: commitOf(crypto, of.salt, payload),
  });
  return { entry, salted: { salt: of.salt, payload }, leafHash: leafHashOf(crypto, entry) };
}

/** Key bytes of a claim name, for indexes: origin ‖ 0x00 ‖ index. */
export function claimKey(claim: ClaimName): Uint8Array {
  const index = new Uint8Array(8);
  new DataView(index.buffer).setBigUint64(0, BigInt(claim.index));
  return concat(utf8(claim.origin), Uint8Array.of(0), index);
}

/** The entry that a key, or its rest, begins with. */
export function nameOfKey(key: Uint8Array): ClaimName {
  const end = key.indexOf(0);
  const index = new DataView(key.buffer, key.byteOffset + end + 1, 8).getBigUint64(0);
  return { origin: fromUtf8(key.subarray(0, end)), index: Number(index) };
}
