// The whole matrix: four codes, three repair rates each, a hundred seeds. The 95 % interval holds the exact answer in 90 to 99.

import { describe, expect, it } from 'vitest';
import { estimate } from './chain-runs.ts';
import { lossWithin } from './markov.ts';

const SEEDS = 100;

const codes = [
  { k: 2, m: 1, lossRate: 0.05, futures: 200, repairRates: [12, 100, 365] },
  { k: 4, m: 2, lossRate: 0.05, futures: 200, repairRates: [12, 100, 365] },
  { k: 6, m: 3, lossRate: 0.04, futures: 200, repairRates: [12, 100, 1_000] },
  { k: 29, m: 51, lossRate: 1, futures: 100, repairRates: [0.5, 1] },
  { k: 29, m: 51, lossRate: 1, futures: 200, repairRates: [2] },
];
const cases = codes.flatMap(({ repairRates, ...code }) =>
  repairRates.map((repairRate) => ({ ...code, repairRate })),
);

describe('of a hundred intervals, 90 to 99 cover the truth', () => {
  it.each(cases)('for $k + $m, rebuilt $repairRate times a year', ({ futures, ...chain }) => {
    const truth = lossWithin(1, chain);
    const inside = Array.from({ length: SEEDS }, (_, at) => {
      const { low, high } = estimate({ chain, years: 1, seed: 1 + at, runs: 12, futures });
      return low <= truth && truth <= high;
    }).filter(Boolean).length;
    expect(inside).toBeGreaterThanOrEqual(90);
    expect(inside).toBeLessThanOrEqual(99);
  });
});
