// What the ledger says of every segment that is to be kept: its code, its fragments' roots, and who holds them now.

import { type DaemonId, toHex } from '@vauban/core';
import {
  holdersNow,
  isReleased,
  type LogStore,
  type Place,
  placedSegments,
  segmentFacts,
} from '@vauban/ledger';
import { certifiedOf } from './census.ts';

export interface LedgerSegment {
  /** Hex. */
  readonly segment: string;
  /** The log of its first claim. */
  readonly origin: string;
  readonly policy: string;
  readonly code: Place['code'];
  readonly k: number;
  readonly m: number;
  /** Of one fragment. */
  readonly bytes: number;
  /** By index, hex. */
  readonly roots: readonly string[];
  readonly holders: readonly { readonly index: number; readonly daemon: DaemonId }[];
}

/** Certified, not released and not being erased, in the order of their ids. Cost: one look at each segment, some 0.2 ms. */
export async function* ledgerSegments(logs: LogStore): AsyncIterable<LedgerSegment> {
  for await (const segment of placedSegments(logs.store)) {
    const facts = certifiedOf(logs, await segmentFacts(logs, segment));
    const fact = facts.places.find(({ voided }) => !voided);
    if (fact === undefined || facts.purges.some(({ voided }) => !voided)) continue;
    if (isReleased(facts, () => true)) continue;
    const { place, policy, claim } = fact;
    const { code, k, m, cellBytes, stripes, lastCellBytes, fragments } = place;
    yield {
      segment: toHex(segment),
      origin: claim.origin,
      policy,
      code,
      k,
      m,
      bytes: (stripes - 1) * cellBytes + lastCellBytes,
      roots: fragments.map(([root]) => toHex(root)),
      holders: holdersNow(facts),
    };
  }
}
