// Logs at rest: entries with their payloads, the writer's last checkpoint, the best certificate. Owns what can be
// checked from bytes alone (order, chain, commitments, root, log signature); rules about meaning are `admission`.
// The same store serves a hoster's mirror, a writer's write-ahead state and a verifier's memory.
// Long: every way a log changes at rest stands here, each with the lock and the batch it needs.

import {
  assert,
  type Charter,
  CompactRange,
  concat,
  type Crypto,
  equalBytes,
  Fault,
  fromUtf8,
  isFault,
  readableRows,
  type Store,
  type StoreOperation,
} from '@vauban/core';
import { type Append, type CheckedAppend, checkAppend, stateAfter, wrong } from './append-check.ts';
import { appendRows } from './append-rows.ts';
import { readHead } from './checkpoint.ts';
import { type ClaimName, decodePayload, leafHashOf, type OpenEntry } from './entry.ts';
import { Locks } from './locks.ts';
import {
  bytesOfRecord,
  isErased,
  type LogRecord,
  openStored,
  payloadErased,
  purgesPayload,
  type StoredEntry,
} from './log-record.ts';
import {
  boundaryKey,
  sizeOfBoundary,
  decodeRecord,
  decodeState,
  emptyLog,
  entryKey,
  type LogState,
  originOfKey,
  stateRange,
  stateRow,
  vaultKey,
} from './log-rows.ts';
import { Quarantine, storeCorrupt } from './quarantine.ts';
import { isVoided, undoneVoids } from './segment-index.ts';
import { watchedStore } from './watched-store.ts';
import type { Writer } from './writer.ts';

export type { Append, CheckedAppend } from './append-check.ts';
export type { LogRecord } from './log-record.ts';
export type { LogState } from './log-rows.ts';

/** Finds the writer that a log's first record names; faults when there is none. */
export type ResolveWriter = (genesis: LogRecord, origin: string) => Writer;

export class LogStore {
  /** Logs whose rows are not to be relied on. Whoever answers for logs asks it first; reads put into it what they find. */
  readonly quarantine: Quarantine;
  readonly #store: Store;
  readonly #raw: Store;
  readonly #crypto: Crypto;
  readonly #states: Map<string, LogState>;
  readonly #writers = new Map<string, Writer>();
  #recent: { readonly max: number; readonly entries: Map<string, StoredEntry> } | undefined;
  readonly #alone = new Locks();
  readonly #writes = new Locks();
  #failure: Fault | undefined;

  private constructor(
    store: Store,
    crypto: Crypto,
    of: { states: Map<string, LogState>; quarantine: Quarantine },
  ) {
    this.quarantine = of.quarantine;
    this.#states = of.states;
    this.#raw = store;
    this.#store = watchedStore(store, (key, fault) => this.found(key, fault));
    this.#crypto = crypto;
  }

  /**
   * Reads all heads and checks each against its own checkpoint. Damage is STORE_CORRUPT; or, where somebody will heal
   * it, what can be read is opened and the rest is in quarantine.
   */
  static async open(
    store: Store,
    crypto: Crypto,
    damaged: 'refuse' | 'quarantine' = 'refuse',
  ): Promise<LogStore> {
    const states = new Map<string, LogState>();
    const quarantine = new Quarantine();
    const corrupt = (_: Uint8Array, fault: Fault) => {
      if (damaged === 'refuse') throw fault;
      quarantine.distrust(fault);
    };
    for await (const [key, value] of readableRows(store, stateRange, corrupt)) {
      try {
        const state = decodeState(value);
        checkState(crypto, state);
        if (originOfKey(key) !== state.origin) throw storeCorrupt('a head under another name', {});
        states.set(state.origin, state);
      } catch (error) {
        if (!isFault(error)) throw error;
        corrupt(key, storeCorrupt(error.message, error.facts, error));
      }
    }
    return new LogStore(store, crypto, { states, quarantine });
  }

  /** A corrupt row was met: the log it belongs to, or all of them when its key does not say. */
  found(key: Uint8Array, fault: Fault): void {
    const origin = originOfKey(key);
    const one = origin !== undefined && this.#states.has(origin) && key[0] !== 'L'.charCodeAt(0);
    if (one) this.quarantine.put(origin, fault);
    else this.quarantine.distrust(fault);
  }

