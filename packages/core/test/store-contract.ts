// What every implementation of the store port does. Call it from a test file with a way to open a fresh, empty store.

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { compareBytes, fromHex, type Store, type StoreRange, toHex } from '../src/index.ts';

const sync = { sync: true };
const bytes = (...values: number[]) => Uint8Array.from(values);

async function all(store: Store, range: StoreRange = {}): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const [key, value] of store.range(range)) found.push([toHex(key), toHex(value)]);
  return found;
}

async function text(store: Store, key: Uint8Array): Promise<string | undefined> {
  const value = await store.get(key);
  return value && toHex(value);
}

/** `known.buffers`: the store is known to answer Node's Buffers; the test that says so must be failing. */
export function storeContract(
  name: string,
  openEmpty: () => Promise<Store>,
  known: { readonly buffers?: boolean } = {},
): void {
  describe(`store: ${name}`, () => {
    const opened: Store[] = [];
    const open = async () => {
      const store = await openEmpty();
      opened.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close();
    });

    test('what was put is got, until it is deleted', async () => {
      const store = await open();
      expect(await store.get(bytes(1))).toBeUndefined();
      await store.batch([{ put: bytes(1), value: bytes(9, 9) }], sync);
      expect(await text(store, bytes(1))).toBe(toHex(bytes(9, 9)));
      await store.batch([{ put: bytes(1), value: bytes(8) }], { sync: false });
      expect(await text(store, bytes(1))).toBe(toHex(bytes(8)));
      await store.batch([{ del: bytes(1) }, { del: bytes(2) }], sync);
      expect(await store.get(bytes(1))).toBeUndefined();
      expect(await all(store)).toEqual([]);
    });

    const plainly = known.buffers === true ? test.fails : test;
    plainly(
      'keys and values are plain bytes: a Buffer’s slice shares memory, and its JSON differs',
      async () => {
        const store = await open();
        await store.batch([{ put: bytes(1), value: bytes(2) }], sync);
        expect((await store.get(bytes(1)))?.constructor).toBe(Uint8Array);
        for await (const pair of store.range({})) {
          expect(pair.map((one) => one.constructor)).toEqual([Uint8Array, Uint8Array]);
        }
      },
    );

    test('an empty value is a value', async () => {
      const store = await open();
      await store.batch([{ put: bytes(1), value: bytes() }], sync);
      expect(await text(store, bytes(1))).toBe(toHex(bytes()));
      expect(await all(store)).toEqual([['01', '']]);
    });

    test('in one batch the last word on a key counts', async () => {
      const store = await open();
      await store.batch([{ put: bytes(1), value: bytes(1) }, { del: bytes(1) }], sync);
      expect(await store.get(bytes(1))).toBeUndefined();
      await store.batch([{ del: bytes(1) }, { put: bytes(1), value: bytes(2) }], sync);
      expect(await text(store, bytes(1))).toBe(toHex(bytes(2)));
    });

    test('an empty batch is nothing', async () => {
      const store = await open();
      await store.batch([], sync);
      expect(await all(store)).toEqual([]);
    });

    test('keys sort bytewise, a prefix before what it begins', async () => {
      const store = await open();
      const keys = [bytes(0xff), bytes(1, 0), bytes(0x7f), bytes(0x80), bytes(1), bytes(0)];
      await store.batch(
        keys.map((key) => ({ put: key, value: key })),
        sync,
      );
      expect((await all(store)).map(([key]) => key)).toEqual(['00', '01', '0100', '7f', '80', 'ff']);
    });

    test('the caller’s bytes stay the caller’s', async () => {
      const store = await open();
      const key = bytes(1);
      const value = bytes(7, 7);
      await store.batch([{ put: key, value }], sync);
      key.fill(9);
      value.fill(9);
      (await store.get(bytes(1)))?.fill(0);
      expect(await text(store, bytes(1))).toBe(toHex(bytes(7, 7)));
    });

    test('a value of a megabyte', async () => {
      const store = await open();
      const value = new Uint8Array(1 << 20).fill(5);
      value[12_345] = 6;
      await store.batch([{ put: bytes(1), value }], sync);
      expect(toHex((await store.get(bytes(1))) as Uint8Array)).toBe(toHex(value));
    });

    test('a walk can be left early', async () => {
      const store = await open();
      await store.batch(
        [1, 2, 3].map((i) => ({ put: bytes(i), value: bytes(i) })),
        sync,
      );
      for await (const [key] of store.range({})) {
        expect(toHex(key)).toBe('01');
        break;
      }
      expect((await all(store)).length).toBe(3);
    });

    test('a walk goes on while what it passed is deleted', async () => {
      const store = await open();
      await store.batch(
        [1, 2, 3].map((i) => ({ put: bytes(i), value: bytes(i) })),
        sync,
      );
      const seen: string[] = [];
      for await (const [key] of store.range({})) {
        seen.push(toHex(key));
        await store.batch([{ del: key }], sync);
      }
      expect(seen).toEqual(['01', '02', '03']);
      expect(await all(store)).toEqual([]);
    });

    test('any batches and any range: the same as a sorted list', async () => {
      const key = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });
      const operation = fc.oneof(
        fc.record({ put: key, value: fc.uint8Array({ maxLength: 4 }) }),
        fc.record({ del: key }),
      );
      const bound = fc.option(key, { nil: undefined });
      const range = fc.record({
        gte: bound,
        gt: bound,
        lt: bound,
        reverse: fc.boolean(),
        limit: fc.option(fc.nat(5), { nil: undefined }),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 4 }),
          range,
          async (batches, asked) => {
            // Either lower bound, not both: the port leaves open which would win.
            const { gte, gt, ...rest } = asked;
            const given = Object.entries({ ...rest, ...(gte === undefined ? { gt } : { gte }) });
            const wanted = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as StoreRange;
            const store = await openEmpty();
            try {
              const model = new Map<string, string>();
              for (const batch of batches) {
                await store.batch(batch, { sync: false });
                for (const one of batch) {
                  if ('put' in one) model.set(toHex(one.put), toHex(one.value));
                  else model.delete(toHex(one.del));
                }
              }
              const expected = [...model]
                .map(([digits, value]) => [fromHex(digits) as Uint8Array, value] as const)
                .filter(([at]) => wanted.gte === undefined || compareBytes(at, wanted.gte) >= 0)
                .filter(([at]) => wanted.gt === undefined || compareBytes(at, wanted.gt) > 0)
                .filter(([at]) => wanted.lt === undefined || compareBytes(at, wanted.lt) < 0)
                .sort(([a], [b]) => compareBytes(a, b) * (wanted.reverse === true ? -1 : 1))
                .slice(0, wanted.limit)
                .map(([at, value]) => [toHex(at), value]);
              expect(await all(store, wanted)).toEqual(expected);
            } finally {
              await store.close();
            }
          },
        ),
        { numRuns: 40 },
      );
    });
  });
}
