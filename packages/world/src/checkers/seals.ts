// A revoked device certifies nothing after the seal: once a quorum of hosters has reported what it fixed of the log, no
// certificate of it turns up that goes beyond what they reported.

import type { Checker } from '../checker.ts';
import type { Evidence, SeenSeal } from './evidence.ts';
import { Harmed } from './harmed.ts';
import { quorumIn } from './note.ts';

export function seals(evidence: Evidence): Checker {
  const harmed = new Harmed();
  return {
    name: 'seals',
    told: (event) => harmed.told(event),
    judge({ charter }) {
      for (const origin of new Set(evidence.seals.map((one) => one.origin))) {
        const reports = firstReports(evidence.seals, origin);
        if (reports.length < quorumIn(charter)) continue;
        // A liar may report anything; an honest hoster is in this quorum and in that of any certificate.
        const told = reports.filter(({ hoster }) => !harmed.has(hoster));
        const largest = Math.max(0, ...told.flatMap(({ branches }) => branches.map(({ size }) => size)));
        const beyond = evidence.certified.find((one) => one.origin === origin && one.size > largest);
        if (beyond !== undefined)
          throw new Error(
            `${origin} is sealed at ${largest} by ${reports.length} hosters, and was certified at ${beyond.size}`,
          );
      }
    },
  };
}

/** What each hoster said first. */
function firstReports(all: readonly SeenSeal[], origin: string): SeenSeal[] {
  const first = new Map<string, SeenSeal>();
  for (const one of all) if (one.origin === origin && !first.has(one.hoster)) first.set(one.hoster, one);
  return [...first.values()];
}
