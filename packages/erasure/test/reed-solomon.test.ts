// The promise of the code: from any k shards every other one, exactly; and what it refuses.

import { isFault } from '@vauban/core';
import { expect, test } from 'vitest';
import { createKernel } from '../src/create.ts';
import { createErasureCode, type ErasureCode, layoutOf } from '../src/index.ts';
import { createReedSolomon } from '../src/reed-solomon.ts';
import { choices, noise, parityOf } from './oracle.ts';

const relaxed = createKernel('relaxed-simd');
const kernels = [createKernel('scalar'), createKernel('simd'), relaxed];

/** All n shards of `length` bytes, the parity from the definition. */
function shardsOf(o: { k: number; m: number; length: number }): Uint8Array[] {
  const data = Array.from({ length: o.k }, (_, index) => noise({ length: o.length, seed: index }));
  return [...data, ...parityOf({ data, m: o.m })];
}

/** What decode makes of `want` when only `present` are at hand, given in that order. */
function rebuilt(
  code: ErasureCode,
  o: { shards: readonly Uint8Array[]; present: readonly number[]; want: readonly number[] },
): Uint8Array[] {
  const have = o.present.map((index) => ({ index, bytes: o.shards[index] as Uint8Array }));
  const into = o.want.map((index) => new Uint8Array((o.shards[index] as Uint8Array).length).fill(0x55));
  code.decode({ have, want: o.want, into });
  return into;
}

/** A shuffle of 0 … n−1 that depends on the seed only. */
function shuffled(o: { n: number; seed: number }): number[] {
  const keys = noise({ length: o.n * 2, seed: o.seed });
  const key = (index: number) => (keys[2 * index] as number) * 256 + (keys[2 * index + 1] as number);
  return Array.from({ length: o.n }, (_, index) => index).sort((a, b) => key(a) - key(b) || a - b);
}

for (const kernel of kernels) {
  test.each([
    [6, 3, 129],
    [4, 2, 21],
    [3, 2, 15],
    [2, 1, 3],
  ])(`${kernel.name}: %i+%i survives every pattern of losses, %i in all`, (k, m, all) => {
    const code = createReedSolomon({ k, m, kernel });
    const shards = shardsOf({ k, m, length: 45 });
    let patterns = 0;
    for (let count = 1; count <= m; count++) {
      for (const lost of choices({ n: k + m, count })) {
        const present = shards.map((_, index) => index).filter((index) => !lost.includes(index));
        expect(rebuilt(code, { shards, present, want: lost })).toEqual(lost.map((index) => shards[index]));
        patterns++;
      }
    }
    expect(patterns).toBe(all);
  });
}

test.each([
  [29, 51],
  [200, 55],
  [1, 254],
  [254, 1],
  [127, 128],
  [10, 4],
])('%i+%i survives sampled patterns of m losses', (k, m) => {
  const code = createErasureCode('rs', k, m);
  const shards = shardsOf({ k, m, length: 35 });
  for (let seed = 1; seed <= 12; seed++) {
    const order = shuffled({ n: k + m, seed });
    const want = order.slice(k);
    expect(rebuilt(code, { shards, present: order.slice(0, k), want })).toEqual(
      want.map((index) => shards[index]),
    );
  }
});

test('no losses, all parity lost, and shards at hand are all served', () => {
  const code = createErasureCode('rs', 6, 3);
  const shards = shardsOf({ k: 6, m: 3, length: 100 });
  const all = shards.map((_, index) => index);
  expect(rebuilt(code, { shards, present: all, want: all })).toEqual(shards);
  expect(rebuilt(code, { shards, present: [0, 1, 2, 3, 4, 5], want: [6, 7, 8] })).toEqual(shards.slice(6));
  expect(rebuilt(code, { shards, present: [8, 3, 7, 1, 6, 5], want: [7, 0, 8, 4] })).toEqual(
    [7, 0, 8, 4].map((index) => shards[index]),
  );
  expect(rebuilt(code, { shards, present: all, want: [] })).toEqual([]);
});

