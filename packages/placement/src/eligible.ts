// Which sites can take a fragment now, by which of their daemons, and why the others cannot.

import type { Charter, Crypto, DaemonId, Policy, Site } from '@vauban/core';
import { checkDeclaration } from './declaration.ts';
import { compareDraws, type Draw, draw } from './rendezvous.ts';

/** What is believed of a live daemon. */
export interface LiveHint {
  /** A whole number, 0 or more. */
  readonly freeBytes: number;
}

export type MissingReason = 'no-daemon' | 'declaration' | 'silent' | 'avoided' | 'full';

/** A site of the charter and its daemons that answer, ranked; or why it has none. */
export interface Candidate {
  readonly site: Site;
  readonly draws: readonly { readonly draw: Draw; readonly freeBytes: number }[];
  readonly missing: MissingReason | undefined;
}

/** One per site of the charter, in charter order; room is not looked at yet, it depends on the code. */
export function candidates(o: {
  readonly charter: Charter;
  readonly policy: Policy;
  readonly live: ReadonlyMap<DaemonId, LiveHint>;
  readonly seed: Uint8Array;
  readonly now: number;
  readonly crypto: Crypto;
  readonly avoid?: ReadonlySet<DaemonId>;
}): readonly Candidate[] {
  const declared = new Set(
    o.charter.hosters
      .filter((hoster) => checkDeclaration(hoster, o.policy.sovereignty, o.now) === undefined)
      .map((hoster) => hoster.id),
  );
  const daemonsOf = Map.groupBy(o.charter.daemons, (daemon) => daemon.site);
  return o.charter.sites.map((site) => {
    const daemons = daemonsOf.get(site.id) ?? [];
    const without = (missing: MissingReason): Candidate => ({ site, draws: [], missing });
    if (daemons.length === 0) return without('no-daemon');
    if (!declared.has(site.hoster)) return without('declaration');
    const live = daemons.filter((daemon) => o.live.has(daemon.id));
    if (live.length === 0) return without('silent');
    const wanted = live.filter((daemon) => o.avoid?.has(daemon.id) !== true);
    if (wanted.length === 0) return without('avoided');
    const draws = wanted.map((daemon) => {
      const { freeBytes } = o.live.get(daemon.id) as LiveHint;
      // A hint cannot buy more weight than the charter grants; and a daemon without weight would have no rank.
      const weight = Math.max(1, Math.min(freeBytes, daemon.capacityBytes));
      return { draw: draw(o.crypto, o.seed, { daemon: daemon.id, weight }), freeBytes };
    });
    return { site, draws: draws.sort((a, b) => compareDraws(a.draw, b.draw)), missing: undefined };
  });
}

/** The site's best-ranked daemon with room for a fragment: so a site's weight is what its daemons have together. */
export function bestWithRoom(candidate: Candidate, fragmentBytes: number): Draw | undefined {
  return candidate.draws.find((one) => one.freeBytes >= fragmentBytes)?.draw;
}
