// The erasure codes' interface. A code acts on whole segments when writing, and on one byte range of k shards when reading
// or rebuilding. Clay joins behind the same interface, with larger granules and partial helper reads of its own.

import type { CodeName, SegmentLayout } from './layout.ts';

export interface Shard {
  readonly index: number;
  readonly bytes: Uint8Array;
}

export interface ErasureCode {
  readonly name: CodeName;
  readonly k: number;
  readonly m: number;
  /** k + m. */
  readonly n: number;
  /** Cells are multiples of it. */
  readonly granuleBytes: number;
  /**
   * Encodes a whole segment. `segment` is the ciphertext, at most layout.segmentBytes; a missing tail counts as zeros.
   * Fills `fragments`, n of fragmentBytes each, which must not overlap the segment: data fragments by copying cells out of
   * the segment, parity by coding. Faults: CODE_PARAMETERS (a layout of another code), FRAGMENT_LENGTH, SEGMENT_LENGTH.
   */
  encodeSegment(layout: SegmentLayout, segment: Uint8Array, fragments: readonly Uint8Array[]): void;
  /**
   * Rebuilds the shards `want` of one byte range from k or more shards of the same range, `want[i]` into `into[i]`. All
   * lengths are equal, of any number of bytes. With more than k shards at hand the lowest indices are used; all are trusted.
   * Faults: TOO_FEW_SHARDS, SHARD_INDEX, SHARD_LENGTH.
   */
  decode(o: { have: readonly Shard[]; want: readonly number[]; into: readonly Uint8Array[] }): void;
}
