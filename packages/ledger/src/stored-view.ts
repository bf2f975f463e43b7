// What admission may look at, read from a log store.

import { type Clock, type Crypto, ERASE_GRACE_MS } from '@vauban/core';
import type { AdmissionView } from './admission-view.ts';
import type { CharterChain } from './charter-log.ts';
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
    readonly graceMs?: number | undefined;
  },
): AdmissionView {
  return {
    crypto: of.crypto,
    now: of.clock.now(),
    graceMs: of.graceMs ?? ERASE_GRACE_MS,
    current: of.charters.current,
    charterVersion: (version) => of.charters.version(version),
    generationOf: (daemon, before) => generationOf(logs.store, daemon, before),
    segment: (id) => segmentFacts(logs, id),
    claim: (name) => claimOf(logs, name),
    kindOf: async ({ origin, index }) =>
      index < logs.state(origin).size ? (await logs.stored(origin, index)).entry.kind : undefined,
    payloadReleases: (name) => releasesOf(logs.store, name),
    certifiedSizeOf: async (origin) => logs.state(origin).certifiedSize,
    epochs: of.charters,
    writerOf: (origin) => writerStored(logs, of, origin),
    isSealed: (log) => isSealed(logs.store, log),
    adoptedAt: (by, adopt) => adoptedAt(logs.store, by, adopt),
  };
}

async function writerStored(
  logs: HeldLogs,
  of: { readonly crypto: Crypto; readonly charters: CharterChain },
  origin: string,
): Promise<Writer | undefined> {
  return logs.has(origin) ? logs.writer(origin, (...first) => resolveWriter(of, ...first)) : undefined;
}
