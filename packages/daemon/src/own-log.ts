// This daemon's own log, for everything it has to say: losses, custody, audits, erasing. One writer for all of them, opened
// when first needed; what comes while an append is on its way travels together in the next one.

import {
  APPEND_ENTRIES_MAX,
  asFault,
  assert,
  type Clock,
  type Crypto,
  type DaemonId,
  daemonIdBytes,
  Fault,
  MESSAGE_BYTES_MAX,
  type Random,
  type Store,
} from '@vauban/core';
import { type CharterChain, LogStore, LogWriter, type Mirror, type Payload } from '@vauban/ledger';
import { onlyFollows } from './ledger-tasks.ts';
import type { Log } from './log.ts';
import type { Peers } from './peers.ts';

/** Without a quorum, or with a voter that lacks evidence, the same is tried again after so long. */
const RETRY_MS = 2_000;
/** So long an entry that some refuse may hold up everything behind it while others are away. */
const STUCK_MS = 20_000;
const erasings: ReadonlySet<Payload['kind']> = new Set(['purge', 'sweep', 'trim']);
/** Entries of one append; a few hundred custody entries fill a message. */
const TOGETHER_MAX = 500;

export interface OwnLogPorts {
  readonly id: DaemonId;
  readonly logSeed: Uint8Array;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
  readonly mirror: Mirror;
  readonly peers: Pick<Peers, 'voters' | 'newer'>;
  /** Holds the log. */
  readonly store: Store;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A certified head of this daemon's log that covers what was appended. */
export interface OwnHead {
  readonly origin: string;
  readonly size: number;
}

interface Waiting {
  readonly payloads: readonly Payload[];
  readonly resolve: (head: OwnHead) => void;
  readonly reject: (reason: unknown) => void;
}

export class OwnLog {
  readonly #ports: OwnLogPorts;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #writer: LogWriter | undefined;
  #ended: Fault | undefined;
  #logs: LogStore | undefined;

  constructor(ports: OwnLogPorts) {
    this.#ports = ports;
  }

  /**
   * Resolves once a quorum certified the entries, however long that takes. Rejects with what the hosters refused: then all of
   * `payloads` are voided, and no quorum can certify them without their voids, unless the fact `takenBack` is true. In that
   * case only some refused, too many were silent, and it is open which of the two comes to be certified, until `settled`.
   * Rejects too with WRITER_STATE_LOST or LOG_SEALED (the key signs nothing more), or the reason of the daemon's end.
   */
  append(payloads: readonly Payload[]): Promise<OwnHead> {
    assert(payloads.length > 0 && payloads.length <= APPEND_ENTRIES_MAX, 'an append has entries');
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payloads, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /**
   * Resolves once nothing that was written before, by this run or an earlier one, is on its way any more: it is certified, or
   * its void is; no refusal rejects it. Rejects with WRITER_STATE_LOST, LOG_SEALED, or the reason of the daemon's end.
   */
  settled(): Promise<OwnHead> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payloads: [], resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Why this key signs nothing more; undefined while it may. */
  get ended(): Fault | undefined {
    return this.#ended;
  }

  /** Something it signed, or is to sign, is not certified yet. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when nothing is on its way any more; after the end of the daemon soon. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = this.#takeTogether();
      try {
        const head = await this.#certify(together.flatMap(({ payloads }) => payloads));
        for (const one of together) one.resolve(head);
      } catch (error) {
        if (together.length > 1 && asFault(error).kind === 'refused' && this.#mayGoOn(error)) {
          await this.#oneByOne(together);
        } else for (const one of together) one.reject(error);
      }
    }
    // In the same breath as the last look: whoever was just answered may have more to say before anybody else has a turn.
    this.#running = undefined;
  }

  /** One of them was refused and took the others with it. */
  async #oneByOne(together: readonly Waiting[]): Promise<void> {
    for (const one of together) await this.#certify(one.payloads).then(one.resolve, one.reject);
  }

