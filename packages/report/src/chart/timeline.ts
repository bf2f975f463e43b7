// Values over time: one panel per unit over a common time axis, with what happened above them.

import type { Language, TimelinePart, TimelineSeries } from '../document.ts';
import { html, type Markup } from '../markup.ts';
import { colon, isWords, wordsIn } from '../text/language.ts';
import { decimal } from '../text/number.ts';
import { clock, day, DAY_MS, MINUTE_MS } from '../text/quantity.ts';
import { TERMS } from '../text/vocabulary.ts';
import { eventStrip } from './event-strip.ts';
import { legend, type LegendItem } from './ink.ts';
import { lineThrough } from './lines.ts';
import {
  axisUnit,
  bottomAxis,
  type Drawing,
  durationUnit,
  leftAxis,
  placed,
  type Plot,
  type Sheet,
  text,
  widest,
  WIDTHS,
  withUnit,
} from './paper.ts';
import { type Domain, extent, isDrawn, linearTicks, place, timeTicks } from './scale.ts';
import { type Point, thinPoints } from './thinning.ts';

/** Above each panel, and more between two of them. */
const TITLE_HEIGHT = 26;
const GAP = 8;
const PANEL_HEIGHT = { wide: 120, narrow: 110 } as const;

interface Panel {
  readonly title: string;
  readonly series: readonly {
    readonly of: TimelineSeries;
    readonly ink: number;
    readonly points: readonly Point[];
  }[];
}

function panelsOf(part: TimelinePart, language: Language): readonly Panel[] {
  const panels = new Map<string, { title: string; series: Panel['series'][number][] }>();
  for (const of of part.series) {
    const unit = isWords(of.unit) ? of.unit.en : of.unit;
    const key = of.panel === undefined ? `unit ${unit}` : `panel ${of.panel.en} ${unit}`;
    const panel = panels.get(key) ?? {
      title: of.panel === undefined ? '' : wordsIn(language, of.panel),
      series: [],
    };
    const points = of.points.filter(([ms]) => isDrawn(ms)).sort(([a], [b]) => a - b);
    panel.series.push({ of, ink: panel.series.length, points });
    panels.set(key, panel);
  }
  return [...panels.values()].map(({ title, series }) => ({
    title: title === '' && series.length === 1 ? wordsIn(language, series[0]?.of.name ?? '') : title,
    series,
  }));
}

function timesOf(part: TimelinePart): Domain {
  const times = [
    ...part.series.map(({ points }) => extent(points.map(([ms]) => ms))),
    extent((part.marks ?? []).map(({ atMs }) => atMs)),
    extent((part.spans ?? []).flatMap(({ fromMs, toMs }) => [fromMs, toMs])),
  ];
  const range = extent(times.flatMap((each) => (each === null ? [] : [each.from, each.to])));
  if (range === null) return { from: part.originMs ?? 0, to: (part.originMs ?? 0) + MINUTE_MS };
  return range.to > range.from
    ? range
    : { from: range.from, to: range.from + Math.max(1, Math.abs(range.from) * 1e-9) };
}

