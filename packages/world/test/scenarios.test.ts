// Each row of what may break, played out with the real daemon and client: every scenario comes to the state it is about,
// and every judge agrees that all promises held.

import { expect, it } from 'vitest';
import { nodeGround, runScenario, scenarios } from '../src/index.ts';

const ground = nodeGround();

it.each([...scenarios])('$name: $says', async (scenario) => {
  // Another one each: how many hosters are reached, and what exactly is harmed, goes by the seed.
  const seed = 1 + scenarios.indexOf(scenario);
  const { name, virtualSeconds } = await runScenario({ scenario, seed, ground });
  expect(name).toBe(scenario.name);
  expect(virtualSeconds).toBeGreaterThan(40);
});

it('have names of their own, and say what they are', () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  for (const { says } of scenarios) expect(says).toMatch(/^[^.]{30,250}\.$/);
});

it('one seed is one history', async () => {
  const [scenario] = scenarios as [(typeof scenarios)[number]];
  const of = async (seed: number) => (await runScenario({ scenario, seed, ground })).trace;
  expect(await of(3)).toBe(await of(3));
});
