// Several stores in one: every key of this view begins with its prefix, so that one database and one fsync serve all.

import { compareBytes, concat, equalBytes, toHex } from './bytes.ts';
import { corruptKey } from './checked-store.ts';
import { Fault } from './fault.ts';
import { mappedRows } from './mapped-rows.ts';
import type { Store } from './ports/store.ts';

/** A view of `inner` below `prefix`. Closing the view leaves `inner` open. */
export function prefixedStore(inner: Store, prefix: Uint8Array): Store {
  const under = (key: Uint8Array) => concat(prefix, key);
  const end = concat(prefix, new Uint8Array(64).fill(255));
  /** What a row below says of its key, it says of the key that this view's user knows. */
  const told = (error: unknown): unknown => {
    const key = corruptKey(error);
    if (key === undefined || !equalBytes(key.subarray(0, prefix.length), prefix)) return error;
    const { kind, code, message, facts } = error as Fault;
    return new Fault(kind, code, message, { ...facts, key: toHex(key.subarray(prefix.length)) }, error);
  };
  return {
    get: (key) =>
      inner.get(under(key)).catch((error: unknown) => {
        throw told(error);
      }),
    batch: (operations, options) =>
      inner.batch(
        operations.map((operation) =>
          'put' in operation
            ? { put: under(operation.put), value: operation.value }
            : { del: under(operation.del) },
        ),
        options,
      ),
    range(range) {
      const lower =
        range.gt === undefined ? { gte: under(range.gte ?? new Uint8Array(0)) } : { gt: under(range.gt) };
      const limits = {
        ...(range.reverse === undefined ? {} : { reverse: range.reverse }),
        ...(range.limit === undefined ? {} : { limit: range.limit }),
      };
      const upper = range.lt === undefined ? end : under(range.lt);
      const isUnder = (key: Uint8Array) => compareBytes(key.subarray(0, prefix.length), prefix) === 0;
      return mappedRows(
        inner.range({ ...lower, lt: upper, ...limits }),
        ([key, value]) => (isUnder(key) ? [key.subarray(prefix.length), value] : undefined),
        told,
      );
    },
    ...(inner.compact === undefined
      ? {}
      : {
          compact: ({ gte, lt }) => inner.compact?.({ gte: under(gte), lt: under(lt) }) ?? Promise.resolve(),
        }),
    async close() {},
  };
}
