// The last step of every write: places and sealed records into the vault's log, certified. Batches that become ready
// while an append is under way share the next one.

import {
  APPEND_BYTES_MAX,
  APPEND_ENTRIES_MAX,
  type Crypto,
  encodeCbor,
  isFault,
  type Random,
} from '@vauban/core';
import type { LogWriter, Payload } from '@vauban/ledger';
import {
  encodeObjectsRecord,
  type IndexPointer,
  type ObjectChange,
  RECORD_PLAIN_BYTES_MAX,
  sealRecord,
} from '@vauban/seal';
import { rememberIndex } from './namespace.ts';
import type { VaultState, VaultStateDoor } from './vault-state.ts';

/** Half of what an append takes: a refused one travels again with what voids it, and a genesis. */
const ENTRIES_MAX = APPEND_ENTRIES_MAX / 2;
const BYTES_MAX = APPEND_BYTES_MAX / 2;

/** One object's worth of writing, or a pack's: its places come first, then what they mean. */
export interface Batch {
  readonly places: readonly Extract<Payload, { kind: 'place' }>[];
  readonly changes: readonly ObjectChange[];
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
  /** Called with the state still open, after entries became certified. */
  readonly committed: (state: VaultState) => Promise<void>;
}

interface Waiting {
  readonly batch: Batch;
  /** The plaintext of its `objects` record. */
  readonly record: Uint8Array;
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

  /** Resolves once the batch is certified. Faults: OBJECT_CHANGE, what the hosters refused, QUORUM_UNREACHABLE. */
  commit(batch: Batch): Promise<void> {
    return new Promise((resolve, reject) => {
      // Before it joins others: what cannot be recorded is this batch's fault alone.
      const { changes, index } = batch;
      const record = encodeObjectsRecord(index === null ? { changes } : { index: index.pointer });
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
        await this.#append(taken).catch((error: unknown) => {
          // The next writer has a new key: what was to be written is written with that.
          if (!isFault(error, 'WRITER_STATE_LOST')) throw error;
          return this.#append(taken);
        });
        for (const { resolve } of taken) resolve();
      } catch (error) {
        // One batch that is refused must not take others with it: they are tried once more, each alone. What may still
        // be certified later would be written twice.
        const voided = isFault(error) && error.kind === 'refused' && error.facts['class'] !== 'later';
        const alone = taken.length > 1 && voided;
        for (const waiting of taken) {
          if (!alone) waiting.reject(error);
          else await this.#append([waiting]).then(waiting.resolve, waiting.reject);
        }
      }
    }
    // In the same turn as the last look at the queue: nobody can slip in between.
    this.#running = false;
  }

  /** As many waiting batches as one append takes; at least one. */
  #take(): Waiting[] {
    const taken: Waiting[] = [];
    let entries = 0;
    let bytes = 0;
    for (const waiting of this.#queue) {
      const { places } = waiting.batch;
      entries += places.length + 1;
      bytes += encodeCbor([...places]).length + RECORD_PLAIN_BYTES_MAX;
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
      for (const part of parts) await log.append(() => part);
      await log.append(({ origin, index }) => [
        ...last,
        ...taken.map(({ record }, nth) =>
          this.#objects(record, { origin, index: index + last.length + nth }),
        ),
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

  #objects(plain: Uint8Array, at: { readonly origin: string; readonly index: number }): Payload {
    const { random, vaultSecret } = this.#options;
    return { kind: 'objects', sealed: sealRecord({ vaultSecret, ...at, random, plain }) };
  }
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
