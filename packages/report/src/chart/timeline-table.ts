// The table beside a timeline: some of its times, the extremes over all of them, and the key to what happened.

import type { Language, TimelinePart } from '../document.ts';
import { colon, semicolon, wordsIn } from '../text/language.ts';
import { count } from '../text/number.ts';
import { duration, quantity, time } from '../text/quantity.ts';
import { AS_OF, TERMS, thinned } from '../text/vocabulary.ts';
import type { Sheet as TableSheet } from '../table.ts';
import { eventTable } from './event-strip.ts';
import { extent } from './scale.ts';
import { thinTimes, union } from './thinning.ts';

const TABLE_ROWS_MAX = 25;

/** At most 25 times, each with the last value known then; under them the extremes over all points. */
export function timelineTable(part: TimelinePart, language: Language): TableSheet {
  const all = union(part.series.map(({ points }) => points.map(([ms]) => ms)));
  const shown = thinTimes(all, TABLE_ROWS_MAX);
  const columns = part.series.map(({ points, unit }) => {
    const sorted = [...points].filter(([ms]) => Number.isFinite(ms)).sort(([a], [b]) => a - b);
    let at = -1;
    const values = shown.map((ms) => {
      while (at + 1 < sorted.length && (sorted[at + 1]?.[0] ?? ms) <= ms) at += 1;
      return quantity(sorted[at]?.[1] ?? null, unit, language);
    });
    const range = extent(sorted.map(([, value]) => value));
    return {
      values,
      low: quantity(range?.from ?? null, unit, language),
      high: quantity(range?.to ?? null, unit, language),
    };
  });
  const notes = [
    AS_OF,
    ...(shown.length < all.length ? [thinned(shown.length, count(all.length, language))] : []),
  ];
  const note = notes.map((each) => wordsIn(language, each)).join(semicolon(language));
  const write = timeColumn(part, language);
  return {
    caption: `${wordsIn(language, part.caption)} (${note})`,
    summary: `${wordsIn(language, TERMS.table)} (${note})`,
    columns: [
      {
        title:
          part.originMs === undefined ? wordsIn(language, TERMS.timeUtc) : wordsIn(language, TERMS.since),
        align: 'end',
      },
      ...part.series.map(({ name, panel }) => ({
        title:
          panel === undefined
            ? wordsIn(language, name)
            : `${wordsIn(language, panel)}${colon(language)}${wordsIn(language, name)}`,
        align: 'end' as const,
      })),
    ],
    rows: shown.map((ms, row) => [write(ms), ...columns.map(({ values }) => values[row] ?? '')]),
    foot: [
      [wordsIn(language, TERMS.lowest), ...columns.map(({ low }) => low)],
      [wordsIn(language, TERMS.highest), ...columns.map(({ high }) => high)],
    ],
  };
}

function timeColumn(part: TimelinePart, language: Language): (ms: number) => string {
  const origin = part.originMs;
  return (ms) => (origin === undefined ? time(ms, language) : duration(ms - origin, language));
}

export function timelineEvents(part: TimelinePart, language: Language): TableSheet | null {
  return eventTable(part, language, timeColumn(part, language));
}
