// A hoster's mirror of all logs, and its vote. Owns the order that makes a cosignature true: check, store in one synced
// batch, record the vote in a second synced file, sign. Anyone may bring writer-signed bytes; nobody can make it sign
// two trees of one size.

import {
  asFault,
  type Charter,
  type Clock,
  type Crypto,
  Fault,
  findDaemon,
  FINISH_AFTER_MS,
  homeOf,
  MESSAGE_BYTES_MAX,
  type StoreOperation,
  votingKey,
} from '@vauban/core';
import { type AdmissionView, admitWriter } from './admission.ts';
import { admitAbove, viewOf, vote } from './ballot.ts';
import { Budget, type BudgetLimits, costOf, memberLimits } from './budget.ts';
import type { CharterChain } from './charter-log.ts';
import { originOf, readHead } from './checkpoint.ts';
import { ErasingGate } from './erasing-gate.ts';
import { bindPages, type HeadsBody, type HeadsScope, isCounterOf } from './heads.ts';
import { type HeadsPage, headsPage } from './heads-page.ts';
import { certifyHeld, checkSameHead, coveringHead } from './held-head.ts';
import { genesisOf, type ResolveWriter } from './held-logs.ts';
import type { Append, CheckedAppend, LogStore } from './log-store.ts';
import { type MirrorGround, storedWriter } from './mirror-ground.ts';
import { isSealed, keepRootNote, type NotesPage, notesPage, originNamed, storedNote } from './note-shelf.ts';
import { refusalClassOf } from './refusal.ts';
import { type Delegation, openRootNote, type RootNote } from './root-note.ts';
import { isLogSealed } from './seal-report.ts';
import { SealedLogs } from './sealed-logs.ts';
import type { AppendReply, Voter } from './voter.ts';
import { type VotingRight, VotingSeat } from './voting-seat.ts';
import { type Writer, writerUnder } from './writer.ts';

export interface MirrorOptions {
  readonly logs: LogStore;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charters: CharterChain;
  readonly voting: VotingRight | null;
  readonly budgets?: BudgetLimits;
}

export class Mirror {
  readonly logs: LogStore;
  /** Its vote: the key in use, why it is silent, what it remembers of other voters. */
  readonly seat: VotingSeat;
  readonly #ground: MirrorGround;
  readonly #budget: Budget;
  readonly #memberBudget = new Budget(memberLimits);
  readonly #gate = new ErasingGate();
  readonly #sealed: SealedLogs;
  #heardNote: (said: RootNote) => void = () => undefined;

  constructor({ logs, crypto, clock, charters, voting, budgets }: MirrorOptions) {
    this.logs = logs;
    this.seat = new VotingSeat(voting);
    this.#ground = { logs, seat: this.seat, crypto, clock, charters };
    this.#budget = new Budget(budgets);
    this.#sealed = new SealedLogs(logs);
  }

  get voting(): VotingRight | null {
    return this.seat.right;
  }

  /** Itself, to be asked like any other voter; null when it is not one. */
  asVoter(): Voter | null {
    const right = this.seat.right;
    if (right === null) return null;
    return {
      hoster: right.hoster,
      append: (append, certificate) => this.append(append, certificate),
      heads: (nonce, scope) => this.heads(nonce, scope, null),
      batches: (origin, from) => this.batches(origin, from),
      certify: (origin, certificate) => this.certify(origin, certificate),
      putNote: (note) => this.putNote(note),
      notes: (after) => this.notes(after, null),
    };
  }

  get silent(): Fault | null {
    return this.seat.silent;
  }

  /** The start-up read is done: from here on, appends are cosigned. */
  startVoting(): void {
    this.seat.start();
  }

  /** This key must not vote again (its history is lost or contradicted). It goes on serving, and says why. */
  stopVoting(reason: Fault): void {
    this.seat.stop(reason);
  }

  /** Compares the vote journal with the logs. Faults: VOTE_HISTORY_CONTRADICTS. */
  checkHistory(): Promise<void> {
    return this.seat.checkHistory(this.logs);
  }

  /** Remembers how many votes another voter says it cast: `heads` it signed, opened. */
  rememberCounter({ hoster, epoch, counter, counterSignature: signature }: HeadsBody): void {
    if (!this.seat.isNews({ hoster, epoch, counter })) return;
    const { crypto, charters } = this.#ground;
    const voter = charters.ofEpoch(epoch)?.hosters.find((one) => one.id === hoster);
    const key = voter === undefined ? undefined : votingKey(voter, epoch);
    // One that its voter did not sign would only crowd out one that it did.
    if (key === undefined || !isCounterOf(crypto, { hoster, epoch, key }, { counter, signature })) return;
    this.seat.remember({ hoster, epoch, counter, signature });
  }

