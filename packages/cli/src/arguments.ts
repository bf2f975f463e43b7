// Reading option values; what cannot be meant is a usage error that names the option.

import { InvalidArgumentError } from 'commander';

/** A whole number, 0 or more. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It should be a whole number.');
  }
  return value;
}

/** Degrees and the like. */
export function decimalNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It should be a number.');
  return value;
}

/** For options that may be given several times. */
export function several(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** A day as 2027-06-30, or a time as 2027-06-30T12:00:00Z; a day means its end, UTC. In ms since 1970. */
export function dateOrTime(text: string): number {
  const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const time = Date.parse(day ? `${text}T23:59:59.999Z` : text);
  const whole = day || /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  if (!whole || Number.isNaN(time) || time < 0) {
    throw new InvalidArgumentError('It should be a date such as 2027-06-30, or 2027-06-30T12:00:00Z.');
  }
  return time;
}

/** A share of capital, in percent. */
export function percent(text: string): number {
  const value = wholeNumber(text);
  if (value > 100) throw new InvalidArgumentError('It should be a whole number from 0 to 100.');
  return value;
}
