// What a daemon knows when it plans the healing of one segment, read once into tables: who holds what, who stands, who
// could take more. Views of several daemons differ; whatever is made of one view here is the same on every machine.

import { assert, type Charter, type Crypto, type DaemonId, type Policy } from '@vauban/core';
import { checkDeclaration } from './declaration.ts';
import { type Domains, domainsOf, type Holder } from './domains.ts';

/**
 * `silent`: suspect or in maintenance, not to be counted on for new fragments but not lost. `leaving`: it drains; it
 * serves, but its fragments move away. `lost`: its fragments count as gone.
 */
export type Standing = 'up' | 'silent' | 'lost' | 'leaving';

/** Who is there and who takes, by one daemon's knowledge. */
export interface Ground {
  readonly charter: Charter;
  /** ms since 1970. */
  readonly now: number;
  /** Of the policy, its rules; the code is that of the segment. */
  readonly policy: Pick<Policy, 'sitesLost' | 'sovereignty'>;
  /** Of the segment: k data and m parity shards. */
  readonly k: number;
  readonly m: number;
  readonly fragmentBytes: number;
  readonly standing: (daemon: DaemonId) => Standing;
  /** Undefined when it takes no new fragment: read-only, draining, full, unknown. */
  readonly takes: (daemon: DaemonId) => { readonly freeBytes: number } | undefined;
}

export interface HealingView extends Ground {
  readonly crypto: Crypto;
  /** The segment's id: seeds the rank of new homes. */
  readonly segment: Uint8Array;
  /** As the ledger says, in any order; custody only adds, so an index may have several. */
  readonly holders: readonly Holder[];
  /**
   * Those that voters count when they judge whether a site or hoster would hold too many: also whoever is lost by nothing
   * but its silence, or is doubted. Just those of `holders` that are not lost unless said.
   */
  readonly counted?: readonly Holder[];
}

/** A holder in the charter that is not lost. */
export interface LiveHolder extends Holder {
  readonly domains: Domains;
  readonly standing: Exclude<Standing, 'lost'>;
}

/** A daemon that may take new fragments. */
export interface Taker {
  readonly daemon: DaemonId;
  readonly domains: Domains;
  readonly capacityBytes: number;
  readonly freeBytes: number;
  /** Fragments that fit into what is free; at least 1. */
  readonly room: number;
}

/** Live holders by index 0 … n − 1, each list by daemon id, none twice. Indices outside are left out. */
export function liveHolders(view: HealingView): readonly (readonly LiveHolder[])[] {
  const byIndex: LiveHolder[][] = Array.from({ length: view.k + view.m }, () => []);
  for (const { index, daemon } of view.holders) {
    const domains = domainsOf(view.charter, daemon);
    const list = byIndex[index];
    if (domains === undefined || list === undefined) continue;
    const standing = view.standing(daemon);
    if (standing === 'lost' || list.some((one) => one.daemon === daemon)) continue;
    list.push({ index, daemon, domains, standing });
  }
  for (const list of byIndex) if (list.length > 1) list.sort((a, b) => (a.daemon < b.daemon ? -1 : 1));
  return byIndex;
}

/** Daemons that are up, take, have room for a fragment and a declaration the policy accepts, by site, then id. */
export function takersBySite(ground: Ground): ReadonlyMap<string, readonly Taker[]> {
  const { charter, policy, fragmentBytes } = ground;
  assert(fragmentBytes >= 1, 'a fragment has a size');
  const declared = new Set<string>();
  for (const hoster of charter.hosters) {
    if (checkDeclaration(hoster, policy.sovereignty, ground.now) === undefined) declared.add(hoster.id);
  }
  const takers: Taker[] = [];
  for (const { id, capacityBytes } of charter.daemons) {
    const domains = domainsOf(charter, id);
    if (domains === undefined || !declared.has(domains.hoster) || ground.standing(id) !== 'up') continue;
    const freeBytes = ground.takes(id)?.freeBytes ?? 0;
    const room = Math.floor(freeBytes / fragmentBytes);
    if (room >= 1) takers.push({ daemon: id, domains, capacityBytes, freeBytes, room });
  }
  takers.sort((a, b) => compareNames(a.domains.site, b.domains.site) || compareNames(a.daemon, b.daemon));
  return Map.groupBy(takers, (one) => one.domains.site);
}

export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
