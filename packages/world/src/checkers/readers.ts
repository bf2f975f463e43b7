// A reader misses nothing: whatever was certified of a log when it began is among what it counts, forked or not.

import type { Checker } from '../checker.ts';
import type { Evidence } from './evidence.ts';

export function readers(evidence: Evidence): Checker {
  const before = new Map<string, readonly string[]>();
  let wrong: string | undefined;
  return {
    name: 'readers',
    told(event) {
      if (event.of === 'reads') {
        const certified = evidence.certified.filter(({ origin }) => origin === event.origin);
        before.set(
          event.origin,
          certified.map(({ size, root }) => `${size} ${root}`),
        );
      }
      if (event.of !== 'counted') return;
      const missed = before.get(event.origin)?.find((head) => !event.heads.includes(head));
      if (missed !== undefined)
        wrong ??= `a reader counts ${event.heads.length} heads of ${event.origin}, and not ${missed}, which was certified`;
    },
    // Who told it may be a liar, and is not to be stopped by us.
    judge() {
      if (wrong !== undefined) throw new Error(wrong);
    },
  };
}
