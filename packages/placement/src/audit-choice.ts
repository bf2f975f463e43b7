// Who challenges whom (the daemon's SPEC, audits): for each round one daemon of another hoster per holder and segment, drawn by
// hashing, so that every daemon knows its part without asking and nobody is long the judge of the same fragments.

import {
  type Charter,
  compareBytes,
  type Crypto,
  type Daemon,
  type DaemonId,
  daemonIdBytes,
  homeOf,
  u64be,
  utf8,
} from '@vauban/core';

const auditorDomain = utf8('vauban/auditor/0\n');
const confirmerDomain = utf8('vauban/confirmer/0\n');

export interface AuditChoice {
  readonly crypto: Crypto;
  readonly charter: Charter;
  /** Segment id, 32 bytes. */
  readonly segment: Uint8Array;
  readonly holder: DaemonId;
  /** Daemons that could ask now, as far as this one knows. */
  readonly eligible: (daemon: DaemonId) => boolean;
}

/**
 * The daemon that challenges what `holder` holds of the segment in this round: the eligible one of another hoster that draws
 * the smallest hash. Undefined when there is none, or the charter does not list the holder.
 */
export function auditorOf(of: AuditChoice & { readonly round: number }): DaemonId | undefined {
  const { crypto, segment, holder, round } = of;
  const draw = (daemon: Daemon) =>
    crypto.sha256(auditorDomain, u64be(round), segment, daemonIdBytes(holder), daemonIdBytes(daemon.id));
  let best: { readonly daemon: DaemonId; readonly drawn: Uint8Array } | undefined;
  for (const daemon of competitors(of)) {
    const drawn = draw(daemon);
    if (best === undefined || compareBytes(drawn, best.drawn) < 0) best = { daemon: daemon.id, drawn };
  }
  return best?.daemon;
}

/**
 * Who looks again when an auditor says that a fragment is not as it should be: one eligible daemon of each hoster but the
 * holder's, in the order of their turns.
 */
export function confirmersOf(of: AuditChoice & { readonly index: number }): DaemonId[] {
  const { crypto, charter, segment, index, holder } = of;
  const hosterOf = hostersOf(charter);
  const drawn = competitors(of).map((daemon) => ({
    daemon: daemon.id,
    hoster: hosterOf.get(daemon.id) as string,
    drawn: crypto.sha256(
      confirmerDomain,
      segment,
      Uint8Array.of(index),
      daemonIdBytes(holder),
      daemonIdBytes(daemon.id),
    ),
  }));
  drawn.sort((a, b) => compareBytes(a.drawn, b.drawn));
  const hosters = new Set<string>();
  return drawn.flatMap(({ daemon, hoster }) => {
    if (hosters.has(hoster)) return [];
    hosters.add(hoster);
    return [daemon];
  });
}

function competitors({ charter, holder, eligible }: AuditChoice): Daemon[] {
  const hosterOf = hostersOf(charter);
  const own = hosterOf.get(holder);
  if (own === undefined) return [];
  return charter.daemons.filter(({ id }) => hosterOf.get(id) !== own && eligible(id));
}

const known = new WeakMap<Charter, ReadonlyMap<DaemonId, string>>();

/** Looked up for every fragment there is: made once for each charter. */
function hostersOf(charter: Charter): ReadonlyMap<DaemonId, string> {
  const found =
    known.get(charter) ??
    new Map(charter.daemons.map((daemon) => [daemon.id, homeOf(charter, daemon).hoster.id]));
  known.set(charter, found);
  return found;
}
