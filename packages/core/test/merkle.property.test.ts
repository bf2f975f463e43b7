// The tree against the recursive definition of RFC 6962, for any number of leaves and any way of appending them.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nodeCrypto } from '../node/index.ts';
import { CompactRange, concat, merkleProof, merkleRoot, toHex, verifyMerkleProof } from '../src/index.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hashes = fc.array(hash, { maxLength: 40 });

function definition(leafHashes: readonly Uint8Array[]): Uint8Array {
  if (leafHashes.length === 0) return nodeCrypto.sha256();
  if (leafHashes.length === 1) return leafHashes[0] as Uint8Array;
  let k = 1;
  while (2 * k < leafHashes.length) k *= 2;
  const [left, right] = [definition(leafHashes.slice(0, k)), definition(leafHashes.slice(k))];
  return nodeCrypto.sha256(Uint8Array.of(1), left, right);
}

function path(m: number, leafHashes: readonly Uint8Array[]): Uint8Array[] {
  if (leafHashes.length <= 1) return [];
  let k = 1;
  while (2 * k < leafHashes.length) k *= 2;
  const [left, right] = [leafHashes.slice(0, k), leafHashes.slice(k)];
  return m < k ? [...path(m, left), definition(right)] : [...path(m - k, right), definition(left)];
}

test('the root is the definition’s', () => {
  fc.assert(
    fc.property(hashes, (leafHashes) => {
      const root = definition(leafHashes);
      expect(merkleRoot(nodeCrypto, concat(...leafHashes))).toEqual(root);
    }),
  );
});

test('every proof is the definition’s and verifies, for its own leaf, place and size only', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(hash, { minLength: 1, maxLength: 40, selector: toHex }),
      fc.nat(),
      fc.nat(),
      fc.nat(),
      (leafHashes, pick, otherPick, flip) => {
        const size = leafHashes.length;
        const index = pick % size;
        const proof = merkleProof(nodeCrypto, concat(...leafHashes), index);
        expect(proof).toEqual(path(index, leafHashes));
        const leafHash = leafHashes[index] as Uint8Array;
        const claim = { root: definition(leafHashes), leafHash, index, size, proof };
        expect(verifyMerkleProof(nodeCrypto, claim)).toBe(true);
        const other = otherPick % size;
        if (other !== index) {
          expect(verifyMerkleProof(nodeCrypto, { ...claim, index: other })).toBe(false);
          expect(verifyMerkleProof(nodeCrypto, { ...claim, leafHash: leafHashes[other] as Uint8Array })).toBe(
            false,
          );
        }
        if (proof.length > 0) {
          const bent = concat(...proof);
          const at = flip % bent.length;
          bent[at] = (bent[at] as number) ^ 1;
          const wrong = proof.map((_, i) => bent.subarray(32 * i, 32 * i + 32));
          expect(verifyMerkleProof(nodeCrypto, { ...claim, proof: wrong })).toBe(false);
        }
      },
    ),
  );
});

test('a compact range gives the same root however the leaves are split over appends and restarts', () => {
  fc.assert(
    fc.property(fc.array(hashes, { maxLength: 6 }), (batches) => {
      let range = new CompactRange(nodeCrypto);
      const all: Uint8Array[] = [];
      for (const batch of batches) {
        for (const leafHash of batch) range.append(leafHash);
        all.push(...batch);
        range = new CompactRange(nodeCrypto, range.snapshot());
        expect(range.root()).toEqual(definition(all));
        expect(range.size).toBe(all.length);
      }
    }),
    { numRuns: 50 },
  );
});
