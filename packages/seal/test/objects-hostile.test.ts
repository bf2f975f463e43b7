// Reading objects records and indexes: whatever a hostile or broken device wrote is refused with a fault.

import { encodeCbor, toHex, utf8 } from '@vauban/core';
import { describe, expect, it } from 'vitest';
import {
  decodeObjectsIndex,
  decodeObjectsRecord,
  encodeObjectsRecord,
  type ObjectChange,
  RECORD_PLAIN_BYTES_MAX,
  sealedBytes,
} from '../src/index.ts';
import { brokenChanges, changes, directory, hash, id, pointer } from './objects-fixtures.ts';
import { faultOf, flipped } from './support.ts';

/** A change as SPEC section 5 lays it out, unchecked: the tests' own encoder of hostile bytes. */
function wireOf(change: ObjectChange): unknown[] {
  if (change.kind === 'delete') return [0, utf8(change.path), change.versions];
  const { path, object, version, parents, modified, mode } = change;
  const shared = [utf8(path), object, version, parents, modified, mode];
  const meta = Object.entries(change.meta ?? {}).map(([name, value]) => [utf8(name), utf8(value)]);
  const extras = {
    ...(change.contentType !== undefined && { t: utf8(change.contentType) }),
    ...(meta.length > 0 && {
      m: meta.sort((a, b) => Buffer.compare(a[0] as Uint8Array, b[0] as Uint8Array)),
    }),
  };
  if (change.kind === 'directory') return [2, shared, extras];
  if (change.kind === 'symlink') return [3, shared, utf8(change.target ?? ''), extras];
  const where = change.content?.in;
  const place =
    where &&
    ('segments' in where
      ? [0, where.segments.map((each) => [each.id, each.bytes])]
      : [1, where.pack, where.offset, where.length]);
  const content = change.content ? [change.content.content, change.content.key, place] : null;
  return [1, shared, change.size, change.sha256 ?? null, content, extras];
}

