// Matrices over GF(2^8), row after row in one byte string: the parity matrix of the code, and the matrix that rebuilds
// given shards from k others. Changing parityMatrix changes every parity byte ever stored.

import { assert } from '@vauban/core';
import { divide, multiply } from './field.ts';

/**
 * The m × k Cauchy matrix, rows and columns scaled so that row 0 and column 0 are ones (scaling keeps every minor non-zero):
 * A[i][j] = (k⊕j)·(k+i) / (((k+i)⊕j)·k), where ⊕ and + act on integers, · and / in the field. SPEC, "Matrix".
 */
export function parityMatrix(o: { k: number; m: number }): Uint8Array {
  const { k, m } = o;
  const matrix = new Uint8Array(m * k);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < k; j++) {
      matrix[i * k + j] = divide(multiply(k ^ j, k + i), multiply((k + i) ^ j, k));
    }
  }
  return matrix;
}

/**
 * The matrix R with shard[want[i]] = Σ R[i][j]·shard[have[j]]. `have` holds k indices in ascending order, none of them in
 * `want`. Only the square system of the missing data shards is inverted: e³ steps for e of them, not k³.
 */
export function rebuildMatrix(o: {
  k: number;
  parity: Uint8Array;
  have: readonly number[];
  want: readonly number[];
}): Uint8Array {
  const { k, parity, have, want } = o;
  assert(have.length === k, 'a rebuild starts from exactly k shards');
  const columnOf = new Map(have.map((index, column) => [index, column]));
  const lost: number[] = [];
  for (let j = 0; j < k; j++) if (!columnOf.has(j)) lost.push(j);
  const parities = have.slice(k - lost.length);

  // parity p = Σ over data; so Σ over lost of A[p][x]·x = p + Σ over known of A[p][j]·j. Solve for the lost.
  const size = lost.length;
  const system = new Uint8Array(size * size);
  for (let row = 0; row < size; row++) {
    const from = ((parities[row] as number) - k) * k;
    for (let column = 0; column < size; column++) {
      system[row * size + column] = parity[from + (lost[column] as number)] as number;
    }
  }
  const inverse = invert(system, size);

  // Each lost data shard as a row over `have`.
  const lostRows = new Uint8Array(size * k);
  for (let x = 0; x < size; x++) {
    for (let row = 0; row < size; row++) {
      const factor = inverse[x * size + row] as number;
      const from = ((parities[row] as number) - k) * k;
      for (let column = 0; column < k - size; column++) {
        const coefficient = parity[from + (have[column] as number)] as number;
        lostRows[x * k + column] = (lostRows[x * k + column] as number) ^ multiply(factor, coefficient);
      }
      lostRows[x * k + k - size + row] = factor;
    }
  }

  const matrix = new Uint8Array(want.length * k);
  want.forEach((index, i) => {
    if (index < k) {
      const x = lost.indexOf(index);
      matrix.set(lostRows.subarray(x * k, x * k + k), i * k);
      return;
    }
    const from = (index - k) * k;
    for (let column = 0; column < k - size; column++) {
      matrix[i * k + column] = parity[from + (have[column] as number)] as number;
    }
    for (let x = 0; x < size; x++) {
      const factor = parity[from + (lost[x] as number)] as number;
      for (let column = 0; column < k; column++) {
        const at = i * k + column;
        matrix[at] = (matrix[at] as number) ^ multiply(factor, lostRows[x * k + column] as number);
      }
    }
  });
  return matrix;
}

/** Gauss–Jordan inverse of a size × size matrix, which it overwrites. Every square part of a Cauchy matrix has one. */
function invert(matrix: Uint8Array, size: number): Uint8Array {
  const inverse = new Uint8Array(size * size);
  for (let i = 0; i < size; i++) inverse[i * size + i] = 1;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    while (pivot < size && matrix[pivot * size + column] === 0) pivot++;
    assert(pivot < size, 'every square part of the parity matrix has an inverse');
    swapRows(matrix, { size, a: pivot, b: column });
    swapRows(inverse, { size, a: pivot, b: column });
    const scale = divide(1, matrix[column * size + column] as number);
    for (let j = 0; j < size; j++) {
      const at = column * size + j;
      matrix[at] = multiply(matrix[at] as number, scale);
      inverse[at] = multiply(inverse[at] as number, scale);
    }
    for (let row = 0; row < size; row++) {
      const factor = matrix[row * size + column] as number;
      if (row === column || factor === 0) continue;
      for (let j = 0; j < size; j++) {
        const at = row * size + j;
        const from = column * size + j;
        matrix[at] = (matrix[at] as number) ^ multiply(factor, matrix[from] as number);
        inverse[at] = (inverse[at] as number) ^ multiply(factor, inverse[from] as number);
      }
    }
  }
  return inverse;
}

function swapRows(matrix: Uint8Array, o: { size: number; a: number; b: number }): void {
  if (o.a === o.b) return;
  for (let j = 0; j < o.size; j++) {
    const kept = matrix[o.a * o.size + j] as number;
    matrix[o.a * o.size + j] = matrix[o.b * o.size + j] as number;
    matrix[o.b * o.size + j] = kept;
  }
}
