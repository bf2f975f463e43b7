// What every code refuses of the shards it is given.

import { Fault } from '@vauban/core';
import type { RepairPlan, Shard, SubChunkRun } from './code.ts';

/** Returns the shards' length. Faults: TOO_FEW_SHARDS, SHARD_INDEX, SHARD_LENGTH. */
export function checkDecode(o: {
  k: number;
  n: number;
  have: readonly Shard[];
  want: readonly number[];
  into: readonly Uint8Array[];
}): number {
  const { k, n, have, want, into } = o;
  const indices = have.map((shard) => shard.index);
  checkIndices(indices, n);
  checkIndices(want, n);
  checkEnough(indices, k);
  const length = have[0]?.bytes.length ?? 0;
  const unequal =
    have.some((shard) => shard.bytes.length !== length) || into.some((bytes) => bytes.length !== length);
  if (unequal || into.length !== want.length) {
    throw new Fault(
      'refused',
      'SHARD_LENGTH',
      `shards of one range, and room for each one wanted, must all have one length, here ${length} bytes`,
      { length, have: have.map((shard) => shard.bytes.length), into: into.map((bytes) => bytes.length) },
    );
  }
  return length;
}

/** Faults: SHARD_INDEX unless all are different and in 0 … n−1. */
function checkIndices(indices: readonly number[], n: number): void {
  const outside = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= n);
  if (outside === undefined && new Set(indices).size === indices.length) return;
  throw new Fault(
    'refused',
    'SHARD_INDEX',
    `shard indices must be different whole numbers from 0 to ${n - 1}`,
    { indices: [...indices], n },
  );
}

/** Faults: TOO_FEW_SHARDS. */
function checkEnough(indices: readonly number[], k: number): void {
  if (indices.length >= k) return;
  throw new Fault('refused', 'TOO_FEW_SHARDS', `${indices.length} shards are at hand where ${k} are needed`, {
    wanted: k,
    found: indices.length,
  });
}

/**
 * What was shipped, in the plan's order of helpers, and how long a sub-chunk is.
 * Faults: SHARD_INDEX (somebody else's, or not everybody's), SHARD_LENGTH.
 */
export function checkShipped(o: {
  plan: RepairPlan;
  shipped: readonly Shard[];
  into: readonly Uint8Array[];
}): { readonly shipped: readonly Uint8Array[]; readonly subChunkBytes: number } {
  const { plan, shipped, into } = o;
  const byIndex = new Map(shipped.map(({ index, bytes }) => [index, bytes]));
  const helpers = plan.helpers.map(({ index }) => index);
  if (shipped.length !== helpers.length || helpers.some((index) => !byIndex.has(index))) {
    const facts = { helpers, shipped: shipped.map(({ index }) => index) };
    throw new Fault('refused', 'SHARD_INDEX', 'a repair takes what each helper of its plan shipped', facts);
  }
  const subChunkBytes = (into[0]?.length ?? 0) / plan.wanted.count;
  const right =
    Number.isInteger(subChunkBytes) &&
    into.length === plan.lost.length &&
    into.every((bytes) => bytes.length === plan.wanted.count * subChunkBytes) &&
    plan.helpers.every(({ index, runs }) => byIndex.get(index)?.length === countOf(runs) * subChunkBytes);
  if (!right) {
    throw new Fault(
      'refused',
      'SHARD_LENGTH',
      `what is shipped, and room for each lost shard, must be whole sub-chunks of one length, here ${subChunkBytes} bytes`,
      {
        subChunkBytes,
        shipped: shipped.map(({ bytes }) => bytes.length),
        into: into.map((bytes) => bytes.length),
      },
    );
  }
  return { shipped: helpers.map((index) => byIndex.get(index) as Uint8Array), subChunkBytes };
}

/** Sub-chunks of these runs. */
function countOf(runs: readonly { readonly count: number }[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0);
}

/** What is asked of a repair. Faults: SHARD_INDEX, TOO_FEW_SHARDS, SUB_CHUNK_RANGE unless `wanted` is a part of a cell. */
export function checkWish(
  wish: { readonly lost: readonly number[]; readonly up: readonly number[]; readonly wanted: SubChunkRun },
  { n, k, subChunks }: { readonly n: number; readonly k: number; readonly subChunks: number },
): void {
  const { first, count } = wish.wanted;
  checkIndices([...wish.lost, ...wish.up], n);
  checkEnough(wish.up, k);
  const whole = Number.isInteger(first) && Number.isInteger(count);
  if (whole && first >= 0 && count >= 1 && first + count <= subChunks) return;
  throw new Fault(
    'refused',
    'SUB_CHUNK_RANGE',
    `${count} sub-chunks from ${first} are not a part of a cell of ${subChunks}`,
    { first, count, subChunks },
  );
}
