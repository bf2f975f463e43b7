// Segments in memory at once, over everything a client does: each turn comes with the buffer for one segment.

export interface Turn {
  readonly bytes: Uint8Array;
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

  async take(signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted();
    while (this.#taken >= this.#max) {
      await new Promise<void>((resolve, reject) => {
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
    this.#taken += 1;
    const bytes = this.#free.pop() ?? new Uint8Array(this.#bytesEach);
    let given = false;
    return {
      bytes,
      giveBack: () => {
        if (given) return;
        given = true;
        this.#taken -= 1;
        this.#free.push(bytes);
        this.#waiting.shift()?.();
      },
    };
  }
}
