// The vote of one mirror: the key that casts it, and why it is silent when it is. Owns the moments at which a key may
// sign: never before this voter has read what others hold, and never again once its epoch is over (SPEC: epochs).

import { assert, equalBytes, Fault } from '@vauban/core';
import { isCharterOrigin } from './charter-log.ts';
import type { Cosigner } from './checkpoint.ts';
import type { SignedCounter } from './heads.ts';
import type { HeldLogs } from './held-logs.ts';
import type { VoteJournal } from './vote-journal.ts';

/** What makes a mirror a voter. */
export interface VotingRight {
  readonly hoster: string;
  readonly epoch: number;
  readonly cosigner: Cosigner;
  readonly journal: VoteJournal;
}

/**
 * Where a voter stands with its key: `unready` has just entered the voting set and not read it yet; `starting` has not done
 * the read that follows a restart; `ready` votes.
 */
export type Standing = 'unready' | 'starting' | 'ready';

/** How many votes another voter has cast in an epoch, as it signed it. */
export interface PeerCounter extends SignedCounter {
  readonly hoster: string;
  readonly epoch: number;
}

/** Silence that ends by itself: whoever brings bytes is told to come again. */
const passing: ReadonlySet<string> = new Set(['VOTER_STARTING', 'EPOCH_OPENING']);

export class VotingSeat {
  #right: VotingRight | null;
  #silent: Fault | null;
  /** Logs this voter never vouches for: their heads contradicted one another when it entered. */
  #unready: ReadonlySet<string> = new Set();
  readonly #counters = new Map<string, PeerCounter>();

  constructor(right: VotingRight | null) {
    this.#right = right;
    this.#silent = silence(right, 'starting');
  }

  get right(): VotingRight | null {
    return this.#right;
  }

  /** Why it does not vote; null when it does. */
  get silent(): Fault | null {
    return this.#silent;
  }

  get unready(): ReadonlySet<string> {
    return this.#unready;
  }

  /** Takes the key of an epoch, or none: not a voter of it. Whatever held before is over. */
  take(right: VotingRight | null, standing: Standing, unready: Iterable<string> = []): void {
    this.#right = right;
    this.#unready = new Set(unready);
    this.#silent = silence(right, standing);
    for (const [hoster, { epoch }] of this.#counters)
      if (right !== null && epoch < right.epoch) this.#counters.delete(hoster);
  }

  /** An epoch is over: from this moment on nothing is signed with its key, votes under way included. */
  fence(): void {
    this.#right = null;
    this.#silent = opening();
  }

  /** The read that follows a restart is done. */
  start(): void {
    assert(this.#right !== null, 'only a voter starts voting');
    if (this.#silent?.code === 'VOTER_STARTING') this.#silent = null;
  }

  /** What the voting set holds is stored here, but for logs whose heads contradict each other. */
  makeReady(unready: Iterable<string>): void {
    this.#unready = new Set(unready);
    if (this.#silent?.code === 'VOTER_UNREADY') this.#silent = null;
  }

  /** This key must not vote again (its history is lost or contradicted). */
  stop(reason: Fault): void {
    this.#silent = reason;
  }

  /** The right to sign now. Faults: whatever silences it. */
  demand(): VotingRight {
    if (this.#silent !== null) throw this.#silent;
    assert(this.#right !== null, 'a mirror that is not silent votes');
    return this.#right;
  }

  /** To be asked right before signing, when the disks were waited for. Faults: what silences it, EPOCH_OPENING. */
  demandStill(right: VotingRight): void {
    if (this.demand() !== right) throw opening();
  }

  /** The right to answer `heads`, which a starting voter has. Faults: whatever else silences it. */
  demandHeads(): VotingRight {
    if (this.#silent !== null && this.#silent.code !== 'VOTER_STARTING') throw this.#silent;
    assert(this.#right !== null, 'a mirror that is not silent votes');
    return this.#right;
  }

  /** To be asked right before signing heads that were gathered under `right`. Faults: what silences it, EPOCH_OPENING. */
  demandHeadsStill(right: VotingRight): void {
    if (this.demandHeads() !== right) throw opening();
  }

  /** Whether a fault is this voter's answer about the bytes; a voter that stays silent has none. */
  isAnswer(fault: Fault): boolean {
    return fault.kind === 'refused' && (fault !== this.#silent || passing.has(fault.code));
  }

  /** Others may not take what an unready voter holds for what the voting set holds. Faults: VOTER_UNREADY, LOG_UNREADY. */
  checkSource(origin: string): void {
    if (this.#silent?.code === 'VOTER_UNREADY') throw this.#silent;
    this.checkReady(origin);
  }

  /** Faults: LOG_UNREADY, which is no answer about the bytes. */
  checkReady(origin: string): void {
    if (!this.#unready.has(origin)) return;
    throw new Fault(
      'unreachable',
      'LOG_UNREADY',
      `this hoster does not vouch for ${origin}: its writer's heads contradicted one another when the hoster entered the voting set`,
      { origin },
    );
  }

  /** Whether a voter's counter says more than what is remembered of it. */
  isNews({ hoster, epoch, counter }: Omit<PeerCounter, 'signature'>): boolean {
    const known = this.#counters.get(hoster);
    return known === undefined || epoch > known.epoch || (epoch === known.epoch && counter > known.counter);
  }

  /** Remembers a counter that was checked, so that its voter can be told when its own memory is older. */
  remember(peer: PeerCounter): void {
    if (this.isNews(peer)) this.#counters.set(peer.hoster, peer);
  }

  /** What is remembered of a voter in this seat's epoch. */
  remembered(hoster: string | null): SignedCounter | null {
    const known = hoster === null ? undefined : this.#counters.get(hoster);
    if (known === undefined || known.epoch !== this.#right?.epoch) return null;
    return { counter: known.counter, signature: known.signature };
  }

  counters(): readonly PeerCounter[] {
    return [...this.#counters.values()];
  }

  /**
   * Compares the vote journal with the logs: what was signed must be stored. What is known to be damaged says nothing.
   * Faults: VOTE_HISTORY_CONTRADICTS.
   */
  async checkHistory(logs: HeldLogs): Promise<void> {
    for (const { origin, size, root } of this.#right?.journal.votes() ?? []) {
      if (isCharterOrigin(origin) || logs.quarantine.of(origin) !== null) continue;
      const held = await logs.rootAt(origin, size);
      if (held !== undefined && equalBytes(held, root)) continue;
      const stored = logs.state(origin).size;
      throw new Fault(
        'integrity',
        'VOTE_HISTORY_CONTRADICTS',
        held === undefined
          ? `this hoster signed ${origin} at size ${size}, but its ledger holds size ${stored}`
          : `this hoster signed ${origin} at size ${size}, but its ledger holds another history of it`,
        { origin, signed: size, stored },
      );
    }
  }
}

function silence(right: VotingRight | null, standing: Standing): Fault | null {
  if (right === null)
    return new Fault('refused', 'VOTER_NONE', 'this daemon mirrors the ledger but does not vote', {});
  if (standing === 'starting')
    return new Fault('refused', 'VOTER_STARTING', 'this voter has not finished its start-up read', {});
  if (standing === 'unready')
    return new Fault(
      'refused',
      'VOTER_UNREADY',
      `this voter entered in epoch ${right.epoch} and has not yet read what the voters before it hold`,
      { epoch: right.epoch },
    );
  return null;
}

function opening(): Fault {
  return new Fault('refused', 'EPOCH_OPENING', 'a new epoch of the charter is opening at this voter', {});
}
