// One writer's own log: entries persisted before they are sent, one append in flight, calls that come meanwhile wait
// their turn. A refused entry is voided in a larger tree, so it never wedges the log.

import {
  APPEND_ENTRIES_MAX,
  assert,
  type Clock,
  CompactRange,
  type Crypto,
  Fault,
  Mutex,
  type Random,
} from '@vauban/core';
import type { CharterChain } from './charter-log.ts';
import { type Head, openCheckpoint, originOf, signCheckpoint } from './checkpoint.ts';
import { makeEntry, type Payload } from './entry.ts';
import type { Append, LogRecord, LogStore } from './log-store.ts';
import { type PushResult, pushHead, quorumFault } from './push.ts';
import { collectHeads } from './collect-heads.ts';
import { resolveWriter } from './pull.ts';
import { endWriter, signedRow, signedSize, writerEnd } from './writer-end.ts';
import type { Voter } from './voter.ts';

export interface LogWriterOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
  readonly voters: () => readonly Voter[];
  readonly newer?: () => Promise<void>;
  readonly logs: LogStore;
  /** Ed25519 seed of the log key, which signs this log and nothing else. */
  readonly seed: Uint8Array;
  readonly genesis: Payload & { readonly kind: 'genesis' };
}

export interface Appended {
  readonly origin: string;
  /** Index of the first payload given. */
  readonly index: number;
  /** Covers all of them. */
  readonly certificate: string;
}

/** What an append means to its caller: payloads may depend on the index they will get (sealed records do). */
export type PayloadsAt = (at: { readonly origin: string; readonly index: number }) => readonly Payload[];

/** A certificate is seven signatures to check at every voter: while appends follow one another, the newest is enough. */
const SPREAD_EVERY_MS = 1_000;

export class LogWriter {
  readonly origin: string;
  readonly #options: LogWriterOptions;
  readonly #publicKey: Uint8Array;
  readonly #lock = new Mutex();
  #started = false;
  #spreadAt = Number.NEGATIVE_INFINITY;
  #lost: Fault | undefined;
  #newest: Append | undefined;

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#publicKey = options.crypto.ed25519Public(options.seed);
    this.origin = originOf(options.crypto, options.charters.current.name, this.#publicKey);
  }

