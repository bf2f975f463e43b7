// The bytes behind the rank: vectors another language must reproduce, and the logarithm against floating point.

import { readFileSync } from 'node:fs';
import { fromHex } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { choose } from '../src/index.ts';
import { compareDraws, draw, negativeLog2 } from '../src/rendezvous.ts';
import { vectorCase } from './vectors.ts';

interface Vectors {
  readonly draws: readonly { seed: string; daemon: string; weight: number; cost: string; order: string }[];
  readonly logs: readonly { h: string; cost: string }[];
  readonly choices: readonly ReturnType<typeof vectorCase>['vector'][];
}
const vectors = JSON.parse(
  readFileSync(new URL('vectors/rendezvous.json', import.meta.url), 'utf8'),
) as Vectors;

describe('rendezvous', () => {
  test('draws of the vector file', () => {
    expect(vectors.draws.length).toBeGreaterThan(5);
    for (const one of vectors.draws) {
      const made = draw(nodeCrypto, fromHex(one.seed) as Uint8Array, one);
      expect([made.cost.toString(), made.order.toString(16).padStart(16, '0')]).toEqual([
        one.cost,
        one.order,
      ]);
    }
  });

  test('logarithms of the vector file', () => {
    for (const one of vectors.logs) expect(negativeLog2(BigInt(`0x${one.h}`)).toString()).toBe(one.cost);
  });

  test('choices of the vector file', () => {
    expect(vectors.choices.length).toBeGreaterThan(3);
    for (const one of vectors.choices) {
      const { k, m, daemons } = choose(vectorCase(one).options);
      expect({ k, m, daemons }).toEqual(one.chosen);
    }
  });

  test('the logarithm is right to 2⁻³² or so', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (h) => {
        const exact = 64 - Math.log2(Number(h | 1n));
        expect(Math.abs(Number(negativeLog2(h)) / 2 ** 32 - exact)).toBeLessThan(2 ** -31);
      }),
    );
    expect(negativeLog2(0n)).toBe(64n << 32n);
    expect(negativeLog2((1n << 64n) - 1n)).toBe(1n);
    // The low bit that keeps h from being zero is below the last bit kept.
    expect(negativeLog2(1n << 63n)).toBe(1n << 32n);
  });

  test('cost over weight is compared exactly, where doubles would tie', () => {
    const one = { daemon: 'a'.repeat(32), order: 0n };
    const a = { ...one, cost: 1n << 37n, weight: (1n << 53n) - 1n };
    const b = { ...one, cost: 1n << 37n, weight: (1n << 53n) - 2n };
    expect(compareDraws(a, b)).toBe(-1);
    expect(compareDraws(b, a)).toBe(1);
  });
});
