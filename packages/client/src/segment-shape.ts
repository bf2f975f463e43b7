// Where a byte range of a segment lies in its fragments, in whole leaves. Pure arithmetic over the erasure layout.

import { LEAF_BYTES } from '@vauban/core';
import { layoutOf, locate, type SegmentLayout } from '@vauban/erasure';
import { checkDescriptor, type SegmentDescriptor } from '@vauban/ledger';

/** Bytes of one fragment, from `from` up to `to`. */
export interface FragmentRange {
  readonly from: number;
  readonly to: number;
}

/** The part of a fragment range that lies in one stripe. */
export interface Span {
  /** Offset in the fragment. */
  readonly at: number;
  readonly length: number;
  /** Offset in the segment of its first byte, were it in data fragment 0; add `index · cellBytes`. */
  readonly stripeAt: number;
  /** Length of this stripe's cells. */
  readonly cellBytes: number;
}

/**
 * The layout of a segment whose ciphertext fills its last stripe: a descriptor does not say how many of the last bytes
 * are padding. Faults: SEGMENT_SHAPE.
 */
export function paddedLayoutOf(descriptor: SegmentDescriptor): SegmentLayout {
  checkDescriptor(descriptor);
  const { code, k, m, cellBytes, stripes, lastCellBytes } = descriptor;
  return layoutOf({ code, k, m, cellBytes, segmentBytes: k * ((stripes - 1) * cellBytes + lastCellBytes) });
}

/** By data fragment, the leaves that hold the range: one run each, since cells of consecutive stripes are neighbours. */
export function fragmentRanges(
  layout: SegmentLayout,
  of: { readonly offset: number; readonly length: number },
): Map<number, FragmentRange> {
  const ranges = new Map<number, FragmentRange>();
  for (const { index, offset, length } of locate(layout, of.offset, of.length)) {
    const from = ranges.get(index)?.from ?? offset;
    ranges.set(index, { from, to: offset + length });
  }
  for (const [index, { from, to }] of ranges) {
    ranges.set(index, {
      from: from - (from % LEAF_BYTES),
      to: Math.min(layout.fragmentBytes, Math.ceil(to / LEAF_BYTES) * LEAF_BYTES),
    });
  }
  return ranges;
}

/** The smallest range that contains all of them. */
export function hullOf(ranges: Iterable<FragmentRange>): FragmentRange {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const range of ranges) {
    from = Math.min(from, range.from);
    to = Math.max(to, range.to);
  }
  return { from, to };
}

/** The range cut at stripe boundaries, in order. */
export function spansOf(layout: SegmentLayout, range: FragmentRange): Span[] {
  const spans: Span[] = [];
  let at = range.from;
  while (at < range.to) {
    const stripe = Math.min(Math.floor(at / layout.cellBytes), layout.stripes - 1);
    const cellBytes = stripe === layout.stripes - 1 ? layout.lastCellBytes : layout.cellBytes;
    const inCell = at - stripe * layout.cellBytes;
    const length = Math.min(cellBytes - inCell, range.to - at);
    spans.push({ at, length, stripeAt: stripe * layout.k * layout.cellBytes + inCell, cellBytes });
    at += length;
  }
  return spans;
}

/** The range in which what is missing can be decoded: rs works on any bytes, clay on whole cells. The same one when it is that. */
export function decodableRange(layout: SegmentLayout, range: FragmentRange): FragmentRange {
  const { code, cellBytes, fragmentBytes } = layout;
  if (code === 'rs') return range;
  const from = range.from - (range.from % cellBytes);
  const to = Math.min(fragmentBytes, Math.ceil(range.to / cellBytes) * cellBytes);
  return from === range.from && to === range.to ? range : { from, to };
}
