// What holds for every charter: the rule is kept, losses are survived, a set is found when there is one, and little moves.

import type { Charter, DaemonId, Policy } from '@vauban/core';
import { isFault, utf8 } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Choice, checkDomainRule, type DomainKind, margin } from '../src/index.ts';
import { domainsOf } from '../src/domains.ts';
import {
  anyPolicy,
  anySeed,
  anySites,
  charterOf,
  GB,
  holdersOf,
  optionsOf,
  policyOf,
  separateSites,
  siteOf,
  tryChoose,
} from './charters.ts';

const chosen = (charter: Charter, policy: Policy, seed: Uint8Array, without: readonly DaemonId[] = []) => {
  const result = tryChoose(optionsOf(charter, policy, { seed, avoid: new Set(without) }));
  if (isFault(result, 'TOO_FEW_SITES')) return undefined;
  if (result instanceof Error) throw result;
  return result as Choice;
};
const keeps = (
  charter: Charter,
  code: { k: number; m: number },
  sitesLost: number,
  daemons: readonly DaemonId[],
) => checkDomainRule(charter, { ...code, sitesLost, holders: holdersOf(daemons) }) === undefined;

function* subsets<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  if (size === 0) yield [];
  const last = size === 0 ? -1 : all.length - size;
  for (let i = 0; i <= last; i++) {
    for (const rest of subsets(all.slice(i + 1), size - 1)) yield [all[i] as T, ...rest];
  }
}

