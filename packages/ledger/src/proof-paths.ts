// RFC 6962 audit paths out of a log that may be long: all levels of the tree are computed once, 64 bytes for each leaf,
// and each path is then a walk upwards. Agrees with core's `merkleProof`, which computes one path of a small tree.

import { assert, type Crypto } from '@vauban/core';

const HASH_BYTES = 32;
const interiorPrefix = Uint8Array.of(1);

export class AuditPaths {
  /** Hashes of each level end to end, leaves first; a node without a sibling moves up as it is. */
  readonly #levels: readonly Uint8Array[];

  /** `leafHashes`: 32 bytes each, end to end. */
  constructor(crypto: Crypto, leafHashes: Uint8Array) {
    assert(leafHashes.length > 0 && leafHashes.length % HASH_BYTES === 0, 'whole leaf hashes, at least one');
    const levels = [leafHashes];
    for (let level = leafHashes; level.length > HASH_BYTES; ) {
      level = levelAbove(crypto, level);
      levels.push(level);
    }
    this.#levels = levels;
  }

  /** Deepest sibling first (RFC 6962, section 2.1.1). */
  of(index: number): Uint8Array[] {
    assert(index >= 0 && index * HASH_BYTES < (this.#levels[0] as Uint8Array).length, `leaf ${index}`);
    const path: Uint8Array[] = [];
    let at = index;
    for (const level of this.#levels) {
      const sibling = (at % 2 === 0 ? at + 1 : at - 1) * HASH_BYTES;
      if (sibling < level.length) path.push(level.slice(sibling, sibling + HASH_BYTES));
      at = Math.floor(at / 2);
    }
    return path;
  }
}

function levelAbove(crypto: Crypto, level: Uint8Array): Uint8Array {
  const nodes = level.length / HASH_BYTES;
  const above = new Uint8Array(Math.ceil(nodes / 2) * HASH_BYTES);
  for (let at = 0; at < nodes; at += 2) {
    const pair = level.subarray(at * HASH_BYTES, (at + 2) * HASH_BYTES);
    above.set(at + 1 < nodes ? crypto.sha256(interiorPrefix, pair) : pair, (at / 2) * HASH_BYTES);
  }
  return above;
}
