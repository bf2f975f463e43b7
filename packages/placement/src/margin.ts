// How many more losses a segment survives, per kind of domain, under one charter. Never overstated: that would turn a
// repair off that is needed.

import { assert, type Charter, type DaemonId } from '@vauban/core';
import { type DomainKind, domainsOf, type Holder } from './domains.ts';

/** How many more losses a segment survives. */
export interface Margin {
  /** Live distinct indices − k; negative when unreadable. */
  readonly fragments: number;
  /** Any that many sites may be lost; −1 when already unreadable. The same below. */
  readonly sites: number;
  readonly buildings: number;
  readonly hosters: number;
}

/** Search steps before the safe bound stands in: about 20 ms. Nine doubled indices of twelve sites need some hundred. */
const STEPS_MAX = 5_000;

/** An index may have several holders (custody only adds); those the charter does not list count as lost. */
export function margin(
  charter: Charter,
  o: { readonly k: number; readonly holders: readonly Holder[]; readonly live: (d: DaemonId) => boolean },
): Margin {
  assert(Number.isSafeInteger(o.k) && o.k >= 1, 'k is a positive integer');
  const places = o.holders.flatMap(({ index, daemon }) => {
    const domains = domainsOf(charter, daemon);
    return domains !== undefined && o.live(daemon) ? [{ index, domains }] : [];
  });
  const fragments = new Set(places.map((one) => one.index)).size - o.k;
  const survives = (kind: DomainKind) => {
    const domainsOfIndex = new Map<number, Set<string>>();
    for (const { index, domains } of places) {
      const known = domainsOfIndex.get(index) ?? new Set();
      domainsOfIndex.set(index, known.add(domains[kind]));
    }
    return fragments < 0 ? -1 : fewestToKill([...domainsOfIndex.values()], fragments + 1) - 1;
  };
  return { fragments, sites: survives('site'), buildings: survives('building'), hosters: survives('hoster') };
}

/**
 * The fewest domains whose loss takes `kills` ≥ 1 indices with it; an index dies with the last of its domains. Each
 * index gives its domains an equal part of itself, so x domains never kill more than their parts together: a lower
 * bound, exact when no index is doubled. In between, search; when that grows too long, the bound.
 */
function fewestToKill(indices: readonly ReadonlySet<string>[], kills: number): number {
  const parts = new Map<string, number>();
  for (const domains of indices) {
    for (const domain of domains) parts.set(domain, (parts.get(domain) ?? 0) + 1 / domains.size);
  }
  const ranked = [...parts].sort((a, b) => b[1] - a[1]);
  // before[i] = parts of the first i domains; sums carry rounding, so they are compared with a grain to spare.
  const before = [0];
  for (const [, part] of ranked) before.push((before.at(-1) ?? 0) + part);
  const enough = (sum: number) => sum > kills - 1e-6;
  const bound = before.findIndex(enough);
  if (indices.every((domains) => domains.size === 1)) return bound;

  let steps = 0;
  const lost = new Set<string>();
  const kill = (from: number, picks: number, sum: number): boolean => {
    if (++steps > STEPS_MAX) return false;
    if (picks === 0) return indices.filter((domains) => domains.isSubsetOf(lost)).length >= kills;
    for (let at = from; at + picks <= ranked.length; at++) {
      // The next `picks` domains are the heaviest left.
      if (!enough(sum + (before[at + picks] as number) - (before[at] as number))) return false;
      const [domain, part] = ranked[at] as [string, number];
      lost.add(domain);
      if (kill(at + 1, picks - 1, sum + part)) return true;
      lost.delete(domain);
    }
    return false;
  };
  for (let count = bound; count < ranked.length; count++) {
    if (kill(0, count, 0)) return count;
    if (steps > STEPS_MAX) return count;
  }
  return ranked.length;
}
