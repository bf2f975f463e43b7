// Fixed-effort splitting on the margin (Garvels, "The splitting method in rare event simulation", 2000; SPEC, splitting): as many
// futures set out from every number of missing fragments, each a copy of one that got there. Unbiased at any effort.

import { REPAIRED } from './agenda.ts';
import type { Run } from './events.ts';
import { Future } from './future.ts';
import type { Model } from './model.ts';
import type { Placement } from './placements.ts';
import { Dice } from './random.ts';
import { setOut } from './set-out.ts';
import { simulate } from './simulate.ts';
import { Tally } from './tally.ts';

export interface SplittingOptions {
  readonly model: Model;
  readonly placements: readonly Placement[];
  readonly dice: Dice;
  readonly horizonYears: number;
  /** Futures per stage. */
  readonly futures: number;
  /** Whether rates are changed as well. */
  readonly isBiased: boolean;
}

/** Stages stop where less than this chance is left; what is left is told. */
const CHANCE_MIN = 1e-20;
/** Share of futures that arrive at a stage beyond which the next levels of wide codes are passed over: one of so many goes by. */
const EASY = 0.9;
const EASY_PART = 12;

/** One independent estimate, all stages. */
export function splitting(o: SplittingOptions): Tally {
  const { model, placements, dice, horizonYears, futures, isBiased } = o;
  const { n, k } = model;
  const tally = new Tally(n);
  const spare = new Future(model, placements);
  const fresh = new Future(model, placements);
  const first = levelAtStart(o) + 1;
  // Futures whose copies have gone their way are used again: making one costs more than most of what happens in it.
  const pool: Future[] = [];
  // Those that a shock took further than the next stage go on as they are: few and light, they lead to most losses.
  let ahead: readonly Future[] = [];
  let starts: readonly Start[] = [{ future: fresh, copies: futures, logWeight: -Math.log(futures) }];
  const last = n - k + 1;
  for (let target = first; target <= last; ) {
    const arrived: Future[] = [...ahead];
    for (const { future, copies, logWeight } of starts) {
      for (let copy = 0; copy < copies; copy++) {
        spare.copyFrom(future);
        spare.logWeight = logWeight;
        spare.spent = 0;
        const run = { future: spare, dice, tally, isBiased };
        if (target === first) setOut(run);
        else forget(spare, dice);
        if (simulate(run, { untilYears: horizonYears, target }))
          arrived.push((pool.pop() ?? new Future(model, placements)).copyFrom(spare));
      }
      pool.push(future);
    }
    const left = arrived.reduce((sum, one) => sum + Math.exp(one.logWeight), 0);
    if (left < CHANCE_MIN) {
      tally.notFollowed = seenNone(starts, futures, left);
      return tally;
    }
    if (target === last) {
      finish(arrived, { dice, tally, isBiased: false }, horizonYears);
      return tally;
    }
    // Where nearly all arrive there is nothing to split for yet. Chosen by what has been seen, so unbiased still.
    const isEasy = arrived.length - ahead.length > EASY * futures;
    const step = isEasy ? Math.max(1, Math.floor(last / EASY_PART)) : 1;
    target = Math.min(last, target + step);
    const next = target;
    ahead = arrived.filter(({ level }) => level >= next);
    const behind = arrived.filter(({ level }) => level < next);
    starts = startsOf(behind, futures, dice, pool);
  }
  return tally;
}

/** How near to its loss the worst segment is when futures begin. */
function levelAtStart({ model, placements }: Pick<SplittingOptions, 'model' | 'placements'>): number {
  const future = new Future(model, placements);
  setOut({ future, dice: new Dice(0), tally: new Tally(model.n), isBiased: false });
  return future.level;
}

interface Start {
  readonly future: Future;
  readonly copies: number;
  readonly logWeight: number;
}

/**
 * Copies in proportion to the root of the weight, by systematic sampling: heavy ones are divided, and light ones, which
 * changed rates make and which may lead furthest, are kept.
 */
function startsOf(arrived: readonly Future[], futures: number, dice: Dice, pool: Future[]): readonly Start[] {
  const roots = arrived.map((one) => Math.exp(one.logWeight / 2));
  const sum = roots.reduce((a, b) => a + b, 0);
  let at = dice.unit();
  const starts: Start[] = [];
  for (const [nth, future] of arrived.entries()) {
    const expected = (futures * (roots[nth] as number)) / sum;
    at += expected;
    const copies = Math.floor(at);
    at -= copies;
    if (copies > 0) starts.push({ future, copies, logWeight: future.logWeight - Math.log(expected) });
    else pool.push(future);
  }
  return starts;
}

/** Exponential repairs have no memory: each copy may draw its own, and copies differ sooner. */
function forget(f: Future, dice: Dice): void {
  const mean = f.model.exponentialRepair;
  if (mean !== undefined) f.agenda.redraw(REPAIRED, () => f.time + dice.exponential(mean));
}

/** What else is lost after the first loss; a single placement has no more to lose. */
function finish(arrived: readonly Future[], run: Omit<Run, 'future'>, untilYears: number): void {
  for (const future of arrived) {
    if (future.placements.length > future.lost)
      simulate({ ...run, future }, { untilYears, target: Infinity });
  }
}

/** Of a stage where nothing arrived: the upper 97.5 % bound of what did (rule of 3.69 of n). */
function seenNone(starts: readonly Start[], futures: number, left: number): number {
  const weight = starts.reduce((sum, { copies, logWeight }) => sum + copies * Math.exp(logWeight), 0);
  return Math.max(left, weight * Math.min(1, 3.69 / futures));
}

/** Futures one after the other, nothing changed and nothing split: what common quantities are estimated by. */
export function plainRuns(o: Omit<SplittingOptions, 'isBiased'>): Tally {
  const tally = new Tally(o.model.n);
  for (let nth = 0; nth < o.futures; nth++) {
    const future = new Future(o.model, o.placements);
    future.logWeight = -Math.log(o.futures);
    const run = { future, dice: o.dice, tally, isBiased: false };
    setOut(run);
    simulate(run, { untilYears: o.horizonYears, target: Infinity });
  }
  return tally;
}
