// Am I safe: which daemons are up, and how many more sites may be lost before anything is. Opens with the line that
// matters. Asks every daemon with a deadline, and pulls the ledger to know what was promised.

import { asFault, type Charter, type DaemonId } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { consortiumFacts, type ConsortiumFacts, isLostDaemon, maintenanceUntil } from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import { type Census, takeCensus } from '../census.ts';
import { censusInWords } from '../census-text.ts';
import { declarationAlerts } from '../declarations.ts';
import { type DaemonPlace, localPlaces } from './layout.ts';
import { NetworkSession } from './network-session.ts';
import { readLedger } from './read-ledger.ts';
import { runningDaemons } from './running-daemons.ts';

const ASK_MS = 3_000;

export interface DaemonStatus {
  readonly id: DaemonId;
  readonly hoster: string;
  readonly site: string;
  /** Null when it does not run, and in a container. */
  readonly pid: number | null;
  /** It runs; it may still be silent. Where nobody can tell, whether it answers. */
  readonly alive: boolean;
  readonly address: string | null;
  /** Null when it does not answer; 0 on a burnt site. */
  readonly fragments: number | null;
  readonly bytes: number | null;
  readonly state: 'up' | 'silent' | 'down' | 'burnt';
  /** Its site was declared lost, and it has not been readmitted since. */
  readonly lost: boolean;
  /** Until when its site is away on purpose, ms since 1970; null when it is not. */
  readonly maintenanceUntil: number | null;
  /** Why it changes nothing; null when it may, and when it does not say. */
  readonly readOnly: string | null;
  /** It is being emptied. */
  readonly draining: { readonly fragmentsLeft: number; readonly safeToStop: boolean } | null;
  /** Segments that it is to rebuild fragments of; null when it does not say. */
  readonly segmentsToRepair: number | null;
  /** An operator holds that back; null when it does not say. */
  readonly repairPaused: boolean | null;
  /** What wants a human: why it does not vote, what is wrong with its disk. */
  readonly alerts: readonly string[];
}

export interface NetworkStatus {
  readonly summary: string;
  /** Sites that may be lost with everything still readable; −1 when something is not now; null when nothing is known. */
  readonly worstMargin: number | null;
  readonly daemons: readonly DaemonStatus[];
  /** Certified segments; null when nobody answers. */
  readonly segments: number | null;
  readonly fleet: 'processes' | 'containers';
  /** Why the engine could not be asked which containers run; null when it was, or need not be. */
  readonly engineSilent: string | null;
}

/** `engine`: what runs docker. Faults: NETWORK_MISSING, DAEMONS_ELSEWHERE, and integrity faults of the ledger. Daemons and quorums out of reach are part of the answer. */
export async function networkStatus(
  directory: string,
  { engine, ...options }: { readonly signal?: AbortSignal; readonly engine?: readonly string[] } = {},
): Promise<NetworkStatus> {
  const places = await localPlaces(directory);
  const session = await NetworkSession.open(directory, { as: 'operator', deadlineMs: ASK_MS, ...options });
  try {
    const { fleet, runs, pids, engineSilent } = await runningDaemons(directory, places, engine);
    // One call that finds every daemon, so that catching up costs nothing more.
    if (runs.some((one) => one !== false)) await session.catchUp();
    const asked = await Promise.all(
      places.map((place, nth) => askDaemon(session, place, { runs: runs[nth], pid: pids[nth] ?? null })),
    );
    const declared = declarationAlerts(session.charter, nodeClock.now());
    const answers = new Set(asked.filter((one) => one.state === 'up').map((one) => one.id));
    const burnt = new Set(places.filter((place) => place.burnt).map((place) => place.id));
    const known = await census(session, { answers, burnt });
    const daemons = asked.map((one): DaemonStatus => {
      const alert = declared.get(one.hoster);
      const alerts = alert === undefined ? one.alerts : [...one.alerts, alert];
      return { ...one, ...wordsAbout(session.charter, known?.facts, one), alerts };
    });
    const up = `${answers.size} of ${places.length} daemons up`;
    return {
      summary: summaryOf(known, up),
      worstMargin: known?.census.worstMargin ?? null,
      daemons,
      segments: known?.census.segments ?? null,
      fleet,
      engineSilent,
    };
  } finally {
    await session.close();
  }
}

