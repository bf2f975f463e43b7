// Writes clay.json, the test vectors of SPEC.md, from the package itself:
//   node packages/erasure/vectors/generate-clay.ts
// Once a version is released its vectors are frozen: a difference in git after running this is an incompatible change.

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { toHex } from '@vauban/core';
import { type ErasureCode, createErasureCode, layoutOf, subChunkRanges } from '../src/index.ts';

const codes = [
  [3, 2],
  [4, 2],
  [5, 4],
  [6, 3],
  [7, 3],
  [10, 4],
] as const;

/** Byte b of data node i is (37·(i+1) + 101·b) & 255. */
function cellsOf(code: ErasureCode, subChunkBytes: number): Uint8Array[] {
  const cells = Array.from({ length: code.n }, (_, index) =>
    index < code.k
      ? Uint8Array.from(
          { length: subChunkBytes * code.subChunks },
          (_, at) => (37 * (index + 1) + 101 * at) & 255,
        )
      : new Uint8Array(subChunkBytes * code.subChunks),
  );
  const have = cells.slice(0, code.k).map((bytes, index) => ({ index, bytes }));
  const want = Array.from({ length: code.m }, (_, i) => code.k + i);
  code.decode({ have, want, into: cells.slice(code.k) });
  return cells;
}

const othersThan = (code: ErasureCode, lost: number) =>
  Array.from({ length: code.n }, (_, index) => index).filter((index) => index !== lost);

const small = codes
  .filter(([k, m]) => k * m <= 18)
  .map(([k, m]) => {
    const code = createErasureCode('clay', k, m);
    const cells = cellsOf(code, 1);
    const repairs = cells.map((_, lost) => {
      const { helpers } = code.planRepair({ lost: [lost], up: othersThan(code, lost) });
      const runs = (helpers[0]?.runs ?? []).map(({ first, count }) => [first, count]);
      const shipped = helpers.map(({ index }) =>
        runs
          .map(([first = 0, count = 0]) =>
            toHex(cells[index]?.subarray(first, first + count) ?? new Uint8Array(0)),
          )
          .join(''),
      );
      return { lost, runs, shipped };
    });
    return { k, m, subChunks: code.subChunks, subChunkBytes: 1, cells: cells.map(toHex), repairs };
  });

const digests = codes.map(([k, m]) => {
  const code = createErasureCode('clay', k, m);
  const sha256 = cellsOf(code, 16).map((cell) => createHash('sha256').update(cell).digest('hex'));
  return { k, m, subChunks: code.subChunks, subChunkBytes: 16, sha256 };
});

const layouts = [
  { k: 6, m: 3, cellBytes: 27 * 4_096, segmentBytes: 1_000_003 },
  { k: 6, m: 3, cellBytes: 27 * 16_384, segmentBytes: 4_081_280 },
  { k: 6, m: 3, cellBytes: 27 * 16_384, segmentBytes: 15_925_248 },
].map((shape) => {
  const layout = layoutOf({ code: 'clay', ...shape });
  const code = createErasureCode('clay', shape.k, shape.m);
  const ranges = [0, 4, 8].map((lost) => {
    const { helpers } = code.planRepair({ lost: [lost], up: othersThan(code, lost) });
    const ranged = subChunkRanges(layout, helpers[0]?.runs ?? []);
    return { lost, ranges: ranged.map(({ offset, length }) => [offset, length]) };
  });
  const { stripes, lastCellBytes, fragmentBytes } = layout;
  return { ...shape, stripes, lastCellBytes, fragmentBytes, ranges };
});

const vectors = {
  format: 'vauban/erasure/0',
  data: 'byte b of the cell of data node i is (37*(i+1) + 101*b) & 255',
  small,
  digests,
  layouts,
};
writeFileSync(new URL('clay.json', import.meta.url), `${JSON.stringify(vectors, null, 1)}\n`);
