// What names a segment and what a daemon signs when it holds a fragment of it (SPEC: segments and receipts).

import {
  type CodeName,
  type Crypto,
  daemonIdBytes,
  encodeCbor,
  Fault,
  granuleBytesOf,
  LEAF_BYTES,
  utf8,
} from '@vauban/core';

/** Everything a segment's id is made of: whoever has these bytes can recompute it. */
export interface SegmentDescriptor {
  readonly vault: Uint8Array;
  readonly code: CodeName;
  readonly k: number;
  readonly m: number;
  readonly cellBytes: number;
  readonly stripes: number;
  readonly lastCellBytes: number;
  /** Merkle root of each fragment, by index; n of them. */
  readonly roots: readonly Uint8Array[];
}

/** SHA-256(domain ‖ deterministic CBOR of the descriptor as a list). */
export function segmentIdOf(crypto: Crypto, of: SegmentDescriptor): Uint8Array {
  const fields = [of.vault, of.code, of.k, of.m, of.cellBytes, of.stripes, of.lastCellBytes, [...of.roots]];
  return crypto.sha256(utf8('vauban/segment/0\n'), encodeCbor(fields));
}

/** Bytes of each fragment: whole cells and a last one that may be shorter. */
export function fragmentBytesOf(
  of: Pick<SegmentDescriptor, 'cellBytes' | 'stripes' | 'lastCellBytes'>,
): number {
  return (of.stripes - 1) * of.cellBytes + of.lastCellBytes;
}

/** Shape rules a descriptor obeys whatever the policy says. Faults: SEGMENT_SHAPE. */
export function checkDescriptor(of: SegmentDescriptor): void {
  const granuleBytes = granuleBytesOf(of);
  const ok =
    granuleBytes !== undefined &&
    of.k >= 1 &&
    of.m >= 1 &&
    of.k + of.m <= 255 &&
    of.roots.length === of.k + of.m &&
    of.cellBytes >= LEAF_BYTES &&
    of.cellBytes % LEAF_BYTES === 0 &&
    of.cellBytes % granuleBytes === 0 &&
    of.stripes >= 1 &&
    of.lastCellBytes >= granuleBytes &&
    of.lastCellBytes <= of.cellBytes &&
    of.lastCellBytes % granuleBytes === 0;
  if (!ok) {
    throw new Fault('refused', 'SEGMENT_SHAPE', 'the segment has an impossible shape', {
      code: of.code,
      k: of.k,
      m: of.m,
      roots: of.roots.length,
      cellBytes: of.cellBytes,
      stripes: of.stripes,
      lastCellBytes: of.lastCellBytes,
    });
  }
}

/** What a receipt binds: replayed for anything else, it fails. */
export interface ReceiptClaim {
  readonly charterName: string;
  readonly segment: Uint8Array;
  readonly index: number;
  readonly root: Uint8Array;
  readonly bytes: number;
  readonly daemon: string;
  /** How often this daemon has erased. */
  readonly generation: number;
}

/** What the signature of a receipt is over. */
export function receiptDigest(crypto: Crypto, claim: ReceiptClaim): Uint8Array {
  return crypto.sha256(
    utf8('vauban/receipt/0\n'),
    encodeCbor([
      claim.charterName,
      claim.segment,
      claim.index,
      claim.root,
      claim.bytes,
      daemonIdBytes(claim.daemon),
      claim.generation,
    ]),
  );
}

/** 64-byte Ed25519 signature; to be given only after the fragment is durable. */
export function signReceipt(crypto: Crypto, claim: ReceiptClaim, receiptSeed: Uint8Array): Uint8Array {
  return crypto.ed25519Sign(receiptSeed, receiptDigest(crypto, claim));
}

export function verifyReceipt(
  crypto: Crypto,
  claim: ReceiptClaim,
  receipt: { signature: Uint8Array; receiptKey: Uint8Array },
): boolean {
  return crypto.ed25519Verify(receipt.signature, receiptDigest(crypto, claim), receipt.receiptKey);
}
