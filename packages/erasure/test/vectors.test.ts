// The vectors of SPEC.md against the separate oracle and against every kernel of the package.

import { readFileSync } from 'node:fs';
import { toHex } from '@vauban/core';
import { expect, test } from 'vitest';
import { createKernel } from '../src/create.ts';
import { layoutOf } from '../src/index.ts';
import { parityMatrix, rebuildMatrix } from '../src/matrix.ts';
import { createReedSolomon } from '../src/reed-solomon.ts';
import { fragmentsOf, parityCoefficient, parityOf, patternShard, product } from './oracle.ts';

interface Shape {
  readonly k: number;
  readonly m: number;
}
interface Vectors {
  readonly format: string;
  readonly codes: readonly (Shape & {
    length: number;
    matrix?: readonly string[];
    parity: readonly string[];
  })[];
  readonly segments: readonly (Shape & {
    cellBytes: number;
    segmentBytes: number;
    fragments: readonly string[];
  })[];
  readonly layouts: readonly (Shape & {
    cellBytes: number;
    segmentBytes: number;
    stripes: number;
    lastCellBytes: number;
    fragmentBytes: number;
  })[];
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/rs.json', import.meta.url), 'utf8')) as Vectors;
const kernels = [createKernel('scalar'), createKernel('simd'), createKernel('relaxed-simd')];

function encodedByAll(shape: Shape & { cellBytes: number }, segment: Uint8Array): string[][] {
  const layout = layoutOf({ code: 'rs', ...shape, segmentBytes: segment.length });
  return kernels.map((kernel) => {
    const fragments = Array.from({ length: shape.k + shape.m }, () => new Uint8Array(layout.fragmentBytes));
    createReedSolomon({ ...shape, kernel }).encodeSegment(layout, segment, fragments);
    return fragments.map(toHex);
  });
}

test('there are vectors of each sort', () => {
  expect(vectors.format).toBe('vauban/erasure/0');
  expect([vectors.codes.length, vectors.segments.length, vectors.layouts.length]).toEqual([10, 4, 8]);
});

test.each(vectors.codes)('parity of $k+$m over $length bytes', ({ k, m, length, matrix, parity }) => {
  const data = Array.from({ length: k }, (_, index) => patternShard({ index, length }));
  expect(parityOf({ data, m }).map(toHex)).toEqual(parity);
  if (matrix) {
    const rows = Array.from({ length: m }, (_, i) => data.map((_shard, j) => parityCoefficient({ k, i, j })));
    expect(rows.map((row) => toHex(Uint8Array.from(row)))).toEqual(matrix);
  }
  const segment = Uint8Array.from(data.flatMap((bytes) => [...bytes]));
  const expected = [...data.map(toHex), ...parity];
  expect(encodedByAll({ k, m, cellBytes: length }, segment)).toEqual([expected, expected, expected]);
});

test.each(vectors.segments)('fragments of $segmentBytes bytes at $k+$m', (vector) => {
  const { k, m, cellBytes, segmentBytes, fragments } = vector;
  const segment = patternShard({ index: 0, length: segmentBytes });
  expect(fragmentsOf({ k, m, cellBytes, segment }).map(toHex)).toEqual(fragments);
  expect(encodedByAll({ k, m, cellBytes }, segment)).toEqual([fragments, fragments, fragments]);
});

test.each(vectors.layouts)('layout of $segmentBytes bytes at $k+$m', (vector) => {
  expect(layoutOf({ code: 'rs', ...vector })).toEqual({ code: 'rs', ...vector });
});

test('the worked example of the specification is right', () => {
  const spec = readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8');
  const segment = new TextEncoder().encode('Nothing is lost when two sites burn.');
  const fragments = fragmentsOf({ k: 3, m: 2, cellBytes: 16, segment }).map(toHex);
  const names = ['data 0     ', 'data 1     ', 'data 2     ', 'parity 0   ', 'parity 1   '];
  expect(names.map((name, i) => spec.includes(`    ${name}${fragments[i]}`))).toEqual(Array(5).fill(true));
  const parity = parityMatrix({ k: 3, m: 2 });
  expect(toHex(parity)).toBe('01010101c453');
  expect(toHex(rebuildMatrix({ k: 3, parity, have: [1, 3, 4], want: [0, 2] }))).toBe('f56968f46868');
  const sum = (row: readonly number[], bytes: readonly number[]) =>
    row.reduce((total, coefficient, j) => total ^ product(coefficient, bytes[j] ?? 0), 0);
  const present = [0x77, 0x4c, 0x96];
  expect(sum([0xf5, 0x69, 0x68], present)).toBe(0x4e);
  expect(sum([0xf4, 0x68, 0x68], present)).toBe(0x75);
});
