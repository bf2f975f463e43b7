// Any valid batch round-trips; any bytes are refused with a fault or are the one encoding of what they decode to.

import { toHex } from '@vauban/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  decodeObjectsIndex,
  decodeObjectsRecord,
  encodeObjectsIndex,
  encodeObjectsRecord,
  type ObjectChange,
  type SealedContent,
  sealedBytes,
  validateVaultPath,
} from '../src/index.ts';

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((value) => new Uint8Array(value));
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
const properText = text.filter((value) => !value.includes('\0'));
const path = fc
  .array(text, { minLength: 1, maxLength: 4 })
  .map((names) => names.join('/'))
  .filter((value) => {
    try {
      return validateVaultPath(value) === value;
    } catch {
      return false;
    }
  });
const ids = (minLength: number) =>
  fc.uniqueArray(bytes(16), { minLength, maxLength: 4, selector: (value) => value.join() });

const common = {
  path,
  object: bytes(16),
  version: bytes(16),
  parents: ids(0),
  modified: fc.integer({ min: -8.64e15, max: 8.64e15 }),
  mode: fc.nat(0o7777),
};
const extras = fc.record(
  { contentType: properText, meta: fc.dictionary(text, text, { minKeys: 1, maxKeys: 4 }) },
  { requiredKeys: [] },
);
const contentOf = (size: number): fc.Arbitrary<SealedContent> =>
  fc.record({
    content: bytes(16),
    key: bytes(32),
    in: fc.oneof(
      fc.record({
        pack: fc.option(bytes(32)),
        offset: fc.nat(1_000_000),
        length: fc.constant(sealedBytes(size)),
      }),
      fc.tuple(bytes(32), bytes(32), fc.integer({ min: 0, max: size - 1 })).map(([a, b, cut]) => ({
        segments:
          cut === 0
            ? [{ id: a, bytes: size }]
            : [
                { id: a, bytes: cut },
                { id: b, bytes: size - cut },
              ],
      })),
    ),
  });

const file: fc.Arbitrary<ObjectChange> = fc.integer({ min: 1, max: 60_000_000 }).chain((size) =>
  fc
    .tuple(
      fc.record({
        kind: fc.constant('file' as const),
        ...common,
        size: fc.constant(size),
        content: contentOf(size),
      }),
      extras,
      fc.option(bytes(32)),
    )
    .map(([write, rest, sha256]) => ({ ...write, ...rest, ...(sha256 && { sha256 }) })),
);
const other: fc.Arbitrary<ObjectChange> = fc
  .tuple(
    fc.constantFrom('file' as const, 'directory' as const, 'symlink' as const),
    fc.record({ ...common, size: fc.constant(0) }),
    extras,
    properText,
  )
  .map(([kind, write, rest, target]) => ({ kind, ...write, ...rest, ...(kind === 'symlink' && { target }) }));
const removal: fc.Arbitrary<ObjectChange> = fc.record({
  kind: fc.constant('delete' as const),
  path,
  versions: ids(1),
});
const batches = fc.array(fc.oneof(file, other, removal), { minLength: 1, maxLength: 6 });

it('any batch is read as it was written, in one encoding', () => {
  fc.assert(
    fc.property(batches, (changes) => {
      const encoded = encodeObjectsIndex(changes);
      const decoded = decodeObjectsIndex(encoded);
      expect(decoded).toEqual(changes);
      expect(encodeObjectsIndex(decoded)).toEqual(encoded);
    }),
    { numRuns: 150 },
  );
});

it('any bytes, and any damage to a record, give a fault or the record they encode', () => {
  const damaged = fc
    .tuple(batches, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }))
    .map(([changes, at, patch]) => {
      const encoded = encodeObjectsIndex(changes);
      encoded.set(patch.subarray(0, encoded.length - (at % encoded.length)), at % encoded.length);
      return encoded;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), damaged), (value) => {
      const input = new Uint8Array(value);
      try {
        expect(toHex(encodeObjectsRecord(decodeObjectsRecord(input)))).toBe(toHex(input));
      } catch (error) {
        expect(error).toMatchObject({ name: 'Fault', code: 'MALFORMED' });
      }
    }),
    { numRuns: 500 },
  );
});
