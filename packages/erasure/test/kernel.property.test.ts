// Every WebAssembly kernel against the scalar one, and the scalar one against the definition, byte for byte.

import { equalBytes } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKernel, kernelName } from '../src/create.ts';
import { planOf, type RegionKernel, stripBytesOf } from '../src/kernel.ts';
import { noise, product } from './oracle.ts';

const scalar = createKernel('scalar');
const kernels = [createKernel('simd'), createKernel('relaxed-simd')];

interface Case {
  readonly inputs: number;
  readonly rows: number;
  readonly bytes: number;
  readonly seed: number;
  readonly ones: number;
}

/** Coefficients of any kind, with a row or a column of ones when asked: each shortcut of the kernel is met. */
function coefficientsOf({ inputs, rows, seed, ones }: Case): Uint8Array {
  const coefficients = noise({ length: inputs * rows, seed: seed + 1 });
  if (ones & 1) coefficients.fill(1, 0, inputs);
  if (ones & 2) for (let row = 0; row < rows; row++) coefficients[row * inputs] = 1;
  return coefficients;
}

function outputs(kernel: RegionKernel, shape: Case): Uint8Array[] {
  const plan = planOf({ ...shape, coefficients: coefficientsOf(shape) });
  expect(shape.bytes).toBeLessThanOrEqual(plan.stripBytesMax);
  // The strips hold the leavings of earlier runs, as they do in use.
  for (let j = 0; j < shape.inputs; j++) {
    kernel.memory.set(
      noise({ length: shape.bytes, seed: shape.seed + j }),
      plan.inputsAt + j * plan.strideBytes,
    );
  }
  kernel.run(plan, shape.bytes);
  return Array.from({ length: shape.rows }, (_, row) => {
    const at = plan.outputsAt + row * plan.strideBytes;
    return kernel.memory.slice(at, at + shape.bytes);
  });
}

/** Rows that differ: short to print, where a difference of whole strips would take minutes. */
function wrongRows(found: readonly Uint8Array[], expected: readonly Uint8Array[]): number[] {
  expect(found.length).toBe(expected.length);
  return expected.flatMap((bytes, row) => (equalBytes(bytes, found[row] as Uint8Array) ? [] : [row]));
}

const small = fc.record({
  inputs: fc.integer({ min: 1, max: 12 }),
  rows: fc.integer({ min: 0, max: 9 }),
  bytes: fc.integer({ min: 0, max: 300 }),
  seed: fc.nat(10_000),
  ones: fc.integer({ min: 0, max: 3 }),
});

test('the scalar kernel is the definition', () => {
  fc.assert(
    fc.property(small, (shape) => {
      const coefficients = coefficientsOf(shape);
      const inputs = Array.from({ length: shape.inputs }, (_, j) =>
        noise({ length: shape.bytes, seed: shape.seed + j }),
      );
      const expected = Array.from({ length: shape.rows }, (_, row) =>
        Uint8Array.from({ length: shape.bytes }, (_, at) =>
          inputs.reduce(
            (sum, bytes, j) => sum ^ product(coefficients[row * shape.inputs + j] ?? 0, bytes[at] ?? 0),
            0,
          ),
        ),
      );
      expect(wrongRows(outputs(scalar, shape), expected)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test.each(kernels)('$name gives the scalar kernel’s bytes', (kernel) => {
  fc.assert(
    fc.property(small, (shape) => {
      expect(wrongRows(outputs(kernel, shape), outputs(scalar, shape))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test.each(kernels)('$name gives the scalar kernel’s bytes for every pass size and shortcut', (kernel) => {
  for (const rows of [1, 2, 3, 4, 5, 6, 7, 8]) {
    for (const inputs of [1, 2, 3, 6]) {
      for (const ones of [0, 1, 2, 3]) {
        const shape = { inputs, rows, bytes: 16 * rows + inputs, seed: 100 * rows + inputs, ones };
        expect(wrongRows(outputs(kernel, shape), outputs(scalar, shape))).toEqual([]);
      }
    }
  }
});

test.each(kernels)('$name gives the scalar kernel’s bytes at the limits', (kernel) => {
  for (const [inputs, rows] of [
    [1, 254],
    [254, 1],
    [127, 128],
    [128, 127],
    [200, 55],
    [6, 3],
  ] as const) {
    const { stripBytesMax } = planOf({ inputs, rows, coefficients: new Uint8Array(inputs * rows) });
    const bytes = inputs * rows > 1000 ? 250 : Math.min(stripBytesMax, 9_999);
    const shape = { inputs, rows, bytes, seed: inputs, ones: 0 };
    expect(wrongRows(outputs(kernel, shape), outputs(scalar, shape))).toEqual([]);
  }
});

test('the strips of every plan lie apart and inside the memory', () => {
  for (let inputs = 1; inputs <= 254; inputs++) {
    for (const rows of [0, 1, 3, 255 - inputs].filter((count) => inputs + count <= 255)) {
      const plan = planOf({ inputs, rows, coefficients: new Uint8Array(0) });
      expect(plan.stripBytesMax).toBeGreaterThanOrEqual(4096);
      expect(plan.stripBytesMax % 64).toBe(0);
      expect(plan.stripBytesMax + 32).toBeLessThanOrEqual(plan.strideBytes);
      expect(plan.inputsAt).toBeGreaterThanOrEqual(plan.tablesAt + inputs * rows * 32);
      expect(plan.outputsAt).toBeGreaterThanOrEqual(plan.inputsAt + inputs * plan.strideBytes);
      expect(plan.outputsAt + rows * plan.strideBytes).toBeLessThanOrEqual(scalar.memory.length);
    }
  }
});

test('a length is cut into the fewest strips, of nearly one length', () => {
  const plan = planOf({ inputs: 6, rows: 3, coefficients: new Uint8Array(18) });
  expect(stripBytesOf(plan, 0)).toBe(0);
  expect(stripBytesOf(plan, 1)).toBe(64);
  expect(stripBytesOf(plan, 147_456)).toBe(147_456);
  const bytes = plan.stripBytesMax + 1;
  expect(stripBytesOf(plan, bytes)).toBe(Math.ceil(bytes / 2 / 64) * 64);
});

test('this engine has SIMD, so the choice is a WebAssembly kernel', () => {
  expect(['relaxed-simd', 'simd']).toContain(kernelName());
});
