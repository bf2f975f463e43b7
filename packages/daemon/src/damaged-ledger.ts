// A mirror whose database was damaged or written into: the daemon goes on serving everything else, says what is wrong,
// and gets the damaged logs back from other hosters without a person. In quiet times it re-reads its logs slowly, so that
// rot is found before a reader finds it. Owns only when things are done; what is done is the ledger's `Healer`.

import { asFault, type Clock, Fault, type Startable } from '@vauban/core';
import { Healer, type HealerOptions, PayloadEraser, type Quarantine } from '@vauban/ledger';
import type { Log } from './log.ts';

/** How long after an attempt that did not heal everything the next one comes; it doubles up to ten seconds. */
const HEAL_RETRY_MS = 250;
const HEAL_RETRY_MS_MAX = 10_000;
/** What the slow re-reading costs disk and processor: a million entries are read in about eight hours. */
const SCRUB_BYTES_PER_S = 65_536;
const SCRUB_BYTES_AT_ONCE = 16_384;
/** A pause between two logs, so that a small ledger is not read all day. */
const SCRUB_PAUSE_MS = 5_000;

export interface LedgerHealingOptions extends Omit<HealerOptions, 'log'> {
  readonly clock: Clock;
  readonly log: Log;
}

export class LedgerHealing implements Startable {
  readonly #options: LedgerHealingOptions;
  readonly #healer: Healer;
  readonly #eraser: PayloadEraser;
  readonly #abort = new AbortController();
  #nap = new AbortController();
  #unwatch: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #readBytes = 0;

  constructor(options: LedgerHealingOptions) {
    this.#options = options;
    this.#healer = new Healer(options);
    this.#eraser = new PayloadEraser(options.mirror.logs);
  }

  async start(): Promise<void> {
    this.#unwatch = this.#options.mirror.logs.quarantine.watch(() => this.#nap.abort());
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#unwatch();
    this.#abort.abort();
    this.#nap.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#abort;
    let retryMs = HEAL_RETRY_MS;
    while (!signal.aborted) {
      try {
        if (this.#healer.needed && !(await this.#healer.round(signal))) {
          await this.#sleep(retryMs);
          retryMs = Math.min(2 * retryMs, HEAL_RETRY_MS_MAX);
          continue;
        }
        retryMs = HEAL_RETRY_MS;
        // What happened to the disk while nobody looked is looked for at once.
        if (this.#healer.cycles > 0) await this.#sleep(SCRUB_PAUSE_MS);
        if (this.#healer.needed) continue;
        await this.#healer.scrubNext((bytes) => this.#pace(bytes));
        const erased = await this.#eraser.round();
        if (erased > 0) log('info', 'payloads-erased', { payloads: erased });
      } catch (error) {
        if (signal.aborted) return;
        const fault = asFault(error);
        log('error', 'ledger-healing', { code: fault.code, message: fault.message });
        await this.#sleep(HEAL_RETRY_MS_MAX);
      }
    }
  }

  /** Waits, for less when something is found damaged meanwhile. */
  async #sleep(ms: number): Promise<void> {
    this.#nap = new AbortController();
    if (this.#abort.signal.aborted) return;
    await this.#options.clock.sleep(ms, this.#nap.signal).catch(() => undefined);
  }

  async #pace(bytes: number): Promise<void> {
    this.#abort.signal.throwIfAborted();
    this.#readBytes += bytes;
    if (this.#readBytes < SCRUB_BYTES_AT_ONCE) return;
    this.#readBytes = 0;
    await this.#options.clock.sleep((1_000 * SCRUB_BYTES_AT_ONCE) / SCRUB_BYTES_PER_S, this.#abort.signal);
  }
}

/** What a person is told while a ledger is damaged: what is wrong, and whether anything is to be done. */
export function ledgerAlerts(quarantine: Quarantine): Fault[] {
  const { doubt } = quarantine;
  if (doubt !== null) {
    const message = `this daemon's copy of the ledger is damaged (${doubt.message}): it serves its fragments, looks through the ledger and gets what is missing from the other hosters; check the disk`;
    return [new Fault('integrity', 'LEDGER_DAMAGED', message, { because: doubt.code })];
  }
  const damaged = quarantine.entries();
  const lasting = damaged.flatMap(([, reason]) => (reason.code.endsWith('_CONTRADICTS') ? [reason] : []));
  const first = damaged[0];
  if (first === undefined) return [];
  const message = `${damaged.length} logs of this daemon's ledger are damaged (${first[1].message}): it does not vote on them and gets them from the other hosters; check the disk`;
  return [
    new Fault('integrity', 'LEDGER_DAMAGED', message, { because: first[1].code, logs: damaged.length }),
    ...lasting.slice(0, 10),
  ];
}
