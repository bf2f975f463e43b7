// A hoster's mirror of all logs, and its vote. Owns the order that makes a cosignature true: check, store in one synced
// batch, record the vote in a second synced file, sign. Anyone may bring writer-signed bytes; nobody can make it sign
// two trees of one size.
// Long: what happens to one append, from the first check to the signature, is read in one place.

import {
  assert,
  type Clock,
  type Crypto,
  equalBytes,
  Fault,
  asFault,
  FINISH_AFTER_MS,
  MESSAGE_BYTES_MAX,
  votingKey,
  type StoreOperation,
} from '@vauban/core';
import { type AdmissionView, admitEntries, admitWriter } from './admission.ts';
import { Budget, type BudgetLimits, costOf } from './budget.ts';
import type { CharterChain } from './charter-log.ts';
import { cosign, type Head, openCertificate, openCheckpoint, originOf, readHead } from './checkpoint.ts';
import { forkKey } from './branches.ts';
import type { EntryKind } from './entry.ts';
import { ErasingGate } from './erasing-gate.ts';
import type { StoredEntry } from './log-record.ts';
import { forkProof, type SignedHistory } from './fork-proof.ts';
import {
  counterMessage,
  type HeadsBody,
  type HeadsScope,
  isCounterOf,
  type StoredHead,
  bindPages,
  signHeads,
} from './heads.ts';
import {
  type Append,
  type CheckedAppend,
  genesisOf,
  type LogState,
  type LogStore,
  type ResolveWriter,
} from './log-store.ts';
import { formatSignature } from './note.ts';
import { quarantined } from './quarantine.ts';
import { refusalClassOf } from './refusal.ts';
import { type Delegation, openRootNote } from './root-note.ts';
import { forkReports, isLogSealed, sealReports } from './seal-report.ts';
import { isSealed, keepRootNote, type NotesPage, notesPage, originNamed, storedNote } from './note-shelf.ts';
import { storedView } from './stored-view.ts';
import type { AppendReply } from './voter.ts';
import { type VotingRight, VotingSeat } from './voting-seat.ts';
import { storedWriterOf, type Writer, writerUnder } from './writer.ts';

export interface MirrorOptions {
  readonly logs: LogStore;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charters: CharterChain;
  readonly voting: VotingRight | null;
  readonly budgets?: BudgetLimits;
  /** How long after a release nothing may be erased yet; ERASE_GRACE_MS unless told. */
  readonly graceMs?: number;
}

/** An idle head is cosigned anew after this long, so that its certificate stays fresh. */
const DAY_S = 86_400;
/** Heads of one answer: half a message, so that seals and proofs of forks have room beside them. */
const HEADS_PAGE_BYTES = MESSAGE_BYTES_MAX / 2;
/** What a head costs beside its texts. */
const HEAD_BYTES = 64;
/** What is judged by itself and its own log; for anything else all logs have to be at hand. */
const standingAlone: ReadonlySet<EntryKind> = new Set(['genesis', 'objects', 'void', 'lost']);

export class Mirror {
  readonly #logs: LogStore;
  readonly #crypto: Crypto;
  readonly #clock: Clock;
  readonly #charters: CharterChain;
  readonly #budget: Budget;
  readonly #gate = new ErasingGate();
  readonly #graceMs: number | undefined;
  readonly #seat: VotingSeat;
  /** Sealed logs met in this run: nobody can finish their heads. */
  readonly #sealed = new Set<string>();
  /** Logs held here that no note speaks of: notes come through this mirror, so nobody has to look again. */
  readonly #unspoken = new Set<string>();

  constructor(options: MirrorOptions) {
    this.#logs = options.logs;
    this.#crypto = options.crypto;
    this.#clock = options.clock;
    this.#charters = options.charters;
    this.#seat = new VotingSeat(options.voting);
    this.#budget = new Budget(options.budgets);
    this.#graceMs = options.graceMs;
  }

  get logs(): LogStore {
    return this.#logs;
  }

  /** Its vote: the key in use, why it is silent, what it remembers of other voters. */
  get seat(): VotingSeat {
    return this.#seat;
  }

  get voting(): VotingRight | null {
    return this.#seat.right;
  }

  get silent(): Fault | null {
    return this.#seat.silent;
  }

  /** The start-up read is done: from here on, appends are cosigned. */
  startVoting(): void {
    this.#seat.start();
  }

