// What a daemon says of itself to whoever may ask: where it stands, what it holds, what wants a human.

import { type DaemonId, Fault, type Files, findDaemon, homeOf } from '@vauban/core';
import type { CharterChain, Mirror, VotingSeat } from '@vauban/ledger';
import { type AnswerOf, faultToWire } from '@vauban/wire';
import { ledgerAlerts } from './damaged-ledger.ts';
import type { FragmentStore } from './fragment-store.ts';
import { forkAlerts } from './note-gossip.ts';

export interface StatusPorts {
  readonly id: DaemonId;
  readonly capacityBytes: number;
  readonly files: Files;
  readonly charters: CharterChain;
  readonly fragments: FragmentStore;
  readonly mirror: Mirror;
}

/** All but what happened since it was started. */
export async function statusOf({
  id,
  capacityBytes,
  files,
  charters,
  fragments,
  mirror,
}: StatusPorts): Promise<Omit<AnswerOf<'status'>, 'refusedMessages' | 'startedAt'>> {
  const charter = charters.current;
  const self = findDaemon(charter, id);
  const home = self === undefined ? undefined : homeOf(charter, self);
  const totals = fragments.totals();
  const { freeBytes } = await files.space();
  const { silent, logs } = mirror;
  // Not to vote, or not yet, is no trouble; to have stopped is.
  const alerts = [
    silent?.code.startsWith('VOTER_') === true ? null : silent,
    fragments.failure ?? null,
    ...ledgerAlerts(logs.quarantine),
    ...(await forkAlerts(mirror)),
    ...unreadyAlerts(mirror.seat),
  ];
  const origins = logs.origins();
  return {
    daemon: id,
    hoster: home?.hoster.id ?? '',
    site: home?.site.id ?? '',
    charterVersion: charter.version,
    fragments: totals.fragments,
    bytes: totals.bytes,
    freeBytes: Math.max(0, Math.min(freeBytes, capacityBytes - totals.bytes)),
    bytesByAgency: Object.fromEntries(totals.byAgency),
    logs: origins.length,
    entries: origins.reduce((sum, origin) => sum + logs.state(origin).size, 0),
    silent:
      silent === null || (mirror.voting === null && silent.code === 'VOTER_NONE')
        ? null
        : faultToWire(silent),
    alerts: alerts.flatMap((one) => (one === null ? [] : [faultToWire(one)])),
  };
}

/** A hoster that does not vouch for some logs still votes on all others. */
function unreadyAlerts({ unready }: VotingSeat): Fault[] {
  if (unready.size === 0) return [];
  const logs = [...unready].slice(0, 10);
  const message = `this hoster does not vouch for ${unready.size} logs, whose heads contradicted one another when it entered the voting set: ${logs.join(', ')}`;
  return [new Fault('integrity', 'LOG_UNREADY', message, { logs })];
}
