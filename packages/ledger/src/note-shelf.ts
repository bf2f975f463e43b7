// Root notes at rest: `N/` the notes by hash, `O/` which of them an agency made, `Q/` the logs they seal. A note and
// the seal it asks for are one batch: no crash leaves one without the other.

import {
  AGENCY_DEVICES_MAX,
  type Crypto,
  concat,
  decodeCbor,
  encodeCbor,
  equalBytes,
  Fault,
  isFault,
  readableRows,
  shape,
  type Store,
  type StoreOperation,
  toHex,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import { originOf } from './checkpoint.ts';
import { readRootNote, type RootNote } from './root-note.ts';

/** Notes of one agency, of all kinds: every device it ever had, revoked and sealed. */
const AGENCY_NOTES_MAX = 4_096;
/** Notes in one answer: half a message. */
const PAGE_BYTES_MAX = 1_048_576;

const notePrefix = utf8('N/');
const agencyPrefix = utf8('O/');
const sealPrefix = utf8('Q/');
const none = new Uint8Array(0);

interface ShelfPorts {
  readonly crypto: Crypto;
  readonly store: Store;
  /** Writes rows in one synced batch. */
  readonly write: (rows: readonly StoreOperation[]) => Promise<void>;
}

function agencyKey(agency: string, hash: Uint8Array = none): Uint8Array {
  return concat(agencyPrefix, utf8(`${agency}/`), hash);
}

/** A seal binds only the log of the agency that asked for it: nobody revokes another's device. */
function sealKey(origin: string, agency: string): Uint8Array {
  return concat(sealPrefix, utf8(`${origin} ${agency}`));
}

const sealSchema = v.strictObject({ notes: v.array(shape.bytes(32)) });

/** The log a note speaks of; none for a delegation. */
export function originNamed(crypto: Crypto, note: RootNote): string | undefined {
  if (note.format === 'vauban/revoke/0') return originOf(crypto, note.charter, note.deviceKey);
  return note.format === 'vauban/sealed/0' ? note.origin : undefined;
}

/**
 * Stores a note durably, with the seal it asks for; the same note again is no second one. The caller is alone with the
 * log the note names, and has opened the note. Faults: DEVICES_MANY, NOTES_MANY.
 */
export async function keepRootNote(
  { crypto, store, write }: ShelfPorts,
  { said, now }: { readonly said: RootNote; readonly now: number },
  note: Uint8Array,
): Promise<void> {
  const hash = crypto.sha256(note);
  const key = concat(notePrefix, hash);
  const listKey = agencyKey(said.agency, hash);
  const origin = originNamed(crypto, said);
  const known = (await readable(store, key)) !== undefined;
  const sealed = origin === undefined ? undefined : await readable(store, sealKey(origin, said.agency));
  const before = sealed === undefined ? [] : hashesOf(sealed);
  const listed = origin === undefined || before.some((one) => equalBytes(one, hash));
  // A disk may have lost the seal and kept the note: then the seal is written again.
  const counted = (await readable(store, listKey)) !== undefined;
  if (known && listed && counted) return;
  if (!known && !counted) await refuseTooMany(store, said, now);
  const operations: StoreOperation[] = [
    { put: key, value: note },
    { put: listKey, value: Uint8Array.of(1) },
  ];
  if (origin !== undefined) {
    const row = encodeCbor({ notes: listed ? before : [...before, hash] });
    operations.push({ put: sealKey(origin, said.agency), value: row });
  }
  await write(operations);
}

/** What does not check is as good as gone: it is written anew. */
function readable(store: Store, key: Uint8Array): Promise<Uint8Array | undefined> {
  return store.get(key).catch((error: unknown) => {
    if (isFault(error, 'STORE_CORRUPT')) return undefined;
    throw error;
  });
}

async function refuseTooMany(store: Store, said: RootNote, now: number): Promise<void> {
  const { agency } = said;
  const notes = await notesOfAgency(store, agency);
  if (notes.length >= AGENCY_NOTES_MAX) {
    const message = `the agency ${agency} has ${notes.length} root notes already`;
    throw new Fault('refused', 'NOTES_MANY', message, { agency, known: notes.length });
  }
  if (said.format !== 'vauban/delegate/0') return;
  const known = liveDevices(notes.map(readRootNote), now);
  if (known.has(toHex(said.deviceKey)) || known.size < AGENCY_DEVICES_MAX) return;
  const message = `the agency ${agency} has ${known.size} devices already: revoke one it no longer uses`;
  throw new Fault('refused', 'DEVICES_MANY', message, { agency, known: known.size });
}

/** Keys, in hex, of devices whose delegation has neither ended nor been revoked. */
function liveDevices(notes: readonly RootNote[], now: number): Set<string> {
  const live = new Set<string>();
  for (const note of notes)
    if (note.format === 'vauban/delegate/0' && note.until > now) live.add(toHex(note.deviceKey));
  for (const note of notes) if (note.format === 'vauban/revoke/0') live.delete(toHex(note.deviceKey));
  return live;
}

/** Hashes of the stored notes by which this agency sealed a log; none while it is not sealed. */
export async function noteHashesAbout(
  store: Store,
  log: { readonly origin: string; readonly agency: string },
): Promise<readonly Uint8Array[]> {
  const row = await store.get(sealKey(log.origin, log.agency));
  return row === undefined ? [] : hashesOf(row);
}

function hashesOf(sealRow: Uint8Array): readonly Uint8Array[] {
  return decodeCbor(sealSchema, sealRow, 'seal', 1_048_576).notes;
}

/** Whether this store sealed the log: a `revoke` of its agency is stored. */
export async function isSealed(
  store: Store,
  log: { readonly origin: string; readonly agency: string },
): Promise<boolean> {
  for (const hash of await noteHashesAbout(store, log)) {
    const note = await store.get(concat(notePrefix, hash));
    if (note !== undefined && readRootNote(note).format === 'vauban/revoke/0') return true;
  }
  return false;
}

/** Agencies that speak of sealing this log; whether it is theirs, its genesis says. */
export async function sealersOf(store: Store, origin: string): Promise<readonly string[]> {
  const start = concat(sealPrefix, utf8(`${origin} `));
  const found: string[] = [];
  for await (const [key] of store.range({ gte: start, lt: concat(start, Uint8Array.of(255)) })) {
    found.push(new TextDecoder().decode(key.subarray(start.length)));
  }
  return found;
}

/** Every log that some agency speaks of sealing. */
export async function originsNamed(store: Store): Promise<readonly string[]> {
  const found = new Set<string>();
  for await (const [key] of store.range({ gte: sealPrefix, lt: utf8('Q0') })) {
    found.add(new TextDecoder().decode(key.subarray(sealPrefix.length)).split(' ')[0] as string);
  }
  return [...found];
}

export async function storedNote(store: Store, hash: Uint8Array): Promise<Uint8Array | undefined> {
  return store.get(concat(notePrefix, hash));
}

async function notesOfAgency(store: Store, agency: string): Promise<Uint8Array[]> {
  const start = agencyKey(agency);
  const notes: Uint8Array[] = [];
  const range = { gte: start, lt: concat(start, new Uint8Array(33).fill(255)) };
  // A listing that cannot be read is written again with its note: until then it must not stop the notes it stands among.
  for await (const [key] of readableRows(store, range, () => undefined)) {
    const note = await readable(store, concat(notePrefix, key.subarray(start.length)));
    if (note !== undefined) notes.push(note);
  }
  return notes;
}

export interface NotesPage {
  readonly notes: readonly Uint8Array[];
  readonly more: boolean;
}

/** Notes by ascending hash, from the one after `after`; one agency's, or all. */
export async function notesPage(
  store: Store,
  of: { readonly after: Uint8Array | null; readonly agency: string | null },
): Promise<NotesPage> {
  const start = of.agency === null ? notePrefix : agencyKey(of.agency);
  const from = of.after === null ? { gte: start } : { gt: concat(start, of.after) };
  const notes: Uint8Array[] = [];
  let bytes = 0;
  for await (const [key] of store.range({ ...from, lt: concat(start, new Uint8Array(33).fill(255)) })) {
    if (bytes > PAGE_BYTES_MAX || notes.length >= 1_000) return { notes, more: true };
    const note = await storedNote(store, key.subarray(start.length));
    if (note === undefined) continue;
    notes.push(note);
    bytes += note.length;
  }
  return { notes, more: false };
}
