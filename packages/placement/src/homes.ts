// New homes for fragments of one segment: who may take one without breaking what voters refuse, and who stands first in
// line (SPEC section 6). Every daemon works the line out for itself: what is not needed of free space stays out of it.

import { concat, type DaemonId } from '@vauban/core';
import { type Domains, domainsOf } from './domains.ts';
import type { HealingView, LiveHolder, Taker } from './healing-view.ts';
import { compareMarks } from './keepers.ts';
import type { Loads } from './loads.ts';
import { compareDraws, type Draw, draw } from './rendezvous.ts';
import { completes } from './spread.ts';

/** In line for one fragment. Whoever stands behind waits, so a longer line would wait for hours. */
const HOMES_MAX = 16;
/** Of one hoster, before others have their turn: one that only pretends to take must not fill the line. */
const OF_HOSTER_MAX = 4;

/** Marks of standing at a site, the less the better; undefined where it may not stand. */
export type MarkSite = (domains: Domains) => readonly number[] | undefined;

/** Where the fragments of one segment may go, while a plan is being made. */
export class Homes {
  readonly #view: HealingView;
  readonly #takers: ReadonlyMap<string, readonly Taker[]>;
  /** Indices by site and by hoster, as voters count them, and by daemon: all live ones and those planned. */
  readonly #onSite = new Map<string, Set<number>>();
  readonly #atHoster = new Map<string, Set<number>>();
  readonly #onDaemon = new Map<DaemonId, Set<number>>();
  readonly #planned = new Map<DaemonId, number>();

  constructor(
    view: HealingView,
    takers: ReadonlyMap<string, readonly Taker[]>,
    byIndex: readonly (readonly LiveHolder[])[],
  ) {
    this.#view = view;
    this.#takers = takers;
    for (const all of byIndex) for (const one of all) this.#note(one.index, one);
    for (const { index, daemon } of view.counted ?? []) {
      const domains = domainsOf(view.charter, daemon);
      if (domains !== undefined) this.#count(index, domains);
    }
  }

  /** From now on it counts as standing there. */
  plan(index: number, taker: Taker): void {
    this.#note(index, taker);
    this.#planned.set(taker.daemon, (this.#planned.get(taker.daemon) ?? 0) + 1);
  }

  indicesOn(daemon: DaemonId): number {
    return this.#onDaemon.get(daemon)?.size ?? 0;
  }

