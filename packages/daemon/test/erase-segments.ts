// Segments to erase: true bytes with true roots, and places of them with true receipts of any generation.

import { type Charter, daemonIdBytes, LEAF_BYTES, merkleRoot } from '@vauban/core';
import { fragmentBytesOf, type Place, type PlacedFragment, segmentIdOf, signReceipt } from '@vauban/ledger';
import { DAY_MS, daemonOf, seedOf } from '../../ledger/test/sample-charter.ts';
import { VAULT } from '../../ledger/test/samples.ts';
import { crypto, seededRandom } from './fragment-setup.ts';

const shape = {
  vault: VAULT,
  code: 'rs' as const,
  k: 2,
  m: 1,
  cellBytes: 16_384,
  stripes: 2,
  lastCellBytes: 1_024,
};

type Named = Pick<Place, keyof typeof shape | 'segment'> & { readonly roots: readonly Uint8Array[] };

/** Another one for each seed. */
export function drawSegment(seed: number): Named & { readonly data: readonly Uint8Array[] } {
  const length = fragmentBytesOf(shape);
  const data = [0, 1, 2].map((index) => seededRandom(seed * 3 + index).bytes(length));
  const roots = data.map((one) => merkleRoot(crypto, crypto.leafHashes(one, LEAF_BYTES)));
  return { ...shape, segment: segmentIdOf(crypto, { ...shape, roots }), roots, data };
}

/** As a device would write it now. */
export function placeWith(
  of: Named,
  by: {
    readonly charter: Charter;
    readonly now: number;
    readonly holders: readonly (string | undefined)[];
    readonly generationOf: (holder: string) => number;
  },
): Place {
  const { roots, segment, vault, code, k, m, cellBytes, stripes, lastCellBytes } = of;
  const bytes = fragmentBytesOf(of);
  const fragments = roots.map((root, index): PlacedFragment => {
    const holder = by.holders[index];
    if (holder === undefined) return [root];
    const daemon = daemonOf(holder);
    const generation = by.generationOf(holder);
    const claim = { charterName: by.charter.name, segment, index, root, bytes, daemon, generation };
    return [root, daemonIdBytes(daemon), generation, signReceipt(crypto, claim, seedOf(`receipt ${holder}`))];
  });
  return {
    kind: 'place',
    segment,
    charter: by.charter.version,
    retainUntil: by.now + 8 * DAY_MS,
    vault,
    code,
    k,
    m,
    cellBytes,
    stripes,
    lastCellBytes,
    fragments,
  };
}
