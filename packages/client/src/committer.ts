// The last step of every write: places and sealed records into the vault's log, certified. Batches that become ready
// while an append is under way share the next one.

import {
  APPEND_BYTES_MAX,
  APPEND_ENTRIES_MAX,
  asFault,
  type Crypto,
  type DaemonId,
  encodeCbor,
  isFault,
  type Random,
  toHex,
} from '@vauban/core';
import type { LogWriter, Payload } from '@vauban/ledger';
import {
  encodeObjectsRecord,
  type IndexPointer,
  type ObjectChange,
  RECORD_PLAIN_BYTES_MAX,
  sealRecord,
} from '@vauban/seal';
import { holderFailed } from './failed-holder.ts';
import { rememberIndex } from './namespace.ts';
import type { VaultState, VaultStateDoor } from './vault-state.ts';

/** Half of what an append takes: a refused one travels again with what voids it, and a genesis. */
const ENTRIES_MAX = APPEND_ENTRIES_MAX / 2;
const BYTES_MAX = APPEND_BYTES_MAX / 2;

/** A daemon that erases again and again while one append is made ready does so by no coincidence. */
const RENEWALS_MAX = 3;

/** One object's worth of writing, or a pack's: its places come first, then what they mean. */
export interface Batch {
  /** Claims: new segments, and such as are used again. */
  readonly places: readonly Extract<Payload, { kind: 'place' | 'keep' }>[];
  readonly changes: readonly ObjectChange[];
  /** Claims given up with it: none is of this batch. */
  readonly releases?: readonly Extract<Payload, { kind: 'release' }>[];
  /** Where the changes are, when they are not in the entry itself; with the index's ciphertext, to be remembered. */
  readonly index: { readonly pointer: IndexPointer; readonly sealed: Uint8Array } | null;
}

export interface CommitterOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly vaultSecret: Uint8Array;
  readonly door: VaultStateDoor;
  /** The vault's log writer over the opened state; reads its heads once per process before it first signs. */
  readonly writer: (state: VaultState) => Promise<LogWriter>;
  /** Claims with receipts that this daemon gives now: it has erased since it gave those they have. Faults: HOLDER_FAILED. */
  readonly freshReceipts: (claims: Batch['places'], daemon: DaemonId) => Promise<Batch['places']>;
  /** Until when (ms since 1970) a place that is written now has to be kept at least. */
  readonly retainUntil: () => number;
  /** Called with the state still open, after entries became certified. */
  readonly committed: (state: VaultState) => Promise<void>;
}

