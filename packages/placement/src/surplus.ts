// Copies that nobody needs: those beside the keeper of an index, once the segment stands whole without them.

import type { DaemonId } from '@vauban/core';
import type { HealingView, LiveHolder } from './healing-view.ts';
import { type Keepers, loadsOf } from './keepers.ts';
import { type Margin, margin } from './margin.ts';

/** A holder that may give its fragment up, and the one that is relied on instead. */
export interface Surplus {
  readonly index: number;
  readonly daemon: DaemonId;
  readonly keeper: DaemonId;
}

/**
 * None unless every index has a keeper that is up, and none without which the segment survives less, but for what two
 * copies survive above what the policy promises and one of each can give. A weak keeper (read-only, say) is relied on
 * only where no strong holder is up.
 */
export function surplusOf(o: {
  readonly view: HealingView;
  readonly byIndex: readonly (readonly LiveHolder[])[];
  readonly keepers: Keepers;
  readonly strong: (one: LiveHolder) => boolean;
  readonly before: Margin;
}): readonly Surplus[] {
  const { charter, k, policy } = o.view;
  if (o.keepers.some((one) => one?.standing !== 'up')) return [];
  const wanted = Math.min(least(o.before), Math.max(policy.sitesLost, loadsOf(o.keepers).survives(k)));
  const surplus: Surplus[] = [];
  let left: readonly LiveHolder[] = o.byIndex.flat();
  for (const [index, all] of o.byIndex.entries()) {
    const keeper = o.keepers[index];
    if (all.length < 2 || keeper === undefined) continue;
    if (!o.strong(keeper) && all.some((one) => one.standing === 'up' && o.strong(one))) continue;
    const extra = new Set(all.filter((one) => one !== keeper && one.standing !== 'silent'));
    const rest = left.filter((one) => !extra.has(one));
    if (least(margin(charter, { k, holders: rest, live: () => true })) < wanted) continue;
    left = rest;
    for (const { daemon } of extra) surplus.push({ index, daemon, keeper: keeper.daemon });
  }
  return surplus;
}

function least({ sites, buildings, hosters }: Margin): number {
  return Math.min(sites, buildings, hosters);
}