  /** Erasings go alone: retried after a void of their neighbours, they would name a generation that is used up. */
  #takeTogether(): Waiting[] {
    let entries = 0;
    const erases = this.#waiting.map(({ payloads }) => payloads.some(({ kind }) => erasings.has(kind)));
    const fits = this.#waiting.findIndex(({ payloads }, nth) => {
      entries += payloads.length;
      return nth > 0 && (entries > TOGETHER_MAX || erases[0] === true || erases[nth] === true);
    });
    return this.#waiting.splice(0, fits < 0 ? this.#waiting.length : fits);
  }

  async #certify(payloads: readonly Payload[]): Promise<OwnHead> {
    let written = false;
    const work = async () => {
      const writer = await this.#open();
      // What could not be certified at once is signed already: it is brought again, never written twice.
      if (written) {
        await writer.finish();
        return writer;
      }
      await this.#finishBefore(writer);
      if (payloads.length === 0) return writer;
      const before = writer.size;
      try {
        await writer.append(() => payloads);
      } catch (error) {
        written = writer.size > before;
        throw error;
      }
      return writer;
    };
    const { origin, size } = await this.#tirelessly(work, () => written);
    await this.#writer?.spreadCertificate();
    if (onlyFollows(this.#ports.mirror)) await this.#mirrored(origin);
    return { origin, size };
  }

  /**
   * What stands uncertified before anything new can be signed. Nobody waits for it any more, and what comes now is not it:
   * however it ends, that is no answer to what comes now, which waits.
   */
  async #finishBefore(writer: LogWriter): Promise<void> {
    try {
      await writer.finish();
    } catch (error) {
      const fault = asFault(error);
      if (fault.kind !== 'refused' || passes(fault) || !this.#mayGoOn(fault)) throw error;
      const { code, message, facts } = fault;
      this.#ports.log('warn', 'own-log-voided', { code, message });
      const { certifiedSize = 0, size = 0 } = this.#logs?.state(writer.origin) ?? {};
      // Its void still lacks a quorum.
      if (certifiedSize < size) throw new Fault('unreachable', code, message, { ...facts });
    }
  }

  /** Nobody brings it to a mirror that does not vote: without it this daemon would not know what it has just said. */
  async #mirrored(origin: string): Promise<void> {
    const { mirror, log } = this.#ports;
    const logs = this.#logs;
    if (logs === undefined) return;
    try {
      const { certificate, size } = logs.state(origin);
      while (mirror.logs.state(origin).size < size) {
        const from = mirror.logs.state(origin).size;
        for (const batch of await logs.batches(origin, from, MESSAGE_BYTES_MAX / 4))
          await mirror.adopt(batch);
        if (mirror.logs.state(origin).size === from) break;
      }
      if (certificate !== null) await mirror.certify(origin, certificate);
    } catch (error) {
      // It will be had from the voters.
      log('debug', 'own-log-mirror', { code: asFault(error).code });
    }
  }

  /** Until it is done, or what stands in its way does not pass by itself. `isWritten`: what is worked for is signed. */
  async #tirelessly<Result>(work: () => Promise<Result>, isWritten: () => boolean): Promise<Result> {
    const { clock, log, signal } = this.#ports;
    let stuckSince: number | undefined;
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        const fault = asFault(error);
        if (!this.#mayGoOn(fault)) this.#ended = fault;
        if (!passes(fault)) throw error;
        if (!this.#isStuck(fault)) stuckSince = undefined;
        else {
          stuckSince ??= clock.monotonic();
          if (clock.monotonic() - stuckSince > STUCK_MS) {
            await this.#writer?.takeBack();
            // What was never signed waits for what stood before it, and for its void.
            if (isWritten()) throw takenBack(fault);
            stuckSince = undefined;
          }
        }
        if (attempt % 15 === 0) log('warn', 'own-log-waits', { code: fault.code, message: fault.message });
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  /** Some refuse for good, and so many are away that neither they nor the entry prevail: everything behind it waits. */
  #isStuck({ code, facts }: Fault): boolean {
    const { firm } = facts;
    return code === 'QUORUM_UNREACHABLE' && typeof firm === 'number' && firm > 0;
  }

  #mayGoOn(error: unknown): boolean {
    return !['WRITER_STATE_LOST', 'LOG_SEALED'].includes(asFault(error).code);
  }

  async #open(): Promise<LogWriter> {
    const known = this.#writer;
    if (known?.started === true) return known;
    const { mirror, peers, logSeed: seed, id, store, ...rest } = this.#ports;
    const logs = await LogStore.open(store, rest.crypto);
    const writer = new LogWriter({
      ...rest,
      voters: () => {
        const own = mirror.asVoter();
        return [...(own === null ? [] : [own]), ...peers.voters()];
      },
      newer: () => peers.newer(),
      logs,
      seed,
      genesis: { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(id) },
    });
    try {
      await writer.start();
    } catch (error) {
      const fault = asFault(error);
      // It may sign, though what an earlier run left is not certified: that can be brought again, or taken back.
      if (writer.started) [this.#writer, this.#logs] = [writer, logs];
      if (!writer.started || passes(fault)) throw error;
      // Refused, and voided: nobody waits for that any more, and what comes now is not it.
      rest.log('warn', 'own-log-voided', { code: fault.code, message: fault.message });
    }
    [this.#writer, this.#logs] = [writer, logs];
    return writer;
  }
}

/**
 * Why it was voided, which those who refuse it sign too. The void may still lack a quorum: until `settled`, whoever cosigned
 * the entries before can get them certified without it.
 */
function takenBack(fault: Fault): Fault {
  const { why } = fault.facts;
  const [code = 'REFUSED'] = Array.isArray(why) ? why.map(String) : [];
  const message = `some hosters refuse it, and too few answer: ${fault.message}`;
  return new Fault('refused', code, message, { ...fault.facts, takenBack: true });
}

/** Whether waiting may help. */
function passes({ kind, facts, code }: Fault): boolean {
  if (code === 'WRITER_STATE_LOST' || code === 'LOG_SEALED') return false;
  return kind === 'unreachable' || facts['class'] === 'later';
}