interface Waiting {
  readonly batch: Batch;
  /** The plaintext of its `objects` record; null where nothing changes but claims. */
  readonly record: Uint8Array | null;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Committer {
  readonly #options: CommitterOptions;
  #queue: Waiting[] = [];
  #running = false;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /**
   * Resolves once the batch is certified. Faults: OBJECT_CHANGE, what the hosters refused, QUORUM_UNREACHABLE; HOLDER_FAILED
   * {daemon}: what that daemon was to hold has to be stored elsewhere first.
   */
  commit(batch: Batch): Promise<void> {
    return new Promise((resolve, reject) => {
      // Before it joins others: what cannot be recorded is this batch's fault alone.
      const { changes, index } = batch;
      const bare = changes.length === 0 && index === null && (batch.releases ?? []).length > 0;
      const record = bare
        ? null
        : encodeObjectsRecord(index === null ? { changes } : { index: index.pointer });
      this.#queue.push({ batch, record, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  /** Never rejects: what goes wrong is told to whoever waits. */
  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      const taken = this.#take();
      try {
        await this.#persevere(taken);
        for (const { resolve } of taken) resolve();
      } catch (error) {
        // One batch that is refused must not take others with it: they are tried once more, each alone. What may still
        // be certified later would be written twice.
        const refused = isFault(error) && error.kind === 'refused' && error.facts['class'] !== 'later';
        const voided = refused || isFault(error, 'HOLDER_FAILED');
        const alone = taken.length > 1 && voided;
        for (const waiting of taken) {
          if (!alone) waiting.reject(error);
          else await this.#persevere([waiting]).then(waiting.resolve, waiting.reject);
        }
      }
    }
    // In the same turn as the last look at the queue: nobody can slip in between.
    this.#running = false;
  }

  /** Once more after what another try mends: a new key, or a daemon's receipts from before it last erased. */
  async #persevere(taken: readonly Waiting[]): Promise<void> {
    let now = taken;
    const renewed: DaemonId[] = [];
    for (;;) {
      try {
        return await this.#append(now);
      } catch (error) {
        // The next writer has a new key: what was to be written is written with that.
        if (isFault(error, 'WRITER_STATE_LOST')) return this.#append(now);
        // Of what waiting may still have certified nothing is voided: with other receipts it would be written twice.
        const voided = isFault(error, 'GENERATION_OLD') && error.facts['class'] !== 'later';
        const daemon = voided ? error.facts['daemon'] : undefined;
        const before = oldestReceipt(now, daemon);
        if (typeof daemon !== 'string' || before === undefined) throw error;
        renewed.push(daemon);
        now = await Promise.all(now.map((waiting) => this.#renewed(waiting, daemon)));
        const latest = oldestReceipt(now, daemon) ?? Number.POSITIVE_INFINITY;
        // It would be refused once more, and for ever.
        const useless = latest <= before || renewed.filter((one) => one === daemon).length > RENEWALS_MAX;
        if (useless) throw holderFailed(daemon, asFault(error));
      }
    }
  }

  async #renewed(waiting: Waiting, daemon: DaemonId): Promise<Waiting> {
    const places = await this.#options.freshReceipts(waiting.batch.places, daemon);
    return { ...waiting, batch: { ...waiting.batch, places } };
  }

  /** As many waiting batches as one append takes; at least one. */
  #take(): Waiting[] {
    const taken: Waiting[] = [];
    let entries = 0;
    let bytes = 0;
    for (const waiting of this.#queue) {
      const { places, releases = [] } = waiting.batch;
      entries += places.length + releases.length + 1;
      bytes += encodeCbor([...places, ...releases]).length + RECORD_PLAIN_BYTES_MAX;
      if (taken.length > 0 && (entries > ENTRIES_MAX || bytes > BYTES_MAX)) break;
      taken.push(waiting);
    }
    this.#queue = this.#queue.slice(taken.length);
    return taken;
  }

  async #append(taken: readonly Waiting[]): Promise<void> {
    const { door, writer, committed } = this.#options;
    await door.within(async (state) => {
      const log = await writer(state);
      // A huge file's places do not fit one append: all but the last ones go ahead, meaningless without their record.
      const parts = inParts(taken.flatMap(({ batch }) => batch.places));
      const last = parts.pop() ?? [];
      for (const part of parts) await log.append(() => this.#retained(part));
      const records = taken.flatMap(({ record }) => record ?? []);
      await log.append(({ origin, index }) => [
        ...this.#retained(last),
        ...records.map((record, nth) => this.#objects(record, { origin, index: index + last.length + nth })),
        ...taken.flatMap(({ batch }) => batch.releases ?? []),
      ]);
      try {
        for (const { batch } of taken)
          if (batch.index !== null) await rememberIndex(state, batch.index.pointer, batch.index.sealed);
        await committed(state);
      } catch {
        // Certified it is, whatever cannot be read now; whoever reads the catalog next follows again, and is told.
      }
    });
  }

  /** Counted from the entry's own time: an upload, a queue and a quorum may have taken hours since the place was made. */
  #retained(places: Batch['places']): Batch['places'] {
    const least = this.#options.retainUntil();
    return places.map((one) =>
      one.kind === 'place' && one.retainUntil < least ? { ...one, retainUntil: least } : one,
    );
  }

  #objects(plain: Uint8Array, at: { readonly origin: string; readonly index: number }): Payload {
    const { random, vaultSecret } = this.#options;
    return { kind: 'objects', sealed: sealRecord({ vaultSecret, ...at, random, plain }) };
  }
}

/** The lowest generation among a daemon's receipts; undefined where it gave none. */
function oldestReceipt(taken: readonly Waiting[], daemon: unknown): number | undefined {
  const generations = taken
    .flatMap(({ batch }) => batch.places)
    .flatMap((one) => (one.kind === 'place' ? one.fragments : []))
    .flatMap(([, holder, generation]) =>
      holder !== undefined && toHex(holder) === daemon && generation !== undefined ? [generation] : [],
    );
  return generations.length === 0 ? undefined : Math.min(...generations);
}

/** In order, each part with room left in its append for the records. */
function inParts(places: Batch['places']): Batch['places'][number][][] {
  const parts: Batch['places'][number][][] = [];
  let bytes = 0;
  for (const place of places) {
    const length = encodeCbor(place).length;
    const part = parts.at(-1);
    if (part !== undefined && part.length < ENTRIES_MAX && bytes + length <= BYTES_MAX) {
      part.push(place);
      bytes += length;
    } else {
      parts.push([place]);
      bytes = length;
    }
  }
  return parts;
}
