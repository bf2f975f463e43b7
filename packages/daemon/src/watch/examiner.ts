// Asking a holder for leaves, a few at a time, as fast as audits may go; and what that has cost and brought so far.

import type { Clock, Crypto, DaemonId } from '@vauban/core';
import type { PlacedFragment } from '@vauban/ledger';
import type { PeerClient } from '@vauban/wire';
import { type Foreground, Pace } from '../repair/pace.ts';
import type { AuditedSegment } from './audit-ledger.ts';
import { CHALLENGE_BYTES, challengeLeaf, type LeafOutcome } from './leaf-challenge.ts';

const AT_ONCE = 4;

export interface ExaminerPorts {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly client: (daemon: DaemonId) => Pick<PeerClient, 'ask'> | undefined;
  readonly foreground: Pick<Foreground, 'busy'>;
  readonly bytesPerSecond: number;
}

export interface Examination {
  readonly placed: Pick<AuditedSegment, 'segment' | 'place' | 'fragmentBytes'>;
  readonly holder: DaemonId;
  readonly index: number;
  readonly leaves: readonly number[];
  readonly signal: AbortSignal;
}

/** Since the start of the daemon. */
export interface ExaminerCounts {
  /** Questions about one fragment, by how they ended. */
  readonly passed: number;
  readonly failed: number;
  readonly unanswered: number;
  readonly challengedLeaves: number;
  /** Asked and received. */
  readonly bytes: number;
}

export class Examiner {
  readonly #ports: ExaminerPorts;
  readonly #pace: Pace;
  #counts = { passed: 0, failed: 0, unanswered: 0, challengedLeaves: 0, bytes: 0 };

  constructor(ports: ExaminerPorts) {
    this.#ports = ports;
    this.#pace = new Pace(ports);
  }

  get counts(): ExaminerCounts {
    return this.#counts;
  }

  /** Stops at what is not as it should be, and answers that; else the last one. Rejects with the signal's reason only. */
  async examine(of: Examination): Promise<LeafOutcome & { readonly asked: number }> {
    const { placed, holder, index, leaves, signal } = of;
    const [root] = placed.place.fragments[index] as PlacedFragment;
    const { segment, fragmentBytes } = placed;
    let asked = 0;
    let outcome: LeafOutcome = { result: 'passed', leaf: 0, bytes: 0 };
    while (asked < leaves.length && outcome.result === 'passed') {
      const together = leaves.slice(asked, asked + AT_ONCE);
      asked += together.length;
      await this.#pace.take(together.length * CHALLENGE_BYTES, signal);
      const client = this.#ports.client(holder);
      const { crypto } = this.#ports;
      const outcomes = await Promise.all(
        together.map((leaf) =>
          challengeLeaf({ client, crypto, holder, segment, index, leaf, root, fragmentBytes, signal }),
        ),
      );
      for (const { bytes } of outcomes) this.#counts.bytes += bytes;
      outcome =
        outcomes.find(({ result }) => result === 'failed') ??
        outcomes.find(({ result }) => result === 'unanswered') ??
        outcomes.at(-1) ??
        outcome;
    }
    this.#counts.challengedLeaves += asked;
    this.#counts[outcome.result]++;
    return { ...outcome, asked };
  }
}
