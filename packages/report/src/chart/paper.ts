// The sheet a chart is drawn on: its two widths (a desk or a page of print, and a phone), texts, axes, grid.
// Breaks when a chart writes outside of `plot` without having left room for it.

import type { Language, Unit } from '../document.ts';
import { html, type Markup } from '../markup.ts';
import { isWords, THIN, wordsIn } from '../text/language.ts';
import { decimal, scientific } from '../text/number.ts';
import {
  byteLetter,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  prefixFor,
  quantity,
  SECOND_MS,
  YEAR_MS,
} from '../text/quantity.ts';
import { textWidth } from '../text/width.ts';
import type { Place } from './scale.ts';

export const FONT = 12;

const EDGE_SHIFT_MAX = 24;

/** Widths in the drawing's own unit, which is about a pixel where the chart is shown. */
export const WIDTHS = { wide: 800, narrow: 358 } as const;

export type Size = keyof typeof WIDTHS;

export interface Sheet {
  readonly language: Language;
  readonly size: Size;
  /** Begins every id of the drawing. */
  readonly id: string;
}

export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Drawing {
  readonly height: number;
  readonly body: Markup;
}

/** The drawing as an image with a name and a description for those who do not see it. */
export function image(sheet: Sheet, title: string, description: string, { height, body }: Drawing): Markup {
  const { id, size } = sheet;
  return html`<svg class="chart ${size}" role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${WIDTHS[size]} ${Math.ceil(height)}"><title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>${body}</svg>`;
}

export type Anchor = 'start' | 'middle' | 'end';

export function text(x: number, y: number, content: string, anchor: Anchor = 'start', kind = ''): Markup {
  return html`<text x="${x}" y="${y}"${anchor !== 'start' && html` text-anchor="${anchor}"`}${kind !== '' && html` class="${kind}"`}>${content}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): Markup {
  return html`<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

/** What the pointer is told where it rests. */
export function tip(content: string): Markup {
  return html`<title>${content}</title>`;
}

/** How an axis writes its numbers: divided by a prefix that suits the largest, whose name stands in the axis's title. */
export interface AxisUnit {
  readonly divisor: number;
  readonly name: string;
  readonly write: (value: number) => string;
}

export function axisUnit(unit: Unit, largest: number, language: Language): AxisUnit {
  const plain = (divisor: number, name: string): AxisUnit => ({
    divisor,
    name,
    write: (value) => decimal(value / divisor, language, 4),
  });
  if (isWords(unit)) return plain(1, wordsIn(language, unit));
  if (unit === 'share') return plain(0.01, '%');
  if (unit === 'per-second') return plain(1, '/s');
  if (unit === 'years') return plain(1, language === 'fr' ? 'ans' : 'years');
  if (unit === 'ms') {
    const [divisor, name] = durationUnit(largest, language);
    return plain(divisor, name);
  }
  if (unit === 'bytes' || unit === 'bytes-per-second') {
    const { divisor, prefix } = prefixFor(largest);
    return plain(divisor, `${prefix}${byteLetter(language)}${unit === 'bytes' ? '' : '/s'}`);
  }
  if (unit === 'probability')
    return { divisor: 1, name: '', write: (value) => quantity(value, unit, language) };
  return plain(1, '');
}

/** The largest unit of which `largest` has at least two. */
export function durationUnit(largest: number, language: Language): readonly [ms: number, name: string] {
  if (largest < 2 * SECOND_MS) return [1, 'ms'];
  if (largest < 2 * MINUTE_MS) return [SECOND_MS, 's'];
  if (largest < 2 * HOUR_MS) return [MINUTE_MS, 'min'];
  if (largest < 2 * DAY_MS) return [HOUR_MS, 'h'];
  if (largest < 2 * YEAR_MS) return [DAY_MS, language === 'fr' ? 'jours' : 'days'];
  return [YEAR_MS, language === 'fr' ? 'ans' : 'years'];
}

/** On a log scale ticks span too much for one prefix: powers of ten, or the quantity in full. */
export function logTick(value: number, unit: Unit, language: Language): string {
  if (
    unit === 'ms' ||
    unit === 'bytes' ||
    unit === 'bytes-per-second' ||
    unit === 'share' ||
    unit === 'years'
  )
    return quantity(value, unit, language);
  if (value >= 0.001 && value < 1e5) return decimal(value, language);
  return scientific(value, language, 1);
}

/** "Latency (ms)". */
export function withUnit(title: string, unit: string): string {
  if (title === '' || unit === '') return title + unit;
  return `${title}${THIN}(${unit})`.replace(THIN, ' ');
}

export interface AxisTick {
  readonly at: number;
  readonly label: string;
}

export function leftAxis(plot: Plot, ticks: readonly AxisTick[]): Markup {
  const rows = ticks.map(({ at, label }) => [
    line(plot.left, at, plot.right, at, 'grid'),
    text(plot.left - 6, at + 4, label, 'end', 'tick'),
  ]);
  return html`<g>${rows}</g>`;
}

/** Where labels would touch their neighbours only every second, third, … is written; the lines of all stay. */
export function bottomAxis(
  plot: Plot,
  ticks: readonly AxisTick[],
  options: { readonly grid: boolean; readonly widthMax: number },
): Markup {
  const spans = ticks.map(({ at, label }) => {
    const half = textWidth(label, FONT) / 2;
    // At the sheet's edge a label moves inwards.
    const x = Math.min(Math.max(at, half), options.widthMax - half);
    return { x, from: x - half - 3, to: x + half + 3, fits: Math.abs(x - at) <= EDGE_SHIFT_MAX };
  });
  let stride = 1;
  const touches = () => {
    const shown = spans.filter((_, at) => at % stride === 0);
    return shown.some(({ to }, at) => to > (shown[at + 1]?.from ?? to));
  };
  while (stride < ticks.length && touches()) stride += 1;
  const marks = ticks.map(({ at, label }, index) => {
    const { x = at, fits = false } = spans[index] ?? {};
    return [
      line(at, options.grid ? plot.top : plot.bottom, at, plot.bottom + 4, options.grid ? 'grid' : 'axis'),
      fits && index % stride === 0 && text(x, plot.bottom + 17, label, 'middle', 'tick'),
    ];
  });
  return html`<g>${marks}${line(plot.left, plot.bottom, plot.right, plot.bottom, 'axis')}</g>`;
}

export function placed(
  ticks: readonly number[],
  at: Place,
  write: (value: number) => string,
): readonly AxisTick[] {
  return ticks.map((tick) => ({ at: at(tick), label: write(tick) }));
}

export function widest(labels: readonly string[]): number {
  return labels.reduce((most, label) => Math.max(most, textWidth(label, FONT)), 0);
}