  /** Daemons of a site that may take this fragment. */
  takersFor(index: number, site: string): readonly Taker[] {
    const all = this.#takers.get(site) ?? [];
    return all.filter((one) => this.#roomOf(one) >= 1 && this.#onDaemon.get(one.daemon)?.has(index) !== true);
  }

  /** What voters admit: at most m distinct fragments on a site and fewer than k at a hoster, whoever else is to go. */
  isAdmitted(index: number, { site, hoster }: Domains): boolean {
    const with1 = (all: Map<string, Set<number>>, id: string) => {
      const held = all.get(id);
      return held === undefined ? 1 : held.size + (held.has(index) ? 0 : 1);
    };
    return with1(this.#onSite, site) <= this.#view.m && with1(this.#atHoster, hoster) < this.#view.k;
  }

  /** Sites with takers, and how many more distinct fragments each could take. */
  stands(): readonly { readonly domains: Domains; readonly room: number }[] {
    return [...this.#takers].flatMap(([site, takers]) => {
      const left = this.#view.m - (this.#onSite.get(site)?.size ?? 0);
      const room = Math.min(
        left,
        takers.reduce((sum, one) => sum + this.#roomOf(one), 0),
      );
      const domains = takers[0]?.domains;
      return domains === undefined || room < 1 ? [] : [{ domains, room }];
    });
  }

  /**
   * All takers of a fragment in line, the best first: by the marks of their site, then those with fewer fragments of
   * this segment, then, where the place is shared, by the room of their site in powers of two (views of free space
   * differ a little from daemon to daemon), then by rank. More than a few of one hoster stand behind all others.
   */
  inLine(index: number, o: { readonly loads: Loads; readonly mark: MarkSite }): readonly Taker[] {
    const found: { readonly taker: Taker; readonly marks: readonly number[] }[] = [];
    for (const [site, all] of this.#takers) {
      const domains = all[0]?.domains;
      if (domains === undefined || !this.isAdmitted(index, domains)) continue;
      const takers = this.takersFor(index, site);
      if (takers.length === 0) continue;
      const marks = o.mark(domains);
      if (marks === undefined) continue;
      const isShared = o.loads.at('site', domains) > 0;
      const room = isShared ? -roomGrade(all) : 0;
      for (const taker of takers)
        found.push({ taker, marks: [...marks, this.indicesOn(taker.daemon), room] });
    }
    const drawOf = this.#drawsFor(index);
    const sorted = found
      .sort((a, b) => compareMarks(a.marks, b.marks) || compareDraws(drawOf(a.taker), drawOf(b.taker)))
      .map((one) => one.taker);
    return withTurns(sorted).slice(0, HOMES_MAX);
  }

  /** Weighted by the charter, not by what is free: then daemons that believe different things agree. */
  #drawsFor(index: number): (taker: Taker) => Draw {
    const { crypto, segment } = this.#view;
    const seed = concat(segment, Uint8Array.of(index));
    const draws = new Map<DaemonId, Draw>();
    return ({ daemon, capacityBytes }) => {
      const known = draws.get(daemon) ?? draw(crypto, seed, { daemon, weight: Math.max(1, capacityBytes) });
      draws.set(daemon, known);
      return known;
    };
  }

  #roomOf(taker: Taker): number {
    return taker.room - (this.#planned.get(taker.daemon) ?? 0);
  }

  #note(index: number, { daemon, domains }: { readonly daemon: DaemonId; readonly domains: Domains }): void {
    this.#count(index, domains);
    add(this.#onDaemon, daemon, index);
  }

  #count(index: number, { site, hoster }: Domains): void {
    add(this.#onSite, site, index);
    add(this.#atHoster, hoster, index);
  }
}

function add(all: Map<string, Set<number>>, id: string, index: number): void {
  const held = all.get(id);
  if (held === undefined) all.set(id, new Set([index]));
  else held.add(index);
}

function withTurns(sorted: readonly Taker[]): readonly Taker[] {
  const ofHoster = new Map<string, number>();
  const first: Taker[] = [];
  const last: Taker[] = [];
  for (const taker of sorted) {
    const { hoster } = taker.domains;
    const before = ofHoster.get(hoster) ?? 0;
    ofHoster.set(hoster, before + 1);
    (before < OF_HOSTER_MAX ? first : last).push(taker);
  }
  return [...first, ...last];
}

function roomGrade(takers: readonly Taker[]): number {
  return Math.floor(Math.log2(takers.reduce((sum, one) => sum + one.freeBytes, 1)));
}

/**
 * The line for an index that stands nowhere; `after` more are to be placed behind it. First whatever leaves the best
 * end in reach, then the best meanwhile, then the emptiest site, building, hoster.
 */
export function lineForMissing(
  homes: Homes,
  o: { readonly index: number; readonly loads: Loads; readonly k: number; readonly after: number },
): readonly Taker[] {
  const { loads, k, after } = o;
  const stands = after === 0 ? [] : homes.stands();
  const reach = after === 0 ? undefined : bestReach(stands, { loads, k, missing: after + 1 });
  return homes.inLine(o.index, {
    loads,
    mark: (domains) => {
      const emptiness = [
        loads.at('site', domains),
        loads.at('building', domains),
        loads.at('hoster', domains),
      ];
      loads.add(domains, 1);
      const now = loads.survives(k);
      const misses =
        reach === undefined || reaches(oneLessOn(stands, domains), { loads, k, missing: after, lost: reach })
          ? 0
          : 1;
      loads.add(domains, -1);
      return [misses, -now, ...emptiness];
    },
  });
}

type Stands = ReturnType<Homes['stands']>;

function oneLessOn(stands: Stands, { site }: Domains): Stands {
  return stands.map((one) => (one.domains.site === site ? { ...one, room: one.room - 1 } : one));
}

function bestReach(
  stands: Stands,
  o: { readonly loads: Loads; readonly k: number; readonly missing: number },
): number {
  for (let lost = o.loads.fragments + o.missing - o.k; lost >= 0; lost--) {
    if (reaches(stands, { ...o, lost })) return lost;
  }
  return -1;
}

/** Whether `lost` losses can be survived once as many as can of the missing stand too. */
function reaches(
  stands: Stands,
  o: { readonly loads: Loads; readonly k: number; readonly missing: number; readonly lost: number },
): boolean {
  if (o.lost < 0) return true;
  const open = stands.map(({ domains, room }) => ({ ...domains, room }));
  for (let joining = o.missing; joining >= 0; joining--) {
    const spare = o.loads.fragments + joining - o.k;
    if (spare < 0) return false;
    if (completes(o.loads, open, joining, { k: o.k, m: spare, lost: o.lost })) return true;
  }
  return false;
}
