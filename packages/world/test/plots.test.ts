// Each plot in a history in which nothing else goes wrong: it is played to its end, and every promise holds.

import { expect, it } from 'vitest';
import { drawPlan, nodeGround, type Plan, runHistory } from '../src/index.ts';
import { hosterNames } from '../src/membership.ts';
import { plotNames, plots } from '../src/plots/index.ts';

const ground = nodeGround();
const [first = '', second = '', third = ''] = hosterNames;

it.each(plotNames)('%s: every promise holds', async (plot) => {
  const drawn = drawPlan(ground.crypto, 1);
  const { harms, helped } = plots[plot];
  const plan: Plan = {
    ...drawn,
    operations: drawn.operations.slice(0, 6).filter((one) => one.do !== 'revoke'),
    faults: [{ fault: 'plot', op: 1, plusMs: 20, plot, hoster: harms ? third : '' }],
    liars: (helped ? [first, second] : []).map((hoster) => ({ hoster, liar: 'double-votes' })),
  };
  const { counters } = await runHistory({ plan, ground });
  expect(counters[`plot ${plot}`]).toBe(1);
  expect(counters['state fork'] ?? 0).toBeGreaterThanOrEqual(plot === 'ring' ? 0 : 1);
  const deeds = Object.keys(counters).filter((name) => name.startsWith('ring '));
  expect(deeds).toHaveLength(plot === 'ring' ? 5 : 0);
  expect(deeds.filter((name) => name.endsWith('certified'))).toEqual([]);
});