test('any length and alignment decodes, across strips and to the byte', () => {
  const code = createErasureCode('rs', 3, 2);
  const long = Array.from({ length: 3 }, (_, index) => noise({ length: 800_001, seed: index + 7 }));
  const layout = layoutOf({ code: 'rs', k: 3, m: 2, cellBytes: 800_016, segmentBytes: 3 * 800_016 });
  const segment = new Uint8Array(layout.segmentBytes);
  long.forEach((bytes, index) => segment.set(bytes, index * 800_016));
  const fragments = Array.from({ length: 5 }, () => new Uint8Array(layout.fragmentBytes));
  code.encodeSegment(layout, segment, fragments);
  for (const [from, to] of [
    [0, 800_001],
    [3, 3],
    [5, 6],
    [799_999, 800_001],
    [17, 400_000],
  ] as const) {
    const shards = fragments.map((bytes) => bytes.subarray(from, to));
    const room = new Uint8Array(2 * (to - from) + 3).fill(0x77);
    const into = [room.subarray(1, 1 + to - from), room.subarray(2 + to - from, 2 + 2 * (to - from))];
    const have = [1, 3, 4].map((index) => ({ index, bytes: shards[index] as Uint8Array }));
    code.decode({ have, want: [2, 0], into });
    expect(Buffer.compare(into[0] as Uint8Array, shards[2] as Uint8Array)).toBe(0);
    expect(Buffer.compare(into[1] as Uint8Array, shards[0] as Uint8Array)).toBe(0);
    const between = [room[0], room[1 + to - from], room.at(-1)];
    expect(between).toEqual([0x77, 0x77, 0x77]);
  }
});

test('parity of strips and stripes is the definition’s at the bytes where they meet', () => {
  const code = createErasureCode('rs', 2, 2);
  const cellBytes = 500_000;
  const segment = noise({ length: 2 * cellBytes + 700_001, seed: 3 });
  const layout = layoutOf({ code: 'rs', k: 2, m: 2, cellBytes, segmentBytes: segment.length });
  const fragments = Array.from({ length: 4 }, () => new Uint8Array(layout.fragmentBytes));
  code.encodeSegment(layout, segment, fragments);
  const data = fragments.slice(0, 2);
  for (let at = 0; at < layout.fragmentBytes; at += 61) {
    const column = data.map((bytes) => bytes.slice(at, at + 1));
    const expected = parityOf({ data: column, m: 2 }).map((bytes) => bytes[0]);
    if (fragments[2]?.[at] === expected[0] && fragments[3]?.[at] === expected[1]) continue;
    expect([at, fragments[2]?.[at], fragments[3]?.[at]]).toEqual([at, ...expected]);
  }
});

test('a missing tail of the segment counts as zeros, whatever the fragments held', () => {
  const code = createErasureCode('rs', 4, 2);
  const layout = layoutOf({ code: 'rs', k: 4, m: 2, cellBytes: 64, segmentBytes: 600 });
  const encode = (segment: Uint8Array) => {
    const fragments = Array.from({ length: 6 }, () => new Uint8Array(layout.fragmentBytes).fill(0xee));
    code.encodeSegment(layout, segment, fragments);
    return fragments;
  };
  for (const present of [0, 1, 63, 64, 300, 599]) {
    const padded = new Uint8Array(600);
    const segment = noise({ length: present, seed: 5 });
    padded.set(segment);
    expect(encode(segment)).toEqual(encode(padded));
  }
});

test('more patterns than the plans kept still decode, in any order', () => {
  const code = createReedSolomon({ k: 6, m: 3, kernel: relaxed });
  const shards = shardsOf({ k: 6, m: 3, length: 16 });
  const patterns = [
    ...choices({ n: 9, count: 3 }),
    ...choices({ n: 9, count: 2 }),
    ...choices({ n: 9, count: 1 }),
  ];
  for (const lost of [...patterns, ...patterns.toReversed(), ...patterns]) {
    const present = shards.map((_, index) => index).filter((index) => !lost.includes(index));
    expect(rebuilt(code, { shards, present, want: lost })).toEqual(lost.map((index) => shards[index]));
  }
});

