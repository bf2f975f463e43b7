// What is known of each segment across all logs: claims, releases, custody, losses, erasings, voids. Derived from
// entries, written in the same batch as they are, so that admission and placement history cost one range read.
// Rows: `H/` by holder (`holder-index`), `S/` by segment, `V/` voids, `R/` releases of claims and payloads, `P/` purges of payloads, `G/` generations.

import {
  concat,
  daemonIdBytes,
  decodeCbor,
  encodeCbor,
  shape,
  type Store,
  type StoreOperation,
  toHex,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import { type Adopt, adoptionRow, adoptionRowKey, effectOf } from './adoption.ts';
import { consortiumRow } from './consortium-rows.ts';
import { type ClaimName, claimKey, nameOfKey, type OpenEntry, type Payload, type Payloads } from './entry.ts';
import type { HeldLogs } from './held-logs.ts';
import { hintRow } from './holder-index.ts';
import type {
  DoubtFact,
  HoldingFact,
  KeepFact,
  PlaceFact,
  PurgeFact,
  ReleaseFact,
  SegmentFacts,
  TrimFact,
} from './segment-facts.ts';
import { readDelegation } from './root-note.ts';
import type { Writer } from './writer.ts';

/** Value of a void without effect: the row stays, so that one that rotted away is not taken for it. */
export const UNDONE: Uint8Array = Uint8Array.of(1);
const segmentPrefix = utf8('S/');
const voidPrefix = utf8('V/');
const releasePrefix = utf8('R/');
const purgePrefix = utf8('P/');
const generationPrefix = utf8('G/');

/** Kinds of rows of a segment: place, keep, custody, lost, trim, x for a purge, and a for what audits say. */
type Mark = 'p' | 'k' | 'c' | 'l' | 't' | 'x' | 'a';
const placeRow = shape.text(40);
const keepRow = shape.bytes(32);
const holdingRow = v.strictTuple([shape.text(32), shape.count(255), shape.time()]);
const trimRow = v.strictTuple([shape.text(32), shape.count(255), shape.time(), shape.text(32)]);
const purgeRow = shape.text(32);
/** Auditor, holder, index, time, degraded. */
const doubtRow = v.strictTuple([shape.text(32), shape.text(32), shape.count(255), shape.time(), v.boolean()]);

function segmentKey(segment: Uint8Array, mark: Mark, by: ClaimName): Uint8Array {
  return concat(segmentPrefix, segment, utf8(mark), claimKey(by));
}

/** Everything below a key: what follows it begins with a length, an origin or a number. */
const under = (start: Uint8Array) => ({ gte: start, lt: concat(start, Uint8Array.of(255, 255)) });

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);

const u64 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
};

/** An entry, where it stands, and whose it is. `now`: when this store got it. */
export interface IndexedEntry {
  readonly name: ClaimName;
  readonly open: OpenEntry;
  readonly writer: Writer;
  readonly now: number;
}

/** Rows that a new entry adds. */
export function indexRows(indexed: IndexedEntry): StoreOperation[] {
  const { payload } = indexed.open;
  const rows = effectRows(indexed, effectOf(payload));
  if (payload.kind === 'adopt') rows.push(adoptionRow(indexed.name, payload));
  return rows;
}

