// What a daemon answers another that asks whether it is there: whether it would take a fragment, and what it is at.

import { DISK_RESERVE_FRACTION, type Files } from '@vauban/core';
import type { Mirror } from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import type { FragmentStore } from './fragment-store.ts';

export interface PingPorts {
  readonly files: Pick<Files, 'space'>;
  readonly capacityBytes: number;
  readonly fragments: Pick<FragmentStore, 'totals' | 'failure'>;
  readonly mirror: Pick<Mirror, 'silent'>;
  readonly standing: Pick<AnswerOf<'ping'>, 'readOnly' | 'draining'>;
}

/** Uploads under way are not counted: whoever brings one more is told then. */
export async function pingOf({
  files,
  capacityBytes,
  fragments,
  mirror,
  standing,
}: PingPorts): Promise<AnswerOf<'ping'>> {
  const space = await files.space();
  const reserveBytes = Math.ceil(space.totalBytes * DISK_RESERVE_FRACTION);
  const roomBytes = Math.min(space.freeBytes - reserveBytes, capacityBytes - fragments.totals().bytes);
  const freeBytes = Math.max(0, Math.floor(roomBytes));
  const { readOnly, draining } = standing;
  const takes = !readOnly && !draining && fragments.failure === undefined && freeBytes > 0;
  return { takes, readOnly, draining, freeBytes, voting: mirror.silent === null };
}
