import { describe, expect, test } from 'vitest';
import {
  CELL_BYTES,
  type CodeName,
  codingOf,
  codingProblem,
  granuleBytesOf,
  isCodedBy,
  LEAF_BYTES,
  subChunksOf,
} from '../src/index.ts';

const CLAY_CELL = 27 * LEAF_BYTES;
const clay = { code: 'clay', cellBytes: CLAY_CELL } as const;
const rs = { code: 'rs', cellBytes: CELL_BYTES } as const;

describe('the parts of a cell', () => {
  test.each<[CodeName, number, number, number | undefined]>([
    ['rs', 6, 3, 1],
    ['clay', 3, 2, 8],
    ['clay', 6, 3, 27],
    ['clay', 10, 4, 256],
    ['clay', 12, 3, 243],
    ['clay', 13, 3, undefined],
    ['clay', 6, 1, undefined],
    ['clay', 2, 0, undefined],
  ])('%s %i+%i: %s', (code, k, m, parts) => {
    expect(subChunksOf({ code, k, m })).toBe(parts);
    expect(granuleBytesOf({ code, k, m })).toBe(parts && 16 * parts);
  });
});

describe('a policy of clay', () => {
  test('codes what is shorter than a stripe with rs, in cells of three frames', () => {
    expect(codingOf(clay, { k: 6, bytes: 6 * CLAY_CELL - 1 })).toEqual(rs);
    expect(codingOf(clay, { k: 6, bytes: 6 * CLAY_CELL })).toEqual(clay);
    expect(codingOf(clay, { k: 5, bytes: 5 * CLAY_CELL })).toEqual(clay);
    expect(codingOf(rs, { k: 6, bytes: 1e7 })).toEqual(rs);
  });

  test.each([
    [clay, 1, CLAY_CELL, true],
    [clay, 2, 432, true],
    [clay, 1, CLAY_CELL - 432, false],
    [{ ...clay, cellBytes: 2 * CLAY_CELL }, 2, 432, false],
    [rs, 1, 16, true],
    [rs, 3, CELL_BYTES, true],
    [rs, 4, 16, false],
    [{ ...rs, cellBytes: CLAY_CELL }, 1, 16, false],
  ])('of a segment in %j, %i stripes, a last cell of %i: %s', (coding, stripes, lastCellBytes, is) => {
    expect(isCodedBy(clay, { ...coding, stripes, lastCellBytes })).toBe(is);
  });

  test('a policy of rs codes nothing otherwise', () => {
    expect(isCodedBy(rs, { ...rs, stripes: 1, lastCellBytes: 16 })).toBe(true);
    expect(isCodedBy(rs, { ...clay, stripes: 1, lastCellBytes: CLAY_CELL })).toBe(false);
    expect(isCodedBy(rs, { ...rs, cellBytes: LEAF_BYTES, stripes: 1, lastCellBytes: 16 })).toBe(false);
  });

  test.each([
    [{}, undefined],
    [{ k: 5 }, undefined],
    [{ k: 3 }, undefined],
    [{ cellBytes: 2 * CLAY_CELL }, undefined],
    [{ cellBytes: 12 * CLAY_CELL }, 'a stripe of 6 cells is longer than a segment of 324 frames'],
    [{ segmentFrames: 53 }, 'a stripe of 6 cells is longer than a segment of 53 frames'],
    [{ segmentFrames: 54 }, undefined],
    [{ cellBytes: CELL_BYTES }, 'cells must be 27 equal parts of whole leaves of 16384 bytes'],
    [{ k: 13 }, 'there is no clay code of 13 + 3'],
    [{ m: 1 }, 'there is no clay code of 6 + 1'],
    [{ code: 'rs' as const, cellBytes: 16_000 }, 'cells must be whole leaves of 16384 bytes'],
    [{ code: 'rs' as const }, undefined],
  ])('with %j: %s', (change, problem) => {
    expect(codingProblem({ ...clay, k: 6, m: 3, segmentFrames: 324, ...change })).toBe(problem);
  });
});
