// Picking sites in rank order so that the domain rule is kept: the first valid set, and an exact answer to whether
// there is one (SPEC section 3). One fragment per site, so only buildings and hosters can break the rule here.

import { FlowNetwork } from './flow.ts';

/** Where a candidate site stands. */
export interface Stand {
  readonly building: string;
  readonly hoster: string;
  /** Fragments it could take; 1 unless told. */
  readonly room?: number;
}

/** The rule to keep: the `lost` most loaded buildings hold at most m, hosters too, and no hoster holds k; lost ≤ m. */
export interface SpreadRule {
  readonly k: number;
  readonly m: number;
  readonly lost: number;
}

type Counts = ReadonlyMap<string, number>;
interface Taken {
  readonly buildings: Map<string, number>;
  readonly hosters: Map<string, number>;
}

/**
 * Positions of k + m stands, ascending: the set that comes first in rank order (compare sets by their first
 * difference) among those that keep the rule. Undefined when none does.
 */
export function firstSpread(ranked: readonly Stand[], rule: SpreadRule): readonly number[] | undefined {
  const n = rule.k + rule.m;
  if (ranked.length < n) return undefined;
  // Breaking the rule is never mended by adding, so a greedy walk that ends well is the first valid set.
  const greedy = walk(ranked, rule, () => true);
  if (greedy.length === n) return greedy;
  if (!completes(nothing(), ranked, n, rule)) return undefined;
  return walk(ranked, rule, (taken, next, missing) => completes(taken, ranked.slice(next), missing, rule));
}

/** How many sites at hosters and in buildings of their own would have to join before a valid set exists. */
export function standsMissing(stands: readonly Stand[], rule: SpreadRule): number {
  const more: Stand[] = [];
  const n = rule.k + rule.m;
  // A space stands in no slug, so the names are new.
  while (more.length < n && !completes(nothing(), [...stands, ...more], n, rule)) {
    more.push({ building: `new ${more.length}`, hoster: `new ${more.length}` });
  }
  return more.length;
}

function nothing(): Taken {
  return { buildings: new Map(), hosters: new Map() };
}

function walk(
  ranked: readonly Stand[],
  rule: SpreadRule,
  promising: (taken: Taken, next: number, missing: number) => boolean,
): number[] {
  const n = rule.k + rule.m;
  const positions: number[] = [];
  const taken = nothing();
  for (const [at, stand] of ranked.entries()) {
    if (positions.length === n) break;
    add(taken, stand, 1);
    if (keeps(taken, rule) && promising(taken, at + 1, n - positions.length - 1)) positions.push(at);
    else add(taken, stand, -1);
  }
  return positions;
}

function add(taken: Taken, stand: Stand, fragments: number): void {
  taken.buildings.set(stand.building, (taken.buildings.get(stand.building) ?? 0) + fragments);
  taken.hosters.set(stand.hoster, (taken.hosters.get(stand.hoster) ?? 0) + fragments);
}

function keeps(taken: Taken, rule: SpreadRule): boolean {
  const heaviest = (loads: Counts) =>
    [...loads.values()]
      .sort((a, b) => b - a)
      .slice(0, rule.lost)
      .reduce((sum, one) => sum + one, 0);
  return (
    heaviest(taken.buildings) <= rule.m &&
    heaviest(taken.hosters) <= rule.m &&
    Math.max(0, ...taken.hosters.values()) < rule.k
  );
}

/**
 * Whether `missing` of the stands can join what is taken. The sum of the s largest loads is the least of
 * s·t + Σ max(0, load − t) over whole t, so for a fixed t the rule says: t fragments free for each domain, and
 * m − s·t more that all domains share. That is a flow from hosters to buildings, through the sites.
 */
export function completes(
  taken: { readonly buildings: Counts; readonly hosters: Counts },
  stands: readonly Stand[],
  missing: number,
  rule: SpreadRule,
): boolean {
  const ts = freeLoads(rule);
  return ts.some((ofHosters) =>
    ts.some((ofBuildings) => joining(taken, stands, missing, { rule, ofHosters, ofBuildings }) >= missing),
  );
}

