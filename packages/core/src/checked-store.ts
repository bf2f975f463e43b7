// A store whose values carry their own hash, because LevelDB is not an integrity layer: flipped bits on its disk were
// seen to return wrong values without an error. The hash covers the key too, so a value cannot turn up under another.

import { concat, equalBytes, fromHex, toHex, utf8 } from './bytes.ts';
import { Fault, isFault } from './fault.ts';
import { mappedRows } from './mapped-rows.ts';
import type { Crypto } from './ports/crypto.ts';
import type { Store, StoreOperation, StoreRange } from './ports/store.ts';

const CHECK_BYTES = 16;

/** Reads fault with STORE_CORRUPT (integrity) when a value does not match its hash. */
export function checkedStore(inner: Store, crypto: Crypto): Store {
  const domain = utf8('vauban/stored-value/0\n');
  const check = (key: Uint8Array, value: Uint8Array) =>
    crypto
      .sha256(domain, Uint8Array.of(key.length >> 8, key.length & 255), key, value)
      .subarray(0, CHECK_BYTES);
  const open = (key: Uint8Array, stored: Uint8Array) => {
    const value = stored.subarray(CHECK_BYTES);
    if (stored.length < CHECK_BYTES || !equalBytes(stored.subarray(0, CHECK_BYTES), check(key, value))) {
      throw new Fault(
        'integrity',
        'STORE_CORRUPT',
        'a stored value does not match its own hash: the disk lied',
        {
          key: toHex(key),
        },
      );
    }
    return value;
  };
  return {
    async get(key) {
      const stored = await inner.get(key);
      return stored === undefined ? undefined : open(key, stored);
    },
    async batch(operations: readonly StoreOperation[], options) {
      await inner.batch(
        operations.map((operation) =>
          'put' in operation
            ? { put: operation.put, value: concat(check(operation.put, operation.value), operation.value) }
            : operation,
        ),
        options,
      );
    },
    range: (range) => mappedRows(inner.range(range), ([key, stored]) => [key, open(key, stored)]),
    ...(inner.compact === undefined
      ? {}
      : { compact: (range) => inner.compact?.(range) ?? Promise.resolve() }),
    close: () => inner.close(),
  };
}

/** Key of the row that a checked store found corrupt; undefined for any other error. */
export function corruptKey(error: unknown): Uint8Array | undefined {
  const hex = isFault(error, 'STORE_CORRUPT') ? error.facts['key'] : undefined;
  return typeof hex === 'string' ? fromHex(hex) : undefined;
}

/**
 * Rows of a range without those that are corrupt, each of which is told: a checked store's range ends at the first. Behind one,
 * as many more are read as `limit` says.
 */
export async function* readableRows(
  store: Store,
  range: Pick<StoreRange, 'gte' | 'gt' | 'lt' | 'limit'>,
  corrupt: (key: Uint8Array, fault: Fault) => void,
): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
  for (let from: StoreRange = range; ; ) {
    try {
      yield* store.range(from);
      return;
    } catch (error) {
      const key = corruptKey(error);
      if (key === undefined) throw error;
      corrupt(key, error as Fault);
      const { gte: _, ...rest } = range;
      from = { ...rest, gt: key };
    }
  }
}
