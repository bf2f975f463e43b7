// The charter's waiting times as people name them: `lost-after` for lostAfterMs. Owns the names, and what is said of one that
// is none.

import { type Durations, Fault, standardDurations } from '@vauban/core';
import { DURATION_EXAMPLE, durationInWords, parseDuration } from '../duration-text.ts';

type Field = keyof Durations;
const fields = Object.keys(standardDurations) as readonly Field[];

/** In the charter's order. */
export const durationNames: readonly string[] = fields.map(nameOf);

/** "lost-after" and "15min", in the charter's order. */
export function durationRows(durations: Durations): (readonly [name: string, text: string])[] {
  return fields.map((field) => [nameOf(field), durationInWords(durations[field])]);
}

/** Faults (usage): DURATION_UNKNOWN {name, known}, DURATION_MALFORMED {name, value}. */
export function readDuration(name: string, value: unknown): readonly [field: Field, ms: number] {
  const field = fields.find((one) => nameOf(one) === name);
  if (field === undefined) {
    const message = `a charter has no duration ${name}: there are ${durationNames.join(', ')}`;
    throw new Fault('usage', 'DURATION_UNKNOWN', message, { name, known: [...durationNames] });
  }
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms !== undefined) return [field, ms];
  const is = typeof value === 'string' ? `"${value.slice(0, 40)}"` : String(value);
  const message = `${name} should be ${DURATION_EXAMPLE}, and is ${is}`;
  throw new Fault('usage', 'DURATION_MALFORMED', message, { name, value: is });
}

/**
 * What differs from the standard. Whoever waits less before a daemon is lost also suspects it no later than that.
 * Faults: those of readDuration, DURATION_ORDER (usage).
 */
export function durationsFrom(said: readonly (readonly [name: string, text: string])[]): Partial<Durations> {
  const given: Partial<Record<Field, number>> = Object.fromEntries(
    said.map(([name, text]) => readDuration(name, text)),
  );
  const lostAfterMs = given.lostAfterMs ?? standardDurations.lostAfterMs;
  const suspectAfterMs = given.suspectAfterMs ?? Math.min(standardDurations.suspectAfterMs, lostAfterMs);
  if (suspectAfterMs > lostAfterMs) {
    const message = `a daemon is suspect before it is lost: suspect-after ${durationInWords(suspectAfterMs)} is longer than lost-after ${durationInWords(lostAfterMs)}`;
    throw new Fault('usage', 'DURATION_ORDER', message, { suspectAfterMs, lostAfterMs });
  }
  const differs = suspectAfterMs !== standardDurations.suspectAfterMs;
  return { ...given, ...(differs ? { suspectAfterMs } : {}) };
}

function nameOf(field: string): string {
  return field.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
