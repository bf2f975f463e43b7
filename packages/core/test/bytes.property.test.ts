// Text forms of bytes against Node's Buffer, which is more lenient: whatever ours accepts, Buffer reads alike, and ours
// accepts one text per byte string only.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareBytes,
  concat,
  equalBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  toBase64,
  toHex,
  u32be,
  u64be,
  utf8,
} from '../src/index.ts';

const bytes = fc.uint8Array({ maxLength: 70 });
const plain = (buffer: Buffer) => new Uint8Array(buffer);

describe('hex', () => {
  test('is Buffer’s, both ways', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(toHex(value)).toBe(Buffer.from(value).toString('hex'));
        expect(fromHex(toHex(value))).toEqual(value);
      }),
    );
  });

  test('is accepted in the one form it is written in', () => {
    const text = fc.string({
      unit: fc.constantFrom(...'0123456789abcdefABCDEFgx \n-'.split('')),
      maxLength: 8,
    });
    fc.assert(
      fc.property(text, (one) => {
        const read = fromHex(one);
        expect(read === undefined).toBe(Buffer.from(one, 'hex').toString('hex') !== one);
        if (read !== undefined) expect(toHex(read)).toBe(one);
      }),
      { numRuns: 500 },
    );
  });

  test.each(['0', 'AB', '0x', ' 00', '00\n', 'é0', '０0'])('%j is none', (text) => {
    expect(fromHex(text)).toBeUndefined();
  });
});

describe('base64', () => {
  test('is Buffer’s, both ways', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(toBase64(value)).toBe(Buffer.from(value).toString('base64'));
        expect(fromBase64(toBase64(value))).toEqual(value);
      }),
    );
  });

  test('is accepted in the one form it is written in', () => {
    const text = fc.string({ unit: fc.constantFrom(...'AQgwZz019+/=-_ \n'.split('')), maxLength: 9 });
    fc.assert(
      fc.property(text, (one) => {
        const read = fromBase64(one);
        const canonical = Buffer.from(one, 'base64').toString('base64') === one;
        expect(read === undefined).toBe(!canonical);
        if (read !== undefined) expect(read).toEqual(plain(Buffer.from(one, 'base64')));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(['A', 'AA', 'AAA', 'AB==', 'AAB=', '====', 'A===', 'AA==AAAA', 'AA-_', 'AAAA\n', '=AAA'])(
    '%j is none',
    (text) => {
      expect(fromBase64(text)).toBeUndefined();
    },
  );
});

test('text goes through UTF-8 and back; malformed bytes throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(fromUtf8(utf8(text))).toBe(text);
      expect(utf8(text)).toEqual(plain(Buffer.from(text)));
    }),
  );
  for (const wrong of ['ff', 'c3', 'c0af', 'eda080', 'f5808080']) {
    expect(() => fromUtf8(fromHex(wrong) as Uint8Array)).toThrow(TypeError);
  }
});

test('order, equality and joining are Buffer’s', () => {
  const close = fc.uint8Array({ maxLength: 4, max: 2 });
  fc.assert(
    fc.property(close, close, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
      expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      expect(concat(a, b)).toEqual(plain(Buffer.concat([a, b])));
    }),
  );
  expect(concat()).toEqual(new Uint8Array(0));
});

test('numbers are big-endian', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.maxSafeNat(), (small, large) => {
      const buffer = Buffer.alloc(12);
      buffer.writeUInt32BE(small);
      buffer.writeBigUInt64BE(BigInt(large), 4);
      expect(concat(u32be(small), u64be(large))).toEqual(plain(buffer));
    }),
  );
});
