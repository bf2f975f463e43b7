// Segments to store and place: random fragments with their true roots, and places with receipts that a test may forge.

import {
  CELL_BYTES,
  type Charter,
  concat,
  daemonIdBytes,
  LEAF_BYTES,
  merkleRoot,
  u32be,
  utf8,
} from '@vauban/core';
import { nodeClock, nodeCrypto as crypto } from '@vauban/core/node';
import {
  fragmentBytesOf,
  type Place,
  type PlacedFragment,
  type ReceiptClaim,
  type SegmentDescriptor,
  segmentIdOf,
  signReceipt,
} from '@vauban/ledger';
import type { RequestOf } from '@vauban/wire';
import { DAY_MS } from './network.ts';

export interface TestSegment {
  readonly descriptor: SegmentDescriptor;
  /** The same, as requests carry it. */
  readonly wire: RequestOf<'receipt'>['segment'];
  readonly id: Uint8Array;
  readonly fragments: readonly Uint8Array[];
  readonly fragmentBytes: number;
}

export type Shape = Partial<Omit<SegmentDescriptor, 'vault' | 'roots' | 'code'>>;

/** A segment of that name: the same bytes each time. 2 + 2 and 1 KiB a fragment unless told otherwise. */
export function segmentOf(vault: Uint8Array, name: string, shape: Shape = {}): TestSegment {
  const plain = { code: 'rs' as const, k: 2, m: 2, cellBytes: CELL_BYTES, stripes: 1, lastCellBytes: 1_024 };
  const of = { vault, ...plain, ...shape };
  const fragmentBytes = fragmentBytesOf(of);
  // Impossible and huge shapes are only ever announced.
  const storable = fragmentBytes > 0 && fragmentBytes < 1_000_000 ? fragmentBytes : 16;
  const fragments = Array.from({ length: of.k + of.m }, (_, index) => bytesOf(`${name} ${index}`, storable));
  const roots = fragments.map((bytes) => merkleRoot(crypto, crypto.leafHashes(bytes, LEAF_BYTES)));
  const descriptor = { ...of, roots };
  const id = segmentIdOf(crypto, descriptor);
  return { descriptor, wire: { ...of, roots }, id, fragments, fragmentBytes };
}

function bytesOf(name: string, length: number): Uint8Array {
  const seed = utf8(name);
  const parts: Uint8Array[] = [];
  for (let nth = 0; nth * 32 < length; nth++) parts.push(crypto.sha256(seed, u32be(nth)));
  return concat(...parts).subarray(0, length);
}

/** A daemon that may sign receipts: its id and key. */
export interface Holder {
  readonly id: string;
  readonly receiptSeed: Uint8Array;
}

export interface PlaceOptions {
  /** Who holds fragment i; undefined where it was not stored. */
  readonly holders: readonly (Holder | undefined)[];
  /** What a receipt is signed over instead of the truth. */
  readonly claim?: (claim: ReceiptClaim) => ReceiptClaim;
  /** What stands in the place as the receipt of fragment i, instead of what its holder signs. */
  readonly receipt?: (index: number) => Uint8Array | undefined;
  readonly change?: Partial<Place>;
}

/** A place that is right, but for what the options bend. */
export function placeOf(charter: Charter, segment: TestSegment, of: PlaceOptions): Place {
  const { descriptor, id, fragmentBytes } = segment;
  const { roots, ...shape } = descriptor;
  const fragments = roots.map((root, index): PlacedFragment => {
    const holder = of.holders[index];
    if (holder === undefined) return [root];
    const truth = {
      charterName: charter.name,
      segment: id,
      index,
      root,
      bytes: fragmentBytes,
      daemon: holder.id,
      generation: 0,
    };
    const claim = of.claim?.(truth) ?? truth;
    const signature = of.receipt?.(index) ?? signReceipt(crypto, claim, holder.receiptSeed);
    return [root, daemonIdBytes(holder.id), 0, signature];
  });
  return {
    kind: 'place',
    segment: id,
    charter: charter.version,
    retainUntil: nodeClock.now() + 8 * DAY_MS,
    ...shape,
    fragments,
    ...of.change,
  };
}
