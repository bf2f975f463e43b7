// Clay codes on every kernel: the definition holds, every loss up to m is rebuilt, and helpers ship what theory says and
// nothing more.

import { equalBytes, isFault } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { createClay } from '../src/clay.ts';
import type { ErasureCode, RepairPlan } from '../src/code.ts';
import { createKernel } from '../src/create.ts';
import { createErasureCode, layoutOf } from '../src/index.ts';
import { brokenEquations } from './clay-oracle.ts';
import { choices, noise } from './oracle.ts';

const kernels = (['scalar', 'simd', 'relaxed-simd'] as const).map(createKernel);

/** Cells of a random codeword, sub-chunks of so many bytes. */
function codeword(code: ErasureCode, subChunkBytes: number): Uint8Array[] {
  const { k, m, n, subChunks } = code;
  const cellBytes = Math.ceil(subChunkBytes / 16) * 16 * subChunks;
  const segment = noise({ length: k * cellBytes, seed: 100 * k + m });
  const layout = layoutOf({ code: 'clay', k, m, cellBytes, segmentBytes: segment.length });
  const cells = Array.from({ length: n }, () => new Uint8Array(cellBytes).fill(0x55));
  code.encodeSegment(layout, segment, cells);
  // Fewer bytes of each sub-chunk are a codeword too: the code acts on each byte by itself.
  return cells.map((cell) => {
    const part = new Uint8Array(subChunkBytes * subChunks);
    for (let z = 0; z < subChunks; z++)
      part.set(cell.subarray((z * cellBytes) / subChunks).subarray(0, subChunkBytes), z * subChunkBytes);
    return part;
  });
}

const indicesBut = (n: number, gone: readonly number[]) =>
  Array.from({ length: n }, (_, index) => index).filter((index) => !gone.includes(index));

const rooms = (count: number, length: number) =>
  Array.from({ length: count }, () => new Uint8Array(length).fill(0x77));

/** Which of `lost` come out wrong when decoded from these. */
function wronglyDecoded(
  code: ErasureCode,
  o: { cells: readonly Uint8Array[]; from: readonly number[]; lost: readonly number[] },
): number[] {
  const into = rooms(o.lost.length, o.cells[0]?.length ?? 0);
  const have = o.from.map((index) => ({ index, bytes: o.cells[index] as Uint8Array }));
  code.decode({ have, want: o.lost, into });
  return o.lost.filter((index, i) => !equalBytes(into[i] as Uint8Array, o.cells[index] as Uint8Array));
}

/** What the helpers of a plan ship of their cells. */
function shippedBy(plan: RepairPlan, cells: readonly Uint8Array[], subChunkBytes: number) {
  return plan.helpers.map(({ index, runs }) => ({
    index,
    bytes: Buffer.concat(
      runs.map(({ first, count }) =>
        (cells[index] as Uint8Array).subarray(first * subChunkBytes, (first + count) * subChunkBytes),
      ),
    ),
  }));
}

/** Repairs as planned; returns the plan and which of the lost come out wrong. */
function repaired(
  code: ErasureCode,
  o: {
    cells: readonly Uint8Array[];
    lost: readonly number[];
    up: readonly number[];
    wanted?: { first: number; count: number };
  },
) {
  const { cells, ...wish } = o;
  const plan = code.planRepair(wish);
  const subChunkBytes = (cells[0]?.length ?? 0) / code.subChunks;
  const { first, count } = plan.wanted;
  const into = rooms(o.lost.length, count * subChunkBytes);
  const shipped = shippedBy(plan, cells, subChunkBytes);
  code.repair({ plan, shipped, into });
  const wrong = o.lost.filter((index, i) => {
    const right = (cells[index] as Uint8Array).subarray(
      first * subChunkBytes,
      (first + count) * subChunkBytes,
    );
    return !equalBytes(into[i] as Uint8Array, right);
  });
  const shippedBytes = shipped.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { plan, wrong, ratio: shippedBytes / (o.lost.length * count * subChunkBytes) };
}

