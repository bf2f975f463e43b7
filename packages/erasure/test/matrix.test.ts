// The parity matrix against the published ones and its defining properties.

import { fromHex, toHex } from '@vauban/core';
import { expect, test } from 'vitest';
import { parityMatrix, rebuildMatrix } from '../src/matrix.ts';
import { parityCoefficient } from './oracle.ts';

test('the matrices of 6+3 and 4+2 are those of the specification', () => {
  expect(toHex(parityMatrix({ k: 6, m: 3 }))).toBe('01010101010101e197ac52c801a6c4ee5392');
  expect(toHex(parityMatrix({ k: 4, m: 2 }))).toBe('0101010101d95cac');
});

test.each([
  [1, 1],
  [1, 254],
  [254, 1],
  [2, 3],
  [127, 128],
  [128, 127],
  [200, 55],
])('%i+%i: row 0 and column 0 are ones, no entry is zero, each is the formula’s', (k, m) => {
  const matrix = parityMatrix({ k, m });
  const formula = Array.from({ length: m * k }, (_, at) =>
    parityCoefficient({ k, i: Math.floor(at / k), j: at % k }),
  );
  expect([...matrix]).toEqual(formula);
  expect(formula.slice(0, k).every((entry) => entry === 1)).toBe(true);
  expect(formula.filter((_, at) => at % k === 0).every((entry) => entry === 1)).toBe(true);
  expect(formula.includes(0)).toBe(false);
});

test('one lost data shard is the XOR of the others and parity 0', () => {
  const parity = parityMatrix({ k: 6, m: 3 });
  const rebuild = rebuildMatrix({ k: 6, parity, have: [0, 1, 3, 4, 5, 6], want: [2] });
  expect(rebuild).toEqual(fromHex('010101010101'));
});

test('a lost parity shard with all data at hand is its row of the matrix', () => {
  const parity = parityMatrix({ k: 6, m: 3 });
  const rebuild = rebuildMatrix({ k: 6, parity, have: [0, 1, 2, 3, 4, 5], want: [8] });
  expect(rebuild).toEqual(fromHex('01a6c4ee5392'));
});
