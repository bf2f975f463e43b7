// What an operator says of a whole site: it is lost, so that others rebuild what it held at once; or it is away on purpose, so
// that nobody does. Owns what must hold before the word is signed.

import { type Charter, type DaemonId, Fault, MAINTENANCE_MS_MAX, nearestName } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { type ConsortiumFacts, isLostDaemon } from '@vauban/ledger';
import type { OperatorDesk } from './operator-desk.ts';
import type { CertifiedEntry } from './operator-log.ts';

export interface SiteStatement extends CertifiedEntry {
  readonly site: string;
  readonly hoster: string;
  readonly operator: string;
  readonly daemons: readonly DaemonId[];
}

/** Faults: SITE_UNKNOWN (usage) {site, nearest, known}. */
export function checkSite(charter: Charter, site: string): { readonly id: string; readonly hoster: string } {
  const found = charter.sites.find(({ id }) => id === site);
  if (found !== undefined) return found;
  const known = charter.sites.map(({ id }) => id);
  const nearest = nearestName(site, known) ?? null;
  const meant = nearest === null ? `the sites are ${known.join(', ')}` : `did you mean ${nearest}?`;
  const message = `the charter has no site ${site}: ${meant}`;
  throw new Fault('usage', 'SITE_UNKNOWN', message, { site, nearest, known });
}

/**
 * Certified by a quorum when it resolves. Repeating it after a failure finishes what was begun.
 * Faults: SITE_UNKNOWN, SITE_LOST_ALREADY (refused), those of OperatorLog.
 */
export async function declareSiteLost(desk: OperatorDesk, site: string): Promise<SiteStatement> {
  checkSite(desk.charter, site);
  return desk.writing(async (log) => {
    const word = { kind: 'site-lost', site } as const;
    const finished = log.finishedBefore(word);
    if (!finished) checkNotLost(desk.charter, await log.facts(), site);
    return statementOf(desk, site, await log.say(word));
  });
}

/** `until` in ms since 1970; 0 ends it. Faults: SITE_UNKNOWN, those of checkAhead, of OperatorLog. */
export async function announceMaintenance(
  desk: OperatorDesk,
  { site, until }: { readonly site: string; readonly until: number },
): Promise<SiteStatement & { readonly until: number }> {
  checkSite(desk.charter, site);
  checkAhead(until, nodeClock.now());
  return desk.writing(async (log) => {
    const said = await log.say({ kind: 'maintenance', site, until });
    return { ...statementOf(desk, site, said), until };
  });
}

/** Faults (usage): MAINTENANCE_PAST {until, now}, MAINTENANCE_LONG {until, latest}. */
export function checkAhead(until: number, now: number): void {
  if (until === 0) return;
  const latest = now + MAINTENANCE_MS_MAX;
  if (until > latest) {
    const days = MAINTENANCE_MS_MAX / 86_400_000;
    const message = `${new Date(until).toISOString()} is more than ${days} days ahead: a maintenance ends by ${new Date(latest).toISOString()}, and is announced again when it takes longer; a site that stays away is better drained first`;
    throw new Fault('usage', 'MAINTENANCE_LONG', message, { until, latest });
  }
  if (until > now) return;
  const message = `${new Date(until).toISOString()} is past: a maintenance ends later than now, and --over ends one at once`;
  throw new Fault('usage', 'MAINTENANCE_PAST', message, { until, now });
}

/** Once one of its daemons is back, the site can be lost again. Faults: SITE_LOST_ALREADY (refused) {site, origin, index, time}. */
export function checkNotLost(charter: Charter, facts: ConsortiumFacts, site: string): void {
  const certified = facts.losses.filter((one) => one.certified && one.site === site);
  const last = certified.at(-1);
  if (last === undefined) return;
  const daemons = daemonsOf(charter, site);
  const there = { losses: certified, readmits: facts.readmits };
  if (daemons.some((id) => !isLostDaemon(there, charter, id))) return;
  const { by, time } = last;
  const message = `${site} was declared lost on ${new Date(time).toISOString()} (entry ${by.index} of ${by.origin}), and none of its daemons has come back since: nothing is to be done`;
  throw new Fault('refused', 'SITE_LOST_ALREADY', message, { site, ...by, time });
}

function statementOf({ charter, operator }: OperatorDesk, site: string, said: CertifiedEntry): SiteStatement {
  const { hoster } = checkSite(charter, site);
  return { ...said, site, hoster, operator, daemons: daemonsOf(charter, site) };
}

function daemonsOf(charter: Charter, site: string): DaemonId[] {
  return charter.daemons.filter((one) => one.site === site).map(({ id }) => id);
}