describe.each(kernels)('$name', (kernel) => {
  test.each([
    [3, 2, 8, 15],
    [4, 2, 8, 21],
    [5, 4, 64, 255],
    [6, 3, 27, 129],
    [7, 3, 81, 175],
  ])('clay %i+%i: %i sub-chunks, all %4$i patterns of losses', (k, m, subChunks, all) => {
    const code = createClay({ k, m, kernel });
    expect(code).toMatchObject({ name: 'clay', n: k + m, subChunks, granuleBytes: 16 * subChunks });
    const cells = codeword(code, 3);
    expect(brokenEquations(code, cells)).toBe(0);
    let patterns = 0;
    for (let count = 1; count <= m; count++) {
      for (const lost of choices({ n: code.n, count })) {
        expect(wronglyDecoded(code, { cells, from: indicesBut(code.n, lost), lost })).toEqual([]);
        patterns++;
      }
    }
    expect(patterns).toBe(all);
  });

  test.each([
    [3, 2, 2],
    [4, 2, 2.5],
    [5, 4, 2],
    [6, 3, 8 / 3],
    [7, 3, 3],
  ])('clay %i+%i: one lost is rebuilt from %f of what was lost', (k, m, ratio) => {
    const code = createClay({ k, m, kernel });
    const cells = codeword(code, 2);
    for (let lost = 0; lost < code.n; lost++) {
      const found = repaired(code, { cells, lost: [lost], up: indicesBut(code.n, [lost]) });
      expect(found.wrong).toEqual([]);
      expect(found.ratio).toBeCloseTo(ratio, 10);
      expect(found.plan).toMatchObject({ way: 'column', readRatio: found.ratio });
      expect(found.plan.helpers).toHaveLength(code.n - 1);
    }
  });
});

describe('clay 10+4', () => {
  const code = createErasureCode('clay', 10, 4);
  const cells = codeword(code, 2);

  test('is a codeword, survives sampled losses and repairs each node from 3.25 of it', () => {
    expect(code.subChunks).toBe(256);
    expect(brokenEquations(code, cells)).toBe(0);
    const patterns = [...choices({ n: 14, count: 4 })].filter((_, nth) => nth % 25 === 0);
    for (const lost of [...patterns, [3], [0, 13], [4, 5, 6]]) {
      expect(wronglyDecoded(code, { cells, from: indicesBut(14, lost), lost })).toEqual([]);
    }
    for (let lost = 0; lost < 14; lost++) {
      const found = repaired(code, { cells, lost: [lost], up: indicesBut(14, [lost]) });
      expect(found).toMatchObject({ wrong: [], ratio: 3.25 });
    }
  });
});

