// Receipts of this daemon, and how often it has erased: a receipt names that generation, and one given before an erasing
// says nothing about what is here after it.

import {
  type Charter,
  type Crypto,
  type DaemonId,
  decodeCbor,
  encodeCbor,
  Fault,
  Mutex,
  shape,
  type Store,
  utf8,
} from '@vauban/core';
import { signReceipt } from '@vauban/ledger';
import { type FragmentKey, keyText } from './fragment-file.ts';
import type { Log } from './log.ts';
import { readOwnRow } from './own-rows.ts';

const generationKey = utf8('generation');

export interface ReceiptPorts {
  readonly crypto: Crypto;
  readonly daemon: DaemonId;
  readonly receiptSeed: Uint8Array;
  readonly charter: () => Charter;
  /** Remembers the generation. */
  readonly store: Store;
  readonly log?: Log;
}

export class Receipts {
  readonly #ports: ReceiptPorts;
  readonly #lock = new Mutex();
  readonly #listeners = new Set<(fragment: FragmentKey) => void>();
  /** Fragments on their way out: nobody is promised them any more. */
  readonly #withheld = new Set<string>();
  #generation: number;

  private constructor(ports: ReceiptPorts, generation: number) {
    this.#ports = ports;
    this.#generation = generation;
  }

  /** `atLeast`: the latest generation that the ledger knows of this daemon, for a store that was lost. */
  static async open(ports: ReceiptPorts, atLeast: number): Promise<Receipts> {
    const of = { key: generationKey, what: 'generation', log: ports.log ?? (() => undefined) };
    // When it rotted the ledger knows: as with a store that was lost.
    const stored = await readOwnRow(ports.store, of, (row) => decodeCbor(shape.count(), row, of.what, 16));
    return new Receipts(ports, Math.max(stored ?? 0, atLeast));
  }

  get generation(): number {
    return this.#generation;
  }

  /**
   * So many more erasings begin, one unless said: durable before it is used. Answers the last of their generations, all of
   * which are above `atLeast` too.
   */
  raise({ atLeast = 0, erasings = 1 } = {}): Promise<number> {
    return this.#lock.run(async () => {
      const next = Math.max(this.#generation, atLeast) + erasings;
      await this.#ports.store.batch([{ put: generationKey, value: encodeCbor(next) }], { sync: true });
      this.#generation = next;
      return next;
    });
  }

  /** What the ledger knows by now: a store that was lost may have been opened before the ledger was back. */
  catchUp(atLeast: number): Promise<void> {
    return this.#lock.run(async () => {
      if (atLeast <= this.#generation) return;
      await this.#ports.store.batch([{ put: generationKey, value: encodeCbor(atLeast) }], { sync: true });
      this.#generation = atLeast;
    });
  }

  /** From now on no receipt is given for it, until `allow`. */
  withhold(fragment: FragmentKey): void {
    this.#withheld.add(keyText(fragment));
  }

  allow(fragment: FragmentKey): void {
    this.#withheld.delete(keyText(fragment));
  }

  isWithheld(fragment: FragmentKey): boolean {
    return this.#withheld.has(keyText(fragment));
  }

  /** Tells of each receipt given from now on, before it is. Returns what ends it. */
  watch(heard: (fragment: FragmentKey) => void): () => void {
    this.#listeners.add(heard);
    return () => void this.#listeners.delete(heard);
  }

  /** To be given only while the fragment is durable here (`FragmentStore.whileHeld`). Faults: FRAGMENT_LEAVING (refused, later). */
  sign(of: {
    readonly segment: Uint8Array;
    readonly index: number;
    readonly root: Uint8Array;
    readonly bytes: number;
  }): { readonly generation: number; readonly receipt: Uint8Array } {
    const { crypto, daemon, receiptSeed, charter } = this.#ports;
    if (this.isWithheld(of)) {
      throw new Fault(
        'refused',
        'FRAGMENT_LEAVING',
        'this daemon is about to erase its copy of that fragment, which another one keeps: bring it to another daemon, or here later',
        { class: 'later', index: of.index },
      );
    }
    for (const heard of this.#listeners) heard(of);
    const generation = this.#generation;
    const claim = { charterName: charter().name, ...of, daemon, generation };
    return { generation, receipt: signReceipt(crypto, claim, receiptSeed) };
  }
}
