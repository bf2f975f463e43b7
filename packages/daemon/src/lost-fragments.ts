// Fragments found missing at the start become `lost` entries in this daemon's own log, when a quorum can be had.

import {
  asFault,
  type Clock,
  type Crypto,
  type DaemonId,
  daemonIdBytes,
  type Random,
  type Store,
} from '@vauban/core';
import { type CharterChain, LogStore, LogWriter, type Mirror } from '@vauban/ledger';
import type { FragmentStore } from './fragment-store.ts';
import type { Log } from './log.ts';
import type { Peers } from './peers.ts';

/** Lost fragments named in one entry. */
const LOST_PER_ENTRY = 1_000;
const LOST_RETRY_MS = 10_000;

export interface LossPorts {
  readonly id: DaemonId;
  readonly logSeed: Uint8Array;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
  readonly mirror: Mirror;
  readonly peers: Peers;
  readonly fragments: FragmentStore;
  /** Holds the daemon's own log. */
  readonly ownStore: Store;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Tries until all are certified, or the signal aborts. Never rejects. */
export async function certifyLosses(ports: LossPorts): Promise<void> {
  const { crypto, clock, random, charters, fragments, log, signal } = ports;
  while (fragments.missing.length > 0 && !signal.aborted) {
    const batch = fragments.missing.slice(0, LOST_PER_ENTRY);
    try {
      const own = ports.mirror.asVoter();
      const writer = new LogWriter({
        crypto,
        clock,
        random,
        charters,
        voters: () => [...(own === null ? [] : [own]), ...ports.peers.voters()],
        newer: () => ports.peers.newer(),
        logs: await LogStore.open(ports.ownStore, crypto),
        seed: ports.logSeed,
        genesis: { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(ports.id) },
      });
      await writer.start();
      const lost = batch.map(({ segment, index }): [Uint8Array, number] => [segment, index]);
      await writer.append(() => [{ kind: 'lost', fragments: lost }]);
      await writer.spreadCertificate();
      for (const key of batch) await fragments.forgetMissing(key);
      log('warn', 'loss-certified', { fragments: batch.length });
    } catch (error) {
      const fault = asFault(error);
      log('warn', 'loss-not-certified', { code: fault.code, message: fault.message });
      await clock.sleep(LOST_RETRY_MS, signal).catch(() => undefined);
    }
  }
}
