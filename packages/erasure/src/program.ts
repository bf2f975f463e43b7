// A program for a region kernel: steps over equal strips of memory, each a linear map from some strips to others. Inputs may
// be uncoupled on their way in (Clay), and a step may write over what it reads. Owns where strips, tables and descriptors lie.

import { kernelMemoryBytes, tablesAt } from './kernel.ts';

/** How an input is made of its strip a and its partner's strip b: a, a ⊕ b, or 3a ⊕ b. The numbers are the kernels'. */
export const uncoupling = { plain: 0, low: 1, high: 2 } as const;

export interface StepInput {
  readonly strip: number;
  readonly partner: number;
  readonly as: (typeof uncoupling)[keyof typeof uncoupling];
}

export interface Step {
  /** Row after row, one for each output. Steps that share the array share its tables. */
  readonly coefficients: Uint8Array;
  readonly inputs: readonly StepInput[];
  /** Strips. With more than four of them none may be an input: a kernel computes four in one sweep. */
  readonly outputs: readonly number[];
}

/** The strip that is all zeros and never an output. */
export const zeroStrip = 0;

export interface Program {
  readonly steps: readonly Step[];
  /** All strips, the zero strip included. */
  readonly strips: number;
  /** Strip i is at stripsAt + i·strideBytes. */
  readonly stripsAt: number;
  readonly strideBytes: number;
  /** Most bytes of each strip in one run; a multiple of 64. */
  readonly stripBytesMax: number;
}

/** Bytes of a descriptor of one input, and of one output. */
export const inputDescriptorBytes = 12;
export const outputDescriptorBytes = 4;
/** A sweep may touch the 31 bytes after a strip; the rest keeps the heads of strips out of one cache set. */
const slackBytes = 64;

export function programOf({ steps, strips }: Pick<Program, 'steps' | 'strips'>): Program {
  let bytes = tablesAt;
  for (const coefficients of new Set(steps.map((step) => step.coefficients)))
    bytes += coefficients.length * 32;
  for (const { inputs, outputs } of steps)
    bytes += inputs.length * inputDescriptorBytes + outputs.length * outputDescriptorBytes;
  const stripsAt = Math.ceil(bytes / 64) * 64;
  const strideBytes = Math.floor((kernelMemoryBytes - stripsAt) / strips / 64) * 64;
  return { steps, strips, stripsAt, strideBytes, stripBytesMax: strideBytes - slackBytes };
}

/** Equal runs for `bytes` in all: as few as fit, none needlessly short. */
export function runBytesOf(program: Program, bytes: number): number {
  const runs = Math.ceil(bytes / program.stripBytesMax);
  return runs === 0 ? 0 : Math.ceil(bytes / runs / 64) * 64;
}
