// What looks after the fragments once they are here, hung together: who is there, how this daemon stands, its own log, repair.
// Owns which part hears of which; each part is a file of its own.

import {
  assert,
  type Clock,
  type Crypto,
  type DaemonId,
  Fault,
  type Files,
  prefixedStore,
  type Random,
  type Startable,
  type Store,
  utf8,
} from '@vauban/core';
import { doubted, generationOf, type Mirror } from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import type { CharterKeeper } from './charter-keeper.ts';
import { ConsortiumWatch } from './consortium-watch.ts';
import { type EraseParts, openErasing } from './erase/erase-parts.ts';
import type { FragmentStore } from './fragment-store.ts';
import type { Log } from './log.ts';
import { certifyLosses } from './lost-fragments.ts';
import { OwnLog } from './own-log.ts';
import { OwnStanding, readOnlyFault } from './own-standing.ts';
import { PeerWatch } from './peer-watch.ts';
import type { Peers } from './peers.ts';
import { pingOf } from './ping.ts';
import { Receipts } from './receipts.ts';
import { Foreground, type RepairLimits, standardRepairLimits } from './repair/pace.ts';
import { Repair } from './repair/repair.ts';
import { openWatching, type Watching } from './watch/watch-parts.ts';

/** How often, at least, a daemon makes sure that it is there for others. */
const BEAT_MS_MAX = 5_000;

export interface CareOptions {
  readonly id: DaemonId;
  readonly keys: { readonly receiptSeed: Uint8Array; readonly logSeed: Uint8Array };
  readonly files: Files;
  readonly store: Store;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly capacityBytes: number;
  readonly repairLimits?: RepairLimits;
  readonly keeper: CharterKeeper;
  readonly peers: Peers;
  readonly fragments: FragmentStore;
  readonly mirror: Mirror;
  readonly log: Log;
  /** Ends whatever waits. */
  readonly signal: AbortSignal;
}

export class Care implements Startable {
  readonly standing: OwnStanding;
  readonly receipts: Receipts;
  readonly ownLog: OwnLog;
  readonly consortium: ConsortiumWatch;
  readonly watch: PeerWatch;
  readonly foreground: Foreground;
  readonly repair: Repair;
  readonly watching: Watching;
  #erase: EraseParts | undefined;
  readonly #options: CareOptions;
  #told: AnswerOf<'ping'> | undefined;
  #losses: Promise<void> = Promise.resolve();
  #beating: (() => void) | undefined;

