// The Clay code once more, as SPEC.md defines it: which cells of n nodes are a codeword. Nothing of src; no encoder either,
// since the equations have one solution for given data.

import { parityCoefficient, product } from './oracle.ts';

interface Shape {
  readonly k: number;
  readonly m: number;
}

const columnsOf = ({ k, m }: Shape): number => Math.ceil((k + m) / m);
const subChunksOf = (shape: Shape): number => shape.m ** columnsOf(shape);

/** How many of the code's equations these cells break, one byte of each sub-chunk after the other. */
export function brokenEquations(shape: Shape, cells: readonly Uint8Array[]): number {
  const { k, m } = shape;
  const t = columnsOf(shape);
  const planes = subChunksOf(shape);
  const virtual = m * t - (k + m);
  const inner = k + virtual;
  const bytes = (cells[0]?.length ?? 0) / planes;
  let broken = 0;
  for (let byte = 0; byte < bytes; byte++) {
    const coupled = (slot: number, plane: number): number => {
      if (slot >= k && slot < inner) return 0;
      return cells[slot < k ? slot : slot - virtual]?.[plane * bytes + byte] ?? 0;
    };
    const uncoupled = (slot: number, plane: number): number => {
      const row = slot % m;
      const column = (slot - row) / m;
      const digits = plane.toString(m).padStart(t, '0');
      const digit = Number.parseInt(digits[column] ?? '', m);
      const own = coupled(slot, plane);
      if (row === digit) return own;
      const swapped = digits.slice(0, column) + row.toString(m) + digits.slice(column + 1);
      const other = coupled(column * m + digit, Number.parseInt(swapped, m));
      return row < digit ? own ^ other : other ^ product(3, own);
    };
    for (let plane = 0; plane < planes; plane++) {
      const data = Array.from({ length: inner }, (_, slot) => uncoupled(slot, plane));
      for (let i = 0; i < m; i++) {
        const parity = data.reduce(
          (sum, value, j) => sum ^ product(parityCoefficient({ k: inner, i, j }), value),
          0,
        );
        if (parity !== uncoupled(inner + i, plane)) broken++;
      }
    }
  }
  return broken;
}
