// What a forecast says of one way of keeping data: independent runs of splitting for what is rare, plain runs for what is
// common, and the intervals over both (SPEC, estimators). Each run draws its own placements, so intervals hold that error too.

import type { Crypto, Durations } from '@vauban/core';
import type { Assumptions } from './assumptions.ts';
import type { Keeping } from './codes.ts';
import { type Ground, groundOf } from './ground.ts';
import { beginningOf, type Held, HeldPlacements, type Stock } from './held.ts';
import type { Charter } from '@vauban/core';
import { type Interval, intervalOf, mapped, scaled } from './interval.ts';
import { modelOf } from './model.ts';
import { Placements, type Sample } from './placements.ts';
import { Dice } from './random.ts';
import { plainRuns, splitting } from './splitting.ts';
import type { Tally } from './tally.ts';

/** How much is simulated: the interval shrinks with the root of runs × futures. */
export interface Effort {
  /** Independent runs, at least 2; wide codes get fewer. */
  readonly runs: number;
  /** Futures of each stage of a run that follows `USUAL_FRAGMENTS`; with fewer to follow it is more, with more fewer. */
  readonly futures: number;
}

export const efforts = {
  quick: { runs: 16, futures: 120 },
  normal: { runs: 32, futures: 1_000 },
  thorough: { runs: 64, futures: 6_000 },
} as const satisfies Record<string, Effort>;

export interface EstimateOptions {
  readonly charter: Charter;
  /** What is stored under this way of keeping, where something is; placed anew by the rule when left out. */
  readonly held?: { readonly all: Held; readonly stock: Stock };
  readonly keeping: Keeping;
  readonly assumptions: Assumptions;
  readonly durations: Durations;
  /** How far futures go; whole, at least 1. */
  readonly years: number;
  readonly effort: Effort;
  readonly seed: number;
  readonly crypto: Crypto;
  /** ms since 1970, for declarations of sovereignty. */
  readonly now: number;
}

/** Shares are of all segments; each year is the mean of the years simulated. */
export interface Estimate {
  /** Chance that at least one segment is lost in a year. */
  readonly lossPerYear: Interval;
  /** Whether `lossPerYear` is an upper bound: every lost segment counted as a loss of its own. */
  readonly isBound: boolean;
  /** Chance that a given segment is lost in a year, and −log10 of it; null when none was lost. */
  readonly segmentLossPerYear: Interval;
  readonly nines: number | null;
  readonly bytesLostPerYear: Interval;
  /** Share of the time that a segment spends with so many live fragments beyond k; from m down to 0. */
  readonly timeAtMargin: readonly { readonly margin: number; readonly share: Interval }[];
  /** Share of the time that a segment is not lost and cannot be read. */
  readonly unavailability: Interval;
  readonly repairBytesPerYear: Interval;
  readonly rawPerUsable: number;
  /** Chance of at least one loss until the end of each year. */
  readonly lossBy: readonly { readonly year: number; readonly loss: Interval }[];
  readonly daemons: number;
  readonly sites: number;
  /** Placements simulated: all, or in all runs together. */
  readonly placements: number;
  readonly events: number;
}

/** Draws to find out whether a network has few placements, and fragments to follow per run where it has many. */
const WHOLE_DRAWS = 300;
const WHOLE_DAEMONS_MAX = 40;
/** Where every daemon holds a fragment there is one placement. */
const DRAWS_OF_ONE = 3;
/** Wide codes have more stages, and each event costs more: they get fewer runs and futures, and wider intervals. */
const FULL_EFFORT_SHARDS = 9;
const RUNS_MIN = 5;
const FUTURES_MIN = 30;
/** What a sample follows, and what an effort's futures are meant for: events cost by how many fragments they look at. */
const USUAL_FRAGMENTS = 144;
const FUTURES_LESS = 0.5;
const FUTURES_MORE = 4;
/** Futures that look whether losses are common, and from what chance they are. */
const PILOT_FUTURES = 100;
const COMMON = 0.03;
/** Plain futures for each of splitting. */
const PLAIN_SHARE = 0.1;