/** The t worth trying. With t = 0 all domains together could hold m, too few; where nothing may be lost, any load is free. */
export function freeLoads({ k, m, lost }: SpreadRule): readonly number[] {
  if (lost === 0) return [k + m];
  return Array.from({ length: Math.floor(m / lost) }, (_, i) => i + 1);
}

function joining(
  taken: { readonly buildings: Counts; readonly hosters: Counts },
  stands: readonly Stand[],
  missing: number,
  o: { readonly rule: SpreadRule; readonly ofHosters: number; readonly ofBuildings: number },
): number {
  const shared = (loads: Counts, t: number) =>
    [...loads.values()].reduce((left, load) => left - Math.max(0, load - t), o.rule.m - o.rule.lost * t);
  const hostersShare = shared(taken.hosters, o.ofHosters);
  const buildingsShare = shared(taken.buildings, o.ofBuildings);
  if (hostersShare < 0 || buildingsShare < 0) return -1;
  if (areApart(stands)) return joiningApart(taken, stands, { ...o, hostersShare, buildingsShare });

  const net = new FlowNetwork();
  const [source, sink, manyHosters, manyBuildings] = [net.vertex(), net.vertex(), net.vertex(), net.vertex()];
  net.edge(source, manyHosters, hostersShare);
  net.edge(manyBuildings, sink, buildingsShare);
  const hosters = new Map<string, number>();
  const buildings = new Map<string, number>();
  for (const { hoster, building, room = 1 } of stands) {
    if (!hosters.has(hoster)) {
      const [enters, leaves] = [net.vertex(), net.vertex()];
      const load = taken.hosters.get(hoster) ?? 0;
      net.edge(source, enters, o.ofHosters - load);
      net.edge(manyHosters, enters, hostersShare);
      net.edge(enters, leaves, o.rule.k - 1 - load);
      hosters.set(hoster, leaves);
    }
    if (!buildings.has(building)) {
      const enters = net.vertex();
      net.edge(enters, sink, o.ofBuildings - (taken.buildings.get(building) ?? 0));
      net.edge(enters, manyBuildings, buildingsShare);
      buildings.set(building, enters);
    }
    net.edge(hosters.get(hoster) as number, buildings.get(building) as number, room);
  }
  return net.run(source, sink, missing);
}

function areApart(stands: readonly Stand[]): boolean {
  const alone = (names: readonly string[]) => new Set(names).size === stands.length;
  return alone(stands.map(({ building }) => building)) && alone(stands.map(({ hoster }) => hoster));
}

/**
 * The same flow where no two stands share a building or a hoster: each stands by itself but for what all domains share. A
 * fragment beyond what its hoster has free takes one of the hosters' share, beyond its building's one of the buildings'; those
 * that take of one share only go first, for one that takes of both is never the better use of either.
 */
function joiningApart(
  taken: { readonly buildings: Counts; readonly hosters: Counts },
  stands: readonly Stand[],
  o: {
    readonly rule: SpreadRule;
    readonly ofHosters: number;
    readonly ofBuildings: number;
    readonly hostersShare: number;
    readonly buildingsShare: number;
  },
): number {
  let [free, hosters, buildings, both] = [0, 0, 0, 0];
  for (const { hoster, building, room = 1 } of stands) {
    const atHoster = taken.hosters.get(hoster) ?? 0;
    const most = Math.max(0, Math.min(room, o.rule.k - 1 - atHoster));
    const ofHoster = Math.min(most, Math.max(0, o.ofHosters - atHoster));
    const ofBuilding = Math.min(most, Math.max(0, o.ofBuildings - (taken.buildings.get(building) ?? 0)));
    free += Math.min(ofHoster, ofBuilding);
    hosters += Math.max(0, ofBuilding - ofHoster);
    buildings += Math.max(0, ofHoster - ofBuilding);
    both += most - Math.max(ofHoster, ofBuilding);
  }
  const byHosters = Math.min(hosters, o.hostersShare);
  const byBuildings = Math.min(buildings, o.buildingsShare);
  const left = Math.min(both, o.hostersShare - byHosters, o.buildingsShare - byBuildings);
  return free + byHosters + byBuildings + left;
}
