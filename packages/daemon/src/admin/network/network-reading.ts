// Reads the network as this daemon knows it: its copy of the ledger, its greetings of the others, its planner. Asks nobody.

import {
  type Charter,
  type Clock,
  type Crypto,
  type DaemonId,
  findDaemon,
  homeOf,
  quorumOf,
  type Site,
  votingHosters,
} from '@vauban/core';
import type { Log } from '../../log.ts';
import type { Parts } from '../../parts.ts';
import type { AdminStatus } from '../admin-ports.ts';
import { LedgerNews } from './ledger-news.ts';
import {
  type NetworkFacts,
  type NetworkView,
  type SiteState,
  type SiteView,
  siteStates,
} from './network-view.ts';
import { riskOf } from './risk.ts';
import { type Presences, SegmentCensus } from './segment-census.ts';

/** Whoever asks first waits so long for the first count. */
const FIRST_COUNT_MS = 1_500;

export interface ReadingPorts {
  readonly id: DaemonId;
  readonly parts: Parts;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is asked of this daemon itself. */
interface Own extends Pick<AdminStatus, 'mode'> {
  readonly freeBytes: number;
}

export class NetworkReading {
  readonly #ports: ReadingPorts;
  readonly #census: SegmentCensus;
  readonly #news: LedgerNews;

  constructor(ports: ReadingPorts) {
    const { parts, crypto } = ports;
    const { logs } = parts.mirror;
    this.#ports = ports;
    this.#census = new SegmentCensus({ ...ports, logs, charter: () => parts.keeper.chain.current });
    this.#news = new LedgerNews({ logs, crypto, charters: parts.keeper.chain });
  }

  /** `status`: what the daemon says of itself. */
  async view(status: AdminStatus): Promise<NetworkView> {
    const { clock } = this.#ports;
    const of = this.#presences();
    const counting = this.#census.look(of);
    // What was counted before serves meanwhile; with nothing counted there is nothing to say.
    if (this.#census.margin(of).countedAt === null) {
      await Promise.race([counting, clock.sleep(FIRST_COUNT_MS)]);
    }
    const facts = await this.#facts(status, of);
    return { ...facts, risk: riskOf(facts) };
  }

  #presences(): Presences {
    const { id, parts } = this.#ports;
    const { care, fragments } = parts;
    const answers = (daemon: DaemonId) =>
      daemon === id ? fragments.failure === undefined : care.watch.shown(daemon) === 'up';
    return { answers, counts: (daemon) => answers(daemon) && !care.consortium.isLost(daemon) };
  }

  async #facts(status: AdminStatus, of: Presences): Promise<NetworkFacts> {
    const { id, parts, clock } = this.#ports;
    const { care, mirror, fragments, keeper } = parts;
    const charter = keeper.chain.current;
    const now = clock.now();
    const { auditor } = care.watching;
    const audits = auditor.progress();
    const { audits: last, drills } = await this.#news.read(now);
    const { paused, segmentsToRepair, bytesToGo, ...repair } = care.repair.progress();
    const states = mirror.logs.origins().map((origin) => mirror.logs.state(origin));
    const until = (site: string) => care.consortium.maintenanceUntil(site);
    // What it tells others, so that all sites are measured alike.
    const { freeBytes } = await care.ping();
    return {
      format: 'vauban/network-view/0',
      at: now,
      answers: 1,
      daemons: charter.daemons.length,
      seenBy: {
        daemon: id,
        hoster: status.hoster,
        site: status.site,
        mode: status.mode,
        readOnly: care.standing.readOnly?.reason ?? null,
        behind: behindOf(parts),
        diskFailed: fragments.failure !== undefined,
        startedAt: status.startedAt,
      },
      charter: {
        name: charter.name,
        version: charter.version,
        expires: charter.expires,
        suspectAfterMs: charter.durations.suspectAfterMs,
        lostAfterMs: charter.durations.lostAfterMs,
      },
      hosters: this.#hosters(charter),
      margin: this.#census.margin(of),
      repair: {
        paused,
        segments: segmentsToRepair,
        bytes: bytesToGo,
        etaSeconds: repair.etaSeconds,
        doneSegments: repair.doneSegments,
        doneBytes: repair.doneBytes,
        rateByLink: repair.rateByLink,
        homeless: care.repair.helpless.homeless,
      },
      sites: charter.sites.flatMap((site) => this.#site(charter, site, { ...status, freeBytes })),
      audits: {
        passed: audits.passed,
        failed: audits.failed,
        unanswered: audits.unanswered,
        roundStartedAt: audits.periodStartedAt,
        coveredFragments: audits.coveredFragments,
        totalFragments: audits.totalFragments,
        last,
      },
      ledger: {
        logs: states.length,
        entries: states.reduce((sum, { size }) => sum + size, 0),
        certified: states.reduce((sum, { size, certifiedSize }) => sum + Math.min(size, certifiedSize), 0),
        heads: await this.#news.heads(),
      },
      maintenance: charter.sites.flatMap(({ id: site, city }) =>
        until(site) === 0 ? [] : [{ site, city, until: until(site) }],
      ),
      drills,
      wants: status.wants,
    };
  }

