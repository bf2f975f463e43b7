// Each liar through histories as the plans draw them, and two liars at a time.

import { expect, it } from 'vitest';
import { drawPlan, runHistory } from '../src/index.ts';
import { liars } from '../src/liars/index.ts';
import { ground, LIAR, liesTold, lyingAlone, planOf, SECOND_LIAR } from './liars-setup.ts';

const SEEDS = 1;

it.each(lyingAlone)('%s: every promise holds', async (liar) => {
  let told = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const drawn = drawPlan(ground.crypto, seed);
    const plan = { ...drawn, faults: [], liars: [{ hoster: LIAR, liar }] };
    const short = planOf(seed, plan.liars);
    for (const one of [plan, short])
      told += liesTold((await runHistory({ plan: one, ground })).counters, liar);
  }
  expect(told).toBeGreaterThan(0);
});

const names = liars.map(({ name }) => name);
const pairs: [string, string][] = names.flatMap((first, at) => [
  [first, first],
  [first, names[(at + 1) % names.length] as string],
  [first, names[(at + 7) % names.length] as string],
]);

it.each(pairs)('%s and %s together', async (first, second) => {
  const chosen = [
    { hoster: LIAR, liar: first },
    { hoster: SECOND_LIAR, liar: second },
  ];
  const { liars: lying } = await runHistory({ plan: planOf(2, chosen), ground });
  expect(lying).toBe(2);
});
