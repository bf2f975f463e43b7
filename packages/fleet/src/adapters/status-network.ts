// Am I safe: which daemons are up, and how many more sites may be lost before anything is. Opens with the line that
// matters. Asks every daemon with a deadline, and pulls the ledger to know what was promised.

import { asFault, type DaemonId, memoryStore, quorumOf } from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom } from '@vauban/core/node';
import { LogStore, refresh } from '@vauban/ledger';
import { type Census, takeCensus } from '../census.ts';
import { declarationAlerts } from '../declarations.ts';
import { readWithoutQuorum } from '../partial-ledger.ts';
import { type DaemonPlace, daemonPlaces } from './layout.ts';
import { NetworkSession } from './network-session.ts';
import { runningPid } from './processes.ts';

const ASK_MS = 3_000;

export interface DaemonStatus {
  readonly id: DaemonId;
  readonly hoster: string;
  readonly site: string;
  readonly pid: number | null;
  /** Its process runs; it may still be silent. */
  readonly alive: boolean;
  readonly address: string | null;
  /** Null when it does not answer; 0 on a burnt site. */
  readonly fragments: number | null;
  readonly bytes: number | null;
  readonly state: 'up' | 'silent' | 'down' | 'burnt';
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
}

/** Faults: NETWORK_MISSING, and integrity faults of the ledger. Daemons and quorums out of reach are part of the answer. */
export async function networkStatus(
  directory: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<NetworkStatus> {
  const places = await daemonPlaces(directory);
  const session = await NetworkSession.open(directory, { as: 'operator', deadlineMs: ASK_MS, ...options });
  try {
    const pids = await Promise.all(places.map(runningPid));
    // One call that finds every daemon, so that catching up costs nothing more.
    if (pids.some((pid) => pid !== undefined)) await session.catchUp();
    const asked = await Promise.all(places.map((place, nth) => askDaemon(session, place, pids[nth])));
    const declared = declarationAlerts(session.charter, nodeClock.now());
    const daemons = asked.map((one) => {
      const alert = declared.get(one.hoster);
      return alert === undefined ? one : { ...one, alerts: [...one.alerts, alert] };
    });
    const answers = new Set(daemons.filter((one) => one.state === 'up').map((one) => one.id));
    const burnt = new Set(places.filter((place) => place.burnt).map((place) => place.id));
    const known = await census(session, { answers, burnt });
    const up = `${answers.size} of ${places.length} daemons up`;
    return {
      summary: summaryOf(known, up),
      worstMargin: known?.census.worstMargin ?? null,
      daemons,
      segments: known?.census.segments ?? null,
    };
  } finally {
    await session.close();
  }
}

async function askDaemon(
  session: NetworkSession,
  place: DaemonPlace,
  pid: number | undefined,
): Promise<DaemonStatus> {
  const { id, facts, burnt } = place;
  const known = {
    id,
    hoster: facts.hoster.id,
    site: facts.site.id,
    pid: pid ?? null,
    alive: pid !== undefined,
    address: facts.daemon.addresses[0] ?? null,
  };
  const absent = { fragments: null, bytes: null, alerts: [] };
  if (burnt) return { ...known, ...absent, fragments: 0, bytes: 0, state: 'burnt' };
  if (pid === undefined) return { ...known, ...absent, state: 'down' };
  try {
    const { fragments, bytes, silent, alerts } = await session.ask(id, 'status', {});
    const all = [...(silent === null ? [] : [silent]), ...alerts];
    const said = [...new Set(all.map((one) => one.message))];
    return { ...known, fragments, bytes, state: 'up', alerts: said };
  } catch (error) {
    return { ...known, ...absent, state: 'silent', alerts: [asFault(error).message] };
  }
}

/** The margin over all certified places; without a quorum, over those that anyone left can show. */
async function census(
  session: NetworkSession,
  of: { readonly answers: ReadonlySet<DaemonId>; readonly burnt: ReadonlySet<DaemonId> },
): Promise<Known | undefined> {
  const { charter, chain } = session;
  const silent = new Set(charter.daemons.map((one) => one.id).filter((id) => !of.answers.has(id)));
  const voters = session.voters(silent);
  if (voters.length === 0) return undefined;
  const logs = await LogStore.open(memoryStore(), nodeCrypto);
  const ports = { crypto: nodeCrypto, clock: nodeClock, random: nodeRandom };
  const reader = { ...ports, charters: chain, voters: () => voters, logs };
  const needed = quorumOf(charter);
  let gap: string | undefined;
  if (voters.length < needed) {
    gap = `no quorum (${voters.length} of ${needed} hosters answer), so the newest entries may be missing here`;
  } else {
    await refresh(reader, { of: 'all' }).catch((error: unknown) => {
      const fault = asFault(error);
      if (fault.kind === 'integrity') throw fault;
      gap = fault.message;
    });
  }
  if (gap !== undefined) await readWithoutQuorum(reader);
  return { census: await takeCensus({ logs, charter, crypto: nodeCrypto, ...of }), gap };
}

interface Known {
  readonly census: Census;
  /** Why the ledger may go on beyond what was read. */
  readonly gap: string | undefined;
}

function summaryOf(known: Known | undefined, up: string): string {
  if (known === undefined) return `the network is not running; ${up}`;
  const { segments, worstMargin, unreadable, lost } = known.census;
  const after = known.gap === undefined ? up : `${up}; ${known.gap}`;
  const count = (n: number) => `${n} of ${segments} ${segments === 1 ? 'segment' : 'segments'}`;
  if (lost > 0) return `DATA LOST: too little is left of ${count(lost)}; ${after}`;
  const none = known.gap === undefined ? 'no data lost' : 'no data known to be lost';
  if (unreadable > 0) return `${none}; ${count(unreadable)} cannot be read until daemons return; ${after}`;
  if (worstMargin === null) {
    return known.gap === undefined ? `${none}; nothing stored yet; ${after}` : `margin unknown; ${after}`;
  }
  return `${none}; worst margin ${worstMargin} ${worstMargin === 1 ? 'site' : 'sites'}; ${after}`;
}
