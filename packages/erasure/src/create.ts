// Makes a code by name on the fastest kernel this engine runs, which is chosen once and shared by every code.

import type { CodeName } from '@vauban/core';
import { createClay } from './clay.ts';
import type { ErasureCode } from './code.ts';
import type { KernelName, RegionKernel } from './kernel.ts';
import { createScalarKernel } from './kernel-scalar.ts';
import { createSimdKernel } from './kernel-simd.ts';
import { refuseParameters } from './parameters.ts';
import { createReedSolomon } from './reed-solomon.ts';

let shared: RegionKernel | undefined;

/** The code of that name on the fastest kernel of this engine. Faults: CODE_PARAMETERS. */
export function createErasureCode(name: CodeName, k: number, m: number): ErasureCode {
  if (name === 'clay') return createClay({ k, m, kernel: sharedKernel() });
  if (name === 'rs') return createReedSolomon({ k, m, kernel: sharedKernel() });
  return refuseParameters(`the erasure code ${String(name)} is not known; use rs or clay`, { code: name });
}

/** The kernel all codes of this process use. */
export function kernelName(): KernelName {
  return sharedKernel().name;
}

export function createKernel(name: KernelName): RegionKernel {
  return name === 'scalar' ? createScalarKernel() : createSimdKernel(name);
}

function sharedKernel(): RegionKernel {
  shared ??= createKernel(fastestKernel());
  return shared;
}

function fastestKernel(): KernelName {
  if (typeof WebAssembly === 'undefined') return 'scalar';
  if (WebAssembly.validate(probe([0x80, 0x02]))) return 'relaxed-simd';
  return WebAssembly.validate(probe([0x0e])) ? 'simd' : 'scalar';
}

/** A module of one function that swizzles two splats with the given opcode: valid where the engine knows the instruction. */
function probe(swizzle: readonly number[]): Uint8Array<ArrayBuffer> {
  const splat = [0x41, 0x00, 0xfd, 0x0f];
  const body = [0x00, ...splat, ...splat, 0xfd, ...swizzle, 0x0b];
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const type = [0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b];
  const functions = [0x03, 0x02, 0x01, 0x00];
  return Uint8Array.from([
    ...header,
    ...type,
    ...functions,
    0x0a,
    body.length + 2,
    0x01,
    body.length,
    ...body,
  ]);
}
