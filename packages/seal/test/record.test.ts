// Sealed records: round trips, and refusal of every change of bytes or place.

import { nodeRandom } from '@vauban/core/node';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openRecord, RECORD_PLAIN_BYTES_MAX, RECORD_SEALED_BYTES_MAX, sealRecord } from '../src/index.ts';
import { counting, faultOf, flipped, pattern } from './support.ts';

const at = { vaultSecret: counting(0x20, 32), origin: `grand-est/${'ab'.repeat(32)}`, index: 41 };
const sealed = sealRecord({ ...at, random: nodeRandom, plain: pattern(60) });

it('any record opens to what was sealed, in its place', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 2000 }),
      fc.nat(2 ** 40),
      fc.string({ minLength: 1, unit: 'binary' }),
      (plain, index, origin) => {
        const bytes = sealRecord({ ...at, origin, index, random: nodeRandom, plain });
        expect(bytes).toHaveLength(plain.length + 41);
        expect(openRecord({ ...at, origin, index, sealed: bytes })).toEqual(new Uint8Array(plain));
      },
    ),
    { numRuns: 50 },
  );
});

it('the largest record opens; a larger one is a programming error to seal and refused unopened', () => {
  const plain = pattern(RECORD_PLAIN_BYTES_MAX);
  const bytes = sealRecord({ ...at, random: nodeRandom, plain });
  expect(bytes).toHaveLength(RECORD_SEALED_BYTES_MAX);
  expect(Buffer.compare(openRecord({ ...at, sealed: bytes }), plain)).toBe(0);
  expect(() => sealRecord({ ...at, random: nodeRandom, plain: pattern(RECORD_PLAIN_BYTES_MAX + 1) })).toThrow(
    /segment/,
  );
  expect(faultOf(() => openRecord({ ...at, sealed: new Uint8Array(RECORD_SEALED_BYTES_MAX + 1) })).code).toBe(
    'TOO_LARGE',
  );
});

it('sealing twice gives two ciphertexts', () => {
  expect(sealRecord({ ...at, random: nodeRandom, plain: pattern(60) })).not.toEqual(sealed);
});

it('each single flipped bit is refused', () => {
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const fault = faultOf(() => openRecord({ ...at, sealed: flipped(sealed, bit) }));
    expect(fault.code).toBe(bit < 8 ? 'RECORD_VERSION' : 'RECORD_FORGED');
  }
});

it('every shorter and a longer record is refused', () => {
  for (let length = 0; length < sealed.length; length++) {
    expect(faultOf(() => openRecord({ ...at, sealed: sealed.subarray(0, length) })).code).toBe(
      'RECORD_FORGED',
    );
  }
  expect(faultOf(() => openRecord({ ...at, sealed: new Uint8Array([...sealed, 0]) })).code).toBe(
    'RECORD_FORGED',
  );
});

it('another index, log or vault is refused, with the place in the facts', () => {
  for (const moved of [
    { index: 40 },
    { index: 42 },
    { origin: `${at.origin}0` },
    { vaultSecret: counting(0x21, 32) },
  ]) {
    const fault = faultOf(() => openRecord({ ...at, ...moved, sealed }));
    expect(fault.kind).toBe('integrity');
    expect(fault.code).toBe('RECORD_FORGED');
    expect(fault.facts).toEqual({ origin: moved.origin ?? at.origin, index: moved.index ?? at.index });
  }
});

it('a wrong secret length is a programming error, not a forgery', () => {
  expect(() => openRecord({ ...at, vaultSecret: counting(0, 16), sealed })).toThrow(/assertion/);
});
