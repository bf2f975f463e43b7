// More histories, of other seeds: every kind of fault has had its turn by then. The liars have tests of their own, and the
// states that are hardest to reach need thousands: `npm run world -- --seeds 5000` says what never happened.

import { expect, it } from 'vitest';
import { runCrowd, untried } from '../src/index.ts';

const SEEDS = 150;
const MINUTES = 60_000;

it(
  `${SEEDS} more seeds, and no kind of fault left untried`,
  async ({ signal }) => {
    const { failures, counters } = await runCrowd({ from: 10_001, count: SEEDS, signal });
    expect(failures.map(({ seed, why }) => `npm run world -- --seed ${seed}: ${why}`)).toEqual([]);
    expect(untried(counters).filter((one) => /^fault (?!plot)/.test(one))).toEqual([]);
  },
  30 * MINUTES,
);
