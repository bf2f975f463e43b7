// One leaf as it is stored and as it travels: the entry with its salt and payload, or, once a certified purge let the
// payload be erased, the entry with the name of that purge. The log verifies either way; only `objects` can be erased.

import { type Crypto, Fault } from '@vauban/core';
import {
  type ClaimName,
  decodeEntry,
  type Entry,
  leafHashOf,
  type OpenEntry,
  openEntry,
  type Payload,
  type SaltedPayload,
} from './entry.ts';

export interface HeldRecord extends SaltedPayload {
  readonly entry: Uint8Array;
}

export interface ErasedRecord {
  readonly entry: Uint8Array;
  /** The certified purge that lists this entry. */
  readonly erased: ClaimName;
}

export type LogRecord = HeldRecord | ErasedRecord;

/** An entry whose payload is gone: all that is left of it. */
export interface ErasedEntry {
  readonly entry: Entry;
  readonly leafHash: Uint8Array;
  readonly payload: null;
  readonly erased: ClaimName;
}

/** `payload` is null where it was erased. */
export type StoredEntry = OpenEntry | ErasedEntry;

export function isErased(record: LogRecord): record is ErasedRecord {
  return 'erased' in record;
}

/** The record with its payload. Faults: PAYLOAD_ERASED. */
export function heldRecord(record: LogRecord): HeldRecord {
  if (isErased(record)) throw payloadErased(record.erased, record.erased);
  return record;
}

/** The record decoded, its payload checked against the commitment. Faults: MALFORMED, TOO_LARGE, COMMIT_MISMATCH. */
export function openStored(crypto: Crypto, record: LogRecord): StoredEntry {
  if (!isErased(record)) return openEntry(crypto, record.entry, record);
  const { entry, erased } = record;
  return { entry: decodeEntry(entry), leafHash: leafHashOf(crypto, entry), payload: null, erased };
}

/** What it costs to store and to send, about. */
export function bytesOfRecord(record: LogRecord): number {
  return record.entry.length + (isErased(record) ? 64 : record.payload.length);
}

/** Whether a purge lets the payload of this entry be erased. */
export function purgesPayload(purge: Payload, of: ClaimName): boolean {
  return (
    purge.kind === 'purge' &&
    purge.payloads.some(([origin, index]) => origin === of.origin && index === of.index)
  );
}

/** What whoever needs the payload is told. */
export function payloadErased(of: ClaimName, erased: ClaimName): Fault {
  return new Fault(
    'refused',
    'PAYLOAD_ERASED',
    `the payload of entry ${of.index} of ${of.origin} was erased under a certified purge`,
    { origin: of.origin, index: of.index, purge: erased.origin, purgeIndex: erased.index },
  );
}

/** Withholding must not pass for erasure: an erased record counts only beside the certified purge it names. */
export function payloadWithheld(of: ClaimName, erased: ClaimName): Fault {
  return new Fault(
    'refused',
    'PAYLOAD_WITHHELD',
    `the payload of entry ${of.index} of ${of.origin} is left out, and no certified purge known here lists it`,
    { origin: of.origin, entry: of.index, purge: erased.origin, purgeIndex: erased.index },
  );
}
