// What is to be known of hosters' declarations of sovereignty: whose has ended, whose ends soon, whose no policy accepts.
// Placements heed this by themselves; a person has to ask the hoster for the next declaration in time.

import type { Charter, Hoster } from '@vauban/core';
import { checkDeclaration } from '@vauban/placement';

/** A declaration is renewed by a charter version, which officers in several places sign: a month's notice. */
const SOON_MS = 30 * 86_400_000;

/** By hoster; nobody is named whose declaration is in order. `now` in ms since 1970. */
export function declarationAlerts(charter: Charter, now: number): Map<string, string> {
  const alerts = new Map<string, string>();
  for (const hoster of charter.hosters) {
    const alert = alertOf(charter, hoster, now);
    if (alert !== undefined) alerts.set(hoster.id, alert);
  }
  return alerts;
}

function alertOf(charter: Charter, hoster: Hoster, now: number): string | undefined {
  const { validUntil } = hoster.declaration;
  const day = new Date(validUntil).toISOString().slice(0, 10);
  if (validUntil <= now) {
    return `the declaration of ${hoster.id} ended on ${day}: it gets no new fragments; what it holds is read as before`;
  }
  for (const policy of charter.policies) {
    const refused = checkDeclaration(hoster, policy.sovereignty, now);
    if (refused !== undefined) return `${refused.message} It gets no fragments under ${policy.name}.`;
  }
  if (validUntil - now > SOON_MS) return undefined;
  const days = Math.ceil((validUntil - now) / 86_400_000);
  return `the declaration of ${hoster.id} ends on ${day}, in ${days} ${days === 1 ? 'day' : 'days'}: it needs a new one, in a charter version`;
}
