// Reading a place: its segment's descriptor and who holds what.

import { toHex } from '@vauban/core';
import type { Place } from './entry.ts';
import type { SegmentDescriptor } from './segment.ts';

export function descriptorOf(place: Place): SegmentDescriptor {
  const { vault, code, k, m, cellBytes, stripes, lastCellBytes } = place;
  return {
    vault,
    code,
    k,
    m,
    cellBytes,
    stripes,
    lastCellBytes,
    roots: place.fragments.map(([root]) => root),
  };
}

/** Fragments that a daemon gave a receipt for. */
export function holdersOf(place: Place): { readonly index: number; readonly daemon: string }[] {
  return place.fragments.flatMap((fragment, index) =>
    fragment.length === 1 ? [] : [{ index, daemon: toHex(fragment[1]) }],
  );
}
