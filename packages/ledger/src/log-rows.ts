// Rows of a log store: keys and values, and nothing about when they are written. `L/` states, `E/` entries with their
// payloads, `B/` checkpoints where batches end, `W/` logs of a vault.

import {
  type CompactRangeSnapshot,
  concat,
  decodeCbor,
  encodeCbor,
  fromUtf8,
  NOTE_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  shape,
  type StoreOperation,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import { NO_PREVIOUS } from './entry.ts';
import { isErased, type LogRecord } from './log-record.ts';

export interface LogState {
  readonly origin: string;
  readonly size: number;
  readonly frontier: CompactRangeSnapshot;
  /** Leaf hash of the newest entry; zeros for an empty log. */
  readonly lastLeaf: Uint8Array;
  /** Writer-signed, of exactly `size`; empty for an empty log. */
  readonly checkpoint: string;
  /** Entries below passed admission here, or lie under a certificate; those above are held but not vouched for. */
  readonly admittedSize: number;
  readonly certifiedSize: number;
  readonly certificate: string | null;
  /** When this head was stored: what has waited long for its certificate is finished. */
  readonly storedAt: number;
  /** Time the stored vote's cosignature carries, in seconds; null where this store does not vote. */
  readonly votedSeconds: number | null;
}

const stateSchema = v.strictObject({
  origin: shape.text(140),
  size: shape.count(),
  frontier: v.pipe(v.array(shape.bytes(32)), v.maxLength(64)),
  lastLeaf: shape.bytes(32),
  checkpoint: shape.text(NOTE_BYTES_MAX),
  admittedSize: shape.count(),
  certifiedSize: shape.count(),
  certificate: v.nullable(shape.text(NOTE_BYTES_MAX)),
  storedAt: shape.time(),
  votedSeconds: v.nullable(shape.time()),
});
const recordSchema = v.union([
  v.strictTuple([shape.bytesUpTo(300), shape.bytes(32), shape.bytesUpTo(PAYLOAD_BYTES_MAX)]),
  /** Erased: the purge's log and index. */
  v.strictTuple([shape.bytesUpTo(300), v.strictTuple([shape.text(140), shape.count()])]),
]);

const statePrefix = utf8('L/');
const entryPrefix = utf8('E/');
const boundaryPrefix = utf8('B/');
const vaultPrefix = utf8('W/');

/** Where a signed batch ends: its checkpoint is kept, so that the log can be handed on in the same steps. */
export function boundaryKey(origin: string, size: number): Uint8Array {
  const tail = new Uint8Array(9);
  new DataView(tail.buffer).setBigUint64(1, BigInt(size));
  return concat(boundaryPrefix, utf8(origin), tail);
}

export function sizeOfBoundary(key: Uint8Array): number {
  return Number(new DataView(key.buffer, key.byteOffset + key.length - 8, 8).getBigUint64(0));
}

export function entryKey(origin: string, index: number): Uint8Array {
  // Entries come log by log: making the same name into bytes again would cost as much as all the rest of a row.
  if (lastStart.origin !== origin) lastStart = { origin, bytes: concat(entryPrefix, utf8(origin)) };
  const { bytes } = lastStart;
  const key = new Uint8Array(bytes.length + 9);
  key.set(bytes);
  const tail = new DataView(key.buffer, bytes.length + 1);
  tail.setUint32(0, Math.floor(index / 2 ** 32));
  tail.setUint32(4, index % 2 ** 32);
  return key;
}

/** Where the keys of the log asked for last begin. */
let lastStart = { origin: '', bytes: entryPrefix };

export const stateRange = { gte: statePrefix, lt: utf8('L0') };

export function emptyLog(origin: string): LogState {
  return {
    origin,
    size: 0,
    frontier: { size: 0, hashes: [] },
    lastLeaf: NO_PREVIOUS,
    checkpoint: '',
    admittedSize: 0,
    certifiedSize: 0,
    certificate: null,
    storedAt: 0,
    votedSeconds: null,
  };
}

export function decodeState(value: Uint8Array): LogState {
  const { frontier, ...row } = decodeCbor(stateSchema, value, 'log state', 65_536);
  return { ...row, frontier: { size: row.size, hashes: frontier } };
}

export function stateRow(state: LogState): StoreOperation {
  const row = { ...state, frontier: [...state.frontier.hashes] };
  return { put: concat(statePrefix, utf8(state.origin)), value: encodeCbor(row) };
}

export function decodeRecord(value: Uint8Array): LogRecord {
  const row = decodeCbor(recordSchema, value, 'stored entry', PAYLOAD_BYTES_MAX + 1_024);
  if (row.length === 3) return { entry: row[0], salt: row[1], payload: row[2] };
  const [entry, [origin, index]] = row;
  return { entry, erased: { origin, index } };
}

export function recordRow(origin: string, index: number, record: LogRecord): StoreOperation {
  const row = isErased(record)
    ? [record.entry, [record.erased.origin, record.erased.index]]
    : [record.entry, record.salt, record.payload];
  return { put: entryKey(origin, index), value: encodeCbor(row) };
}

/** Start of the keys that name the logs of a vault. */
export function vaultKey(vault: Uint8Array, origin = ''): Uint8Array {
  return concat(vaultPrefix, vault, utf8(origin));
}

/**
 * The log that a row of this store is about, as its key says; undefined for rows of none (notes, and keys that are no
 * longer what they were).
 */
export function originOfKey(key: Uint8Array): string | undefined {
  const from = { C: 3, L: 2, F: 2, E: 2, B: 2, V: 2, R: 2, P: 2, W: 34, S: 35, G: 42 }[
    String.fromCharCode(key[0] ?? 0)
  ];
  if (from === undefined || key[1] !== '/'.charCodeAt(0)) return undefined;
  const name = key.subarray(from);
  const end = name.indexOf(0);
  try {
    return fromUtf8(end < 0 ? name : name.subarray(0, end));
  } catch {
    return undefined;
  }
}
