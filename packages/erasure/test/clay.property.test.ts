// Whole segments in Clay stripes, the last one short: encoded, read in place, lost and rebuilt in every way there is; and
// every kernel against the scalar one on programs that no code would write.

import { equalBytes } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKernel } from '../src/create.ts';
import { assembleSegment, createErasureCode, layoutOf, locate, subChunkRanges } from '../src/index.ts';
import type { RegionKernel } from '../src/kernel.ts';
import { type Program, programOf } from '../src/program.ts';
import { noise } from './oracle.ts';

const segments = fc
  .record({
    shape: fc.constantFrom([3, 2], [4, 2], [6, 3], [5, 4]),
    sixteens: fc.integer({ min: 1, max: 4 }),
    bytes: fc.integer({ min: 1, max: 60_000 }),
    seed: fc.nat(1_000),
    lost: fc.infiniteStream(fc.nat(1_000)),
  })
  .map(({ shape: [k, m], ...rest }) => ({ k, m, ...rest }));

test('a segment comes back from its data fragments, from any k, and from repairs', () => {
  fc.assert(
    fc.property(segments, ({ k, m, sixteens, bytes, seed, lost }) => {
      const code = createErasureCode('clay', k, m);
      const cellBytes = code.granuleBytes * sixteens;
      const segment = noise({ length: bytes, seed });
      const layout = layoutOf({ code: 'clay', k, m, cellBytes, segmentBytes: bytes });
      const fragments = Array.from({ length: code.n }, () => new Uint8Array(layout.fragmentBytes).fill(0x55));
      code.encodeSegment(layout, segment, fragments);

      const back = new Uint8Array(bytes).fill(0x66);
      assembleSegment(layout, fragments.slice(0, k), back);
      expect(equalBytes(back, segment)).toBe(true);
      const offset = seed % bytes;
      const found = locate(layout, offset, bytes - offset).map((range) =>
        fragments[range.index]?.subarray(range.offset, range.offset + range.length),
      );
      expect(
        equalBytes(Buffer.concat(found.filter((part) => part !== undefined)), segment.subarray(offset)),
      ).toBe(true);

      const gone = [...new Set([...lost.take(m)].map((n) => n % code.n))];
      const up = fragments.map((_, index) => index).filter((index) => !gone.includes(index));
      const plan = code.planRepair({ lost: gone, up });
      const rebuilt = gone.map(() => new Uint8Array(layout.fragmentBytes).fill(0x77));
      for (let stripe = 0; stripe < layout.stripes; stripe++) {
        const at = stripe * cellBytes;
        const cell = stripe === layout.stripes - 1 ? layout.lastCellBytes : cellBytes;
        const shipped = plan.helpers.map(({ index, runs }) => {
          const ranges = subChunkRanges(layout, runs).filter((range) => range.stripe === stripe);
          const parts = ranges.map((range) =>
            (fragments[index] as Uint8Array).subarray(range.offset, range.offset + range.length),
          );
          return { index, bytes: Buffer.concat(parts) };
        });
        code.repair({ plan, shipped, into: rebuilt.map((room) => room.subarray(at, at + cell)) });
      }
      for (const [nth, index] of gone.entries()) {
        expect(equalBytes(rebuilt[nth] as Uint8Array, fragments[index] as Uint8Array)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

const scalar = createKernel('scalar');
const others = [createKernel('simd'), createKernel('relaxed-simd')];

const programs = fc
  .record({
    strips: fc.integer({ min: 2, max: 12 }),
    bytes: fc.integer({ min: 0, max: 200 }),
    seed: fc.nat(10_000),
    shapes: fc.array(
      fc.record({
        inputs: fc.integer({ min: 1, max: 9 }),
        outputs: fc.integer({ min: 1, max: 4 }),
        ones: fc.integer({ min: 0, max: 3 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ strips, bytes, seed, shapes }) => {
    const steps = shapes.map(({ inputs, outputs, ones }, nth) => {
      const drawn = noise({ length: inputs * (outputs + 3) + outputs, seed: seed + nth });
      let at = 0;
      const draw = (below: number) => (drawn[at++] as number) % below;
      const coefficients = Uint8Array.from({ length: inputs * outputs }, () => draw(256));
      if (ones & 1) coefficients.fill(1, 0, inputs);
      if (ones & 2) for (let row = 0; row < outputs; row++) coefficients[row * inputs] = 1;
      return {
        coefficients,
        inputs: Array.from({ length: inputs }, () => ({
          strip: draw(strips),
          partner: draw(strips),
          as: draw(3) as 0 | 1 | 2,
        })),
        // All different, never the zero strip.
        outputs: Array.from({ length: Math.min(outputs, strips - 1) }, (_, row) => 1 + row),
      };
    });
    const fitting = steps.map((step) => ({
      ...step,
      coefficients: step.coefficients.slice(0, step.outputs.length * step.inputs.length),
    }));
    return { program: programOf({ steps: fitting, strips }), bytes, seed };
  });

function stripsAfter(
  kernel: RegionKernel,
  program: Program,
  o: { bytes: number; seed: number },
): Uint8Array[] {
  const stripAt = (strip: number) => program.stripsAt + strip * program.strideBytes;
  for (let strip = 1; strip < program.strips; strip++)
    kernel.memory.set(noise({ length: o.bytes, seed: o.seed + strip }), stripAt(strip));
  kernel.execute(program, o.bytes);
  return Array.from({ length: program.strips }, (_, strip) =>
    kernel.memory.slice(stripAt(strip), stripAt(strip) + o.bytes),
  );
}

test.each(others)('$name executes programs as the scalar kernel does', (kernel) => {
  fc.assert(
    fc.property(programs, ({ program, ...o }) => {
      const expected = stripsAfter(scalar, program, o);
      const found = stripsAfter(kernel, program, o);
      expect(found.map((bytes, at) => equalBytes(bytes, expected[at] as Uint8Array))).not.toContain(false);
    }),
    { numRuns: 300 },
  );
});
