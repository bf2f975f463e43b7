// The simulation against exact answers, splitting and changed rates included. The whole matrix of a hundred seeds each is in
// the long tier; here each code has one repair rate and fewer seeds.

import { describe, expect, it } from 'vitest';
import { estimate } from './chain-runs.ts';
import { type Chain, lossWithin, yearsUntilLoss } from './markov.ts';

describe('the oracle', () => {
  it('knows what can be written down', () => {
    // One fragment of one: lost within t with chance 1 − e^−λt. Two without repair: (1 − e^−λt)².
    expect(lossWithin(2, { k: 1, m: 0, lossRate: 0.3, repairRate: 0 })).toBeCloseTo(-Math.expm1(-0.6), 12);
    expect(lossWithin(1, { k: 1, m: 1, lossRate: 0.5, repairRate: 0 })).toBeCloseTo(
      Math.expm1(-0.5) ** 2,
      12,
    );
    // MTTDL of a mirrored pair: (3λ + μ) / 2λ².
    expect(yearsUntilLoss({ k: 1, m: 1, lossRate: 0.5, repairRate: 10 })).toBeCloseTo((1.5 + 10) / 0.5, 9);
  });

  it('agrees with itself: rare losses come at the rate of their mean time', () => {
    const chain = { k: 6, m: 3, lossRate: 0.04, repairRate: 100 };
    expect(lossWithin(1, chain) * yearsUntilLoss(chain)).toBeCloseTo(1, 1);
  });
});

const cases: readonly (Chain & { readonly futures: number; readonly seeds: number })[] = [
  { k: 2, m: 1, lossRate: 0.05, repairRate: 365, futures: 200, seeds: 40 },
  { k: 4, m: 2, lossRate: 0.05, repairRate: 100, futures: 200, seeds: 40 },
  { k: 6, m: 3, lossRate: 0.04, repairRate: 1_000, futures: 200, seeds: 40 },
  { k: 29, m: 51, lossRate: 1, repairRate: 2, futures: 100, seeds: 8 },
];

describe('intervals cover the truth', () => {
  it.each(cases)('for $k + $m, rebuilt $repairRate times a year', ({ futures, seeds, ...chain }) => {
    const truth = lossWithin(1, chain);
    let inside = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const { low, high } = estimate({ chain, years: 1, seed, runs: 12, futures });
      if (low <= truth && truth <= high) inside++;
    }
    // 95 % of 40 is 38; fewer than 33 happens once in a thousand times.
    expect(inside).toBeGreaterThanOrEqual(seeds - Math.ceil(seeds * 0.175));
  });

  it('without changed rates too', () => {
    const chain = { k: 4, m: 2, lossRate: 0.8, repairRate: 12 };
    const truth = lossWithin(1, chain);
    let inside = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const { low, high } = estimate({ chain, years: 1, seed, runs: 12, futures: 100, isBiased: false });
      if (low <= truth && truth <= high) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(33);
  });
});
