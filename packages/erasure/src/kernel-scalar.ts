// The region kernel in plain TypeScript: the oracle of the others, and what runs where WebAssembly SIMD does not.

import { multiply } from './field.ts';
import { kernelMemoryBytes, type Plan, type RegionKernel } from './kernel.ts';
import { type Program, type Step, uncoupling, zeroStrip } from './program.ts';

export function createScalarKernel(): RegionKernel {
  const memory = new Uint8Array(kernelMemoryBytes);
  const products = new Uint8Array(256);

  function run(plan: Plan, bytes: number): void {
    for (let row = 0; row < plan.rows; row++) {
      const output = plan.outputsAt + row * plan.strideBytes;
      memory.fill(0, output, output + bytes);
      for (let j = 0; j < plan.inputs; j++) {
        const coefficient = plan.coefficients[row * plan.inputs + j] as number;
        for (let value = 0; value < 256; value++) products[value] = multiply(coefficient, value);
        const input = plan.inputsAt + j * plan.strideBytes;
        for (let at = 0; at < bytes; at++) {
          memory[output + at] =
            (memory[output + at] as number) ^ (products[memory[input + at] as number] as number);
        }
      }
    }
  }

  function execute(program: Program, bytes: number): void {
    const stripAt = (strip: number) => program.stripsAt + strip * program.strideBytes;
    memory.fill(0, stripAt(zeroStrip), stripAt(zeroStrip) + bytes);
    for (const step of program.steps) executeStep(step, stripAt, bytes);
  }

  function executeStep(
    { coefficients, inputs, outputs }: Step,
    stripAt: (strip: number) => number,
    bytes: number,
  ) {
    const sums = new Uint8Array(outputs.length);
    for (let at = 0; at < bytes; at++) {
      sums.fill(0);
      inputs.forEach(({ strip, partner, as }, j) => {
        const a = memory[stripAt(strip) + at] as number;
        const b = memory[stripAt(partner) + at] as number;
        const value = as === uncoupling.plain ? a : (as === uncoupling.low ? a : multiply(3, a)) ^ b;
        for (let row = 0; row < outputs.length; row++) {
          sums[row] =
            (sums[row] as number) ^ multiply(coefficients[row * inputs.length + j] as number, value);
        }
      });
      outputs.forEach((strip, row) => {
        memory[stripAt(strip) + at] = sums[row] as number;
      });
    }
  }

  return { name: 'scalar', memory, run, execute };
}
