// An honest voter never signs two trees of one size in one epoch, and what it signed it holds.

import type { Checker } from '../checker.ts';
import type { Evidence } from './evidence.ts';
import { Harmed } from './harmed.ts';
import { rootsOf } from './tree.ts';

export function honestVotes(evidence: Evidence): Checker {
  const harmed = new Harmed();
  const once = () => {
    const signed = new Map<string, string>();
    for (const { hoster, epoch, origin, size, root } of evidence.votes) {
      const name = `${hoster} in epoch ${epoch}: ${origin} at size ${size}`;
      const before = signed.get(name);
      if (before !== undefined && before !== root && !harmed.lies(hoster))
        throw new Error(`an honest voter signed two trees, ${name}`);
      signed.set(name, root);
    }
  };
  return {
    name: 'honest-votes',
    told(event) {
      harmed.told(event);
      once();
    },
    judge({ logs, hosters, charter, crypto }) {
      once();
      const up = new Set(hosters.filter(({ state }) => state === 'voting').map(({ name }) => name));
      const roots = new Map(logs.map((log) => [`${log.daemon} ${log.origin}`, rootsOf(crypto, log.entries)]));
      for (const { hoster, origin, size, root } of evidence.votes) {
        if (harmed.has(hoster) || !up.has(hoster) || origin === `${charter.name}/charter`) continue;
        if (roots.get(`${hoster} ${origin}`)?.[size] !== root)
          throw new Error(`${hoster} signed ${origin} at size ${size} and does not hold it`);
      }
    },
  };
}
