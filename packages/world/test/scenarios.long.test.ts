// The same with many more seeds: which hosters were reached, which were harmed, and when, is another matter each time.

import { expect, it } from 'vitest';
import { nodeGround, runScenario, scenarios } from '../src/index.ts';

const SEEDS = 3;
const ground = nodeGround();

it.each([...scenarios])('$name: $says', async (scenario) => {
  const traces = new Set<string>();
  for (let seed = 101; seed < 101 + SEEDS; seed++) {
    traces.add((await runScenario({ scenario, seed, ground })).trace);
  }
  expect(traces.size).toBe(SEEDS);
});
