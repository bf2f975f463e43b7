// One question to a holder, one leaf and its path to the root, and what the answer is worth. What it says about itself is
// believed when it admits damage, and never when it claims health.

import {
  asFault,
  type Crypto,
  type DaemonId,
  encodeCbor,
  type Fault,
  LEAF_BYTES,
  verifyMerkleProof,
} from '@vauban/core';
import type { AnswerOf, PeerClient } from '@vauban/wire';

/** One disk read; whoever takes longer is asked again later. */
const CHALLENGE_DEADLINE_MS = 10_000;
/** A request with its framing, about; and an answer besides the leaf and the path. */
const REQUEST_BYTES = 128;
const ANSWER_BYTES = 96;
const HASH_BYTES = 32;
const MESSAGE_CHARACTERS_MAX = 500;
/** What a holder says of the fragment itself; anything else it may be unable to answer just now. */
const admissions: ReadonlySet<string> = new Set([
  'FRAGMENT_MISSING',
  'FRAGMENT_DAMAGED',
  'RANGE_OUTSIDE',
  'NOT_YOURS',
]);
/** What the ledger takes as a code: those of strangers may be anything. */
const codePattern = /^[A-Z][A-Z_]{0,39}$/;

export interface LeafChallenge {
  readonly client: Pick<PeerClient, 'ask'> | undefined;
  readonly crypto: Crypto;
  readonly holder: DaemonId;
  readonly segment: Uint8Array;
  readonly index: number;
  readonly leaf: number;
  /** From the place, never from the holder. */
  readonly root: Uint8Array;
  readonly fragmentBytes: number;
  readonly signal: AbortSignal;
}

export type LeafOutcome = (
  | { readonly result: 'passed' }
  /** `evidence`: what came, as CBOR. */
  | { readonly result: 'failed'; readonly code: string; readonly evidence: Uint8Array }
  | { readonly result: 'unanswered'; readonly code: string }
) & {
  readonly leaf: number;
  /** Asked and received. */
  readonly bytes: number;
};

/** Bytes that a challenge will cost at most, for its pace. */
export const CHALLENGE_BYTES = REQUEST_BYTES + LEAF_BYTES + ANSWER_BYTES + HASH_BYTES * 12;

/** Rejects with the signal's reason only. */
export async function challengeLeaf(of: LeafChallenge): Promise<LeafOutcome> {
  const { client, segment, index, leaf, signal } = of;
  if (client === undefined) return { result: 'unanswered', code: 'PEER_UNKNOWN', leaf, bytes: 0 };
  try {
    const asked = { segment, index, leaf };
    const answer = await client.ask('leaf', asked, { deadlineMs: CHALLENGE_DEADLINE_MS, signal });
    const bytes = REQUEST_BYTES + ANSWER_BYTES + answer.bytes.length + HASH_BYTES * answer.proof.length;
    if (proves(of, answer)) return { result: 'passed', leaf, bytes };
    return { result: 'failed', code: 'LEAF_WRONG', leaf, bytes, evidence: encodeCbor(answer) };
  } catch (error) {
    signal.throwIfAborted();
    const fault = asFault(error);
    const bytes = REQUEST_BYTES + ANSWER_BYTES;
    const code = codeOf(fault);
    if (fault.kind === 'unreachable' || !admissions.has(code))
      return { result: 'unanswered', code, leaf, bytes };
    const message = fault.message.slice(0, MESSAGE_CHARACTERS_MAX);
    return { result: 'failed', code, leaf, bytes, evidence: encodeCbor({ code, message }) };
  }
}

/** A fault's code as the ledger may carry it. */
export function codeOf({ code }: Fault): string {
  return codePattern.test(code) ? code : 'CODE_UNKNOWN';
}

function proves({ crypto, fragmentBytes, leaf, root }: LeafChallenge, answer: AnswerOf<'leaf'>): boolean {
  const size = Math.ceil(fragmentBytes / LEAF_BYTES);
  const leafBytes = Math.min(LEAF_BYTES, fragmentBytes - leaf * LEAF_BYTES);
  if (answer.leaves !== size || answer.bytes.length !== leafBytes) return false;
  const leafHash = crypto.leafHashes(answer.bytes, LEAF_BYTES);
  return verifyMerkleProof(crypto, { root, leafHash, index: leaf, size, proof: answer.proof });
}