  private constructor(
    options: CareOptions,
    found: { readonly standing: OwnStanding; readonly receipts: Receipts },
  ) {
    const { id, keys, crypto, clock, keeper, peers, fragments, mirror, log, store } = options;
    const charters = keeper.chain;
    const charter = () => charters.current;
    this.#options = options;
    this.standing = found.standing;
    this.receipts = found.receipts;
    this.foreground = new Foreground(clock);
    this.ownLog = new OwnLog({
      ...options,
      charters,
      logSeed: keys.logSeed,
      store: prefixedStore(store, utf8('own/')),
    });
    this.consortium = new ConsortiumWatch({ logs: mirror.logs, clock, charter });
    this.watch = new PeerWatch({
      id,
      charters,
      peers,
      clock,
      log,
      store: prefixedStore(store, utf8('peers/')),
    });
    this.repair = new Repair({
      id,
      crypto,
      clock,
      charter,
      now: () => clock.now(),
      watch: this.watch,
      consortium: this.consortium,
      self: () => ({ leaving: found.standing.draining, takes: this.#takes() }),
      mirror,
      fragments,
      peers,
      standing: found.standing,
      receipts: found.receipts,
      ownLog: this.ownLog,
      foreground: this.foreground,
      rates: options.repairLimits ?? standardRepairLimits,
      store: prefixedStore(store, utf8('repair/')),
      doubted: ({ facts }) => doubted(facts, charter()),
      trouble: (of) => this.watching.auditor.accuse(of),
      log,
    });
    this.watching = openWatching({
      ...options,
      charter,
      logs: mirror.logs,
      watch: this.watch,
      consortium: this.consortium,
      ownLog: this.ownLog,
      foreground: this.#urgent(),
      mend: (segment, index) => this.repair.mend(segment, index),
      store: prefixedStore(store, utf8('watch/')),
    });
  }

  /** What audits and scrubbing make way for: clients, and repair. */
  #urgent(): { readonly busy: boolean } {
    const { foreground, repair } = this;
    return {
      get busy() {
        return foreground.busy || repair.busy;
      },
    };
  }

  /** Reads what the last run left; nothing is asked of anybody yet. Faults: STANDING_MALFORMED, those of the disk. */
  static async open(options: CareOptions): Promise<Care> {
    const { id, crypto, keys, keeper, files, clock, log, mirror, store, fragments } = options;
    const charter = () => keeper.chain.current;
    const awayMaxMs = () => charter().durations.awayMaxMs;
    const holds = fragments.totals().fragments + fragments.missing.length > 0;
    const standing = await OwnStanding.open({ files, clock, awayMaxMs, log }, holds);
    fragments.obey(standing);
    const known = await generationOf(mirror.logs.store, id);
    const ports = {
      crypto,
      daemon: id,
      receiptSeed: keys.receiptSeed,
      charter,
      store: prefixedStore(store, utf8('own-generation/')),
      log,
    };
    const receipts = await Receipts.open(ports, known);
    const care = new Care(options, { standing, receipts });
    await care.#openErasing();
    return care;
  }

  async #openErasing(): Promise<void> {
    const { keeper, store } = this.#options;
    const { standing, receipts, ownLog, watch, consortium, repair } = this;
    this.#erase = await openErasing({
      ...this.#options,
      charters: keeper.chain,
      standing,
      receipts,
      ownLog,
      watch,
      consortium,
      planOf: (segment) => repair.planOf(segment),
      troubled: (key) => this.watching.scrub.check(key),
      store: prefixedStore(store, utf8('erase/')),
    });
  }

  /** Erasing and leaving. */
  get erase(): EraseParts {
    assert(this.#erase !== undefined, 'opened with the rest');
    return this.#erase;
  }

  async start(): Promise<void> {
    const { id, clock, fragments, log, signal } = this.#options;
    this.consortium.watch(() => {
      this.repair.rescan();
      void this.#mindOwnSite();
    });
    await this.consortium.start();
    await this.#mindOwnSite();
    await this.watch.start();
    await this.repair.start();
    await this.watching.scrub.start();
    await this.watching.auditor.start();
    await this.erase.eraser.start();
    await this.erase.drain.start();
    this.#losses = certifyLosses({ clock, fragments, ownLog: this.ownLog, log, signal });
    this.#beat();
    log('debug', 'care', { daemon: id });
  }

  async stop(): Promise<void> {
    this.#beating?.();
    await this.erase.drain.stop();
    await this.erase.eraser.stop();
    await this.watching.auditor.stop();
    await this.repair.stop();
    await this.watching.scrub.stop();
    await this.watch.stop();
    await this.ownLog.idle();
    await this.#losses;
  }

  /** What lies on a site that was declared lost counts for nobody: a receipt would promise what the ledger denies. */
  vouchRefusal(): Fault | undefined {
    return this.consortium.isLost(this.#options.id) ? readOnlyFault('site-lost') : undefined;
  }

  async ping(): Promise<AnswerOf<'ping'>> {
    const { readOnly, draining } = this.standing;
    const before = this.#told?.takes === true;
    const told = await pingOf({ ...this.#options, standing: { readOnly: readOnly !== null, draining } });
    // Whoever cannot say in the ledger what it holds would only keep others from holding it.
    this.#told = { ...told, takes: told.takes && this.ownLog.ended === undefined };
    // What it could not take in until now is still to be found by it.
    if (this.#told.takes && !before) this.repair.rescan();
    return this.#told;
  }

  async healing(): Promise<AnswerOf<'healing'>> {
    const { receivedBySite: _, ...progress } = this.repair.progress();
    const { draining, waitsFor: _for, ...left } = this.erase.drain.progress();
    return { ...progress, leaving: draining ? left : null, readOnly: this.standing.readOnly?.reason ?? null };
  }

  async pauseRepair(paused: boolean): Promise<AnswerOf<'repair-pause'>> {
    await this.standing.setRepairPaused(paused);
    return { paused };
  }

  /**
   * Its operator has looked: it takes and erases again, and counts again where its site had been declared lost. Faults:
   * those of the own log.
   */
  async readmit(): Promise<{ readonly losses: number }> {
    const losses = this.consortium.lossesOf(this.#options.id);
    const named = losses.map(({ origin, index }): [string, number] => [origin, index]);
    await this.ownLog.append([{ kind: 'readmit', losses: named }]);
    await this.consortium.refresh();
    await this.standing.readmitted();
    await this.erase.permit.readmitted();
    return { losses: losses.length };
  }

  /** What it told others last: all that plan by it have to know the same. */
  #takes(): { readonly freeBytes: number } | undefined {
    return this.#told?.takes === true && this.standing.refusal() === undefined ? this.#told : undefined;
  }

  async #mindOwnSite(): Promise<void> {
    if (this.consortium.isLost(this.#options.id)) {
      await this.standing.setReadOnly('site-lost').catch((error: unknown) => this.#failed(error));
    }
  }

  /** Writes down, now and then, that it is there; once it hears others. */
  #beat(): void {
    const { clock, id, mirror } = this.#options;
    const everyMs = () => Math.min(BEAT_MS_MAX, this.#options.keeper.chain.current.durations.awayMaxMs / 8);
    const beat = async () => {
      if (this.watch.heard) await this.standing.beat().catch((error: unknown) => this.#failed(error));
      const known = await generationOf(mirror.logs.store, id).catch(() => 0);
      await this.receipts.catchUp(known).catch((error: unknown) => this.#failed(error));
    };
    const wait = () => {
      this.#beating = clock.after(everyMs(), () => void again());
    };
    const again = async () => {
      await beat();
      wait();
    };
    wait();
  }

  #failed(error: unknown): void {
    const fault = error instanceof Fault ? error : undefined;
    this.#options.log('error', 'standing-not-written', { code: fault?.code ?? 'INTERNAL' });
  }
}
