// A store some of whose ranges are kept in memory, where they are asked for again and again and mostly hold nothing: each
// look at a database costs more than all that is done with what it finds.

import { compareBytes, type Store, type StoreRange, utf8 } from '@vauban/core';

/** Ranges that hold more stay where they are. */
const ROWS_MAX = 200_000;

type Row = readonly [key: Uint8Array, value: Uint8Array];

/** For reading only, while nobody writes. A prefix is two characters: kind of row and slash. */
export async function heldRows(store: Store, prefixes: readonly string[]): Promise<Store> {
  const held = new Map<number, readonly Row[]>();
  for (const prefix of prefixes) {
    const [kind, slash] = utf8(prefix) as unknown as [number, number];
    const rows: Row[] = [];
    const range = {
      gte: Uint8Array.of(kind, slash),
      lt: Uint8Array.of(kind, slash + 1),
      limit: ROWS_MAX + 1,
    };
    for await (const row of store.range(range)) rows.push(row);
    if (rows.length <= ROWS_MAX) held.set(kind, rows);
  }
  const rowsOf = (key: Uint8Array | undefined) => held.get(key?.[0] ?? 0);
  return {
    ...store,
    async get(key) {
      const rows = rowsOf(key);
      if (rows === undefined) return store.get(key);
      const row = rows[firstAt(rows, key, 'at')];
      return row !== undefined && compareBytes(row[0], key) === 0 ? row[1] : undefined;
    },
    async *range(range) {
      const rows = rowsOf(range.gte ?? range.gt);
      if (rows === undefined) yield* store.range(range);
      else yield* within(rows, range);
    },
  };
}

function within(rows: readonly Row[], { gte, gt, lt, reverse, limit }: StoreRange): readonly Row[] {
  const from = gt === undefined ? firstAt(rows, gte ?? new Uint8Array(0), 'at') : firstAt(rows, gt, 'after');
  const found = rows.slice(from, lt === undefined ? rows.length : firstAt(rows, lt, 'at'));
  if (reverse === true) found.reverse();
  return limit === undefined ? found : found.slice(0, limit);
}

/** Where the first row stands that is not before a key; or, `after` it, the first behind it. */
function firstAt(rows: readonly Row[], key: Uint8Array, where: 'at' | 'after'): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareBytes((rows[middle] as Row)[0], key);
    if (order < 0 || (where === 'after' && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
