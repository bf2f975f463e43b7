// An honest writer never signs against what was certified of its own log, whatever old disk its device was given: the
// heads that hosters show at its start tell it that its state is not the latest.

import type { Checker } from '../checker.ts';
import type { Evidence } from './evidence.ts';

export function writers(evidence: Evidence): Checker {
  const crooked = new Set<string>();
  const complain = () => {
    const wrong = evidence.parted.find(({ origin }) => !crooked.has(origin));
    if (wrong === undefined) return;
    throw new Error(
      `${wrong.origin} was certified at size ${wrong.size}, and its writer signs another tree of it`,
    );
  };
  return {
    name: 'writers',
    told(event) {
      if (event.of === 'crooked') crooked.add(event.origin);
      complain();
    },
    judge: complain,
  };
}
