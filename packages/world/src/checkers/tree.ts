// RFC 6962 trees, computed by the judges themselves: by splitting, as section 2.1 defines them, not by growing.

import { concat, type Crypto, toBase64, toHex } from '@vauban/core';

export function leafOf(crypto: Crypto, entry: Uint8Array): string {
  return toHex(leafHash(crypto, entry));
}

function leafHash(crypto: Crypto, entry: Uint8Array): Uint8Array {
  return crypto.sha256(Uint8Array.of(0), entry);
}

/** Root of these entries, in base64 as notes carry it. */
export function rootOf(crypto: Crypto, entries: readonly Uint8Array[]): string {
  return toBase64(
    treeHash(
      crypto,
      entries.map((entry) => leafHash(crypto, entry)),
    ),
  );
}

/** Root of one fragment: leaves of 16 KiB, the last perhaps shorter. */
export function fragmentRoot(crypto: Crypto, bytes: Uint8Array): Uint8Array {
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 16_384)
    leaves.push(leafHash(crypto, bytes.subarray(at, at + 16_384)));
  return treeHash(crypto, leaves);
}

/** Roots of the first 0, 1, 2 … entries, in base64. */
export function rootsOf(crypto: Crypto, entries: readonly Uint8Array[]): string[] {
  const parent = (left: Uint8Array, right: Uint8Array) =>
    crypto.sha256(concat(Uint8Array.of(1), left, right));
  const roots = [toBase64(crypto.sha256())];
  /** Roots of perfect subtrees, the largest first, with their sizes. */
  const stack: { hash: Uint8Array; leaves: number }[] = [];
  for (const entry of entries) {
    stack.push({ hash: leafHash(crypto, entry), leaves: 1 });
    for (;;) {
      const [left, right] = stack.slice(-2);
      if (left === undefined || right === undefined || left.leaves !== right.leaves) break;
      stack.splice(-2, 2, { hash: parent(left.hash, right.hash), leaves: 2 * left.leaves });
    }
    roots.push(toBase64(stack.map(({ hash }) => hash).reduceRight((right, left) => parent(left, right))));
  }
  return roots;
}

function treeHash(crypto: Crypto, leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return crypto.sha256();
  if (leaves.length === 1) return only;
  let half = 1;
  while (2 * half < leaves.length) half *= 2;
  const left = treeHash(crypto, leaves.slice(0, half));
  return crypto.sha256(concat(Uint8Array.of(1), left, treeHash(crypto, leaves.slice(half))));
}
