// A log store: how logs at rest change, each change with the lock and the batch it needs. Owns what can be checked from
// bytes alone (order, chain, commitments, root, log signature); rules about meaning are `admission`. The same store
// serves a hoster's mirror, a writer's write-ahead state and a verifier's memory.

import {
  assert,
  type Charter,
  CompactRange,
  type Crypto,
  equalBytes,
  Fault,
  isFault,
  readableRows,
  type Store,
  type StoreOperation,
} from '@vauban/core';
import { type Append, type CheckedAppend, checkAppend, stateAfter, wrong } from './append-check.ts';
import { appendRows } from './append-rows.ts';
import { readHead } from './checkpoint.ts';
import { consortiumName, consortiumRange, isConsortiumKey } from './consortium-rows.ts';
import type { ClaimName } from './entry.ts';
import { HeldLogs, type ResolveWriter } from './held-logs.ts';
import { Locks } from './locks.ts';
import { purgesPayload } from './log-record.ts';
import { decodeState, type LogState, originOfKey, stateRange, stateRow } from './log-rows.ts';
import { Quarantine, storeCorrupt } from './quarantine.ts';
import { isReleaseRow, isVoidRow, undoneVoids } from './segment-index.ts';
import { type HeardSegments, keysPut, StoreWatch, touchedBy } from './store-watch.ts';
import type { Writer } from './writer.ts';

export type { Append, CheckedAppend } from './append-check.ts';
export type { LogRecord } from './log-record.ts';
export type { LogState } from './log-rows.ts';

export class LogStore extends HeldLogs {
  readonly #alone = new Locks();
  readonly #writes = new Locks();
  readonly #watch = new StoreWatch();
  /** Logs that ever said something about the consortium. */
  readonly #speakers = new Set<string>();
  #failure: Fault | undefined;

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
    const logs = new LogStore({ store, crypto, states, quarantine });
    // Rows that cannot be read are found, and told of, by whoever reads them.
    for await (const [key] of readableRows(store, consortiumRange, () => undefined)) {
      logs.#speakers.add(consortiumName(key).origin);
    }
    return logs;
  }

  /**
   * Tells of the segments that each commit wrote rows for, or voided an entry about; deduplicated, once they can be read.
   * Returns what ends it. Whatever a listener throws is its own affair.
   */
  watchSegments(heard: HeardSegments): () => void {
    return this.#watch.segments(heard);
  }

  /** Tells when what `consortiumFacts` says may have changed: said, voided or certified. Returns what ends it. */
  watchConsortium(heard: () => void): () => void {
    return this.#watch.consortium(heard);
  }

  /** Whether a purge that lists this entry's payload is held here as certified, and nothing voids it. */
  async erasable(of: ClaimName, purge: ClaimName): Promise<boolean> {
    if (purge.index >= this.state(purge.origin).certifiedSize) return false;
    const { payload } = await this.stored(purge.origin, purge.index);
    if (payload === null || !purgesPayload(payload, of)) return false;
    return !(await this.isVoided(purge));
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
    return checkAppend({ crypto: this.crypto, charter, before, writer, erased, afford }, append);
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
      this.states.set(after.origin, { ...after, ...certified });
      await this.#tell(operations);
    });
  }

  /** Replaces a log's state row: size and bytes stay, what is known of them changed. Faults: STORE_FAILED. */
  update(state: LogState): Promise<void> {
    return this.#writes.run(state.origin, async () => {
      assert(state.size === this.state(state.origin).size, 'an update leaves the log as long as it is');
      await this.#write([stateRow(state)], true);
      this.states.set(state.origin, state);
    });
  }

  /** Writes rows beside what the logs' own states say: a payload erased, rows of a log that is being healed. */
  async write(operations: readonly StoreOperation[]): Promise<void> {
    await this.#write(operations, true);
    await this.#tell(operations);
  }

  /** Makes the head that healing came to the log's own. Faults: STORE_FAILED. */
  restore(state: LogState, operations: readonly StoreOperation[]): Promise<void> {
    return this.#writes.run(state.origin, async () => {
      await this.#write([...operations, stateRow(state)], true);
      this.states.set(state.origin, state);
      this.writers.delete(state.origin);
      await this.#tell(operations);
    });
  }

  /** After a failed batch nobody knows what the disk holds: nothing more is written until all is read anew. */
  async #write(operations: readonly StoreOperation[], sync: boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const change = () => {
      if (operations.some((one) => isVoidRow(keyOf(one)))) this.voids.change();
      if (operations.some((one) => isReleaseRow(keyOf(one)))) this.releases.change();
    };
    change();
    try {
      await this.store.batch(operations, { sync });
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
    } finally {
      change();
    }
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
      const undone = certified.size === state.size ? [] : await undoneVoids(this.store, voids);
      this.states.set(origin, after);
      await this.#write([stateRow(after), ...undone], false);
      await this.#tell(undone, this.#speakers.has(origin));
    });
  }

  /** After a commit, to whoever listens; nothing that goes wrong here undoes it. */
  async #tell(operations: readonly StoreOperation[], certified = false): Promise<void> {
    for (const key of keysPut(operations)) {
      if (isConsortiumKey(key)) this.#speakers.add(consortiumName(key).origin);
    }
    if (this.#watch.idle) return;
    const touched = await touchedBy(this, operations);
    this.#watch.tell({ ...touched, consortium: touched.consortium || certified });
  }
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

function keyOf(operation: StoreOperation): Uint8Array {
  return 'put' in operation ? operation.put : operation.del;
}
