// What the logs say about whole sites: lost, away on purpose, back again; and what follows from it. Voided entries do not
// count. Whether a loss is certified is told, and for whoever acts on it to weigh.

import { type Charter, findDaemon, MAINTENANCE_MS_MAX } from '@vauban/core';
import { consortiumName, consortiumRange, decodeConsortium } from './consortium-rows.ts';
import type { ClaimName } from './entry.ts';
import type { HeldLogs } from './held-logs.ts';
import { sameName } from './segment-facts.ts';
import { isVoided } from './segment-index.ts';

/** An entry, when its writer dated it, and whether a certificate known here covers it. */
interface SaidFact {
  readonly by: ClaimName;
  readonly time: number;
  readonly certified: boolean;
}

export interface LossFact extends SaidFact {
  readonly site: string;
}

export interface MaintenanceFact extends SaidFact {
  readonly site: string;
  /** 0, or a time that is past: over. */
  readonly until: number;
}

export interface ReadmitFact extends SaidFact {
  readonly daemon: string;
  /** The `site-lost` entries that it answers. */
  readonly losses: readonly ClaimName[];
}

export interface ConsortiumFacts {
  readonly losses: readonly LossFact[];
  readonly maintenance: readonly MaintenanceFact[];
  readonly readmits: readonly ReadmitFact[];
}

/** All that stands, certified or not. */
export async function consortiumFacts(logs: HeldLogs): Promise<ConsortiumFacts> {
  const losses: LossFact[] = [];
  const maintenance: MaintenanceFact[] = [];
  const readmits: ReadmitFact[] = [];
  for await (const [key, value] of logs.store.range(consortiumRange)) {
    const by = consortiumName(key);
    if (await isVoided(logs.store, by)) continue;
    const said = decodeConsortium(value);
    const { time } = said;
    const fact = { by, time, certified: by.index < logs.state(by.origin).certifiedSize };
    if (said.kind === 'site-lost') losses.push({ ...fact, site: said.site });
    else if (said.kind === 'maintenance') {
      maintenance.push({ ...fact, site: said.site, until: said.until });
    } else {
      const answered = said.losses.map(([origin, index]) => ({ origin, index }));
      readmits.push({ ...fact, daemon: said.daemon, losses: answered });
    }
  }
  return { losses, maintenance, readmits };
}

/** Sites that somebody declared lost; which of their daemons came back since, `isLostDaemon` says. */
export function lostSites({ losses }: Pick<ConsortiumFacts, 'losses'>): ReadonlySet<string> {
  return new Set(losses.map(({ site }) => site));
}

/**
 * Whether nothing on the daemon is to be counted on: its site was declared lost, and it has not answered each such entry
 * by a `readmit` of its own. True for a daemon that the charter does not list.
 */
export function isLostDaemon(
  { losses, readmits }: Pick<ConsortiumFacts, 'losses' | 'readmits'>,
  charter: Charter,
  daemon: string,
): boolean {
  const site = findDaemon(charter, daemon)?.site;
  if (site === undefined) return true;
  const answered = readmits.flatMap((one) => (one.daemon === daemon ? one.losses : []));
  return losses.some((one) => one.site === site && !answered.some((name) => sameName(name, one.by)));
}

/** Until when a site is away on purpose, a week from the word at most; 0 when it is not. What was said last counts. */
export function maintenanceUntil(
  { maintenance }: Pick<ConsortiumFacts, 'maintenance'>,
  of: { readonly site: string; readonly now: number },
): number {
  let last: MaintenanceFact | undefined;
  for (const one of maintenance) {
    if (one.site === of.site && (last === undefined || isLater(one, last))) last = one;
  }
  const until = last === undefined ? 0 : Math.min(last.until, last.time + MAINTENANCE_MS_MAX);
  return until > of.now ? until : 0;
}

/** Within a log by index; across logs by date, and then by name, so that all say the same. */
function isLater(one: SaidFact, other: SaidFact): boolean {
  if (one.by.origin === other.by.origin) return one.by.index > other.by.index;
  return one.time === other.time ? one.by.origin > other.by.origin : one.time > other.time;
}

/** The site that a `site-lost` entry names; null for another entry, undefined when it is not here. */
export async function siteLostBy(
  logs: HeldLogs,
  { origin, index }: ClaimName,
): Promise<string | null | undefined> {
  if (index >= logs.state(origin).size) return undefined;
  const { payload } = await logs.stored(origin, index);
  return payload?.kind === 'site-lost' ? payload.site : null;
}
