// Whoever was no help is left out for a while, not for ever.

import { expect, test } from 'vitest';
import { LeftOut } from '../src/repair/left-out.ts';

test('helpers are remembered by segment, for ten minutes from the first failure', () => {
  let now = 0;
  const useless = new LeftOut({ monotonic: () => now });
  useless.of('a').add('3/h3');
  now = 599_999;
  expect([...useless.of('a')]).toEqual(['3/h3']);
  expect([...useless.of('b')]).toEqual([]);
  now = 600_000;
  expect([...useless.of('a')]).toEqual([]);
});

test('a lost site puts no more segments here than are worth remembering', () => {
  const useless = new LeftOut({ monotonic: () => 0 });
  for (let nth = 0; nth <= 10_000; nth++) useless.of(`${nth}`).add('0/h0');
  expect(useless.of('10000').size).toBe(1);
  expect(useless.of('1').size).toBe(1);
  expect(useless.of('0').size).toBe(0);
});
