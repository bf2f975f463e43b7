// Which assumption matters most: for each, two thin bars from the base result to the results at the assumption's low and
// high ends. One above the other, so that they never cover each other, even when both ends move the result the same way.

import type { Language, TornadoPart, TornadoRow } from '../document.ts';
import { html, type Markup } from '../markup.ts';
import { colon, wordsIn } from '../text/language.ts';
import { quantity } from '../text/quantity.ts';
import { TERMS } from '../text/vocabulary.ts';
import { clip, textWidth } from '../text/width.ts';
import type { Sheet as TableSheet } from '../table.ts';
import { gutter, lyingAxis, namedRow } from './bars.ts';
import { hatching, inkClass, legend } from './ink.ts';
import {
  bottomAxis,
  type Drawing,
  FONT,
  line,
  placed,
  type Plot,
  type Sheet,
  text,
  tip,
  WIDTHS,
} from './paper.ts';
import { isDrawn, place, type Place } from './scale.ts';

const BAR = 15;
const GAP = 12;
const LABEL_MAX = { wide: 130, narrow: 100 } as const;

/** Longest first; rows that cannot be drawn come last, in their order. */
function sorted(part: TornadoPart): readonly TornadoRow[] {
  const swing = ({ low, high }: TornadoRow) => {
    const ends = [low, high, part.base].filter((each) => isDrawn(each, part.scale));
    const of = part.scale === 'log' ? Math.log10 : (value: number) => value;
    return ends.length < 2 ? -1 : of(Math.max(...ends)) - of(Math.min(...ends));
  };
  return part.rows
    .map((row) => ({ row, size: swing(row) }))
    .sort((a, b) => b.size - a.size)
    .map(({ row }) => row);
}

export function tornadoDrawing(part: TornadoPart, sheet: Sheet): Drawing {
  const { language, size } = sheet;
  const rows = sorted(part);
  const values = [part.base, ...rows.flatMap(({ low, high }) => [low, high])];
  // A swing is read against the base, so the axis hugs the results and need not hold zero.
  const axis = lyingAxis(values, { ...part, withZero: false }, sheet);
  const left = gutter(
    rows.map(({ name }) => wordsIn(language, name)),
    sheet,
  );
  const labels = rows.flatMap(({ lowLabel, highLabel }) => [lowLabel, highLabel]);
  const widestLabel = Math.max(0, ...labels.map((label) => textWidth(wordsIn(language, label), FONT)));
  const room = Math.min(widestLabel, LABEL_MAX[size]) + 10;
  const plot = { left: left + room, right: WIDTHS[size] - room };
  const x = place(axis.domain, { from: plot.left, to: plot.right }, part.scale);
  const base = isDrawn(part.base, part.scale) ? x(part.base) : plot.left;
  let top = 22;
  const bodies: Markup[] = [];
  for (const row of rows) {
    const named = namedRow({ name: wordsIn(language, row.name), top, height: 2 * BAR, left }, sheet);
    const on = { x, base, room: room - 10, y: named.barsTop };
    bodies.push(named.drawn, end(part, row, 'low', on, language), end(part, row, 'high', on, language));
    top = named.bottom + GAP;
  }
  const sheetPlot: Plot = { ...plot, top: 18, bottom: top };
  const ticks = bottomAxis(sheetPlot, placed(axis.ticks, x, axis.write), {
    grid: true,
    widthMax: WIDTHS[size],
  });
  const baseLabel = `${wordsIn(language, TERMS.base)}${colon(language)}${quantity(part.base, part.unit, language)}`;
  const half = textWidth(baseLabel, FONT) / 2;
  const labelX = Math.min(Math.max(base, half), WIDTHS[size] - half);
  return {
    height: top + (axis.title === '' ? 24 : 40),
    body: html`${ticks}${axis.title !== '' && text(plot.right, top + 34, axis.title, 'end', 'axis-title')}${line(base, 18, base, top, 'base')}${text(labelX, 12, baseLabel, 'middle', 'value')}${bodies}`,
  };
}

function end(
  part: TornadoPart,
  row: TornadoRow,
  which: 'low' | 'high',
  on: { readonly x: Place; readonly base: number; readonly room: number; readonly y: number },
  language: Language,
): Markup {
  const value = row[which];
  const label = wordsIn(language, which === 'low' ? row.lowLabel : row.highLabel);
  const series = which === 'low' ? 1 : 0;
  const y = on.y + (which === 'low' ? 0 : BAR);
  const at = isDrawn(value, part.scale) ? on.x(value) : on.base;
  const rightwards = at >= on.base;
  const written = clip(label, Math.max(20, on.room), FONT);
  return html`<g class="${inkClass(series)}">${tip(`${wordsIn(language, row.name)}, ${label}: ${quantity(value, part.unit, language)}`)}<rect class="area" fill="${hatching(series)}" x="${Math.min(at, on.base)}" y="${y + 1.5}" width="${Math.max(1, Math.abs(at - on.base))}" height="${BAR - 3}"/>${text(rightwards ? at + 6 : at - 6, y + 11.5, written, rightwards ? 'start' : 'end', 'value')}</g>`;
}

export function tornadoLegend(language: Language): Markup {
  return legend([
    { name: wordsIn(language, TERMS.lowEnd), ink: 1, swatch: 'area' },
    { name: wordsIn(language, TERMS.highEnd), ink: 0, swatch: 'area' },
  ]);
}

export function tornadoTable(part: TornadoPart, language: Language): TableSheet {
  const title = (name: keyof typeof TERMS, align: 'start' | 'end' = 'end') => ({
    title: wordsIn(language, TERMS[name]),
    align,
  });
  return {
    caption: wordsIn(language, part.caption),
    columns: [
      title('assumption', 'start'),
      title('atLow'),
      title('resultAtLow'),
      title('atHigh'),
      title('resultAtHigh'),
    ],
    rows: sorted(part).map((row) => [
      wordsIn(language, row.name),
      wordsIn(language, row.lowLabel),
      quantity(row.low, part.unit, language),
      wordsIn(language, row.highLabel),
      quantity(row.high, part.unit, language),
    ]),
    foot: [
      [
        wordsIn(language, TERMS.base),
        '',
        quantity(part.base, part.unit, language),
        '',
        quantity(part.base, part.unit, language),
      ],
    ],
  };
}
