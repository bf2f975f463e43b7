// Several stores in one: every key of this view begins with its prefix, so that one database and one fsync serve all.

import { compareBytes, concat } from './bytes.ts';
import type { Store } from './ports/store.ts';

/** A view of `inner` below `prefix`. Closing the view leaves `inner` open. */
export function prefixedStore(inner: Store, prefix: Uint8Array): Store {
  const under = (key: Uint8Array) => concat(prefix, key);
  const end = concat(prefix, new Uint8Array(64).fill(255));
  return {
    get: (key) => inner.get(under(key)),
    batch: (operations, options) =>
      inner.batch(
        operations.map((operation) =>
          'put' in operation
            ? { put: under(operation.put), value: operation.value }
            : { del: under(operation.del) },
        ),
        options,
      ),
    async *range(range) {
      const lower =
        range.gt === undefined ? { gte: under(range.gte ?? new Uint8Array(0)) } : { gt: under(range.gt) };
      const limits = {
        ...(range.reverse === undefined ? {} : { reverse: range.reverse }),
        ...(range.limit === undefined ? {} : { limit: range.limit }),
      };
      const upper = range.lt === undefined ? end : under(range.lt);
      for await (const [key, value] of inner.range({ ...lower, lt: upper, ...limits })) {
        if (compareBytes(key.subarray(0, prefix.length), prefix) === 0)
          yield [key.subarray(prefix.length), value];
      }
    },
    async close() {},
  };
}