  #corrupt(origin: string, message: string, facts: Fault['facts'], cause?: unknown): Fault {
    const fault = storeCorrupt(message, { ...facts, origin }, cause);
    this.quarantine.put(origin, fault);
    return fault;
  }

  /** The same rows, for whoever looks for damage: what it meets is its own finding, and put into quarantine by it alone. */
  get raw(): Store {
    return this.#raw;
  }

  get store(): Store {
    return this.#store;
  }

  origins(): string[] {
    return [...this.#states.keys()].sort();
  }

  state(origin: string): LogState {
    return this.#states.get(origin) ?? emptyLog(origin);
  }

  has(origin: string): boolean {
    return this.#states.has(origin);
  }

  async record(origin: string, index: number): Promise<LogRecord | undefined> {
    const value = await this.#store.get(entryKey(origin, index));
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
    const found: LogRecord[] = [];
    if (to <= from) return found;
    const range = { gte: entryKey(origin, from), lt: entryKey(origin, to) };
    for await (const [, value] of this.#store.range(range))
      found.push(this.#decoded(origin, from + found.length, value));
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
    for await (const [key, value] of this.#store.range(range)) {
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
    const records = await this.records(origin, from, to);
    return records.map((record, nth) => {
      const index = from + nth;
      try {
        const opened = openStored(this.#crypto, record);
        if (recent === undefined) return opened;
        recent.entries.set(nameOf(origin, index), opened);
        if (recent.entries.size > recent.max)
          recent.entries.delete(recent.entries.keys().next().value as string);
        return opened;
      } catch (error) {
        throw this.#corrupt(origin, `entry ${index} of ${origin} is not what was stored`, { index }, error);
      }
    });
  }

  /** Remembers as many entries as last opened: for whoever only reads, and looks at the same ones several times. */
  rememberOpened(max: number): void {
    this.#recent = { max, entries: new Map() };
  }

  /** One entry with its payload. Faults: STORE_CORRUPT, PAYLOAD_ERASED. */
  async entry(origin: string, index: number): Promise<OpenEntry> {
    const found = await this.stored(origin, index);
    if (found.payload === null) throw payloadErased({ origin, index }, found.erased);
    return found;
  }

  /** Whether a purge that lists this entry's payload is held here as certified, and nothing voids it. */
  async erasable(of: ClaimName, purge: ClaimName): Promise<boolean> {
    if (purge.index >= this.state(purge.origin).certifiedSize) return false;
    const { payload } = await this.stored(purge.origin, purge.index);
    if (payload === null || !purgesPayload(payload, of)) return false;
    return !(await isVoided(this.#store, purge));
  }

  /** The writer of a stored log, by its genesis entry. `resolve` may fault. */
  async writer(origin: string, resolve: ResolveWriter): Promise<Writer | undefined> {
    const known = this.#writers.get(origin);
    if (known !== undefined) return known;
    const genesis = await this.record(origin, 0);
    if (genesis === undefined) return undefined;
    const writer = resolve(genesis, origin);
    this.#writers.set(origin, writer);
    return writer;
  }

  /**
   * Checks an append's bytes against the stored log it extends: cheap first (origin, writer, log signature, sizes),
   * then chain, commitments and root. The caller has compared `oldSize` with the stored size.
   * Faults: those of checkAppend and `resolve`.
   */
  async check(
    append: Append,
    charter: Charter,
    resolve: ResolveWriter,
    afford?: (writer: Writer) => void,
  ): Promise<CheckedAppend> {
    const before = this.state(append.origin);
    assert(append.oldSize === before.size, 'the append starts where the log ends');
    const writer = await this.writerOf(append, resolve);
    const erased = (of: ClaimName, purge: ClaimName) => this.erasable(of, purge);
    return checkAppend({ crypto: this.#crypto, charter, before, writer, erased, afford }, append);
  }

  /** Who must have written an append: by the stored genesis, or its own when it begins the log. Faults: MALFORMED, those of `resolve`. */
  async writerOf({ origin, records }: Append, resolve: ResolveWriter): Promise<Writer> {
    const [first] = records;
    if (first === undefined) throw wrong('MALFORMED', 'an append brings at least one entry', origin);
    const writer =
      this.state(origin).size === 0 ? resolve(first, origin) : await this.writer(origin, resolve);
    assert(writer !== undefined, 'a log that is not empty has a genesis');
    return writer;
  }

  /** Store operations that make a checked append part of the log, with the state they lead to. */
  rows(
    checked: CheckedAppend,
    at: { readonly now: number; readonly admittedSize: number; readonly votedSeconds: number | null },
  ): { readonly operations: StoreOperation[]; readonly after: LogState } {
    const { now: storedAt, admittedSize, votedSeconds } = at;
    const after: LogState = { ...stateAfter(checked), storedAt, admittedSize, votedSeconds };
    return { operations: [...appendRows(checked, storedAt), stateRow(after)], after };
  }

  /**
   * Runs `work` while nobody else changes this log: whoever checks an append and then commits it does both in here.
   * Not to be entered twice.
   */
  alone<Result>(origin: string, work: () => Promise<Result>): Promise<Result> {
    return this.#alone.run(origin, work);
  }

  /** Writes rows of `rows` and of others in one batch, synced unless told, then remembers the state. Faults: STORE_FAILED. */
  commit(
    after: LogState,
    operations: readonly StoreOperation[],
    { sync }: { readonly sync: boolean } = { sync: true },
  ): Promise<void> {
    return this.#writes.run(after.origin, async () => {
      await this.#write(operations, sync);
      const { certifiedSize, certificate } = this.state(after.origin);
      const certified = certifiedSize > after.certifiedSize ? { certifiedSize, certificate } : {};
      this.#states.set(after.origin, { ...after, ...certified });
    });
  }

  /** Replaces a log's state row: size and bytes stay, what is known of them changed. Faults: STORE_FAILED. */
  update(state: LogState): Promise<void> {
    return this.#writes.run(state.origin, async () => {
      assert(state.size === this.state(state.origin).size, 'an update leaves the log as long as it is');
      await this.#write([stateRow(state)], true);
      this.#states.set(state.origin, state);
    });
  }

  /** Writes rows beside what the logs' own states say: a payload erased, rows of a log that is being healed. */
  write(operations: readonly StoreOperation[]): Promise<void> {
    return this.#write(operations, true);
  }

  /** Makes the head that healing came to the log's own. Faults: STORE_FAILED. */
  restore(state: LogState, operations: readonly StoreOperation[]): Promise<void> {
    return this.#writes.run(state.origin, async () => {
      await this.#write([...operations, stateRow(state)], true);
      this.#states.set(state.origin, state);
      this.#writers.delete(state.origin);
    });
  }

  /** After a failed batch nobody knows what the disk holds: nothing more is written until all is read anew. */
  async #write(operations: readonly StoreOperation[], sync: boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#store.batch(operations, { sync });
    } catch (error) {
      // A store that refuses (its disk is full) says that it wrote nothing.
      if (isFault(error) && error.kind === 'refused') throw error;
      this.#failure = new Fault(
        'failure',
        'STORE_FAILED',
        'the ledger could not be written: check the disk, then start again',
        {},
        error,
      );
      throw this.#failure;
    }
  }

  /** The writer-signed checkpoint of exactly `size`, when its writer signed one. */
  async checkpointAt(origin: string, size: number): Promise<string | undefined> {
    const value = await this.#store.get(boundaryKey(origin, size));
    return value === undefined ? undefined : fromUtf8(value);
  }

  /** Start of the signed batch that ends at `size`: the largest size below it that the writer signed, or 0. */
  async lastBoundary(origin: string, size: number): Promise<number> {
    const range = { gt: boundaryKey(origin, 0), lt: boundaryKey(origin, size), reverse: true, limit: 1 };
    for await (const [key] of this.#store.range(range)) return sizeOfBoundary(key);
    return 0;
  }

  /** Root of the first `size` entries; undefined when fewer are held. Faults: STORE_CORRUPT. */
  async rootAt(origin: string, size: number): Promise<Uint8Array | undefined> {
    if (size > this.state(origin).size) return undefined;
    const signed = await this.checkpointAt(origin, size);
    if (signed !== undefined) return readHead(signed).root;
    const range = new CompactRange(this.#crypto);
    for (const { entry } of await this.records(origin, 0, size))
      range.append(leafHashOf(this.#crypto, entry));
    return range.root();
  }

  /** Logs of a vault's devices, as their genesis entries say. */
  async originsOfVault(vault: Uint8Array): Promise<string[]> {
    const start = vaultKey(vault);
    const origins: string[] = [];
    for await (const [key] of this.#store.range({ gte: start, lt: concat(start, Uint8Array.of(255)) })) {
      origins.push(fromUtf8(key.subarray(start.length)));
    }
    return origins;
  }

  /** Remembers a certificate (already checked) when it covers more than the one known. Faults: STORE_FAILED. */
  certify(origin: string, certified: { readonly size: number; readonly certificate: string }): Promise<void> {
    return this.#writes.run(origin, async () => {
      const state = this.state(origin);
      if (certified.size <= state.certifiedSize || certified.size > state.size) return;
      const after = {
        ...state,
        certifiedSize: certified.size,
        certificate: certified.certificate,
        admittedSize: Math.max(state.admittedSize, certified.size),
      };
      const { certifiedSize: from } = state;
      // What a certificate covers entirely has no void beyond it: the usual case, and a look at the disk less.
      const voids = { origin, from, certified: certified.size };
      const undone = certified.size === state.size ? [] : await undoneVoids(this.#store, voids);
      this.#states.set(origin, after);
      await this.#write([stateRow(after), ...undone], false);
    });
  }
}

const nameOf = (origin: string, index: number) => `${origin} ${index}`;

/** Genesis payload of a log's first record. */
export function genesisOf(record: LogRecord) {
  if (isErased(record)) throw wrong('MALFORMED', 'a genesis is never erased', '');
  return decodePayload('genesis', record.payload);
}

/** Faults: STORE_CORRUPT when the stored head is not its own checkpoint's. */
function checkState(crypto: Crypto, state: LogState): void {
  if (state.size === 0) return;
  const head = readHead(state.checkpoint);
  const root = new CompactRange(crypto, state.frontier).root();
  if (head.origin === state.origin && head.size === state.size && equalBytes(head.root, root)) return;
  const { origin } = state;
  throw storeCorrupt(`the stored head of ${origin} contradicts its checkpoint`, { origin });
}
