// One daemon's vote from epoch to epoch. Owns the order of a fence: silent at once, the old key gone from the disk, then
// the new key votes; and that the key of the epoch to come is made ahead, so that officers can list it.

import {
  asFault,
  assert,
  decodeCbor,
  encodeCbor,
  type Fault,
  Mutex,
  shape,
  type Store,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import { type Mirror, type NextKey, signNextKey, type VotingRight } from '@vauban/ledger';
import type { Log } from './log.ts';
import { type FoundVoting, noteReady, noteStopped, openVoting, type VotingPorts } from './voting.ts';

/** What a new epoch does not heal: only a restart reads the disk anew. */
const diskFailures: ReadonlySet<string> = new Set(['STORE_FAILED', 'VOTE_HISTORY_FAILED', 'LEDGER_DAMAGED']);

/** What others say they have voted, kept over a restart of everyone: nobody else could tell a voter that it forgot. */
const countersKey = utf8('counters');
const countersSchema = v.array(
  v.strictObject({
    hoster: shape.text(40),
    epoch: shape.count(),
    counter: shape.count(),
    signature: shape.bytes(64),
  }),
);
const COUNTERS_BYTES_MAX = 65_536;

export interface VoterLifePorts extends VotingPorts {
  readonly store: Store;
  readonly log: Log;
}

export class VoterLife {
  readonly #ports: VoterLifePorts;
  readonly #lock = new Mutex();
  #kept = '';
  #mirror: Mirror | undefined;
  #left: { readonly right: VotingRight | null; readonly silent: Fault | null } = {
    right: null,
    silent: null,
  };
  #wake: () => void = () => undefined;

  constructor(ports: VoterLifePorts) {
    this.#ports = ports;
  }

  /** What a start finds; to be handed to the mirror, then `attach`ed. */
  open(): Promise<FoundVoting> {
    return openVoting(this.#ports);
  }

  /** `wake` is called when a new epoch leaves the voter starting or unready. */
  async attach(mirror: Mirror, found: FoundVoting, wake: () => void): Promise<void> {
    this.#mirror = mirror;
    this.#wake = wake;
    mirror.seat.take(found.right, found.standing, found.unready);
    await this.#recallCounters();
    if (found.stopped !== undefined) this.#silence(found.stopped);
    await this.#lock.run(() => this.#prepare());
  }

  /** An epoch is in force: from now on nothing is signed with the key of the one before. */
  fence(): void {
    const seat = this.#seat();
    this.#left = { right: seat.right, silent: seat.silent };
    seat.fence();
  }

  /** After `fence`: destroys the old key, then takes the new one. Never rejects: a voter that cannot is silent. */
  enter(): Promise<void> {
    return this.#lock.run(async () => {
      const seat = this.#seat();
      const { right: old, silent: before } = this.#left;
      try {
        await old?.journal.retire();
        const found = await openVoting(this.#ports);
        // Whoever voted until the fence goes on; whoever was still reading, reads on.
        const goesOn = found.standing === 'starting' && old !== null && before === null;
        seat.take(found.right, goesOn ? 'ready' : found.standing, found.unready);
        if (found.stopped !== undefined) this.#silence(found.stopped);
        else if (before !== null && diskFailures.has(before.code)) seat.stop(before);
        await this.#prepare();
      } catch (error) {
        this.#silence(asFault(error));
      }
      const { epoch } = this.#ports.charters.current;
      this.#ports.log('info', 'epoch', { epoch, silent: seat.silent?.code ?? null });
      this.#wake();
    });
  }

  /** This key must not vote any more; for good when its history is lost or contradicted. */
  stop(reason: Fault): Promise<void> {
    const seat = this.#seat();
    const right = seat.right;
    seat.stop(reason);
    return this.#lock.run(async () => {
      const stopped =
        right === null ? reason : await noteStopped(this.#ports, right.cosigner.publicKey, reason);
      if (seat.right === right) this.#silence(stopped);
    });
  }

  /** Every log is stored as the voters before this one held it, but for those named. */
  async makeReady(right: VotingRight, unready: readonly string[]): Promise<void> {
    const { charters, files } = this.#ports;
    const since = charters.current.hosters.find(({ id }) => id === right.hoster)?.votingSince;
    assert(since !== undefined, 'a voter is in the charter');
    await noteReady(files, { since, unready });
    if (this.#seat().right === right) this.#seat().makeReady(unready);
  }

  /** The key of the epoch to come, vouched for. Faults: whatever silences this voter; its key is nobody's to list. */
  nextKey(): Promise<NextKey> {
    return this.#lock.run(async () => {
      const { keys, crypto, charters } = this.#ports;
      const { hoster, epoch, cosigner } = this.#seat().demand();
      const next = epoch + 1;
      const { publicKey } = (await keys.of(next)) ?? (await keys.create(next));
      // The disks were waited for: an epoch may have opened.
      this.#seat().demand();
      const said = { charter: charters.current.name, hoster, epoch: next, key: publicKey };
      return signNextKey(crypto, said, cosigner.seed);
    });
  }

  /** Writes down what was heard of others' counters since; to be called now and then. */
  async keepCounters(): Promise<void> {
    const counters = [...this.#seat().counters()].sort((a, b) => (a.hoster < b.hoster ? -1 : 1));
    const text = counters.map(({ hoster, epoch, counter }) => `${hoster} ${epoch} ${counter}`).join();
    if (text === this.#kept) return;
    await this.#ports.store.batch([{ put: countersKey, value: encodeCbor(counters) }], { sync: true });
    this.#kept = text;
  }

  /** They were checked before they were kept; an unreadable row is as good as none. */
  async #recallCounters(): Promise<void> {
    try {
      const bytes = await this.#ports.store.get(countersKey);
      if (bytes === undefined) return;
      for (const one of decodeCbor(countersSchema, bytes, 'vote counters', COUNTERS_BYTES_MAX))
        this.#seat().remember(one);
    } catch (error) {
      this.#ports.log('warn', 'counters-lost', { code: asFault(error).code });
    }
  }

  async #prepare(): Promise<void> {
    const { keys, log } = this.#ports;
    const right = this.#seat().right;
    if (right === null) return;
    const next = right.epoch + 1;
    try {
      if ((await keys.of(next)) === undefined) await keys.create(next);
    } catch (error) {
      const fault = asFault(error);
      log('warn', 'next-voting-key', { code: fault.code, message: fault.message });
    }
  }

  #silence(reason: Fault): void {
    this.#seat().stop(reason);
    this.#ports.log('error', 'voting-stopped', { code: reason.code, message: reason.message });
  }

  #seat() {
    assert(this.#mirror !== undefined, 'the mirror comes before the vote');
    return this.#mirror.seat;
  }
}
