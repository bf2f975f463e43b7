// How fast repair goes, and so how long it still takes: bytes by site in the last half minute, and what was done in all.

import type { Clock } from '@vauban/core';

const WINDOW_MS = 30_000;

export interface RepairProgress {
  readonly paused: boolean;
  readonly segmentsToRepair: number;
  readonly byMargin: Record<string, number>;
  /** Fragment bytes still to be brought here. */
  readonly bytesToGo: number;
  /** Bytes a second received of late, by site. */
  readonly rateByLink: Record<string, number>;
  /** Null while nothing tells how fast it goes. */
  readonly etaSeconds: number | null;
  readonly doneSegments: number;
  readonly doneBytes: number;
  /** Bytes received for repair since the start, by site. */
  readonly receivedBySite: Readonly<Record<string, number>>;
}

/** Bytes of about a second. */
interface Step {
  readonly at: number;
  bytes: number;
}
const STEP_MS = 1_000;

/** One piece of work: what came for it is worth as much of what it is to bring here as it was for those before. */
export interface RepairWork {
  received(site: string, bytes: number): void;
  /** It is done: fragments, their bytes, and how many of these were not here already. */
  rebuilt(fragments: number, of: { readonly bytes: number; readonly brought: number }): void;
  /** It is over, done or not. */
  end(): void;
}

export class RepairRates {
  readonly #clock: Clock;
  readonly #received = new Map<string, { bytes: number; steps: Step[] }>();
  /** Of all sites, for work only. */
  #forWork: Step[] = [];
  readonly #underWay = new Set<{ received: number }>();
  #doneSegments = 0;
  #doneBytes = 0;
  /** Of what was done, the bytes that were not here already, and what was received for them. */
  #brought = 0;
  #doneReceived = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  received(site: string, bytes: number): void {
    if (bytes === 0) return;
    const of = this.#received.get(site) ?? { bytes: 0, steps: [] };
    of.bytes += bytes;
    of.steps = this.#recent(of.steps);
    add(of.steps, { at: this.#clock.monotonic(), bytes });
    this.#received.set(site, of);
  }

  /** Work begins: what it brings is counted from here. */
  began(): RepairWork {
    const mine = { received: 0 };
    this.#underWay.add(mine);
    this.#forWork = this.#recent(this.#forWork);
    if (this.#forWork.length === 0) this.#forWork.push({ at: this.#clock.monotonic(), bytes: 0 });
    return {
      received: (site, bytes) => {
        mine.received += bytes;
        this.received(site, bytes);
        this.#forWork = this.#recent(this.#forWork);
        add(this.#forWork, { at: this.#clock.monotonic(), bytes });
      },
      rebuilt: (fragments, { bytes, brought }) => {
        this.#doneSegments += fragments;
        this.#doneBytes += bytes;
        this.#brought += brought;
        this.#doneReceived += mine.received;
        mine.received = 0;
      },
      end: () => {
        this.#underWay.delete(mine);
      },
    };
  }

  progress(
    waiting: { readonly segments: number; readonly bytes: number; readonly byMargin: Record<string, number> },
    paused: boolean,
  ): RepairProgress {
    const links = [...this.#received].map(([site, { steps }]): [string, number] => [
      site,
      Math.round(rateOf(this.#recent(steps), this.#clock.monotonic())),
    ]);
    return {
      paused,
      segmentsToRepair: waiting.segments,
      byMargin: waiting.byMargin,
      bytesToGo: waiting.bytes,
      rateByLink: Object.fromEntries(
        links.filter(([, bytes]) => bytes > 0).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
      etaSeconds: waiting.bytes === 0 ? 0 : paused ? null : this.#secondsFor(waiting.bytes),
      doneSegments: this.#doneSegments,
      doneBytes: this.#doneBytes,
      receivedBySite: Object.fromEntries([...this.#received].map(([site, { bytes }]) => [site, bytes])),
    };
  }

  /**
   * By what is still to be received: as much for each byte as for those that are done, less what came already. Null until
   * something is done, and while nothing comes.
   */
  #secondsFor(bytes: number): number | null {
    const rate = rateOf(this.#recent(this.#forWork), this.#clock.monotonic());
    if (rate === 0 || this.#brought === 0) return null;
    const came = [...this.#underWay].reduce((sum, { received }) => sum + received, 0);
    const toCome = (bytes * this.#doneReceived) / this.#brought - came;
    return Math.max(1, Math.ceil(toCome / rate));
  }

  #recent(steps: Step[]): Step[] {
    const from = this.#clock.monotonic() - WINDOW_MS;
    return steps.length > 0 && (steps[0] as Step).at < from ? steps.filter(({ at }) => at >= from) : steps;
  }
}

function add(steps: Step[], step: Step): void {
  const last = steps.at(-1);
  if (last !== undefined && step.at - last.at < STEP_MS) last.bytes += step.bytes;
  else steps.push(step);
}

/** Bytes a second from the first step to now. */
function rateOf(steps: readonly Step[], now: number): number {
  const first = steps[0];
  if (first === undefined) return 0;
  const bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
  return (bytes * 1_000) / Math.max(1_000, now - first.at);
}
