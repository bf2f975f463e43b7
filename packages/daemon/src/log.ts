// What a daemon says while it works: an event name and facts, never file names of agencies, never secrets. Levels change
// at run time. From `info` on no line names a fragment or a segment: such a log may leave the company.

import type { Fact } from '@vauban/core';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type Log = (level: LogLevel, event: string, facts?: { readonly [key: string]: Fact }) => void;

/** From the most talkative to the quietest. */
export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Hashes that are no segment's: whoever reads the log needs to know which log or key is meant. */
const NAMED = new Set(['origin', 'logs', 'key']);
/** A fragment's name, or any 32 bytes in hex, unless it is the second half of a log's origin (`grand-est/ab12…`). */
const IDENTIFIERS =
  /(?:fragments\/[0-9a-f]{2}\/)?(?<!\b[a-z0-9][a-z0-9-]{2,39}\/)\b[0-9a-f]{64}(?:-\d{1,3})?\b/g;

export interface LogControl {
  readonly log: Log;
  readonly level: () => LogLevel;
  readonly setLevel: (level: LogLevel) => void;
}

/** JSON documents, one per line: time, level, event, facts. `write` gets the line without its end. */
export function logControl(
  first: LogLevel,
  ports: { readonly now: () => number; readonly write: (line: string) => void },
): LogControl {
  let least = first;
  return {
    log: (level, event, facts = {}) => {
      if (logLevels.indexOf(level) < logLevels.indexOf(least)) return;
      const said = level === 'debug' ? facts : withoutNames(facts);
      ports.write(JSON.stringify({ time: new Date(ports.now()).toISOString(), level, event, ...said }));
    },
    level: () => least,
    setLevel: (level) => {
      least = level;
    },
  };
}

function withoutNames(facts: { readonly [key: string]: Fact }): { readonly [key: string]: Fact } {
  return Object.fromEntries(
    Object.entries(facts).map(([key, fact]) => [key, NAMED.has(key) ? fact : withoutName(fact)]),
  );
}

function withoutName(fact: Fact): Fact {
  if (typeof fact === 'string') return fact.replace(IDENTIFIERS, '(id)');
  if (typeof fact !== 'object' || fact === null) return fact;
  if (Array.isArray(fact)) return (fact as readonly Fact[]).map(withoutName);
  return withoutNames(fact as { readonly [key: string]: Fact });
}
