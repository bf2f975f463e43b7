// What a simulated network is subject to, compiled once: rates in events per year, delays in years, and the changed rates under
// which rare losses are met often (SPEC, biasing). Everything here is the same for all futures of one estimate.

import type { Durations } from '@vauban/core';
import type { Assumptions } from './assumptions.ts';
import { type Keeping, repairReads } from './codes.ts';
import type { Ground } from './ground.ts';
import { binomialTail } from './binomial.ts';

const YEAR_MS = 365.25 * 86_400_000;
const DAY_YEARS = 1 / 365.25;
const HOUR_YEARS = DAY_YEARS / 24;
const YEAR_SECONDS = YEAR_MS / 1_000;

/** Kinds of chance events. Those before OUTAGE destroy data. */
export const DISK = 0;
export const ROT = 1;
export const BUILDING = 2;
export const FLOOD = 3;
export const HOSTER = 4;
const SOFTWARE = 5;
export const OUTAGE = 6;
export const CRASH = 7;
const KINDS = 8;

/** Rates to draw from, and what a draw of each kind multiplies a future's weight by. */
export interface Rates {
  /** Events per year, all kinds together. */
  readonly total: number;
  /** Up to and with each kind. */
  readonly sums: Float64Array;
  /** Logarithm of true rate over drawn rate. */
  readonly logRatios: Float64Array;
}

export interface Model {
  readonly ground: Ground;
  readonly k: number;
  readonly n: number;
  /** Segments there are. */
  readonly segments: number;
  readonly usableBytes: number;
  readonly reads: { readonly one: number; readonly more: number };
  readonly assumptions: Assumptions;
  /** All in years. */
  readonly lostAfter: number;
  readonly retry: number;
  readonly diskReplaced: number;
  readonly crash: number;
  readonly outage: number;
  readonly switchedOff: number;
  readonly siteRebuilt: number;
  readonly hosterReplaced: number;
  readonly votesRemoved: number;
  readonly scrubPeriod: number;
  readonly auditPeriod: number;
  /** Reads of one fragment, per year. */
  readonly readRate: number;
  readonly recheck: number;
  /** Mean of exponential repairs without any queue, as in Markov chains; undefined: by bytes and budgets. */
  readonly exponentialRepair: number | undefined;
  /** Bytes a second of one daemon, times seconds in a year. */
  readonly linkBytesYear: number;
  readonly diskBytesYear: number;
  /** Chance that more than i − k of i fragments believed sound are rotten, by i. */
  readonly rotTail: Float64Array;
  readonly plain: Rates;
  /** While everything is whole: rare shocks as if they were common. */
  readonly calm: Rates;
  /** While fragments are missing: the next loss about as likely as the repair. */
  readonly urgent: Rates;
}

export interface ModelOptions {
  readonly ground: Ground;
  readonly keeping: Keeping;
  readonly assumptions: Assumptions;
  readonly durations: Durations;
  /** How far futures go, years. */
  readonly horizonYears: number;
  /** Short absences: without effect on loss, and most of all events. */
  readonly crashes: boolean;
  /** Years; see `Model`. */
  readonly exponentialRepair?: number;
}

/** Expected number of each kind of rare shock in a future whose weight is changed. */
const SHOCKS = 0.25;

/** Expected losses of data in a usual repair's time. Weights grow as e to the power of it, for repairs that take longer too. */
const URGENT = 0.25;

