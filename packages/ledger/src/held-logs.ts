// Logs at rest, as they can be read: heads, entries with their payloads, what their writers signed. Owns what becomes of
// a row that is not what was stored: whoever meets it, its log is in quarantine from then on.

import {
  CompactRange,
  concat,
  type Crypto,
  equalBytes,
  type Fault,
  fromUtf8,
  type Store,
} from '@vauban/core';
import { type Append, wrong } from './append-check.ts';
import { type Head, readHead } from './checkpoint.ts';
import { type ClaimName, decodePayload, leafHashOf, type OpenEntry } from './entry.ts';
import { isHint } from './holder-index.ts';
import {
  bytesOfRecord,
  isErased,
  type LogRecord,
  openStored,
  payloadErased,
  type StoredEntry,
} from './log-record.ts';
import {
  boundaryKey,
  decodeRecord,
  emptyLog,
  entryKey,
  type LogState,
  originOfKey,
  sizeOfBoundary,
  vaultKey,
} from './log-rows.ts';
import { type Quarantine, storeCorrupt } from './quarantine.ts';
import type { ReleaseFact } from './segment-facts.ts';
import { hasReleases, hasVoids, isVoided, releasesOf } from './segment-index.ts';
import { SparseRows } from './sparse-rows.ts';
import { watchedStore } from './watched-store.ts';
import type { Writer } from './writer.ts';

/** Finds the writer that a log's first record names; faults when there is none. */
export type ResolveWriter = (genesis: LogRecord, origin: string) => Writer;

/** What opening found: the rows, each log's head, and what is wrong with some. */
export interface OpenedRows {
  readonly store: Store;
  readonly crypto: Crypto;
  readonly states: Map<string, LogState>;
  readonly quarantine: Quarantine;
}

/** At most 8 MiB of rows: what is larger is opened anew each time. */
const OPENED_MAX = 2_048;
const OPENED_ROW_BYTES_MAX = 4_096;

export class HeldLogs {
  /** Logs whose rows are not to be relied on. Whoever answers for logs asks it first; reads put into it what they find. */
  readonly quarantine: Quarantine;
  readonly store: Store;
  /** The same rows, for whoever looks for damage: what it meets is its own finding, and put into quarantine by it alone. */
  readonly raw: Store;
  protected readonly crypto: Crypto;
  protected readonly states: Map<string, LogState>;
  protected readonly writers = new Map<string, Writer>();
  /** Entries as last opened, with the row each was opened from: the same row is not decoded again. */
  readonly #opened = new Map<string, { readonly row: Uint8Array; readonly entry: StoredEntry }>();
  protected readonly voids = new SparseRows();
  protected readonly releases = new SparseRows();
  #recent: { readonly max: number; readonly entries: Map<string, StoredEntry> } | undefined;

  protected constructor({ store, crypto, states, quarantine }: OpenedRows) {
    this.quarantine = quarantine;
    this.states = states;
    this.raw = store;
    this.store = watchedStore(store, (key, fault) => this.found(key, fault));
    this.crypto = crypto;
  }

  /** A corrupt row was met: the log it belongs to, or all of them when its key does not say. A hint is no log's. */
  found(key: Uint8Array, fault: Fault): void {
    if (isHint(key)) return;
    const origin = originOfKey(key);
    const one = origin !== undefined && this.states.has(origin) && key[0] !== 'L'.charCodeAt(0);
    if (one) this.quarantine.put(origin, fault);
    else this.quarantine.distrust(fault);
  }

