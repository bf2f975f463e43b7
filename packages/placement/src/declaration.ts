// The sovereignty rule: whether what a hoster declared about itself meets what a policy asks of holders.
// Declarations expire; an expired one stops new placements, never reads.

import { Fault, type Hoster, type SovereigntyRule } from '@vauban/core';

/**
 * Undefined when the declaration is valid at `now` (ms since 1970; validFrom ≤ now < validUntil) and meets every clause.
 * Faults, returned: DECLARATION_EXPIRED {hoster, validUntil, now}, DECLARATION_REFUSED {hoster, clause, declared, allowed}.
 * An empty list of countries allows none.
 */
export function checkDeclaration(hoster: Hoster, rule: SovereigntyRule, now: number): Fault | undefined {
  const said = hoster.declaration;
  // Written so that a time which is not a number is never valid.
  if (!(now < said.validUntil)) {
    return new Fault(
      'refused',
      'DECLARATION_EXPIRED',
      `The declaration of ${hoster.id} expired on ${day(said.validUntil)}; until it signs a new one it may hold no new fragment.`,
      { hoster: hoster.id, validUntil: said.validUntil, now },
    );
  }
  const refuse = (clause: string, declared: number | string | boolean, allowed: number | string | boolean) =>
    new Fault(
      'refused',
      'DECLARATION_REFUSED',
      `The declaration of ${hoster.id} does not meet the policy: ${clause} is ${declared}, allowed is ${allowed}.`,
      { hoster: hoster.id, clause, declared, allowed },
    );
  if (!(now >= said.validFrom)) return refuse('validFrom', said.validFrom, now);
  for (const clause of ['seat', 'law', 'data'] as const) {
    if (!rule.countries.includes(said[clause])) {
      return refuse(clause, said[clause], rule.countries.join(' ') || 'no country');
    }
  }
  if (!(said.foreignShareLargest <= rule.foreignShareLargestMax)) {
    return refuse('foreignShareLargest', said.foreignShareLargest, rule.foreignShareLargestMax);
  }
  if (!(said.foreignShareTotal <= rule.foreignShareTotalMax)) {
    return refuse('foreignShareTotal', said.foreignShareTotal, rule.foreignShareTotalMax);
  }
  if (said.foreignVeto && !rule.foreignVetoAllowed) return refuse('foreignVeto', true, false);
  return undefined;
}

function day(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? `time ${timeMs}` : time.toISOString().slice(0, 10);
}
