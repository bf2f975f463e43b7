// What rebuilding costs on the lines, by the code: how much of which fragment a daemon has to read to rebuild others. The
// same choice as repair makes (erasure's `planRepair`, held against it in tests), without loading a code.

import { assert, type CodeName } from '@vauban/core';

export interface RebuildShape {
  readonly code: CodeName;
  readonly k: number;
  readonly m: number;
  /** Indices that one daemon rebuilds together. */
  readonly lost: readonly number[];
  /** Indices that can be read, none of them lost; at least k. */
  readonly up: readonly number[];
}

/**
 * By index of `up`, the share of that fragment that is read. Reed–Solomon: k whole fragments. Clay (Vajha et al., "Clay Codes:
 * Moulding MDS Codes to Yield an MSR Code", FAST 2018): where all e fragments that cannot be read stand in one column of m, e/m of
 * every other one, (n − e)·e/m in all; with e = 1, (n − 1)/m, the least possible; otherwise k whole ones, or where that is less.
 */
export function readShares({ code, k, m, lost, up }: RebuildShape): ReadonlyMap<number, number> {
  assert(up.length >= k, 'k fragments can be read');
  const sorted = up.toSorted((a, b) => a - b);
  const whole = new Map(sorted.slice(0, k).map((index) => [index, 1]));
  if (code === 'rs') return whole;
  const there = new Set(sorted);
  const missing = Array.from({ length: k + m }, (_, index) => index).filter((index) => !there.has(index));
  assert(
    lost.every((index) => !there.has(index)),
    'what is lost cannot be read',
  );
  const columns = new Set(missing.map((index) => columnOf(index, { k, m })));
  if (columns.size !== 1 || sorted.length * missing.length >= k * m) return whole;
  return new Map(sorted.map((index) => [index, missing.length / m]));
}

/** Slots in columns of m: data first, then slots that are no fragment, then parity (erasure SPEC, "Clay"). */
function columnOf(index: number, { k, m }: { readonly k: number; readonly m: number }): number {
  const empty = m * Math.ceil((k + m) / m) - (k + m);
  return Math.floor((index < k ? index : index + empty) / m);
}
