// A seal fixes what its hoster reports: once it has said how far it holds a sealed log, it signs nothing beyond that.

import type { Checker } from '../checker.ts';
import type { Evidence } from './evidence.ts';
import { Harmed } from './harmed.ts';

export function fixedSeals(evidence: Evidence): Checker {
  const harmed = new Harmed();
  return {
    name: 'fixed-seals',
    told: (event) => harmed.told(event),
    judge() {
      for (const { hoster, origin, branches } of evidence.seals) {
        if (harmed.has(hoster)) continue;
        const largest = Math.max(0, ...branches.map(({ size }) => size));
        const beyond = evidence.votes.find(
          (one) => one.hoster === hoster && one.origin === origin && one.size > largest,
        );
        if (beyond === undefined) continue;
        throw new Error(
          `${hoster} reported ${origin} as sealed at ${largest}, and signed it at ${beyond.size}`,
        );
      }
    },
  };
}
