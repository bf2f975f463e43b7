// Before a copy is given up, the one relied on instead is asked for some of its leaves, drawn now: a claim in the ledger says
// what a daemon had, an answer what it has.

import {
  type Crypto,
  type DaemonId,
  Fault,
  LEAF_BYTES,
  type Random,
  randomBelow,
  toHex,
  verifyMerkleProof,
} from '@vauban/core';
import type { EraseAsks } from './erasing.ts';

/** A keeper that lost a third of a fragment is found out seven times in ten; audits of all fragments go on besides. */
const LEAVES = 3;

export interface RelyOn {
  readonly segment: Uint8Array;
  readonly index: number;
  readonly root: Uint8Array;
  /** Of the fragment. */
  readonly bytes: number;
  readonly keeper: DaemonId;
}

/** Faults: AUDIT_FAILED (integrity) when an answer is not what the root says, and whatever kept it from answering. */
export async function auditKeeper(
  { asks, crypto, random }: { readonly asks: EraseAsks; readonly crypto: Crypto; readonly random: Random },
  { segment, index, root, bytes, keeper }: RelyOn,
  signal: AbortSignal,
): Promise<void> {
  const leaves = Math.ceil(bytes / LEAF_BYTES);
  for (let nth = 0; nth < Math.min(LEAVES, leaves); nth++) {
    const leaf = randomBelow(random, leaves);
    const answer = await asks.leaf(keeper, { segment, index, leaf }, signal);
    const length = Math.min(LEAF_BYTES, bytes - leaf * LEAF_BYTES);
    const right =
      answer.leaves === leaves &&
      answer.bytes.length === length &&
      verifyMerkleProof(crypto, {
        root,
        leafHash: crypto.leafHashes(answer.bytes, LEAF_BYTES),
        index: leaf,
        size: leaves,
        proof: answer.proof,
      });
    if (right) continue;
    throw new Fault('integrity', 'AUDIT_FAILED', `daemon ${keeper} answered leaf ${leaf} wrongly`, {
      segment: toHex(segment),
      index,
      leaf,
      keeper,
    });
  }
}
