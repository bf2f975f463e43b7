// A disk that flips bits in the rows of a store, below the one that checks them.

import { equalBytes, type Store } from '@vauban/core';

/** A bit of each row whose key begins so; how many there are. */
export async function rotRows(store: Store, prefix: Uint8Array): Promise<number> {
  let rotted = 0;
  for await (const [key, value] of store.range({})) {
    if (!equalBytes(key.subarray(0, prefix.length), prefix)) continue;
    const other = value.slice();
    other[0] = (other[0] as number) ^ 1;
    await store.batch([{ put: key.slice(), value: other }], { sync: true });
    rotted += 1;
  }
  return rotted;
}
