// Rows held in memory answer as the store they were read from.

import { memoryStore, type Store, type StoreRange } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { heldRows } from '../src/held-rows.ts';

const V = 'V'.charCodeAt(0);
const key = fc
  .tuple(fc.constantFrom(V, V + 1), fc.uint8Array({ maxLength: 2, max: 3 }))
  .map(([kind, rest]) => Uint8Array.of(kind, '/'.charCodeAt(0), ...rest));

const listed = async (store: Store, range: StoreRange) => {
  const rows: string[] = [];
  for await (const [at, value] of store.range(range)) rows.push(`${at.join()}=${value.join()}`);
  return rows;
};

test('every range and every key', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(key, { maxLength: 12 }),
      fc.record({
        from: key,
        open: fc.boolean(),
        lt: key,
        reverse: fc.boolean(),
        limit: fc.option(fc.nat(4), { nil: undefined }),
      }),
      async (keys, { from, open, lt, reverse, limit }) => {
        const store = memoryStore();
        await store.batch(
          keys.map((put, nth) => ({ put, value: Uint8Array.of(nth) })),
          { sync: false },
        );
        const held = await heldRows(store, ['V/']);
        // What else is there stays in the store: a range lies within one kind.
        const range = {
          ...(open ? { gt: from } : { gte: from }),
          lt: lt[0] === from[0] ? lt : Uint8Array.of((from[0] as number) + 1),
          reverse,
          ...(limit === undefined ? {} : { limit }),
        };
        expect(await listed(held, range)).toEqual(await listed(store, range));
        expect(await held.get(from)).toEqual(await store.get(from));
      },
    ),
    { numRuns: 300 },
  );
});
