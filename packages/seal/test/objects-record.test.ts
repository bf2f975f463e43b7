// Objects records and indexes: what round-trips, what it costs, and what is refused on either side.

import { encodeCbor, toHex, utf8 } from '@vauban/core';
import { describe, expect, it } from 'vitest';
import {
  decodeObjectsIndex,
  decodeObjectsRecord,
  encodeObjectsIndex,
  encodeObjectsRecord,
  type IndexPointer,
  type ObjectChange,
  type ObjectWrite,
  RECORD_PLAIN_BYTES_MAX,
  sealedBytes,
} from '../src/index.ts';
import { counting, faultOf, flipped } from './support.ts';

const id = (first: number) => counting(first, 16);
const hash = (first: number) => counting(first, 32);

const directory: ObjectWrite = {
  kind: 'directory',
  path: 'etat-civil',
  object: id(1),
  version: id(2),
  parents: [],
  size: 0,
  modified: 1_790_000_000_000,
  mode: 0o755,
};
const packed: ObjectWrite = {
  ...directory,
  kind: 'file',
  path: 'etat-civil/acte.pdf',
  size: 1000,
  sha256: hash(3),
  mode: 0o644,
  content: { content: id(4), key: hash(5), in: { pack: hash(6), offset: 70_000, length: 1016 } },
};
const large: ObjectWrite = {
  ...packed,
  size: 20_000_000,
  parents: [id(7), id(8)],
  contentType: 'application/pdf',
  meta: { b: '2', a: '', é: 'ü' },
  content: {
    content: id(4),
    key: hash(5),
    in: {
      segments: [
        { id: hash(9), bytes: 15_920_064 },
        { id: hash(10), bytes: 4_079_936 },
      ],
    },
  },
};
const empty: ObjectWrite = { ...directory, kind: 'file', path: 'empty', mode: 0o600, modified: -1 };
const symlink: ObjectWrite = {
  ...directory,
  kind: 'symlink',
  path: 'a/link',
  target: '../../etc/passwd',
  mode: 0o777,
};
const removal: ObjectChange = { kind: 'delete', path: 'old', versions: [id(11), id(12)] };
const changes = [directory, packed, large, empty, symlink, removal];
const pointer: IndexPointer = {
  content: id(13),
  key: hash(14),
  size: 100_000,
  in: { pack: hash(15), offset: 5, length: 100_048 },
};

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _gone, ...rest } = value;
  return rest;
}

describe('what is written is read', () => {
  it('changes of every kind', () => {
    const bytes = encodeObjectsRecord({ changes });
    expect(bytes.constructor).toBe(Uint8Array);
    expect(decodeObjectsRecord(bytes)).toEqual({ changes });
    expect(encodeObjectsRecord(decodeObjectsRecord(bytes))).toEqual(bytes);
    expect(encodeObjectsIndex(changes)).toEqual(bytes);
    expect(decodeObjectsIndex(bytes)).toEqual(changes);
  });

  it('a pointer to an index', () => {
    for (const index of [pointer, { ...pointer, in: { segments: [{ id: hash(1), bytes: 100_000 }] } }]) {
      expect(decodeObjectsRecord(encodeObjectsRecord({ index }))).toEqual({ index });
    }
  });

  it('in an index, objects of the same pack without naming it', () => {
    const here = {
      ...packed,
      content: { content: id(4), key: hash(5), in: { pack: null, offset: 70_000, length: 1016 } },
    };
    expect(decodeObjectsIndex(encodeObjectsIndex([here]))).toEqual([here]);
    expect(faultOf(() => encodeObjectsRecord({ changes: [here] })).code).toBe('OBJECT_CHANGE');
    expect(faultOf(() => decodeObjectsRecord(encodeObjectsIndex([here]))).code).toBe('MALFORMED');
  });

  it('names that text formats mangle: byte order marks, decomposed accents, __proto__', () => {
    for (const path of [
      '\ufeffa',
      'a/\ufeff',
      'é',
      'é'.normalize('NFD'),
      '__proto__',
      '😀'.repeat(60),
      '\u2028',
    ]) {
      const meta: { [name: string]: string } = JSON.parse(
        '{"__proto__":"x","constructor":"y","\ufeff":"\ufeffz"}',
      );
      const change: ObjectWrite = { ...symlink, path, target: path, contentType: path, meta };
      const [read] = decodeObjectsIndex(encodeObjectsIndex([change]));
      expect(read).toEqual(change);
      expect(Object.keys((read as ObjectWrite).meta ?? {}).sort()).toEqual(Object.keys(meta).sort());
    }
  });

  it('empty metadata as none', () => {
    expect(decodeObjectsIndex(encodeObjectsIndex([{ ...directory, meta: {} }]))).toEqual([directory]);
  });

  it('metadata in one order, whatever the order given', () => {
    expect(encodeObjectsIndex([{ ...directory, meta: { b: '1', a: '2' } }])).toEqual(
      encodeObjectsIndex([{ ...directory, meta: { a: '2', b: '1' } }]),
    );
  });
});

it('a small file costs at most 160 bytes in an index, besides its path', () => {
  const files = Array.from(
    { length: 1000 },
    (_, i): ObjectWrite => ({
      ...packed,
      path: 'x'.repeat(20),
      content: { content: id(i), key: hash(i), in: { pack: null, offset: 1016 * i, length: 1016 } },
    }),
  );
  expect(encodeObjectsIndex(files).length / 1000).toBeLessThanOrEqual(180);
});

