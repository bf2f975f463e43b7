// Spreading out: which fragments to copy elsewhere though none is missing, because the topology gets strictly better.
// Better is: survives more losses; or as many, with fewer fragments sharing a site and no building or hoster fuller.
// Both only ever rise, so what was spread out is never moved back.

import { loadsFor, marginCeiling, onePerSite, plotsOf } from './best-margin.ts';
import { FlowNetwork } from './flow.ts';
import type { HealingView, LiveHolder, Taker } from './healing-view.ts';
import { Homes } from './homes.ts';
import { compareMarks, type Keepers } from './keepers.ts';
import type { Loads } from './loads.ts';

/** What spreading looks at: every index has a keeper. */
export interface Spreading {
  readonly view: HealingView;
  readonly byIndex: readonly (readonly LiveHolder[])[];
  readonly keepers: Keepers;
  readonly loads: Loads;
  readonly takers: ReadonlyMap<string, readonly Taker[]>;
}

interface SpreadingHomes extends Spreading {
  readonly homes: Homes;
}

export interface Spread {
  readonly index: number;
  /** In line, the best first. */
  readonly line: readonly Taker[];
}

/**
 * One copy, where one makes the topology better; where only several together let it survive more, all of them; mostly
 * nothing.
 */
export function spreadOut(spreading: Spreading): readonly Spread[] {
  const { view, byIndex, takers, loads: now } = spreading;
  const { k, m } = view;
  const survived = now.survives(k);
  const sitesShared = now.crowding > now.fragments;
  // A segment that stands as it was placed is not made to share sites, even where that would survive more.
  const shares = survived < view.policy.sitesLost || sitesShared;
  const all = plotsOf({ m, byIndex, takers });
  const plots = shares ? all : onePerSite(all);
  const ceiling = marginCeiling(plots, { k, m });
  const rises = survived < ceiling;
  if (!rises && !sitesShared) return [];
  const o = { ...spreading, homes: new Homes(view, takers, byIndex) };
  const one = bestCopy(o, { survived, rises, shares });
  if (one !== undefined && (one.survives > survived || !rises)) return [one];
  for (let lost = ceiling; lost > survived; lost--) {
    const loads = loadsFor(plots, { k, fragments: k + m, lost });
    if (loads === undefined) continue;
    const loadOf = new Map(plots.map(({ domains }, at) => [domains.site, loads[at] ?? 0]));
    const several = copiesTo(o, loadOf);
    if (several.length > 0) return several;
  }
  return one === undefined ? [] : [one];
}

interface Now {
  readonly survived: number;
  /** Whether it might survive more. */
  readonly rises: boolean;
  /** Whether two fragments may share a site. */
  readonly shares: boolean;
}

/** The copy after which the segment stands best, and all homes where it would stand better than now. */
function bestCopy(o: SpreadingHomes, now: Now): (Spread & { readonly survives: number }) | undefined {
  let best: { readonly source: LiveHolder; readonly marks: readonly number[] } | undefined;
  const sources = sourcesOf(o);
  for (const source of sources) {
    for (const [site, takers] of o.takers) {
      const marks = marksOfCopy(o, { ...now, source, to: takers[0] as Taker });
      if (marks === undefined || (best !== undefined && compareMarks(marks, best.marks) >= 0)) continue;
      if (o.homes.takersFor(source.index, site).length > 0) best = { source, marks };
    }
  }
  if (best === undefined) return undefined;
  const { source, marks } = best;
  const line = o.homes.inLine(source.index, {
    loads: o.loads,
    mark: (domains) => marksOfCopy(o, { ...now, source, to: { domains } }),
  });
  return { index: source.index, line, survives: -(marks[0] as number) };
}

/** Per site one fragment to copy from, of the daemon with most of them: each move from there is as good as another. */
function sourcesOf(o: SpreadingHomes): readonly LiveHolder[] {
  const sources = new Map<string, { readonly holder: LiveHolder; readonly marks: readonly number[] }>();
  for (const holder of o.keepers) {
    if (holder?.standing !== 'up') continue;
    const { site } = holder.domains;
    const holders = o.byIndex[holder.index]?.length ?? 0;
    const marks = [holders, -o.homes.indicesOn(holder.daemon), holder.index];
    const known = sources.get(site);
    if (known === undefined || compareMarks(marks, known.marks) < 0) sources.set(site, { holder, marks });
  }
  return [...sources.values()].map((one) => one.holder).sort((a, b) => a.index - b.index);
}

/** Undefined unless the topology gets strictly better. */
function marksOfCopy(
  o: SpreadingHomes,
  {
    source,
    to,
    survived,
    rises,
    shares,
  }: Now & { readonly source: LiveHolder; readonly to: Pick<Taker, 'domains'> },
): readonly number[] | undefined {
  const { loads } = o;
  const from = source.domains;
  if (from.site === to.domains.site || (!shares && loads.at('site', to.domains) > 0)) return undefined;
  const heavier = (kind: 'building' | 'hoster') =>
    from[kind] !== to.domains[kind] && loads.at(kind, to.domains) >= loads.at(kind, from);
  const parts =
    loads.at('site', to.domains) + 1 < loads.at('site', from) && !heavier('building') && !heavier('hoster');
  if (!parts && !rises) return undefined;
  if (!o.homes.isAdmitted(source.index, to.domains)) return undefined;
  loads.add(from, -1);
  loads.add(to.domains, 1);
  const survives = loads.survives(o.view.k);
  const better = survives > survived || (survives === survived && parts);
  const marks = better ? [-survives, ...loads.squares()] : undefined;
  loads.add(to.domains, -1);
  loads.add(from, 1);
  return marks;
}

/** The fewest copies by which every site gets its load; none when one of them cannot be made. */
function copiesTo(o: Spreading, loadOf: ReadonlyMap<string, number>): readonly Spread[] {
  const homes = new Homes(o.view, o.takers, o.byIndex);
  const net = new FlowNetwork();
  const [source, sink] = [net.vertex(), net.vertex()];
  const sites = [...loadOf].filter(([, load]) => load > 0);
  const vertices = sites.map(([, load]) => {
    const vertex = net.vertex();
    net.edge(vertex, sink, load);
    return vertex;
  });
  const ways = o.byIndex.flatMap((all, index) => {
    const from = net.vertex();
    net.edge(source, from, 1);
    const moves = o.keepers[index]?.standing === 'up';
    return sites.flatMap(([site], at) => {
      const held = all.some((one) => one.domains.site === site && one.standing !== 'leaving');
      if (!held && (!moves || homes.takersFor(index, site).length === 0)) return [];
      return [{ index, site, held, edge: net.edge(from, vertices[at] as number, 1, held ? 0 : 1) }];
    });
  });
  if (net.runCheapest(source, sink, o.byIndex.length) < o.byIndex.length) return [];
  const copies: Spread[] = [];
  for (const { index, site, held, edge } of ways) {
    if (held || net.through(edge) === 0) continue;
    const line = homes.inLine(index, {
      loads: o.loads,
      mark: (domains) => (domains.site === site ? [] : undefined),
    });
    const [first] = line;
    if (first === undefined) return [];
    homes.plan(index, first);
    copies.push({ index, line });
  }
  return copies;
}
