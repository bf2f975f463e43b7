// Passphrase key derivation as a port: Argon2id (RFC 9106) and scrypt (RFC 7914) in JavaScript, and the caps that keep
// a hostile key file from taking the machine's memory. Node passes a native Argon2id of the same shape.

import { argon2id } from '@noble/hashes/argon2.js';
import { scrypt } from '@noble/hashes/scrypt.js';
import { assert } from '@vauban/core';

export type KdfName = 'argon2id' | 'scrypt';

/**
 * argon2id: memory in KiB, passes, lanes. scrypt: memory = N·r/8 KiB with r = 8, so N KiB; passes = p; lanes = 1.
 * One shape for both keeps the key file and its caps simple.
 */
export interface KdfParams {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

export interface PassphraseKdf {
  readonly name: KdfName;
  /** What sealing uses: 0.3 to 0.5 s on the build machines with this implementation. */
  readonly defaults: KdfParams;
  /** 32 bytes from a passphrase (NFC, UTF-8) and a 16-byte salt. Blocks for as long as it takes. */
  derive(passphrase: Uint8Array, salt: Uint8Array, params: KdfParams): Uint8Array;
}

// 256 MiB is twice the default, and what the smallest machine that runs a client can spare; work is capped apart,
// because memory × passes is time: 1 GiB·passes is some 3 s natively.
const memoryKiBMax = 256 * 1024;
const workKiBMax = 1024 * 1024;
const lanesMax = 16;

/** Whether an implementation may be asked for this; anything else in a file is refused before a byte is allocated. */
export function kdfParamsAllowed(name: KdfName, params: KdfParams): boolean {
  const { memoryKiB, passes, lanes } = params;
  if (![memoryKiB, passes, lanes].every((value) => Number.isSafeInteger(value) && value >= 1)) return false;
  if (memoryKiB > memoryKiBMax || memoryKiB * passes > workKiBMax) return false;
  if (name === 'argon2id') return lanes <= lanesMax && memoryKiB >= 8 * lanes;
  // scrypt's N must be a power of two, at least 2.
  return lanes === 1 && memoryKiB >= 2 && Number.isInteger(Math.log2(memoryKiB));
}

/** Argon2id in JavaScript, for browsers: RFC 9106's and OWASP's smaller setting, as it is slow here. */
export const argon2idKdf: PassphraseKdf = {
  name: 'argon2id',
  defaults: { memoryKiB: 32 * 1024, passes: 3, lanes: 1 },
  derive(passphrase, salt, params) {
    assert(kdfParamsAllowed('argon2id', params), 'parameters within the caps');
    const { memoryKiB, passes, lanes } = params;
    return argon2id(passphrase, salt, { m: memoryKiB, t: passes, p: lanes, dkLen: 32 });
  },
};

/** scrypt, where Argon2id is missing. */
export const scryptKdf: PassphraseKdf = {
  name: 'scrypt',
  defaults: { memoryKiB: 128 * 1024, passes: 1, lanes: 1 },
  derive(passphrase, salt, params) {
    assert(kdfParamsAllowed('scrypt', params), 'parameters within the caps');
    return scrypt(passphrase, salt, {
      N: params.memoryKiB,
      r: 8,
      p: params.passes,
      dkLen: 32,
      // The library's own guard, a little above the largest memory the caps allow.
      maxmem: (memoryKiBMax + 1024) * 1024,
    });
  },
};