/** Runs that an effort makes of one way of keeping. */
export function runsOf({ k, m }: Pick<Keeping, 'k' | 'm'>, { runs }: Effort): number {
  const wide = Math.sqrt(Math.min(1, FULL_EFFORT_SHARDS / (k + m)));
  return Math.min(runs, Math.max(RUNS_MIN, Math.round(runs * wide)));
}

function futuresOf({ k, m }: Keeping, { futures }: Effort, fragments: number): number {
  const wide = Math.min(1, FULL_EFFORT_SHARDS / (k + m)) ** 1.5;
  const even = Math.sqrt(USUAL_FRAGMENTS / fragments);
  return Math.max(
    FUTURES_MIN,
    Math.round(futures * wide * Math.min(FUTURES_MORE, Math.max(FUTURES_LESS, even))),
  );
}

/** Yields after each run, of `runsOf`; ends with the estimate. Faults: TOO_FEW_SITES. */
export function* estimating(o: EstimateOptions): Generator<undefined, Estimate> {
  const { keeping, assumptions, durations, years, effort, charter, held } = o;
  const dice = new Dice(o.seed);
  const beginning = held === undefined ? undefined : beginningOf(held.stock, held.all, charter);
  const ground = groundOf(charter, assumptions.floodZones, beginning);
  const model = { ground, keeping, assumptions, durations, horizonYears: years };
  const [rare, common] = [modelOf({ ...model, crashes: false }), modelOf({ ...model, crashes: true })];
  const n = keeping.k + keeping.m;
  const { drawing, whole } = placementsOf(o, ground, dice);
  const many = runsOf(keeping, effort);
  const sampled = Math.max(2, Math.round(USUAL_FRAGMENTS / n));
  const futures = futuresOf(keeping, effort, (whole?.placements.length ?? sampled) * n);
  const plainFutures = Math.ceil(futures * PLAIN_SHARE);

  // Changed rates serve rare losses. Where losses are common they would only spread the weights; these dice are thrown away.
  const pilotSample = whole ?? drawing.sample(dice.fork(), 2);
  const pilot = {
    placements: pilotSample.placements,
    dice: dice.fork(),
    horizonYears: years,
    futures: PILOT_FUTURES,
  };
  const isBiased = plainRuns({ model: rare, ...pilot }).anyLoss < COMMON;

  const runs: { readonly sample: Sample; readonly split: Tally; readonly plain: Tally }[] = [];
  for (let run = 0; run < many; run++) {
    const own = dice.fork();
    const sample = whole ?? drawing.sample(own.fork(), sampled);
    const { placements } = sample;
    const split = splitting({
      model: rare,
      placements,
      dice: own.fork(),
      horizonYears: years,
      futures,
      isBiased,
    });
    const plain = plainRuns({
      model: common,
      placements,
      dice: own.fork(),
      horizonYears: years,
      futures: plainFutures,
    });
    runs.push({ sample, split, plain });
    yield;
  }

  const splits = runs.map((one) => one.split);
  const plains = runs.map((one) => one.plain);
  // Plain futures of all runs: what happens to fewer than 3.69 of so many is seen by none of them in 1 of 40 cases.
  const unseen = Math.min(1, 3.69 / (many * plainFutures));
  const notFollowed = intervalOf(splits.map((one) => one.notFollowed)).high;
  const perYear = (interval: Interval) => scaled(interval, 1 / years);
  const sum = (tallies: readonly Tally[], of: (tally: Tally) => number) => tallies.map(of);
  const segmentLoss = orNotFollowed(intervalOf(sum(splits, (one) => one.shareLost)), notFollowed);
  const isBound = whole === undefined;
  const lossUntil = (year: number) =>
    chanceOf(
      orNotFollowed(intervalOf(splits.map((one) => lossOf(one, year, 'weight'))), notFollowed),
      isBound
        ? scaled(
            orNotFollowed(intervalOf(splits.map((one) => lossOf(one, year, 'share'))), notFollowed),
            assumptions.segments,
          )
        : undefined,
    );
  const { k, m } = keeping;
  return {
    lossPerYear: mapped(
      lossUntil(years),
      (chance) => -Math.expm1(Math.log1p(-Math.min(chance, 1 - 1e-15)) / years),
    ),
    isBound,
    segmentLossPerYear: perYear(segmentLoss),
    nines: segmentLoss.value === 0 ? null : -Math.log10(segmentLoss.value / years),
    bytesLostPerYear: scaled(perYear(segmentLoss), assumptions.usableTb * 1e12),
    timeAtMargin: Array.from({ length: m + 1 }, (_, missing) => {
      // Common margins from plain futures; rare ones from those that were led there.
      const from = missing <= 1 ? plains : splits;
      const years1 = sum(from, (one) => one.yearsMissing[missing] ?? 0);
      return {
        margin: m - missing,
        share: capped(perYear(intervalOf(years1, missing <= 1 ? unseen : notFollowed))),
      };
    }),
    unavailability: capped(
      perYear(
        intervalOf(
          sum(plains, (one) => one.yearsUnreadable),
          unseen,
        ),
      ),
    ),
    repairBytesPerYear: perYear(intervalOf(sum(plains, (one) => one.repairBytes))),
    rawPerUsable: (k + m) / k,
    lossBy: Array.from({ length: years }, (_, at) => ({ year: at + 1, loss: lossUntil(at + 1) })),
    daemons: ground.daemons,
    sites: ground.daemonsOfSite.length,
    placements: runs.reduce(
      (all, { sample }) => (sample.isWhole ? sample.placements.length : all + sample.placements.length),
      0,
    ),
    events: runs.reduce((all, { split, plain }) => all + split.events + plain.events, 0),
  };
}

