// What is judged of the margin: that it is back, on the disks, in time.

import { firstIncidentMs } from './first-incident.ts';
import type { Seen, Verdict } from './promises.ts';
import { counted, lasting, words } from './words.ts';

export function judgeMargin(seen: Seen): Verdict {
  const { disksAfter, scenario, done, aborted, healed, toFullMarginMs } = seen;
  const { survives, best, belowBest } = disksAfter;
  if (aborted !== null) {
    return {
      kept: false,
      detail: words(
        'The drill was broken off before its end.',
        'L’exercice a été interrompu avant son terme.',
      ),
    };
  }
  const firstMs = firstIncidentMs(done) ?? 0;
  const lastMs = Math.max(...done.map(({ endedMs }) => endedMs));
  const backMs = toFullMarginMs === null ? undefined : firstMs + toFullMarginMs;
  const inTime = backMs === undefined ? !fell(seen, firstMs) : backMs <= lastMs + scenario.healWithinMs;
  const limit = lasting(scenario.healWithinMs);
  const took = lasting(toFullMarginMs ?? 0);
  const unread = survives === null || survives < 0;
  const now = unread
    ? words('some of it cannot be read any more', 'une partie n’est plus lisible')
    : words(
        `${survives === 1 ? 'any one more site' : `any ${survives} more sites`} may be lost (at best ${best})`,
        `${survives === 1 ? 'un autre site peut être perdu' : `${survives} autres sites peuvent être perdus`} (au mieux ${best})`,
      );
  const below = counted(belowBest, ['segment', 'segments'], ['segment', 'segments']);
  const time =
    backMs === undefined
      ? !healed || fell(seen, firstMs)
        ? words(
            `it did not come back within ${limit.en} of the last event`,
            `elle n’est pas revenue dans les ${limit.fr} suivant le dernier événement`,
          )
        : words('by the ledger it never fell', 'd’après le registre elle n’a jamais baissé')
      : words(
          `${took.en} after the first incident (allowed: ${limit.en} after the last)`,
          `${took.fr} après le premier incident (autorisé : ${limit.fr} après le dernier)`,
        );
  return {
    kept: healed && inTime && !unread && belowBest === 0,
    detail: words(
      `By the disks: ${now.en}${belowBest === 0 ? '' : `, and ${below.en} below the best`}; ${time.en}.`,
      `D’après les disques : ${now.fr}${belowBest === 0 ? '' : `, et ${below.fr} en deçà du mieux`} ; ${time.fr}.`,
    ),
  };
}

/** Whether the worst margin was lower after the first deed than it ever was before. */
function fell({ samples }: Seen, firstMs: number): boolean {
  const margins = (of: Seen['samples']) =>
    of.flatMap(({ worstMargin }) => (worstMargin === null ? [] : [worstMargin]));
  const before = margins(samples.filter(({ atMs }) => atMs < firstMs));
  const after = margins(samples.filter(({ atMs }) => atMs >= firstMs));
  // Without a look before or after, nobody can say that it did not.
  if (before.length === 0 || after.length === 0) return true;
  const least = (of: readonly number[]) => of.reduce((a, b) => Math.min(a, b));
  return least(after) < least(before);
}
