// Dice, agenda, tails and intervals: the small parts that every figure rests on.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Agenda } from '../src/agenda.ts';
import { binomialTail } from '../src/binomial.ts';
import { intervalOf } from '../src/interval.ts';
import { Dice } from '../src/random.ts';

describe('dice', () => {
  it('fall the same for the same seed, and otherwise not', () => {
    const thrown = (seed: number) =>
      Array.from(
        { length: 5 },
        (
          (dice) => () =>
            dice.unit()
        )(new Dice(seed)),
      );
    expect(thrown(7)).toEqual(thrown(7));
    expect(thrown(7)).not.toEqual(thrown(8));
    expect(thrown(1)).not.toEqual(thrown(1 + 2 ** 32));
  });

  it('are even: mean and variance of 100,000 draws', () => {
    const dice = new Dice(3);
    const draws = Array.from({ length: 100_000 }, () => dice.unit());
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    const variance = draws.reduce((sum, one) => sum + (one - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    expect(Math.min(...draws.slice(0, 1_000))).toBeGreaterThan(0);
  });

  it('wait exponentially', () => {
    const dice = new Dice(4);
    const waits = Array.from({ length: 50_000 }, () => dice.exponential(2));
    expect(waits.reduce((a, b) => a + b, 0) / waits.length).toBeCloseTo(2, 1);
    expect(waits.filter((one) => one > 2).length / waits.length).toBeCloseTo(Math.exp(-1), 2);
  });
});

describe('the agenda', () => {
  it('hands out what is due in order, equal times as they were put in, copied or not', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (times) => {
        const agenda = new Agenda();
        for (const [daemon, time] of times.entries()) agenda.put(time, daemon % 6, daemon);
        const copy = new Agenda();
        copy.copyFrom(agenda);
        const expected = times
          .map((time, at) => ({ time, at }))
          .sort((a, b) => a.time - b.time || a.at - b.at);
        for (const { time, at } of expected) {
          expect(copy.next).toBe(time);
          expect(copy.take()).toBe(at * 8 + (at % 6));
        }
        expect(copy.next).toBe(Infinity);
        expect(agenda.size).toBe(times.length);
      }),
    );
  });

  it('keeps order when times are drawn anew', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { maxLength: 60 }), (times) => {
        const agenda = new Agenda();
        for (const [at, time] of times.entries()) agenda.put(time, at % 2, at);
        let drawn = 5;
        agenda.redraw(1, () => drawn--);
        let last = -Infinity;
        while (agenda.size > 0) {
          expect(agenda.next).toBeGreaterThanOrEqual(last);
          last = agenda.next;
          agenda.take();
        }
      }),
    );
  });
});

describe('binomial tails', () => {
  it('are sums of their terms', () => {
    expect(binomialTail(3, 0.5, 2)).toBeCloseTo(0.5, 12);
    expect(binomialTail(9, 0.01, 4)).toBeCloseTo(1.21e-6, 7);
    expect(binomialTail(9, 1e-8, 4) / (126 * 1e-32)).toBeCloseTo(1, 6);
    expect([
      binomialTail(5, 0, 1),
      binomialTail(5, 1, 5),
      binomialTail(5, 0.3, 0),
      binomialTail(5, 0.3, 6),
    ]).toEqual([0, 1, 1, 0]);
  });
});

describe('intervals', () => {
  it('hold the mean, wider where runs differ more', () => {
    const narrow = intervalOf([9, 10, 11, 10]);
    const wide = intervalOf([1, 19, 15, 5]);
    for (const one of [narrow, wide]) expect(one.value).toBe(10);
    expect(wide.high - wide.low).toBeGreaterThan(narrow.high - narrow.low);
    expect(narrow.low).toBeGreaterThan(8.5);
    // t with 3 degrees of freedom is 3.182, the standard error 0.408.
    const byStudent = 10 * Math.exp((3.182 * 0.40825) / 10);
    expect(narrow.high).toBeGreaterThanOrEqual(byStudent);
    expect(narrow.high).toBeLessThan(byStudent * 1.005);
  });

  it('reach further up where few runs carry much: nine of ten intervals hold the mean of a skewed law', () => {
    // Log-normal with σ = 1.2: mean e^0.72, of which half lies above the 88th of a hundred runs.
    const dice = new Dice(21);
    const normal = () => Math.sqrt(-2 * Math.log(dice.unit())) * Math.cos(2 * Math.PI * dice.unit());
    const truth = Math.exp(0.72);
    let inside = 0;
    for (let nth = 0; nth < 400; nth++) {
      const { low, high } = intervalOf(Array.from({ length: 10 }, () => Math.exp(1.2 * normal())));
      if (low <= truth && truth <= high) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(370);
  });

  it('say how much could have been missed where nothing was seen', () => {
    expect(intervalOf([0, 0, 0], 0.01)).toEqual({ value: 0, low: 0, high: 0.01 });
  });
});
