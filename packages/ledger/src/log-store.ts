// Logs at rest: entries with their payloads, the writer's last checkpoint, the best certificate. Owns what can be
// checked from bytes alone (order, chain, commitments, root, log signature); rules about meaning are `admission`.
// The same store serves a hoster's mirror, a writer's write-ahead state and a verifier's memory.

import {
  assert,
  type Charter,
  CompactRange,
  type CompactRangeSnapshot,
  concat,
  type Crypto,
  equalBytes,
  Fault,
  fromUtf8,
  isFault,
  type Store,
  type StoreOperation,
  utf8,
} from '@vauban/core';
import { type Head, openCheckpoint, readHead } from './checkpoint.ts';
import { decodePayload, leafHashOf, type OpenEntry, openEntry } from './entry.ts';
import { Locks } from './locks.ts';
import {
  boundaryKey,
  decodeRecord,
  decodeState,
  emptyLog,
  entryKey,
  type LogRecord,
  type LogState,
  recordRow,
  stateRange,
  stateRow,
  vaultKey,
} from './log-rows.ts';
import { indexRows } from './segment-index.ts';

export type { LogRecord, LogState } from './log-rows.ts';
import { checkOrigin, type Writer } from './writer.ts';

/** Finds the writer that a log's first record names; faults when there is none. */
export type ResolveWriter = (genesis: LogRecord, origin: string) => Writer;

/** Entries a writer (or anyone on its behalf) brings: bytes from `oldSize` up to the checkpoint's size. */
export interface Append {
  readonly origin: string;
  readonly oldSize: number;
  readonly checkpoint: string;
  readonly records: readonly LogRecord[];
}

/** An append whose bytes are in order. */
export interface CheckedAppend {
  readonly head: Head;
  readonly before: LogState;
  readonly opened: readonly OpenEntry[];
  readonly records: readonly LogRecord[];
  readonly frontier: CompactRangeSnapshot;
  readonly lastLeaf: Uint8Array;
  readonly writer: Writer;
  readonly checkpoint: string;
}

export class LogStore {
  readonly #store: Store;
  readonly #crypto: Crypto;
  readonly #states: Map<string, LogState>;
  readonly #writers = new Map<string, Writer>();
  readonly #alone = new Locks();
  readonly #writes = new Locks();
  #failure: Fault | undefined;

  private constructor(store: Store, crypto: Crypto, states: Map<string, LogState>) {
    this.#store = store;
    this.#crypto = crypto;
    this.#states = states;
  }

  /** Reads all heads and checks each against its own checkpoint. Faults: STORE_CORRUPT. */
  static async open(store: Store, crypto: Crypto): Promise<LogStore> {
    const states = new Map<string, LogState>();
    for await (const [, value] of store.range(stateRange)) {
      const state = decodeState(value);
      const head = state.size === 0 ? undefined : readHead(state.checkpoint);
      const root = new CompactRange(crypto, state.frontier).root();
      if (head !== undefined && (head.size !== state.size || !equalBytes(head.root, root))) {
        throw new Fault(
          'integrity',
          'STORE_CORRUPT',
          `the stored head of ${state.origin} contradicts its checkpoint`,
          {
            origin: state.origin,
          },
        );
      }
      states.set(state.origin, state);
    }
    return new LogStore(store, crypto, states);
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
    return value === undefined ? undefined : decodeRecord(value);
  }

  /** Records [from, to), in order. Fewer than asked means the store has a hole: STORE_CORRUPT. */
  async records(origin: string, from: number, to: number): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    if (to <= from) return found;
    const range = { gte: entryKey(origin, from), lt: entryKey(origin, to) };
    for await (const [, value] of this.#store.range(range)) found.push(decodeRecord(value));
    if (found.length !== to - from) {
      throw new Fault(
        'integrity',
        'STORE_CORRUPT',
        `entries ${from} to ${to} of ${origin} are not all there`,
        {
          origin,
          from,
          to,
          found: found.length,
        },
      );
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
      const size = Number(new DataView(key.buffer, key.byteOffset + key.length - 8, 8).getBigUint64(0));
      const records = await this.records(origin, oldSize, size);
      for (const record of records) bytes += record.entry.length + record.payload.length + 64;
      if (batches.length > 0 && bytes > bytesMax) break;
      batches.push({ origin, oldSize, checkpoint: fromUtf8(value), records });
      oldSize = size;
    }
    return batches;
  }

