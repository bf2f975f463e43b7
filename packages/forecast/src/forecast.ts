// A whole forecast: the network's own policy and the alternatives side by side, and what each assumption changes.

import { type Charter, type Crypto, Fault, nearestName } from '@vauban/core';
import { type AssumptionName, assumptionRows } from './assumption-rows.ts';
import { type Assumptions, assumptionNames } from './assumptions.ts';
import { alternatives, type Keeping, keepingOf } from './codes.ts';
import { type Effort, type Estimate, estimating, type EstimateOptions, runsOf } from './estimate.ts';
import { groundOf, type Place, syntheticCharter } from './ground.ts';
import { type Held, type Stock, type Stored, stocksOf, storedOf } from './held.ts';
import type { Interval } from './interval.ts';
import { Placements } from './placements.ts';

export interface ForecastOptions {
  readonly charter: Charter;
  /**
   * What the network stores: `own` then is about that, one policy for each code found, and its segments and bytes stand in for
   * the assumptions' with every policy. Left out, or empty: all is placed anew, as much as is assumed.
   */
  readonly held?: Held;
  /** Of `held`: as if it were so many segments, bytes in proportion. */
  readonly scaledTo?: number;
  readonly assumptions: Assumptions;
  readonly years: number;
  /** Ids of policies, `own` among them; all when left out. */
  readonly policies?: readonly string[];
  readonly seed: number;
  readonly effort: Effort;
  /** Whether assumptions are moved one by one, for the tornado. */
  readonly sensitivities: boolean;
  readonly crypto: Crypto;
  /** ms since 1970. */
  readonly now: number;
  /** Where hosts stand that a policy needs and the network has not. */
  readonly places: readonly Place[];
}

export interface PolicyForecast {
  readonly keeping: Keeping;
  readonly estimate: Estimate;
  /** Simulated on so many hosts of a synthetic network, for the network has places for fewer; null: on the network itself. */
  readonly hosts: number | null;
  /** What is stored, from which this policy's futures begin; null: placed anew. */
  readonly stock: Omit<Stock, 'keeping' | 'placements'> | null;
}

/** What a year's chance of loss would be, were one assumption half or double, or a charter's duration. */
export interface Sensitivity {
  readonly name: AssumptionName | 'lostAfter';
  readonly lowValue: number;
  readonly highValue: number;
  /** Chance of any loss in a year at these ends, each with its 95 % interval. */
  readonly low: Interval;
  readonly high: Interval;
  /** Whether the two intervals have nothing in common: otherwise the difference may be noise. */
  readonly isTold: boolean;
}

export interface Forecast {
  readonly network: {
    readonly name: string;
    readonly sites: number;
    readonly daemons: number;
    readonly hosters: number;
  };
  /** What was read as stored; null: nothing, and every policy's segments are placed anew. */
  readonly stored: (Stored & { readonly scaledTo: number | null }) | null;
  /** Why every policy's segments are placed anew; null: what is stored was read. */
  readonly anew: 'nothing-stored' | 'not-read' | null;
  /** With the segments and bytes that the futures have. */
  readonly assumptions: Assumptions;
  readonly years: number;
  readonly seed: number;
  readonly effort: Effort;
  readonly policies: readonly PolicyForecast[];
  /** Of the network's own policy; with the chance that they are to be compared with. */
  readonly sensitivities: { readonly base: number; readonly rows: readonly Sensitivity[] } | null;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** Ids that `policies` may name. */
export const policyIds: readonly string[] = ['own', ...alternatives.map(({ id }) => id)];

/** Tornado runs are cruder: they compare, and share their seed. */
const SENSITIVITY_RUNS = 8;

/**
 * Yields its progress after each run, so that a caller may stop it or let others work; ends with the forecast. The same
 * options give the same forecast. Faults: POLICY_UNKNOWN (usage), TOO_FEW_SITES (refused), FORECAST_OPTIONS (usage).
 */
export function* forecasting(o: ForecastOptions): Generator<Progress, Forecast> {
  checkOptions(o);
  const { charter, years, effort, seed } = o;
  const { stored, stocks, assumptionsOf } = storedBy(o);
  const keepings = chosen(o, stocks);
  const sensitivityEffort = { runs: Math.min(SENSITIVITY_RUNS, effort.runs), futures: effort.futures };
  const [lead] = stocks;
  const own = lead?.keeping ?? keepingOf(ownPolicy(charter));
  const ownAssumptions = assumptionsOf(lead);
  const moving = o.sensitivities ? movesOf({ assumptions: ownAssumptions, charter }) : [];
  const total =
    keepings.reduce((sum, one) => sum + runsOf(one, effort), 0) +
    (moving.length === 0 ? 0 : moving.length * 2 + 1) * runsOf(own, sensitivityEffort);
  let done = 0;
  const run = function* (options: EstimateOptions): Generator<Progress, Estimate> {
    const steps = estimating(options);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      done++;
      yield { done, total };
    }
  };
  const base = {
    durations: charter.durations,
    years,
    effort,
    seed,
    crypto: o.crypto,
    now: o.now,
  };
  const policies: PolicyForecast[] = [];
  for (const keeping of keepings) {
    const stock = stocks.find((one) => one.keeping === keeping);
    const on = stock === undefined ? networkFor(keeping, o) : { charter, hosts: null };
    const estimate = yield* run({
      ...base,
      charter: on.charter,
      keeping,
      assumptions: assumptionsOf(stock),
      ...heldAs(stock, o),
    });
    policies.push({ keeping, estimate, hosts: on.hosts, stock: stock === undefined ? null : summary(stock) });
  }