export function timelineDrawing(part: TimelinePart, sheet: Sheet): Drawing {
  const { language, size } = sheet;
  const panels = panelsOf(part, language).map((panel) => {
    const range = linearTicks(
      extent(panel.series.flatMap(({ points }) => points.map(([, value]) => value))),
      4,
    );
    const unit = panel.series[0]?.of.unit ?? 'number';
    const largest = Math.max(Math.abs(range.domain.from), Math.abs(range.domain.to));
    const axis = axisUnit(unit, largest, language);
    // Ticks are round in the axis's own unit: 15 min, not 16.7.
    const round = linearTicks(
      { from: range.domain.from / axis.divisor, to: range.domain.to / axis.divisor },
      4,
      unit === 'count' ? 1 : 0,
    );
    const ticks = round.ticks.map((tick) => tick * axis.divisor);
    const domain = { from: round.domain.from * axis.divisor, to: round.domain.to * axis.divisor };
    return { ...panel, axis, ticks, domain };
  });
  const left = Math.max(30, ...panels.map(({ axis, ticks }) => widest(ticks.map(axis.write)) + 10));
  const right = WIDTHS[size] - 10;
  const times = timesOf(part);
  const x = place(times, { from: left, to: right });
  const strip = eventStrip(part, language, x);
  const ticks = timeTicks(times, part.originMs ?? 0, size === 'wide' ? 9 : 4);
  const write = timeWriter(part, times, language);
  const grids: Markup[] = [];
  const lines: Markup[] = [];
  const titles: Markup[] = [];
  let bottom = strip.height;
  for (const panel of panels) {
    const top = bottom + TITLE_HEIGHT + (titles.length > 0 ? GAP : 0);
    const plot: Plot = { left, right, top, bottom: top + PANEL_HEIGHT[size] };
    const y = place(panel.domain, { from: plot.bottom, to: plot.top });
    const spotsOf = (points: readonly Point[]) =>
      thinPoints(points, (right - left) / 2).map(([ms, value]) =>
        isDrawn(value) ? ([x(ms), y(value)] as const) : null,
      );
    titles.push(text(0, top - 12, withUnit(panel.title, panel.axis.name), 'start', 'axis-title'));
    grids.push(
      leftAxis(plot, placed(panel.ticks, y, panel.axis.write)),
      bottomAxis(
        plot,
        placed(ticks, x, () => ''),
        { grid: true, widthMax: WIDTHS[size] },
      ),
    );
    lines.push(
      ...panel.series.map(({ of, ink, points }) =>
        lineThrough(spotsOf(points), ink, { step: of.step === true }),
      ),
    );
    bottom = plot.bottom;
  }
  const axis = bottomAxis({ left, right, top: bottom, bottom }, placed(ticks, x, write.tick), {
    grid: false,
    widthMax: WIDTHS[size],
  });
  return {
    height: bottom + 40,
    body: html`${grids}${axis}${strip.lines(bottom)}${lines}${titles}${strip.signs}${text(right, bottom + 34, write.title, 'end', 'axis-title')}`,
  };
}

interface TimeWriter {
  readonly title: string;
  readonly tick: (ms: number) => string;
}

function timeWriter(part: TimelinePart, times: Domain, language: Language): TimeWriter {
  const origin = part.originMs;
  if (origin !== undefined) {
    const largest = Math.max(Math.abs(times.to - origin), Math.abs(times.from - origin));
    const [unitMs, name] = durationUnit(largest, language);
    return {
      title: `${name} ${wordsIn(language, TERMS.since)}`,
      tick: (ms) => decimal((ms - origin) / unitMs, language, 4),
    };
  }
  const days = [day(times.from, language), day(times.to, language)];
  const title = `${wordsIn(language, TERMS.timeUtc)}, ${[...new Set(days)].join(' – ')}`;
  const long = times.to - times.from > 4 * DAY_MS;
  const brief = times.to - times.from < 10 * MINUTE_MS;
  return { title, tick: (ms) => (long ? shortDay(ms, language) : clock(ms, brief)) };
}

/** "23 Nov", or "23/11" in French, where months have no short form that all know. */
function shortDay(ms: number, language: Language): string {
  const [number = '', month = ''] = day(ms, language).split('\u00a0');
  if (language === 'en') return `${number} ${month.slice(0, 3)}`;
  const date = new Date(ms);
  return Number.isNaN(date.getTime())
    ? ''
    : `${date.getUTCDate()}/${String(date.getUTCMonth() + 1).padStart(2, '0')}`;
}

/** A panel with one series is named after it, and needs no legend. */
export function timelineLegend(part: TimelinePart, language: Language): Markup {
  const crowded = panelsOf(part, language).filter(({ series }) => series.length > 1);
  const items = crowded.flatMap(({ title, series }) =>
    series.map(({ of, ink }): LegendItem => {
      const name = wordsIn(language, of.name);
      return {
        name: crowded.length > 1 && title !== '' ? `${title}${colon(language)}${name}` : name,
        ink,
        swatch: 'line',
      };
    }),
  );
  return items.length === 0 ? html`` : legend(items);
}