  /** Checks, stores, votes, signs. Never rejects for what the bytes say: refusals are answers. */
  async append(append: Append, certificate: string | null): Promise<AppendReply> {
    try {
      return await this.logs.alone(append.origin, () => this.#append(append, certificate));
    } catch (error) {
      const fault = asFault(error);
      // A mirror that cannot vote has no opinion on the bytes: it fails to answer.
      if (!this.seat.isAnswer(fault)) throw error;
      const index = fault.facts['entry'];
      return {
        result: 'refused',
        class: refusalClassOf(fault),
        index: typeof index === 'number' ? index : null,
        fault,
      };
    }
  }

  /** Stores writer-signed bytes without vouching for them: catching up before this voter speaks. */
  async adopt(append: Append): Promise<void> {
    await this.logs.alone(append.origin, async () => {
      this.logs.quarantine.check(append.origin);
      if (this.logs.state(append.origin).size !== append.oldSize) return;
      // Whoever is unready has reported no branch yet: the seal fixes what it holds once it is ready.
      const reports = this.seat.silent?.code !== 'VOTER_UNREADY';
      if (reports && (await isLogSealed(this.logs, append.origin, append.records[0]))) return;
      const checked = await this.#check(append, 'any');
      await this.#store(checked, { admittedSize: checked.before.admittedSize, votedSeconds: null });
    });
  }

  async #append(append: Append, certificate: string | null): Promise<AppendReply> {
    this.seat.checkReady(append.origin);
    this.logs.quarantine.check(append.origin);
    const state = this.logs.state(append.origin);
    const head = readHead(append.checkpoint);
    if (head.origin !== append.origin)
      throw new Fault('refused', 'MALFORMED', 'origin and checkpoint differ', {});
    if (state.size > 0 && head.size === state.size) {
      await checkSameHead(this.#ground, state, append.checkpoint);
      await this.#sealed.mustBeOpen(append);
      return vote(this.#ground, state.origin);
    }
    if (append.oldSize !== state.size) {
      return { result: 'conflict', size: state.size, checkpoint: state.size === 0 ? null : state.checkpoint };
    }
    if (certificate !== null) {
      const checked = await this.#check(append, 'any');
      const covering = coveringHead(this.#ground, certificate, checked);
      await this.#store(checked, { admittedSize: checked.before.admittedSize, votedSeconds: null });
      if (covering.size === head.size) await certifyHeld(this.#ground, append.origin, certificate);
      return { result: 'stored' };
    }
    this.seat.demand();
    await this.#sealed.mustBeOpen(append);
    const checked = await this.#check(append, 'current');
    const kinds = checked.opened.map(({ entry }) => entry.kind);
    await this.#gate.run(kinds, async () => {
      await admitAbove(this.#ground, checked.before, checked);
      const votedSeconds = Math.floor(this.#ground.clock.now() / 1_000);
      await this.#store(checked, { admittedSize: checked.head.size, votedSeconds });
    });
    return vote(this.#ground, append.origin);
  }

  /** A log starts under the current charter; what a certificate vouches for may have started under any version. */
  async #check(append: Append, under: 'current' | 'any'): Promise<CheckedAppend> {
    const { crypto, charters } = this.#ground;
    const charter = charters.current;
    const resolve: ResolveWriter = (genesis, origin) => {
      if (append.oldSize > 0) return storedWriter(this.#ground)(genesis, origin);
      const versions = under === 'any' ? charters.versions() : [charter];
      return writerUnder(crypto, versions, { origin, payload: genesisOf(genesis) });
    };
    const afford = (writer: Writer) => this.#charge(append, writer);
    return this.logs.check(append, charter, resolve, under === 'current' ? afford : undefined);
  }

  /** Once the head is known to be signed, and before anything in it is looked at. */
  #charge({ origin, records }: Append, writer: Writer): void {
    const now = this.#ground.clock.now();
    const { current } = this.#ground.charters;
    admitWriter({ now, current }, writer);
    const { bytes, checks, voids } = costOf(records);
    const cost = { now, bytes, checks, ...(voids ? { voidsOf: origin } : {}) };
    if (writer.kind === 'device') this.#budget.charge(writer.delegation.agency, cost);
    else this.#memberBudget.charge(memberOf(current, writer), cost);
  }

  /** What admission may look at, here and now. */
  view(): AdmissionView {
    return viewOf(this.#ground);
  }

  async #store(
    checked: CheckedAppend,
    as: { readonly admittedSize: number; readonly votedSeconds: number | null },
  ): Promise<void> {
    const { operations, after } = this.logs.rows(checked, { now: this.#ground.clock.now(), ...as });
    await this.logs.commit(after, operations);
  }

  /** Remembers a certificate of a head held. Faults: CERTIFICATE_SHORT, CERTIFICATE_OTHER, LOG_SIGNATURE. */
  certify(origin: string, certificate: string): Promise<void> {
    return this.logs.alone(origin, () => certifyHeld(this.#ground, origin, certificate));
  }

  /** Signed, complete answer to a reader's nonce. Faults: VOTER_NONE, and what stopped the vote for good. */
  async heads(nonce: Uint8Array, scope: HeadsScope, asker: string | null): Promise<Uint8Array> {
    const pages: Uint8Array[] = [];
    for (let from = scope; ; ) {
      const { signed, next } = await this.headsPage(nonce, from, asker);
      pages.push(signed);
      if (next === null) return bindPages(pages);
      from = { of: 'all', after: next };
    }
  }

  /** As much of it as fits a message, and from which log on there is more. */
  headsPage(nonce: Uint8Array, scope: HeadsScope, asker: string | null): Promise<HeadsPage> {
    return headsPage(this.#ground, { nonce, scope, asker });
  }

  async batches(origin: string, from: number): Promise<Append[]> {
    this.seat.checkSource(origin);
    this.logs.quarantine.check(origin);
    return this.logs.batches(origin, from, MESSAGE_BYTES_MAX / 4);
  }

  /** Heads held for a while without a certificate: this voter finishes them, whoever the writer was. */
  unfinished(): string[] {
    const before = this.#ground.clock.now() - FINISH_AFTER_MS;
    return this.logs.origins().filter((origin) => {
      if (this.logs.quarantine.of(origin) !== null) return false;
      const state = this.logs.state(origin);
      return state.certifiedSize < state.size && state.storedAt <= before && !this.#sealed.wasMet(origin);
    });
  }

  /**
   * Stores a root note durably, with the seal it asks for: the acknowledgement. No append of the log is under way
   * meanwhile. Faults: those of openRootNote, DEVICES_MANY, NOTES_MANY, STORE_FAILED.
   */
  async putNote(note: Uint8Array): Promise<void> {
    const { crypto, charters, clock } = this.#ground;
    const said = openRootNote(crypto, charters.current, note);
    const ports = {
      crypto,
      store: this.logs.store,
      write: (rows: readonly StoreOperation[]) => this.logs.write(rows),
    };
    const origin = originNamed(crypto, said);
    const keep = () => {
      if (origin !== undefined) this.#sealed.spokenOf(origin);
      return keepRootNote(ports, { said, now: clock.now() }, note);
    };
    await (origin === undefined ? keep() : this.logs.alone(origin, keep));
    this.#heardNote(said);
  }

  /** Tells one listener of every root note stored, whoever brought it. */
  watchNotes(heard: (said: RootNote) => void): void {
    this.#heardNote = heard;
  }

  async hasNote(hash: Uint8Array): Promise<boolean> {
    return (await storedNote(this.logs.store, hash)) !== undefined;
  }

  isSealedLog(origin: string): Promise<boolean> {
    return isLogSealed(this.logs, origin);
  }

  /** Whether this hoster stores a note that takes a device's rights away. */
  isRevoked({ charter, agency, deviceKey }: Delegation): Promise<boolean> {
    const origin = originOf(this.#ground.crypto, charter, deviceKey);
    return isSealed(this.logs.store, { origin, agency });
  }

  /** Root notes by ascending hash, from the one after `after`; one agency's, or all. */
  notes(after: Uint8Array | null, agency: string | null): Promise<NotesPage> {
    return notesPage(this.logs.store, { after, agency });
  }
}

/** Who pays for a log that is no device's: a hoster for all its daemons, an operator for itself. */
function memberOf(charter: Charter, writer: Exclude<Writer, { readonly kind: 'device' }>): string {
  if (writer.kind === 'operator') return `operator ${writer.operator}`;
  const daemon = findDaemon(charter, writer.daemon);
  return `hoster ${daemon === undefined ? '' : homeOf(charter, daemon).hoster.id}`;
}
