// Any sequence of uploads, erasures, restarts and power cuts: the store holds what a map would.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fragmentFiles, holds, newMachine, put, sample, seededRandom } from './fragment-setup.ts';

const seeds = [0, 1, 256, 257, 513];
const lengths = [1, 16_384, 20_000, 300, 32_769];
const samples = seeds.map((seed, i) => sample(lengths[i] as number, seed));
const which = fc.nat(samples.length - 1);

const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('put' as const),
      which,
      stride: fc.constantFrom(7_000, 16_384, 50_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), seed: fc.option(fc.nat()) }) },
);

test('the store is a map that power cuts do not change', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 14 }), async (actions) => {
      const machine = await newMachine();
      let store = await machine.open();
      const model = new Set<number>();
      for (const step of actions) {
        if (step.do === 'restart') {
          store = await machine.open();
        } else if (step.do === 'crash') {
          await machine.crash(step.seed === null ? undefined : seededRandom(step.seed));
          store = await machine.open();
        } else {
          const one = samples[step.which] as (typeof samples)[number];
          if (step.do === 'put') await put(store, one, step.stride);
          if (step.do === 'replace') await put(store, { ...one, replace: true });
          if (step.do === 'put' || step.do === 'replace') model.add(step.which);
          if (step.do === 'abort') {
            const begun = await store.begin(one);
            expect(begun.already).toBe(model.has(step.which));
            if (!begun.already) await begun.write(one.data.subarray(0, 1)).then(() => begun.abort());
          }
          if (step.do === 'remove') {
            await store.remove(one);
            model.delete(step.which);
          }
        }
        for (const [i, one] of samples.entries()) expect(await holds(store, one)).toBe(model.has(i));
        const held = [...model].map((i) => samples[i] as (typeof samples)[number]);
        const bytes = held.reduce((sum, one) => sum + one.bytes, 0);
        expect(store.totals()).toMatchObject({ fragments: held.length, bytes });
        expect([...store.totals().byAgency.values()].reduce((sum, one) => sum + one, 0)).toBe(bytes);
        expect(store.missing).toEqual([]);
        expect((await fragmentFiles(machine)).length).toBe(held.length);
      }
    }),
    { numRuns: 25 },
  );
});
