// The dry run's reckoning of what a rebuild reads is that of the codes themselves, whatever is lost.

import { createErasureCode } from '@vauban/erasure';
import { readShares } from '@vauban/drill';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const shapes = [
  { code: 'rs', k: 6, m: 3 },
  { code: 'clay', k: 6, m: 3 },
  { code: 'clay', k: 5, m: 4 },
  { code: 'clay', k: 4, m: 2 },
  { code: 'clay', k: 5, m: 3 },
  { code: 'rs', k: 2, m: 1 },
] as const;
const codes = shapes.map((shape) => ({ shape, erasure: createErasureCode(shape.code, shape.k, shape.m) }));

it('reads of each fragment as much as the code’s own plan', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...codes).chain((one) =>
        fc.record({
          one: fc.constant(one),
          order: fc.shuffledSubarray(
            Array.from({ length: one.erasure.n }, (_, index) => index),
            { minLength: one.erasure.n, maxLength: one.erasure.n },
          ),
          missing: fc.integer({ min: 1, max: one.erasure.m }),
          lost: fc.integer({ min: 1, max: one.erasure.m }),
        }),
      ),
      ({ one: { shape, erasure }, order, missing, lost: wanted }) => {
        const lost = order.slice(0, Math.min(wanted, missing));
        const up = order.slice(missing);
        const plan = erasure.planRepair({ lost, up });
        const parts = new Map(
          plan.helpers.map(({ index, runs }) => [
            index,
            runs.reduce((sum, { count }) => sum + count, 0) / erasure.subChunks,
          ]),
        );
        expect(Object.fromEntries(readShares({ ...shape, lost, up }))).toEqual(Object.fromEntries(parts));
      },
    ),
    { numRuns: 200 },
  );
});
