// The search against trying every set, on crowded stands where a greedy walk often fails.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { completes, firstSpread, type SpreadRule, type Stand } from '../src/spread.ts';

const anyStands = fc.array(
  fc.record({
    hoster: fc.integer({ min: 0, max: 4 }).map((i) => `h${i}`),
    building: fc.integer({ min: 0, max: 5 }).map((i) => `b${i}`),
  }),
  { minLength: 4, maxLength: 11 },
);
const anyRule: fc.Arbitrary<SpreadRule> = fc.integer({ min: 1, max: 4 }).chain((m) =>
  fc.record({
    k: fc.integer({ min: Math.max(2, m), max: 5 }),
    m: fc.constant(m),
    lost: fc.integer({ min: 1, max: m }),
  }),
);

function keeps(stands: readonly Stand[], rule: SpreadRule): boolean {
  const loads = (kind: keyof Stand) =>
    [...Map.groupBy(stands, (one) => one[kind]).values()].map((one) => one.length).sort((a, b) => b - a);
  const heaviest = (kind: keyof Stand) =>
    loads(kind)
      .slice(0, rule.lost)
      .reduce((sum, one) => sum + one, 0);
  return heaviest('hoster') <= rule.m && heaviest('building') <= rule.m && (loads('hoster')[0] ?? 0) < rule.k;
}

/** Sets in lexicographic order, the first that keeps the rule. */
function brute(
  stands: readonly Stand[],
  rule: SpreadRule,
  taken: readonly number[] = [],
): readonly number[] | undefined {
  if (taken.length === rule.k + rule.m) {
    return keeps(
      taken.map((at) => stands[at] as Stand),
      rule,
    )
      ? taken
      : undefined;
  }
  for (let at = (taken.at(-1) ?? -1) + 1; at < stands.length; at++) {
    const found = brute(stands, rule, [...taken, at]);
    if (found !== undefined) return found;
  }
  return undefined;
}

test('the first valid set in rank order is found, and nothing only where there is none', () => {
  let found = 0;
  let skipped = 0;
  let none = 0;
  fc.assert(
    fc.property(anyStands, anyRule, (stands, rule) => {
      const expected = brute(stands, rule);
      expect(firstSpread(stands, rule)).toEqual(expected);
      if (expected === undefined) none++;
      else if (expected.some((at, i) => at !== i)) skipped++;
      else found++;
    }),
    { numRuns: 3_000, seed: 8 },
  );
  expect(Math.min(found, skipped, none)).toBeGreaterThan(50);
});

test('loads of two on every hoster, where the walk has to look ahead', () => {
  // Losing any one may take two. Hosters a and b share building x with c: its two places belong to c.
  const at = (hoster: string, building: string): Stand => ({ hoster, building });
  const stands = [
    at('a', 'x'),
    at('b', 'x'),
    at('c', 'x'),
    at('c', 'x'),
    at('a', 'y'),
    at('a', 'y'),
    at('b', 'z'),
    at('b', 'z'),
  ];
  const rule = { k: 4, m: 2, lost: 1 };
  expect(firstSpread(stands, rule)).toEqual([2, 3, 4, 5, 6, 7]);
});

test('stands apart are reckoned as the flow reckons them: as if one more stand shared a building and had no room', () => {
  const aStand = fc.record({
    room: fc.integer({ min: 0, max: 4 }),
    hoster: fc.integer({ min: 0, max: 4 }),
    building: fc.integer({ min: 0, max: 4 }),
  });
  const seen = { yes: 0, no: 0 };
  fc.assert(
    fc.property(
      fc.array(aStand, { minLength: 1, maxLength: 6 }),
      anyRule,
      fc.integer({ min: 0, max: 9 }),
      (all, rule, missing) => {
        const stands = all.map(({ room }, at) => ({ hoster: `h${at}`, building: `b${at}`, room }));
        const taken = {
          hosters: new Map(all.map(({ hoster }, at) => [`h${at}`, hoster])),
          buildings: new Map(all.map(({ building }, at) => [`b${at}`, building])),
        };
        // What cannot take anything changes no answer, and keeps these from being apart.
        const together = [...stands, { hoster: 'h0', building: 'b0', room: 0 }];
        const answer = completes(taken, stands, missing, rule);
        expect(answer).toBe(completes(taken, together, missing, rule));
        seen[answer ? 'yes' : 'no'] += 1;
      },
    ),
    { numRuns: 2_000 },
  );
  expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(50);
});
