// Numbers with their units: bytes, durations, times of day. Decimal prefixes, as disks and links are sold; "o" in French.

import type { Label, Language, Measure, Unit, Words } from '../document.ts';
import { isWords, THIN, wordsIn } from './language.ts';
import { count, decimal, percent, probability, UNKNOWN } from './number.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const YEAR_MS = 365.25 * DAY_MS;

/** U+2060, which has no width: a line may break after a dash, but not here. */
const JOINED = '\u2060';

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

const MONTHS: Readonly<Record<Language, readonly string[]>> = {
  en: 'January February March April May June July August September October November December'.split(' '),
  fr: 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre'.split(' '),
};

/** A number by its unit; `null` and NaN are a dash. */
export function quantity(value: number | null, unit: Unit, language: Language): string {
  if (value === null || Number.isNaN(value)) return UNKNOWN;
  if (isWords(unit)) return `${decimal(value, language)}${THIN}${wordsIn(language, unit)}`;
  return WRITERS[unit](value, language);
}

const WRITERS: Readonly<Record<Exclude<Unit, Words>, (value: number, language: Language) => string>> = {
  count,
  number: (value, language) => decimal(value, language),
  bytes,
  'bytes-per-second': (value, language) => `${bytes(value, language)}/s`,
  'per-second': (value, language) => `${decimal(value, language)}/s`,
  ms: duration,
  years,
  share: percent,
  probability,
  time,
};

/** A number, its interval in brackets after it; or a label as it is. */
export function measure(value: Measure | Label, unit: Unit, language: Language): string {
  if (typeof value === 'string' || isWords(value)) return wordsIn(language, value);
  if (value === null || typeof value === 'number') return quantity(value, unit, language);
  return `${quantity(value.value, unit, language)} (${range(value, unit, language)})`;
}

function range(of: { readonly low: number; readonly high: number }, unit: Unit, language: Language): string {
  return `${quantity(of.low, unit, language)}${THIN}–${JOINED}${THIN}${quantity(of.high, unit, language)}`;
}

/** "340 B", "1.4 MB", "12 GB"; "1,4 Mo" in French. */
export function bytes(value: number, language: Language): string {
  const { divisor, prefix } = prefixFor(value);
  return `${decimal(value / divisor, language)}${THIN}${prefix}${byteLetter(language)}`;
}

export function byteLetter(language: Language): string {
  return language === 'fr' ? 'o' : 'B';
}

/** The decimal prefix under which a number has one to three digits before the point. */
export function prefixFor(value: number): { readonly divisor: number; readonly prefix: string } {
  let power = 0;
  while (power < PREFIXES.length - 1 && Math.abs(value) >= 999.5 * 1_000 ** power) power += 1;
  return { divisor: 1_000 ** power, prefix: PREFIXES[power] ?? '' };
}

/** "0.4 ms", "12.4 s", "3 min 20 s", "2 h 5 min", "3 d 4 h", "3.2 years": the two units that matter. */
export function duration(ms: number, language: Language): string {
  if (!Number.isFinite(ms)) return decimal(ms, language);
  if (ms === 0) return `0${THIN}s`;
  const size = Math.abs(ms);
  if (size < 999.5) return `${decimal(ms, language)}${THIN}ms`;
  if (size < 59.95 * SECOND_MS) return `${decimal(ms / SECOND_MS, language)}${THIN}s`;
  if (size >= 2 * YEAR_MS) return years(ms / YEAR_MS, language);
  const sign = ms < 0 ? '−' : '';
  const dayName = language === 'fr' ? 'j' : 'd';
  if (size < HOUR_MS - SECOND_MS / 2) return sign + two(size, MINUTE_MS, 'min', SECOND_MS, 's', language);
  if (size < DAY_MS - MINUTE_MS / 2) return sign + two(size, HOUR_MS, 'h', MINUTE_MS, 'min', language);
  return sign + two(size, DAY_MS, dayName, HOUR_MS, 'h', language);
}

function two(
  ms: number,
  majorMs: number,
  major: string,
  minorMs: number,
  minor: string,
  language: Language,
): string {
  const inMinor = Math.round(ms / minorMs);
  const perMajor = majorMs / minorMs;
  const rest = inMinor % perMajor;
  const first = `${count((inMinor - rest) / perMajor, language)}${THIN}${major}`;
  return rest === 0 ? first : `${first}${THIN}${rest}${THIN}${minor}`;
}

export function years(value: number, language: Language): string {
  const name = language === 'fr' ? (Math.abs(value) < 2 ? 'an' : 'ans') : value === 1 ? 'year' : 'years';
  return `${decimal(value, language)}${THIN}${name}`;
}

/** "23 November 2026, 03:02:10 UTC". */
export function time(ms: number, language: Language): string {
  const text = day(ms, language);
  return text === UNKNOWN ? text : `${text}, ${clock(ms, true)}${THIN}UTC`;
}

export function day(ms: number, language: Language): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const number = date.getUTCDate();
  const first = language === 'fr' && number === 1 ? '1ᵉʳ' : String(number);
  return `${first} ${MONTHS[language][date.getUTCMonth()] ?? ''} ${date.getUTCFullYear()}`.replaceAll(
    ' ',
    '\u00a0',
  );
}

/** "03:02" or "03:02:10", UTC. */
export function clock(ms: number, seconds = false): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return UNKNOWN;
  const parts = [date.getUTCHours(), date.getUTCMinutes(), ...(seconds ? [date.getUTCSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