export function modelOf(o: ModelOptions): Model {
  const { ground, keeping, assumptions: a, durations, horizonYears } = o;
  const { k, m } = keeping;
  const n = k + m;
  const count = ground.daemons;
  const rates = new Float64Array(KINDS);
  rates[DISK] = a.diskFailures * count;
  rates[ROT] = a.rottingVolumes * count;
  rates[BUILDING] = a.destructions * ground.sitesOfBuilding.length;
  rates[FLOOD] = a.floodHits > 0 ? a.floods * ground.sitesOfZone.length : 0;
  rates[HOSTER] = a.bankruptcies * ground.daemonsOfHoster.length;
  rates[SOFTWARE] = a.exposedShare * a.exposedLose > 0 ? a.badReleases : 0;
  rates[OUTAGE] = a.outages * ground.daemonsOfSite.length;
  rates[CRASH] = o.crashes ? a.crashes * count : 0;

  const lostAfter = durations.lostAfterMs / YEAR_MS;
  const usableBytes = a.usableTb * 1e12;
  const reads = repairReads(keeping);
  const linkBytesYear = a.linkBytes * YEAR_SECONDS;
  const diskBytesYear = a.diskBytes * YEAR_SECONDS;
  const meanBytes = (usableBytes * n) / k / count;
  const window =
    o.exponentialRepair ??
    lostAfter +
      repairYears({ bytes: meanBytes, reads: reads.one, hands: count - 1, linkBytesYear, diskBytesYear });
  const scrubPeriod = durations.scrubPeriodMs / YEAR_MS;
  const readRate = (a.reads * k) / n;
  const rotten = Math.min(1, a.fragmentRot * (meanYearsUnnoticed({ scrubPeriod, readRate }) + window));
  return {
    ground,
    k,
    n,
    segments: a.segments,
    usableBytes,
    reads,
    assumptions: a,
    lostAfter,
    retry: a.retryHours * HOUR_YEARS,
    diskReplaced: a.diskReplacedDays * DAY_YEARS,
    crash: a.crashHours * HOUR_YEARS,
    outage: a.outageDays * DAY_YEARS,
    switchedOff: a.switchedOffDays * DAY_YEARS,
    siteRebuilt: a.siteRebuiltDays * DAY_YEARS,
    hosterReplaced: a.hosterReplacedDays * DAY_YEARS,
    votesRemoved: a.votesRemovedDays * DAY_YEARS,
    scrubPeriod,
    auditPeriod: durations.auditPeriodMs / YEAR_MS,
    readRate,
    recheck: durations.recheckMs / YEAR_MS,
    exponentialRepair: o.exponentialRepair,
    linkBytesYear,
    diskBytesYear,
    rotTail: Float64Array.from({ length: n + 1 }, (_, i) => (i < k ? 1 : binomialTail(i, rotten, i - k + 1))),
    plain: ratesOf(rates, rates),
    calm: ratesOf(rates, calmRates(rates, horizonYears)),
    urgent: ratesOf(rates, urgentRates(rates, window)),
  };
}

/**
 * Years until so many bytes of fragments stand again: read `reads`-fold over the links of those who take them, read from
 * their disks and written to them, all sharing evenly.
 */
export function repairYears(o: {
  readonly bytes: number;
  readonly reads: number;
  readonly hands: number;
  readonly linkBytesYear: number;
  readonly diskBytesYear: number;
}): number {
  const each = o.bytes / Math.max(1, o.hands);
  return Math.max((each * o.reads) / o.linkBytesYear, (each * (o.reads + 1)) / o.diskBytesYear);
}

/**
 * Mean time until rot is met by its holder's scrub, uniform in the period S, or by a read, exponential at rate λ, whichever comes
 * first: ∫₀ˢ (1 − t/S) e^(−λt) dt = 1/λ − (1 − e^(−λS)) / (λ²S).
 */
export function meanYearsUnnoticed(o: { readonly scrubPeriod: number; readonly readRate: number }): number {
  const { scrubPeriod: period, readRate: rate } = o;
  const x = rate * period;
  // The closed form loses its digits where hardly anything is read; its series does not.
  if (x < 1e-3) return period * (1 / 2 - x / 6 + (x * x) / 24);
  return (1 + Math.expm1(-x) / x) / rate;
}

function calmRates(rates: Float64Array, horizonYears: number): Float64Array {
  const changed = rates.slice();
  for (const kind of [ROT, BUILDING, FLOOD, HOSTER, SOFTWARE]) {
    const rate = rates[kind] as number;
    if (rate > 0) changed[kind] = Math.max(rate, SHOCKS / horizonYears);
  }
  return changed;
}

/** `URGENT` losses of data in a usual repair's time: half of them as they are distributed, half evenly over the kinds. */
function urgentRates(rates: Float64Array, window: number): Float64Array {
  const changed = rates.slice();
  const losing = rates.subarray(0, OUTAGE);
  const sum = losing.reduce((a, b) => a + b, 0);
  const kinds = losing.reduce((many, rate) => many + (rate > 0 ? 1 : 0), 0);
  for (const [kind, rate] of losing.entries()) {
    if (rate > 0) changed[kind] = Math.max(rate, (URGENT * (0.5 * (rate / sum) + 0.5 / kinds)) / window);
  }
  return changed;
}

function ratesOf(rates: Float64Array, drawn: Float64Array): Rates {
  const sums = new Float64Array(KINDS);
  let total = 0;
  for (let kind = 0; kind < KINDS; kind++) {
    total += drawn[kind] as number;
    sums[kind] = total;
  }
  const logRatios = rates.map((rate, kind) => (rate > 0 ? Math.log(rate / (drawn[kind] as number)) : 0));
  return { total, sums, logRatios };
}
