// Figures of a workload: counted by phase, by nearest rank, and no deal lost or counted twice.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Deal, operations, phaseFigures } from '../src/index.ts';
import { quantile, stretches } from '../src/statistics.ts';
import { anySeen, burntOne } from './sample-result.ts';

const read = (atMs: number, tookMs: number, more: Partial<Deal> = {}): Deal => ({
  operation: 'read',
  atMs,
  tookMs,
  ...more,
});

it('counts what ended in each phase, and takes only what went well for latency', () => {
  const phases = [
    { name: 'healthy', fromMs: 0, toMs: 2_000 },
    { name: 'event', fromMs: 2_000, toMs: 4_000 },
  ] as const;
  const deals = [
    ...Array.from({ length: 100 }, (_, nth) => read(1_000, nth + 1, { firstByteMs: 5 })),
    read(2_000, 9_999, { error: { kind: 'unreachable', code: 'X' } }),
    read(4_000, 50, { wrongBytes: true }),
  ];
  const [healthy, event] = phaseFigures({ phases, deals });
  expect(healthy?.operations[0]).toEqual({
    operation: 'read',
    count: 100,
    errors: 0,
    wrongBytes: 0,
    perSecond: 50,
    p50Ms: 50,
    p99Ms: 99,
    firstByteP50Ms: 5,
    firstByteP99Ms: 5,
  });
  expect(event?.operations[0]).toMatchObject({
    count: 2,
    errors: 1,
    wrongBytes: 1,
    perSecond: 1,
    p50Ms: null,
  });
  expect(event?.operations.map(({ operation }) => operation)).toEqual([...operations]);
});

describe('quantile', () => {
  it('is a value that is there, which so many do not exceed', () => {
    expect(quantile([], 0.5)).toBeNull();
    fc.assert(
      fc.property(
        fc.array(fc.nat(1_000), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const found = quantile(values, share) as number;
          expect(values).toContain(found);
          expect(values.filter((one) => one <= found).length).toBeGreaterThanOrEqual(share * values.length);
          expect(values.filter((one) => one < found).length).toBeLessThanOrEqual(
            Math.max(0, share * values.length),
          );
        },
      ),
    );
  });
});

it('stretches hold every deal once, and are never more than asked for', () => {
  fc.assert(
    fc.property(anySeen, fc.integer({ min: 1, max: 300 }), fc.nat(200_000), ({ deals }, countMax, endMs) => {
      const all = stretches({ deals, endMs }, countMax);
      expect(all.length).toBeLessThanOrEqual(countMax);
      expect(all.flatMap((one) => one.deals).toSorted(byTime)).toEqual(deals.toSorted(byTime));
      expect(all.every(({ lastsMs }) => lastsMs % 1_000 === 0 && lastsMs > 0)).toBe(true);
    }),
  );
  expect(stretches({ deals: burntOne.deals, endMs: 50_000 }, 240)).toHaveLength(50);
});

function byTime(a: Deal, b: Deal): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
