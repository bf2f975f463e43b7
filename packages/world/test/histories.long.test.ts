// Two thousand histories must have tried every kind of fault and liar, and reached every state there is.

import { expect, it } from 'vitest';
import { runCrowd, untried } from '../src/index.ts';

const SEEDS = 2_000;
const MINUTES = 60_000;

it(
  'two thousand seeds, and nothing left untried',
  async () => {
    const { failures, counters } = await runCrowd({ from: 10_001, count: SEEDS });
    expect(failures.map(({ seed, why }) => `npm run world -- --seed ${seed}: ${why}`)).toEqual([]);
    expect(untried(counters)).toEqual([]);
  },
  60 * MINUTES,
);
