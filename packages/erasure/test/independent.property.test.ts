// An implementation of other authors (another matrix, the same field size) recovers the same data from the same losses.
// Parity bytes differ, recovered data may not.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ReedSolomonErasure } from '@subspace/reed-solomon-erasure.wasm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assembleSegment, createErasureCode, layoutOf } from '../src/index.ts';
import { noise } from './oracle.ts';

const entry = createRequire(import.meta.url).resolve('@subspace/reed-solomon-erasure.wasm');
const otherBytes = readFileSync(entry.replace(/[^/]*$/, 'reed_solomon_erasure_bg.wasm'));
/** A fresh one for each call: one that lives on reads outside its memory after a few calls of different lengths. */
const other = () => ReedSolomonErasure.fromBytes(otherBytes);

const cases = fc
  .record({
    k: fc.integer({ min: 1, max: 24 }),
    m: fc.integer({ min: 1, max: 12 }),
    granules: fc.integer({ min: 1, max: 8 }),
    seed: fc.nat(1000),
  })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      lost: fc.uniqueArray(fc.nat(shape.k + shape.m - 1), { minLength: 1, maxLength: shape.m }),
    }),
  );

/** Data through the other implementation: encoded, the lost shards wiped, recovered. */
function throughOther(o: {
  k: number;
  m: number;
  data: Uint8Array;
  cell: number;
  lost: readonly number[];
}): Uint8Array {
  const shards = new Uint8Array((o.k + o.m) * o.cell);
  shards.set(o.data);
  expect(other().encode(shards, o.k, o.m)).toBe(ReedSolomonErasure.RESULT_OK);
  for (const index of o.lost) shards.fill(0, index * o.cell, (index + 1) * o.cell);
  const available = Array.from({ length: o.k + o.m }, (_, index) => !o.lost.includes(index));
  expect(other().reconstruct(shards, o.k, o.m, available)).toBe(ReedSolomonErasure.RESULT_OK);
  return shards.slice(0, o.k * o.cell);
}

function throughOurs(o: {
  k: number;
  m: number;
  data: Uint8Array;
  cell: number;
  lost: readonly number[];
}): Uint8Array {
  const code = createErasureCode('rs', o.k, o.m);
  const layout = layoutOf({ code: 'rs', k: o.k, m: o.m, cellBytes: o.cell, segmentBytes: o.data.length });
  const fragments = Array.from({ length: code.n }, () => new Uint8Array(layout.fragmentBytes));
  code.encodeSegment(layout, o.data, fragments);
  for (const index of o.lost) fragments[index]?.fill(0);
  const have = fragments.flatMap((bytes, index) => (o.lost.includes(index) ? [] : [{ index, bytes }]));
  code.decode({ have, want: o.lost, into: o.lost.map((index) => fragments[index] as Uint8Array) });
  const back = new Uint8Array(o.data.length);
  assembleSegment(layout, fragments.slice(0, o.k), back);
  return back;
}

test('both implementations give the original data back after the same losses', () => {
  fc.assert(
    fc.property(cases, ({ shape, lost }) => {
      const cell = shape.granules * 16;
      const data = noise({ length: shape.k * cell, seed: shape.seed });
      const way = { k: shape.k, m: shape.m, data, cell, lost };
      expect(throughOther(way)).toEqual(data);
      expect(throughOurs(way)).toEqual(data);
    }),
    { numRuns: 100 },
  );
});
