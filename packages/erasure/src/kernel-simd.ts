// The WebAssembly kernels: instantiates one build, loads nibble tables for a plan, and runs its rows four at a time.

import { assert, fromBase64 } from '@vauban/core';
import { nibbleProducts } from './field.ts';
import { kernelMemoryBytes, type Plan, type RegionKernel } from './kernel.ts';
import { relaxedSimdWasm, simdWasm } from './kernel-wasm.ts';

/** Rows of one sweep: four outputs of two vectors each are what sixteen vector registers hold beside the inputs. */
const rowsPerPass = 4;
const onesRow = 1;
const onesColumn = 2;

interface KernelExports {
  readonly memory: WebAssembly.Memory;
  readonly run: (
    rows: number,
    ones: number,
    tables: number,
    inputs: number,
    count: number,
    outputs: number,
    stride: number,
    bytes: number,
  ) => void;
}

interface Pass {
  readonly rows: number;
  readonly ones: number;
  readonly tablesAt: number;
  readonly outputsAt: number;
}

export function createSimdKernel(name: 'relaxed-simd' | 'simd'): RegionKernel {
  const binary = fromBase64(name === 'simd' ? simdWasm : relaxedSimdWasm);
  assert(binary !== undefined, 'the built kernel is base64');
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(binary)), {});
  const kernel = instance.exports as unknown as KernelExports;
  const memory = new Uint8Array(kernel.memory.buffer);
  assert(memory.length === kernelMemoryBytes, 'the kernel is built with the memory its plans expect');
  memory.set(nibbleProducts(), 0);

  let loaded: Plan | undefined;
  let passes: readonly Pass[] = [];

  function run(plan: Plan, bytes: number): void {
    if (loaded !== plan) {
      passes = load(memory, plan);
      loaded = plan;
    }
    const rounded = (bytes + 31) & ~31;
    for (let i = 0; i < passes.length; i++) {
      const pass = passes[i] as Pass;
      kernel.run(
        pass.rows,
        pass.ones,
        pass.tablesAt,
        plan.inputsAt,
        plan.inputs,
        pass.outputsAt,
        plan.strideBytes,
        rounded,
      );
    }
  }

  return { name, memory, run };
}

/** Copies, for each pass, each input and each row of the pass, the nibble products of the coefficient. */
function load(memory: Uint8Array, plan: Plan): readonly Pass[] {
  const passes: Pass[] = [];
  let at = plan.tablesAt;
  for (let first = 0; first < plan.rows; first += rowsPerPass) {
    const rows = Math.min(rowsPerPass, plan.rows - first);
    const passAt = at;
    let rowOfOnes = true;
    let columnOfOnes = true;
    for (let j = 0; j < plan.inputs; j++) {
      for (let row = first; row < first + rows; row++) {
        const coefficient = plan.coefficients[row * plan.inputs + j] as number;
        memory.copyWithin(at, coefficient * 32, coefficient * 32 + 32);
        at += 32;
        if (coefficient !== 1 && row === first) rowOfOnes = false;
        if (coefficient !== 1 && j === 0) columnOfOnes = false;
      }
    }
    passes.push({
      rows,
      ones: (rowOfOnes ? onesRow : 0) | (columnOfOnes ? onesColumn : 0),
      tablesAt: passAt,
      outputsAt: plan.outputsAt + first * plan.strideBytes,
    });
  }
  return passes;
}
