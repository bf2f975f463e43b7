// Planning how one segment heals (SPEC section 6): which fragments are rebuilt or copied, who takes each, and which
// copies nobody needs any more. Pure, and the same for the same view; every daemon plans for itself and does its part.

import type { DaemonId } from '@vauban/core';
import { type HealingView, type LiveHolder, liveHolders, takersBySite } from './healing-view.ts';
import { Homes, lineForMissing } from './homes.ts';
import { chooseKeepers, type Keepers, loadsOf } from './keepers.ts';
import { type Margin, margin } from './margin.ts';
import { spreadOut } from './spreading.ts';
import { type Surplus, surplusOf } from './surplus.ts';

export type { HealingView, Standing } from './healing-view.ts';

/** One fragment for which a new home is sought. */
export interface Move {
  readonly index: number;
  /** In line, 16 at most: the first takes it now, the r-th after r waits. Empty when nobody can. */
  readonly homes: readonly DaemonId[];
  /** `copy`: somebody that is up still holds it. */
  readonly how: 'rebuild' | 'copy';
  /** With the first home, its site, building or hoster holds another fragment of the segment: no better place survives. */
  readonly shared: boolean;
}

export interface HealingPlan {
  /** Over all holders that are not lost. */
  readonly margin: Margin;
  readonly moves: readonly Move[];
  readonly surplus: readonly Surplus[];
}

/**
 * What is to be done for one segment, by this view. While anything is to be moved, nothing is surplus. A segment with
 * fewer than k fragments left is not rebuilt: it waits for holders to return.
 */
export function planHealing(view: HealingView): HealingPlan {
  const { charter, k, m } = view;
  const byIndex = liveHolders(view);
  if (isWhole(byIndex))
    return { margin: { fragments: m, sites: m, buildings: m, hosters: m }, moves: [], surplus: [] };

  const live = byIndex.flat();
  const before = margin(charter, { k, holders: live, live: () => true });
  const strong = (one: LiveHolder) => view.takes(one.daemon) !== undefined;
  const keepers = chooseKeepers(byIndex, { k, strong });
  const moves = movesOf(view, byIndex, keepers);
  const surplus = moves.length > 0 ? [] : surplusOf({ view, byIndex, keepers, strong, before });
  return { margin: before, moves, surplus };
}

/** Every index once, on a holder that is up, each in a building and at a hoster of its own: most segments, most days. */
function isWhole(byIndex: readonly (readonly LiveHolder[])[]): boolean {
  const buildings = new Set<string>();
  const hosters = new Set<string>();
  for (const [one, other] of byIndex) {
    if (one === undefined || other !== undefined || one.standing !== 'up') return false;
    buildings.add(one.domains.building);
    hosters.add(one.domains.hoster);
  }
  return buildings.size === byIndex.length && hosters.size === byIndex.length;
}

function movesOf(
  view: HealingView,
  byIndex: readonly (readonly LiveHolder[])[],
  keepers: Keepers,
): readonly Move[] {
  const missing = keepers.flatMap((one, index) => (one === undefined ? [index] : []));
  const isReadable = byIndex.filter((all) => all.length > 0).length >= view.k;
  const loads = loadsOf(keepers);
  if (missing.length === 0 && loads.survives(view.k) >= view.m && loads.crowding === loads.fragments)
    return [];

  const takers = takersBySite(view);
  if (missing.length === 0) {
    return spreadOut({ view, byIndex, keepers, loads, takers }).map(({ index, line }) => {
      const home = line[0]?.domains;
      const from = keepers[index]?.domains;
      if (from !== undefined) loads.add(from, -1);
      if (home !== undefined) loads.add(home, 1);
      const shared = home !== undefined && loads.isShared(home);
      return { index, homes: line.map((one) => one.daemon), how: 'copy', shared };
    });
  }
  const homes = new Homes(view, takers, byIndex);
  const wanted = missing.filter((index) => isReadable || (byIndex[index]?.length ?? 0) > 0);
  return wanted.map((index, nth) => {
    const line = lineForMissing(homes, { index, loads, k: view.k, after: wanted.length - nth - 1 });
    const [first] = line;
    if (first !== undefined) {
      loads.add(first.domains, 1);
      homes.plan(index, first);
    }
    return {
      index,
      homes: line.map((one) => one.daemon),
      how: (byIndex[index]?.length ?? 0) > 0 ? 'copy' : 'rebuild',
      shared: first !== undefined && loads.isShared(first.domains),
    };
  });
}
