// The code once more, as SPEC.md states it and as slowly as it reads: no tables, no strips, nothing of src. Tests compare
// the package with this.

/** Product in GF(2^8), bit by bit. */
export function product(a: number, b: number): number {
  let sum = 0;
  let shifted = a;
  for (let rest = b; rest > 0; rest >>= 1) {
    if (rest & 1) sum ^= shifted;
    shifted <<= 1;
    if (shifted & 0x100) shifted ^= 0x11d;
  }
  return sum;
}

/** a^254, the inverse of a non-zero a. */
export function inverse(a: number): number {
  let power = 1;
  for (let i = 0; i < 254; i++) power = product(power, a);
  return power;
}

const inverses = Array.from({ length: 256 }, (_, a) => inverse(a));

export function parityCoefficient(o: { k: number; i: number; j: number }): number {
  const { k, i, j } = o;
  const above = product(k ^ j, k + i);
  const below = product((k + i) ^ j, k);
  return product(above, inverses[below] ?? 0);
}

/** The m parity shards of k data shards of one length. */
export function parityOf(o: { data: readonly Uint8Array[]; m: number }): Uint8Array[] {
  const k = o.data.length;
  return Array.from({ length: o.m }, (_, i) => {
    const coefficients = o.data.map((_, j) => parityCoefficient({ k, i, j }));
    return Uint8Array.from(o.data[0] ?? [], (_, at) =>
      o.data.reduce((sum, shard, j) => sum ^ product(coefficients[j] ?? 0, shard[at] ?? 0), 0),
    );
  });
}

/** All n fragments of a segment, byte by byte from the layout's definition. */
export function fragmentsOf(o: {
  k: number;
  m: number;
  cellBytes: number;
  segment: Uint8Array;
}): Uint8Array[] {
  const { k, m, cellBytes, segment } = o;
  const cells: Uint8Array[][] = Array.from({ length: k + m }, () => []);
  for (let from = 0; from < segment.length; from += k * cellBytes) {
    const left = Math.min(segment.length - from, k * cellBytes);
    const cell = 16 * Math.ceil(left / (16 * k));
    const data = Array.from({ length: k }, (_, j) =>
      Uint8Array.from({ length: cell }, (_, at) => segment[from + j * cell + at] ?? 0),
    );
    [...data, ...parityOf({ data, m })].forEach((bytes, index) => cells[index]?.push(bytes));
  }
  return cells.map((list) => Uint8Array.from(list.flatMap((bytes) => [...bytes])));
}

/** The test data of the vectors: byte b of data shard i. */
export function patternShard(o: { index: number; length: number }): Uint8Array {
  return Uint8Array.from({ length: o.length }, (_, at) => (37 * (o.index + 1) + 101 * at) & 255);
}

/** Bytes without structure, the same for the same seed. */
export function noise(o: { length: number; seed: number }): Uint8Array {
  let state = (o.seed * 0x9e3779b1 + 1) >>> 0 || 1;
  return Uint8Array.from({ length: o.length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  });
}

/** Every way to choose `count` of 0 … n−1. */
export function* choices(o: { n: number; count: number; from?: number }): Generator<number[]> {
  const { n, count, from = 0 } = o;
  if (count === 0) {
    yield [];
    return;
  }
  for (let first = from; first <= n - count; first++) {
    for (const rest of choices({ n, count: count - 1, from: first + 1 })) yield [first, ...rest];
  }
}