  /** One entry, decoded and checked. Faults: STORE_CORRUPT when missing. */
  async entry(origin: string, index: number): Promise<OpenEntry> {
    const [record] = await this.records(origin, index, index + 1);
    return openEntry(this.#crypto, (record as LogRecord).entry, record as LogRecord);
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
   * Faults: MALFORMED, TOO_LARGE, ORIGIN_OTHER, LOG_SIGNATURE, CHAIN_BROKEN, ROOT_MISMATCH, COMMIT_MISMATCH, GENESIS_MISPLACED.
   */
  async check(append: Append, charter: Charter, resolve: ResolveWriter): Promise<CheckedAppend> {
    const before = this.state(append.origin);
    assert(append.oldSize === before.size, 'the append starts where the log ends');
    const first = append.records[0];
    if (first === undefined) throw wrong('MALFORMED', 'an append brings at least one entry', append.origin);
    const writer =
      before.size === 0 ? resolve(first, append.origin) : await this.writer(append.origin, resolve);
    assert(writer !== undefined, 'a log that is not empty has a genesis');
    checkOrigin(this.#crypto, charter.name, append.origin, writer);
    const head = openCheckpoint(this.#crypto, append.checkpoint, writer.key);
    if (head.origin !== append.origin || head.size !== before.size + append.records.length) {
      throw wrong('MALFORMED', 'the checkpoint is not of the log and size the append ends at', append.origin);
    }
    const range = new CompactRange(this.#crypto, before.frontier);
    let lastLeaf = before.lastLeaf;
    const opened: OpenEntry[] = [];
    for (const record of append.records) {
      const open = openEntry(this.#crypto, record.entry, record);
      if (!equalBytes(open.entry.previous, lastLeaf)) {
        throw wrong('CHAIN_BROKEN', `entry ${range.size} does not follow the one before it`, append.origin);
      }
      if ((open.entry.kind === 'genesis') !== (range.size === 0)) {
        throw wrong('GENESIS_MISPLACED', 'a log has one genesis, and it comes first', append.origin);
      }
      range.append(open.leafHash);
      lastLeaf = open.leafHash;
      opened.push(open);
    }
    if (!equalBytes(range.root(), head.root)) {
      throw wrong('ROOT_MISMATCH', 'the checkpoint is not the root of these entries', append.origin);
    }
    const frontier = range.snapshot();
    return {
      head,
      before,
      opened,
      records: append.records,
      frontier,
      lastLeaf,
      writer,
      checkpoint: append.checkpoint,
    };
  }

  /** Store operations that make a checked append part of the log, with the state they lead to. */
  rows(
    checked: CheckedAppend,
    at: { readonly now: number; readonly admittedSize: number; readonly votedSeconds: number | null },
  ) {
    const origin = checked.head.origin;
    const after: LogState = {
      ...checked.before,
      size: checked.head.size,
      frontier: checked.frontier,
      lastLeaf: checked.lastLeaf,
      checkpoint: checked.checkpoint,
      storedAt: at.now,
      admittedSize: at.admittedSize,
      votedSeconds: at.votedSeconds,
    };
    const operations: StoreOperation[] = checked.records.map((record, offset) =>
      recordRow(origin, checked.before.size + offset, record),
    );
    for (const [nth, open] of checked.opened.entries()) {
      // A void of a certified entry never has an effect, however it got here.
      if (open.payload.kind === 'void' && open.payload.index < checked.before.certifiedSize) continue;
      operations.push(...indexRows({ origin, index: checked.before.size + nth }, open, checked.writer));
    }
    operations.push(
      { put: boundaryKey(origin, after.size), value: utf8(checked.checkpoint) },
      stateRow(after),
    );
    if (checked.before.size === 0 && checked.writer.kind === 'device') {
      const vault = checked.writer.delegation.vault;
      operations.push({ put: vaultKey(vault, origin), value: new Uint8Array(0) });
    }
    return { operations, after };
  }

  /**
   * Runs `work` while nobody else changes this log: whoever checks an append and then commits it does both in here.
   * Not to be entered twice.
   */
  alone<Result>(origin: string, work: () => Promise<Result>): Promise<Result> {
    return this.#alone.run(origin, work);
  }

  /** Writes rows of `rows` and of others in one synced batch, then remembers the state. Faults: STORE_FAILED. */
  commit(after: LogState, operations: readonly StoreOperation[]): Promise<void> {
    return this.#writes.run(after.origin, async () => {
      await this.#write(operations, true);
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
      this.#states.set(origin, after);
      await this.#write([stateRow(after)], false);
    });
  }
}

/** Genesis payload of a log's first record. */
export function genesisOf(record: LogRecord) {
  return decodePayload('genesis', record.payload);
}

function wrong(code: string, message: string, origin: string): Fault {
  return new Fault('refused', code, `${message} (log ${origin})`, { origin });
}
