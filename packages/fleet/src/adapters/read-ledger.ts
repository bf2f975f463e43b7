// The whole ledger as an operator reads it: brought to what a quorum shows; without a quorum, to what anyone left can show.

import { asFault, type DaemonId, memoryStore, quorumOf, votingHosters } from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom } from '@vauban/core/node';
import { LogStore, refresh } from '@vauban/ledger';
import { readWithoutQuorum } from '../partial-ledger.ts';
import type { NetworkSession } from './network-session.ts';

export interface ReadLedger {
  readonly logs: LogStore;
  /** Why the ledger may go on beyond what was read. */
  readonly gap: string | undefined;
}

/**
 * `answers`: daemons that answered a moment ago; others are not asked. `logs`: what was read before, which grows.
 * Undefined when no hoster answers. Faults: integrity faults of the ledger.
 */
export async function readLedger(
  session: NetworkSession,
  of: { readonly answers: ReadonlySet<DaemonId>; readonly logs?: LogStore; readonly signal?: AbortSignal },
): Promise<ReadLedger | undefined> {
  const { charter, chain } = session;
  const silent = new Set(charter.daemons.map((one) => one.id).filter((id) => !of.answers.has(id)));
  const voters = session.voters(silent);
  if (voters.length === 0) return undefined;
  const logs = of.logs ?? (await LogStore.open(memoryStore(), nodeCrypto));
  const ports = { crypto: nodeCrypto, clock: nodeClock, random: nodeRandom };
  const { signal } = of;
  const reader = {
    ...ports,
    charters: chain,
    voters: () => voters,
    logs,
    ...(signal === undefined ? {} : { signal }),
  };
  const needed = quorumOf(charter);
  let gap: string | undefined;
  if (voters.length < needed) {
    const all = votingHosters(charter).length;
    gap = `no quorum (${voters.length} of ${all} hosters answer, ${needed} are needed), so the newest entries may be missing here`;
  } else {
    await refresh(reader, { of: 'all' }).catch((error: unknown) => {
      const fault = asFault(error);
      if (fault.kind === 'integrity' || fault.kind === 'interrupted') throw fault;
      gap = fault.message;
    });
  }
  if (gap !== undefined) await readWithoutQuorum(reader);
  return { logs, gap };
}
