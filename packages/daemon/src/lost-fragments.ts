// Fragments found missing at the start become `lost` entries in this daemon's own log, when a quorum can be had.

import { asFault, type Clock } from '@vauban/core';
import type { FragmentStore } from './fragment-store.ts';
import type { Log } from './log.ts';
import type { OwnLog } from './own-log.ts';

/** Lost fragments named in one entry. */
const LOST_PER_ENTRY = 1_000;
const LOST_RETRY_MS = 10_000;

export interface LossPorts {
  readonly clock: Clock;
  readonly fragments: FragmentStore;
  readonly ownLog: Pick<OwnLog, 'append'>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Tries until all are certified, or the signal aborts. Never rejects. */
export async function certifyLosses({ clock, fragments, ownLog, log, signal }: LossPorts): Promise<void> {
  while (fragments.missing.length > 0 && !signal.aborted) {
    const batch = fragments.missing.slice(0, LOST_PER_ENTRY);
    try {
      const lost = batch.map(({ segment, index }): [Uint8Array, number] => [segment, index]);
      await ownLog.append([{ kind: 'lost', fragments: lost }]);
      for (const key of batch) await fragments.forgetMissing(key);
      log('warn', 'loss-certified', { fragments: batch.length });
    } catch (error) {
      if (signal.aborted) return;
      const fault = asFault(error);
      log('warn', 'loss-not-certified', { code: fault.code, message: fault.message });
      await clock.sleep(LOST_RETRY_MS, signal).catch(() => undefined);
    }
  }
}
