// The store port in memory, for tests, tools and browsers without a disk. Sorted on demand; nothing survives it.

import { compareBytes, fromHex, toHex } from './bytes.ts';
import type { Store, StoreOperation, StoreRange } from './ports/store.ts';

export function memoryStore(): Store {
  const values = new Map<string, Uint8Array>();
  let sorted: string[] | undefined;
  return {
    async get(key) {
      return values.get(toHex(key))?.slice();
    },
    async batch(operations: readonly StoreOperation[]) {
      for (const operation of operations) {
        if ('put' in operation) values.set(toHex(operation.put), operation.value.slice());
        else values.delete(toHex(operation.del));
      }
      sorted = undefined;
    },
    async *range(range: StoreRange) {
      sorted ??= [...values.keys()].sort();
      const keys = sorted.filter((key) => within(key, range));
      if (range.reverse === true) keys.reverse();
      for (const key of keys.slice(0, range.limit)) {
        const value = values.get(key);
        if (value !== undefined) yield [fromHex(key) as Uint8Array, value.slice()] as const;
      }
    },
    async close() {},
  };
}

function within(key: string, range: StoreRange): boolean {
  const bytes = fromHex(key) as Uint8Array;
  if (range.gte !== undefined && compareBytes(bytes, range.gte) < 0) return false;
  if (range.gt !== undefined && compareBytes(bytes, range.gt) <= 0) return false;
  return range.lt === undefined || compareBytes(bytes, range.lt) < 0;
}
