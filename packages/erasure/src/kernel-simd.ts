// The WebAssembly kernels: instantiates one build, loads nibble tables for a plan, and runs its rows four at a time.

import { assert, fromBase64 } from '@vauban/core';
import { nibbleProducts } from './field.ts';
import { kernelMemoryBytes, type Plan, type RegionKernel, tablesAt } from './kernel.ts';
import { relaxedSimdWasm, simdWasm } from './kernel-wasm.ts';
import { inputDescriptorBytes, outputDescriptorBytes, type Program, zeroStrip } from './program.ts';

/** Rows of one sweep: four outputs of two vectors each are what sixteen vector registers hold beside the inputs. */
const rowsPerPass = 4;
/** In place of a stride. */
const described = 0;
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

/** Up to four rows of a map, in one sweep. */
interface Pass {
  readonly first: number;
  readonly rows: number;
  readonly ones: number;
  readonly tablesAt: number;
}

/** A pass of a program's step, with its descriptors. */
interface StepPass extends Pass {
  readonly inputsAt: number;
  readonly inputs: number;
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

  let loaded: Plan | Program | undefined;
  let passes: readonly Pass[] = [];
  let stepPasses: readonly StepPass[] = [];

  function run(plan: Plan, bytes: number): void {
    if (loaded !== plan) {
      passes = loadTables(memory, plan).passes;
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
        plan.outputsAt + pass.first * plan.strideBytes,
        plan.strideBytes,
        rounded,
      );
    }
  }

  function execute(program: Program, bytes: number): void {
    if (loaded !== program) {
      stepPasses = loadProgram(memory, program);
      loaded = program;
    }
    const rounded = (bytes + 31) & ~31;
    const zerosAt = program.stripsAt + zeroStrip * program.strideBytes;
    memory.fill(0, zerosAt, zerosAt + rounded);
    for (let i = 0; i < stepPasses.length; i++) {
      const pass = stepPasses[i] as StepPass;
      const { rows, ones, tablesAt: tables, inputsAt, inputs, outputsAt } = pass;
      kernel.run(rows, ones, tables, inputsAt, inputs, outputsAt, described, rounded);
    }
  }

  return { name, memory, run, execute };
}

/** Writes the tables of each map that the steps share, and the descriptors of every step. */
function loadProgram(memory: Uint8Array, program: Program): readonly StepPass[] {
  const { steps, stripsAt, strideBytes } = program;
  const addressOf = (strip: number) => stripsAt + strip * strideBytes;
  const words = new DataView(memory.buffer);
  const maps = new Map<Uint8Array, readonly Pass[]>();
  let at = tablesAt;
  for (const { coefficients, inputs, outputs } of steps) {
    if (maps.has(coefficients)) continue;
    const shape = { coefficients, inputs: inputs.length, rows: outputs.length, tablesAt: at };
    const { passes, end } = loadTables(memory, shape);
    maps.set(coefficients, passes);
    at = end;
  }
  const stepPasses: StepPass[] = [];
  for (const { coefficients, inputs, outputs } of steps) {
    const inputsAt = at;
    for (const { strip, partner, as } of inputs) {
      words.setUint32(at, addressOf(strip), true);
      words.setUint32(at + 4, addressOf(partner), true);
      words.setUint32(at + 8, as, true);
      at += inputDescriptorBytes;
    }
    for (const pass of maps.get(coefficients) ?? []) {
      const outputsAt = at + pass.first * outputDescriptorBytes;
      stepPasses.push({ ...pass, inputsAt, inputs: inputs.length, outputsAt });
    }
    for (const strip of outputs) {
      words.setUint32(at, addressOf(strip), true);
      at += outputDescriptorBytes;
    }
  }
  assert(at <= stripsAt, 'tables and descriptors end before the strips');
  return stepPasses;
}

/** Copies, for each pass, each input and each row of the pass, the nibble products of the coefficient. */
function loadTables(
  memory: Uint8Array,
  plan: Pick<Plan, 'coefficients' | 'inputs' | 'rows' | 'tablesAt'>,
): { readonly passes: readonly Pass[]; readonly end: number } {
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
    const ones = (rowOfOnes ? onesRow : 0) | (columnOfOnes ? onesColumn : 0);
    passes.push({ first, rows, ones, tablesAt: passAt });
  }
  return { passes, end: at };
}