describe('reading', () => {
  it('reads what the tests lay out', () => {
    expect(encodeCbor([0, 0, changes.map(wireOf)])).toEqual(encodeObjectsRecord({ changes }));
  });

  it.each(brokenChanges)('refuses %s', (_name, change) => {
    const bytes = encodeCbor([0, 0, [wireOf(directory), wireOf(change as ObjectChange)]]);
    expect(faultOf(() => decodeObjectsIndex(bytes)).code).toBe('MALFORMED');
    if (bytes.length <= RECORD_PLAIN_BYTES_MAX)
      expect(faultOf(() => decodeObjectsRecord(bytes)).code).toBe('MALFORMED');
  });

  const shared: readonly unknown[] = [utf8('a'), id(1), id(2), [], 0, 0];
  const point = [id(13), hash(14), 100_000, [1, hash(15), 5, 100_048]];
  it.each<[string, unknown]>([
    ['another version', [1, 0, [wireOf(directory)]]],
    ['another form', [0, 2, [wireOf(directory)]]],
    ['no changes', [0, 0, []]],
    ['a further part', [0, 0, [wireOf(directory)], 0]],
    ['a map', { changes: [] }],
    ['a number', 7],
    ['changes that are none', [0, 0, [7]]],
    ['changes that are maps', [0, 0, [{ 0: 2 }]]],
    ['an unknown kind', [0, 0, [[4, shared, {}]]]],
    ['a kind of text', [0, 0, [['2', shared, {}]]]],
    ['a hostile path', [0, 0, [[2, [utf8('../a'), ...shared.slice(1)], {}]]]],
    ['an absolute path', [0, 0, [[0, utf8('/a'), [id(1)]]]]],
    ['a path of CBOR text', [0, 0, [[2, ['a', ...shared.slice(1)], {}]]]],
    ['a path that is not UTF-8', [0, 0, [[2, [Uint8Array.of(0xc3), ...shared.slice(1)], {}]]]],
    ['a path with a surrogate', [0, 0, [[2, [Uint8Array.of(0xed, 0xa0, 0x80), ...shared.slice(1)], {}]]]],
    ['an overlong slash', [0, 0, [[2, [Uint8Array.of(0xc0, 0xaf), ...shared.slice(1)], {}]]]],
    ['an overlong NUL', [0, 0, [[2, [Uint8Array.of(0x61, 0xc0, 0x80), ...shared.slice(1)], {}]]]],
    ['extras that are an empty array', [0, 0, [[2, shared, []]]]],
    ['extras that are empty bytes', [0, 0, [[2, shared, new Uint8Array(0)]]]],
    ['extras that are null', [0, 0, [[2, shared, null]]]],
    ['an unknown extra', [0, 0, [[2, shared, { x: 1 }]]]],
    [
      'metadata out of order',
      [
        0,
        0,
        [
          [
            2,
            shared,
            {
              m: [
                [utf8('b'), utf8('')],
                [utf8('a'), utf8('')],
              ],
            },
          ],
        ],
      ],
    ],
    [
      'metadata twice',
      [
        0,
        0,
        [
          [
            2,
            shared,
            {
              m: [
                [utf8('a'), utf8('1')],
                [utf8('a'), utf8('2')],
              ],
            },
          ],
        ],
      ],
    ],
    ['metadata of no pairs', [0, 0, [[2, shared, { m: [] }]]]],
    ['metadata not UTF-8', [0, 0, [[2, shared, { m: [[utf8('a'), Uint8Array.of(255)]] }]]]],
    ['a fractional time', [0, 0, [[2, shared.with(4, 0.5), {}]]]],
    ['a null time', [0, 0, [[2, shared.with(4, null), {}]]]],
    ['a negative mode', [0, 0, [[2, shared.with(5, -1), {}]]]],
    ['a place of another kind', [0, 0, [[1, shared, 1, null, [id(1), hash(1), [2, hash(1), 0, 17]], {}]]]],
    ['a pointer to a nameless pack', [0, 1, [id(13), hash(14), 100_000, [1, null, 5, 100_048]]]],
    ['a pointer of size 0', [0, 1, [id(13), hash(14), 0, [0, []]]]],
    [
      'a pointer to too much',
      [0, 1, [id(13), hash(14), 2 ** 26 + 1, [1, hash(1), 0, sealedBytes(2 ** 26 + 1)]]],
    ],
    ['a pointer with a further part', [0, 1, [...point, 0]]],
  ])('refuses %s', (_name, value) => {
    expect(faultOf(() => decodeObjectsRecord(encodeCbor(value))).code).toBe('MALFORMED');
  });

  it('refuses an index that points to another', () => {
    expect(decodeObjectsRecord(encodeCbor([0, 1, point]))).toEqual({ index: pointer });
    expect(faultOf(() => decodeObjectsIndex(encodeCbor([0, 1, point]))).code).toBe('MALFORMED');
  });

  it.each<[string, number[]]>([
    ['nothing', []],
    ['a cut array', [0x83, 0x00]],
    ['an array of 2^63', [0x9b, 0x80, 0, 0, 0, 0, 0, 0, 0]],
    ['bytes of 2^32', [0x83, 0, 0, 0x81, 0x83, 0, 0x5a, 0xff, 0xff, 0xff, 0xff]],
    ['an endless array', [0x9f, 0x00, 0x00]],
    ['a longer zero', [0x83, 0x18, 0x00, 0x00, 0x80]],
    ['bytes after the end', [0x83, 0, 1, 0x80, 0]],
    ['a tag', [0xc1, 0x00]],
    ['a map with a key twice', [0xa2, 0x61, 0x61, 0, 0x61, 0x61, 0]],
    ['forty thousand arrays inside each other', new Array<number>(40_000).fill(0x81)],
  ])('refuses CBOR that is %s', (_name, bytes) => {
    expect(faultOf(() => decodeObjectsRecord(Uint8Array.from(bytes))).code).toBe('MALFORMED');
  });

  it('gives a fault or another record, and never any other error, for each flipped bit and each cut', () => {
    const bytes = encodeObjectsRecord({ changes });
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const damaged = flipped(bytes, bit);
      try {
        expect(toHex(encodeObjectsRecord(decodeObjectsRecord(damaged)))).toBe(toHex(damaged));
      } catch (error) {
        expect(error).toMatchObject({ name: 'Fault', code: 'MALFORMED' });
      }
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(faultOf(() => decodeObjectsRecord(bytes.subarray(0, length))).code).toBe('MALFORMED');
    }
  });
});