  /** This key must not vote again (its history is lost or contradicted). It goes on serving, and says why. */
  stopVoting(reason: Fault): void {
    this.#seat.stop(reason);
  }

  /** Compares the vote journal with the logs. Faults: VOTE_HISTORY_CONTRADICTS. */
  checkHistory(): Promise<void> {
    return this.#seat.checkHistory(this.#logs);
  }

  /** Remembers how many votes another voter says it cast: `heads` it signed, opened. */
  rememberCounter({ hoster, epoch, counter, counterSignature: signature }: HeadsBody): void {
    if (!this.#seat.isNews({ hoster, epoch, counter })) return;
    const voter = this.#charters.ofEpoch(epoch)?.hosters.find((one) => one.id === hoster);
    const key = voter === undefined ? undefined : votingKey(voter, epoch);
    // One that its voter did not sign would only crowd out one that it did.
    if (key === undefined || !isCounterOf(this.#crypto, { hoster, epoch, key }, { counter, signature }))
      return;
    this.#seat.remember({ hoster, epoch, counter, signature });
  }

  /** Checks, stores, votes, signs. Never rejects for what the bytes say: refusals are answers. */
  async append(append: Append, certificate: string | null): Promise<AppendReply> {
    try {
      return await this.#logs.alone(append.origin, () => this.#append(append, certificate));
    } catch (error) {
      const fault = asFault(error);
      // A mirror that cannot vote has no opinion on the bytes: it fails to answer.
      if (!this.#seat.isAnswer(fault)) throw error;
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
    await this.#logs.alone(append.origin, async () => {
      this.#logs.quarantine.check(append.origin);
      if (this.#logs.state(append.origin).size !== append.oldSize) return;
      // Whoever is unready has reported no branch yet: the seal fixes what it holds once it is ready.
      const reports = this.#seat.silent?.code !== 'VOTER_UNREADY';
      if (reports && (await isLogSealed(this.#logs, append.origin, append.records[0]))) return;
      const checked = await this.#check(append, 'any');
      await this.#store(checked, { admittedSize: checked.before.admittedSize, votedSeconds: null });
    });
  }

  async #append(append: Append, certificate: string | null): Promise<AppendReply> {
    this.#seat.checkReady(append.origin);
    this.#logs.quarantine.check(append.origin);
    const state = this.#logs.state(append.origin);
    const head = readHead(append.checkpoint);
    if (head.origin !== append.origin)
      throw new Fault('refused', 'MALFORMED', 'origin and checkpoint differ', {});
    if (state.size > 0 && head.size === state.size) {
      await this.#sameSize(state, append.checkpoint);
      await this.#mustBeOpen(append);
      return this.#vote(state.origin);
    }
    if (append.oldSize !== state.size) {
      return { result: 'conflict', size: state.size, checkpoint: state.size === 0 ? null : state.checkpoint };
    }
    if (certificate !== null) {
      const checked = await this.#check(append, 'any');
      const covering = coveringHead(this.#crypto, this.#charters, certificate, checked);
      await this.#store(checked, { admittedSize: checked.before.admittedSize, votedSeconds: null });
      if (covering.size === head.size) await this.#certify(append.origin, certificate);
      return { result: 'stored' };
    }
    this.#seat.demand();
    await this.#mustBeOpen(append);
    const checked = await this.#check(append, 'current');
    const kinds = checked.opened.map(({ entry }) => entry.kind);
    await this.#gate.run(kinds, async () => {
      await this.#admit(checked.before, checked.writer, checked.opened);
      const votedSeconds = Math.floor(this.#clock.now() / 1_000);
      await this.#store(checked, { admittedSize: checked.head.size, votedSeconds });
    });
    return this.#vote(append.origin);
  }

  /** A sealed log grows no further but under a certificate. Faults: LOG_SEALED. */
  async #mustBeOpen({ origin, records }: Append): Promise<void> {
    if (this.#unspoken.has(origin)) return;
    if (!(await isLogSealed(this.#logs, origin, records[0]))) {
      if (this.#logs.has(origin)) this.#unspoken.add(origin);
      return;
    }
    this.#sealed.add(origin);
    throw new Fault(
      'refused',
      'LOG_SEALED',
      `the agency revoked the device that writes ${origin}: nothing more of it is cosigned`,
      { origin },
    );
  }

  /** A second head of the size held: the same bytes again, or a fork, which is kept as evidence. */
  async #sameSize(state: LogState, checkpoint: string): Promise<void> {
    const writer = await this.#logs.writer(state.origin, this.#storedWriter);
    assert(writer !== undefined, 'a stored log has a writer');
    const head = openCheckpoint(this.#crypto, checkpoint, writer.key);
    if (equalBytes(head.root, readHead(state.checkpoint).root)) return;
    const none = new Uint8Array(0);
    const histories = [state.checkpoint, checkpoint].map((one) => ({ checkpoint: one, leaves: none }));
    const proof = forkProof(
      this.#crypto,
      writer.key,
      histories as unknown as readonly [SignedHistory, SignedHistory],
    );
    assert(proof !== undefined, 'two roots of one size prove a fork');
    await this.#logs.write([{ put: forkKey(state.origin), value: proof }]);
    throw new Fault(
      'refused',
      'FORKED',
      `the writer of ${state.origin} signed two histories of size ${state.size}`,
      {
        origin: state.origin,
        size: state.size,
      },
    );
  }

  /** A log starts under the current charter; what a certificate vouches for may have started under any version. */
  async #check(append: Append, under: 'current' | 'any'): Promise<CheckedAppend> {
    const charter = this.#charters.current;
    const resolve: ResolveWriter = (genesis, origin) => {
      if (append.oldSize > 0) return this.#storedWriter(genesis, origin);
      const versions = under === 'any' ? this.#charters.versions() : [charter];
      return writerUnder(this.#crypto, versions, { origin, payload: genesisOf(genesis) });
    };
    const afford = (writer: Writer) => this.#charge(append, writer);
    return this.#logs.check(append, charter, resolve, under === 'current' ? afford : undefined);
  }

  readonly #storedWriter: ResolveWriter = (genesis, origin) => {
    const payload = genesisOf(genesis);
    const writer = storedWriterOf(this.#crypto, this.#charters.versions(), { origin, payload });
    assert(writer !== undefined, 'the writer of a stored log is known to some charter version');
    return writer;
  };

  /** Once the head is known to be signed, and before anything in it is looked at. */
  #charge({ origin, records }: Append, writer: Writer): void {
    if (writer.kind !== 'device') return;
    admitWriter({ now: this.#clock.now(), current: this.#charters.current }, writer);
    const { bytes, checks, voids } = costOf(records);
    this.#budget.charge(writer.delegation.agency, {
      now: this.#clock.now(),
      bytes,
      checks,
      ...(voids ? { voidsOf: origin } : {}),
    });
  }

  /** Admission of everything above what was admitted or certified, but for what the same append voids. */
  async #admit(state: LogState, writer: Writer, opened: readonly StoredEntry[]): Promise<void> {
    const from = Math.max(state.admittedSize, state.certifiedSize);
    const held: StoredEntry[] = [];
    for (let index = from; index < state.size; index++)
      held.push(await this.#logs.stored(state.origin, index));
    const entries = [...held, ...opened];
    if (entries.some(({ entry }) => !standingAlone.has(entry.kind))) this.#logs.quarantine.checkAll();
    await admitEntries(this.view(), { origin: state.origin, writer, from, entries });
  }

  /** What admission may look at, here and now. */
  view(): AdmissionView {
    return storedView(this.#logs, {
      crypto: this.#crypto,
      clock: this.#clock,
      charters: this.#charters,
      graceMs: this.#graceMs,
    });
  }

  async #store(
    checked: CheckedAppend,
    as: { readonly admittedSize: number; readonly votedSeconds: number | null },
  ): Promise<LogState> {
    const { operations, after } = this.#logs.rows(checked, { now: this.#clock.now(), ...as });
    await this.#logs.commit(after, operations);
    return after;
  }

  /** Records the vote for what is stored, and signs. Of a head admitted before: the same answer again. */
  async #vote(origin: string): Promise<AppendReply> {
    const voting = this.#seat.demand();
    let state = this.#logs.state(origin);
    const seconds = Math.floor(this.#clock.now() / 1_000);
    if (
      state.votedSeconds === null ||
      state.admittedSize < state.size ||
      seconds - state.votedSeconds > DAY_S
    ) {
      const writer = await this.#logs.writer(origin, this.#storedWriter);
      assert(writer !== undefined, 'a stored log has a writer');
      await this.#admit(state, writer, []);
      state = { ...state, admittedSize: state.size, votedSeconds: seconds };
      await this.#logs.update(state);
    }
    const head: Head = readHead(state.checkpoint);
    const last = voting.journal.last(origin);
    if (
      last === undefined ||
      last.size !== head.size ||
      !equalBytes(last.root, head.root) ||
      last.epoch !== voting.epoch
    ) {
      await voting.journal.cast({ epoch: voting.epoch, ...head });
    }
    // The key may have been given up while this waited for the disks, or its epoch may be over.
    this.#seat.demandStill(voting);
    return {
      result: 'cosigned',
      cosignature: formatSignature(
        cosign(this.#crypto, head, voting.cosigner, state.votedSeconds ?? seconds),
      ).trimEnd(),
      ...signedCounter(this.#crypto, voting),
    };
  }

  /** Remembers a certificate of a head held. Faults: CERTIFICATE_SHORT, CERTIFICATE_OTHER, LOG_SIGNATURE. */
  certify(origin: string, certificate: string): Promise<void> {
    return this.#logs.alone(origin, () => this.#certify(origin, certificate));
  }

  async #certify(origin: string, certificate: string): Promise<void> {
    const state = this.#logs.state(origin);
    const writer = await this.#logs.writer(origin, this.#storedWriter);
    if (writer === undefined || state.size === 0) return;
    const { head } = openCertificate(this.#crypto, this.#charters, certificate, writer.key);
    if (head.origin !== origin || head.size > state.size) return;
    const held = await this.#logs.rootAt(origin, head.size);
    if (held === undefined || !equalBytes(held, head.root)) {
      throw new Fault(
        'integrity',
        'FORKED',
        `the certificate of ${origin} is of another history than the one held`,
        {
          origin,
          size: head.size,
        },
      );
    }
    await this.#logs.certify(origin, { size: head.size, certificate });
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
  async headsPage(
    nonce: Uint8Array,
    scope: HeadsScope,
    asker: string | null,
  ): Promise<{ readonly signed: Uint8Array; readonly next: string | null }> {
    const voting = this.#seat.demandHeads();
    // As of now, before anything is looked at: what is read while starting is no answer of one that has started.
    const starting = this.#seat.silent !== null;
    const { quarantine } = this.#logs;
    if (quarantine.doubt !== null) throw quarantined('the ledger', quarantine.doubt);
    const { origins: inScope, next } = onePage(await this.#inScope(scope), (one) => this.#logs.state(one));
    const inPage = (origin: string) => next === null || origin <= next;
    const origins = inScope.filter(
      (origin) => quarantine.of(origin) === null && !this.#seat.unready.has(origin),
    );
    // A damaged log that is not known at all may be of any vault.
    const concerns = (origin: string) =>
      (scope.of === 'all' && origin > (scope.after ?? '') && inPage(origin)) ||
      (scope.of === 'origins'
        ? scope.origins.includes(origin)
        : inScope.includes(origin) || !this.#logs.has(origin));
    const heads: StoredHead[] = origins.map((origin) => {
      const { size, checkpoint, certificate } = this.#logs.state(origin);
      return { origin, size, checkpoint, certificate };
    });
    const seals = (await sealReports(this.#logs, { scope, origins })).filter(({ origin }) =>
      concerns(origin),
    );
    const forks = await forkReports(this.#logs.store, new Set(inScope));
    const unready = new Set([...this.#seat.unready, ...quarantine.entries().map(([origin]) => origin)]);
    // The disks were waited for. What was looked at before a fence is not to be signed with the key that comes after:
    // votes given in between would be missing, and whoever enters would believe that there are none.
    this.#seat.demandHeadsStill(voting);
    const charter = this.#charters.current;
    const signed = signHeads(
      this.#crypto,
      {
        format: 'vauban/heads/0',
        charter: charter.name,
        version: charter.version,
        epoch: voting.epoch,
        hoster: voting.hoster,
        starting,
        nonce,
        scope,
        ...signedCounter(this.#crypto, voting),
        yourCounter: this.#seat.remembered(asker),
        heads,
        seals,
        forks,
        next,
        unready: [...unready].filter(concerns).sort(),
      },
      voting.cosigner.seed,
    );
    return { signed, next };
  }

  async #inScope(scope: HeadsScope): Promise<string[]> {
    if (scope.of === 'all') return this.#logs.origins().filter((origin) => origin > (scope.after ?? ''));
    if (scope.of === 'origins') return scope.origins.filter((origin) => this.#logs.has(origin));
    // A log's first batch names its vault a moment before the log itself is known.
    return (await this.#logs.originsOfVault(scope.vault)).filter((origin) => this.#logs.has(origin));
  }

  async batches(origin: string, from: number): Promise<Append[]> {
    this.#seat.checkSource(origin);
    this.#logs.quarantine.check(origin);
    return this.#logs.batches(origin, from, MESSAGE_BYTES_MAX / 4);
  }

  /** Heads held for a while without a certificate: this voter finishes them, whoever the writer was. */
  unfinished(): string[] {
    const before = this.#clock.now() - FINISH_AFTER_MS;
    return this.#logs.origins().filter((origin) => {
      if (this.#logs.quarantine.of(origin) !== null) return false;
      const state = this.#logs.state(origin);
      return state.certifiedSize < state.size && state.storedAt <= before && !this.#sealed.has(origin);
    });
  }

  /**
   * Stores a root note durably, with the seal it asks for: the acknowledgement. No append of the log is under way
   * meanwhile. Faults: those of openRootNote, DEVICES_MANY, NOTES_MANY, STORE_FAILED.
   */
  async putNote(note: Uint8Array): Promise<void> {
    const charter = this.#charters.current;
    const said = openRootNote(this.#crypto, charter, note);
    const ports = {
      crypto: this.#crypto,
      store: this.#logs.store,
      write: (rows: readonly StoreOperation[]) => this.#logs.write(rows),
    };
    const origin = originNamed(this.#crypto, said);
    const keep = () => {
      if (origin !== undefined) this.#unspoken.delete(origin);
      return keepRootNote(ports, { said, now: this.#clock.now() }, note);
    };
    await (origin === undefined ? keep() : this.#logs.alone(origin, keep));
  }

  async hasNote(hash: Uint8Array): Promise<boolean> {
    return (await storedNote(this.#logs.store, hash)) !== undefined;
  }

  isSealedLog(origin: string): Promise<boolean> {
    return isLogSealed(this.#logs, origin);
  }

  /** Whether this hoster stores a note that takes a device's rights away. */
  isRevoked({ charter, agency, deviceKey }: Delegation): Promise<boolean> {
    const origin = originOf(this.#crypto, charter, deviceKey);
    return isSealed(this.#logs.store, { origin, agency });
  }

  /** Root notes by ascending hash, from the one after `after`; one agency's, or all. */
  notes(after: Uint8Array | null, agency: string | null): Promise<NotesPage> {
    return notesPage(this.#logs.store, { after, agency });
  }
}

/** How many votes are durable, as this voter's key says it. */
function signedCounter(crypto: Crypto, { hoster, epoch, cosigner, journal }: VotingRight) {
  const { counter } = journal;
  const counterSignature = crypto.ed25519Sign(cosigner.seed, counterMessage(hoster, epoch, counter));
  return { counter, counterSignature };
}

/** The first of these logs, as many as fit a message; `next` is the last of them when there are more. */
function onePage(
  origins: readonly string[],
  stateOf: (origin: string) => LogState,
): { readonly origins: readonly string[]; readonly next: string | null } {
  let bytes = 0;
  for (const [nth, origin] of origins.entries()) {
    const { checkpoint, certificate } = stateOf(origin);
    bytes += origin.length + checkpoint.length + (certificate?.length ?? 0) + HEAD_BYTES;
    if (bytes > HEADS_PAGE_BYTES && nth > 0)
      return { origins: origins.slice(0, nth), next: origins[nth - 1] ?? null };
  }
  return { origins, next: null };
}

/** Head of a certificate that covers the append's end. What is wrong with it is an answer, not a failure here. */
function coveringHead(
  crypto: Crypto,
  charters: CharterChain,
  certificate: string,
  checked: CheckedAppend,
): Head {
  const { origin, size, root } = checked.head;
  let head: Head;
  try {
    ({ head } = openCertificate(crypto, charters, certificate, checked.writer.key));
  } catch (error) {
    const fault = asFault(error);
    throw new Fault('refused', fault.code, fault.message, fault.facts, error);
  }
  if (head.origin !== origin || head.size < size) {
    throw new Fault('refused', 'CERTIFICATE_OTHER', 'the certificate does not cover this append', {});
  }
  if (head.size === size && !equalBytes(head.root, root)) {
    throw new Fault('refused', 'FORKED', `the certificate of ${origin} is of another history`, {
      origin,
      size,
    });
  }
  return head;
}
