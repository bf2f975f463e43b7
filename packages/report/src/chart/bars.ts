// Lying bars, series side by side in each group, their values written at their ends; on a log scale, where a bar's length
// would mean nothing, dots with their intervals.

import type { BarsPart, Interval, Language, Measure } from '../document.ts';
import { html, type Markup } from '../markup.ts';
import { isWords, wordsIn } from '../text/language.ts';
import { measure, quantity } from '../text/quantity.ts';
import { TERMS } from '../text/vocabulary.ts';
import { wrap } from '../text/width.ts';
import type { Sheet as TableSheet } from '../table.ts';
import { hatching, inkClass, legend, marker } from './ink.ts';
import {
  axisUnit,
  bottomAxis,
  type Drawing,
  FONT,
  logTick,
  placed,
  type Plot,
  type Sheet,
  text,
  tip,
  widest,
  WIDTHS,
} from './paper.ts';
import {
  type Domain,
  extent,
  isDrawn,
  linearTicks,
  logTicks,
  place,
  type Place,
  roundTicks,
} from './scale.ts';

const BAR = 16;
const GAP = 12;
const GUTTER_MAX = 230;

function interval(value: Measure | undefined): Interval | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'number' ? { value, low: value, high: value } : value;
}

export interface LyingAxis {
  readonly domain: Domain;
  readonly ticks: readonly number[];
  readonly title: string;
  readonly write: (value: number) => string;
}

/** The value axis of lying bars: over powers of ten, or linear, then holding zero where bars grow from it. */
export function lyingAxis(
  values: readonly number[],
  of: Pick<BarsPart, 'unit' | 'scale'> & { readonly withZero: boolean },
  { language, size }: Sheet,
): LyingAxis {
  const wanted = size === 'wide' ? 7 : 3;
  if (of.scale === 'log') {
    const { domain, ticks } = logTicks(extent(values, 'log'), wanted);
    return { domain, ticks, title: '', write: (value) => logTick(value, of.unit, language) };
  }
  const range = extent(values) ?? { from: 0, to: 1 };
  const axis = axisUnit(of.unit, Math.max(Math.abs(range.from), Math.abs(range.to)), language);
  const ticksFor = of.withZero ? linearTicks : roundTicks;
  const round = ticksFor({ from: range.from / axis.divisor, to: range.to / axis.divisor }, wanted);
  return {
    domain: { from: round.domain.from * axis.divisor, to: round.domain.to * axis.divisor },
    ticks: round.ticks.map((tick) => tick * axis.divisor),
    title: axis.name,
    write: axis.write,
  };
}

/** Names stand in a gutter on the wide sheet, and over their bars on the narrow one. */
export function gutter(names: readonly string[], sheet: Sheet): number {
  return sheet.size === 'narrow' ? 2 : Math.min(GUTTER_MAX, widest(names) + 14);
}

/** A name beside (or over) bars that take `height` from `top`; how far down the bars begin, and how far all reaches. */
export function namedRow(
  options: { readonly name: string; readonly top: number; readonly height: number; readonly left: number },
  sheet: Sheet,
): { readonly barsTop: number; readonly bottom: number; readonly drawn: Markup } {
  const { name, top, height, left } = options;
  if (sheet.size === 'narrow') {
    const lines = wrap(name, WIDTHS.narrow - 4, FONT);
    const drawn = lines.map((each, at) => text(2, top + 12 + at * 15, each, 'start', 'name'));
    const barsTop = top + lines.length * 15 + 3;
    return { barsTop, bottom: barsTop + height, drawn: html`${drawn}` };
  }
  const lines = wrap(name, left - 12, FONT);
  const needed = lines.length * 15;
  const all = Math.max(height, needed);
  const first = top + (all - needed) / 2 + 12;
  const drawn = lines.map((each, at) => text(left - 10, first + at * 15, each, 'end', 'name'));
  return { barsTop: top + (all - height) / 2, bottom: top + all, drawn: html`${drawn}` };
}