describe('choose, for any charter', () => {
  test('the domain rule is kept, and losing any sitesLost sites, buildings or hosters leaves k', () => {
    let placed = 0;
    fc.assert(
      fc.property(anySites(14), anyPolicy, anySeed, (sites, policy, seed) => {
        const charter = charterOf(sites);
        const choice = chosen(charter, policy, seed);
        if (choice === undefined) return;
        placed++;
        const { k, m, daemons } = choice;
        expect(daemons).toHaveLength(k + m);
        expect(m).toBe(policy.m);
        expect(k >= m && k <= policy.k).toBe(true);
        expect(new Set(daemons.map((id) => siteOf(charter, id))).size).toBe(k + m);
        expect(keeps(charter, { k, m }, policy.sitesLost, daemons)).toBe(true);
        for (const kind of ['site', 'building', 'hoster'] satisfies DomainKind[]) {
          const homes = daemons.map((id) => domainsOf(charter, id)?.[kind] as string);
          for (const lost of subsets([...new Set(homes)], policy.sitesLost)) {
            expect(homes.filter((home) => !lost.includes(home)).length).toBeGreaterThanOrEqual(k);
          }
        }
        const left = margin(charter, { k, holders: holdersOf(daemons), live: () => true });
        expect(Math.min(left.sites, left.buildings, left.hosters)).toBeGreaterThanOrEqual(policy.sitesLost);
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(placed).toBeGreaterThan(100);
  });

  test('k is the largest for which any set of sites keeps the rule, and a refusal means there is none', () => {
    let refused = 0;
    let lowered = 0;
    fc.assert(
      fc.property(anySites(9), anyPolicy, anySeed, (sites, policy, seed) => {
        const charter = charterOf(sites.map(({ id, hoster, building = id }) => ({ id, hoster, building })));
        const all = charter.daemons.map((one) => one.id);
        const possible = (k: number) =>
          subsets(all, k + policy.m).some((set) => keeps(charter, { k, m: policy.m }, policy.sitesLost, set));
        let k = policy.k;
        while (k >= policy.m && !possible(k)) k--;
        expect(chosen(charter, policy, seed)?.k).toBe(k < policy.m ? undefined : k);
        if (k < policy.m) refused++;
        else if (k < policy.k) lowered++;
      }),
      { numRuns: 150, seed: 2 },
    );
    expect(Math.min(refused, lowered)).toBeGreaterThan(10);
  });

  test('the sites a refusal asks for are enough, and one fewer is not', () => {
    let crowded = 0;
    fc.assert(
      fc.property(anySites(9), anyPolicy, (sites, policy) => {
        const plain = sites.map(({ id, hoster, building = id }) => ({ id, hoster, building }));
        const attempt = (more: number) =>
          tryChoose(
            optionsOf(
              charterOf([
                ...plain,
                ...separateSites(more).map((one) => ({ ...one, id: `n${one.id}`, hoster: `n${one.hoster}` })),
              ]),
              policy,
            ),
          );
        const fault = attempt(0);
        if (!isFault(fault)) return;
        const { wanted, found } = fault.facts as { wanted: number; found: number };
        if (wanted > 2 * policy.m) crowded++;
        expect(isFault(attempt(wanted - found))).toBe(false);
        expect(isFault(attempt(wanted - found - 1))).toBe(true);
      }),
      { numRuns: 150, seed: 3 },
    );
    expect(crowded).toBeGreaterThan(10);
  });

  test('the order in which the charter lists things does not matter', () => {
    fc.assert(
      fc.property(anySites(12), anyPolicy, anySeed, (sites, policy, seed) => {
        const charter = charterOf(sites);
        const turned: Charter = {
          ...charter,
          hosters: charter.hosters.toReversed(),
          sites: charter.sites.toReversed(),
          daemons: charter.daemons.toReversed(),
        };
        expect(chosen(turned, policy, seed)).toEqual(chosen(charter, policy, seed));
      }),
      { numRuns: 100, seed: 4 },
    );
  });
});

describe('minimal disruption', () => {
  test('removing a daemon that was not chosen changes nothing, under any charter', () => {
    let tried = 0;
    fc.assert(
      fc.property(anySites(14), anyPolicy, anySeed, fc.nat(), (sites, policy, seed, pick) => {
        const charter = charterOf(sites);
        const before = chosen(charter, policy, seed);
        if (before === undefined) return;
        const idle = charter.daemons.map((one) => one.id).filter((id) => !before.daemons.includes(id));
        if (idle.length === 0) return;
        tried++;
        expect(chosen(charter, policy, seed, [idle[pick % idle.length] as DaemonId])).toEqual(before);
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(tried).toBeGreaterThan(100);
  });

  test('where every site is alone in its building and company, removing a chosen daemon moves its fragment only', () => {
    const policy = policyOf(4, 2);
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 14 }), anySeed, fc.nat(5), (count, seed, pick) => {
        const charter = charterOf(separateSites(count, (i) => [(i + 1) * 100 * GB]));
        const before = chosen(charter, policy, seed) as Choice;
        const after = chosen(charter, policy, seed, [before.daemons[pick] as DaemonId]) as Choice;
        const stayed = before.daemons.filter((id) => after.daemons.includes(id));
        expect(stayed).toHaveLength(5);
        // With no site to spare, k is one less instead.
        expect(after.daemons).toHaveLength(count === 6 ? 5 : 6);
        // Those that stay keep their order.
        expect(after.daemons.filter((id) => before.daemons.includes(id))).toEqual(stayed);
      }),
      { numRuns: 200, seed: 6 },
    );
  });
});

describe('balance', () => {
  test('fragments follow free space, and data fragments fall on every holder alike', () => {
    // Twenty sites, half of them with three times the room; 2 + 1 of 20, so that weights show.
    const charter = charterOf(separateSites(20, (i) => [(i < 10 ? 100 : 300) * GB]));
    const policy = policyOf(2, 1);
    const large = new Set(charter.daemons.slice(10).map((one) => one.id));
    let onLarge = 0;
    let firstOnLarge = 0;
    const trials = 3_000;
    for (let i = 0; i < trials; i++) {
      const { daemons } = chosen(charter, policy, utf8(`balance ${i}`)) as Choice;
      onLarge += daemons.filter((id) => large.has(id)).length;
      if (large.has(daemons[0] as DaemonId)) firstOnLarge++;
    }
    // Drawing 3 of 20 without putting back, weights 1 and 3: 0.7436 of the fragments (0.75 with putting back).
    expect(onLarge / (3 * trials)).toBeGreaterThan(0.72);
    expect(onLarge / (3 * trials)).toBeLessThan(0.765);
    // Index 0 is no more often on a large one than any other index.
    expect(Math.abs(firstOnLarge / trials - onLarge / (3 * trials))).toBeLessThan(0.03);
  });

  test('a hint above the capacity in the charter buys nothing', () => {
    const charter = charterOf(separateSites(12));
    const liar = charter.daemons[0]?.id as DaemonId;
    for (let i = 0; i < 30; i++) {
      const honest = optionsOf(charter, policyOf(6, 3), { seed: utf8(`hint ${i}`) });
      const live = new Map(honest.live).set(liar, { freeBytes: Number.MAX_SAFE_INTEGER });
      expect(tryChoose({ ...honest, live })).toEqual(tryChoose(honest));
    }
  });
});
