// The status of a daemon as its hoster wants it told: what it holds and for whom, what it is doing, what it wants from a
// human, each want with a way out.

import { type Charter, findDaemon, homeOf } from '@vauban/core';
import type { AnswerOf } from '@vauban/wire';
import type { LogLevel } from '../log.ts';
import type { Parts } from '../parts.ts';
import type { Activity, AdminStatus, CarePorts, DrainState, Mode, PeersOfSite, Said } from './admin-ports.ts';

const DAY_MS = 86_400_000;
/** Papers that end are told of this long before: officers need weeks. */
const PAPERS_MS = 30 * DAY_MS;
/** Below this part of its capacity a daemon will soon take nothing more. */
const ROOM_FRACTION = 0.1;

export interface StandingPorts {
  readonly parts: Parts;
  readonly status: AnswerOf<'status'>;
  readonly care: Partial<CarePorts>;
  readonly drain: DrainState | null;
  readonly capacityBytes: number;
  readonly logLevel: LogLevel;
  readonly now: number;
}

export function standing(of: StandingPorts): AdminStatus {
  const { parts, status, care, drain, capacityBytes } = of;
  const charter = parts.keeper.chain.current;
  const name = (agency: string) => charter.agencies.find(({ id }) => id === agency)?.name ?? agency;
  return {
    daemon: status.daemon,
    hoster: status.hoster,
    site: status.site,
    mode: modeOf(drain, care.readOnly?.() ?? null),
    charter: { name: charter.name, version: charter.version, expires: charter.expires },
    startedAt: status.startedAt,
    holds: {
      fragments: status.fragments,
      bytes: status.bytes,
      freeBytes: status.freeBytes,
      capacityBytes,
      agencies: Object.entries(status.bytesByAgency)
        .map(([agency, bytes]) => ({ agency, name: name(agency), bytes }))
        .sort((a, b) => b.bytes - a.bytes || (a.agency < b.agency ? -1 : 1)),
    },
    ledger: {
      logs: status.logs,
      entries: status.entries,
      uncertified: uncertified(parts),
      silent: status.silent === null ? null : said(status.silent),
    },
    doing: [...ownDoing(parts), ...(care.doing?.() ?? [])],
    wants: wants(of),
    peers: care.peers?.() ?? [],
    drain,
    refusedMessages: status.refusedMessages,
    logLevel: of.logLevel,
  };
}

/** Entries held here that no certificate covers here. */
export function uncertified({ mirror: { logs } }: Pick<Parts, 'mirror'>): number {
  return logs.origins().reduce((sum, origin) => {
    const { size, certifiedSize } = logs.state(origin);
    return sum + Math.max(0, size - certifiedSize);
  }, 0);
}

/**
 * The other daemons of a charter, counted by site, in the order of the charter.
 * `presence`: how one stands, as whoever greets them all knows.
 */
export function peersBySite(
  charter: Charter,
  self: string,
  presence: (daemon: string) => 'up' | 'silent' | 'lost',
): PeersOfSite[] {
  const bySite = new Map<
    string,
    { hoster: string; site: string; up: number; silent: number; lost: number }
  >();
  for (const one of charter.daemons) {
    if (one.id === self) continue;
    const { hoster, site } = homeOf(charter, one);
    const counted = bySite.get(site.id) ?? { hoster: hoster.id, site: site.id, up: 0, silent: 0, lost: 0 };
    counted[presence(one.id)] += 1;
    bySite.set(site.id, counted);
  }
  return [...bySite.values()];
}

function modeOf(drain: DrainState | null, readOnly: Said | null): Mode {
  if (drain?.draining === true) return drain.safeToStop ? 'drained' : 'draining';
  return readOnly === null ? 'serving' : 'read-only';
}

function ownDoing({ mirror, fragments }: Parts): Activity[] {
  const doing: Activity[] = [];
  const { silent, logs } = mirror;
  if (silent?.code === 'VOTER_STARTING' || silent?.code === 'VOTER_UNREADY') {
    doing.push({ what: 'start-up-read', text: 'reads what the other hosters hold, before it votes' });
  }
  if (logs.quarantine.doubt !== null || logs.quarantine.size > 0) {
    doing.push({ what: 'ledger-healing', text: 'gets damaged logs anew from the other hosters' });
  }
  if (fragments.missing.length > 0) {
    doing.push({
      what: 'certify-losses',
      text: `tells the ledger that ${fragments.missing.length} fragments were found gone`,
    });
  }
  return doing;
}

function wants({ parts, status, care, now, capacityBytes }: StandingPorts): Said[] {
  const charter = parts.keeper.chain.current;
  const readOnly = care.readOnly?.() ?? null;
  const found: (Parameters<typeof said>[0] | null)[] = [
    ...status.alerts,
    readOnly,
    ...(care.wants?.() ?? []),
    strays(parts),
    room(status, capacityBytes),
    ...papers(charter, status.daemon, now),
  ];
  return found.flatMap((one) => (one === null ? [] : [said(one)]));
}

/** `facts` of what came over the wire are JSON as well. */
function said({
  code,
  message,
  facts,
}: Pick<AnswerOf<'status'>['alerts'][number], 'code' | 'message' | 'facts'>): Said {
  return { code, message, facts: facts as Said['facts'] };
}

function strays({ fragments }: Parts): Said | null {
  const files = fragments.strays.length;
  if (files === 0) return null;
  return {
    code: 'STRAY_FILES',
    message: `${files} files among the fragments are no whole fragments: look at them, then move them out of the data directory`,
    facts: { files },
  };
}

function room({ freeBytes }: StandingPorts['status'], capacityBytes: number): Said | null {
  if (freeBytes >= capacityBytes * ROOM_FRACTION) return null;
  return {
    code: 'ROOM_SMALL',
    message: `only ${freeBytes} of the ${capacityBytes} bytes it offers can still be taken: free the disk, or set a capacity that fits it`,
    facts: { freeBytes, capacityBytes },
  };
}

function papers(charter: Charter, daemon: string, now: number): Said[] {
  const found: Said[] = [];
  const until = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  if (charter.expires < now + PAPERS_MS) {
    found.push({
      code: 'CHARTER_ENDING',
      message: `the charter ends on ${until(charter.expires)}: the officers have to sign its next version`,
      facts: { expires: charter.expires },
    });
  }
  const self = findDaemon(charter, daemon);
  const validUntil = self === undefined ? undefined : homeOf(charter, self).hoster.declaration.validUntil;
  if (validUntil !== undefined && validUntil < now + PAPERS_MS) {
    found.push({
      code: 'DECLARATION_ENDING',
      message: `your declaration of sovereignty ends on ${until(validUntil)}: send the officers a new one`,
      facts: { validUntil },
    });
  }
  return found;
}
