// Nothing that was certified is ever lost: whoever has not burnt, and was not harmed, still holds it, and those are as
// many as a quorum less the liars and the harmed.

import type { Checker } from '../checker.ts';
import type { Evidence } from './evidence.ts';
import { Harmed } from './harmed.ts';
import { quorumIn } from './note.ts';
import { rootsOf } from './tree.ts';

export function nothingLost(evidence: Evidence): Checker {
  const harmed = new Harmed();
  return {
    name: 'nothing-lost',
    told: (event) => harmed.told(event),
    judge({ logs, hosters, charter, crypto }) {
      const sound = new Set(
        hosters.filter((one) => one.state === 'voting' && !harmed.has(one.name)).map(({ name }) => name),
      );
      const wanted = Math.max(1, quorumIn(charter) - (hosters.length - sound.size));
      const roots = new Map(logs.map((log) => [`${log.daemon} ${log.origin}`, rootsOf(crypto, log.entries)]));
      for (const { origin, size, root } of evidence.certified) {
        // The charter's versions are kept by everyone, but not among the mirrored logs.
        if (origin === `${charter.name}/charter`) continue;
        const holders = [...sound].filter((daemon) => roots.get(`${daemon} ${origin}`)?.[size] === root);
        if (holders.length >= wanted) continue;
        const who = holders.length === 0 ? 'nobody holds' : `only ${holders.join(', ')} hold`;
        throw new Error(
          `${origin} was certified at size ${size}, and ${who} that any more; ${wanted} hosters should`,
        );
      }
    },
  };
}
