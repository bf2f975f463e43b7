// Every row that a checked append becomes, but for the log's state: entries, where the batch ends, and all that is derived
// from entries. What is derived can be written again from the entries at any time.

import { type StoreOperation, utf8 } from '@vauban/core';
import type { CheckedAppend } from './append-check.ts';
import { boundaryKey, recordRow, vaultKey } from './log-rows.ts';
import { indexRows } from './segment-index.ts';

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
  const operations = opened.flatMap((open, nth) => {
    if (open.payload === null) return [];
    // A void of a certified entry never has an effect, however it got here.
    if (open.payload.kind === 'void' && open.payload.index < before.certifiedSize) return [];
    return indexRows({ name: { origin: head.origin, index: before.size + nth }, open, writer, now });
  });
  if (before.size === 0 && writer.kind === 'device') {
    operations.push({ put: vaultKey(writer.delegation.vault, head.origin), value: new Uint8Array(0) });
  }
  return operations;
}