/** What the ledger says of a daemon's site, as far as it is certified. */
function wordsAbout(
  charter: Charter,
  facts: ConsortiumFacts | undefined,
  { id, site }: { readonly id: DaemonId; readonly site: string },
): Pick<DaemonStatus, 'lost' | 'maintenanceUntil'> {
  if (facts === undefined) return { lost: false, maintenanceUntil: null };
  const losses = facts.losses.filter((one) => one.certified);
  const maintenance = facts.maintenance.filter((one) => one.certified);
  const until = maintenanceUntil({ maintenance }, { site, now: nodeClock.now() });
  return {
    lost: isLostDaemon({ losses, readmits: facts.readmits }, charter, id),
    maintenanceUntil: until === 0 ? null : until,
  };
}

async function askDaemon(
  session: NetworkSession,
  place: DaemonPlace,
  { runs, pid }: { readonly runs: boolean | undefined; readonly pid: number | null },
): Promise<Omit<DaemonStatus, 'lost' | 'maintenanceUntil'>> {
  const { id, facts, burnt } = place;
  const known = {
    id,
    hoster: facts.hoster.id,
    site: facts.site.id,
    pid,
    alive: runs ?? false,
    address: facts.daemon.addresses[0] ?? null,
  };
  const quiet = { readOnly: null, draining: null, segmentsToRepair: null, repairPaused: null };
  const absent = { fragments: null, bytes: null, alerts: [], ...quiet };
  if (burnt) return { ...known, ...absent, fragments: 0, bytes: 0, state: 'burnt' };
  if (runs === false) return { ...known, ...absent, state: 'down' };
  try {
    const { fragments, bytes, silent, alerts } = await session.ask(id, 'status', {});
    const all = [...(silent === null ? [] : [silent]), ...alerts];
    const said = [...new Set(all.map((one) => one.message))];
    const healing = await session.ask(id, 'healing', {}).then(standingOf, () => quiet);
    return { ...known, ...healing, alive: true, fragments, bytes, state: 'up', alerts: said };
  } catch (error) {
    return { ...known, ...absent, state: 'silent', alerts: [asFault(error).message] };
  }
}

function standingOf({ readOnly, leaving, segmentsToRepair, paused }: AnswerOf<'healing'>) {
  const draining =
    leaving === null ? null : { fragmentsLeft: leaving.fragmentsLeft, safeToStop: leaving.safeToStop };
  return { readOnly, draining, segmentsToRepair, repairPaused: paused };
}

/** The margin over all certified places; without a quorum, over those that anyone left can show. */
async function census(
  session: NetworkSession,
  of: { readonly answers: ReadonlySet<DaemonId>; readonly burnt: ReadonlySet<DaemonId> },
): Promise<Known | undefined> {
  const read = await readLedger(session, of);
  if (read === undefined) return undefined;
  const { logs, gap } = read;
  const facts = await consortiumFacts(logs);
  return { census: await takeCensus({ logs, charter: session.charter, ...of }), facts, gap };
}

interface Known {
  readonly census: Census;
  readonly facts: ConsortiumFacts;
  /** Why the ledger may go on beyond what was read. */
  readonly gap: string | undefined;
}

function summaryOf(known: Known | undefined, up: string): string {
  if (known === undefined) return `the network is not running; ${up}`;
  return `${censusInWords(known.census, known.gap !== undefined)}; ${known.gap === undefined ? up : `${up}; ${known.gap}`}`;
}
