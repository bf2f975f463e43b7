// Rows of a store seen through another: each as it should be seen, or not at all. By hand, for stores lie upon stores, and a
// generator at each costs several turns of the event loop for every row.

import type { Store } from './ports/store.ts';

export type Row = readonly [key: Uint8Array, value: Uint8Array];

/** `map` answers undefined for a row that is not to be seen; `failed` makes of what `rows` or `map` threw what is thrown. */
export function mappedRows(
  rows: ReturnType<Store['range']>,
  map: (row: Row) => Row | undefined,
  failed: (error: unknown) => unknown = (error) => error,
): AsyncIterable<Row> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = rows[Symbol.asyncIterator]();
      let ended = false;
      const end = async () => {
        ended = true;
        await iterator.return?.();
        return { done: true, value: undefined } as const;
      };
      return {
        async next() {
          try {
            for (;;) {
              if (ended) break;
              const { done, value } = await iterator.next();
              if (done === true) break;
              const seen = map(value);
              if (seen !== undefined) return { done: false, value: seen };
            }
          } catch (error) {
            // Whoever meets an error asks for no more, as with a generator.
            if (!ended) await end().catch(() => undefined);
            throw failed(error);
          }
          ended = true;
          return { done: true, value: undefined };
        },
        return: end,
      };
    },
  };
}