function effectRows({ name, open, writer, now }: IndexedEntry, payload: Payload): StoreOperation[] {
  const { time } = open.entry;
  const daemon = writer.kind === 'daemon' ? writer.daemon : '';
  switch (payload.kind) {
    case 'place': {
      const policy = policyOf(open.payload, writer);
      const { segment, fragments } = payload;
      const hints = fragments.flatMap((one) => (one.length === 1 ? [] : [hintRow(one[1], segment)]));
      return [{ put: segmentKey(segment, 'p', name), value: encodeCbor(policy) }, ...hints];
    }
    case 'keep': {
      const vault = writer.kind === 'device' ? writer.delegation.vault : new Uint8Array(32);
      return payload.segments.map((segment) => ({
        put: segmentKey(segment, 'k', name),
        value: encodeCbor(vault),
      }));
    }
    case 'custody':
      return [
        { put: segmentKey(payload.segment, 'c', name), value: encodeCbor([daemon, payload.index, time]) },
        ...(daemon === '' ? [] : [hintRow(daemonIdBytes(daemon), payload.segment)]),
      ];
    case 'lost':
      return payload.fragments.map(([segment, index], nth) => ({
        put: concat(segmentKey(segment, 'l', name), u16(nth)),
        value: encodeCbor([daemon, index, time]),
      }));
    case 'void':
      return [{ put: voidKey({ ...name, index: payload.index }, name.index), value: new Uint8Array(0) }];
    case 'release': {
      const own = payload.objects.map((index) => ({ ...name, index }));
      const claims = payload.claims.map(([origin, index]) => ({ origin, index }));
      return [...claims, ...own].map((of) => ({
        put: concat(releasePrefix, claimKey(of), claimKey(name)),
        value: encodeCbor(now),
      }));
    }
    case 'purge': {
      const value = encodeCbor(daemon);
      return [
        ...payload.segments.map((segment) => ({ put: segmentKey(segment, 'x', name), value })),
        ...payload.payloads.map(([origin, index]) => ({
          put: concat(purgePrefix, claimKey({ origin, index }), claimKey(name)),
          value,
        })),
        generationRow(daemon, payload.generation, name),
      ];
    }
    case 'sweep':
      return [generationRow(daemon, payload.generation, name)];
    case 'trim': {
      const value = encodeCbor([daemon, payload.index, time, toHex(payload.keeper)]);
      return [
        { put: segmentKey(payload.segment, 't', name), value },
        generationRow(daemon, payload.generation, name),
      ];
    }
    case 'audit':
      return doubtsIn(payload).map(({ segment, index, degraded }, nth) => ({
        put: concat(segmentKey(segment, 'a', name), u16(nth)),
        value: encodeCbor([daemon, toHex(payload.daemon), index, time, degraded]),
      }));
    case 'site-lost':
    case 'maintenance':
    case 'readmit':
      return [consortiumRow(name, { time, writer, payload })];
    default:
      return [];
  }
}

/** What an audit says that others rely on; a challenge that failed once is nothing yet. */
export function doubtsIn(
  audit: Payloads['audit'],
): { readonly segment: Uint8Array; readonly index: number; readonly degraded: boolean }[] {
  return [
    ...audit.degraded.map(([segment, index]) => ({ segment, index, degraded: true })),
    ...audit.restored.map(([segment, index]) => ({ segment, index, degraded: false })),
  ];
}

/** The policy under which a place was made: that of the device that made it, also when another took it over. */
export function policyOf(payload: Payload, writer: Writer): string {
  if (payload.kind === 'adopt') return readDelegation(payload.note).policy;
  return writer.kind === 'device' ? writer.delegation.policy : '';
}

/** Index of an `adopt` of the same entry in a log, before the one named, that no void cancels. */
export async function adoptedAt(store: Store, by: ClaimName, adopt: Adopt): Promise<number | undefined> {
  const row = await store.get(adoptionRowKey(by.origin, adopt));
  if (row === undefined) return undefined;
  const index = decodeCbor(shape.count(), row, 'adoption', 16);
  const counts = index < by.index && !(await isVoided(store, { origin: by.origin, index }));
  return counts ? index : undefined;
}

/** A void, by what it names and then by itself: one void more or less leaves the others. */
function voidKey(of: ClaimName, by: number): Uint8Array {
  return concat(voidPrefix, claimKey(of), u64(by));
}

/** Whether a void cancels the entry's effect. */
export async function isVoided(store: Store, name: ClaimName): Promise<boolean> {
  const start = concat(voidPrefix, claimKey(name));
  for await (const [, value] of store.range(under(start))) if (value.length === 0) return true;
  return false;
}

/** Whether any entry of a log is named by a void, one that was undone included. */
export const hasVoids = (store: Store, origin: string) => hasRows(store, voidPrefix, origin);

/** Whether any entry of a log is named by a release. */
export const hasReleases = (store: Store, origin: string) => hasRows(store, releasePrefix, origin);

async function hasRows(store: Store, prefix: Uint8Array, origin: string): Promise<boolean> {
  const key = (index: number) => concat(prefix, claimKey({ origin, index }));
  for await (const _ of store.range({ gte: key(0), lt: key(Number.MAX_SAFE_INTEGER), limit: 1 })) return true;
  return false;
}

export function isVoidRow(key: Uint8Array): boolean {
  return key[0] === voidPrefix[0] && key[1] === voidPrefix[1];
}

