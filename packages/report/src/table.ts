// Tables: the ones that documents bring, and those beside charts. Numbers end-aligned, headers scoped, wide ones scroll in
// their own box.

import type { Cell, Language, TablePart } from './document.ts';
import { html, type Content, type Markup } from './markup.ts';
import { wordsIn } from './text/language.ts';
import { measure } from './text/quantity.ts';
import { textWidth } from './text/width.ts';

/** A table in one language, every number written out. */
export interface Sheet {
  readonly caption: string;
  /** Of a folded table: what is left to say beside the chart's caption. "Table" without it. */
  readonly summary?: string;
  readonly columns: readonly Heading[];
  readonly rows: readonly (readonly Content[])[];
  /** Rows about the whole column. */
  readonly foot?: readonly (readonly Content[])[];
}

export interface Heading {
  readonly title: string;
  readonly align: 'start' | 'end';
}

/**
 * In print nothing scrolls: a table is set in the largest of these sizes in which its longest words fit the page, A4 less its
 * margins; the last one breaks words where it must.
 */
const PRINT_SIZES: readonly (readonly [ems: number, name: string])[] = [
  [60, ''],
  [72, ' fine'],
  [84, ' finer'],
  [Number.POSITIVE_INFINITY, ' finest'],
];
/** Between two columns. */
const GAP_EMS = 1.2;
/** Up to here a table seldom scrolls on a phone, and its first column may be as narrow as it likes. */
const COLUMNS_FEW = 3;

/** Up to here a table is not parted between two pages. */
const ROWS_TOGETHER = 15;

/** A sign and its word. */
const MARKUP_EMS = 8;

/** A word longer than this (a hash, a path) may be broken anywhere: it would widen its column past the page. */
const WORD_MAX = 22;

export function tableSheet(part: TablePart, language: Language): Sheet {
  return {
    caption: wordsIn(language, part.caption),
    columns: part.columns.map(({ title, unit, align }) => ({
      title: wordsIn(language, title),
      align: align ?? (unit === undefined ? 'start' : 'end'),
    })),
    rows: part.rows.map((row) =>
      part.columns.map(({ unit }, at) => written(row[at] ?? null, unit, language)),
    ),
  };
}

function written(cell: Cell, unit: TablePart['columns'][number]['unit'], language: Language): string {
  return measure(cell, unit ?? 'number', language);
}

export function table({ caption, columns, rows, foot }: Sheet, id: string): Markup {
  const classOf = (at: number, content: Content) => {
    const names = [columns[at]?.align === 'end' ? 'end' : '', hasLongWord(content) ? 'long' : ''].filter(
      Boolean,
    );
    return names.length > 0 && html` class="${names.join(' ')}"`;
  };
  const cell = (content: Content, at: number) =>
    at === 0
      ? html`<th scope="row"${classOf(at, content)}>${content}</th>`
      : html`<td${classOf(at, content)}>${content}</td>`;
  const tr = (row: readonly Content[]) => html`<tr>${columns.map((_, at) => cell(row[at] ?? '', at))}</tr>\n`;
  const heads = columns.map(({ title }, at) => html`<th scope="col"${classOf(at, title)}>${title}</th>`);
  const words = columns.map(({ title }, at) => {
    const cells: readonly Content[] = [
      title,
      ...rows.map((row) => row[at] ?? ''),
      ...(foot ?? []).map((row) => row[at] ?? ''),
    ];
    return Math.max(...cells.map(longestWord));
  });
  const ems = words.reduce((sum, each) => sum + each + GAP_EMS, 0);
  const size = PRINT_SIZES.find(([most]) => ems <= most)?.[1] ?? '';
  const columnsSize = columns.length > COLUMNS_FEW ? 'several' : 'few';
  return html`<div class="scroll${rows.length <= ROWS_TOGETHER ? ' short' : ''}" tabindex="0" role="group" aria-labelledby="${id}"><table class="${columnsSize}${size}"><caption id="${id}">${caption}</caption><thead><tr>${heads}</tr></thead>
<tbody>${rows.map(tr)}</tbody>${foot !== undefined && html`<tfoot>${foot.map(tr)}</tfoot>`}</table></div>`;
}

/** In em. Words that may be broken anywhere need little. */
function longestWord(content: Content): number {
  if (Array.isArray(content)) return content.reduce<number>((sum, each) => sum + longestWord(each), 0);
  if (typeof content !== 'string') return MARKUP_EMS;
  if (hasLongWord(content)) return 0;
  return Math.max(...content.split(' ').map((word) => textWidth(word, 1)));
}

function hasLongWord(content: Content): boolean {
  if (Array.isArray(content)) return content.some(hasLongWord);
  return typeof content === 'string' && content.split(/[\s-]/).some((word) => word.length > WORD_MAX);
}
