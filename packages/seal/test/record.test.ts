// Sealed records: round trips, and refusal of every change of bytes or place.

import { createCipheriv, hkdfSync } from 'node:crypto';
import { concat, u64be, utf8 } from '@vauban/core';
import { nodeRandom } from '@vauban/core/node';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openRecord, RECORD_PLAIN_BYTES_MAX, RECORD_SEALED_BYTES_MAX, sealRecord } from '../src/index.ts';
import { counting, faultOf, flipped, pattern, scriptedRandom } from './support.ts';

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

/** HChaCha20 (draft-irtf-cfrg-xchacha, section 2.2), written out: the step from XChaCha20 to OpenSSL's ChaCha20. */
function hchacha20(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const words = (bytes: Uint8Array) =>
    Array.from({ length: bytes.length / 4 }, (_, i) => Buffer.from(bytes).readUInt32LE(4 * i));
  const state = Uint32Array.from([...words(utf8('expand 32-byte k')), ...words(key), ...words(nonce)]);
  const turn = (a: number, b: number, c: number, d: number) => {
    for (const [x, y, z, bits] of [
      [a, b, d, 16],
      [c, d, b, 12],
      [a, b, d, 8],
      [c, d, b, 7],
    ] as const) {
      state[x] = (state[x] as number) + (state[y] as number);
      const mixed = (state[z] as number) ^ state[x];
      state[z] = (mixed << bits) | (mixed >>> (32 - bits));
    }
  };
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) turn(i, i + 4, i + 8, i + 12);
    for (let i = 0; i < 4; i++) turn(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
  }
  const out = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((word, i) => out.writeUInt32LE(state[word] as number, 4 * i));
  return out;
}

it('the sealed bytes are those of OpenSSL: HKDF, HChaCha20, ChaCha20-Poly1305', () => {
  const nonce = counting(0xc0, 24);
  const plain = pattern(300);
  const info = concat(utf8('vauban/record-key/0\n'), utf8(at.origin));
  const key = new Uint8Array(hkdfSync('sha256', at.vaultSecret, new Uint8Array(0), info, 32));
  const cipher = createCipheriv(
    'chacha20-poly1305',
    hchacha20(key, nonce.subarray(0, 16)),
    concat(new Uint8Array(4), nonce.subarray(16)),
    { authTagLength: 16 },
  );
  cipher.setAAD(concat(utf8('vauban/record/0\n'), u64be(at.index), utf8(at.origin)), {
    plaintextLength: plain.length,
  });
  const box = concat(cipher.update(plain), cipher.final(), cipher.getAuthTag());
  expect(sealRecord({ ...at, random: scriptedRandom(nonce), plain })).toEqual(
    concat(Uint8Array.of(0), nonce, box),
  );
});