describe('clay 6+3', () => {
  const code = createErasureCode('clay', 6, 3);
  const cells = codeword(code, 5);

  test('is decoded from any six, given in any order, whatever else is at hand', () => {
    expect(wronglyDecoded(code, { cells, from: [8, 3, 7, 1, 6, 5], lost: [0, 4, 2] })).toEqual([]);
    expect(wronglyDecoded(code, { cells, from: [8, 3, 7, 1, 6, 5], lost: [2] })).toEqual([]);
    expect(wronglyDecoded(code, { cells, from: indicesBut(9, [4]), lost: [4] })).toEqual([]);
    expect(wronglyDecoded(code, { cells, from: [0, 1, 2, 3, 4, 5], lost: [5, 8, 0] })).toEqual([]);
    expect(wronglyDecoded(code, { cells, from: [0, 1, 2, 3, 4, 5], lost: [] })).toEqual([]);
  });

  test.each([
    [[0, 1], 7 / 3, 'column'],
    [[3, 5], 7 / 3, 'column'],
    [[7, 8], 7 / 3, 'column'],
    [[0, 1, 2], 2, 'cells'],
    [[0, 3], 3, 'cells'],
    [[2, 4, 8], 2, 'cells'],
  ])('losing %j is repaired from %f of it: by %s', (lost, ratio, way) => {
    const found = repaired(code, { cells, lost, up: indicesBut(9, lost) });
    expect(found.wrong).toEqual([]);
    expect(found.ratio).toBeCloseTo(ratio, 10);
    expect(found.plan.way).toBe(way);
  });

  test.each([
    [0, 1, 14 / 3, 'column'],
    [0, 3, 6, 'cells'],
    [8, 6, 14 / 3, 'column'],
  ])('losing %i while %i does not answer takes %f', (lost, silent, ratio, way) => {
    const found = repaired(code, { cells, lost: [lost], up: indicesBut(9, [lost, silent]) });
    expect(found.wrong).toEqual([]);
    expect(found.ratio).toBeCloseTo(ratio, 10);
    expect(found.plan.way).toBe(way);
  });

  test('helpers read few runs when the lost node is in the first column, many small ones in the last', () => {
    const runsOf = (lost: number) =>
      code.planRepair({ lost: [lost], up: indicesBut(9, [lost]) }).helpers[0]?.runs;
    expect(runsOf(1)).toEqual([{ first: 9, count: 9 }]);
    expect(runsOf(4)).toEqual([
      { first: 3, count: 3 },
      { first: 12, count: 3 },
      { first: 21, count: 3 },
    ]);
    expect(runsOf(8)).toHaveLength(9);
  });

  test('every sub-chunk of every node comes from 10 or 11 others', () => {
    const read = new Set<number>();
    for (let lost = 0; lost < 9; lost++) {
      for (let first = 0; first < 27; first++) {
        const wish = { cells, lost: [lost], up: indicesBut(9, [lost]), wanted: { first, count: 1 } };
        const found = repaired(code, wish);
        expect(found.wrong).toEqual([]);
        expect(found.plan.way).toBe('sub-chunks');
        expect(found.plan.helpers.every(({ runs }) => runs.length > 0)).toBe(true);
        read.add(found.ratio);
      }
    }
    expect([...read].sort((a, b) => a - b)).toEqual([10, 11]);
  });

  test('several sub-chunks are read together, and a part of the cell never costs more than all of it', () => {
    for (const count of [2, 3, 6, 9, 14, 20, 26]) {
      for (const [lost, first] of [
        [0, 0],
        [4, 1],
        [8, 27 - count],
      ] as const) {
        const wish = { cells, lost: [lost], up: indicesBut(9, [lost]), wanted: { first, count } };
        const found = repaired(code, wish);
        expect(found.wrong).toEqual([]);
        expect(found.ratio * count).toBeLessThanOrEqual(72);
        expect(found.ratio).toBeLessThanOrEqual(count === 2 ? 11 : 10);
      }
    }
    const wish = { cells, lost: [3], up: indicesBut(9, [3, 7]), wanted: { first: 5, count: 2 } };
    expect(repaired(code, wish)).toMatchObject({ wrong: [], plan: { way: 'cells' } });
  });

  test('a wrong bit in anything shipped shows in the result', () => {
    const lost = 4;
    const plan = code.planRepair({ lost: [lost], up: indicesBut(9, [lost]) });
    const shipped = shippedBy(plan, cells, 5);
    for (const [at, { index, bytes }] of shipped.entries()) {
      for (let part = 0; part < 9; part++) {
        const bent = bytes.slice();
        bent[part * 5 + 2] = (bent[part * 5 + 2] as number) ^ 0x10;
        const into = rooms(1, 27 * 5);
        code.repair({ plan, shipped: shipped.with(at, { index, bytes: bent }), into });
        expect(equalBytes(into[0] as Uint8Array, cells[lost] as Uint8Array)).toBe(false);
      }
    }
  });

  test('what cannot be planned, repaired or decoded is refused with its facts', () => {
    const fault = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        return isFault(error) ? `${error.kind} ${error.code} ${JSON.stringify(error.facts)}` : String(error);
      }
      return 'no fault';
    };
    const up = indicesBut(9, [4]);
    expect(fault(() => code.planRepair({ lost: [4], up: up.slice(0, 5) }))).toBe(
      'refused TOO_FEW_SHARDS {"wanted":6,"found":5}',
    );
    expect(fault(() => code.planRepair({ lost: [4], up: [...up, 4] }))).toMatch('SHARD_INDEX');
    expect(fault(() => code.planRepair({ lost: [9], up }))).toMatch('SHARD_INDEX');
    expect(fault(() => code.planRepair({ lost: [4], up, wanted: { first: 26, count: 2 } }))).toBe(
      'refused SUB_CHUNK_RANGE {"first":26,"count":2,"subChunks":27}',
    );
    const plan = code.planRepair({ lost: [4], up });
    const shipped = shippedBy(plan, cells, 5);
    const repair = (parts: typeof shipped, ...lengths: number[]) =>
      fault(() =>
        code.repair({ plan, shipped: parts, into: lengths.map((length) => new Uint8Array(length)) }),
      );
    expect(repair(shipped, 135)).toBe('no fault');
    expect(repair(shipped.slice(1), 135)).toMatch('SHARD_INDEX');
    expect(repair([...shipped.slice(1), { index: 4, bytes: Buffer.alloc(45) }], 135)).toMatch('SHARD_INDEX');
    expect(repair(shipped, 134)).toMatch('SHARD_LENGTH');
    expect(repair(shipped, 135, 135)).toMatch('SHARD_LENGTH');
    expect(repair(shipped.with(0, { index: 0, bytes: Buffer.alloc(44) }), 135)).toMatch('SHARD_LENGTH');
    const have = up.map((index) => ({ index, bytes: new Uint8Array(28) }));
    expect(fault(() => code.decode({ have, want: [4], into: [new Uint8Array(28)] }))).toBe(
      'refused SHARD_LENGTH {"cellBytes":28,"subChunks":27}',
    );
    for (const [k, m] of [
      [6, 1],
      [6, 0],
      [13, 3],
      [11, 5],
      [0, 3],
      [250, 5],
    ] as const) {
      expect(fault(() => createErasureCode('clay', k, m))).toMatch('CODE_PARAMETERS');
    }
  });
});
