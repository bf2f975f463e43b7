// Key files: round trips with cheap parameters, caps against hostile files, and both KDFs against OpenSSL.

import { argon2Sync, scryptSync } from 'node:crypto';
import { concat, decodeCbor, encodeCbor } from '@vauban/core';
import { nodeRandom } from '@vauban/core/node';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  argon2idKdf,
  type KdfParams,
  KEY_FILE_BYTES_MAX,
  openKeyFile,
  type PassphraseKdf,
  scryptKdf,
  sealKeyFile,
} from '../src/index.ts';
import { counting, faultOf, flipped, pattern } from './support.ts';

const cheap = { memoryKiB: 16, passes: 1, lanes: 1 };
const secret = pattern(200);

function keyFile(
  kdf: PassphraseKdf = argon2idKdf,
  params: KdfParams = cheap,
  passphrase = 'correct horse',
): Uint8Array {
  return sealKeyFile({ random: nodeRandom, kdf, params, passphrase, secret });
}

describe.each([argon2idKdf, scryptKdf])('with $name', (kdf) => {
  const bytes = keyFile(kdf);

  it('opens with the passphrase, composed or not', () => {
    expect(bytes.constructor).toBe(Uint8Array);
    expect(openKeyFile({ bytes, passphrase: 'correct horse' })).toEqual(secret);
    const accented = keyFile(kdf, cheap, 'été'.normalize('NFD'));
    expect(openKeyFile({ bytes: accented, passphrase: 'été'.normalize('NFC') })).toEqual(secret);
  });

  it('refuses other passphrases', () => {
    for (const passphrase of ['correct horse ', 'Correct horse', 'x']) {
      const fault = faultOf(() => openKeyFile({ bytes, passphrase }));
      expect([fault.kind, fault.code]).toEqual(['refused', 'WRONG_PASSPHRASE']);
      expect(fault.message).not.toContain(passphrase === 'x' ? 'horse' : passphrase);
    }
  });

  it('has its defaults within the caps', () => {
    const asked: KdfParams[] = [];
    const spy: PassphraseKdf = {
      ...kdf,
      derive: (_passphrase, _salt, params) => {
        asked.push(params);
        return counting(0, 32);
      },
    };
    const file = sealKeyFile({ random: nodeRandom, kdf: spy, passphrase: 'p', secret });
    expect(openKeyFile({ bytes: file, passphrase: 'p', kdfs: [spy] })).toEqual(secret);
    expect(asked[0]).toMatchObject(kdf.defaults);
    expect(asked[1]).toMatchObject(kdf.defaults);
  });
});

it('the KDFs are those of the standards', () => {
  const passphrase = pattern(20);
  const salt = pattern(16);
  for (const [memoryKiB, passes, lanes] of [
    [16, 1, 1],
    [64, 3, 2],
    [256, 2, 4],
  ] as const) {
    expect(argon2idKdf.derive(passphrase, salt, { memoryKiB, passes, lanes })).toEqual(
      new Uint8Array(
        argon2Sync('argon2id', {
          message: passphrase,
          nonce: salt,
          memory: memoryKiB,
          passes,
          parallelism: lanes,
          tagLength: 32,
        }),
      ),
    );
  }
  expect(scryptKdf.derive(passphrase, salt, { memoryKiB: 64, passes: 2, lanes: 1 })).toEqual(
    new Uint8Array(scryptSync(passphrase, salt, 32, { N: 64, r: 8, p: 2 })),
  );
});

