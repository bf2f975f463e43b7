// CBOR is strict: one value, one byte string; all else is refused before anyone looks at it.

import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { concat, decodeCbor, encodeCbor, fromHex, shape, toHex } from '../src/index.ts';

const hex = (text: string) => fromHex(text) as Uint8Array;
const decode = (bytes: Uint8Array, schema: v.GenericSchema = v.unknown()) =>
  decodeCbor(schema, bytes, 'thing', 1_000);
const refused = (code: string) => expect.objectContaining({ kind: 'refused', code });

describe('what is not in its one form is malformed', () => {
  test.each([
    ['nothing', ''],
    ['a truncated array', '8201'],
    ['a truncated text', '6261'],
    ['bytes after the value', '0101'],
    ['a number that is longer than it need be', '1801'],
    ['a length that is longer than it need be', '580161'],
    ['a map whose keys are not sorted', 'a2616201616102'],
    ['a map whose longer key comes first', 'a262616101616201'],
    ['a map with a key twice', 'a2616101616102'],
    ['a map with a number for a key', 'a10102'],
    ['an array without a length', '9f01ff'],
    ['a text without a length', '7f6161ff'],
    ['a half-precision number', 'f93c00'],
    ['a single-precision number', 'fa3fc00000'],
    ['a whole number written as a fraction', 'fb3ff0000000000000'],
    ['NaN', 'fb7ff8000000000000'],
    ['infinity', 'fb7ff0000000000000'],
    ['minus zero', 'fb8000000000000000'],
    ['undefined', 'f7'],
    ['a simple value', 'e0'],
    ['a tag', 'c11a514b67b0'],
    ['a text that is no UTF-8', '62c328'],
    ['a length of four gigabytes', '5affffffff00'],
    ['an array of four billion', '9affffffff00'],
    ['a length beyond counting', '5bffffffffffffffff00'],
    ['a break', 'ff'],
  ])('%s', (_, text) => {
    expect(() => decode(hex(text))).toThrow(refused('MALFORMED'));
  });

  test('arrays in arrays, deeper than any stack', () => {
    const deep = concat(new Uint8Array(500_000).fill(0x81), hex('01'));
    expect(() => decodeCbor(v.unknown(), deep, 'thing', 1_000_000)).toThrow(refused('MALFORMED'));
  });
});

test('what is too large is not parsed', () => {
  expect(() => decodeCbor(v.unknown(), new Uint8Array(1_001).fill(0xff), 'thing', 1_000)).toThrow(
    expect.objectContaining({ code: 'TOO_LARGE', facts: { what: 'thing', bytes: 1_001, bytesMax: 1_000 } }),
  );
});

test('a fault names the thing and the field', () => {
  const schema = v.strictObject({ inner: v.strictObject({ count: shape.count() }) });
  expect(() => decodeCbor(schema, encodeCbor({ inner: { count: -1 } }), 'receipt', 99)).toThrow(
    /receipt is malformed: inner\.count: /,
  );
});

test('any value of the format comes back, and no other bytes make it', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
      fc.uint8Array({ maxLength: 5 }),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(
        fc.string({ maxLength: 3 }).filter((key) => key !== '__proto__'),
        tie('any'),
        {
          maxKeys: 3,
          noNullPrototype: true,
        },
      ),
    ),
  })).any;
  fc.assert(
    fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, pick, change) => {
      const bytes = encodeCbor(one);
      expect(decodeCbor(v.unknown(), bytes, 'thing', 10_000)).toEqual(one);
      const bent = bytes.slice();
      bent[pick % bent.length] = (bent[pick % bent.length] as number) ^ change;
      let other: unknown;
      try {
        other = decodeCbor(v.unknown(), bent, 'thing', 10_000);
      } catch (error) {
        expect(error).toEqual(refused('MALFORMED'));
        return;
      }
      expect(toHex(encodeCbor(other))).toBe(toHex(bent));
      expect(other).not.toEqual(one);
    }),
    { numRuns: 500 },
  );
});

describe('shapes', () => {
  const passes = (schema: v.GenericSchema, value: unknown) => {
    try {
      decode(encodeCbor(value), schema);
      return true;
    } catch (error) {
      expect(error).toEqual(refused('MALFORMED'));
      return false;
    }
  };

  test('bytes have their length', () => {
    expect(passes(shape.bytes(2), new Uint8Array(2))).toBe(true);
    for (const wrong of [new Uint8Array(1), new Uint8Array(3), 'ab', [1, 2], null]) {
      expect(passes(shape.bytes(2), wrong)).toBe(false);
    }
    expect(passes(shape.bytesUpTo(2), new Uint8Array(0))).toBe(true);
    expect(passes(shape.bytesUpTo(2), new Uint8Array(2))).toBe(true);
    expect(passes(shape.bytesUpTo(2), new Uint8Array(3))).toBe(false);
  });

  test('counts and times are whole, not negative, and exact', () => {
    for (const schema of [shape.count(), shape.time()]) {
      for (const right of [0, 1, Number.MAX_SAFE_INTEGER]) expect(passes(schema, right)).toBe(true);
      for (const wrong of [-1, 0.5, 2n ** 53n, '1', true]) expect(passes(schema, wrong)).toBe(false);
    }
    expect(passes(shape.count(5), 5)).toBe(true);
    expect(passes(shape.count(5), 6)).toBe(false);
  });

  test('texts have an end', () => {
    expect(passes(shape.text(3), 'abc')).toBe(true);
    expect(passes(shape.text(3), 'abcd')).toBe(false);
    expect(passes(shape.text(3), new Uint8Array(1))).toBe(false);
  });
});