test('two codes that share one kernel do not disturb each other', () => {
  const wide = createErasureCode('rs', 6, 3);
  const narrow = createErasureCode('rs', 2, 1);
  const [a, b] = [shardsOf({ k: 6, m: 3, length: 50 }), shardsOf({ k: 2, m: 1, length: 50 })];
  for (let i = 0; i < 3; i++) {
    const lost = [i, i + 1, i + 5];
    const present = [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((index) => !lost.includes(index));
    expect(rebuilt(wide, { shards: a, present, want: lost })).toEqual(lost.map((index) => a[index]));
    expect(rebuilt(narrow, { shards: b, present: [0, 2], want: [1] })).toEqual([b[1]]);
  }
});

test('what cannot be decoded or encoded is refused with its facts', () => {
  const code = createErasureCode('rs', 4, 2);
  const shards = shardsOf({ k: 4, m: 2, length: 32 });
  const have = (...indices: number[]) =>
    indices.map((index) => ({ index, bytes: shards[index] ?? new Uint8Array(32) }));
  const room = (...lengths: number[]) => lengths.map((length) => new Uint8Array(length));
  const fault = (run: () => void): string => {
    try {
      run();
    } catch (error) {
      return isFault(error) ? `${error.kind} ${error.code} ${JSON.stringify(error.facts)}` : String(error);
    }
    return 'no fault';
  };
  const decode = (d: Parameters<ErasureCode['decode']>[0]) => fault(() => code.decode(d));
  expect(decode({ have: have(0, 1, 2), want: [3], into: room(32) })).toBe(
    'refused TOO_FEW_SHARDS {"wanted":4,"found":3}',
  );
  expect(decode({ have: [], want: [0], into: room(0) })).toMatch('TOO_FEW_SHARDS');
  expect(decode({ have: have(0, 1, 2, 2), want: [3], into: room(32) })).toMatch('SHARD_INDEX');
  expect(decode({ have: have(0, 1, 2, 6), want: [3], into: room(32) })).toMatch('SHARD_INDEX');
  expect(decode({ have: have(0, 1, 2, -1), want: [3], into: room(32) })).toMatch('SHARD_INDEX');
  expect(decode({ have: have(0, 1, 2, 4), want: [3, 3], into: room(32, 32) })).toMatch('SHARD_INDEX');
  expect(decode({ have: have(0, 1, 2, 4), want: [1.5], into: room(32) })).toMatch('SHARD_INDEX');
  expect(decode({ have: have(0, 1, 2, 4), want: [3], into: room(31) })).toMatch('SHARD_LENGTH');
  expect(decode({ have: have(0, 1, 2, 4), want: [3, 5], into: room(32) })).toMatch('SHARD_LENGTH');
  const short = [...have(0, 1, 2), { index: 4, bytes: new Uint8Array(31) }];
  expect(decode({ have: short, want: [3], into: room(32) })).toMatch('SHARD_LENGTH');

  const layout = layoutOf({ code: 'rs', k: 4, m: 2, cellBytes: 32, segmentBytes: 100 });
  const fragments = room(32, 32, 32, 32, 32, 32);
  const encode = (l: typeof layout, bytes: number, into: Uint8Array[]) =>
    fault(() => code.encodeSegment(l, new Uint8Array(bytes), into));
  expect(encode(layout, 100, fragments)).toBe('no fault');
  expect(encode(layout, 101, fragments)).toMatch('SEGMENT_LENGTH');
  expect(encode(layout, 100, fragments.slice(1))).toMatch('FRAGMENT_LENGTH');
  expect(encode(layout, 100, fragments.with(3, new Uint8Array(48)))).toMatch('FRAGMENT_LENGTH');
  expect(encode({ ...layout, k: 3 }, 100, fragments)).toMatch('CODE_PARAMETERS');
  for (const [k, m] of [
    [0, 3],
    [6, -1],
    [200, 56],
    [1.5, 2],
  ] as const) {
    expect(fault(() => createErasureCode('rs', k, m))).toMatch('CODE_PARAMETERS');
  }
  expect(fault(() => createErasureCode('lrc' as 'rs', 6, 3))).toMatch('CODE_PARAMETERS');
});
