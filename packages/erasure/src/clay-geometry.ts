// The shape of a Clay code (SPEC, "Clay"): slots in columns, planes of a cell, and which two symbols are coupled. Pure
// arithmetic; every algorithm of the code is a walk over it.

import { assert, SUB_CHUNKS_MAX, subChunksOf } from '@vauban/core';
import { checkShardCounts, refuseParameters } from './parameters.ts';

/** Slots and parities share one Cauchy matrix over 256 elements. */
const MATRIX_MAX = 256;

/** One symbol: a sub-chunk of a node's cell, by slot and plane. */
export interface Symbol {
  readonly slot: number;
  readonly plane: number;
}

export interface ClayGeometry {
  readonly k: number;
  readonly m: number;
  /** Nodes: k + m. */
  readonly n: number;
  /** Slots of a column: m. */
  readonly q: number;
  /** Columns: ⌈n/q⌉. */
  readonly t: number;
  /** Slots that are no node: all zeros, never stored. They lie between data and parity. */
  readonly virtual: number;
  /** Slots: q·t. Slots 0 … inner−1 are data and virtual, the last m (column t−1) parity. */
  readonly slots: number;
  /** Slots that determine the others in every plane: slots − m. */
  readonly inner: number;
  /** Sub-chunks of a cell, q^t: as many planes. */
  readonly subChunks: number;
}

/** Faults: CODE_PARAMETERS unless m ≥ 2 and q^t ≤ 256. */
export function clayGeometry(o: { k: number; m: number }): ClayGeometry {
  const { k, m } = o;
  checkShardCounts({ k, m });
  if (m < 2) refuseParameters(`clay ${k}+${m}: a Clay code needs at least two parities; use rs`, { k, m });
  const n = k + m;
  const t = Math.ceil(n / m);
  const slots = m * t;
  const subChunks = subChunksOf({ code: 'clay', k, m });
  if (subChunks === undefined || slots > MATRIX_MAX) {
    const parts = m ** t;
    refuseParameters(
      `clay ${k}+${m} would cut a cell into ${parts} parts: 4 to ${SUB_CHUNKS_MAX} are possible, with two parities or more; use rs`,
      { k, m, subChunks: parts, subChunksMax: SUB_CHUNKS_MAX },
    );
  }
  return { k, m, n, q: m, t, virtual: slots - n, slots, inner: slots - m, subChunks };
}

/** The slot of a node. */
export function slotOf({ k, virtual }: ClayGeometry, node: number): number {
  return node < k ? node : node + virtual;
}

/** The node in a slot; undefined for a virtual one. */
export function nodeIn({ k, virtual }: ClayGeometry, slot: number): number | undefined {
  if (slot < k) return slot;
  return slot < k + virtual ? undefined : slot - virtual;
}

export function columnOf({ q }: ClayGeometry, slot: number): number {
  return Math.floor(slot / q);
}

/** Planes that differ by one in digit `column` are so far apart. Digit 0 is the most significant. */
export function weightOf({ q, t }: ClayGeometry, column: number): number {
  return q ** (t - 1 - column);
}

/** Digit `column` of a plane's number in base q: the row of that column's dot. */
export function digitOf(geometry: ClayGeometry, plane: number, column: number): number {
  return Math.floor(plane / weightOf(geometry, column)) % geometry.q;
}

/** A symbol's partner, and which of the two is `low`; undefined for a dot, which is coupled with nothing. */
export function partnerOf(
  geometry: ClayGeometry,
  { slot, plane }: Symbol,
): (Symbol & { readonly ownIsLow: boolean }) | undefined {
  const column = columnOf(geometry, slot);
  const row = slot % geometry.q;
  const digit = digitOf(geometry, plane, column);
  if (row === digit) return undefined;
  return {
    slot: column * geometry.q + digit,
    plane: plane + (row - digit) * weightOf(geometry, column),
    ownIsLow: row < digit,
  };
}

/** How many of these slots are dots in the plane: planes are decoded in this order. */
export function scoreOf(geometry: ClayGeometry, slots: readonly number[], plane: number): number {
  return slots.filter((slot) => slot % geometry.q === digitOf(geometry, plane, columnOf(geometry, slot)))
    .length;
}

/** Whether these nodes can be repaired together from parts of all others. */
export function inOneColumn(geometry: ClayGeometry, nodes: readonly number[]): boolean {
  return new Set(nodes.map((node) => columnOf(geometry, slotOf(geometry, node)))).size === 1;
}

/** The column of these nodes, and their rows in it. */
export function columnAndRows(
  geometry: ClayGeometry,
  nodes: readonly number[],
): { readonly column: number; readonly rows: ReadonlySet<number> } {
  assert(inOneColumn(geometry, nodes), 'nodes of one column');
  const slots = nodes.map((node) => slotOf(geometry, node));
  return {
    column: columnOf(geometry, slots[0] as number),
    rows: new Set(slots.map((slot) => slot % geometry.q)),
  };
}

/** Planes of which every other node ships its sub-chunk when these nodes of one column are lost, ascending. */
export function repairPlanes(geometry: ClayGeometry, lostNodes: readonly number[]): readonly number[] {
  const { column, rows } = columnAndRows(geometry, lostNodes);
  return Array.from({ length: geometry.subChunks }, (_, plane) => plane).filter((plane) =>
    rows.has(digitOf(geometry, plane, column)),
  );
}
