// The entries that announce an erasing (ledger SPEC: purge, sweep, trim).

import { type DaemonId, daemonIdBytes } from '@vauban/core';
import type { Payloads } from '@vauban/ledger';

/** Segments that one entry names at most; the ledger's limit. */
export const PURGED_TOGETHER_MAX = 1_000;

export function purgeOf(segments: readonly Uint8Array[], generation: number): Payloads['purge'] {
  return { kind: 'purge', segments: [...segments], payloads: [], generation };
}

export function sweepOf(generation: number): Payloads['sweep'] {
  return { kind: 'sweep', generation };
}

export function trimOf(
  of: { readonly segment: Uint8Array; readonly index: number; readonly keeper: DaemonId },
  generation: number,
): Payloads['trim'] {
  const { segment, index, keeper } = of;
  return { kind: 'trim', segment, index, keeper: daemonIdBytes(keeper), generation };
}