  #corrupt(origin: string, message: string, facts: Fault['facts'], cause?: unknown): Fault {
    const fault = storeCorrupt(message, { ...facts, origin }, cause);
    this.quarantine.put(origin, fault);
    return fault;
  }

  origins(): string[] {
    return [...this.states.keys()].sort();
  }

  state(origin: string): LogState {
    return this.states.get(origin) ?? emptyLog(origin);
  }

  has(origin: string): boolean {
    return this.states.has(origin);
  }

  async record(origin: string, index: number): Promise<LogRecord | undefined> {
    const value = await this.store.get(entryKey(origin, index));
    return value === undefined ? undefined : this.#decoded(origin, index, value);
  }

  #decoded(origin: string, index: number, value: Uint8Array): LogRecord {
    try {
      return decodeRecord(value);
    } catch (error) {
      throw this.#corrupt(origin, `entry ${index} of ${origin} is no entry`, { index }, error);
    }
  }

  /** Records [from, to), in order. Fewer than asked means the store has a hole: STORE_CORRUPT. */
  async records(origin: string, from: number, to: number): Promise<LogRecord[]> {
    const rows = await this.#rows(origin, from, to);
    return rows.map((row, nth) => this.#decoded(origin, from + nth, row));
  }

  async #rows(origin: string, from: number, to: number): Promise<Uint8Array[]> {
    if (to <= from) return [];
    const found: Uint8Array[] = [];
    // A range also for one: reads by key count as seeks, and many seeks make the database merge tables without need.
    const range = { gte: entryKey(origin, from), lt: entryKey(origin, to) };
    for await (const [, value] of this.store.range(range)) found.push(value);
    if (found.length !== to - from) {
      const facts = { from, to, found: found.length };
      throw this.#corrupt(origin, `entries ${from} to ${to} of ${origin} are not all there`, facts);
    }
    return found;
  }

  /**
   * The log from `from` on, in the batches its writer signed, at most about `bytesMax` of them: what brings another
   * store up to date. `from` must be a size the writer signed.
   */
  async batches(origin: string, from: number, bytesMax: number): Promise<Append[]> {
    const batches: Append[] = [];
    let oldSize = from;
    let bytes = 0;
    const range = { gt: boundaryKey(origin, from), lt: boundaryKey(origin, Number.MAX_SAFE_INTEGER) };
    for await (const [key, value] of this.store.range(range)) {
      const size = sizeOfBoundary(key);
      const records = await this.records(origin, oldSize, size);
      for (const record of records) bytes += bytesOfRecord(record) + 64;
      if (batches.length > 0 && bytes > bytesMax) break;
      batches.push({ origin, oldSize, checkpoint: fromUtf8(value), records });
      oldSize = size;
    }
    return batches;
  }

  /** One entry, decoded and checked, its payload erased or not. Faults: STORE_CORRUPT. */
  async stored(origin: string, index: number): Promise<StoredEntry> {
    const [entry] = await this.storedRange(origin, index, index + 1);
    return entry as StoredEntry;
  }

  /** The same of [from, to), in order. */
  async storedRange(origin: string, from: number, to: number): Promise<StoredEntry[]> {
    const recent = this.#recent;
    const known = recent?.entries.get(nameOf(origin, from));
    if (known !== undefined && to === from + 1) return [known];
    const rows = await this.#rows(origin, from, to);
    return rows.map((row, nth) => {
      const index = from + nth;
      const opened = this.#open(origin, index, row);
      if (recent !== undefined) keep(recent.entries, nameOf(origin, index), opened, recent.max);
      return opened;
    });
  }

  #open(origin: string, index: number, row: Uint8Array): StoredEntry {
    const name = nameOf(origin, index);
    const known = this.#opened.get(name);
    if (known !== undefined && equalBytes(known.row, row)) return known.entry;
    const record = this.#decoded(origin, index, row);
    try {
      const entry = openStored(this.crypto, record);
      if (row.length <= OPENED_ROW_BYTES_MAX) keep(this.#opened, name, { row, entry }, OPENED_MAX);
      return entry;
    } catch (error) {
      throw this.#corrupt(origin, `entry ${index} of ${origin} is not what was stored`, { index }, error);
    }
  }

  /** Remembers as many entries as last opened: for whoever only reads, and looks at the same ones several times. */
  rememberOpened(max: number): void {
    this.#recent = { max, entries: new Map() };
  }

  /** Whether a void cancels the entry's effect. */
  async isVoided(name: ClaimName): Promise<boolean> {
    const any = await this.voids.has(name.origin, () => hasVoids(this.store, name.origin));
    return any && isVoided(this.store, name);
  }

  /** Releases of a claim, or of the payload of an `objects` entry. */
  async releasesOf(of: ClaimName): Promise<ReleaseFact[]> {
    const any = await this.releases.has(of.origin, () => hasReleases(this.store, of.origin));
    return any ? releasesOf(this.store, of) : [];
  }

  /** One entry with its payload. Faults: STORE_CORRUPT, PAYLOAD_ERASED. */
  async entry(origin: string, index: number): Promise<OpenEntry> {
    const found = await this.stored(origin, index);
    if (found.payload === null) throw payloadErased({ origin, index }, found.erased);
    return found;
  }

  /** The writer of a stored log, by its genesis entry. `resolve` may fault. */
  async writer(origin: string, resolve: ResolveWriter): Promise<Writer | undefined> {
    const known = this.writers.get(origin);
    if (known !== undefined) return known;
    const genesis = await this.record(origin, 0);
    if (genesis === undefined) return undefined;
    const writer = resolve(genesis, origin);
    this.writers.set(origin, writer);
    return writer;
  }

  /** The writer-signed checkpoint of exactly `size`, when its writer signed one. */
  async checkpointAt(origin: string, size: number): Promise<string | undefined> {
    const value = await this.store.get(boundaryKey(origin, size));
    return value === undefined ? undefined : fromUtf8(value);
  }

  /** Start of the signed batch that ends at `size`: the largest size below it that the writer signed, or 0. */
  async lastBoundary(origin: string, size: number): Promise<number> {
    const range = { gt: boundaryKey(origin, 0), lt: boundaryKey(origin, size), reverse: true, limit: 1 };
    for await (const [key] of this.store.range(range)) return sizeOfBoundary(key);
    return 0;
  }

  /** Root of the first `size` entries; undefined when fewer are held. Faults: STORE_CORRUPT. */
  async rootAt(origin: string, size: number): Promise<Uint8Array | undefined> {
    if (size > this.state(origin).size) return undefined;
    const signed = await this.checkpointAt(origin, size);
    if (signed !== undefined) return readHead(signed).root;
    const range = new CompactRange(this.crypto);
    for (const { entry } of await this.records(origin, 0, size)) range.append(leafHashOf(this.crypto, entry));
    return range.root();
  }

  /** Whether the head is of the history held: of its end, or of a beginning of it. */
  async holds(origin: string, { size, root }: Pick<Head, 'size' | 'root'>): Promise<boolean> {
    const held = await this.rootAt(origin, size);
    return held !== undefined && equalBytes(held, root);
  }

  /** Logs of a vault's devices, as their genesis entries say. */
  async originsOfVault(vault: Uint8Array): Promise<string[]> {
    const start = vaultKey(vault);
    const origins: string[] = [];
    for await (const [key] of this.store.range({ gte: start, lt: concat(start, Uint8Array.of(255)) })) {
      origins.push(fromUtf8(key.subarray(start.length)));
    }
    return origins;
  }
}

/** The oldest makes room. */
function keep<Value>(map: Map<string, Value>, name: string, value: Value, max: number): void {
  map.delete(name);
  map.set(name, value);
  if (map.size > max) map.delete(map.keys().next().value as string);
}

const nameOf = (origin: string, index: number) => `${origin} ${index}`;

/** Genesis payload of a log's first record. */
export function genesisOf(record: LogRecord) {
  if (isErased(record)) throw wrong('MALFORMED', 'a genesis is never erased', '');
  return decodePayload('genesis', record.payload);
}
