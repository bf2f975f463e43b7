// Segments in memory at once, over everything a client does: each turn comes with the buffer for one segment.

import { assert } from '@vauban/core';

export interface Turn {
  readonly bytes: Uint8Array;
  /** So many bytes of the buffer; others when it is too small, as for a segment of an older, larger policy. */
  room(length: number): Uint8Array;
  /** Takes another buffer of the same length for its own: one that was filled while there was no turn. */
  exchange(filled: Uint8Array): Uint8Array;
  /** Lets the next one in. Safe to call twice. */
  giveBack(): void;
}

export class Turns {
  readonly #bytesEach: number;
  readonly #max: number;
  readonly #free: Uint8Array[] = [];
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  /** At most `max` turns at once, of `bytesEach`; buffers are made when first needed and used again. */
  constructor(options: { readonly max: number; readonly bytesEach: number }) {
    this.#max = options.max;
    this.#bytesEach = options.bytesEach;
  }

  /** Length of each turn's buffer. */
  get bytesEach(): number {
    return this.#bytesEach;
  }

  /** First come, first served: whoever takes several in order cannot be overtaken by itself and wait for ever. */
  async take(signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted();
    if (this.#taken < this.#max) this.#taken += 1;
    else await this.#handedOver(signal);
    let bytes = this.#free.pop() ?? new Uint8Array(this.#bytesEach);
    let given = false;
    return {
      bytes,
      room: (length) => (length <= bytes.length ? bytes.subarray(0, length) : new Uint8Array(length)),
      exchange: (filled) => {
        assert(filled.length === bytes.length && !given, 'a buffer for a buffer, while the turn lasts');
        const own = bytes;
        bytes = filled;
        return own;
      },
      giveBack: () => {
        if (given) return;
        given = true;
        this.#free.push(bytes);
        const next = this.#waiting.shift();
        // The turn goes from hand to hand: nobody who comes just now gets in between.
        if (next === undefined) this.#taken -= 1;
        else next();
      },
    };
  }

  #handedOver(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(wake);
    });
  }
}
