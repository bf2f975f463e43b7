// For any shape: the fragments hold the segment where locate says, and assembling gives it back.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assembleSegment, createErasureCode, layoutOf, locate } from '../src/index.ts';
import { fragmentsOf, noise } from './oracle.ts';

const cases = fc
  .record({
    k: fc.integer({ min: 1, max: 9 }),
    m: fc.integer({ min: 0, max: 4 }),
    cellBytes: fc.integer({ min: 1, max: 12 }).map((granules) => granules * 16),
    segmentBytes: fc.integer({ min: 1, max: 3000 }),
    seed: fc.nat(1000),
  })
  .map((shape) => ({ ...shape, code: 'rs' as const }));

test('encoding gives the fragments of the definition', () => {
  fc.assert(
    fc.property(cases, (shape) => {
      const layout = layoutOf(shape);
      const segment = noise({ length: shape.segmentBytes, seed: shape.seed });
      const fragments = Array.from({ length: shape.k + shape.m }, () =>
        new Uint8Array(layout.fragmentBytes).fill(0xaa),
      );
      createErasureCode('rs', shape.k, shape.m).encodeSegment(layout, segment, fragments);
      expect(fragments).toEqual(fragmentsOf({ ...shape, segment }));
      const back = new Uint8Array(segment.length);
      assembleSegment(layout, fragments.slice(0, shape.k), back);
      expect(back).toEqual(segment);
    }),
    { numRuns: 60 },
  );
});

test('any range read where locate says is the range of the segment', () => {
  fc.assert(
    fc.property(cases, fc.nat(), fc.nat(), (shape, a, b) => {
      const layout = layoutOf(shape);
      const segment = noise({ length: shape.segmentBytes, seed: shape.seed });
      const fragments = Array.from({ length: shape.k + shape.m }, () => new Uint8Array(layout.fragmentBytes));
      createErasureCode('rs', shape.k, shape.m).encodeSegment(layout, segment, fragments);
      const offset = a % shape.segmentBytes;
      const length = b % (shape.segmentBytes - offset + 1);
      const read = locate(layout, offset, length).flatMap((range) => [
        ...(fragments[range.index] as Uint8Array).subarray(range.offset, range.offset + range.length),
      ]);
      expect(Uint8Array.from(read)).toEqual(segment.subarray(offset, offset + length));
    }),
    { numRuns: 150 },
  );
});
