// The best margin that what survives allows, and where fragments would have to stand for it: an exact answer by flows.
// Sites need no rule of their own but their room: as many buildings hold at least as much.

import type { Domains } from './domains.ts';
import { FlowNetwork } from './flow.ts';
import { type Ground, type HealingView, type LiveHolder, liveHolders, takersBySite } from './healing-view.ts';
import { freeLoads } from './spread.ts';

/** A site, how many distinct fragments it may keep, and how many more it could take. */
export interface Plot {
  readonly domains: Domains;
  readonly held: number;
  readonly room: number;
}

/**
 * How many sites, buildings or hosters, whichever are fewest, a segment can be made to survive by those who take and
 * have room; −1 when fewer than k fragments can stand. One fragment per site, as a new segment is placed, where that
 * keeps the domain rule; else sites share. With `holders`, what is held by daemons up or silent may stay where it is.
 */
export function bestMargin(ground: Ground & Partial<Pick<HealingView, 'holders'>>): number {
  const { k, m, policy, holders = [] } = ground;
  const byIndex = liveHolders({ ...ground, holders } as HealingView);
  const plots = plotsOf({ m, byIndex, takers: takersBySite(ground) });
  const alone = bestOn(onePerSite(plots), ground, k + m);
  return alone >= policy.sitesLost ? alone : bestOn(plots, ground, k);
}

function bestOn(
  plots: readonly Plot[],
  { k, m }: { readonly k: number; readonly m: number },
  fewest: number,
): number {
  for (let lost = m; lost >= 0; lost--) {
    for (let fragments = k + m; fragments >= fewest; fragments--) {
      if (loadsFor(plots, { k, fragments, lost }) !== undefined) return lost;
    }
  }
  return -1;
}

/** The same sites, none with a second fragment. */
export function onePerSite(plots: readonly Plot[]): readonly Plot[] {
  return plots.map(({ domains, held, room }) => ({
    domains,
    held: Math.min(1, held),
    room: held > 0 ? 0 : Math.min(1, room),
  }));
}

/** Sites that hold what stands or could take more, in the order in which they are to be filled. */
export function plotsOf(o: {
  readonly m: number;
  readonly byIndex: readonly (readonly LiveHolder[])[];
  readonly takers: ReturnType<typeof takersBySite>;
}): readonly Plot[] {
  const plots = new Map<string, { readonly domains: Domains; held: number; room: number }>();
  const at = (domains: Domains) => {
    const known = plots.get(domains.site) ?? { domains, held: 0, room: 0 };
    plots.set(domains.site, known);
    return known;
  };
  for (const takers of o.takers.values()) for (const { domains, room } of takers) at(domains).room += room;
  for (const all of o.byIndex) {
    const sites = new Map(
      all.filter((one) => one.standing !== 'leaving').map((one) => [one.domains.site, one.domains]),
    );
    for (const domains of sites.values()) at(domains).held++;
  }
  return [...plots.values()].map(({ domains, held, room }) => ({
    domains,
    held: Math.min(held, o.m),
    room: Math.max(0, Math.min(room, o.m - held)),
  }));
}

/** No more losses than this can be survived on so many buildings and hosters. A quick look, before any flow. */
export function marginCeiling(
  plots: readonly Plot[],
  { k, m }: { readonly k: number; readonly m: number },
): number {
  const counts = (['building', 'hoster'] as const).map(
    (kind) => new Set(plots.filter((one) => one.held + one.room > 0).map((one) => one.domains[kind])).size,
  );
  const domains = Math.min(...counts);
  if (domains === 0) return -1;
  const each = Math.floor((k + m) / domains);
  const fuller = (k + m) % domains;
  let lost = 0;
  while (lost < domains && each * (lost + 1) + Math.min(lost + 1, fuller) <= m) lost++;
  return lost;
}

/**
 * Fragments per plot, of `fragments` in all, so that any `lost` buildings or hosters hold no more than what is beyond k:
 * of all such ways one with the fewest new ones. Undefined when there is none. Fragments are not told apart.
 */
export function loadsFor(
  plots: readonly Plot[],
  o: { readonly k: number; readonly fragments: number; readonly lost: number },
): readonly number[] | undefined {
  const spare = o.fragments - o.k;
  let best: { readonly loads: readonly number[]; readonly fresh: number } | undefined;
  const ts = freeLoads({ k: o.k, m: spare, lost: o.lost });
  for (const ofHosters of ts) {
    for (const ofBuildings of ts) {
      const loads = filled(plots, { ...o, spare, ofHosters, ofBuildings });
      if (loads === undefined) continue;
      const fresh = loads.reduce((sum, load, at) => sum + Math.max(0, load - (plots[at] as Plot).held), 0);
      if (best === undefined || fresh < best.fresh) best = { loads, fresh };
    }
  }
  return best?.loads;
}

/** The flow of `completes` (spread), from nothing, where what is held is free and what is new costs one. */
function filled(
  plots: readonly Plot[],
  o: {
    readonly k: number;
    readonly fragments: number;
    readonly spare: number;
    readonly lost: number;
    readonly ofHosters: number;
    readonly ofBuildings: number;
  },
): readonly number[] | undefined {
  const net = new FlowNetwork();
  const [source, sink, manyHosters, manyBuildings] = [net.vertex(), net.vertex(), net.vertex(), net.vertex()];
  const hostersShare = o.spare - o.lost * o.ofHosters;
  const buildingsShare = o.spare - o.lost * o.ofBuildings;
  net.edge(source, manyHosters, hostersShare);
  net.edge(manyBuildings, sink, buildingsShare);
  const hosters = new Map<string, number>();
  const buildings = new Map<string, number>();
  const edges = plots.map(({ domains, held, room }) => {
    if (!hosters.has(domains.hoster)) {
      const [enters, leaves] = [net.vertex(), net.vertex()];
      net.edge(source, enters, o.ofHosters);
      net.edge(manyHosters, enters, hostersShare);
      net.edge(enters, leaves, o.k - 1);
      hosters.set(domains.hoster, leaves);
    }
    if (!buildings.has(domains.building)) {
      const enters = net.vertex();
      net.edge(enters, sink, o.ofBuildings);
      net.edge(enters, manyBuildings, buildingsShare);
      buildings.set(domains.building, enters);
    }
    const from = hosters.get(domains.hoster) as number;
    const to = buildings.get(domains.building) as number;
    return [net.edge(from, to, held), net.edge(from, to, room, 1)] as const;
  });
  if (net.runCheapest(source, sink, o.fragments) < o.fragments) return undefined;
  return edges.map(([kept, fresh]) => net.through(kept) + net.through(fresh));
}
