// Short histories for liars: what is done in them gives every liar something to lie about.

import { nodeGround, type Plan } from '../src/index.ts';
import { liars } from '../src/liars/index.ts';

export const ground = nodeGround();
export const LIAR = 'metz';
export const SECOND_LIAR = 'troyes';

const toHealers: ReadonlySet<string> = new Set(['dropped-leaves', 'repair-misled', 'repair-refused']);
const afterwards: Plan['faults'] = [
  { fault: 'fire', op: 0, plusMs: 0, hoster: 'colmar', declared: true },
  { fault: 'late-leap', op: 0, plusMs: 0 },
];

/** Eight operations, and two restarts once the liar has seen something: its own, and an honest hoster's. */
export function planOf(seed: number, chosen: Plan['liars']): Plan {
  const by = 'town-1';
  return {
    seed,
    operations: [
      { do: 'put', by, at: 0, path: 'a', files: [300] },
      { do: 'put', by: 'harbour-1', at: 0, path: 'a', files: [200] },
      { do: 'put', by, at: 0, path: 'large', files: [30_000] },
      { do: 'where', by, at: 0, path: 'large' },
      { do: 'put', by, at: 8_000, path: 'b', files: [400] },
      { do: 'put', by: 'town-2', at: 8_500, path: 'a', files: [500] },
      { do: 'remove', by, at: 9_000, path: 'b' },
      { do: 'get-all', by: 'town-2', at: 10_000 },
    ],
    faults: [
      // Whoever lies to others that repair or audit has something to say now.
      ...(chosen.some(({ liar }) => toHealers.has(liar)) ? afterwards : []),
      { fault: 'kill', hoster: LIAR, op: 4, plusMs: 200, forMs: 500 },
      { fault: 'power', hoster: 'nancy', op: 5, plusMs: 20, forMs: 1_000 },
    ],
    liars: chosen,
  };
}

export function liesTold(counters: Readonly<Record<string, number>>, name: string): number {
  const told = Object.entries(counters).filter(([what]) => what.startsWith(`lie ${name} `));
  return told.reduce((sum, [, times]) => sum + times, 0);
}

/** Has something to lie about only when a writer forks: below. */
const ALONE_IS_HONEST = 'double-votes';
export const lyingAlone: readonly string[] = liars
  .map(({ name }) => name)
  .filter((name) => name !== ALONE_IS_HONEST);
