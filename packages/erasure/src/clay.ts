// Clay codes (coupled-layer MSR, d = n − 1) over a region kernel: runs the programs of `clay-programs` on cells, strip by
// strip. Rebuilding one lost fragment reads 1/m of each of the n − 1 others. Parity bytes are a stored format (SPEC, "Clay").

import { Fault, GRANULE_BYTES } from '@vauban/core';
import { clayGeometry } from './clay-geometry.ts';
import {
  type ClayProgram,
  decodeProgram,
  type NodePlane,
  repairProgram,
  subChunkProgram,
} from './clay-programs.ts';
import { planClayRepair, planesOf } from './clay-repair-plan.ts';
import type { ErasureCode, RepairPlan, SubChunkRun } from './code.ts';
import type { RegionKernel } from './kernel.ts';
import { checkEncode, type SegmentLayout } from './layout.ts';
import { parityMatrix } from './matrix.ts';
import { runBytesOf } from './program.ts';
import { checkDecode, checkShipped, checkWish } from './shard-checks.ts';

/** Strips of all programs kept per code: those of every loss of 6+3, or of eleven losses of 10+4. */
const SYMBOLS_KEPT_MAX = 40_000;

/** Faults: CODE_PARAMETERS. */
export function createClay(o: { k: number; m: number; kernel: RegionKernel }): ErasureCode {
  const { k, m, kernel } = o;
  const geometry = clayGeometry({ k, m });
  const { n, subChunks, inner } = geometry;
  const parity = parityMatrix({ k: inner, m });
  const programs = new Programs();
  const nodes = Array.from({ length: n }, (_, node) => node);
  const wholeCell = { first: 0, count: subChunks };
  const decoderOf = (lost: readonly number[]) =>
    programs.of(`all of ${lost.join()}`, () => decodeProgram(geometry, parity, lost));

  function encodeSegment(layout: SegmentLayout, segment: Uint8Array, fragments: readonly Uint8Array[]): void {
    checkEncode({ code: 'clay', k, m }, layout, segment, fragments);
    const program = decoderOf(nodes.slice(k));
    for (let stripe = 0; stripe < layout.stripes; stripe++) {
      const cellBytes = stripe === layout.stripes - 1 ? layout.lastCellBytes : layout.cellBytes;
      const fragmentAt = stripe * layout.cellBytes;
      const cells = fragments.map((fragment) => fragment.subarray(fragmentAt, fragmentAt + cellBytes));
      for (let node = 0; node < k; node++)
        copyPadded(segment, stripe * k * layout.cellBytes + node * cellBytes, cells[node] as Uint8Array);
      const subChunkBytes = cellBytes / subChunks;
      runOn(program, subChunkBytes, ({ node, plane }) => [cells[node] as Uint8Array, plane * subChunkBytes]);
    }
  }

  /** Strip by strip: copies inputs to the kernel, runs, copies outputs back. `place` says where a sub-chunk lies. */
  function runOn(
    program: ClayProgram,
    subChunkBytes: number,
    place: (symbol: NodePlane) => Place | undefined,
  ): void {
    const { memory } = kernel;
    const { stripsAt, strideBytes } = program;
    const inputs = placed(program.inputs, place);
    const outputs = placed(program.outputs, place);
    const runBytes = runBytesOf(program, subChunkBytes);
    for (let from = 0; from < subChunkBytes; from += runBytes) {
      const bytes = Math.min(runBytes, subChunkBytes - from);
      for (const [strip, [cell, at]] of inputs)
        memory.set(cell.subarray(at + from, at + from + bytes), stripsAt + strip * strideBytes);
      kernel.execute(program, bytes);
      for (const [strip, [cell, at]] of outputs) {
        const stripAt = stripsAt + strip * strideBytes;
        cell.set(memory.subarray(stripAt, stripAt + bytes), at + from);
      }
    }
  }

  function decode({ have, want, into }: Parameters<ErasureCode['decode']>[0]): void {
    const cellBytes = checkDecode({ k, n, have, want, into });
    checkCell(cellBytes, subChunks);
    const from = have.toSorted((a, b) => a.index - b.index);
    const known = new Map(from.map(({ index, bytes }) => [index, bytes]));
    const lost = want.filter((index) => !known.has(index));
    want.forEach((index, i) => {
      const bytes = known.get(index);
      if (bytes !== undefined) into[i]?.set(bytes);
    });
    if (lost.length === 0) return;
    const used = from.slice(0, k).map(({ index }) => index);
    const program = decoderOf(nodes.filter((node) => !used.includes(node)));
    const room = new Map(want.map((index, i) => [index, into[i] as Uint8Array]));
    const subChunkBytes = cellBytes / subChunks;
    runOn(program, subChunkBytes, ({ node, plane }) => {
      const cell = used.includes(node) ? known.get(node) : room.get(node);
      return cell && [cell, plane * subChunkBytes];
    });
  }

  function planRepair({
    lost,
    up,
    wanted = wholeCell,
  }: Parameters<ErasureCode['planRepair']>[0]): RepairPlan {
    checkWish({ lost, up, wanted }, { n, k, subChunks });
    const partReads = (node: number) => partPrograms(node, wanted).flatMap(({ inputs }) => inputs);
    return planClayRepair(geometry, { lost, up, wanted, partReads });
  }

  function partPrograms(node: number, { first, count }: SubChunkRun): ClayProgram[] {
    return Array.from({ length: count }, (_, nth) => {
      const plane = first + nth;
      return programs.of(`${plane} of ${node}`, () => subChunkProgram(geometry, parity, { node, plane }));
    });
  }

  function repair({ plan, shipped, into }: Parameters<ErasureCode['repair']>[0]): void {
    const checked = checkShipped({ plan, shipped, into });
    const { subChunkBytes } = checked;
    if (subChunkBytes === 0) return;
    // Where each shipped sub-chunk lies in what its helper shipped.
    const places = new Map<number, Place>();
    plan.helpers.forEach(({ index, runs }, helper) => {
      let at = 0;
      for (const plane of planesOf(runs)) {
        places.set(index * subChunks + plane, [checked.shipped[helper] as Uint8Array, at]);
        at += subChunkBytes;
      }
    });
    const { first, count } = plan.wanted;
    const room = new Map(plan.lost.map((index, i) => [index, into[i] as Uint8Array]));
    const place = ({ node, plane }: NodePlane): Place | undefined => {
      const known = places.get(node * subChunks + plane);
      if (known !== undefined) return known;
      const cell = plane >= first && plane < first + count ? room.get(node) : undefined;
      return cell && [cell, (plane - first) * subChunkBytes];
    };
    for (const program of programsFor(plan)) runOn(program, subChunkBytes, place);
  }

  function programsFor({ way, lost, wanted, helpers }: RepairPlan): readonly ClayProgram[] {
    if (way === 'sub-chunks') return partPrograms(lost[0] as number, wanted);
    const missing = nodes.filter((node) => helpers.every(({ index }) => index !== node));
    if (way === 'cells') return [decoderOf(missing)];
    const key = `parts for ${missing.join()}`;
    return [programs.of(key, () => repairProgram(geometry, parity, missing))];
  }

  return {
    name: 'clay',
    k,
    m,
    n,
    subChunks,
    granuleBytes: GRANULE_BYTES * subChunks,
    encodeSegment,
    decode,
    planRepair,
    repair,
  };
}

