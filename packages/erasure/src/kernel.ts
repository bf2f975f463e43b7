// What a region kernel is: a fixed memory with input and output strips, and a linear map from the ones to the others.
// All kernels share this memory layout, so that the scalar one is an oracle for the others.

export type KernelName = 'relaxed-simd' | 'simd' | 'scalar';

/**
 * All the memory a kernel ever has: 8 KiB of nibble products, the tables of the largest matrix (127·128·32 bytes) and the
 * strips, which share 768 KiB, so that a whole pass stays in a second-level cache.
 */
export const kernelMemoryBytes = 0x150000;
const tablesAt = 8192;
const stripsBytesMax = 0xc0000;

/** Keeps strips off each other's cache sets; at least 32, since a sweep may touch the 31 bytes after a strip. */
const staggerBytes = 192;

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
}

export function planOf(o: { inputs: number; rows: number; coefficients: Uint8Array }): Plan {
  const { inputs, rows, coefficients } = o;
  const inputsAt = Math.ceil((tablesAt + inputs * rows * 32) / 64) * 64;
  const strideMax = Math.floor(stripsBytesMax / (inputs + rows) / 64) * 64;
  const stripBytesMax = strideMax - staggerBytes;
  return {
    inputs,
    rows,
    coefficients,
    tablesAt,
    inputsAt,
    outputsAt: inputsAt + inputs * strideMax,
    strideBytes: strideMax,
    stripBytesMax,
  };
}

/** Equal strips for `bytes` in all: as few as fit, none needlessly short. Zero bytes give zero. */
export function stripBytesOf(plan: Plan, bytes: number): number {
  const strips = Math.ceil(bytes / plan.stripBytesMax);
  return strips === 0 ? 0 : Math.ceil(bytes / strips / 64) * 64;
}
