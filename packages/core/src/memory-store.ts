// The store port in memory, for tests, tools and browsers without a disk. Sorted on demand; nothing survives it.

import { fromHex, toHex } from './bytes.ts';
import type { Store, StoreOperation, StoreRange } from './ports/store.ts';

export function memoryStore(): Store {
  const values = new Map<string, Uint8Array>();
  let sorted: string[] = [];
  let added: string[] = [];
  let removed = false;
  const settle = () => {
    if (removed) sorted = sorted.filter((key) => values.has(key));
    if (added.length > 0) sorted = [...sorted, ...added.filter((key) => values.has(key))].sort();
    added = [];
    removed = false;
  };
  return {
    async get(key) {
      return values.get(toHex(key))?.slice();
    },
    async batch(operations: readonly StoreOperation[]) {
      for (const operation of operations) {
        if ('put' in operation) {
          const key = toHex(operation.put);
          if (!values.has(key)) {
            // A key that was deleted and not yet forgotten would be listed twice.
            if (removed) settle();
            added.push(key);
          }
          values.set(key, operation.value.slice());
        } else {
          removed = values.delete(toHex(operation.del)) || removed;
        }
      }
    },
    async *range(range: StoreRange) {
      settle();
      const keys = sorted.slice(...bounds(sorted, range));
      if (range.reverse === true) keys.reverse();
      for (const key of keys.slice(0, range.limit)) {
        const value = values.get(key);
        if (value !== undefined) yield [fromHex(key) as Uint8Array, value.slice()] as const;
      }
    },
    async close() {},
  };
}

function bounds(sorted: readonly string[], range: StoreRange): [from: number, to: number] {
  const from =
    range.gt === undefined
      ? firstAt(sorted, range.gte === undefined ? '' : toHex(range.gte), false)
      : firstAt(sorted, toHex(range.gt), true);
  return [from, range.lt === undefined ? sorted.length : firstAt(sorted, toHex(range.lt), false)];
}

/** Where the first key stands that is not below `key`; or, `after` it, the first above. */
function firstAt(sorted: readonly string[], key: string, after: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = sorted[middle] as string;
    if (one < key || (after && one === key)) low = middle + 1;
    else high = middle;
  }
  return low;
}