  const lossWith = function* (changes: Partial<EstimateOptions>): Generator<Progress, Interval> {
    const estimate = yield* run({
      ...base,
      charter,
      keeping: own,
      assumptions: ownAssumptions,
      ...heldAs(lead, o),
      effort: sensitivityEffort,
      ...changes,
    });
    return estimate.lossPerYear;
  };
  let sensitivities: Forecast['sensitivities'] = null;
  if (moving.length > 0) {
    const unchanged = (yield* lossWith({})).value;
    const rows: Sensitivity[] = [];
    for (const { name, lowValue, highValue, changes } of moving) {
      const low = yield* lossWith(changes(lowValue));
      const high = yield* lossWith(changes(highValue));
      const isTold = low.high < high.low || high.high < low.low;
      rows.push({ name, lowValue, highValue, low, high, isTold });
    }
    const swing = ({ low, high }: Sensitivity) =>
      Math.abs(Math.log(Math.max(high.value, 1e-300) / Math.max(low.value, 1e-300)));
    sensitivities = { base: unchanged, rows: rows.sort((a, b) => swing(b) - swing(a)) };
  }
  return {
    network: {
      name: charter.name,
      sites: charter.sites.length,
      daemons: charter.daemons.length,
      hosters: charter.hosters.length,
    },
    stored,
    anew: stored !== null ? null : o.held === undefined ? 'not-read' : 'nothing-stored',
    assumptions: assumptionsOf(),
    years,
    seed,
    effort,
    policies,
    sensitivities,
  };
}

interface Moving {
  readonly name: Sensitivity['name'];
  readonly lowValue: number;
  readonly highValue: number;
  readonly changes: (value: number) => Partial<EstimateOptions>;
}

function movesOf({
  assumptions,
  charter,
}: Pick<ForecastOptions, 'assumptions' | 'charter'>): readonly Moving[] {
  const moves = assumptionNames.flatMap((name): Moving[] => {
    const row = assumptionRows[name];
    const value = assumptions[name];
    if (row.moves !== true || value === 0) return [];
    return [
      {
        name,
        lowValue: Math.max(row.min, value / 2),
        highValue: Math.min(row.max, value * 2),
        changes: (changed) => ({ assumptions: { ...assumptions, [name]: changed } }),
      },
    ];
  });
  const { durations } = charter;
  return [
    ...moves,
    {
      name: 'lostAfter',
      lowValue: durations.lostAfterMs / 2,
      highValue: durations.lostAfterMs * 2,
      changes: (lostAfterMs) => ({ durations: { ...durations, lostAfterMs } }),
    },
  ];
}

