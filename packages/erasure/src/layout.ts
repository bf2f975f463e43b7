// Where the bytes of a segment lie in its fragments (data path §3.2, SPEC "Layout"): stripes of k data cells and m parity
// cells, cell j of each stripe in fragment j. Changing it makes stored segments unreadable.

import { type CodeName, codeNames, type CodeShape, Fault, GRANULE_BYTES, granuleBytesOf } from '@vauban/core';
import type { SubChunkRun } from './code.ts';
import { checkShardCounts, refuseParameters } from './parameters.ts';

/** What cells of a code are multiples of: 16 bytes for each sub-chunk. Faults: CODE_PARAMETERS. */
function granuleOf({ code, k, m }: CodeShape): number {
  if (!codeNames.includes(code))
    refuseParameters(`the erasure code ${code} is not known; use rs or clay`, { code });
  checkShardCounts({ k, m });
  return (
    granuleBytesOf({ code, k, m }) ??
    refuseParameters(`there is no clay code of ${k} + ${m}; use rs`, { k, m })
  );
}

/** Bounds of what a layout may describe, so that all its numbers stay exact: far above any policy's segment of 64 MB. */
const cellBytesMax = 2 ** 28;
const segmentBytesMax = 2 ** 32;

/** The shape of one segment's fragments. */
export interface SegmentLayout {
  readonly code: CodeName;
  readonly k: number;
  readonly m: number;
  /** Length of a full cell. */
  readonly cellBytes: number;
  /** Includes the last one, which may be short. */
  readonly stripes: number;
  /** Cell length of the last stripe; `cellBytes` when it is full. */
  readonly lastCellBytes: number;
  /** (stripes − 1)·cellBytes + lastCellBytes. */
  readonly fragmentBytes: number;
  /** Bytes of ciphertext this layout was made for. */
  readonly segmentBytes: number;
}

export interface ShardRange {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/**
 * The layout of a segment of `segmentBytes` (at least 1). The last stripe's cells have g·⌈r/gk⌉ bytes, g being the code's
 * granule and r the bytes left for it. Faults: CODE_PARAMETERS.
 */
export function layoutOf(o: {
  code: CodeName;
  k: number;
  m: number;
  cellBytes: number;
  segmentBytes: number;
}): SegmentLayout {
  const { code, k, m, cellBytes, segmentBytes } = o;
  const granuleBytes = granuleOf({ code, k, m });
  if (!isCount(cellBytes, cellBytesMax) || cellBytes % granuleBytes !== 0) {
    refuseParameters(
      `a cell of ${cellBytes} bytes: with ${code} ${k}+${m} it must be a multiple of ${granuleBytes}, from ${granuleBytes} to ${cellBytesMax}`,
      { cellBytes, granuleBytes },
    );
  }
  if (!isCount(segmentBytes, segmentBytesMax)) {
    refuseParameters(`a segment of ${segmentBytes} bytes: it must have 1 to ${segmentBytesMax}`, {
      segmentBytes,
    });
  }
  const stripes = Math.ceil(segmentBytes / (k * cellBytes));
  const leftBytes = segmentBytes - (stripes - 1) * k * cellBytes;
  const lastCellBytes = granuleBytes * Math.ceil(leftBytes / (granuleBytes * k));
  const fragmentBytes = (stripes - 1) * cellBytes + lastCellBytes;
  return { code, k, m, cellBytes, stripes, lastCellBytes, fragmentBytes, segmentBytes };
}

/**
 * The ranges of data shards that hold `length` bytes of the segment from `offset`, in segment order, one per cell touched.
 * Faults: SEGMENT_RANGE when the range leaves the segment.
 */
export function locate(layout: SegmentLayout, offset: number, length: number): readonly ShardRange[] {
  const { k, cellBytes, stripes, lastCellBytes, segmentBytes } = layout;
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(length) ||
    offset < 0 ||
    length < 0 ||
    offset + length > segmentBytes
  ) {
    throw new Fault(
      'refused',
      'SEGMENT_RANGE',
      `${length} bytes from ${offset} are not inside a segment of ${segmentBytes} bytes`,
      { offset, length, segmentBytes },
    );
  }
  const ranges: ShardRange[] = [];
  let at = offset;
  let left = length;
  while (left > 0) {
    const stripe = Math.floor(at / (k * cellBytes));
    const cell = stripe === stripes - 1 ? lastCellBytes : cellBytes;
    const inStripe = at - stripe * k * cellBytes;
    const index = Math.floor(inStripe / cell);
    const inCell = inStripe - index * cell;
    const taken = Math.min(left, cell - inCell);
    ranges.push({ index, offset: stripe * cellBytes + inCell, length: taken });
    at += taken;
    left -= taken;
  }
  return ranges;
}

