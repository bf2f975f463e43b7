// What an auditor reads of the ledger: who holds what, what others found, and the certified heads that challenges are
// derived from. Owns the choice of such a head: no log of the auditor's or of the holder's hoster, where there is another.

import {
  type Charter,
  compareBytes,
  type Crypto,
  type DaemonId,
  daemonIdBytes,
  findDaemon,
  homeOf,
  toHex,
  u64be,
  utf8,
} from '@vauban/core';
import {
  type ClaimName,
  genesisOf,
  type LogState,
  type LogStore,
  placedSegments,
  readHead,
  segmentsHeldBy,
} from '@vauban/ledger';
import { type PlacedSegment, placedSegment } from '../repair/placed-segment.ts';

const headDomain = utf8('vauban/audit-log/0\n');

export interface CertifiedHead {
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** What is known of a segment before its holders are asked. */
export type AuditedSegment = Pick<PlacedSegment, 'segment' | 'place' | 'facts' | 'holders' | 'fragmentBytes'>;

export interface HeadChoice {
  readonly round: number;
  readonly holder: DaemonId;
  /** Heads that were stored here since then come first: an old one was known to the holder long before. */
  readonly since: number;
}

export interface AuditLedger {
  /** All that somebody claims, ascending. */
  segments(): AsyncIterable<Uint8Array>;
  /** Those that a daemon was ever named a holder of, ascending, after `after`. */
  heldBy(daemon: DaemonId, after: Uint8Array | undefined): AsyncIterable<Uint8Array>;
  /** Undefined when nobody claims it any more. */
  placed(segment: Uint8Array): Promise<AuditedSegment | undefined>;
  /** Undefined while nothing is certified. */
  head(of: HeadChoice): Promise<CertifiedHead | undefined>;
  /** What an audit entry says of a fragment it calls degraded. */
  degraded(
    by: ClaimName,
    of: { readonly segment: Uint8Array; readonly index: number },
  ): Promise<{ readonly leaf: number; readonly code: string } | undefined>;
  /** Tells of segments that entries spoke of. Returns what ends it. */
  watch(heard: (segments: readonly Uint8Array[]) => void): () => void;
}

export interface AuditLedgerPorts {
  readonly id: DaemonId;
  readonly logs: LogStore;
  readonly crypto: Crypto;
  readonly charter: () => Charter;
}

export function auditLedger(ports: AuditLedgerPorts): AuditLedger {
  const { logs, crypto, charter } = ports;
  return {
    segments: () => placedSegments(logs.store),
    heldBy: (daemon, after) => segmentsHeldBy(logs.store, daemon, after),
    placed: (segment) => placedSegment({ logs, crypto, charter: charter() }, segment),
    head: (of) => chooseHead(ports, of),
    degraded: async ({ origin, index: at }, { segment, index }) => {
      const { payload } = await logs.stored(origin, at);
      if (payload?.kind !== 'audit') return undefined;
      const found = payload.degraded.find(
        ([other, nth]) => nth === index && compareBytes(other, segment) === 0,
      );
      return found && { leaf: found[2], code: found[3] };
    },
    watch: (heard) => logs.watchSegments(heard),
  };
}

/** Of the logs that moved lately the one that a hash of round, auditor and holder puts first; its last certified head. */
async function chooseHead(ports: AuditLedgerPorts, of: HeadChoice): Promise<CertifiedHead | undefined> {
  const { id, logs, crypto } = ports;
  const ranked = logs
    .origins()
    .map((origin) => logs.state(origin))
    .filter(({ certifiedSize, certificate }) => certifiedSize > 0 && certificate !== null)
    .map((state) => {
      const drawn = crypto.sha256(
        headDomain,
        u64be(of.round),
        daemonIdBytes(id),
        daemonIdBytes(of.holder),
        utf8(state.origin),
      );
      return { state, stale: Number(state.storedAt < of.since), drawn: toHex(drawn) };
    })
    .sort((a, b) => a.stale - b.stale || (a.drawn < b.drawn ? -1 : 1));
  for (const { state } of ranked) {
    if (await isOfThird(ports, state.origin, of.holder)) return headOf(state);
  }
  return ranked[0] && headOf(ranked[0].state);
}

function headOf({ origin, certificate }: LogState): CertifiedHead {
  const { size, root } = readHead(certificate as string);
  return { origin, size, root };
}

/** Whether its writer is at neither the auditor's hoster nor the holder's. */
async function isOfThird(
  { id, logs, charter: current }: AuditLedgerPorts,
  origin: string,
  holder: DaemonId,
): Promise<boolean> {
  const first = await logs.record(origin, 0);
  const genesis = first && genesisOf(first);
  if (genesis?.writer !== 'daemon') return genesis !== undefined;
  const charter = current();
  const hosterOf = (daemon: DaemonId) => {
    const found = findDaemon(charter, daemon);
    return found && homeOf(charter, found).hoster.id;
  };
  const writer = hosterOf(toHex(genesis.daemon));
  return writer !== undefined && writer !== hosterOf(id) && writer !== hosterOf(holder);
}