export function isReleaseRow(key: Uint8Array): boolean {
  return key[0] === releasePrefix[0] && key[1] === releasePrefix[1];
}

/** Every entry of a log that a void cancels. */
export async function voidedOf(store: Store, origin: string): Promise<ReadonlySet<number>> {
  const key = (index: number) => concat(voidPrefix, claimKey({ origin, index }));
  const voided = new Set<number>();
  for await (const [row, value] of store.range({ gte: key(0), lt: key(Number.MAX_SAFE_INTEGER) })) {
    if (value.length === 0) voided.add(nameOfKey(row.subarray(voidPrefix.length)).index);
  }
  return voided;
}

/**
 * What a certificate of size `certified` undoes: voids beyond it of entries below it. They were signed when the
 * entries had been certified already, or came to be so without them.
 */
export async function undoneVoids(
  store: Store,
  of: { readonly origin: string; readonly from: number; readonly certified: number },
): Promise<StoreOperation[]> {
  const key = (index: number) => concat(voidPrefix, claimKey({ origin: of.origin, index }));
  const undone: StoreOperation[] = [];
  for await (const [row] of store.range({ gte: key(of.from), lt: key(of.certified) })) {
    if (lastNumber(row) >= of.certified) undone.push({ put: row, value: UNDONE });
  }
  return undone;
}

function generationRow(daemon: string, generation: number, by: ClaimName): StoreOperation {
  return {
    put: concat(generationPrefix, utf8(daemon), u64(generation), claimKey(by)),
    value: new Uint8Array(0),
  };
}

/**
 * The latest generation this store has seen a daemon erase under, certified or not; 0 for none. `before`: not
 * counting what is at or after that entry of that log.
 */
export async function generationOf(store: Store, daemon: string, before?: ClaimName): Promise<number> {
  const start = concat(generationPrefix, utf8(daemon));
  for await (const [key] of store.range({ ...under(start), reverse: true })) {
    const at = start.length;
    const by = nameOfKey(key.subarray(at + 8));
    if (before !== undefined && by.origin === before.origin && by.index >= before.index) continue;
    return Number(new DataView(key.buffer, key.byteOffset + at, 8).getBigUint64(0));
  }
  return 0;
}

/** Releases of a claim, or of the payload of an `objects` entry. */
export async function releasesOf(store: Store, of: ClaimName): Promise<ReleaseFact[]> {
  const start = concat(releasePrefix, claimKey(of));
  const releases: ReleaseFact[] = [];
  for await (const [key, value] of store.range(under(start))) {
    const by = nameOfKey(key.subarray(start.length));
    const since = decodeCbor(shape.time(), value, 'release row', 16);
    releases.push({ of, by, since, voided: await isVoided(store, by) });
  }
  return releases;
}

/** Purges that list an entry's payload: what erasing it must name, once certified. */
export async function purgesOf(store: Store, payload: ClaimName): Promise<PurgeFact[]> {
  const start = concat(purgePrefix, claimKey(payload));
  const purges: PurgeFact[] = [];
  for await (const [key, value] of store.range(under(start))) {
    const by = nameOfKey(key.subarray(start.length));
    const daemon = decodeCbor(purgeRow, value, 'purge row', 64);
    purges.push({ by, daemon, voided: await isVoided(store, by) });
  }
  return purges;
}

