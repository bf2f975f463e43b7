// Watches the network once a second while a drill runs: who answers, what is still to be repaired and at which rate, how long
// the ledger is, and the margin of the worst segment by the ledger on the sites that answer.

import { asFault, type Charter, type DaemonId, type Fault, findDaemon } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { type HealingOverview, healingOf, type OperatorDesk, type Stage } from '@vauban/fleet';
import { type ConsortiumFacts, isLostDaemon, maintenanceUntil } from '@vauban/ledger';
import type { Sample, SiteState } from '../result.ts';
import { type LedgerWatch, mostLacking, worstMargin } from './ledger-watch.ts';

const EVERY_MS = 1_000;
/** Whoever takes longer to say how its repair goes is silent for this look. */
const ANSWER_MS = 2_500;
/** Looks that may fail in a row. */
const FAILED_MAX = 10;

export interface ObserverOptions {
  readonly desk: OperatorDesk;
  readonly stage: Stage;
  readonly ledger: LedgerWatch;
  /** ms since the drill's start. */
  readonly now: () => number;
  readonly onSample: (sample: Sample) => void;
  readonly signal: AbortSignal;
}

export class Observer {
  readonly samples: Sample[] = [];
  readonly #options: ObserverOptions;
  readonly #ended = new AbortController();
  #running: Promise<void> | undefined;
  /** By daemon, what it said last: counts begin anew when it is started again. */
  readonly #done = new Map<DaemonId, { readonly segments: number; readonly bytes: number }>();
  #repaired = { fragments: 0, bytes: 0 };
  /** Why it looks no more. */
  problem: Fault | undefined;
  #failed = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#running = this.#run();
  }

  /** Faults: an integrity fault of the ledger that was met on the way. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#running;
    if (this.problem !== undefined) throw this.problem;
  }

  async #run(): Promise<void> {
    const ended = AbortSignal.any([this.#ended.signal, this.#options.signal]);
    while (!ended.aborted) {
      const next = nodeClock.monotonic() + EVERY_MS;
      try {
        await this.look();
        this.#failed = 0;
      } catch (error) {
        if (ended.aborted) return;
        const fault = asFault(error);
        this.#failed += 1;
        // A moment's trouble passes; a ledger that contradicts itself does not.
        if (fault.kind === 'integrity' || this.#failed >= FAILED_MAX) {
          this.problem = fault;
          return;
        }
      }
      await nodeClock.sleep(Math.max(0, next - nodeClock.monotonic()), ended).catch(() => undefined);
    }
  }

  /** One sample, now. */
  async look(): Promise<Sample> {
    const { desk, stage, ledger, now, onSample } = this.#options;
    const atMs = now();
    const healing = await healingOf(desk, ANSWER_MS).catch(() => undefined);
    const answers = new Set(healing?.daemons.map(({ id }) => id) ?? []);
    const view = await ledger.look(answers);
    this.#count(healing);
    const { burnt } = await stage.look();
    const sample: Sample = {
      atMs,
      endedMs: now(),
      lacking: view === undefined ? null : mostLacking(view.segments, (id) => answers.has(id)),
      worstMargin: view === undefined ? null : worstMargin(view.segments, (id) => answers.has(id)),
      segmentsToRepair: healing?.segmentsToRepair ?? 0,
      bytesToGo: healing?.bytesToGo ?? 0,
      rateByLink: healing?.rateByLink ?? {},
      repairedFragments: this.#repaired.fragments,
      repairedBytes: this.#repaired.bytes,
      ledgerEntries: view?.entries ?? 0,
      sites: siteStates(desk.charter, { healing, burnt, facts: view?.facts }),
    };
    this.samples.push(sample);
    onSample(sample);
    return sample;
  }

  #count(healing: HealingOverview | undefined): void {
    for (const { id, doneSegments: segments, doneBytes: bytes } of healing?.daemons ?? []) {
      const before = this.#done.get(id);
      this.#done.set(id, { segments, bytes });
      // What it did before it was first asked is none of the drill's.
      if (before === undefined) continue;
      const anew = segments < before.segments || bytes < before.bytes;
      this.#repaired = {
        fragments: this.#repaired.fragments + segments - (anew ? 0 : before.segments),
        bytes: this.#repaired.bytes + bytes - (anew ? 0 : before.bytes),
      };
    }
  }
}

function siteStates(
  charter: Charter,
  of: {
    readonly healing: HealingOverview | undefined;
    readonly burnt: ReadonlySet<string>;
    readonly facts: ConsortiumFacts | undefined;
  },
): Sample['sites'] {
  const { healing, burnt, facts } = of;
  const states = charter.sites.map(({ id: site }): [string, SiteState] => {
    const daemons = charter.daemons.filter((one) => one.site === site).map(({ id }) => id);
    const heard = healing?.daemons.filter(({ id }) => findDaemon(charter, id)?.site === site) ?? [];
    const lost = facts !== undefined && daemons.some((id) => isLostDaemon(facts, charter, id));
    const away = facts !== undefined && maintenanceUntil(facts, { site, now: nodeClock.now() }) > 0;
    if (burnt.has(site)) return [site, 'burnt'];
    if (lost) return [site, 'lost'];
    if (heard.some(({ readOnly }) => readOnly !== null)) return [site, 'read-only'];
    if (away) return [site, 'maintenance'];
    return [site, heard.length > 0 ? 'up' : 'silent'];
  });
  return Object.fromEntries(states);
}
