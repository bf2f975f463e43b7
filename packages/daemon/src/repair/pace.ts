// How fast repair may be: so many bytes a second over each link and through the disk, and a small part of that while
// anybody else is being served. Repair has days; whoever reads or writes a file has not.

import type { Clock } from '@vauban/core';

/** While foreground traffic runs, repair gets this part of its rate. */
const SHARE_WHEN_BUSY = 0.1;
/** Foreground traffic counts for so long after its last byte: requests of one file come in a row. */
const BUSY_MS = 250;
/** How often a waiting turn looks whether the foreground has gone. */
const LOOK_MS = 100;

export interface RepairLimits {
  /** Bytes a second read for repair from one site. */
  readonly linkBytesPerSecond: number;
  /** Bytes a second written by repair. */
  readonly diskBytesPerSecond: number;
}

/** A gigabit link half used; a spinning disk half used. */
export const standardRepairLimits: RepairLimits = {
  linkBytesPerSecond: 50_000_000,
  diskBytesPerSecond: 80_000_000,
};

/** Whether clients are being served just now. */
export class Foreground {
  readonly #clock: Clock;
  #lastAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Bytes of a client came or went. */
  touch(): void {
    this.#lastAt = this.#clock.monotonic();
  }

  get busy(): boolean {
    return this.#clock.monotonic() - this.#lastAt < BUSY_MS;
  }
}

export class Pace {
  readonly #clock: Clock;
  readonly #foreground: Pick<Foreground, 'busy'>;
  readonly bytesPerSecond: number;
  /** Bytes asked for so far, and how many of them are paid for, as of `#at`. */
  #asked = 0;
  #paid = 0;
  #at = 0;

  constructor(of: {
    readonly clock: Clock;
    readonly foreground: Pick<Foreground, 'busy'>;
    readonly bytesPerSecond: number;
  }) {
    this.#clock = of.clock;
    this.#foreground = of.foreground;
    this.bytesPerSecond = of.bytesPerSecond;
    this.#at = of.clock.monotonic();
  }

  /** Resolves when so many bytes may follow; in order of asking. Rejects with the signal's reason. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    this.#settle();
    // Whoever comes pays for those before: the first turn is free, a long row is as fast as the rate.
    const before = this.#asked;
    this.#asked += bytes;
    while (this.#paid < before) {
      const waitMs = Math.min(LOOK_MS, ((before - this.#paid) / this.#rate) * 1_000);
      await this.#clock.sleep(Math.max(1, waitMs), signal);
      this.#settle();
    }
  }

  get #rate(): number {
    return this.bytesPerSecond * (this.#foreground.busy ? SHARE_WHEN_BUSY : 1);
  }

  #settle(): void {
    const now = this.#clock.monotonic();
    this.#paid = Math.min(this.#asked, this.#paid + ((now - this.#at) / 1_000) * this.#rate);
    this.#at = now;
  }
}
