// One run of a program on a machine: it has a clock until it ends, and never wakes up again afterwards. Whatever it was
// waiting for stays unsettled for ever, as for a program that was killed.

import type { Clock } from '@vauban/core';
import type { Scheduler } from './scheduler.ts';

/** Where the world's wall clock starts: 2026-09-21T13:33:20Z. */
export const WORLD_STARTS_AT = 1_790_000_000_000;

/** A machine's clock on the wall: off by so much, or stopped. Durations are always right. */
export class WallClock {
  readonly #scheduler: Scheduler;
  offMs: number;
  #stoppedAtMs: number | undefined;

  constructor(scheduler: Scheduler, offMs = 0) {
    this.#scheduler = scheduler;
    this.offMs = offMs;
  }

  now(): number {
    return WORLD_STARTS_AT + Math.floor(this.#stoppedAtMs ?? this.#scheduler.nowMs) + this.offMs;
  }

  stop(): void {
    this.#stoppedAtMs = this.#scheduler.nowMs;
  }

  goOn(): void {
    this.#stoppedAtMs = undefined;
  }
}

export class Program {
  readonly name: string;
  /** Resolves when it has been killed or has left. */
  readonly ended: Promise<void>;
  readonly clock: Clock;
  readonly #scheduler: Scheduler;
  #alive = true;
  #end: () => void = () => undefined;

  constructor(scheduler: Scheduler, of: { readonly name: string; readonly wall?: WallClock }) {
    this.#scheduler = scheduler;
    this.name = of.name;
    const wall = of.wall ?? new WallClock(scheduler);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.clock = {
      now: () => wall.now(),
      monotonic: () => scheduler.nowMs,
      after: (ms, call) => this.after(asTimer(ms), call),
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Like the scheduler's, unless the program has ended by then. */
  after(ms: number, call: () => void): () => void {
    return this.#scheduler.after(ms, () => {
      if (this.#alive) call();
    });
  }

  /** Waits, to the microsecond; never resolves when the program has ended by then. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  end(): void {
    this.#alive = false;
    this.#end();
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(asTimer(ms), () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }
}

/** Timers of the real clock count whole milliseconds, and none is shorter than one. */
function asTimer(ms: number): number {
  return Math.max(1, Math.trunc(ms));
}