/** Where a sub-chunk lies. */
type Place = readonly [memory: Uint8Array, at: number];

/** The strips of a program that have a place; an output that has none is not wanted. */
function placed(
  symbols: readonly NodePlane[],
  place: (symbol: NodePlane) => Place | undefined,
): (readonly [strip: number, place: Place])[] {
  return symbols.flatMap((symbol) => {
    const found = place(symbol);
    return found === undefined ? [] : [[symbol.strip, found] as const];
  });
}

/** Fills `into` from the segment's byte `from` on; what the segment lacks is zeros. */
function copyPadded(segment: Uint8Array, from: number, into: Uint8Array): void {
  const part = segment.subarray(Math.min(from, segment.length), from + into.length);
  into.set(part);
  into.fill(0, part.length);
}

/** Faults: SHARD_LENGTH. */
function checkCell(cellBytes: number, subChunks: number): void {
  if (cellBytes % subChunks === 0) return;
  const message = `a cell of ${cellBytes} bytes cannot be cut into ${subChunks} equal sub-chunks`;
  throw new Fault('refused', 'SHARD_LENGTH', message, { cellBytes, subChunks });
}

/** Programs by what they do, the last used ones. */
class Programs {
  readonly #kept = new Map<string, ClayProgram>();
  #symbols = 0;

  of(name: string, make: () => ClayProgram): ClayProgram {
    const known = this.#kept.get(name);
    const program = known ?? make();
    if (known === undefined) this.#symbols += program.strips;
    this.#kept.delete(name);
    this.#kept.set(name, program);
    for (const [oldest, { strips }] of this.#kept) {
      if (this.#symbols <= SYMBOLS_KEPT_MAX || oldest === name) break;
      this.#kept.delete(oldest);
      this.#symbols -= strips;
    }
    return program;
  }
}
