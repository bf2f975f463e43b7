// One part of a section in one language: charts in both widths, each with its legend and its table.

import { barsDrawing, barsLegend, barsTable } from './chart/bars.ts';
import { curvesDrawing, curvesLegend, curvesTable } from './chart/curves.ts';
import { histogramDrawing, histogramLegend, histogramTable } from './chart/histogram.ts';
import { type Drawing, image, type Sheet, type Size } from './chart/paper.ts';
import { timelineDrawing, timelineLegend } from './chart/timeline.ts';
import { timelineEvents, timelineTable } from './chart/timeline-table.ts';
import { tornadoDrawing, tornadoLegend, tornadoTable } from './chart/tornado.ts';
import type { FiguresPart, Language, MapPart, Part, PromisesPart, Words } from './document.ts';
import { regionMap } from './map/region-map.ts';
import { html, type Markup, trusted } from './markup.ts';
import { check, cross } from './sign.ts';
import { table, tableSheet, type Sheet as TableSheet } from './table.ts';
import { isWords, wordsIn } from './text/language.ts';
import { measure, quantity } from './text/quantity.ts';
import { STATES, TERMS } from './text/vocabulary.ts';

const SIZES: readonly Size[] = ['wide', 'narrow'];
/** Longer tables beside charts are folded on the screen; in print all are open. */
const ROWS_OPEN = 12;

type ChartPart = Exclude<Part, { kind: 'table' | 'figures' | 'promises' | 'map' }>;

interface Chart {
  readonly caption: Words;
  readonly legend: Markup;
  readonly tables: readonly TableSheet[];
  readonly draw: (sheet: Sheet) => Drawing;
}

/** `id` begins every id inside. */
export function partMarkup(part: Part, language: Language, id: string): Markup {
  switch (part.kind) {
    case 'table':
      return html`<div class="part">${table(tableSheet(part, language), `${id}-caption`)}</div>\n`;
    case 'figures':
      return figures(part, language);
    case 'promises':
      return promises(part, language, id);
    case 'map':
      return map(part, language, id);
    default:
      return figure(chartOf(part, language), language, id);
  }
}

function chartOf(part: ChartPart, language: Language): Chart {
  const { caption } = part;
  if (part.kind === 'timeline') {
    const events = timelineEvents(part, language);
    return {
      caption,
      legend: timelineLegend(part, language),
      tables: [...(events === null ? [] : [events]), timelineTable(part, language)],
      draw: (sheet) => timelineDrawing(part, sheet),
    };
  }
  if (part.kind === 'histogram') {
    return {
      caption,
      legend: histogramLegend(part, language),
      tables: [histogramTable(part, language)],
      draw: (sheet) => histogramDrawing(part, sheet),
    };
  }
  if (part.kind === 'bars') {
    return {
      caption,
      legend: barsLegend(part, language),
      tables: [barsTable(part, language)],
      draw: (sheet) => barsDrawing(part, sheet),
    };
  }
  if (part.kind === 'tornado') {
    return {
      caption,
      legend: tornadoLegend(language),
      tables: [tornadoTable(part, language)],
      draw: (sheet) => tornadoDrawing(part, sheet),
    };
  }
  return {
    caption,
    legend: curvesLegend(part, language),
    tables: [curvesTable(part, language)],
    draw: (sheet) => curvesDrawing(part, sheet),
  };
}

function figure(chart: Chart, language: Language, id: string): Markup {
  const caption = wordsIn(language, chart.caption);
  const description = chart.tables.map((each) => each.caption).join('. ');
  const drawings = SIZES.map((size) => {
    const sheet = { language, size, id: `${id}-${size}` };
    return image(sheet, caption, description, chart.draw(sheet));
  });
  return html`<figure class="part"><figcaption>${caption}</figcaption>${drawings}${chart.legend}</figure>
${chart.tables.map((sheet, at) => beside(sheet, language, `${id}-table-${at}`))}`;
}

function beside(sheet: TableSheet, language: Language, id: string): Markup {
  const open = sheet.rows.length <= ROWS_OPEN;
  return html`<details class="beside"${open && html` open`}><summary>${sheet.summary ?? wordsIn(language, TERMS.table)}</summary>${table(sheet, id)}</details>\n`;
}

function figures({ figures: list }: FiguresPart, language: Language): Markup {
  const cards = list.map(({ label, value, unit = 'number', note }) => {
    const isInterval = typeof value === 'object' && value !== null && !isWords(value);
    const big = isInterval ? quantity(value.value, unit, language) : measure(value, unit, language);
    const between =
      isInterval &&
      html`<dd class="between">${quantity(value.low, unit, language)}\u00a0– ${quantity(value.high, unit, language)}</dd>`;
    return html`<div class="figure"><dt>${wordsIn(language, label)}</dt><dd class="big">${big}</dd>${between}${note !== undefined && html`<dd class="note">${wordsIn(language, note)}</dd>`}</div>`;
  });
  return html`<dl class="part figures by-${columnsFor(list.length)}">${cards}</dl>\n`;
}

/** Rows as full as can be: five stand as three and two, seven as four and three. */
function columnsFor(number: number): number {
  if (number <= 4) return Math.max(2, number);
  return number % 4 === 0 || number > 6 ? 4 : 3;
}

function promises(part: PromisesPart, language: Language, id: string): Markup {
  const term = (name: keyof typeof TERMS) => wordsIn(language, TERMS[name]);
  const sheet: TableSheet = {
    caption: wordsIn(language, part.caption),
    columns: (['promise', 'outcome', 'detail'] as const).map((name) => ({
      title: term(name),
      align: 'start',
    })),
    rows: part.rows.map(({ name, kept, detail }) => [
      wordsIn(language, name),
      html`<span class="outcome ${kept ? 'kept' : 'broken'}">${kept ? check() : cross()} ${term(kept ? 'kept' : 'broken')}</span>`,
      wordsIn(language, detail),
    ]),
  };
  return html`<div class="part promises">${table(sheet, `${id}-caption`)}</div>\n`;
}

function map(part: MapPart, language: Language, id: string): Markup {
  const caption = wordsIn(language, part.caption);
  const maps = SIZES.map((size) => trusted(regionMap(part.sites, language, { id: `${id}-${size}`, size })));
  const term = (name: keyof typeof TERMS) => wordsIn(language, TERMS[name]);
  const sheet: TableSheet = {
    caption,
    columns: (['site', 'hoster', 'state', 'note'] as const).map((name) => ({
      title: term(name),
      align: 'start',
    })),
    rows: part.sites.map(({ name, hoster, state, note }) => [
      name,
      hoster ?? '',
      wordsIn(language, STATES[state]),
      note === undefined ? '' : wordsIn(language, note),
    ]),
  };
  return html`<figure class="part"><figcaption>${caption}</figcaption>${maps}</figure>
${beside(sheet, language, `${id}-table`)}`;
}