export function barsDrawing(part: BarsPart, sheet: Sheet): Drawing {
  const { language, size } = sheet;
  const all = part.groups.flatMap(({ values }) => part.series.map((_, series) => interval(values[series])));
  const numbers = all.flatMap((each) => (each === null ? [] : [each.value, each.low, each.high]));
  const axis = lyingAxis(numbers, { ...part, withZero: true }, sheet);
  const left = gutter(
    part.groups.map(({ name }) => wordsIn(language, name)),
    sheet,
  );
  const room = widest(all.map((each) => valueLabel(each, part, language))) + 10;
  const right = WIDTHS[size] - Math.min(room, 150);
  const x = place(axis.domain, { from: left, to: right }, part.scale);
  let top = 6;
  const rows: Markup[] = [];
  for (const { name, values } of part.groups) {
    const written = wordsIn(language, name);
    const row = namedRow({ name: written, top, height: part.series.length * BAR, left }, sheet);
    rows.push(row.drawn);
    part.series.forEach((title, series) => {
      const what = part.series.length > 1 ? `${written} · ${wordsIn(language, title)}` : written;
      const on: Row = { y: row.barsTop + series * BAR, left, series, x, what };
      rows.push(barRow(part, values[series] ?? null, on, language));
    });
    top = row.bottom + GAP;
  }
  const plot: Plot = { left, right, top: 0, bottom: top };
  const ticks = bottomAxis(plot, placed(axis.ticks, x, axis.write), { grid: true, widthMax: WIDTHS[size] });
  const title = axis.title !== '' && text(right, top + 34, axis.title, 'end', 'axis-title');
  return { height: top + (axis.title === '' ? 24 : 40), body: html`${ticks}${title}${rows}` };
}

/** At a bar's end; a unit of the document's own stands under the axis, and need not be said again. */
function valueLabel(of: Interval | null, { unit, scale }: BarsPart, language: Language): string {
  return quantity(of?.value ?? null, isWords(unit) && scale !== 'log' ? 'number' : unit, language);
}

interface Row {
  readonly y: number;
  readonly left: number;
  readonly series: number;
  readonly x: Place;
  readonly what: string;
}

function barRow(
  part: BarsPart,
  measured: Measure,
  { y, left, series, x, what }: Row,
  language: Language,
): Markup {
  const of = interval(measured);
  const middle = y + BAR / 2;
  const label = valueLabel(of, part, language);
  const on = (value: number) => (isDrawn(value, part.scale) ? x(value) : null);
  const at = of === null ? null : on(of.value);
  const low = of === null ? null : on(of.low);
  const high = of === null ? null : on(of.high);
  const zero = part.scale === 'log' ? left : x(0);
  // An interval that begins at nothing has no place on a log scale: it is drawn from the edge.
  const whisker = high !== null && of !== null && of.high > of.low && [low ?? left, high];
  const end = Math.max(zero, at ?? zero, high ?? zero);
  return html`<g class="${inkClass(series)}">${tip(`${what}: ${measure(measured, part.unit, language)}`)}${
    part.scale !== 'log' &&
    at !== null &&
    html`<rect class="area" fill="${hatching(series)}" x="${Math.min(at, zero)}" y="${y + 2}" width="${Math.max(0.5, Math.abs(at - zero))}" height="${BAR - 4}"/>`
  }${whisker && html`<path class="whisker" d="M${whisker[0] ?? 0} ${middle}H${whisker[1] ?? 0}M${whisker[0] ?? 0} ${middle - 4}v8M${whisker[1] ?? 0} ${middle - 4}v8"/>`}${
    part.scale === 'log' && at !== null && marker(series, at, middle, 4.4)
  }${text(end + 7, middle + 4, label, 'start', 'value')}</g>`;
}

export function barsLegend(part: BarsPart, language: Language): Markup {
  if (part.series.length < 2) return html``;
  const swatch = part.scale === 'log' ? 'line' : 'area';
  return legend(part.series.map((name, ink) => ({ name: wordsIn(language, name), ink, swatch })));
}

export function barsTable(part: BarsPart, language: Language): TableSheet {
  return {
    caption: wordsIn(language, part.caption),
    columns: [
      { title: wordsIn(language, part.groupTitle ?? TERMS.item), align: 'start' },
      ...part.series.map((title) => ({ title: wordsIn(language, title), align: 'end' as const })),
    ],
    rows: part.groups.map(({ name, values }) => [
      wordsIn(language, name),
      ...part.series.map((_, series) => measure(values[series] ?? null, part.unit, language)),
    ]),
  };
}