describe('too large', () => {
  it('is a record of more than 48 KiB, whose changes fit an index', () => {
    const many = Array.from({ length: 400 }, () => packed);
    expect(faultOf(() => encodeObjectsRecord({ changes: many })).code).toBe('TOO_LARGE');
    const bytes = encodeObjectsIndex(many);
    expect(bytes.length).toBeGreaterThan(RECORD_PLAIN_BYTES_MAX);
    expect(decodeObjectsIndex(bytes)).toHaveLength(400);
    expect(faultOf(() => decodeObjectsRecord(bytes)).code).toBe('TOO_LARGE');
  });

  it('is an index of more than 64 MiB or a million changes, before anything is parsed or checked', () => {
    expect(faultOf(() => decodeObjectsIndex(new Uint8Array(64 * 1024 * 1024 + 1))).code).toBe('TOO_LARGE');
    expect(faultOf(() => encodeObjectsIndex(new Array<ObjectChange>(1_000_001).fill(removal))).code).toBe(
      'TOO_LARGE',
    );
  });
});

const writeRules: readonly (readonly [string, unknown])[] = [
  ['no size but content', { ...packed, size: 0 }],
  ['a size but no content', without(packed, 'content')],
  ['a short object id', { ...directory, object: counting(0, 15) }],
  ['a long version id', { ...directory, version: counting(0, 17) }],
  ['a parent twice', { ...directory, parents: [id(1), id(2), id(1)] }],
  [
    'too many parents',
    { ...directory, parents: Array.from({ length: 257 }, (_, i) => counting(i, 16).with(15, i >> 8)) },
  ],
  ['a short parent', { ...directory, parents: [counting(0, 4)] }],
  ['a mode above 07777', { ...directory, mode: 0o10000 }],
  ['a time beyond the calendar', { ...directory, modified: 8.64e15 + 1 }],
  ['a symlink without a target', without(symlink, 'target')],
  ['a symlink to nothing', { ...symlink, target: '' }],
  ['a target with NUL', { ...symlink, target: 'a\0' }],
  ['a target too long', { ...symlink, target: 'a'.repeat(4097) }],
  ['an empty content type', { ...directory, contentType: '' }],
  ['a long content type', { ...directory, contentType: 'é'.repeat(128) }],
  ['too much metadata', { ...directory, meta: { a: 'x'.repeat(8192) } }],
  ['nameless metadata', { ...directory, meta: { '': 'x' } }],
  ['segments that do not add up', { ...large, size: 20_000_001 }],
  ['no segments', { ...packed, content: { ...packed.content, in: { segments: [] } } }],
  [
    'an empty segment',
    {
      ...packed,
      content: {
        ...packed.content,
        in: {
          segments: [
            { id: hash(1), bytes: 1000 },
            { id: hash(1), bytes: 0 },
          ],
        },
      },
    },
  ],
  [
    'a segment above the limit',
    {
      ...packed,
      size: 70_000_000,
      content: { ...packed.content, in: { segments: [{ id: hash(1), bytes: 70_000_000 }] } },
    },
  ],
  [
    'a short segment id',
    { ...packed, content: { ...packed.content, in: { segments: [{ id: id(1), bytes: 1000 }] } } },
  ],
  ['a short hash', { ...packed, sha256: id(1) }],
  ['a short data key', { ...packed, content: { ...packed.content, key: id(1) } }],
  ['a long content id', { ...packed, content: { ...packed.content, content: hash(1) } }],
  [
    'a length in the pack that is not that of the size',
    { ...packed, content: { ...packed.content, in: { pack: hash(6), offset: 0, length: 1015 } } },
  ],
  [
    'a place beyond the pack',
    {
      ...packed,
      content: { ...packed.content, in: { pack: hash(6), offset: 1296 * 49_152 - 1015, length: 1016 } },
    },
  ],
  [
    'a negative offset',
    { ...packed, content: { ...packed.content, in: { pack: hash(6), offset: -1, length: 1016 } } },
  ],
  ['a huge size', { ...packed, size: 2 ** 53 }],
  ['a fractional size', { ...packed, size: 0.5 }],
  ['a delete of no version', { ...removal, versions: [] }],
  ['a delete of a version twice', { ...removal, versions: [id(1), id(1)] }],
];

it.each<readonly [string, unknown]>([
  ...writeRules,
  ['a directory with a size', { ...directory, size: 1, content: packed.content }],
  ['a directory with a hash', { ...directory, sha256: hash(1) }],
  ['a file with a target', { ...packed, target: 'x' }],
  ['broken text', { ...directory, meta: { a: '\ud800' } }],
  ['a fractional time', { ...directory, modified: 0.5 }],
])('writing refuses %s', (_name, change) => {
  const fault = faultOf(() => encodeObjectsRecord({ changes: [directory, change as ObjectChange] }));
  expect([fault.kind, fault.code]).toEqual(['usage', 'OBJECT_CHANGE']);
});

it('writing refuses hostile paths, naming the rule', () => {
  expect(faultOf(() => encodeObjectsIndex([{ ...removal, path: '../x' }])).facts.rule).toBe('dot-component');
});

it('nothing to say, and an impossible pointer, are programming errors', () => {
  expect(() => encodeObjectsRecord({ changes: [] })).toThrow(/assertion/);
  for (const broken of [
    { size: 0 },
    { size: 99_999 },
    { size: 2 ** 27 },
    { key: id(1) },
    { in: { pack: null, offset: 5, length: 100_048 } },
  ]) {
    expect(() => encodeObjectsRecord({ index: { ...pointer, ...broken } as IndexPointer })).toThrow(
      /assertion/,
    );
  }
});

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

  it.each(writeRules)('refuses %s', (_name, change) => {
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
