// RFC 6962 Merkle trees (section 2.1): leaf = SHA-256(0x00 ‖ bytes), interior = SHA-256(0x01 ‖ left ‖ right),
// empty = SHA-256(""). Fragments and ledger logs use the same tree; leaf hashes travel end to end, 32 bytes each.

import { equalBytes } from './bytes.ts';
import { assert } from './fault.ts';
import type { Crypto } from './ports/crypto.ts';

const HASH_BYTES = 32;
const interiorPrefix = Uint8Array.of(1);

function interior(crypto: Crypto, left: Uint8Array, right: Uint8Array): Uint8Array {
  return crypto.sha256(interiorPrefix, left, right);
}

/** The frontier of a growing tree: one hash per complete subtree, largest first. At most 53 of them. */
export interface CompactRangeSnapshot {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** Appends leaf hashes one by one and knows the root at every size, in memory logarithmic in the size. */
export class CompactRange {
  readonly #crypto: Crypto;
  #size: number;
  readonly #hashes: Uint8Array[];

  constructor(crypto: Crypto, from: CompactRangeSnapshot = { size: 0, hashes: [] }) {
    assert(from.hashes.length === bitsSet(from.size), 'one frontier hash per set bit of the size');
    this.#crypto = crypto;
    this.#size = from.size;
    this.#hashes = [...from.hashes];
  }

  get size(): number {
    return this.#size;
  }

  append(leafHash: Uint8Array): void {
    let hash = leafHash;
    for (let below = this.#size; below % 2 === 1; below = (below - 1) / 2) {
      hash = interior(this.#crypto, this.#hashes.pop() as Uint8Array, hash);
    }
    this.#hashes.push(hash);
    this.#size += 1;
  }

  root(): Uint8Array {
    const [smallest, ...larger] = this.#hashes.toReversed();
    if (smallest === undefined) return this.#crypto.sha256(new Uint8Array(0));
    return larger.reduce((right, left) => interior(this.#crypto, left, right), smallest);
  }

  snapshot(): CompactRangeSnapshot {
    return { size: this.#size, hashes: [...this.#hashes] };
  }
}

function bitsSet(size: number): number {
  let bits = 0;
  for (let left = size; left > 0; left = Math.floor(left / 2)) bits += left % 2;
  return bits;
}

/** Number of leaf hashes in a packed list. */
function leavesIn(packed: Uint8Array): number {
  assert(packed.length % HASH_BYTES === 0, 'leaf hashes are 32 bytes each');
  return packed.length / HASH_BYTES;
}

function leafAt(packed: Uint8Array, index: number): Uint8Array {
  return packed.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}

/** Root over packed leaf hashes. */
export function merkleRoot(crypto: Crypto, leafHashes: Uint8Array): Uint8Array {
  const range = new CompactRange(crypto);
  for (let i = 0; i < leavesIn(leafHashes); i++) range.append(leafAt(leafHashes, i));
  return range.root();
}

/** Audit path of one leaf (RFC 6962, section 2.1.1), deepest sibling first. */
export function merkleProof(crypto: Crypto, leafHashes: Uint8Array, index: number): Uint8Array[] {
  const size = leavesIn(leafHashes);
  assert(index >= 0 && index < size, `leaf ${index} of ${size}`);
  if (size === 1) return [];
  const split = largestPowerBelow(size);
  const left = leafHashes.subarray(0, split * HASH_BYTES);
  const right = leafHashes.subarray(split * HASH_BYTES);
  return index < split
    ? [...merkleProof(crypto, left, index), merkleRoot(crypto, right)]
    : [...merkleProof(crypto, right, index - split), merkleRoot(crypto, left)];
}

/** Whether the path leads from the leaf hash at `index` to the root of a tree of `size` leaves. */
export function verifyMerkleProof(
  crypto: Crypto,
  of: { root: Uint8Array; leafHash: Uint8Array; index: number; size: number; proof: readonly Uint8Array[] },
): boolean {
  if (!Number.isSafeInteger(of.index) || of.index < 0 || of.index >= of.size) return false;
  let index = of.index;
  let last = of.size - 1;
  let hash = of.leafHash;
  for (const sibling of of.proof) {
    if (last === 0 || sibling.length !== HASH_BYTES) return false;
    if (index % 2 === 1 || index === last) {
      hash = interior(crypto, sibling, hash);
      while (index % 2 === 0 && index !== 0) {
        index /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = interior(crypto, hash, sibling);
    }
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(hash, of.root);
}

function largestPowerBelow(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
