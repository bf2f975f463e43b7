// Writes rs.json, the test vectors of SPEC.md, from the package itself:
//   node packages/erasure/vectors/generate.ts
// Once a version is released its vectors are frozen: a difference in git after running this is an incompatible change.

import { writeFileSync } from 'node:fs';
import { toHex } from '@vauban/core';
import { createErasureCode, layoutOf } from '../src/index.ts';
import { parityMatrix } from '../src/matrix.ts';

const codes = [
  { k: 1, m: 2, length: 16 },
  { k: 2, m: 1, length: 16 },
  { k: 3, m: 2, length: 16 },
  { k: 4, m: 2, length: 48 },
  { k: 6, m: 3, length: 16 },
  { k: 6, m: 3, length: 80 },
  { k: 5, m: 9, length: 16 },
  { k: 10, m: 4, length: 16 },
  { k: 29, m: 51, length: 16 },
  { k: 200, m: 55, length: 16 },
];

const segments = [
  { k: 3, m: 2, cellBytes: 16, segmentBytes: 5 },
  { k: 2, m: 1, cellBytes: 32, segmentBytes: 64 },
  { k: 2, m: 1, cellBytes: 32, segmentBytes: 65 },
  { k: 6, m: 3, cellBytes: 48, segmentBytes: 401 },
];

const layouts = [17, 96, 97, 100_048, 884_736, 884_737, 4_081_280, 15_925_248].map((segmentBytes) => ({
  k: 6,
  m: 3,
  cellBytes: 147_456,
  segmentBytes,
}));

function pattern(o: { index: number; length: number }): Uint8Array {
  return Uint8Array.from({ length: o.length }, (_, at) => (37 * (o.index + 1) + 101 * at) & 255);
}

function encode(shape: { k: number; m: number; cellBytes: number }, segment: Uint8Array): Uint8Array[] {
  const layout = layoutOf({ code: 'rs', ...shape, segmentBytes: segment.length });
  const fragments = Array.from({ length: shape.k + shape.m }, () => new Uint8Array(layout.fragmentBytes));
  createErasureCode('rs', shape.k, shape.m).encodeSegment(layout, segment, fragments);
  return fragments;
}

function codeVector({ k, m, length }: { k: number; m: number; length: number }) {
  const segment = new Uint8Array(k * length);
  for (let index = 0; index < k; index++) segment.set(pattern({ index, length }), index * length);
  const shards = encode({ k, m, cellBytes: length }, segment);
  const matrix = parityMatrix({ k, m });
  const rows = Array.from({ length: m }, (_, i) => toHex(matrix.subarray(i * k, i * k + k)));
  return { k, m, length, ...(k * m <= 64 ? { matrix: rows } : {}), parity: shards.slice(k).map(toHex) };
}

const vectors = {
  format: 'vauban/erasure/0',
  field: '0x11d',
  data: 'byte b of data shard i, or of a segment (i = 0), is (37*(i+1) + 101*b) & 255',
  codes: codes.map(codeVector),
  segments: segments.map((shape) => {
    const segment = pattern({ index: 0, length: shape.segmentBytes });
    return { ...shape, fragments: encode(shape, segment).map(toHex) };
  }),
  layouts: layouts.map((shape) => {
    const { stripes, lastCellBytes, fragmentBytes } = layoutOf({ code: 'rs', ...shape });
    return { ...shape, stripes, lastCellBytes, fragmentBytes };
  }),
};

writeFileSync(new URL('rs.json', import.meta.url), `${JSON.stringify(vectors, null, 2)}\n`);
