// The charter's waiting times beside those of a drill, by the names of the charter's text.

import type { Durations } from '@vauban/core';
import { durationNames } from '@vauban/fleet';
import type { DrillResult } from '../result.ts';

export function durationsBeside(charter: Durations, drill: Durations): DrillResult['durations'] {
  const fields = Object.keys(charter) as (keyof Durations)[];
  return fields.map((field) => ({
    name: durationNames.find((name) => fieldOf(name) === field) ?? field,
    charterMs: charter[field],
    drillMs: drill[field],
  }));
}

/** `lost-after` → `lostAfterMs`. */
function fieldOf(name: string): string {
  return `${name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())}Ms`;
}
