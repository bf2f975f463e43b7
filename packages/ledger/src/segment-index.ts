// What is known of each segment across all logs: claims, voids, custody, losses. Derived from entries, written in the
// same batch as they are, so that admission and placement history cost one range read.

import {
  concat,
  decodeCbor,
  encodeCbor,
  fromUtf8,
  shape,
  type Store,
  type StoreOperation,
  toHex,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import type { SegmentFacts } from './admission.ts';
import { type ClaimName, claimKey, type OpenEntry, type Place } from './entry.ts';
import type { LogStore } from './log-store.ts';
import type { Writer } from './writer.ts';

const segmentPrefix = utf8('S/');
const voidPrefix = utf8('V/');
const holderSchema = v.strictTuple([shape.text(32), shape.count(255)]);
const vaultSchema = shape.bytes(32);
type Mark = 'p' | 'k' | 'c' | 'l';

function segmentKey(segment: Uint8Array, mark: Mark, claim: ClaimName): Uint8Array {
  return concat(segmentPrefix, segment, utf8(mark), claimKey(claim));
}

/** Rows that a new entry adds; custody and losses are a daemon's, keeps a device's. */
export function indexRows(claim: ClaimName, open: OpenEntry, writer: Writer): StoreOperation[] {
  const { payload } = open;
  const daemon = writer.kind === 'daemon' ? writer.daemon : '';
  const vault = writer.kind === 'device' ? writer.delegation.vault : new Uint8Array(32);
  switch (payload.kind) {
    case 'place':
      return [{ put: segmentKey(payload.segment, 'p', claim), value: encodeCbor(payload.vault) }];
    case 'keep':
      return payload.segments.map((segment) => ({
        put: segmentKey(segment, 'k', claim),
        value: encodeCbor(vault),
      }));
    case 'custody':
      return [{ put: segmentKey(payload.segment, 'c', claim), value: encodeCbor([daemon, payload.index]) }];
    case 'lost':
      return payload.fragments.map(([segment, index], nth) => ({
        put: concat(segmentKey(segment, 'l', claim), Uint8Array.of(nth >> 8, nth & 255)),
        value: encodeCbor([daemon, index]),
      }));
    case 'void':
      return [
        { put: concat(voidPrefix, claimKey({ ...claim, index: payload.index })), value: new Uint8Array(0) },
      ];
    default:
      return [];
  }
}

export async function isVoided(store: Store, claim: ClaimName): Promise<boolean> {
  return (await store.get(concat(voidPrefix, claimKey(claim)))) !== undefined;
}

/** Everything stored about a segment, voided claims marked as such. */
export async function segmentFacts(logs: LogStore, segment: Uint8Array): Promise<SegmentFacts> {
  const places: { claim: ClaimName; place: Place; voided: boolean }[] = [];
  const keeps: { claim: ClaimName; vault: Uint8Array; voided: boolean }[] = [];
  const custody: { daemon: string; index: number }[] = [];
  const lost: { daemon: string; index: number }[] = [];
  const start = concat(segmentPrefix, segment);
  const range = { gte: start, lt: concat(start, Uint8Array.of(255)) };
  for await (const [key, value] of logs.store.range(range)) {
    const mark = String.fromCharCode(key[start.length] as number) as Mark;
    if (mark === 'c' || mark === 'l') {
      const [daemon, index] = decodeCbor(holderSchema, value, 'segment row', 128);
      (mark === 'c' ? custody : lost).push({ daemon, index });
      continue;
    }
    const claim = claimOfKey(key.subarray(start.length + 1));
    const voided = await isVoided(logs.store, claim);
    if (mark === 'k') {
      keeps.push({ claim, vault: decodeCbor(vaultSchema, value, 'segment row', 64), voided });
      continue;
    }
    const { payload } = await logs.entry(claim.origin, claim.index);
    if (payload.kind === 'place') places.push({ claim, place: payload, voided });
  }
  return { places, keeps, custody, lost };
}

function claimOfKey(key: Uint8Array): ClaimName {
  const end = key.indexOf(0);
  const index = new DataView(key.buffer, key.byteOffset + end + 1, 8).getBigUint64(0);
  return { origin: fromUtf8(key.subarray(0, end)), index: Number(index) };
}

/** Every segment with a claim, by ascending id: for whoever walks all of them. */
export async function* placedSegments(store: Store): AsyncIterable<Uint8Array> {
  let last = '';
  for await (const [key] of store.range({ gte: segmentPrefix, lt: utf8('S0') })) {
    const segment = key.subarray(segmentPrefix.length, segmentPrefix.length + 32);
    if (key[segmentPrefix.length + 32] !== 'p'.charCodeAt(0) || toHex(segment) === last) continue;
    last = toHex(segment);
    yield segment;
  }
}
