// Layouts: the worked sizes of the specification, the bounds, and what is refused.

import { isFault } from '@vauban/core';
import { expect, test } from 'vitest';
import { assembleSegment, layoutOf, locate } from '../src/index.ts';

const shape = { code: 'rs', k: 6, m: 3, cellBytes: 147456 } as const;
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return isFault(error) ? `${error.kind} ${error.code}` : String(error);
  }
  return 'no fault';
};

test.each([
  // segment bytes, stripes, last cell, fragment bytes
  [17, 1, 16, 16], // one byte, sealed
  [96, 1, 16, 16],
  [97, 1, 32, 32],
  [100_048, 1, 16_688, 16_688], // 100,000 bytes in three frames
  [884_736, 1, 147_456, 147_456], // exactly one stripe
  [884_737, 2, 16, 147_472],
  [15_925_248, 18, 147_456, 2_654_208], // 324 frames
  [4_081_280, 5, 90_400, 680_224],
])('a segment of %i bytes at 6+3', (segmentBytes, stripes, lastCellBytes, fragmentBytes) => {
  expect(layoutOf({ ...shape, segmentBytes })).toEqual({
    ...shape,
    segmentBytes,
    stripes,
    lastCellBytes,
    fragmentBytes,
  });
});

test('parameters outside the code are refused', () => {
  const good = { ...shape, segmentBytes: 1000 };
  const bad = [
    { k: 0 },
    { k: 2.5 },
    { m: -1 },
    { k: 200, m: 56 },
    { k: Number.NaN },
    { cellBytes: 0 },
    { cellBytes: 24 },
    { cellBytes: 2 ** 28 + 16 },
    { segmentBytes: 0 },
    { segmentBytes: -5 },
    { segmentBytes: 1.5 },
    { segmentBytes: 2 ** 32 + 1 },
    { code: 'clay' as 'rs' },
  ];
  for (const change of bad) {
    expect([change, code(() => layoutOf({ ...good, ...change }))]).toEqual([
      change,
      'refused CODE_PARAMETERS',
    ]);
  }
  expect(code(() => layoutOf({ ...good, k: 200, m: 55 }))).toBe('no fault');
  expect(code(() => layoutOf({ ...good, m: 0 }))).toBe('no fault');
});

test('a range is located cell by cell, the last stripe with its own cell length', () => {
  const layout = layoutOf({ code: 'rs', k: 2, m: 1, cellBytes: 64, segmentBytes: 150 });
  expect([layout.stripes, layout.lastCellBytes]).toEqual([2, 16]);
  expect(locate(layout, 60, 90)).toEqual([
    { index: 0, offset: 60, length: 4 },
    { index: 1, offset: 0, length: 64 },
    { index: 0, offset: 64, length: 16 },
    { index: 1, offset: 64, length: 6 },
  ]);
  expect(locate(layout, 150, 0)).toEqual([]);
});

test('ranges outside the segment are refused', () => {
  const layout = layoutOf({ ...shape, segmentBytes: 100 });
  const ranges: [number, number][] = [
    [0, 101],
    [100, 1],
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [Number.NaN, 1],
  ];
  for (const [offset, length] of ranges) {
    expect(code(() => locate(layout, offset, length))).toBe('refused SEGMENT_RANGE');
  }
});

test('assembling wants exactly the data fragments and room for the segment', () => {
  const layout = layoutOf({ ...shape, segmentBytes: 100 });
  const fragments = Array.from({ length: 6 }, () => new Uint8Array(layout.fragmentBytes));
  const into = new Uint8Array(100);
  expect(code(() => assembleSegment(layout, fragments, into))).toBe('no fault');
  expect(code(() => assembleSegment(layout, fragments.slice(1), into))).toBe('refused FRAGMENT_LENGTH');
  expect(code(() => assembleSegment(layout, fragments.with(5, new Uint8Array(31)), into))).toBe(
    'refused FRAGMENT_LENGTH',
  );
  expect(code(() => assembleSegment(layout, fragments, new Uint8Array(99)))).toBe('refused SEGMENT_LENGTH');
});
