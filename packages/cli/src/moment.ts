// A date as a person gives it: a day, meant to its end, or a moment. Days are UTC, and help texts say so.

import { Fault } from '@vauban/core';
import { InvalidArgumentError } from 'commander';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Date and time with a zone: without one it would depend on the machine. */
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
const DAY_MS = 86_400_000;

/** What `--at` takes, for its help text. */
export const AT_HELP = 'a day (to its end, in UTC) or a moment such as 2026-03-01T12:00Z';

/** Milliseconds since 1970: the last one of a day, or the moment. */
export function moment(text: string): number {
  const ms = DAY.test(text) ? endOf(text) : MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms) || ms < 0) {
    throw new InvalidArgumentError(
      'It should be a day such as 2026-03-01, or a moment such as 2026-03-01T12:00Z.',
    );
  }
  return ms;
}

/** NaN for a 30th of February, which Date.parse would take for a day of March. */
function endOf(day: string): number {
  const start = Date.parse(day);
  if (Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day) return Number.NaN;
  return start + DAY_MS - 1;
}

/** The moment asked about: of today, which has not ended, the present one. Faults: DATE_AHEAD. */
export function notAhead(at: number | undefined, now: number): number | undefined {
  if (at === undefined || at <= now) return at;
  if (
    at - now < DAY_MS &&
    new Date(at).toISOString().slice(0, 10) === new Date(now).toISOString().slice(0, 10)
  )
    return now;
  const message = `${new Date(at).toISOString()} is still to come: name a day or moment that has been`;
  throw new Fault('usage', 'DATE_AHEAD', message, { at, now });
}
