// How safe the disks themselves are, segment by segment: what may still be lost, against the best that the sites which are
// left allow. Both by `placement`, from fragments that the drill hashed itself.

import { assert, type Charter, type DaemonId } from '@vauban/core';
import type { LedgerSegment } from '@vauban/fleet';
import { bestMargin, type Holder, margin, type Standing } from '@vauban/placement';
import type { DiskCount, SiteState } from './result.ts';

export interface DiskFacts {
  readonly charter: Charter;
  /** ms since 1970. */
  readonly now: number;
  readonly segments: readonly Pick<LedgerSegment, 'segment' | 'policy' | 'k' | 'm' | 'bytes' | 'holders'>[];
  /** Per site with disks, the fragments on them whose bytes make the ledger's root, as `segment/index`. */
  readonly sound: ReadonlyMap<string, ReadonlySet<string>>;
  /** As they are now. */
  readonly sites: { readonly [site: string]: SiteState };
  /** Of a daemon that takes fragments. What the charter gives it, unless said. */
  readonly freeBytes?: (daemon: DaemonId) => number;
}

export type DiskMargins = Pick<DiskCount, 'survives' | 'best' | 'belowBest' | 'missing'>;

/** A site that was declared lost, or came back read-only, is not counted on by repair: the best is reckoned without it. */
const standings: { readonly [state in SiteState]: Standing } = {
  up: 'up',
  silent: 'silent',
  maintenance: 'silent',
  'read-only': 'lost',
  lost: 'lost',
  burnt: 'lost',
};
/** Whoever serves now. */
const serves: ReadonlySet<SiteState> = new Set(['up', 'read-only', 'maintenance']);
/** Of these nobody knows, or nobody expects, what the disks hold. */
const written: ReadonlySet<SiteState> = new Set(['burnt', 'lost']);

export function diskMargins(facts: DiskFacts): DiskMargins {
  const { charter, segments, sound } = facts;
  const siteOf = new Map(charter.daemons.map(({ id, site }) => [id, site]));
  const daemonAt = new Map(
    charter.daemons.map(({ id, site }) => [site, id]).toReversed() as [string, DaemonId][],
  );
  const stateOf = (site: string): SiteState => facts.sites[site] ?? 'silent';
  // Segments of one batch sit on the same sites in the same order: they are reckoned once.
  const known = new Map<string, { readonly survives: number; readonly best: number }>();
  const found = { survives: null as number | null, best: null as number | null, belowBest: 0, missing: 0 };
  for (const one of segments) {
    const held: Holder[] = [];
    for (const [site, here] of sound) {
      const daemon = daemonAt.get(site);
      if (daemon === undefined) continue;
      for (let index = 0; index < one.k + one.m; index++)
        if (here.has(`${one.segment}/${index}`)) held.push({ index, daemon });
    }
    const shape = `${one.policy} ${one.k} ${one.m} ${one.bytes} ${held.map(({ index, daemon }) => `${index}=${daemon}`).join()}`;
    const standing = known.get(shape) ?? standingOf(facts, one, { held, siteOf, stateOf });
    known.set(shape, standing);
    found.survives = Math.min(found.survives ?? standing.survives, standing.survives);
    found.best = Math.min(found.best ?? standing.best, standing.best);
    if (standing.survives < standing.best) found.belowBest += 1;
    for (const { index, daemon } of one.holders) {
      const site = siteOf.get(daemon);
      if (site === undefined || written.has(stateOf(site))) continue;
      if (sound.get(site)?.has(`${one.segment}/${index}`) !== true) found.missing += 1;
    }
  }
  return found;
}

function standingOf(
  facts: DiskFacts,
  { policy: name, k, m, bytes }: DiskFacts['segments'][number],
  of: {
    readonly held: readonly Holder[];
    readonly siteOf: ReadonlyMap<DaemonId, string>;
    readonly stateOf: (site: string) => SiteState;
  },
): { readonly survives: number; readonly best: number } {
  const { charter, now } = facts;
  const state = (daemon: DaemonId) => of.stateOf(of.siteOf.get(daemon) ?? '');
  const left = margin(charter, { k, holders: of.held, live: (daemon) => serves.has(state(daemon)) });
  const capacities = new Map(charter.daemons.map(({ id, capacityBytes }) => [id, capacityBytes]));
  const policy = charter.policies.find((one) => one.name === name) ?? charter.policies[0];
  assert(policy !== undefined, 'a charter under which something is stored has a policy');
  const best = bestMargin({
    charter,
    now,
    policy,
    k,
    m,
    fragmentBytes: bytes,
    holders: of.held,
    standing: (daemon) => standings[state(daemon)],
    takes: (daemon) =>
      state(daemon) === 'up'
        ? { freeBytes: facts.freeBytes?.(daemon) ?? capacities.get(daemon) ?? 0 }
        : undefined,
  });
  return { survives: Math.min(left.sites, left.buildings, left.hosters), best };
}