/** What is stored, by code, and how much of what each policy is to keep. */
function storedBy({ charter, assumptions, held, scaledTo }: ForecastOptions): {
  readonly stored: Forecast['stored'];
  readonly stocks: readonly Stock[];
  readonly assumptionsOf: (stock?: Pick<Stock, 'segments' | 'usableBytes'>) => Assumptions;
} {
  const none = { stored: null, stocks: [], assumptionsOf: () => assumptions };
  if (held === undefined) return none;
  const found = stocksOf(held, charter);
  const stored = storedOf(held, found);
  const stocks = found.filter(({ segments }) => segments > 0);
  if (stocks.length === 0)
    return { ...none, stored: found.length === 0 ? null : { ...stored, scaledTo: null } };
  const scale = scaledTo === undefined ? 1 : scaledTo / stored.segments;
  return {
    stored: { ...stored, scaledTo: scaledTo ?? null },
    stocks,
    assumptionsOf: ({ segments, usableBytes } = stored) => ({
      ...assumptions,
      segments: segments * scale,
      usableTb: (usableBytes * scale) / 1e12,
    }),
  };
}

function heldAs(stock: Stock | undefined, { held: all }: ForecastOptions): Pick<EstimateOptions, 'held'> {
  return stock === undefined || all === undefined ? {} : { held: { all, stock } };
}

function summary({ keeping: _, placements: __, ...counts }: Stock): NonNullable<PolicyForecast['stock']> {
  return counts;
}

/** `own` is what is stored, under each of its codes; where nothing is, what the charter's policy would do. */
function chosen(
  { policies = policyIds, charter }: ForecastOptions,
  stocks: readonly Stock[],
): readonly Keeping[] {
  const own = stocks.length > 0 ? stocks.map(({ keeping }) => keeping) : [keepingOf(ownPolicy(charter))];
  return policies.flatMap((wanted) => {
    if (wanted === 'own') return own;
    const found = alternatives.find(({ id }) => id === wanted);
    if (found !== undefined) return [found];
    const near = nearestName(wanted, policyIds);
    const message = `there is no policy ${wanted} to compare; ${near === undefined ? `known are ${policyIds.join(', ')}` : `did you mean ${near}?`}`;
    throw new Fault('usage', 'POLICY_UNKNOWN', message, { policy: wanted });
  });
}

function ownPolicy(charter: Charter) {
  const [policy] = charter.policies;
  if (policy === undefined)
    throw new Fault('refused', 'POLICY_MISSING', 'the charter has no policy to forecast', {});
  return policy;
}

/**
 * The network itself where it has places enough; otherwise hosts of their own, in the places taken round, a quarter more than
 * fragments: who is lost needs a successor.
 */
function networkFor(
  keeping: Keeping,
  o: ForecastOptions,
): { readonly charter: Charter; readonly hosts: number | null } {
  const { charter, assumptions, crypto, now } = o;
  const n = keeping.k + keeping.m;
  const ground = groundOf(charter, assumptions.floodZones);
  if (keeping.id === 'own' || new Placements({ ground, keeping, crypto, now }).fits)
    return { charter, hosts: null };
  const hosts = n + Math.ceil(n / 4);
  const made = syntheticCharter({ places: o.places, sites: hosts });
  return { charter: { ...made, durations: charter.durations, issued: charter.issued }, hosts };
}

function checkOptions({ years, effort, seed }: ForecastOptions): void {
  const whole = (value: number, min: number, max: number) =>
    Number.isSafeInteger(value) && value >= min && value <= max;
  const problem = !whole(years, 1, 100)
    ? 'years should be a whole number from 1 to 100'
    : !whole(effort.runs, 2, 1_000) || !whole(effort.futures, 10, 1_000_000)
      ? 'an effort has 2 to 1,000 runs of 10 to 1,000,000 futures'
      : !whole(seed, 0, Number.MAX_SAFE_INTEGER)
        ? 'a seed is a whole number, 0 or more'
        : undefined;
  if (problem !== undefined) throw new Fault('usage', 'FORECAST_OPTIONS', problem, {});
}
