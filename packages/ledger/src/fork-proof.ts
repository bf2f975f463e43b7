// Proof that a writer signed two histories of one log: two checkpoints with its signature that no single log can have
// led to. Needs no charter and no ledger to check: the log is named after its writer's key (SPEC: forks).

import {
  type Crypto,
  decodeCbor,
  encodeCbor,
  equalBytes,
  Fault,
  merkleProof,
  shape,
  verifyMerkleProof,
} from '@vauban/core';
import * as v from 'valibot';
import { type Head, openCheckpoint, originOf, readHead } from './checkpoint.ts';
import { FORK_PROOF_BYTES_MAX } from './heads.ts';
import { formatNote, parseNote } from './note.ts';

const sideSchema = v.strictObject({
  checkpoint: shape.text(1_024),
  /** Hash of the leaf at `index`, with its inclusion proof (RFC 6962); null when two roots of one size say it all. */
  leaf: v.nullable(shape.bytes(32)),
  proof: v.pipe(v.array(shape.bytes(32)), v.maxLength(53)),
});

const proofSchema = v.strictObject({
  format: v.literal('vauban/fork/0'),
  /** The writer's public key. */
  writer: shape.bytes(32),
  /** Where the histories part; null when the heads are of one size. */
  index: v.nullable(shape.count()),
  left: sideSchema,
  right: sideSchema,
});

/** One history: its writer-signed head, and the leaf hashes that lead to it, 32 bytes each, end to end. */
export interface SignedHistory {
  readonly checkpoint: string;
  readonly leaves: Uint8Array;
}

/** The proof as bytes, for anyone to check; undefined when one history is the beginning of the other. */
export function forkProof(
  crypto: Crypto,
  writer: Uint8Array,
  histories: readonly [SignedHistory, SignedHistory],
): Uint8Array | undefined {
  const [left, right] = histories;
  const heads = [readHead(left.checkpoint), readHead(right.checkpoint)] as const;
  const sizes = heads.map((head) => head.size);
  if (sizes[0] === sizes[1]) {
    if (equalBytes(heads[0].root, heads[1].root)) return undefined;
    const side = ({ checkpoint }: SignedHistory) => ({ checkpoint: bare(checkpoint), leaf: null, proof: [] });
    return encode(writer, null, side(left), side(right));
  }
  const index = firstDifference(left.leaves, right.leaves);
  if (index >= Math.min(...sizes)) return undefined;
  const side = ({ checkpoint, leaves }: SignedHistory, size: number) => ({
    checkpoint: bare(checkpoint),
    leaf: leaves.slice(index * 32, (index + 1) * 32),
    proof: merkleProof(crypto, leaves.subarray(0, size * 32), index),
  });
  return encode(writer, index, side(left, heads[0].size), side(right, heads[1].size));
}

type Side = v.InferOutput<typeof sideSchema>;

function encode(writer: Uint8Array, index: number | null, left: Side, right: Side): Uint8Array {
  return encodeCbor({ format: 'vauban/fork/0', writer, index, left, right });
}

function firstDifference(left: Uint8Array, right: Uint8Array): number {
  const leaves = Math.min(left.length, right.length) / 32;
  let index = 0;
  while (
    index < leaves &&
    equalBytes(left.subarray(index * 32, (index + 1) * 32), right.subarray(index * 32, (index + 1) * 32))
  )
    index += 1;
  return index;
}

/** A checkpoint with its writer's signature alone. */
export function bare(checkpoint: string): string {
  const note = parseNote(checkpoint);
  return formatNote({ text: note.text, signatures: note.signatures.slice(0, 1) });
}

/**
 * The two heads a proof shows, checked. Faults: MALFORMED, TOO_LARGE, LOG_SIGNATURE, ORIGIN_OTHER, FORK_UNPROVEN.
 */
export function checkForkProof(
  crypto: Crypto,
  proof: Uint8Array,
): { readonly origin: string; readonly left: Head; readonly right: Head } {
  const { writer, index, ...sides } = decodeCbor(proofSchema, proof, 'fork proof', FORK_PROOF_BYTES_MAX);
  const left = openCheckpoint(crypto, sides.left.checkpoint, writer);
  const right = openCheckpoint(crypto, sides.right.checkpoint, writer);
  const { origin } = left;
  const charterName = origin.slice(0, origin.indexOf('/'));
  if (right.origin !== origin || originOf(crypto, charterName, writer) !== origin) {
    throw new Fault('refused', 'ORIGIN_OTHER', 'the checkpoints are not of one log of this writer', {
      origin,
      other: right.origin,
    });
  }
  const apart =
    index === null
      ? left.size === right.size && !equalBytes(left.root, right.root)
      : holds(crypto, left, sides.left, index) &&
        holds(crypto, right, sides.right, index) &&
        !equalBytes(sides.left.leaf ?? new Uint8Array(0), sides.right.leaf ?? new Uint8Array(0));
  if (!apart) {
    throw new Fault('refused', 'FORK_UNPROVEN', 'the two checkpoints may belong to one history', { origin });
  }
  return { origin, left, right };
}

function holds(crypto: Crypto, head: Head, side: Side, index: number): boolean {
  if (side.leaf === null) return false;
  return verifyMerkleProof(crypto, {
    root: head.root,
    leafHash: side.leaf,
    index,
    size: head.size,
    proof: side.proof,
  });
}
