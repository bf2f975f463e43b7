// Objects records and indexes: what round-trips, what it costs, and what writing refuses.

import { describe, expect, it } from 'vitest';
import {
  decodeObjectsIndex,
  decodeObjectsRecord,
  encodeObjectsIndex,
  encodeObjectsRecord,
  type ObjectChange,
  type ObjectWrite,
  RECORD_PLAIN_BYTES_MAX,
} from '../src/index.ts';
import {
  brokenChanges,
  changes,
  directory,
  hash,
  id,
  packed,
  pointer,
  removal,
  symlink,
} from './objects-fixtures.ts';
import { faultOf } from './support.ts';

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

it.each<readonly [string, unknown]>([
  ...brokenChanges,
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
    expect(() => encodeObjectsRecord({ index: { ...pointer, ...broken } })).toThrow(/assertion/);
  }
});
