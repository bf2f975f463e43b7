// A holder that fails after the upload: its receipts stay old, or it gives no fresh one when that is needed. It may be about
// to erase one fragment or have lost it, may have fallen silent, or may lie: how long nothing is stored there depends on it.

import { type DaemonId, Fault, isFault } from '@vauban/core';
import type { SegmentWriter } from './segment-writer.ts';

/** A daemon is left out once it fails again, at the latest: no policy bears the loss of half as many. */
const TRIES_MAX = 16;

export function holderFailed(daemon: DaemonId, because: Fault): Fault {
  const kind = because.kind === 'unreachable' ? because.kind : 'refused';
  const message = `daemon ${daemon} ${words(because)}: ${because.message}`;
  return new Fault(kind, 'HOLDER_FAILED', message, { daemon, because: because.code }, because);
}

function words({ kind, code }: Fault): string {
  if (kind === 'unreachable') return 'does not answer when a fresh receipt is needed';
  if (kind === 'integrity') return 'answers with what does not check when a fresh receipt is needed';
  if (code === 'GENERATION_OLD')
    return 'gives no receipt but such as are held to be from before it last erased';
  return 'gives no fresh receipt for what was brought to it';
}

/**
 * Stores and commits, again and again, until no holder fails. One that fails for the first time is asked for its receipts
 * again by `work`, and brought the bytes where it refuses: who refuses these too is left out for that segment alone. One
 * that fails again is left out until `work` is done, one that is proven to be no holder for an hour. Faults: those of
 * `work`; HOLDER_FAILED {daemon, because} when too many do.
 */
export async function withoutFailed<Result>(
  writer: Pick<SegmentWriter, 'avoid'>,
  work: () => Promise<Result>,
): Promise<Result> {
  const failed = new Set<DaemonId>();
  const readmits: (() => void)[] = [];
  try {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (!isFault(error, 'HOLDER_FAILED') || tries >= TRIES_MAX) throw error;
        const daemon = error.facts['daemon'] as DaemonId;
        const again = failed.has(daemon);
        failed.add(daemon);
        if (isNoHolder(error.cause, again)) writer.avoid(daemon, error);
        else if (again) readmits.push(writer.avoid(daemon, error));
      }
    }
  } finally {
    for (const readmit of readmits) readmit();
  }
}

/** Whether it has shown, by what it signs, that it does not hold what it signs for. */
function isNoHolder(because: unknown, again: boolean): boolean {
  if (!isFault(because)) return false;
  const { kind, code, facts } = because;
  if (kind === 'integrity') return true;
  // Unless more hosters say so than may lie, it may be they that fail.
  if (code === 'GENERATION_OLD') return facts['agreed'] === true;
  // A disk loses bytes: they were brought again, and signed for again.
  return code === 'FRAGMENT_MISSING' && again;
}
