// A floor that would end a drill at once is refused before anything burns.

import { isFault } from '@vauban/core';
import { expect, test } from 'vitest';
import { policyOf } from '../../placement/test/charters.ts';
import { checkFloor } from '../src/index.ts';

const charter = { policies: [policyOf(6, 3), policyOf(3, 2)] };

test.each<[floor: number | null, margin: number | null, code: string]>([
  [null, -1, 'none'],
  [3, 3, 'none'],
  [3, null, 'none'],
  [4, null, 'MARGIN_UNKNOWN'],
  [256, 3, 'MARGIN_UNKNOWN'],
  [3, 2, 'MARGIN_LOW'],
  [0, -1, 'MARGIN_LOW'],
])('a floor of %s with a margin of %s: %s', (floor, margin, code) => {
  let found = 'none';
  try {
    checkFloor(floor, charter, margin);
  } catch (error) {
    found = isFault(error) ? error.code : 'another';
  }
  expect(found).toBe(code);
});
