// Appends to a verifier's own copy: checked, and turned into the rows they become. Plain data in and out, so that it can
// be done on another processor; what needs the store (payloads that were erased) is not done here.

import type { Crypto, StoreOperation } from '@vauban/core';
import { type Append, checkAppend, stateAfter } from './append-check.ts';
import { appendRows } from './append-rows.ts';
import type { EntryKind } from './entry.ts';
import { isErased } from './log-record.ts';
import { type LogState, stateRow } from './log-rows.ts';
import type { Writer } from './writer.ts';

/** What consecutive appends extend. */
export interface TakingGround {
  readonly charterName: string;
  readonly before: LogState;
  readonly writer: Writer;
  /** When the copy gets them. */
  readonly now: number;
}

export interface TakenAppends {
  readonly operations: readonly StoreOperation[];
  readonly after: LogState;
  /** Of each entry, in order. */
  readonly kinds: readonly EntryKind[];
  readonly times: readonly number[];
}

/** Whether they can be checked without a store: no payload is left out, and each follows the one before. */
export function canTake(before: LogState, appends: readonly Append[]): boolean {
  let { size } = before;
  for (const { origin, oldSize, records } of appends) {
    if (origin !== before.origin || oldSize !== size || records.some(isErased)) return false;
    size += records.length;
  }
  return size > before.size;
}

/** Faults: those of checkAppend. */
export async function takeAppends(
  crypto: Crypto,
  { charterName, before, writer, now }: TakingGround,
  appends: readonly Append[],
): Promise<TakenAppends> {
  const operations: StoreOperation[] = [];
  const kinds: EntryKind[] = [];
  const times: number[] = [];
  let state = before;
  for (const append of appends) {
    const charter = { name: charterName };
    const erased = () => Promise.resolve(false);
    const checked = await checkAppend({ crypto, charter, before: state, writer, erased }, append);
    operations.push(...appendRows(checked, now));
    for (const { entry } of checked.opened) {
      kinds.push(entry.kind);
      times.push(entry.time);
    }
    state = { ...stateAfter(checked), storedAt: now, admittedSize: 0, votedSeconds: null };
  }
  return { operations: [...operations, stateRow(state)], after: state, kinds, times };
}