describe('a hostile or damaged file', () => {
  const bytes = keyFile();
  const file = decodeCbor(v.any(), bytes, 'key file', 4096) as {
    v: number;
    kdf: { [name: string]: unknown };
    nonce: Uint8Array;
    box: Uint8Array;
  };

  it('never opens, whichever bit is flipped, and never derives with costs outside the caps', () => {
    const derived: KdfParams[] = [];
    const kdfs: PassphraseKdf[] = [argon2idKdf, scryptKdf].map((kdf) => ({
      ...kdf,
      derive: (_passphrase, salt, params) => {
        derived.push(params);
        return salt.length === 16 ? counting(0, 32) : counting(1, 32);
      },
    }));
    const own = sealKeyFile({
      random: nodeRandom,
      kdf: kdfs[0] as PassphraseKdf,
      params: cheap,
      passphrase: 'p',
      secret: pattern(8),
    });
    expect(openKeyFile({ bytes: own, passphrase: 'p', kdfs })).toEqual(pattern(8));
    for (let bit = 0; bit < 8 * own.length; bit++) {
      const { code } = faultOf(() => openKeyFile({ bytes: flipped(own, bit), passphrase: 'p', kdfs }));
      expect(['MALFORMED', 'WRONG_PASSPHRASE', 'KDF_TOO_COSTLY']).toContain(code);
    }
    for (const { memoryKiB, passes } of derived) expect(memoryKiB * passes).toBeLessThanOrEqual(2 ** 20);
  });

  it.each([
    ['argon2id', 4 * 1024 * 1024, 1, 1],
    ['argon2id', 256 * 1024 + 1, 1, 1],
    ['argon2id', 256 * 1024, 5, 1],
    ['argon2id', 8, 2 ** 31, 1],
    ['argon2id', 1024, 1, 17],
    ['argon2id', 15, 1, 2],
    ['argon2id', 0, 1, 1],
    ['argon2id', 8, 0, 1],
    ['argon2id', 8, 1, 0],
    ['scrypt', 512 * 1024, 1, 1],
    ['scrypt', 1000, 1, 1],
    ['scrypt', 1, 1, 1],
    ['scrypt', 1024, 1, 2],
    ['scrypt', 1024, 2000, 1],
  ])('is refused before deriving: %s %i KiB × %i, %i lanes', (name, memoryKiB, passes, lanes) => {
    const hostile = encodeCbor({ ...file, kdf: { ...file.kdf, name, memoryKiB, passes, lanes } });
    const kdfs = [argon2idKdf, scryptKdf].map(
      (kdf): PassphraseKdf => ({
        ...kdf,
        derive: () => {
          throw new Error('derived');
        },
      }),
    );
    expect(faultOf(() => openKeyFile({ bytes: hostile, passphrase: 'p', kdfs })).code).toBe('KDF_TOO_COSTLY');
    expect(() =>
      sealKeyFile({
        random: nodeRandom,
        kdf: name === 'scrypt' ? scryptKdf : argon2idKdf,
        params: { memoryKiB, passes, lanes },
        passphrase: 'p',
        secret,
      }),
    ).toThrow(/assertion/);
  });

  it.each([
    ['another version', { ...file, v: 1 }],
    ['an unknown KDF', { ...file, kdf: { ...file.kdf, name: 'pbkdf2' } }],
    ['a further key', { ...file, hint: 'x' }],
    ['a further KDF key', { ...file, kdf: { ...file.kdf, r: 8 } }],
    ['a short salt', { ...file, kdf: { ...file.kdf, salt: pattern(15) } }],
    ['a short nonce', { ...file, nonce: pattern(12) }],
    ['a fraction', { ...file, kdf: { ...file.kdf, passes: 1.5 } }],
    ['a negative cost', { ...file, kdf: { ...file.kdf, passes: -1 } }],
    ['no box', { v: 0, kdf: file.kdf, nonce: file.nonce }],
    ['a text', 'key file'],
  ])('is malformed with %s', (_name, value) => {
    expect(faultOf(() => openKeyFile({ bytes: encodeCbor(value), passphrase: 'p' })).code).toBe('MALFORMED');
  });

  it('is malformed in any form but the deterministic one, and refused when oversized', () => {
    // The map begins a4 61 76 00 ("v": 0); 18 00 is a longer way to say 0.
    expect([...bytes.subarray(0, 4)]).toEqual([0xa4, 0x61, 0x76, 0x00]);
    const longer = concat(bytes.subarray(0, 3), Uint8Array.of(0x18, 0x00), bytes.subarray(4));
    expect(faultOf(() => openKeyFile({ bytes: longer, passphrase: 'p' })).code).toBe('MALFORMED');
    expect(
      faultOf(() => openKeyFile({ bytes: new Uint8Array(KEY_FILE_BYTES_MAX + 1), passphrase: 'p' })).code,
    ).toBe('TOO_LARGE');
    expect(
      faultOf(() => openKeyFile({ bytes: encodeCbor({ ...file, box: pattern(3) }), passphrase: 'p' })).code,
    ).toBe('WRONG_PASSPHRASE');
  });
});

it('an empty passphrase and a missing KDF are refused', () => {
  expect(faultOf(() => keyFile(argon2idKdf, cheap, '')).code).toBe('EMPTY_PASSPHRASE');
  expect(faultOf(() => openKeyFile({ bytes: keyFile(), passphrase: '' })).code).toBe('EMPTY_PASSPHRASE');
  expect(faultOf(() => openKeyFile({ bytes: keyFile(), passphrase: 'p', kdfs: [scryptKdf] })).code).toBe(
    'KDF_UNKNOWN',
  );
});

it('the largest secret fits, a larger one is a programming error', () => {
  const largest = {
    random: nodeRandom,
    kdf: argon2idKdf,
    params: cheap,
    passphrase: 'p',
    secret: pattern(65_536),
  };
  expect(Buffer.compare(openKeyFile({ bytes: sealKeyFile(largest), passphrase: 'p' }), largest.secret)).toBe(
    0,
  );
  expect(() => sealKeyFile({ ...largest, secret: pattern(65_537) })).toThrow(/64 KiB/);
});
