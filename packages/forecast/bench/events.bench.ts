// How fast futures are simulated: events a second on one core, for the network of nine sites and for a thousand daemons with
// a billion objects; and how long a chance of 10⁻¹² takes to a tight interval.

import { nodeCrypto } from '@vauban/core/node';
import { alternatives } from '../src/codes.ts';
import { groundOf, syntheticCharter } from '../src/ground.ts';
import { standardAssumptions } from '../src/assumptions.ts';
import { estimating } from '../src/estimate.ts';
import { intervalOf } from '../src/interval.ts';
import { modelOf } from '../src/model.ts';
import { Placements } from '../src/placements.ts';
import { Dice } from '../src/random.ts';
import { plainRuns, splitting } from '../src/splitting.ts';
import { chainModel, inPlace } from '../test/chain-runs.ts';

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly floor?: number;
  readonly aim?: number;
}

const NOW_MS = 1_790_000_000_000;
const place = { name: 'Metz', latitude: 49.1, longitude: 6.2, hoster: 'Mirabelle' };
const keeping = alternatives.find(({ id }) => id === '6+3-clay') as (typeof alternatives)[number];

export function bench(): Promise<Figure[]> {
  return Promise.resolve([nineSites(), ...thousandDaemons(), rareLoss()]);
}

/** Events a second, with everything that can happen happening. */
function nineSites(): Figure {
  const charter = syntheticCharter({ places: [place], sites: 9 });
  const ground = groundOf(charter, standardAssumptions.floodZones);
  const { durations } = charter;
  const o = {
    ground,
    keeping,
    assumptions: standardAssumptions,
    durations,
    horizonYears: 100,
    crashes: true,
  };
  const model = modelOf(o);
  const dice = new Dice(1);
  const sample = new Placements({ ground, keeping, crypto: nodeCrypto, now: NOW_MS }).whole(dice, 30);
  const placements = sample?.placements ?? [];
  const run = (futures: number) => plainRuns({ model, placements, dice, horizonYears: 100, futures }).events;
  run(20);
  const began = performance.now();
  const events = run(400);
  const rate = events / ((performance.now() - began) / 1_000);
  return { figure: 'nine sites: events', value: rate, unit: '/s', floor: 500_000, aim: 1_500_000 };
}

/** 250 sites with four daemons each, a billion segments. */
function thousandDaemons(): Figure[] {
  const charter = syntheticCharter({ places: [place], sites: 250, daemonsPerSite: 4 });
  const began = performance.now();
  const steps = estimating({
    charter,
    keeping,
    assumptions: { ...standardAssumptions, segments: 1e9, usableTb: 10_000 },
    durations: charter.durations,
    years: 1,
    effort: { runs: 4, futures: 50 },
    seed: 1,
    crypto: nodeCrypto,
    now: NOW_MS,
  });
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const seconds = (performance.now() - began) / 1_000;
  return [
    { figure: '1,000 daemons, 10⁹ segments: forecast', value: seconds, unit: 's', floor: 120, aim: 20 },
    { figure: '… of so many events', value: step.value.events, unit: '' },
  ];
}

/** 6 + 3 with a thousand repairs a year: 1.3 · 10⁻¹², to ± 10 %. */
function rareLoss(): Figure {
  const model = chainModel({ k: 6, m: 3, lossRate: 0.04, repairRate: 1_000 }, 1);
  const dice = new Dice(7);
  const began = performance.now();
  const runs: number[] = [];
  for (let run = 0; run < 200; run++) {
    const o = { model, placements: [inPlace(9)], dice: dice.fork(), horizonYears: 1, futures: 400 };
    runs.push(splitting({ ...o, isBiased: true }).anyLoss);
    const { value, high } = intervalOf(runs);
    if (run > 10 && high < value * 1.1) break;
  }
  return {
    figure: 'a chance of 10⁻¹² to ± 10 %',
    value: (performance.now() - began) / 1_000,
    unit: 's',
    floor: 120,
    aim: 10,
  };
}
