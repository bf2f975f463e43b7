// Which sub-chunks are read to rebuild lost nodes of a Clay code: the cheapest of the ways it knows, for the nodes that
// answer. Pure.

import { type ClayGeometry, inOneColumn, repairPlanes } from './clay-geometry.ts';
import type { RepairPlan, SubChunkRun } from './code.ts';

/** What is read, by node: its planes. */
type Reads = ReadonlyMap<number, ReadonlySet<number>>;

export interface RepairWish {
  readonly lost: readonly number[];
  /** At least k nodes, none of them lost. */
  readonly up: readonly number[];
  readonly wanted: SubChunkRun;
  /** What it takes to rebuild the wanted sub-chunks of one node one by one. */
  readonly partReads: (node: number) => readonly { readonly node: number; readonly plane: number }[];
}

export function planClayRepair(geometry: ClayGeometry, wish: RepairWish): RepairPlan {
  const { k, n, subChunks } = geometry;
  const { lost, wanted, partReads } = wish;
  const up = wish.up.toSorted((a, b) => a - b);
  const every = Array.from({ length: subChunks }, (_, plane) => plane);
  const plan = (way: RepairPlan['way'], reads: Reads): RepairPlan => {
    const helpers = [...reads].map(([index, planes]) => ({ index, runs: runsOf(planes) }));
    let read = 0;
    for (const planes of reads.values()) read += planes.size;
    return { lost, way, wanted, helpers, readRatio: read / (lost.length * wanted.count) };
  };
  const same = (nodes: readonly number[], planes: readonly number[]): Reads =>
    new Map(nodes.map((node) => [node, new Set(planes)]));

  const ways = [plan('cells', same(up.slice(0, k), every))];
  const missing = Array.from({ length: n }, (_, node) => node).filter((node) => !up.includes(node));
  // Somebody who does not answer in the column of the lost counts as lost with them; elsewhere there is only decoding.
  if (inOneColumn(geometry, missing)) ways.push(plan('column', same(up, repairPlanes(geometry, missing))));
  const [only] = missing;
  if (missing.length === 1 && only !== undefined && wanted.count < subChunks) {
    // Some of the lost node's column have nothing to ship.
    const reads = new Map<number, Set<number>>();
    for (const { node, plane } of partReads(only)) reads.set(node, (reads.get(node) ?? new Set()).add(plane));
    ways.push(plan('sub-chunks', new Map([...reads].sort(([a], [b]) => a - b))));
  }
  return ways.reduce((best, way) => (way.readRatio < best.readRatio ? way : best));
}

/** Ascending numbers as runs of consecutive ones. */
function runsOf(planes: ReadonlySet<number>): readonly SubChunkRun[] {
  const runs: { first: number; count: number }[] = [];
  for (const plane of [...planes].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === plane) last.count += 1;
    else runs.push({ first: plane, count: 1 });
  }
  return runs;
}

/** The planes of runs, in order. */
export function planesOf(runs: readonly SubChunkRun[]): number[] {
  return runs.flatMap(({ first, count }) => Array.from({ length: count }, (_, nth) => first + nth));
}
