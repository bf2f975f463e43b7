// What a region kernel is: a fixed memory with input and output strips, and a linear map from the ones to the others.
// All kernels share this memory layout, so that the scalar one is an oracle for the others.

import type { Program } from './program.ts';

export type KernelName = 'relaxed-simd' | 'simd' | 'scalar';

/**
 * All the memory a kernel ever has: 8 KiB of nibble products, the tables of the largest matrix (127·128·32 bytes), and strips.
 * Those of a plan share 1.5 MiB: enough for whole cells of 144 KiB at 6+3 in one run, little enough to stay in a cache. A
 * program may use all there is: a whole stripe of Clay 6+3 in sub-chunks of 16 KiB.
 */
export const kernelMemoryBytes = 0x480000;
export const tablesAt = 8192;
const stripsBytesMax = 0x180000;

/**
 * Strips lie a multiple of 4096 bytes plus 192 apart, so that their heads do not compete for one cache set. The last 64 of
 * them are slack: a sweep may touch the 31 bytes after a strip, and outputs start 16 bytes later.
 */
const staggerBytes = 192;
const slackBytes = 64;

/**
 * Output strips start 16 bytes after a multiple of 64, as large arrays of the usual allocators do: copying out was measured
 * at 24 to 35 GB/s so, and at 10 GB/s without.
 */
const outputShiftBytes = 16;

/** A linear map of `inputs` strips to `rows` strips, and where all of it lies in the kernel's memory. */
export interface Plan {
  readonly inputs: number;
  readonly rows: number;
  /** Row after row, rows·inputs bytes. */
  readonly coefficients: Uint8Array;
  readonly tablesAt: number;
  /** Strip j of the inputs is at inputsAt + j·strideBytes. */
  readonly inputsAt: number;
  readonly outputsAt: number;
  readonly strideBytes: number;
  /** Most bytes of each shard in one run; a multiple of 64. */
  readonly stripBytesMax: number;
}

/** Not reentrant: fill the input strips, run, take the outputs, all without awaiting. */
export interface RegionKernel {
  readonly name: KernelName;
  readonly memory: Uint8Array;
  /** Computes `bytes` (at most stripBytesMax) of every output strip. Contents after `bytes` are undefined. */
  run(plan: Plan, bytes: number): void;
  /** Runs all steps over `bytes` (at most stripBytesMax) of every strip. Contents after `bytes` are undefined. */
  execute(program: Program, bytes: number): void;
}

export function planOf(o: { inputs: number; rows: number; coefficients: Uint8Array }): Plan {
  const { inputs, rows, coefficients } = o;
  const inputsAt = Math.ceil((tablesAt + inputs * rows * 32) / 64) * 64;
  const strideMax = Math.floor(stripsBytesMax / (inputs + rows));
  const strideBytes = Math.floor((strideMax - staggerBytes) / 4096) * 4096 + staggerBytes;
  return {
    inputs,
    rows,
    coefficients,
    tablesAt,
    inputsAt,
    outputsAt: inputsAt + inputs * strideBytes + outputShiftBytes,
    strideBytes,
    stripBytesMax: strideBytes - slackBytes,
  };
}

/** Equal strips for `bytes` in all: as few as fit, none needlessly short. Zero bytes give zero. */
export function stripBytesOf(plan: Plan, bytes: number): number {
  const strips = Math.ceil(bytes / plan.stripBytesMax);
  return strips === 0 ? 0 : Math.ceil(bytes / strips / 64) * 64;
}
