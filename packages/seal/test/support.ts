// What the tests of this package share: patterned bytes, a scripted random port, and catching a fault.

import { readFileSync } from 'node:fs';
import { type Fault, fromHex, isFault, type Random, toHex } from '@vauban/core';

/** Bytes without a short period, the same in every language: byte i = (7·i + ⌊i / 251⌋) mod 256. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (7 * i + Math.floor(i / 251)) & 255);
}

/** `count` bytes counting up from `first`. */
export function counting(first: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (first + i) & 255);
}

export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (!bytes) throw new Error(`not hex: ${hex}`);
  return bytes;
}

/** A random port that gives out the listed draws, in order, and insists on their lengths. */
export function scriptedRandom(...draws: readonly Uint8Array[]): Random {
  const left = [...draws];
  return {
    bytes(length) {
      const next = left.shift();
      if (next?.length !== length) throw new Error(`unexpected draw of ${length} bytes`);
      return next;
    },
  };
}

/** The fault that `run` throws; anything else fails the test. */
export function faultOf(run: () => unknown): Fault {
  try {
    run();
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
  throw new Error('no fault was thrown');
}

export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}

/** vectors/<name>.json; byte strings stand there as {"hex": …}. */
export function vectors<T>(name: string): T {
  const text = readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text, (_key, value) =>
    typeof value?.hex === 'string' ? bytesOf(value.hex) : value,
  ) as T;
}

export { toHex };
