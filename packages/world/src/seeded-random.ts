// Randomness that is a function of the world's seed and a name: each party draws from a stream of its own, so that
// what one does never shifts what another draws. No secret lies behind it.

import { type Crypto, type Random, utf8 } from '@vauban/core';

/** The stream of `name` in the world of `seed` (sfc32, C. Doty-Humphrey's small fast counter generator). */
export function seededRandom(crypto: Crypto, seed: number, name: string): Random {
  const start = crypto.sha256(utf8(`vauban/world-random/0\n${seed}\n${name}`));
  const view = new DataView(start.buffer, start.byteOffset, 32);
  let [a, b, c, d] = [view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12)];
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum;
  };
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += 4) {
        const word = next();
        for (let i = 0; i < 4 && at + i < length; i++) bytes[at + i] = word >>> (8 * i);
      }
      return bytes;
    },
  };
}

/** The 32-byte seed of a key that the world gives to `name`. */
export function keySeed(crypto: Crypto, seed: number, name: string): Uint8Array {
  return crypto.sha256(utf8(`vauban/world-key/0\n${seed}\n${name}`));
}
