// The erasure codes' names, and what may be asked of cells before any code is loaded: charters, ledger and wire check shapes
// without being able to code.

import { CELL_BYTES, FRAME_BYTES, LEAF_BYTES } from './limits.ts';

/** Format. */
export const codeNames = ['rs', 'clay'] as const;
export type CodeName = (typeof codeNames)[number];

/** Format. More parts would make a Clay stripe larger than a segment. */
export const SUB_CHUNKS_MAX = 256;
/** Cells of rs, and sub-chunks of clay, are multiples of this: one SIMD vector. */
export const GRANULE_BYTES = 16;

export interface CodeShape {
  readonly code: CodeName;
  readonly k: number;
  readonly m: number;
}

/** Equal parts of a cell: m^⌈(k+m)/m⌉ for clay, 1 for rs; undefined where there is no such code. */
export function subChunksOf({ code, k, m }: CodeShape): number | undefined {
  if (code === 'rs') return 1;
  const parts = m < 2 ? 0 : m ** Math.ceil((k + m) / m);
  return parts >= 2 && parts <= SUB_CHUNKS_MAX ? parts : undefined;
}

/** What cells of the code are multiples of; undefined where there is no such code. */
export function granuleBytesOf(shape: CodeShape): number | undefined {
  const parts = subChunksOf(shape);
  return parts === undefined ? undefined : GRANULE_BYTES * parts;
}

/** What a policy says of coding. */
export interface CodingPolicy {
  readonly code: CodeName;
  /** Of the policy's code. */
  readonly cellBytes: number;
}

/**
 * How a segment of so many bytes is coded with k data shards: a segment shorter than one stripe of clay uses rs, in cells of
 * three frames.
 */
export function codingOf(
  policy: CodingPolicy,
  of: { readonly k: number; readonly bytes: number },
): CodingPolicy {
  const { code, cellBytes } = policy;
  return code === 'clay' && of.bytes < of.k * cellBytes
    ? { code: 'rs', cellBytes: CELL_BYTES }
    : { code, cellBytes };
}

/** The same of a segment whose shape is known: whether the policy codes it so. */
export function isCodedBy(
  policy: CodingPolicy,
  of: CodingPolicy & { readonly stripes: number; readonly lastCellBytes: number },
): boolean {
  if (policy.code === 'clay' && of.code === 'rs')
    return of.cellBytes === CELL_BYTES && (of.stripes - 1) * of.cellBytes < policy.cellBytes;
  const whole = policy.code === 'rs' || of.stripes > 1 || of.lastCellBytes === of.cellBytes;
  return of.code === policy.code && of.cellBytes === policy.cellBytes && whole;
}

/** What is wrong with a policy's cells; undefined when nothing is. */
export function codingProblem(
  of: CodeShape & { readonly cellBytes: number; readonly segmentFrames: number },
): string | undefined {
  const { code, k, m, cellBytes, segmentFrames } = of;
  const parts = subChunksOf(of);
  if (parts === undefined) return `there is no ${code} code of ${k} + ${m}`;
  if (cellBytes < LEAF_BYTES || cellBytes % (parts * LEAF_BYTES) !== 0) {
    return code === 'rs'
      ? `cells must be whole leaves of ${LEAF_BYTES} bytes`
      : `cells must be ${parts} equal parts of whole leaves of ${LEAF_BYTES} bytes`;
  }
  if (code === 'clay' && k * cellBytes > segmentFrames * FRAME_BYTES)
    return `a stripe of ${k} cells is longer than a segment of ${segmentFrames} frames`;
  return undefined;
}
