// What fails together: the site, the building and the hoster a daemon stands in, and how many fragments each holds.

import { type Charter, type DaemonId, findDaemon, homeOf } from '@vauban/core';

/** One fragment of a segment, by index, and the daemon that holds it. */
export interface Holder {
  readonly index: number;
  readonly daemon: DaemonId;
}

export type DomainKind = 'site' | 'building' | 'hoster';

export const domainKinds: readonly DomainKind[] = ['site', 'building', 'hoster'];

/** Names of the domains a daemon stands in, under one charter. */
export type Domains = { readonly [kind in DomainKind]: string };

/** How many fragments one domain holds. */
export interface DomainLoad {
  readonly kind: DomainKind;
  readonly id: string;
  readonly fragments: number;
}

/** Undefined for a daemon the charter does not list. */
export function domainsOf(charter: Charter, id: DaemonId): Domains | undefined {
  const daemon = findDaemon(charter, id);
  if (daemon === undefined) return undefined;
  const { site, hoster } = homeOf(charter, daemon);
  return { site: site.id, building: site.building, hoster: hoster.id };
}

/**
 * Fragments per domain of one kind, most loaded first, then by name. Holders unknown to the charter are left out; two
 * holders of one index count twice.
 */
export function domainLoads(
  charter: Charter,
  kind: DomainKind,
  holders: readonly Holder[],
): readonly DomainLoad[] {
  const counts = new Map<string, number>();
  for (const holder of holders) {
    const id = domainsOf(charter, holder.daemon)?.[kind];
    if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...counts]
    .map(([id, fragments]) => ({ kind, id, fragments }))
    .sort((a, b) => b.fragments - a.fragments || (a.id < b.id ? -1 : 1));
}
