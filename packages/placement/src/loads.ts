// How many fragments of one segment stand in each domain, counted up and down while a plan is tried out, and what that
// survives. One holder per index: what several holders of an index survive together is `margin`.

import type { Domains, DomainKind } from './domains.ts';

export class Loads {
  readonly #counts: { readonly [kind in DomainKind]: Map<string, number> } = {
    site: new Map(),
    building: new Map(),
    hoster: new Map(),
  };
  /** Sum of the squares of the site loads. */
  #crowding = 0;
  #fragments = 0;

  get fragments(): number {
    return this.#fragments;
  }

  /** Least when every fragment has a site of its own; falls with each fragment that leaves a fuller site. */
  get crowding(): number {
    return this.#crowding;
  }

  get buildings(): ReadonlyMap<string, number> {
    return this.#counts.building;
  }

  get hosters(): ReadonlyMap<string, number> {
    return this.#counts.hoster;
  }

  /** `by` is 1 or −1. */
  add(domains: Domains, by: number): void {
    const { site, building, hoster } = this.#counts;
    const before = site.get(domains.site) ?? 0;
    this.#crowding += by * (2 * before + by);
    this.#fragments += by;
    site.set(domains.site, before + by);
    building.set(domains.building, (building.get(domains.building) ?? 0) + by);
    hoster.set(domains.hoster, (hoster.get(domains.hoster) ?? 0) + by);
  }

  at(kind: DomainKind, domains: Domains): number {
    return this.#counts[kind].get(domains[kind]) ?? 0;
  }

  isShared(domains: Domains): boolean {
    // A site is in one building, at one hoster: where it is shared, they are.
    return this.at('building', domains) > 1 || this.at('hoster', domains) > 1;
  }

  /** Sums of squares, of sites, buildings and hosters. */
  squares(): readonly [number, number, number] {
    const sum = (counts: ReadonlyMap<string, number>) => {
      let total = 0;
      for (const count of counts.values()) total += count * count;
      return total;
    };
    return [this.#crowding, sum(this.#counts.building), sum(this.#counts.hoster)];
  }

  /**
   * Least margin over sites, buildings and hosters: how many of any kind may be lost; −1 with fewer than k fragments.
   * Sites need no look of their own: as many buildings hold at least as much.
   */
  survives(k: number): number {
    const spare = this.#fragments - k;
    if (spare < 0) return -1;
    return Math.min(lossesWithin(this.#counts.building, spare), lossesWithin(this.#counts.hoster, spare));
  }
}

/** How many of the heaviest together hold at most `spare`; some domain is heavier than that, since k ≥ 1. */
function lossesWithin(counts: ReadonlyMap<string, number>, spare: number): number {
  const loads = [...counts.values()].sort((a, b) => b - a);
  let lost = 0;
  for (let left = spare - (loads[0] ?? 0); left >= 0 && lost < loads.length; left -= loads[lost] ?? 0) lost++;
  return lost;
}
