// What is believed of one daemon: how fast it served lately, whether it failed, whether it lied. Hints that order
// choices; nothing here decides what is true.

import type { Clock, Fault } from '@vauban/core';

/** A dead daemon is left alone for so long after its first failure, twice as long after each further one. */
const BACK_OFF_MS = 2_000;
/** A hoster repairs things in minutes; asking once a minute notices it soon enough. */
const BACK_OFF_MS_MAX = 60_000;
/** Who sent wrong bytes once is the last choice for a while: what it sends is checked, but every check costs a read. */
const LIAR_AVOIDED_MS = 600_000;
/** Weight of the newest measurement: about five of them make the estimate. */
const NEWEST_WEIGHT = 0.3;
/** Estimates older than this say nothing: a daemon that was slow is tried again. */
const MEASURE_AGE_MS_MAX = 30_000;
/** Failures are counted from here on: one that is only suspected is worth waiting for. */
const SUSPECTED = 1;

export class DaemonHealth {
  readonly #clock: Clock;
  #latencyMs = 0;
  /** Times are averaged, not rates: one crawl outweighs many sprints, as it does for whoever waits. */
  #msPerByte = 0;
  #measuredAt: number | undefined;
  #failures = 0;
  #retryAt = 0;
  #avoidedUntil = 0;
  #fault: Fault | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One transfer: time until the first answer, then `bytes` in `bodyMs`. */
  measured(of: { latencyMs: number; bytes: number; bodyMs: number }): void {
    const msPerByte = Math.max(of.bodyMs, 0.1) / Math.max(of.bytes, 1);
    const known = this.estimate !== undefined;
    this.#latencyMs = known ? mix(this.#latencyMs, of.latencyMs) : of.latencyMs;
    this.#msPerByte = known ? mix(this.#msPerByte, msPerByte) : msPerByte;
    this.#measuredAt = this.#clock.monotonic();
  }

  /** A read that others overtook: it would have taken at least this long, which is believed at once. */
  overtaken(of: { bytes: number; ms: number }): void {
    const known = this.estimate;
    const msPerByte = of.ms / Math.max(of.bytes, 1);
    this.#latencyMs = known?.latencyMs ?? 0;
    this.#msPerByte = Math.max(known?.msPerByte ?? 0, msPerByte);
    this.#measuredAt = this.#clock.monotonic();
  }

  succeeded(): void {
    this.#failures = 0;
    this.#fault = undefined;
  }

  /** A transfer broke off or fell silent. The caller asks how it is; until then it counts as down. */
  suspected(fault: Fault): void {
    this.#fault = fault;
    if (this.#failures > 0) return;
    this.#failures = SUSPECTED;
    this.#retryAt = this.#clock.monotonic() + BACK_OFF_MS;
  }

  /** It did not say how it is. */
  failed(fault: Fault): void {
    this.#fault = fault;
    this.#failures = Math.max(this.#failures, SUSPECTED) + 1;
    const backOffMs = BACK_OFF_MS * 2 ** (this.#failures - SUSPECTED - 1);
    this.#retryAt = this.#clock.monotonic() + Math.min(backOffMs, BACK_OFF_MS_MAX);
  }

  lied(fault: Fault): void {
    this.#fault = fault;
    this.#avoidedUntil = this.#clock.monotonic() + LIAR_AVOIDED_MS;
  }

  /** Something failed and it has not answered since. */
  get down(): boolean {
    return this.#failures > 0;
  }

  /** Asked how it is, it did not answer: nobody waits for it any more. */
  get confirmedDown(): boolean {
    return this.#failures > SUSPECTED;
  }

  /** Down for long enough to be asked again. */
  get retryDue(): boolean {
    return this.down && this.#clock.monotonic() >= this.#retryAt;
  }

  get avoided(): boolean {
    return this.#clock.monotonic() < this.#avoidedUntil;
  }

  /** Why it is down or avoided. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  get estimate(): { readonly latencyMs: number; readonly msPerByte: number } | undefined {
    if (this.#measuredAt === undefined) return undefined;
    if (this.#clock.monotonic() - this.#measuredAt > MEASURE_AGE_MS_MAX) return undefined;
    return { latencyMs: this.#latencyMs, msPerByte: this.#msPerByte };
  }

  /** Milliseconds that reading `bytes` from it should take; undefined when nothing recent is known. */
  expectedMs(bytes: number): number | undefined {
    const known = this.estimate;
    return known && known.latencyMs + bytes * known.msPerByte;
  }
}

function mix(old: number, newest: number): number {
  return old + NEWEST_WEIGHT * (newest - old);
}
