// A store that tells of each corrupt row that any reader meets, whoever reads and whatever becomes of the error.

import { corruptKey, type Fault, mappedRows, type Store } from '@vauban/core';

/** The same store; each corrupt row met in it is told. */
export function watchedStore(store: Store, found: (key: Uint8Array, fault: Fault) => void): Store {
  const tell = (error: unknown): unknown => {
    const key = corruptKey(error);
    if (key !== undefined) found(key, error as Fault);
    return error;
  };
  return {
    ...store,
    async get(key) {
      try {
        return await store.get(key);
      } catch (error) {
        throw tell(error);
      }
    },
    range: (range) => mappedRows(store.range(range), (row) => row, tell),
  };
}
