// The region kernel in plain TypeScript: the oracle of the others, and what runs where WebAssembly SIMD does not.

import { multiply } from './field.ts';
import { kernelMemoryBytes, type Plan, type RegionKernel } from './kernel.ts';

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

  return { name: 'scalar', memory, run };
}
