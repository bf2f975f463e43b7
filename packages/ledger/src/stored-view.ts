// What admission may look at, read from a log store.

import type { Charter, Clock, Crypto } from '@vauban/core';
import type { AdmissionView } from './admission-view.ts';
import type { CharterChain } from './charter-log.ts';
import { readHead } from './checkpoint.ts';
import { type ConsortiumFacts, consortiumFacts, isLostDaemon, siteLostBy } from './consortium-facts.ts';
import type { HeldLogs } from './held-logs.ts';
import { isSealed } from './note-shelf.ts';
import { resolveWriter } from './pull.ts';
import { adoptedAt, claimOf, generationOf, releasesOf, segmentFacts } from './segment-index.ts';
import type { Writer } from './writer.ts';

/** Here and now, under the current charter. */
export function storedView(
  logs: HeldLogs,
  of: {
    readonly crypto: Crypto;
    readonly clock: Pick<Clock, 'now'>;
    readonly charters: CharterChain;
  },
): AdmissionView {
  let said: Promise<ConsortiumFacts> | undefined;
  return {
    crypto: of.crypto,
    now: of.clock.now(),
    graceMs: of.charters.current.durations.eraseGraceMs,
    current: of.charters.current,
    charterVersion: (version) => of.charters.version(version),
    generationOf: (daemon, before) => generationOf(logs.store, daemon, before),
    segment: (id) => segmentFacts(logs, id),
    claim: (name) => claimOf(logs, name),
    kindOf: async ({ origin, index }) =>
      index < logs.state(origin).size ? (await logs.stored(origin, index)).entry.kind : undefined,
    payloadReleases: (name) => releasesOf(logs.store, name),
    certifiedSizeOf: async (origin) => logs.state(origin).certifiedSize,
    siteLost: (name) => siteLostBy(logs, name),
    isLost: async (daemon, by) => {
      said ??= consortiumFacts(logs);
      return isLostBy(await said, of.charters.current, daemon, by);
    },
    signedRoot: async (origin, size) => {
      const signed = await logs.checkpointAt(origin, size);
      return signed === undefined ? undefined : readHead(signed).root;
    },
    epochs: of.charters,
    writerOf: (origin) => writerStored(logs, of, origin),
    isSealed: (log) => isSealed(logs.store, log),
    adoptedAt: (by, adopt) => adoptedAt(logs.store, by, adopt),
  };
}

function isLostBy(
  { losses, readmits }: ConsortiumFacts,
  charter: Charter,
  daemon: string,
  by: 'anybody' | 'certified',
): boolean {
  // Against a holder anybody's word counts, for it only a certified return; and the other way round.
  const certified = ({ certified: is }: { readonly certified: boolean }) => is;
  return by === 'anybody'
    ? isLostDaemon({ losses, readmits: readmits.filter(certified) }, charter, daemon)
    : isLostDaemon({ losses: losses.filter(certified), readmits }, charter, daemon);
}

async function writerStored(
  logs: HeldLogs,
  of: { readonly crypto: Crypto; readonly charters: CharterChain },
  origin: string,
): Promise<Writer | undefined> {
  return logs.has(origin) ? logs.writer(origin, (...first) => resolveWriter(of, ...first)) : undefined;
}
