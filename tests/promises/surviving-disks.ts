// What the disks of a network hold, recomputed from their bytes and compared with the ledger: nobody's word is asked.

import { readFile } from 'node:fs/promises';
import { LEAF_BYTES, merkleRoot, toHex } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import type { TestNetwork, TestVault } from '../support/network.ts';
import { fragmentFiles } from './fragment-files.ts';

const HASH_BYTES = 32;
/** What follows the leaf hashes in a fragment file (daemon SPEC). */
const TRAILER_BYTES = 224;

export interface PlacedRoots {
  /** Hex. */
  readonly segment: string;
  readonly k: number;
  readonly m: number;
  /** By index, hex. */
  readonly roots: readonly string[];
}

/** The segments of these paths with their fragments' roots, from the agency's own log. */
export async function placedRoots(vault: TestVault, paths: readonly string[]): Promise<PlacedRoots[]> {
  const placed = new Map<string, PlacedRoots>();
  for (const path of paths) {
    const { segments } = await vault.ask('where', path);
    for (const one of segments) {
      const roots: string[] = [];
      for (const { index, root } of one.fragments) roots[index] = root;
      placed.set(one.id, { segment: one.id, k: one.k, m: one.m, roots });
    }
  }
  return [...placed.values()];
}

/** Whole fragments on the disks: per segment, the sites by index. A file whose bytes do not make the root is none. */
export async function heldOnDisks(
  network: TestNetwork,
  placed: readonly PlacedRoots[],
): Promise<Map<string, Map<number, string[]>>> {
  const wanted = new Map(placed.map((one) => [one.segment, one]));
  const held = new Map<string, Map<number, string[]>>(placed.map(({ segment }) => [segment, new Map()]));
  for (const { segment, index, site, path } of await fragmentFiles(network)) {
    const root = wanted.get(segment)?.roots[index];
    // One that was just trimmed is not there any more.
    const file = root === undefined ? undefined : await readFile(path).catch(() => undefined);
    if (root === undefined || file === undefined || rootOf(file) !== root) continue;
    const sites = held.get(segment) as Map<number, string[]>;
    sites.set(index, [...(sites.get(index) ?? []), site]);
  }
  return held;
}

/** The least number of different fragments that any of the segments has on the disks. */
export async function fewestOnDisks(network: TestNetwork, placed: readonly PlacedRoots[]): Promise<number> {
  const held = await heldOnDisks(network, placed);
  return Math.min(...[...held.values()].map((indices) => indices.size));
}

/** RFC 6962 root over the leaves of a fragment file. */
function rootOf(file: Buffer): string {
  // b + 32·⌈b / leaf⌉ + trailer = length: the largest b whose hashes still fit.
  const both = file.length - TRAILER_BYTES;
  const leaves = Math.ceil(both / (LEAF_BYTES + HASH_BYTES));
  const bytes = both - leaves * HASH_BYTES;
  if (bytes < 1) return '';
  return toHex(merkleRoot(nodeCrypto, nodeCrypto.leafHashes(file.subarray(0, bytes), LEAF_BYTES)));
}
