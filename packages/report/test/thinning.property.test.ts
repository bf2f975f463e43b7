// Axes and thinning over any numbers: round ticks that hold the data, and no extreme lost.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearTicks, logTicks, place, roundTicks, timeTicks } from '../src/chart/scale.ts';
import { type Point, thinPoints, thinTimes, union } from '../src/chart/thinning.ts';

const number = fc.double({ min: -1e100, max: 1e100, noNaN: true });
const range = fc.tuple(number, number).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));

describe('ticks', () => {
  it('are few, in order, and hold the data and zero', () => {
    fc.assert(
      fc.property(range, fc.integer({ min: 1, max: 12 }), (of, wanted) => {
        const { domain, ticks } = linearTicks(of, wanted);
        const slack = (Math.max(0, of.to) - Math.min(0, of.from)) * 1e-6 + 1e-99;
        expect(domain.from).toBeLessThanOrEqual(Math.min(0, of.from) + slack);
        expect(domain.to).toBeGreaterThanOrEqual(Math.max(0, of.to) - slack);
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThanOrEqual(2 * wanted + 3);
        expect([...ticks].sort((a, b) => a - b)).toEqual(ticks);
        expect(ticks.every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it('need no zero where asked so, even when all values are one', () => {
    fc.assert(
      fc.property(number, (value) => {
        const { domain, ticks } = roundTicks({ from: value, to: value }, 5);
        expect(domain.from).toBeLessThan(domain.to);
        expect(ticks.length).toBeLessThanOrEqual(13);
      }),
    );
  });

  it('are powers of ten on a log scale', () => {
    expect(logTicks({ from: 3e-12, to: 0.2 }, 7).ticks).toEqual([1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1]);
    expect(logTicks({ from: 2, to: 30 }, 7).ticks).toEqual([1, 2, 5, 10, 20, 50, 100]);
    expect(logTicks(null, 7).domain).toEqual({ from: 0.1, to: 1 });
  });

  it('of time are round since the origin', () => {
    const minute = 60_000;
    expect(
      timeTicks({ from: 1000, to: 1000 + 12 * minute }, 1000, 6).map((ms) => (ms - 1000) / minute),
    ).toEqual([0, 2, 4, 6, 8, 10, 12]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 4e12 }), (from, span) => {
        const ticks = timeTicks({ from, to: from + span }, 0, 6);
        expect(ticks.length).toBeLessThanOrEqual(8);
        for (const tick of ticks)
          expect(tick >= from - span * 1e-6 && tick <= from + span * (1 + 1e-6)).toBe(true);
      }),
    );
  });

  it('stand where the domain ends', () => {
    const at = place({ from: 2, to: 4 }, { from: 100, to: 0 });
    expect([at(2), at(3), at(4)]).toEqual([100, 50, 0]);
    const log = place({ from: 1e-4, to: 1 }, { from: 0, to: 400 }, 'log');
    expect(log(1e-3)).toBeCloseTo(100, 9);
  });
});

describe('thinning', () => {
  const walk = fc
    .array(
      fc.tuple(fc.integer({ min: 0, max: 50 }), fc.option(fc.double({ noNaN: true, min: -1e9, max: 1e9 }))),
      { maxLength: 400 },
    )
    .map((steps) => {
      let x = 0;
      return steps.map(([step, value]): Point => [(x += step), value]);
    });

  it('keeps extremes, ends and gaps, and adds nothing', () => {
    fc.assert(
      fc.property(walk, fc.integer({ min: 1, max: 60 }), (points, columns) => {
        const kept = thinPoints(points, columns);
        const all = new Set(points);
        expect(kept.every((point) => all.has(point))).toBe(true);
        const values = (of: readonly Point[]) => of.flatMap(([, value]) => value ?? []);
        expect(Math.max(...values(kept))).toBe(Math.max(...values(points)));
        expect(Math.min(...values(kept))).toBe(Math.min(...values(points)));
        expect([kept[0], kept.at(-1)]).toEqual([points[0], points.at(-1)]);
        expect(kept.filter(([, value]) => value === null)).toEqual(
          points.filter(([, value]) => value === null),
        );
        const xs = kept.map(([x]) => x);
        expect([...xs].sort((a, b) => a - b)).toEqual(xs);
      }),
    );
  });

  it('has so many points per column at most', () => {
    const dense = Array.from({ length: 10_000 }, (_, at): Point => [at, Math.sin(at)]);
    expect(thinPoints(dense, 100).length).toBeLessThanOrEqual(4 * 101);
  });

  it('of times keeps the first and the last, and no more than asked', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer({ min: 2, max: 30 }), (list, most) => {
        const sorted = union([list]);
        const shown = thinTimes(sorted, most);
        expect(shown.length).toBeLessThanOrEqual(most);
        expect([shown[0], shown.at(-1)]).toEqual([sorted[0], sorted.at(-1)]);
        expect(shown.every((time) => sorted.includes(time))).toBe(true);
      }),
    );
    expect(
      thinTimes(
        Array.from({ length: 41 }, (_, at) => at / 2),
        25,
      ),
    ).toEqual(Array.from({ length: 21 }, (_, at) => at));
  });
});
