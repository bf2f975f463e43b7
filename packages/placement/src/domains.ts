// What fails together: the site, the building and the hoster a daemon stands in, and how many fragments each holds.

import type { Charter, DaemonId } from '@vauban/core';

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

/** Kept per charter, which never changes: a daemon asks this for each of a million segments. */
const known = new WeakMap<Charter, ReadonlyMap<DaemonId, Domains>>();

/** Undefined for a daemon the charter does not list. */
export function domainsOf(charter: Charter, id: DaemonId): Domains | undefined {
  let all = known.get(charter);
  if (all === undefined) {
    all = domainsIn(charter);
    known.set(charter, all);
  }
  return all.get(id);
}

function domainsIn(charter: Charter): ReadonlyMap<DaemonId, Domains> {
  const domainsAt = new Map<string, Domains>();
  for (const { id, building, hoster } of charter.sites) domainsAt.set(id, { site: id, building, hoster });
  const all = new Map<DaemonId, Domains>();
  for (const { id, site } of charter.daemons) {
    const domains = domainsAt.get(site);
    if (domains !== undefined) all.set(id, domains);
  }
  return all;
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
