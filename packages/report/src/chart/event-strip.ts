// What happened when, above the panels of a timeline: spans as bars with their name (or their number, where the name does
// not fit), marks as lettered badges with a line down through the panels. The key is a table. Nothing overlaps: what
// does not fit into a row goes to the next.

import type { Language, TimelinePart } from '../document.ts';
import { html, type Markup } from '../markup.ts';
import { colon, wordsIn } from '../text/language.ts';
import { TERMS } from '../text/vocabulary.ts';
import { textWidth } from '../text/width.ts';
import type { Sheet } from '../table.ts';
import { FONT, line, text, tip } from './paper.ts';
import { isDrawn, type Place } from './scale.ts';

const TOP = 2;
const ROW = 20;
const BADGE = 8;
/** Past these, badges are left out; their lines and the key stay. */
const MARK_ROWS_MAX = 5;
const SPAN_ROWS_MAX = 8;

/** A, B, … Z, AA, AB, … */
function letter(index: number): string {
  const first = index >= 26 ? letter(Math.floor(index / 26) - 1) : '';
  return first + String.fromCharCode(65 + (index % 26));
}

/** Puts each range into the first row where it touches nothing; its number, or -1 past `rowsMax`. */
function rowsFor(ranges: readonly (readonly [number, number])[], rowsMax: number): readonly number[] {
  const ends: number[] = [];
  return ranges.map(([from, to]) => {
    const row = ends.findIndex((end) => end <= from);
    const taken = row >= 0 ? row : ends.length;
    if (taken >= rowsMax) return -1;
    ends[taken] = to;
    return taken;
  });
}

const byTime = <T>(list: readonly T[], at: (each: T) => number) => [...list].sort((a, b) => at(a) - at(b));
const known = (...times: readonly number[]) => times.every((ms) => isDrawn(ms));

function eventsOf(part: TimelinePart) {
  const spans = byTime(
    (part.spans ?? []).filter(({ fromMs, toMs }) => known(fromMs, toMs)),
    ({ fromMs }) => fromMs,
  );
  const marks = byTime(
    (part.marks ?? []).filter(({ atMs }) => known(atMs)),
    ({ atMs }) => atMs,
  );
  return { spans, marks };
}

export interface Strip {
  readonly height: number;
  readonly signs: Markup;
  /** From the signs down through the panels, to be drawn under what the panels show. */
  readonly lines: (bottom: number) => Markup;
}

/** At the top of the sheet. */
export function eventStrip(part: TimelinePart, language: Language, at: Place): Strip {
  const { spans, marks } = eventsOf(part);
  const bars = spans.map(({ fromMs, toMs }) => [at(fromMs), Math.max(at(fromMs) + 2, at(toMs))] as const);
  const barRows = rowsFor(bars, SPAN_ROWS_MAX);
  const badges = marks.map(({ atMs }, index) => {
    const half = Math.max(BADGE, textWidth(letter(index), FONT) / 2 + 4);
    return { x: at(atMs), half };
  });
  const badgeRows = rowsFor(
    badges.map(({ x, half }) => [x - half - 1, x + half + 1]),
    MARK_ROWS_MAX,
  );
  const rows = (list: readonly number[]) => list.reduce((most, row) => Math.max(most, row + 1), 0);
  const spanHeight = rows(barRows) * ROW;
  const height = spanHeight + rows(badgeRows) * ROW;
  const badgeY = (row: number) => TOP + spanHeight + Math.max(0, row) * ROW + BADGE;
  const drawnSpans = spans.map(({ label }, index) => {
    const [from, to] = bars[index] ?? [0, 0];
    const row = barRows[index] ?? -1;
    if (row < 0) return null;
    const name = wordsIn(language, label);
    const short = textWidth(name, FONT) + 8 <= to - from ? name : String(index + 1);
    const y = TOP + row * ROW;
    const fits = textWidth(short, FONT) + 4 <= to - from;
    return html`<g>${tip(name)}<rect class="span" x="${from}" y="${y}" width="${to - from}" height="${ROW - 4}" rx="2"/>${
      fits && text((from + to) / 2, y + 12.5, short, 'middle')
    }</g>`;
  });
  const drawnBadges = marks.map(({ label }, index) => {
    const { x, half } = badges[index] ?? { x: 0, half: BADGE };
    const row = badgeRows[index] ?? -1;
    if (row < 0) return null;
    const y = badgeY(row);
    return html`<g>${tip(wordsIn(language, label))}<rect class="badge" x="${x - half}" y="${y - BADGE}" width="${2 * half}" height="${2 * BADGE}" rx="${BADGE}"/>${text(x, y + 4, letter(index), 'middle', 'on-badge')}</g>`;
  });
  return {
    height: height === 0 ? 0 : height + TOP + 4,
    signs: html`<g>${drawnSpans}${drawnBadges}</g>`,
    lines: (bottom) =>
      html`<g>${bars.map(([from]) => line(from, TOP + spanHeight, from, bottom, 'edge'))}${badges.map(({ x }, index) => line(x, badgeY(badgeRows[index] ?? -1), x, bottom, 'mark'))}</g>`,
  };
}

/** The key to numbers and letters, or null where nothing happened. */
export function eventTable(
  part: TimelinePart,
  language: Language,
  write: (ms: number) => string,
): Sheet | null {
  const { spans, marks } = eventsOf(part);
  if (spans.length + marks.length === 0) return null;
  const term = (name: keyof typeof TERMS) => wordsIn(language, TERMS[name]);
  return {
    caption: `${wordsIn(language, part.caption)}${colon(language)}${term('events')}`,
    summary: term('events'),
    columns: [
      { title: term('event'), align: 'start' },
      { title: term('from'), align: 'end' },
      { title: term('until'), align: 'end' },
    ],
    rows: [
      ...spans.map(({ label, fromMs, toMs }, index) => [
        [sign('number', String(index + 1)), wordsIn(language, label)],
        write(fromMs),
        write(toMs),
      ]),
      ...marks.map(({ label, atMs }, index) => [
        [sign('letter', letter(index)), wordsIn(language, label)],
        write(atMs),
        '',
      ]),
    ],
  };
}

function sign(kind: 'number' | 'letter', content: string): Markup {
  return html`<b class="sign ${kind}">${content}</b> `;
}
