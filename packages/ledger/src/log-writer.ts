// One writer's own log: entries persisted before they are sent, one append in flight, calls that come meanwhile share
// the next one. A refused entry is voided in a larger tree, so it never wedges the log.

import { assert, type Clock, type Crypto, Fault, Mutex, type Random } from '@vauban/core';
import type { CharterChain } from './charter-log.ts';
import { originOf, signCheckpoint } from './checkpoint.ts';
import { makeEntry, type Payload } from './entry.ts';
import type { Append, LogRecord, LogStore } from './log-store.ts';
import { pushHead, quorumFault } from './push.ts';
import { collectHeads, resolveWriter } from './reader.ts';
import type { Voter } from './voter.ts';
import { CompactRange } from '@vauban/core';

export interface LogWriterOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
  readonly voters: readonly Voter[];
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

export class LogWriter {
  readonly origin: string;
  readonly #options: LogWriterOptions;
  readonly #publicKey: Uint8Array;
  readonly #lock = new Mutex();

  constructor(options: LogWriterOptions) {
    this.#options = options;
    this.#publicKey = options.crypto.ed25519Public(options.seed);
    this.origin = originOf(options.crypto, options.charters.current.name, this.#publicKey);
  }

  /**
   * Before anything is signed: reads q heads of the own log. Finishes an append that a crash interrupted.
   * Faults: WRITER_STATE_LOST (this key must never sign again), QUORUM_UNREACHABLE, and what refused the old append.
   */
  start(): Promise<void> {
    return this.#lock.run(async () => {
      const { logs } = this.#options;
      const { answers } = await collectHeads(this.#options, { of: 'origins', origins: [this.origin] });
      for (const answer of answers) {
        for (const head of answer.heads) {
          const held =
            head.size > logs.state(this.origin).size
              ? undefined
              : await logs.checkpointAt(this.origin, head.size);
          if (held === undefined || rootLine(held) !== rootLine(head.checkpoint)) {
            throw new Fault(
              'integrity',
              'WRITER_STATE_LOST',
              `${answer.hoster} holds entries of ${this.origin} that this device does not know it wrote`,
              { origin: this.origin, shown: head.size, held: logs.state(this.origin).size },
            );
          }
        }
      }
      const state = logs.state(this.origin);
      if (state.certifiedSize < state.size) await this.#certify();
    });
  }

  /** Appends and waits for the certificate. Faults: what the hosters refused (the entries are voided), QUORUM_UNREACHABLE. */
  append(payloadsAt: PayloadsAt): Promise<Appended> {
    return this.#lock.run(async () => {
      const { logs } = this.#options;
      const before = logs.state(this.origin);
      if (before.certifiedSize < before.size) await this.#certify();
      const size = logs.state(this.origin).size;
      const index = size === 0 ? 1 : size;
      const payloads = payloadsAt({ origin: this.origin, index });
      await this.#persist(size === 0 ? [this.#options.genesis, ...payloads] : payloads);
      return { origin: this.origin, index, certificate: await this.#certify() };
    });
  }

  async #persist(payloads: readonly Payload[]): Promise<void> {
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
    const head = { origin: this.origin, size: range.size, root: range.root() };
    const checkpoint = signCheckpoint(crypto, head, { seed, publicKey: this.#publicKey });
    const append: Append = { origin: this.origin, oldSize: before.size, checkpoint, records };
    const checked = await logs.check(append, charters.current, (genesis) =>
      resolveWriter(this.#options, genesis),
    );
    const { operations, after } = logs.rows(checked, {
      now: clock.now(),
      admittedSize: 0,
      votedSeconds: null,
    });
    await logs.commit(after, operations);
  }

  /** Gets the newest head certified. What a quorum refuses is voided, and the refusal is passed on. */
  async #certify(): Promise<string> {
    const { logs, charters } = this.#options;
    const state = logs.state(this.origin);
    const result = await pushHead({ ...this.#options, charter: charters.current, origin: this.origin });
    if (result.certificate !== undefined) {
      await logs.certify(this.origin, { size: state.size, certificate: result.certificate });
      return result.certificate;
    }
    const fault = quorumFault(charters.current, result);
    const { certifiedSize, size } = state;
    if (fault.kind === 'refused') await this.#void(Math.max(1, certifiedSize), size);
    throw fault;
  }

  /** Entries [from, to) were refused: a larger tree voids them, those that are no voids themselves. */
  async #void(from: number, to: number): Promise<void> {
    const { logs, charters } = this.#options;
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
    const result = await pushHead({ ...this.#options, charter: charters.current, origin: this.origin });
    if (result.certificate !== undefined)
      await logs.certify(this.origin, { size, certificate: result.certificate });
  }

  /** Sends the newest certificate to all voters: with the next append, or at the end of a session. */
  async spreadCertificate(): Promise<void> {
    const { logs, voters } = this.#options;
    const { certificate } = logs.state(this.origin);
    if (certificate === null) return;
    const sent = voters.map((voter) => voter.certify(this.origin, certificate).catch(() => undefined));
    await Promise.all(sent);
  }
}

/** Origin, size and root of a checkpoint: its signed text without signatures. */
function rootLine(checkpoint: string): string {
  const end = checkpoint.indexOf('\n\n');
  assert(end > 0, 'a checkpoint has a text');
  return checkpoint.slice(0, end);
}