/** Everything stored about a segment, voided entries marked as such. */
export async function segmentFacts(logs: HeldLogs, segment: Uint8Array): Promise<SegmentFacts> {
  const places: PlaceFact[] = [];
  const keeps: KeepFact[] = [];
  const custody: HoldingFact[] = [];
  const lost: HoldingFact[] = [];
  const trims: TrimFact[] = [];
  const purges: PurgeFact[] = [];
  const doubts: DoubtFact[] = [];
  const releases: ReleaseFact[] = [];
  const start = concat(segmentPrefix, segment);
  for await (const [key, value] of logs.store.range(under(start))) {
    const mark = String.fromCharCode(key[start.length] as number) as Mark;
    const by = nameOfKey(key.subarray(start.length + 1));
    const voided = await logs.isVoided(by);
    if (mark === 'c' || mark === 'l') {
      const [daemon, index, time] = decodeCbor(holdingRow, value, 'segment row', 128);
      (mark === 'c' ? custody : lost).push({ by, time, daemon, index, voided });
    } else if (mark === 't') {
      const [daemon, index, time, keeper] = decodeCbor(trimRow, value, 'segment row', 128);
      trims.push({ by, time, daemon, index, keeper, voided });
    } else if (mark === 'x') {
      purges.push({ by, daemon: decodeCbor(purgeRow, value, 'segment row', 64), voided });
    } else if (mark === 'a') {
      const [auditor, daemon, index, time, degraded] = decodeCbor(doubtRow, value, 'segment row', 128);
      doubts.push({ by, time, auditor, daemon, index, degraded, voided });
    } else {
      releases.push(...(await logs.releasesOf(by)));
      if (mark === 'k') {
        keeps.push({ claim: by, vault: decodeCbor(keepRow, value, 'segment row', 64), voided });
        continue;
      }
      const policy = decodeCbor(placeRow, value, 'segment row', 64);
      const payload = effectOf((await logs.entry(by.origin, by.index)).payload);
      if (payload.kind === 'place') places.push({ claim: by, place: payload, policy, voided });
    }
  }
  return { places, keeps, releases, custody, lost, trims, purges, doubts };
}

/** A claim, by its name: whose it is, and of which segments. */
export interface KnownClaim {
  readonly vault: Uint8Array;
  readonly segments: readonly Uint8Array[];
}

/** Undefined when there is no such entry here, or it claims nothing. */
export async function claimOf(logs: HeldLogs, name: ClaimName): Promise<KnownClaim | undefined> {
  if (name.index >= logs.state(name.origin).size) return undefined;
  const payload = effectOf((await logs.entry(name.origin, name.index)).payload);
  if (payload.kind === 'place') return { vault: payload.vault, segments: [payload.segment] };
  if (payload.kind !== 'keep') return undefined;
  const row = await logs.store.get(segmentKey(payload.segments[0] as Uint8Array, 'k', name));
  if (row === undefined) return undefined;
  return { vault: decodeCbor(keepRow, row, 'segment row', 64), segments: payload.segments };
}

function lastNumber(key: Uint8Array): number {
  return Number(new DataView(key.buffer, key.byteOffset + key.length - 8, 8).getBigUint64(0));
}

/**
 * Where the entries about a segment stand, whatever they say, but for audits: they prove nothing. One that says several
 * things comes several times.
 */
export async function* segmentEntries(store: Store, segment: Uint8Array): AsyncIterable<ClaimName> {
  const start = concat(segmentPrefix, segment);
  for await (const [key] of store.range(under(start))) {
    if (key[start.length] === 'a'.charCodeAt(0)) continue;
    yield nameOfKey(key.subarray(start.length + 1));
  }
}

/** The segment that a row of one is about, and the entry that a void's row names; undefined for other rows. */
export function subjectOfKey(
  key: Uint8Array,
): { readonly segment: Uint8Array } | { readonly voided: ClaimName } | undefined {
  if (key[1] !== '/'.charCodeAt(0)) return undefined;
  if (key[0] === segmentPrefix[0]) return { segment: key.slice(2, 34) };
  return key[0] === voidPrefix[0] ? { voided: nameOfKey(key.subarray(2)) } : undefined;
}

/** Segments whose rows an entry of this effect makes. */
export function segmentsIn(payload: Payload): readonly Uint8Array[] {
  switch (payload.kind) {
    case 'place':
    case 'custody':
    case 'trim':
      return [payload.segment];
    case 'keep':
    case 'purge':
      return payload.segments;
    case 'lost':
      return payload.fragments.map(([segment]) => segment);
    case 'audit':
      return doubtsIn(payload).map(({ segment }) => segment);
    default:
      return [];
  }
}

/** Every segment with a claim, by ascending id, or those after one: for whoever walks all of them. */
export async function* placedSegments(store: Store, after?: Uint8Array): AsyncIterable<Uint8Array> {
  let last = '';
  const from =
    after === undefined || after.length === 0
      ? segmentPrefix
      : concat(segmentPrefix, after, Uint8Array.of(255));
  for await (const [key] of store.range({ gte: from, lt: utf8('S0') })) {
    const segment = key.subarray(segmentPrefix.length, segmentPrefix.length + 32);
    if (key[segmentPrefix.length + 32] !== 'p'.charCodeAt(0) || toHex(segment) === last) continue;
    last = toHex(segment);
    yield segment;
  }
}
