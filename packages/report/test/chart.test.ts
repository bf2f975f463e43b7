// What is drawn is as long, as high and as far along as the numbers say: measured in the markup itself.

import { describe, expect, it } from 'vitest';
import type { Part } from '../src/index.ts';
import { partMarkup } from '../src/part.ts';
import { type Element, inside, readPage } from './page-reader.ts';
import { words } from './sample-document.ts';

const caption = words('Caption', 'Légende');

/** The wide drawing of a part, in English. */
function drawn(part: Part): readonly Element[] {
  const elements = readPage(partMarkup(part, 'en', 'x').markup);
  return elements.filter((each) => inside(each, ({ attributes }) => attributes['class'] === 'chart wide'));
}

const numbers = (elements: readonly Element[], kind: string, attribute: string) =>
  elements
    .filter(({ attributes }) => attributes['class'] === kind)
    .map(({ attributes }) => Number(attributes[attribute]));

const spots = (element: Element | undefined) =>
  [...(element?.attributes['d'] ?? '').matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);

describe('bars', () => {
  it('are as long as their values', () => {
    const part: Part = {
      kind: 'bars',
      caption,
      unit: 'count',
      series: [words('a', 'a'), words('b', 'b')],
      groups: [
        { name: 'one', values: [10, 20] },
        { name: 'two', values: [40, null] },
      ],
    };
    const [ten = 0, ...others] = numbers(drawn(part), 'area', 'width');
    expect(ten).toBeGreaterThan(50);
    expect(others.map((width) => Math.round((width / ten) * 10))).toEqual([20, 40]);
  });

  it('are dots at even steps per power of ten on a log scale', () => {
    const values = [1e-3, 1e-6, 1e-9, 0];
    const part: Part = {
      kind: 'bars',
      caption,
      unit: 'probability',
      scale: 'log',
      series: [words('a', 'a')],
      groups: values.map((value) => ({
        name: `${value}`,
        values: [{ value, low: value / 10, high: value * 10 + 1e-12 }],
      })),
    };
    const dots = numbers(drawn(part), 'marker', 'cx');
    expect(dots).toHaveLength(3);
    const [a = 0, b = 0, c = 0] = dots;
    expect(a - b).toBeCloseTo(b - c, 1);
    // What was never seen still has the end of its interval.
    expect(drawn(part).filter(({ attributes }) => attributes['class'] === 'whisker')).toHaveLength(4);
  });
});

describe('a histogram', () => {
  it('is as high as its counts, and one among millions is still seen', () => {
    const part: Part = {
      kind: 'histogram',
      caption,
      binTitle: words('margin', 'marge'),
      countTitle: words('segments', 'segments'),
      bins: ['0', '1', '2'],
      groups: [{ name: words('now', 'maintenant'), counts: [1, 1_000_000, 2_000_000] }],
    };
    const [one = 0, million = 1, two] = numbers(drawn(part), 'area', 'height');
    expect((two ?? 0) / million).toBeCloseTo(2, 3);
    expect(one).toBe(2);
  });
});

describe('a tornado', () => {
  it('has the longest swing first, and each end on its side of the base', () => {
    const part: Part = {
      kind: 'tornado',
      caption,
      unit: 'number',
      base: 10,
      rows: [
        { name: words('small', 'petit'), low: 9, high: 11, lowLabel: 'low', highLabel: 'high' },
        { name: words('great', 'grand'), low: 2, high: 20, lowLabel: 'low', highLabel: 'high' },
      ],
    };
    const elements = drawn(part);
    const names = elements.filter(({ attributes }) => attributes['class'] === 'name').map(({ text }) => text);
    expect(names).toEqual(['great', 'small']);
    const [base = 0] = numbers(elements, 'base', 'x1');
    const left = numbers(elements, 'area', 'x');
    const width = numbers(elements, 'area', 'width');
    expect(left[0]).toBeLessThan(base);
    expect((left[0] ?? 0) + (width[0] ?? 0)).toBeCloseTo(base, 1);
    expect(left[1]).toBeCloseTo(base, 1);
    expect((width[0] ?? 0) / (width[2] ?? 1)).toBeCloseTo(8, 1);
  });
});

describe('lines', () => {
  it('of curves pass where their points are', () => {
    const part: Part = {
      kind: 'curves',
      caption,
      x: { title: words('x', 'x'), unit: 'number' },
      y: { title: words('y', 'y'), unit: 'number', scale: 'log' },
      series: [{ name: 'a', points: [1, 2, 3, 4, 5].map((x) => ({ x, y: 10 ** x })) }],
    };
    const path = spots(drawn(part).find(({ attributes }) => attributes['class'] === 'line'));
    expect(path).toHaveLength(5);
    const steps = path
      .slice(1)
      .map(([x = 0, y = 0], at) => [x - (path[at]?.[0] ?? 0), y - (path[at]?.[1] ?? 0)]);
    for (const [x, y] of steps) {
      expect(x).toBeCloseTo(steps[0]?.[0] ?? 0, 0);
      expect(y).toBeCloseTo(steps[0]?.[1] ?? 0, 0);
      expect(y).toBeLessThan(0);
    }
  });

  it('of timelines have gaps where nothing is known, and steps where values hold', () => {
    const of = (step: boolean, points: [number, number | null][]): Part => ({
      kind: 'timeline',
      caption,
      originMs: 0,
      series: [{ name: words('a', 'a'), unit: 'count', step, points }],
    });
    const d = (part: Part) =>
      drawn(part).find(({ attributes }) => attributes['class'] === 'line')?.attributes['d'] ?? '';
    const gap = d(
      of(false, [
        [0, 1],
        [1000, 2],
        [2000, null],
        [3000, 2],
        [4000, 1],
      ]),
    );
    expect(gap.replace(/[^A-Z]/g, '')).toBe('MLML');
    const steps = d(
      of(true, [
        [0, 1],
        [1000, 2],
      ]),
    );
    expect(steps.replace(/[^A-Z]/g, '')).toBe('MHV');
  });
});

describe('events of a timeline', () => {
  it('have badges that do not touch, and all of them a line in the key', () => {
    const marks = Array.from({ length: 30 }, (_, at) => ({
      atMs: at * 700,
      label: words(`event ${at}`, `fait ${at}`),
    }));
    const part: Part = {
      kind: 'timeline',
      caption,
      originMs: 0,
      series: [],
      marks,
      spans: [{ fromMs: 0, toMs: 9000, label: words('first', 'premier') }],
    };
    const elements = readPage(partMarkup(part, 'en', 'x').markup);
    const badges = drawn(part)
      .filter(({ attributes }) => attributes['class'] === 'badge')
      .map(({ attributes }) => [
        Number(attributes['x']),
        Number(attributes['y']),
        Number(attributes['width']),
      ]);
    expect(badges).toHaveLength(30);
    for (const [index, [x = 0, y = 0]] of badges.entries()) {
      for (const [otherX = 0, otherY = 0, width = 0] of badges.slice(0, index)) {
        expect(y !== otherY || x >= otherX + width || x + width <= otherX).toBe(true);
      }
    }
    const keys = elements
      .filter(({ attributes }) => attributes['class'] === 'sign letter')
      .map(({ text }) => text);
    expect([keys[0], keys[25], keys[26], keys[29]]).toEqual(['A', 'Z', 'AA', 'AD']);
  });
});
