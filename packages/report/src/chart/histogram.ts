// Counts per bin as standing bars, groups side by side.

import type { HistogramPart, Language } from '../document.ts';
import { html, type Markup } from '../markup.ts';
import { wordsIn } from '../text/language.ts';
import { quantity } from '../text/quantity.ts';
import { textWidth } from '../text/width.ts';
import type { Sheet as TableSheet } from '../table.ts';
import { hatching, inkClass, legend } from './ink.ts';
import {
  axisUnit,
  bottomAxis,
  type Drawing,
  FONT,
  leftAxis,
  placed,
  type Plot,
  type Sheet,
  text,
  tip,
  widest,
  WIDTHS,
  withUnit,
} from './paper.ts';
import { extent, isDrawn, linearTicks, place } from './scale.ts';

const HEIGHT = { wide: 220, narrow: 190 } as const;
const BAR_MAX = 34;
/** One segment among millions is what the reader looks for: it stays visible. */
const BAR_HEIGHT_MIN = 2;

export function histogramDrawing(part: HistogramPart, sheet: Sheet): Drawing {
  const { language, size } = sheet;
  const unit = part.unit ?? 'count';
  const range = linearTicks(extent(part.groups.flatMap(({ counts }) => counts)), 5, unit === 'count' ? 1 : 0);
  const axis = axisUnit(unit, range.domain.to, language);
  const left = Math.max(30, widest(range.ticks.map(axis.write)) + 10);
  const plot: Plot = { left, right: WIDTHS[size] - 6, top: 40, bottom: 40 + HEIGHT[size] };
  const slot = (plot.right - plot.left) / Math.max(1, part.bins.length);
  const bar = Math.min(BAR_MAX, (slot * 0.84) / Math.max(1, part.groups.length));
  const y = place(range.domain, { from: plot.bottom, to: plot.top });
  const bars = part.bins.map((bin, at) =>
    part.groups.map(({ name, counts }, series) => {
      const value = counts[at];
      if (!isDrawn(value) || value === 0) return null;
      const label = quantity(value, unit, language);
      const x = plot.left + slot * (at + 0.5) + bar * (series - part.groups.length / 2);
      const height = Math.max(BAR_HEIGHT_MIN, Math.abs(y(value) - y(0)));
      const top = value < 0 ? y(0) : y(0) - height;
      const written = textWidth(label, FONT) <= Math.max(bar, part.groups.length === 1 ? slot - 4 : 0);
      return html`<g class="${inkClass(series)}">${tip(`${wordsIn(language, bin)} · ${wordsIn(language, name)}: ${label}`)}<rect class="area" fill="${hatching(series)}" x="${x}" y="${top}" width="${Math.max(1, bar - 1)}" height="${height}"/>${written && text(x + bar / 2, top - 4, label, 'middle', 'tick')}</g>`;
    }),
  );
  const names = part.bins.map((bin, at) => ({
    at: plot.left + slot * (at + 0.5),
    label: wordsIn(language, bin),
  }));
  return {
    height: plot.bottom + 42,
    body: html`${text(0, 14, withUnit(wordsIn(language, part.countTitle), axis.name), 'start', 'axis-title')}${leftAxis(plot, placed(range.ticks, y, axis.write))}${bars}${bottomAxis(plot, names, { grid: false, widthMax: WIDTHS[size] })}${text((plot.left + plot.right) / 2, plot.bottom + 36, wordsIn(language, part.binTitle), 'middle', 'axis-title')}`,
  };
}

export function histogramLegend(part: HistogramPart, language: Language): Markup {
  if (part.groups.length < 2) return html``;
  return legend(part.groups.map(({ name }, ink) => ({ name: wordsIn(language, name), ink, swatch: 'area' })));
}

export function histogramTable(part: HistogramPart, language: Language): TableSheet {
  return {
    caption: `${wordsIn(language, part.caption)} (${wordsIn(language, part.countTitle)})`,
    columns: [
      { title: wordsIn(language, part.binTitle), align: 'start' },
      ...part.groups.map(({ name }) => ({ title: wordsIn(language, name), align: 'end' as const })),
    ],
    rows: part.bins.map((bin, at) => [
      wordsIn(language, bin),
      ...part.groups.map(({ counts }) => quantity(counts[at] ?? null, part.unit ?? 'count', language)),
    ]),
  };
}
