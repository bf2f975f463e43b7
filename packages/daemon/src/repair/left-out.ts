// Helpers that failed or lied for a segment, remembered between its attempts: without that each attempt reads from them first,
// and all that the others shipped meanwhile is thrown away again.

import type { Clock } from '@vauban/core';

/** Whoever was merely slow or away is tried again after so long. */
const REMEMBER_MS = 600_000;
/** Segments; the one begun longest ago goes first. */
const SEGMENTS_MAX = 10_000;

export class LeftOut {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #of = new Map<string, { readonly until: number; readonly helpers: Set<string> }>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** `index/daemon` of those a segment is better rebuilt without; whoever is added to it is remembered. */
  of(segment: string): Set<string> {
    const now = this.#clock.monotonic();
    const known = this.#of.get(segment);
    if (known !== undefined && known.until > now) return known.helpers;
    this.#of.delete(segment);
    const [oldest] = this.#of.keys();
    if (this.#of.size >= SEGMENTS_MAX && oldest !== undefined) this.#of.delete(oldest);
    const helpers = new Set<string>();
    this.#of.set(segment, { until: now + REMEMBER_MS, helpers });
    return helpers;
  }

  /** It is done: nobody needs to know any more. */
  forget(segment: string): void {
    this.#of.delete(segment);
  }
}