  /**
   * Before anything is signed: reads q heads of the own log. Finishes an append that a crash interrupted.
   * Faults: WRITER_STATE_LOST and LOG_SEALED (this key must never sign again), QUORUM_UNREACHABLE, and what refused the
   * old append.
   */
  start(): Promise<void> {
    return this.#lock.run(async () => {
      const { logs, charters } = this.#options;
      const ended = await writerEnd(logs.store, this.origin);
      if (ended !== undefined) throw this.#end(ended);
      const { answers } = await collectHeads(this.#options, { of: 'origins', origins: [this.origin] });
      for (const { hoster, heads } of answers) {
        for (const { checkpoint } of heads) {
          const shown = this.#ownHead(checkpoint);
          if (shown === undefined) continue;
          if (await logs.holds(this.origin, shown)) continue;
          throw await this.#stateLost(hoster, shown.size);
        }
      }
      // Pulled from hosters, the newest entries look like its own; what it signed besides them nobody here knows.
      if ((await signedSize(logs.store, this.origin)) !== logs.state(this.origin).size) {
        throw await this.#notOwn();
      }
      const sealers = answers.filter(({ seals }) => seals.some((one) => one.origin === this.origin));
      if (sealers.length > charters.current.f) throw await this.#revoked();
      this.#started = true;
      const state = logs.state(this.origin);
      if (state.certifiedSize < state.size) await this.#certify();
    });
  }

  /** Its heads have been read, and it may sign. */
  get started(): boolean {
    return this.#started;
  }

  /**
   * Voids what is signed and not certified: for when too many refuse it, and too few can be asked, for either. Faults: those of
   * `append`; what could not be voided is tried again with the next append.
   */
  takeBack(): Promise<void> {
    return this.#lock.run(async () => {
      if (this.#lost !== undefined) throw this.#lost;
      const { certifiedSize, size } = this.#options.logs.state(this.origin);
      if (certifiedSize < size) await this.#void(Math.max(1, certifiedSize), size);
    });
  }

  /** Entries signed so far, certified or not. */
  get size(): number {
    return this.#options.logs.state(this.origin).size;
  }

  /** A head this key signed; what it did not sign, a hoster made up. */
  #ownHead(checkpoint: string): Head | undefined {
    try {
      const head = openCheckpoint(this.#options.crypto, checkpoint, this.#publicKey);
      return head.origin === this.origin ? head : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Appends and waits for the certificate. Faults: what the hosters refused (the entries are voided, unless the fact
   * `class` is `later`: then the next append brings them again), QUORUM_UNREACHABLE, APPEND_TOO_LARGE; WRITER_STATE_LOST and
   * LOG_SEALED: this key signs nothing more, in no later run either.
   */
  append(payloadsAt: PayloadsAt): Promise<Appended> {
    return this.#lock.run(async () => {
      if (this.#lost !== undefined) throw this.#lost;
      assert(this.#started, 'a writer reads the heads of its log before it signs anything');
      const { logs } = this.#options;
      const before = logs.state(this.origin);
      if (before.certifiedSize < before.size) await this.#certify();
      const size = logs.state(this.origin).size;
      const index = size === 0 ? 1 : size;
      const payloads = payloadsAt({ origin: this.origin, index });
      if (payloads.length === 0 || payloads.length > APPEND_ENTRIES_MAX) {
        throw new Fault(
          'usage',
          'APPEND_TOO_LARGE',
          `an append carries 1 to ${APPEND_ENTRIES_MAX} entries, not ${payloads.length}`,
          { entries: payloads.length, entriesMax: APPEND_ENTRIES_MAX },
        );
      }
      const { clock } = this.#options;
      if (clock.monotonic() - this.#spreadAt > SPREAD_EVERY_MS) {
        this.#spreadAt = clock.monotonic();
        void this.spreadCertificate().catch(() => undefined);
      }
      await this.#persist(size === 0 ? [this.#options.genesis, ...payloads] : payloads);
      return { origin: this.origin, index, certificate: await this.#certify() };
    });
  }

  /** Gets certified what was signed and could not be so far; nothing when all is. Faults: those of `append`. */
  finish(): Promise<void> {
    return this.#lock.run(async () => {
      if (this.#lost !== undefined) throw this.#lost;
      const { certifiedSize, size } = this.#options.logs.state(this.origin);
      if (certifiedSize < size) await this.#certify();
    });
  }

  #persist(payloads: readonly Payload[]): Promise<void> {
    return this.#options.logs.alone(this.origin, () => this.#persistAlone(payloads));
  }

  async #persistAlone(payloads: readonly Payload[]): Promise<void> {
    const { crypto, clock, random, logs, charters, seed } = this.#options;
    const before = logs.state(this.origin);
    const range = new CompactRange(crypto, before.frontier);
    let previous = before.lastLeaf;
    const records: LogRecord[] = [];
    for (const payload of payloads) {
      const made = makeEntry(crypto, { previous, time: clock.now(), payload, salt: random.bytes(32) });
      range.append(made.leafHash);
      previous = made.leafHash;
      records.push({ entry: made.entry, ...made.salted });
    }
    if ((await signedSize(logs.store, this.origin)) !== before.size) throw await this.#notOwn();
    const head = { origin: this.origin, size: range.size, root: range.root() };
    const checkpoint = signCheckpoint(crypto, head, { seed, publicKey: this.#publicKey });
    const append: Append = { origin: this.origin, oldSize: before.size, checkpoint, records };
    const checked = await logs.check(append, charters.current, (...first) =>
      resolveWriter(this.#options, ...first),
    );
    const { operations, after } = logs.rows(checked, {
      now: clock.now(),
      admittedSize: 0,
      votedSeconds: null,
    });
    await logs.commit(after, [...operations, signedRow(this.origin, after.size)]);
    this.#newest = append;
  }

  /** Gets the newest head certified. What a quorum refuses is voided, and the refusal is passed on. */
  async #certify(): Promise<string> {
    const { logs } = this.#options;
    const state = logs.state(this.origin);
    const result = await pushHead({ ...this.#options, origin: this.origin, newest: this.#newest });
    if (result.certificate !== undefined) {
      await logs.certify(this.origin, { size: state.size, certificate: result.certificate });
      return result.certificate;
    }
    await this.#checkAlone(result);
    const fault = quorumFault(result.charter, result);
    const { certifiedSize, size } = state;
    const refused = fault.kind === 'refused' && fault.facts['class'] !== 'later';
    if (refused) await this.#void(Math.max(1, certifiedSize), size);
    throw fault;
  }

  /** Another machine writes with this key: whatever is signed from here on would be a second history. */
  async #checkAlone(result: PushResult): Promise<void> {
    const { logs } = this.#options;
    const { size } = logs.state(this.origin);
    for (const { hoster, checkpoint } of result.ahead) {
      const shown = checkpoint === null ? undefined : this.#ownHead(checkpoint);
      if (shown !== undefined && shown.size > size) throw await this.#stateLost(hoster, shown.size);
    }
    const refusing = (codes: readonly string[]) =>
      [...result.refusals].filter(([, { fault }]) => codes.includes(fault.code)).map(([hoster]) => hoster);
    const forked = refusing(['FORKED', 'CHAIN_BROKEN', 'ROOT_MISMATCH']);
    // More than can lie.
    if (forked.length > result.charter.f) throw await this.#stateLost(forked.join(', '), size);
    if (refusing(['LOG_SEALED']).length > result.charter.f) throw await this.#revoked();
  }

  #stateLost(hoster: string, shown: number): Promise<Fault> {
    return this.#endNow(
      new Fault(
        'integrity',
        'WRITER_STATE_LOST',
        `${hoster} holds entries of ${this.origin} that this device does not know it wrote; it needs a new key`,
        { origin: this.origin, shown, held: this.#options.logs.state(this.origin).size },
      ),
    );
  }

  #notOwn(): Promise<Fault> {
    return this.#stateLost('the network', this.#options.logs.state(this.origin).size);
  }

  /** What the hosters refuse for ever is not voided either: nobody would sign that. */
  #revoked(): Promise<Fault> {
    const message = `this device was revoked by its agency: nothing more that ${this.origin} signs counts`;
    return this.#endNow(new Fault('refused', 'LOG_SEALED', message, { origin: this.origin }));
  }

  /** This key signs nothing more: not in this run, and in no later one. */
  async #endNow(reason: Fault): Promise<Fault> {
    this.#end(reason);
    await endWriter(this.#options.logs, this.origin, reason);
    return reason;
  }

  #end(reason: Fault): Fault {
    this.#started = false;
    this.#lost = reason;
    return reason;
  }

  /** Entries [from, to) were refused: a larger tree voids them, those that are no voids themselves. */
  async #void(from: number, to: number): Promise<void> {
    const { logs } = this.#options;
    const voids: Payload[] = [];
    for (let index = from; index < to; index++) {
      const { payload } = await logs.entry(this.origin, index);
      // A second refusal would void for ever: leave it to the person who reads the fault.
      if (payload.kind === 'void') return;
      voids.push({ kind: 'void', index });
    }
    if (voids.length === 0) return;
    await this.#persist(voids);
    const size = logs.state(this.origin).size;
    const result = await pushHead({ ...this.#options, origin: this.origin });
    if (result.certificate !== undefined)
      await logs.certify(this.origin, { size, certificate: result.certificate });
  }

  /** Sends the newest certificate to all voters. The next append does so too; call it at the end of a session. */
  async spreadCertificate(): Promise<void> {
    const { logs, voters } = this.#options;
    const { certificate } = logs.state(this.origin);
    if (certificate === null) return;
    const sent = voters().map((voter) => voter.certify(this.origin, certificate).catch(() => undefined));
    await Promise.all(sent);
  }
}
