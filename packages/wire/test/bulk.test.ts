import {
  BULK_HEADER_BYTES_MAX,
  BULK_RUNS_MAX,
  type ByteStream,
  concat,
  encodeCbor,
  Fault,
  u32be,
} from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { type BulkHeader, joinedRuns, readBulkHeader, type Run, writeBulkHeader } from '../src/index.ts';
import { faultOf } from './libp2p-fixture.ts';

/** What was written is what is read. */
function loop(written: Uint8Array = new Uint8Array(0)): ByteStream & { readonly bytes: Uint8Array } {
  let bytes = written;
  const take = (length: number): Uint8Array => {
    if (length > bytes.length) throw new Fault('unreachable', 'STREAM_ENDED', 'no more bytes');
    const taken = bytes.slice(0, length);
    bytes = bytes.subarray(length);
    return taken;
  };
  return {
    get bytes() {
      return bytes;
    },
    read: async (length) => take(length),
    readInto: async (into) => into.set(take(into.length)),
    write: async (more) => {
      bytes = concat(bytes, more);
    },
    closeWrite: () => Promise.resolve(),
    abort: () => undefined,
  };
}

const segment = new Uint8Array(32).fill(7);
const get = (runs: unknown): BulkHeader => ({ bulk: 'get', segment, index: 5, runs: runs as Run[] });
const raw = (value: unknown, bytes = encodeCbor(value)) =>
  readBulkHeader(loop(concat(u32be(bytes.length), bytes)));
const everyOther = (count: number, from = 0): Run[] =>
  Array.from({ length: count }, (_, nth) => [from + 32_768 * nth, 16_384]);

describe('the header of a read', () => {
  test.each([
    ['one run', [[0, 16_384]]],
    [
      'runs that touch',
      [
        [0, 16_384],
        [16_384, 16_384],
      ],
    ],
    [
      'runs with gaps',
      [
        [16_384, 16_384],
        [65_536, 1],
      ],
    ],
    ['as many runs as may be', everyOther(BULK_RUNS_MAX)],
    [
      'as many as may be, as far out as may be',
      everyOther(BULK_RUNS_MAX, 0xffff_ffff - 32_768 * BULK_RUNS_MAX),
    ],
  ])('of %s arrives', async (_, runs) => {
    const stream = loop();
    await writeBulkHeader(stream, get(runs));
    expect(stream.bytes.length).toBeLessThanOrEqual(4 + BULK_HEADER_BYTES_MAX);
    expect(await readBulkHeader(stream)).toEqual(get(runs));
    expect(stream.bytes).toHaveLength(0);
  });

  test.each([
    ['no runs', []],
    ['too many runs', everyOther(BULK_RUNS_MAX + 1)],
    ['an empty run', [[0, 0]]],
    [
      'runs that overlap',
      [
        [0, 16_384],
        [16_383, 16_384],
      ],
    ],
    [
      'a run twice',
      [
        [0, 16_384],
        [0, 16_384],
      ],
    ],
    [
      'runs that descend',
      [
        [16_384, 16_384],
        [0, 16_384],
      ],
    ],
    ['a run of three numbers', [[0, 16_384, 1]]],
    ['a run of one number', [[0]]],
    ['an offset below the start', [[-16_384, 16_384]]],
    ['an offset between bytes', [[0.5, 16_384]]],
    ['an offset no fragment reaches', [[2 ** 32, 16_384]]],
    ['a length no fragment has', [[0, 2 ** 32]]],
    ['text', [['0', '16384']]],
  ])('of %s is MALFORMED', async (_, runs) => {
    expect(await faultOf(raw(get(runs)))).toBe('MALFORMED');
  });

  test('is strict: no field more, none less, and one form', async () => {
    const runs: Run[] = [[0, 16_384]];
    expect(await raw(get(runs))).toEqual(get(runs));
    expect(await faultOf(raw({ ...get(runs), offset: 0 }))).toBe('MALFORMED');
    expect(await faultOf(raw({ bulk: 'get', segment, index: 5 }))).toBe('MALFORMED');
    expect(await faultOf(raw({ bulk: 'get', segment, index: 5, offset: 0, length: 16_384 }))).toBe(
      'MALFORMED',
    );
    const bytes = encodeCbor(get(runs));
    expect(await faultOf(raw(null, concat(bytes, Uint8Array.of(0))))).toBe('MALFORMED');
  });

  test('that is longer than any is not read', async () => {
    const stream = loop(concat(u32be(BULK_HEADER_BYTES_MAX + 1), new Uint8Array(100)));
    expect(await faultOf(readBulkHeader(stream))).toBe('TOO_LARGE');
    expect(stream.bytes).toHaveLength(100);
  });
});

test('runs that touch are joined, others are left as they are', () => {
  const runs = [
    [0, 5],
    [5, 1],
    [7, 2],
    [9, 3],
    [20, 1],
  ] as const;
  expect(joinedRuns(runs)).toEqual([
    [0, 6],
    [7, 5],
    [20, 1],
  ]);
  expect(runs[0]).toEqual([0, 5]);
  expect(joinedRuns([])).toEqual([]);
});
