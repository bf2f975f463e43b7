// Rows `C/`: what operators and hosters say about whole sites, and daemons about coming back. There are few of them, and all
// are read at once. Key: mark, then the entry that says it.

import { concat, decodeCbor, encodeCbor, shape, type StoreOperation, utf8 } from '@vauban/core';
import * as v from 'valibot';
import { type ClaimName, claimKey, nameOfKey, type Payloads } from './entry.ts';
import type { Writer } from './writer.ts';

const consortiumPrefix = utf8('C/');
export const consortiumRange = { gte: consortiumPrefix, lt: utf8('C0') };

type Said = Payloads['site-lost' | 'maintenance' | 'readmit'];
const marks = { 'site-lost': 's', maintenance: 'm', readmit: 'r' } as const;

const rowSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('site-lost'), time: shape.time(), site: shape.text(40) }),
  v.strictObject({
    kind: v.literal('maintenance'),
    time: shape.time(),
    site: shape.text(40),
    until: shape.time(),
  }),
  v.strictObject({
    kind: v.literal('readmit'),
    time: shape.time(),
    daemon: shape.text(32),
    losses: v.array(v.strictTuple([shape.text(140), shape.count()])),
  }),
]);
export type ConsortiumRow = v.InferOutput<typeof rowSchema>;

export function consortiumRow(
  name: ClaimName,
  { time, writer, payload }: { readonly time: number; readonly writer: Writer; readonly payload: Said },
): StoreOperation {
  const daemon = writer.kind === 'daemon' ? writer.daemon : '';
  const value = payload.kind === 'readmit' ? { ...payload, time, daemon } : { ...payload, time };
  return {
    put: concat(consortiumPrefix, utf8(marks[payload.kind]), claimKey(name)),
    value: encodeCbor(value),
  };
}

/** The entry that a row comes from. */
export function consortiumName(key: Uint8Array): ClaimName {
  return nameOfKey(key.subarray(consortiumPrefix.length + 1));
}

export function isConsortiumKey(key: Uint8Array): boolean {
  return key[0] === consortiumPrefix[0] && key[1] === consortiumPrefix[1];
}

export function decodeConsortium(value: Uint8Array): ConsortiumRow {
  return decodeCbor(rowSchema, value, 'consortium row', 262_144);
}
