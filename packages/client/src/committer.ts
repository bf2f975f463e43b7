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

  /** Resolves once the batch is certified. Faults: what the hosters refused, QUORUM_UNREACHABLE. */
  commit(batch: Batch): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  /** Never rejects: what goes wrong is told to whoever waits. */
  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      const taken = this.#take();
      try {
        await this.#append(taken.map(({ batch }) => batch));
        for (const { resolve } of taken) resolve();
      } catch (error) {
        // One batch that is refused must not take others with it: they are tried once more, each alone.
        const alone = taken.length > 1 && isFault(error) && error.kind === 'refused';
        for (const waiting of taken) {
          if (!alone) waiting.reject(error);
          else await this.#append([waiting.batch]).then(waiting.resolve, waiting.reject);
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
      if (taken.length > 0 && (entries > APPEND_ENTRIES_MAX / 2 || bytes > APPEND_BYTES_MAX / 2)) break;
      taken.push(waiting);
    }
    this.#queue = this.#queue.slice(taken.length);
    return taken;
  }

  async #append(batches: readonly Batch[]): Promise<void> {
    const { door, writer, committed } = this.#options;
    await door.within(async (state) => {
      const log = await writer(state);
      let places = batches.flatMap((batch) => batch.places);
      // A huge file's places do not fit one append: all but the last ones go ahead, meaningless without their record.
      const ahead = APPEND_ENTRIES_MAX / 2;
      while (places.length > ahead) {
        const first = places.slice(0, ahead);
        await log.append(() => first);
        places = places.slice(ahead);
      }
      await log.append(({ origin, index }) => [
        ...places,
        ...batches.map((batch, nth) => this.#objects(batch, { origin, index: index + places.length + nth })),
      ]);
      for (const { index } of batches)
        if (index !== null) await rememberIndex(state, index.pointer, index.sealed);
      await committed(state);
    });
  }

  #objects(batch: Batch, at: { readonly origin: string; readonly index: number }): Payload {
    const { random, vaultSecret } = this.#options;
    const record = batch.index === null ? { changes: batch.changes } : { index: batch.index.pointer };
    return {
      kind: 'objects',
      sealed: sealRecord({ vaultSecret, ...at, random, plain: encodeObjectsRecord(record) }),
    };
  }
}
