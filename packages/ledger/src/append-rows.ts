// Every row that a checked append becomes, but for the log's state: entries, where the batch ends, and all that is derived
// from entries. What is derived can be written again from the entries at any time.

import { type StoreOperation, utf8 } from '@vauban/core';
import type { CheckedAppend } from './append-check.ts';
import type { EntryKind } from './entry.ts';
import { boundaryKey, recordRow, vaultKey } from './log-rows.ts';
import { indexRows, UNDONE } from './segment-index.ts';

const erasing: ReadonlySet<EntryKind> = new Set(['purge', 'sweep', 'trim']);

/** `now`: when this store got it. */
export function appendRows(checked: CheckedAppend, now: number): StoreOperation[] {
  const { head, before, records, checkpoint } = checked;
  return [
    ...records.map((record, nth) => recordRow(head.origin, before.size + nth, record)),
    ...derivedRows(checked, now),
    { put: boundaryKey(head.origin, head.size), value: utf8(checkpoint) },
  ];
}

/** What the segment index says of them, and the vault of a log that begins. */
export function derivedRows(
  checked: Pick<CheckedAppend, 'head' | 'before' | 'opened' | 'writer'>,
  now: number,
): StoreOperation[] {
  const { head, before, opened, writer } = checked;
  const voided = new Set(opened.map(({ payload }) => (payload?.kind === 'void' ? payload.index : -1)));
  const operations = opened.flatMap((open, nth) => {
    if (open.payload === null) return [];
    // Nobody judged what the same append voids, so nobody promised to hold to an erasing in it.
    if (voided.has(before.size + nth) && erasing.has(open.payload.kind)) return [];
    const index = before.size + nth;
    const rows = indexRows({ name: { origin: head.origin, index }, open, writer, now });
    // A void of a certified entry never has an effect, however it got here.
    const { certifiedSize } = before;
    const undone =
      open.payload.kind === 'void' && open.payload.index < certifiedSize && certifiedSize <= index;
    return undone ? rows.map((row) => ('put' in row ? { ...row, value: UNDONE } : row)) : rows;
  });
  if (before.size === 0 && writer.kind === 'device') {
    operations.push({ put: vaultKey(writer.delegation.vault, head.origin), value: new Uint8Array(0) });
  }
  return operations;
}
