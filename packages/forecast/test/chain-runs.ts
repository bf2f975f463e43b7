// The simulation set up as the Markov chain of `markov`: one daemon per fragment, disks only, replaced and noticed at once,
// rebuilt side by side in exponential time.

import { standardDurations } from '@vauban/core';
import { standardAssumptions } from '../src/assumptions.ts';
import { groundOf, syntheticCharter } from '../src/ground.ts';
import { type Interval, intervalOf } from '../src/interval.ts';
import { type Model, modelOf } from '../src/model.ts';
import type { Placement } from '../src/placements.ts';
import { Dice } from '../src/random.ts';
import { splitting } from '../src/splitting.ts';
import type { Chain } from './markov.ts';

const place = { name: 'Metz', latitude: 49.1, longitude: 6.2, hoster: 'Mirabelle' };

/** Nothing happens but what a test adds. */
export const quiet = {
  ...standardAssumptions,
  diskFailures: 0,
  rottingVolumes: 0,
  fragmentRot: 0,
  crashes: 0,
  outages: 0,
  destructions: 0,
  floods: 0,
  bankruptcies: 0,
  badReleases: 0,
  diskReplacedDays: 0,
};

export function chainModel(chain: Chain, horizonYears: number): Model {
  const { k, m } = chain;
  const charter = syntheticCharter({ places: [place], sites: k + m });
  return modelOf({
    ground: groundOf(charter, []),
    keeping: { id: 'chain', name: { en: '', fr: '' }, code: 'rs', k, m },
    assumptions: { ...quiet, diskFailures: chain.lossRate },
    durations: { ...standardDurations, lostAfterMs: 0 },
    horizonYears,
    crashes: false,
    exponentialRepair: 1 / chain.repairRate,
  });
}

/** What is lost on a daemon is rebuilt on it. */
export function inPlace(n: number): Placement {
  const holders = Int32Array.from({ length: n }, (_, at) => at);
  return { holders, share: 1, healer: { plan: () => holders } };
}

/** Chance of loss within the horizon, by so many independent runs of splitting. */
export function estimate(o: {
  readonly chain: Chain;
  readonly years: number;
  readonly seed: number;
  readonly runs: number;
  readonly futures: number;
  readonly isBiased?: boolean;
}): Interval & { readonly events: number } {
  const model = chainModel(o.chain, o.years);
  const dice = new Dice(o.seed);
  let events = 0;
  const found = Array.from({ length: o.runs }, () => {
    const tally = splitting({
      model,
      placements: [inPlace(model.n)],
      dice: dice.fork(),
      horizonYears: o.years,
      futures: o.futures,
      isBiased: o.isBiased ?? true,
    });
    events += tally.events;
    return tally.anyLoss;
  });
  return { ...intervalOf(found), events };
}
