// The tree's hashes against published and independently computed values, and its refusals.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '../node/index.ts';
import {
  CompactRange,
  concat,
  fromHex,
  merkleProof,
  merkleRoot,
  toHex,
  verifyMerkleProof,
} from '../src/index.ts';

const hex = (text: string) => fromHex(text) as Uint8Array;

/** The eight leaves of the certificate-transparency reference tests. */
const leaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(hex);
const leafHashes = leaves.map((leaf) => nodeCrypto.sha256(Uint8Array.of(0), leaf));

/** RFC 6962, section 2.1, word for word, with another SHA-256 call than the code under test. */
function definition(d: readonly Uint8Array[]): Uint8Array {
  const sha = (...parts: Uint8Array[]) => {
    const hasher = createHash('sha256');
    for (const part of parts) hasher.update(part);
    return new Uint8Array(hasher.digest());
  };
  if (d.length === 0) return sha();
  if (d.length === 1) return sha(Uint8Array.of(0), d[0] as Uint8Array);
  let k = 1;
  while (2 * k < d.length) k *= 2;
  return sha(Uint8Array.of(1), definition(d.slice(0, k)), definition(d.slice(k)));
}

describe('known values', () => {
  test('the empty tree is the hash of nothing', () => {
    expect(toHex(merkleRoot(nodeCrypto, new Uint8Array(0)))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });

  test('the roots of the first 1 to 8 reference leaves', () => {
    const roots = leaves.map((_, i) => toHex(merkleRoot(nodeCrypto, concat(...leafHashes.slice(0, i + 1)))));
    expect(roots).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
    expect(roots).toEqual(leaves.map((_, i) => toHex(definition(leaves.slice(0, i + 1)))));
  });
});

describe('a proof', () => {
  const size = 7;
  const some = leafHashes.slice(0, size);
  const claimFor = (index: number) => ({
    root: merkleRoot(nodeCrypto, concat(...some)),
    leafHash: some[index] as Uint8Array,
    index,
    size,
    proof: merkleProof(nodeCrypto, concat(...some), index),
  });

  test('of the odd leaf out is shorter', () => {
    expect(claimFor(0).proof.length).toBe(3);
    expect(claimFor(6).proof.length).toBe(2);
    expect(verifyMerkleProof(nodeCrypto, claimFor(6))).toBe(true);
  });

  test('of a tree with one leaf is empty', () => {
    const [only] = leafHashes as [Uint8Array];
    const claim = { root: only, leafHash: only, index: 0, size: 1, proof: [] };
    expect(verifyMerkleProof(nodeCrypto, claim)).toBe(true);
    expect(verifyMerkleProof(nodeCrypto, { ...claim, size: 2 })).toBe(false);
  });

  test.each([
    ['longer', (proof: Uint8Array[]) => [...proof, proof[0] as Uint8Array]],
    ['shorter', (proof: Uint8Array[]) => proof.slice(0, -1)],
    ['in another order', (proof: Uint8Array[]) => proof.toReversed()],
    [
      'with a hash of 31 bytes',
      (proof: Uint8Array[]) => [(proof[0] as Uint8Array).subarray(1), ...proof.slice(1)],
    ],
  ])('%s is no proof', (_, change) => {
    const claim = claimFor(2);
    expect(verifyMerkleProof(nodeCrypto, claim)).toBe(true);
    expect(verifyMerkleProof(nodeCrypto, { ...claim, proof: change(claim.proof) })).toBe(false);
  });

  test.each([
    { index: -1 },
    { index: size },
    { index: 0.5 },
    { index: Number.NaN },
    { size: 0 },
    { size: 2 ** 60 },
    { root: new Uint8Array(31) },
    { leafHash: new Uint8Array(0) },
  ])('with nonsense %o is no proof, and no exception', (nonsense) => {
    expect(verifyMerkleProof(nodeCrypto, { ...claimFor(2), ...nonsense })).toBe(false);
  });

  test('of a leaf that does not exist is a programmer’s mistake', () => {
    expect(() => merkleProof(nodeCrypto, concat(...some), size)).toThrow('assertion failed');
  });
});

describe('a compact range', () => {
  test('goes on from a snapshot beyond 2^32 leaves', () => {
    const a = leafHashes[0] as Uint8Array;
    const b = leafHashes[1] as Uint8Array;
    const range = new CompactRange(nodeCrypto, { size: 2 ** 40, hashes: [a] });
    range.append(b);
    expect(range.snapshot()).toEqual({ size: 2 ** 40 + 1, hashes: [a, b] });
    expect(range.root()).toEqual(nodeCrypto.sha256(Uint8Array.of(1), a, b));
  });

  test('goes on alone: its snapshot stays as it was', () => {
    const range = new CompactRange(nodeCrypto);
    for (const leafHash of leafHashes.slice(0, 3)) range.append(leafHash);
    const before = range.snapshot();
    const root = range.root();
    for (const leafHash of leafHashes.slice(3)) range.append(leafHash);
    expect(new CompactRange(nodeCrypto, before).root()).toEqual(root);
    expect(before.size).toBe(3);
  });

  test('with hashes that do not fit the size is a programmer’s mistake', () => {
    const hashes = leafHashes.slice(0, 1);
    expect(() => new CompactRange(nodeCrypto, { size: 3, hashes })).toThrow('assertion failed');
  });
});
