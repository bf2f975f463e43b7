// A clock that stands still while anything can happen and then jumps to the next timer: hours pass in milliseconds.

import type { Clock } from '@vauban/core';
import { NOW } from '../../ledger/test/sample-charter.ts';

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

export class VirtualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now = 0;

  now(): number {
    return NOW + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Timers that somebody still waits for. */
  get pending(): number {
    return this.#timers.size;
  }

  after(ms: number, ring: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), ring };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  /** Lets time pass until the work settles. Throws when nothing that could settle it is under way. */
  async run<Result>(work: Promise<Result>): Promise<Result> {
    let settled = false;
    const ended = () => {
      settled = true;
    };
    work.then(ended, ended);
    for (;;) {
      await quiet();
      if (settled) return work;
      if (!this.#step()) throw new Error('nothing is under way that could settle the work');
    }
  }

  /** Lets this much time pass. */
  async pass(ms: number): Promise<void> {
    await this.run(this.sleep(ms));
    await quiet();
  }

  #step(): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    if (next === undefined) return false;
    this.#timers.delete(next);
    this.#now = next.at;
    next.ring();
    return true;
  }
}

/** All promise callbacks that can run have run. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
