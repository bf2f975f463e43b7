// The Clay vectors of SPEC.md against the definition and against every kernel of the package.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { toHex } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { createClay } from '../src/clay.ts';
import { createKernel } from '../src/create.ts';
import { layoutOf, subChunkRanges } from '../src/index.ts';
import { brokenEquations } from './clay-oracle.ts';
import { patternShard } from './oracle.ts';

interface Shape {
  readonly k: number;
  readonly m: number;
}
interface Coded extends Shape {
  readonly subChunks: number;
  readonly subChunkBytes: number;
}
interface Vectors {
  readonly format: string;
  readonly small: readonly (Coded & {
    cells: readonly string[];
    repairs: readonly {
      lost: number;
      runs: readonly (readonly [number, number])[];
      shipped: readonly string[];
    }[];
  })[];
  readonly digests: readonly (Coded & { sha256: readonly string[] })[];
  readonly layouts: readonly (Shape & {
    cellBytes: number;
    segmentBytes: number;
    stripes: number;
    lastCellBytes: number;
    fragmentBytes: number;
    ranges: readonly { lost: number; ranges: readonly (readonly [number, number])[] }[];
  })[];
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/clay.json', import.meta.url), 'utf8')) as Vectors;
const kernels = [createKernel('scalar'), createKernel('simd'), createKernel('relaxed-simd')];

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const others = ({ k, m }: Shape, lost: number) =>
  Array.from({ length: k + m }, (_, index) => index).filter((index) => index !== lost);

test('there are vectors of each sort', () => {
  expect(vectors.format).toBe('vauban/erasure/0');
  expect([vectors.small.length, vectors.digests.length, vectors.layouts.length]).toEqual([3, 6, 3]);
});

describe.each(vectors.small)('clay $k+$m', ({ k, m, subChunks, cells, repairs }) => {
  const codeword = cells.map(bytesOf);

  test('the cells are a codeword over the stated data', () => {
    expect(codeword.slice(0, k)).toEqual(
      Array.from({ length: k }, (_, index) => patternShard({ index, length: subChunks })),
    );
    expect(brokenEquations({ k, m }, codeword)).toBe(0);
    const bent = codeword.with(k, (codeword[k] as Uint8Array).with(3, 7));
    expect(brokenEquations({ k, m }, bent)).toBeGreaterThan(0);
  });

  test.each(kernels)('$name repairs each node from what helpers ship, and from nothing else', (kernel) => {
    const code = createClay({ k, m, kernel });
    expect(repairs.map(({ lost }) => lost)).toEqual(codeword.map((_, index) => index));
    for (const { lost, runs, shipped } of repairs) {
      const plan = code.planRepair({ lost: [lost], up: others({ k, m }, lost) });
      const expected = runs.map(([first, count]) => ({ first, count }));
      expect(plan.helpers).toEqual(others({ k, m }, lost).map((index) => ({ index, runs: expected })));
      const into = [new Uint8Array(subChunks)];
      const parts = shipped.map((hex, at) => ({
        index: plan.helpers[at]?.index ?? -1,
        bytes: bytesOf(hex),
      }));
      code.repair({ plan, shipped: parts, into });
      expect(toHex(into[0] as Uint8Array)).toBe(cells[lost]);
    }
  });
});

test.each(vectors.digests)('digests of clay $k+$m', ({ k, m, subChunks, subChunkBytes, sha256 }) => {
  const cellBytes = subChunks * subChunkBytes;
  const data = Array.from({ length: k }, (_, index) => patternShard({ index, length: cellBytes }));
  for (const kernel of kernels) {
    const layout = layoutOf({ code: 'clay', k, m, cellBytes, segmentBytes: k * cellBytes });
    const fragments = Array.from({ length: k + m }, () => new Uint8Array(cellBytes));
    createClay({ k, m, kernel }).encodeSegment(layout, Buffer.concat(data), fragments);
    expect(fragments.map((bytes) => createHash('sha256').update(bytes).digest('hex'))).toEqual(sha256);
  }
});

test.each(vectors.layouts)('layout of $segmentBytes bytes in cells of $cellBytes', (vector) => {
  const { ranges, ...shape } = vector;
  const layout = layoutOf({ code: 'clay', ...shape });
  expect(layout).toEqual({ code: 'clay', ...shape });
  const code = createClay({ ...shape, kernel: kernels[0] as (typeof kernels)[number] });
  for (const { lost, ranges: expected } of ranges) {
    const plan = code.planRepair({ lost: [lost], up: others(shape, lost) });
    const found = subChunkRanges(layout, plan.helpers[0]?.runs ?? []);
    expect(found.map(({ offset, length }) => [offset, length])).toEqual(expected);
    expect(found.reduce((sum, { length }) => sum + length, 0)).toBe(layout.fragmentBytes / 3);
  }
});

test('the worked example of the specification is right', () => {
  const spec = readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8');
  const [small] = vectors.small;
  expect([small?.k, small?.m]).toEqual([3, 2]);
  const names = ['data 0    ', 'data 1    ', 'data 2    ', 'parity 0  ', 'parity 1  '];
  expect(names.filter((name, at) => !spec.includes(`${name} ${small?.cells[at]}`))).toEqual([]);
  const shipped = small?.repairs[0]?.shipped.map((hex) => `\`${hex}\``).join(', ');
  expect(spec).toContain(`others: ${shipped}`);
});