/**
 * Where these sub-chunks of every cell lie in a fragment, in stripe order: what a helper of a repair reads and ships, each
 * stripe's runs after the other's.
 */
export function subChunkRanges(
  layout: SegmentLayout,
  runs: readonly SubChunkRun[],
): readonly { readonly offset: number; readonly length: number; readonly stripe: number }[] {
  const subChunks = granuleOf(layout) / GRANULE_BYTES;
  return Array.from({ length: layout.stripes }, (_, stripe) => {
    const cell = stripe === layout.stripes - 1 ? layout.lastCellBytes : layout.cellBytes;
    const subChunkBytes = cell / subChunks;
    const at = stripe * layout.cellBytes;
    return runs.map(({ first, count }) => ({
      offset: at + first * subChunkBytes,
      length: count * subChunkBytes,
      stripe,
    }));
  }).flat();
}

/**
 * Puts the k data fragments' bytes back in segment order, without the padding: `into` has `segmentBytes` bytes. The inverse
 * of the data part of encodeSegment. Faults: FRAGMENT_LENGTH, SEGMENT_LENGTH.
 */
export function assembleSegment(
  layout: SegmentLayout,
  dataFragments: readonly Uint8Array[],
  into: Uint8Array,
): void {
  checkFragments(layout, dataFragments, layout.k);
  if (into.length !== layout.segmentBytes) {
    throw new Fault(
      'refused',
      'SEGMENT_LENGTH',
      `the segment has ${layout.segmentBytes} bytes; it cannot be assembled into ${into.length}`,
      { segmentBytes: layout.segmentBytes, bytes: into.length },
    );
  }
  let at = 0;
  for (let stripe = 0; stripe < layout.stripes; stripe++) {
    const from = stripe * layout.cellBytes;
    const cell = stripe === layout.stripes - 1 ? layout.lastCellBytes : layout.cellBytes;
    for (let index = 0; index < layout.k && at < into.length; index++) {
      const taken = Math.min(cell, into.length - at);
      into.set((dataFragments[index] as Uint8Array).subarray(from, from + taken), at);
      at += taken;
    }
  }
}

/** What every encoder asks of its arguments. Faults: CODE_PARAMETERS, FRAGMENT_LENGTH, SEGMENT_LENGTH. */
export function checkEncode(
  of: Pick<SegmentLayout, 'code' | 'k' | 'm'>,
  layout: SegmentLayout,
  segment: Uint8Array,
  fragments: readonly Uint8Array[],
): void {
  const { code, k, m } = of;
  if (layout.code !== code || layout.k !== k || layout.m !== m) {
    refuseParameters(
      `a ${layout.code} ${layout.k}+${layout.m} layout cannot be encoded with ${code} ${k}+${m}`,
      { k, m },
    );
  }
  checkFragments(layout, fragments, k + m);
  if (segment.length <= layout.segmentBytes) return;
  throw new Fault(
    'refused',
    'SEGMENT_LENGTH',
    `the layout is for a segment of ${layout.segmentBytes} bytes; ${segment.length} were given`,
    { segmentBytes: layout.segmentBytes, bytes: segment.length },
  );
}

/** Faults: FRAGMENT_LENGTH when there are not `count` fragments of the layout's length. */
function checkFragments(layout: SegmentLayout, fragments: readonly Uint8Array[], count: number): void {
  const { fragmentBytes } = layout;
  const wrong = fragments.findIndex((fragment) => fragment.length !== fragmentBytes);
  if (fragments.length === count && wrong === -1) return;
  throw new Fault(
    'refused',
    'FRAGMENT_LENGTH',
    wrong === -1
      ? `${fragments.length} fragments were given where the layout has ${count}`
      : `fragment ${wrong} has ${fragments[wrong]?.length ?? 0} bytes where the layout has ${fragmentBytes}`,
    { fragments: fragments.length, wanted: count, fragmentBytes },
  );
}

function isCount(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= max;
}
