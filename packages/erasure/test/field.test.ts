// The field against multiplication without tables, over all pairs; and its axioms.

import { expect, test } from 'vitest';
import { divide, multiply, nibbleProducts } from '../src/field.ts';
import { inverse, product } from './oracle.ts';

const all = Array.from({ length: 256 }, (_, a) => a);
/** Failing pairs or triples: empty when the law holds, and readable when it does not. */
const pairsWhere = (wrong: (a: number, b: number) => boolean) =>
  all.flatMap((a) => all.filter((b) => wrong(a, b)).map((b) => [a, b]));

test('multiplication is the table-free one', () => {
  expect(pairsWhere((a, b) => multiply(a, b) !== product(a, b))).toEqual([]);
  expect(multiply(2, 0x80)).toBe(0x1d);
});

test('multiplication commutes, has one and zero, and division undoes it', () => {
  expect(pairsWhere((a, b) => multiply(a, b) !== multiply(b, a))).toEqual([]);
  expect(all.filter((a) => multiply(a, 1) !== a || multiply(a, 0) !== 0)).toEqual([]);
  expect(pairsWhere((a, b) => b !== 0 && divide(multiply(a, b), b) !== a)).toEqual([]);
  expect(all.filter((a) => a !== 0 && divide(1, a) !== inverse(a))).toEqual([]);
});

test('multiplication associates, and distributes over XOR', () => {
  for (const c of [1, 2, 3, 0x1d, 0x80, 0x8e, 0xf4, 0xff]) {
    expect(pairsWhere((a, b) => multiply(multiply(a, b), c) !== multiply(a, multiply(b, c)))).toEqual([]);
    expect(pairsWhere((a, b) => multiply(a ^ b, c) !== (multiply(a, c) ^ multiply(b, c)))).toEqual([]);
  }
});

test('2 generates all 255 non-zero elements', () => {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = multiply(power, 2)) powers.add(power);
  expect(powers.size).toBe(255);
});

test('two nibble products add up to the product', () => {
  const tables = nibbleProducts();
  const look = (c: number, at: number) => tables[c * 32 + at] ?? -1;
  expect(pairsWhere((c, x) => (look(c, x & 15) ^ look(c, 16 + (x >> 4))) !== product(c, x))).toEqual([]);
});
