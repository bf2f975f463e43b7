// Systematic Cauchy Reed–Solomon over a region kernel: feeds cells through the kernel's strips. Parity bytes are a stored
// format (SPEC.md): what this computes may never change for a released version.

import { GRANULE_BYTES } from '@vauban/core';
import type { ErasureCode, RepairPlan, Shard } from './code.ts';
import { type Plan, planOf, type RegionKernel, stripBytesOf } from './kernel.ts';
import { checkEncode, type SegmentLayout } from './layout.ts';
import { parityMatrix, rebuildMatrix } from './matrix.ts';
import { checkShardCounts } from './parameters.ts';
import { checkDecode, checkShipped, checkWish } from './shard-checks.ts';

/** Rebuild plans kept per code. A drill that loses three sites of nine meets 84 patterns; each plan is at most 16 KiB. */
const plansMax = 128;

const wholeCell = { first: 0, count: 1 };

/** Faults: CODE_PARAMETERS. */
export function createReedSolomon(o: { k: number; m: number; kernel: RegionKernel }): ErasureCode {
  const { k, m, kernel } = o;
  checkShardCounts({ k, m });
  const n = k + m;
  const parity = parityMatrix({ k, m });
  const encodePlan = planOf({ inputs: k, rows: m, coefficients: parity });
  const rebuildPlans = new Map<string, Plan>();

  function encodeSegment(layout: SegmentLayout, segment: Uint8Array, fragments: readonly Uint8Array[]): void {
    checkEncode({ code: 'rs', k, m }, layout, segment, fragments);
    for (let stripe = 0; stripe < layout.stripes; stripe++) {
      const cellBytes = stripe === layout.stripes - 1 ? layout.lastCellBytes : layout.cellBytes;
      encodeStripe({
        segment,
        fragments,
        cellBytes,
        segmentAt: stripe * k * layout.cellBytes,
        fragmentAt: stripe * layout.cellBytes,
      });
    }
  }

  /** Each strip of the segment is read once from far memory: the fragment's copy brings it into the cache for the kernel's. */
  function encodeStripe(s: {
    segment: Uint8Array;
    fragments: readonly Uint8Array[];
    cellBytes: number;
    segmentAt: number;
    fragmentAt: number;
  }): void {
    const { segment, fragments, cellBytes } = s;
    const { memory } = kernel;
    const stripBytes = stripBytesOf(encodePlan, cellBytes);
    for (let at = 0; at < cellBytes; at += stripBytes) {
      const bytes = Math.min(stripBytes, cellBytes - at);
      for (let j = 0; j < k; j++) {
        const from = s.segmentAt + j * cellBytes + at;
        const input = encodePlan.inputsAt + j * encodePlan.strideBytes;
        const fragment = fragments[j] as Uint8Array;
        const present = Math.max(0, Math.min(bytes, segment.length - from));
        if (present > 0) {
          const strip = segment.subarray(from, from + present);
          fragment.set(strip, s.fragmentAt + at);
          memory.set(strip, input);
        }
        if (present < bytes) {
          memory.fill(0, input + present, input + bytes);
          fragment.fill(0, s.fragmentAt + at + present, s.fragmentAt + at + bytes);
        }
      }
      kernel.run(encodePlan, bytes);
      for (let i = 0; i < m; i++) {
        const output = encodePlan.outputsAt + i * encodePlan.strideBytes;
        (fragments[k + i] as Uint8Array).set(memory.subarray(output, output + bytes), s.fragmentAt + at);
      }
    }
  }

  function decode(d: { have: readonly Shard[]; want: readonly number[]; into: readonly Uint8Array[] }): void {
    const length = checkDecode({ k, n, ...d });
    const have = d.have.toSorted((a, b) => a.index - b.index);
    const lost: number[] = [];
    const intoLost: Uint8Array[] = [];
    d.want.forEach((index, i) => {
      const into = d.into[i] as Uint8Array;
      const known = have.find((shard) => shard.index === index);
      if (known) {
        into.set(known.bytes);
        return;
      }
      lost.push(index);
      intoLost.push(into);
    });
    if (lost.length === 0) return;
    const from = have.slice(0, k);
    const plan = rebuildPlan(from, lost);
    const { memory } = kernel;
    const stripBytes = stripBytesOf(plan, length);
    for (let at = 0; at < length; at += stripBytes) {
      const bytes = Math.min(stripBytes, length - at);
      for (let j = 0; j < k; j++) {
        const shard = from[j] as Shard;
        memory.set(shard.bytes.subarray(at, at + bytes), plan.inputsAt + j * plan.strideBytes);
      }
      kernel.run(plan, bytes);
      for (let i = 0; i < intoLost.length; i++) {
        const output = plan.outputsAt + i * plan.strideBytes;
        (intoLost[i] as Uint8Array).set(memory.subarray(output, output + bytes), at);
      }
    }
  }

  /** The plan for this pattern of losses, kept while it is among the last used. */
  function rebuildPlan(from: readonly Shard[], want: readonly number[]): Plan {
    const have = from.map((shard) => shard.index);
    const key = `${have.join()}>${want.join()}`;
    const known = rebuildPlans.get(key);
    const plan =
      known ??
      planOf({ inputs: k, rows: want.length, coefficients: rebuildMatrix({ k, parity, have, want }) });
    rebuildPlans.delete(key);
    rebuildPlans.set(key, plan);
    if (rebuildPlans.size > plansMax) {
      for (const oldest of rebuildPlans.keys()) {
        rebuildPlans.delete(oldest);
        break;
      }
    }
    return plan;
  }

  function planRepair({
    lost,
    up,
    wanted = wholeCell,
  }: Parameters<ErasureCode['planRepair']>[0]): RepairPlan {
    checkWish({ lost, up, wanted }, { n, k, subChunks: 1 });
    const helpers = up
      .toSorted((a, b) => a - b)
      .slice(0, k)
      .map((index) => ({ index, runs: [wholeCell] }));
    return { lost, way: 'cells', wanted, helpers, readRatio: k / lost.length };
  }

  function repair({ plan, shipped, into }: Parameters<ErasureCode['repair']>[0]): void {
    checkShipped({ plan, shipped, into });
    decode({ have: shipped, want: plan.lost, into });
  }

  return {
    name: 'rs',
    k,
    m,
    n,
    subChunks: 1,
    granuleBytes: GRANULE_BYTES,
    encodeSegment,
    decode,
    planRepair,
    repair,
  };
}