/** What is drawn from, and all of it where that is little. */
function placementsOf(
  { keeping, crypto, now, held }: EstimateOptions,
  ground: Ground,
  dice: Dice,
): {
  readonly drawing: { readonly sample: (dice: Dice, count: number) => Sample };
  readonly whole: Sample | undefined;
} {
  if (held !== undefined) {
    const drawing = new HeldPlacements({ ground, stock: held.stock, crypto, now, dice: dice.fork() });
    return { drawing, whole: drawing.whole };
  }
  const drawing = new Placements({ ground, keeping, crypto, now });
  const isOne = ground.daemons === keeping.k + keeping.m;
  const draws = isOne ? DRAWS_OF_ONE : ground.daemons <= WHOLE_DAEMONS_MAX ? WHOLE_DRAWS : 0;
  return { drawing, whole: draws > 0 ? drawing.whole(dice.fork(), draws) : undefined };
}

function lossOf(tally: Tally, year: number, of: 'weight' | 'share'): number {
  return tally.losses.reduce((sum, loss) => (loss.at <= year ? sum + loss[of] : sum), 0);
}

/** From what sampled placements lost (the truth is no less) to every lost segment counted by itself (no more). */
function chanceOf(seen: Interval, bound: Interval | undefined): Interval {
  if (bound === undefined) return capped(seen);
  return capped({ value: bound.value, low: seen.low, high: bound.high });
}

/** What splitting did not follow may all have been losses; where it outweighs what was seen, that is no estimate. */
function orNotFollowed(seen: Interval, notFollowed: number): Interval {
  const high = seen.high + notFollowed;
  return seen.value < notFollowed ? { value: 0, low: 0, high } : { ...seen, high };
}

function capped(interval: Interval): Interval {
  return mapped(interval, (chance) => Math.min(1, chance));
}
