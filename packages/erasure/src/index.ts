// The only door of @vauban/erasure: codes over GF(2^8), and where a segment's bytes lie in its fragments.

export type { ErasureCode, RepairPlan, Shard, SubChunkRun } from './code.ts';
export { createErasureCode, kernelName } from './create.ts';
export type { KernelName } from './kernel.ts';
export {
  assembleSegment,
  layoutOf,
  locate,
  type SegmentLayout,
  type ShardRange,
  subChunkRanges,
} from './layout.ts';
