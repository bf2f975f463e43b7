// Asking a daemon to prove that it holds a fragment: one random leaf and its path to the root in the ledger.

import {
  asFault,
  type Crypto,
  type DaemonId,
  Fault,
  LEAF_BYTES,
  type Random,
  randomBelow,
  verifyMerkleProof,
} from '@vauban/core';
import type { DaemonLinks } from './daemon-links.ts';

/** One disk read of a living daemon; slower ones are as good as dead for somebody who waits for a list of them. */
const CHALLENGE_DEADLINE_MS = 5_000;

export type ChallengeResult =
  | { readonly result: 'proven' }
  /** It answered, with a wrong leaf or the admission that it has none. */
  | { readonly result: 'failed'; readonly fault: Fault }
  | { readonly result: 'unreachable'; readonly fault: Fault };

export interface ChallengeOptions {
  readonly links: DaemonLinks;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly segment: Uint8Array;
  readonly index: number;
  readonly daemon: DaemonId;
  /** From the place, never from the daemon. */
  readonly root: Uint8Array;
  readonly fragmentBytes: number;
  readonly signal?: AbortSignal;
}

/** Never rejects but with the signal's reason. A daemon known to be down is asked at most once a second. */
export async function challengeFragment(of: ChallengeOptions): Promise<ChallengeResult> {
  const { links, crypto, segment, index, daemon, signal } = of;
  const leaves = Math.ceil(of.fragmentBytes / LEAF_BYTES);
  const leaf = randomBelow(of.random, leaves);
  try {
    if (links.has(daemon) && !(await links.revive(daemon)))
      return { result: 'unreachable', fault: whyDown(links, daemon) };
    const answer = await links
      .client(daemon)
      .ask(
        'leaf',
        { segment, index, leaf },
        { deadlineMs: CHALLENGE_DEADLINE_MS, ...(signal && { signal }) },
      );
    const leafBytes = Math.min(LEAF_BYTES, of.fragmentBytes - leaf * LEAF_BYTES);
    const leafHash = crypto.leafHashes(answer.bytes, LEAF_BYTES);
    const proof = { root: of.root, leafHash, index: leaf, size: leaves, proof: answer.proof };
    const proven =
      answer.leaves === leaves && answer.bytes.length === leafBytes && verifyMerkleProof(crypto, proof);
    if (proven) return { result: 'proven' };
    const message = `Daemon ${daemon} answered a challenge for fragment ${index} with leaf ${leaf} that its root does not vouch for.`;
    const fault = new Fault('integrity', 'LEAF_WRONG', message, { daemon, index, leaf });
    links.health(daemon).lied(fault);
    return { result: 'failed', fault };
  } catch (error) {
    signal?.throwIfAborted();
    const fault = asFault(error);
    if (fault.kind !== 'unreachable') return { result: 'failed', fault };
    links.suspect(daemon, fault);
    return { result: 'unreachable', fault };
  }
}

function whyDown(links: DaemonLinks, daemon: DaemonId): Fault {
  return (
    links.health(daemon).fault ??
    new Fault('unreachable', 'PEER_UNREACHABLE', `Daemon ${daemon} does not answer.`, { daemon })
  );
}
