// The erasure codes' interface. A code acts on whole segments when writing, on byte ranges or cells of k shards when reading,
// and rebuilds lost shards from what `planRepair` says each helper has to ship.

import type { CodeName } from '@vauban/core';
import type { SegmentLayout } from './layout.ts';

export interface Shard {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** Consecutive sub-chunks of a cell. */
export interface SubChunkRun {
  readonly first: number;
  readonly count: number;
}

/** What has to be shipped of each cell to rebuild `lost`, or a part of it. */
export interface RepairPlan {
  readonly lost: readonly number[];
  /**
   * From k whole cells; from the same parts of all nodes outside the column of the missing ones; or sub-chunk by sub-chunk
   * (SPEC, "Clay").
   */
  readonly way: 'cells' | 'column' | 'sub-chunks';
  /** The sub-chunks of every lost cell that are rebuilt. */
  readonly wanted: SubChunkRun;
  /** By ascending index; of each cell these runs in this order, as they are stored. */
  readonly helpers: readonly { readonly index: number; readonly runs: readonly SubChunkRun[] }[];
  /** Bytes shipped for each byte rebuilt. */
  readonly readRatio: number;
}

export interface ErasureCode {
  readonly name: CodeName;
  readonly k: number;
  readonly m: number;
  /** k + m. */
  readonly n: number;
  /** Equal parts of a cell, which helpers ship one by one. One for rs. */
  readonly subChunks: number;
  /** Cells are multiples of it: 16·subChunks. */
  readonly granuleBytes: number;
  /**
   * Encodes a whole segment. `segment` is the ciphertext, at most layout.segmentBytes; a missing tail counts as zeros.
   * Fills `fragments`, n of fragmentBytes each, which must not overlap the segment: data fragments by copying cells out of
   * the segment, parity by coding. Faults: CODE_PARAMETERS (a layout of another code), FRAGMENT_LENGTH, SEGMENT_LENGTH.
   */
  encodeSegment(layout: SegmentLayout, segment: Uint8Array, fragments: readonly Uint8Array[]): void;
  /**
   * Rebuilds the shards `want` of one byte range (rs: any; clay: one cell) from k or more shards of the same range, `want[i]`
   * into `into[i]`. All lengths are equal. With more than k shards at hand the lowest indices are used; all are trusted.
   * Faults: TOO_FEW_SHARDS, SHARD_INDEX, SHARD_LENGTH.
   */
  decode(o: { have: readonly Shard[]; want: readonly number[]; into: readonly Uint8Array[] }): void;
  /**
   * The cheapest way to rebuild `lost` (or just `wanted` sub-chunks of each) while the nodes `up` answer, none of them lost.
   * Faults: TOO_FEW_SHARDS, SHARD_INDEX.
   */
  planRepair(o: { lost: readonly number[]; up: readonly number[]; wanted?: SubChunkRun }): RepairPlan;
  /**
   * Rebuilds one cell of every lost shard, plan.lost[i] into into[i], from what the plan's helpers shipped of their cells: one
   * shard for each, its runs end to end. `into` has the wanted sub-chunks only. All are trusted: check inputs or results.
   * Faults: SHARD_INDEX, SHARD_LENGTH.
   */
  repair(o: { plan: RepairPlan; shipped: readonly Shard[]; into: readonly Uint8Array[] }): void;
}
