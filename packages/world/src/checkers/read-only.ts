// Whoever says that it changes nothing changes nothing: no fragment comes to its disk, none goes, until a person has looked.

import type { Checker } from '../checker.ts';
import { Harmed } from './harmed.ts';

/** Uploads that were under way when it became so may end. */
const UNDER_WAY_MS = 15_000;

export function readOnly(): Checker {
  const harmed = new Harmed();
  const since = new Map<string, number>();
  let wrong: string | undefined;
  return {
    name: 'read-only',
    told(event, nowMs) {
      harmed.told(event);
      if (event.of === 'read-only') since.set(event.hoster, nowMs);
      if (event.of === 'readmitted') since.delete(event.hoster);
      if (event.of !== 'fragment-came' && event.of !== 'fragment-went') return;
      const sinceMs = since.get(event.machine);
      if (sinceMs === undefined || harmed.has(event.machine)) return;
      const what = event.of === 'fragment-came' ? 'takes' : 'erases';
      if (what === 'erases' || nowMs > sinceMs + UNDER_WAY_MS)
        wrong ??= `${event.machine} said it is read-only, and ${what} ${event.path}`;
    },
    judge() {
      if (wrong !== undefined) throw new Error(wrong);
    },
  };
}
