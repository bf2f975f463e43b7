// Curves over any axis, each with the band its values lie in.

import type { Axis, CurvePoint, CurvesPart, Language } from '../document.ts';
import { html, type Markup } from '../markup.ts';
import { colon, wordsIn } from '../text/language.ts';
import { count } from '../text/number.ts';
import { measure, quantity } from '../text/quantity.ts';
import { TERMS, thinned } from '../text/vocabulary.ts';
import type { Sheet as TableSheet } from '../table.ts';
import { inkClass, legend } from './ink.ts';
import { lineThrough } from './lines.ts';
import {
  axisUnit,
  bottomAxis,
  type Drawing,
  leftAxis,
  logTick,
  placed,
  type Plot,
  type Sheet,
  text,
  widest,
  WIDTHS,
  withUnit,
} from './paper.ts';
import { type Domain, extent, isDrawn, logTicks, place, type Place, roundTicks } from './scale.ts';
import { thinTimes, union } from './thinning.ts';

const HEIGHT = { wide: 320, narrow: 260 } as const;
const TABLE_ROWS_MAX = 25;

interface ReadyAxis {
  readonly at: Place;
  readonly domain: Domain;
  readonly ticks: readonly number[];
  readonly title: string;
  readonly write: (value: number) => string;
}

function ready(axis: Axis, values: readonly (number | undefined)[], wanted: number, language: Language) {
  const title = wordsIn(language, axis.title);
  if (axis.scale === 'log') {
    const { domain, ticks } = logTicks(extent(values, 'log'), wanted);
    return { domain, ticks, title, write: (value: number) => logTick(value, axis.unit, language) };
  }
  const range = extent(values) ?? { from: 0, to: 1 };
  const unit = axisUnit(axis.unit, Math.max(Math.abs(range.from), Math.abs(range.to)), language);
  // Zero is shown unless all values are far from it, as shares near one are.
  const near = range.from > 0 && range.from > range.to * 0.5 ? range.from : Math.min(0, range.from);
  const { domain, ticks } = roundTicks({ from: near / unit.divisor, to: range.to / unit.divisor }, wanted);
  return {
    domain: { from: domain.from * unit.divisor, to: domain.to * unit.divisor },
    ticks: ticks.map((tick) => tick * unit.divisor),
    title: withUnit(title, unit.name),
    write: unit.write,
  };
}

export function curvesDrawing(part: CurvesPart, sheet: Sheet): Drawing {
  const { language, size } = sheet;
  const points = part.series.flatMap((series) => series.points);
  const yAxis = ready(
    part.y,
    points.flatMap(({ y, low, high }) => [y, low, high]),
    size === 'wide' ? 7 : 5,
    language,
  );
  const xAxis = ready(
    part.x,
    points.map(({ x }) => x),
    size === 'wide' ? 9 : 4,
    language,
  );
  const plot: Plot = {
    left: Math.max(30, widest(yAxis.ticks.map(yAxis.write)) + 10),
    right: WIDTHS[size] - 14,
    top: 28,
    bottom: 28 + HEIGHT[size],
  };
  const x: ReadyAxis = {
    ...xAxis,
    at: place(xAxis.domain, { from: plot.left, to: plot.right }, part.x.scale),
  };
  const y: ReadyAxis = {
    ...yAxis,
    at: place(yAxis.domain, { from: plot.bottom, to: plot.top }, part.y.scale),
  };
  const isSeen = (point: CurvePoint) => isDrawn(point.x, part.x.scale) && isDrawn(point.y, part.y.scale);
  const drawn = part.series.map((series, ink) => {
    const inOrder = [...series.points]
      .filter((point) => isDrawn(point.x, part.x.scale))
      .sort((a, b) => a.x - b.x);
    const spots = inOrder.map((point) => (isSeen(point) ? ([x.at(point.x), y.at(point.y)] as const) : null));
    return html`${band(part, inOrder.filter(isSeen), ink, { x, y })}${lineThrough(spots, ink, { dashed: true })}`;
  });
  return {
    height: plot.bottom + 40,
    body: html`${text(0, 14, yAxis.title, 'start', 'axis-title')}${leftAxis(plot, placed(yAxis.ticks, y.at, y.write))}${bottomAxis(plot, placed(xAxis.ticks, x.at, x.write), { grid: true, widthMax: WIDTHS[size] })}${drawn}${text(plot.right, plot.bottom + 34, xAxis.title, 'end', 'axis-title')}`,
  };
}

function band(
  part: CurvesPart,
  points: readonly CurvePoint[],
  ink: number,
  { x, y }: { readonly x: ReadyAxis; readonly y: ReadyAxis },
): Markup {
  if (!points.some(({ low, high }) => low !== undefined || high !== undefined)) return html``;
  const at = (value: number) => y.at(isDrawn(value, part.y.scale) ? value : y.domain.from);
  const spot = ({ x: across }: CurvePoint, value: number) =>
    `${x.at(across).toFixed(1)} ${at(value).toFixed(1)}`;
  const over = points.map((point) => spot(point, point.high ?? point.y));
  const under = points.map((point) => spot(point, point.low ?? point.y)).toReversed();
  return html`<path class="band ${inkClass(ink)}" d="M${[...over, ...under].join('L')}Z"/>`;
}

export function curvesLegend(part: CurvesPart, language: Language): Markup {
  if (part.series.length < 2) return html``;
  return legend(
    part.series.map(({ name }, ink) => ({ name: wordsIn(language, name), ink, swatch: 'dashed' })),
  );
}

export function curvesTable(part: CurvesPart, language: Language): TableSheet {
  const all = union(part.series.map(({ points }) => points.map(({ x }) => x)));
  const shown = thinTimes(all, TABLE_ROWS_MAX);
  const note =
    shown.length < all.length
      ? ` (${wordsIn(language, thinned(shown.length, count(all.length, language)))})`
      : '';
  const maps = part.series.map(({ points }) => new Map(points.map((point) => [point.x, point])));
  const cell = (point: CurvePoint | undefined) => {
    if (point === undefined) return quantity(null, part.y.unit, language);
    const { y, low = y, high = y } = point;
    return measure(low === y && high === y ? y : { value: y, low, high }, part.y.unit, language);
  };
  const range = part.series.map(({ points }) => extent(points.map(({ y }) => y)));
  return {
    caption: `${wordsIn(language, part.caption)}${colon(language)}${wordsIn(language, part.y.title)}${note}`,
    summary: `${wordsIn(language, TERMS.table)}${note}`,
    columns: [
      { title: wordsIn(language, part.x.title), align: 'end' },
      ...part.series.map(({ name }) => ({ title: wordsIn(language, name), align: 'end' as const })),
    ],
    rows: shown.map((x) => [quantity(x, part.x.unit, language), ...maps.map((map) => cell(map.get(x)))]),
    foot: footOf(part, range, language),
  };
}

function footOf(part: CurvesPart, ranges: readonly (Domain | null)[], language: Language) {
  const row = (name: keyof typeof TERMS, end: 'from' | 'to') => [
    wordsIn(language, TERMS[name]),
    ...ranges.map((range) => quantity(range?.[end] ?? null, part.y.unit, language)),
  ];
  return [row('lowest', 'from'), row('highest', 'to')];
}
