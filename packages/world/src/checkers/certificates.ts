// What an honest hoster hands out as a certificate is one: a quorum of different hosters of one epoch signed that head.

import type { Checker } from '../checker.ts';
import type { Evidence } from './evidence.ts';
import { quorumIn, votesOn } from './note.ts';

export function certificates(evidence: Evidence): Checker {
  return {
    name: 'certificates',
    judge({ logs, crypto }) {
      for (const { daemon, origin, certificate } of logs) {
        if (certificate === null) continue;
        const votes = votesOn(crypto, evidence.charters, certificate);
        const enough = [...new Set(votes.map(({ epoch }) => epoch))].some((epoch) => {
          const charter = evidence.charterOf(epoch);
          return (
            charter !== undefined && votes.filter((one) => one.epoch === epoch).length >= quorumIn(charter)
          );
        });
        if (!enough)
          throw new Error(`${daemon} takes ${votes.length} signatures on ${origin} for a certificate`);
      }
    },
  };
}
