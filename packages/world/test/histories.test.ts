// Histories as the plans draw them: the contract of every one of them is in its plan and in the judges; here it is only that
// they were had, that they were many-sided, and that each can be had again. With those of the liars, scenarios and plots
// beside them they are more than three hundred.

import { expect, it } from 'vitest';
import { runCrowd } from '../src/index.ts';
import { drawPlan, nodeGround } from '../src/index.ts';

const SEEDS = 225;
const MINUTES = 60_000;

it(
  `${SEEDS} seeds: nothing acknowledged is lost, no log has two histories, and all that can comes back`,
  async ({ signal }) => {
    const { failures, outcomes, counters } = await runCrowd({ from: 1, count: SEEDS, signal });
    expect(failures.map(({ seed, why }) => `npm run world -- --seed ${seed}: ${why}`)).toEqual([]);
    expect(outcomes).toHaveLength(SEEDS);
    const reports = outcomes.flatMap((one) => ('report' in one ? [one.report] : []));
    expect(Math.min(...reports.map(({ operations }) => operations))).toBeGreaterThanOrEqual(30);
    expect(Math.min(...reports.map(({ faults }) => faults))).toBeGreaterThanOrEqual(5);
    expect(reports.filter(({ liars }) => liars > 0).length).toBeGreaterThan(SEEDS / 3);
    for (const state of ['conflict', 'catch-up', 'recovered', 'stale backup noticed', 'client crashed']) {
      expect(counters[`state ${state}`], state).toBeGreaterThan(0);
    }
    expect(new Set(reports.map(({ trace }) => trace)).size).toBe(SEEDS);
  },
  20 * MINUTES,
);

it('a seed makes the same plan each time', () => {
  const { crypto } = nodeGround();
  for (const seed of [1, 7]) expect(drawPlan(crypto, seed)).toEqual(drawPlan(nodeGround().crypto, seed));
});
