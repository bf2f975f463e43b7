// The forecast's own dice: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 2021),
// seeded by SplitMix32 steps. Not for keys. The same seed gives the same numbers on every machine.

const UNIT = 2 ** -53;

export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Any whole number; of it, 53 bits count. */
  constructor(seed: number) {
    let x = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
    const next = () => {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** Dice of their own for one part of the work, the same for the same order of calls. */
  fork(): Dice {
    return new Dice(this.#word() * 2 ** 21 + (this.#word() >>> 11));
  }

  /** In (0, 1): never 0, never 1. */
  unit(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 67_108_864 + low + 0.5) * UNIT;
  }

  /** Exponentially distributed, by its mean. */
  exponential(mean: number): number {
    return -Math.log(this.unit()) * mean;
  }

  /** A whole number of 0 … n − 1. */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }

  /** So many bytes, for seeds of placements. */
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#word() >>> 24);
  }

  #word(): number {
    const five = Math.imul(this.#b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }
}