  #hosters(charter: Charter): NetworkFacts['hosters'] {
    const { id, parts } = this.#ports;
    const { watch } = parts.care;
    const there = new Set(
      charter.daemons
        .filter((one) => one.id === id || watch.shown(one.id) === 'up')
        .map((one) => homeOf(charter, one).hoster.id),
    );
    const voting = votingHosters(charter);
    const heard = voting.filter((hoster) => there.has(hoster.id)).length;
    const needed = quorumOf(charter);
    return { heard, all: voting.length, needed, quorum: watch.heard && heard >= needed };
  }

  /** Nothing for a site that no daemon stands on. */
  #site(charter: Charter, site: Site, own: Own): SiteView[] {
    const { id, parts } = this.#ports;
    const { watch, consortium, watching } = parts.care;
    const daemons = charter.daemons.filter((one) => one.site === site.id);
    const [first] = daemons;
    if (first === undefined) return [];
    const { hoster } = homeOf(charter, first);
    const until = consortium.maintenanceUntil(site.id);
    const states = daemons.map(
      (one): SiteState => (one.id === id ? this.#ownState(own) : this.#state(one.id, until > 0)),
    );
    const silent = daemons.flatMap((one) => watch.silentMs(one.id) ?? []);
    const free = daemons.flatMap((one) =>
      one.id === id ? own.freeBytes : (watch.answer(one.id)?.freeBytes ?? []),
    );
    const counted = daemons.map((one) => this.#census.fragmentsOf(one.id));
    const here = new Set(daemons.map((one) => one.id));
    const found = watching.auditor.findings().filter(({ holder }) => here.has(holder));
    const sum = (of: readonly number[]) => of.reduce((total, one) => total + one, 0);
    return [
      {
        id: site.id,
        city: site.city,
        hoster: hoster.id,
        hosterName: hoster.name,
        latitude: site.latitude / 1_000_000,
        longitude: site.longitude / 1_000_000,
        state: gravest(states),
        declaredLost: daemons.every((one) => consortium.isLost(one.id)),
        silentMs: silent.length === 0 ? null : Math.round(Math.max(...silent)),
        fragments: counted.includes(undefined) ? null : sum(counted as number[]),
        freeBytes: free.length === 0 ? null : sum(free),
        maintenanceUntil: until === 0 ? null : until,
        daemons: daemons.length,
        answering: daemons.filter((one) => one.id === id || watch.shown(one.id) === 'up').length,
        suspectFragments: found.filter(({ stage }) => stage === 'suspect').length,
        degradedFragments: found.filter(({ stage }) => stage === 'degraded').length,
      },
    ];
  }

  #state(daemon: DaemonId, away: boolean): SiteState {
    const { watch, consortium } = this.#ports.parts.care;
    const presence = watch.shown(daemon);
    if (consortium.isLost(daemon) || (presence === 'lost' && !away)) return 'lost';
    if (away) return 'maintenance';
    const answer = watch.answer(daemon);
    // One that never answered since this daemon began to listen, or that a daemon cut off from most does not hear.
    if (presence === 'silent') return watch.heard && watch.silentMs(daemon) !== null ? 'suspect' : 'unknown';
    if (answer?.readOnly === true) return 'read-only';
    return answer?.draining === true ? 'draining' : 'well';
  }

  #ownState({ mode }: Own): SiteState {
    const { id, parts } = this.#ports;
    if (parts.care.consortium.isLost(id)) return 'lost';
    if (mode === 'read-only' || parts.fragments.failure !== undefined) return 'read-only';
    const site = findDaemon(parts.keeper.chain.current, id)?.site;
    if (site !== undefined && parts.care.consortium.inMaintenance(site)) return 'maintenance';
    return mode === 'draining' || mode === 'drained' ? 'draining' : 'well';
  }
}

function behindOf({ mirror: { silent, logs } }: Parts): string | null {
  const { doubt, size } = logs.quarantine;
  if (doubt !== null) return 'it is damaged, and is being compared with what the other hosters hold';
  if (size > 0) return `${size} of its logs are damaged, and are fetched anew from the other hosters`;
  const reading = silent?.code === 'VOTER_STARTING' || silent?.code === 'VOTER_UNREADY';
  return reading ? 'it is still reading what the other hosters hold' : null;
}

function gravest(states: readonly SiteState[]): SiteState {
  return states.reduce<SiteState>(
    (worst, one) => (siteStates.indexOf(one) > siteStates.indexOf(worst) ? one : worst),
    'well',
  );
}
