// A device's secret at rest: opaque bytes wrapped by a passphrase, as one CBOR value (SPEC section 6).
// Whoever holds the file may guess at leisure: only the passphrase and the cost of the KDF stand in the way.

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { assert, concat, decodeCbor, encodeCbor, Fault, type Random, shape, utf8 } from '@vauban/core';
import * as v from 'valibot';
import {
  argon2idKdf,
  type KdfName,
  type KdfParams,
  kdfParamsAllowed,
  type PassphraseKdf,
  scryptKdf,
} from './passphrase.ts';

const version = 0;
const saltBytes = 16;
const nonceBytes = 24;
const tagBytes = 16;
const domain = utf8('vauban/key-file/0\n');

// A device keeps a few keys of 32 bytes and the names that go with them.
const secretBytesMax = 64 * 1024;
export const KEY_FILE_BYTES_MAX = secretBytesMax + 512;

const keyFileSchema = v.strictObject({
  v: v.literal(version),
  kdf: v.strictObject({
    name: v.picklist(['argon2id', 'scrypt']),
    memoryKiB: shape.count(2 ** 32),
    passes: shape.count(2 ** 32),
    lanes: shape.count(2 ** 32),
    salt: shape.bytes(saltBytes),
  }),
  nonce: shape.bytes(nonceBytes),
  box: shape.bytesUpTo(secretBytesMax + tagBytes),
});

interface Header {
  readonly v: typeof version;
  readonly kdf: KdfParams & { readonly name: KdfName; readonly salt: Uint8Array };
  readonly nonce: Uint8Array;
}

/**
 * The key file of `secret` (≤ 64 KiB). `kdf` is the best the platform has; `params` defaults to its own.
 * Fault: EMPTY_PASSPHRASE (usage).
 */
export function sealKeyFile(file: {
  readonly random: Random;
  readonly kdf: PassphraseKdf;
  readonly params?: KdfParams;
  readonly passphrase: string;
  readonly secret: Uint8Array;
}): Uint8Array {
  const { random, kdf, secret, params = kdf.defaults } = file;
  assert(secret.length <= secretBytesMax, 'a key file holds at most 64 KiB');
  assert(kdfParamsAllowed(kdf.name, params), 'parameters that reading would allow');
  const { memoryKiB, passes, lanes } = params;
  const salt = random.bytes(saltBytes);
  const nonce = random.bytes(nonceBytes);
  const header: Header = { v: version, kdf: { name: kdf.name, memoryKiB, passes, lanes, salt }, nonce };
  const box = cipher(kdf, header, file.passphrase).encrypt(secret);
  // A copy, as the encoder may return a Node Buffer, whose slices are views.
  return new Uint8Array(encodeCbor({ ...header, box }));
}

/**
 * The secret in a key file. `kdfs` are tried by name, the first that has it.
 * Faults: WRONG_PASSPHRASE (refused; also when the file was damaged: the two cannot be told apart), KDF_TOO_COSTLY
 * (refused), KDF_UNKNOWN (refused), EMPTY_PASSPHRASE (usage), MALFORMED, TOO_LARGE.
 */
export function openKeyFile(file: {
  readonly bytes: Uint8Array;
  readonly passphrase: string;
  readonly kdfs?: readonly PassphraseKdf[];
}): Uint8Array {
  const { bytes, passphrase, kdfs = [argon2idKdf, scryptKdf] } = file;
  const { box, ...header } = decodeCbor(keyFileSchema, bytes, 'key file', KEY_FILE_BYTES_MAX);
  const { name, memoryKiB, passes, lanes } = header.kdf;
  if (!kdfParamsAllowed(name, header.kdf)) {
    throw new Fault(
      'refused',
      'KDF_TOO_COSTLY',
      `The key file asks for ${name} with ${memoryKiB} KiB, ${passes} passes and ${lanes} lanes, outside what this program allows; it was not written by it.`,
      { name, memoryKiB, passes, lanes },
    );
  }
  const kdf = kdfs.find((each) => each.name === name);
  if (!kdf) {
    throw new Fault('refused', 'KDF_UNKNOWN', `The key file needs ${name}, which is missing here.`, { name });
  }
  const opener = cipher(kdf, header, passphrase);
  try {
    return opener.decrypt(box);
  } catch {
    throw new Fault(
      'refused',
      'WRONG_PASSPHRASE',
      'The passphrase does not open this key file (or the file was damaged). Try again, or recover with the 24 words.',
    );
  }
}

function cipher(kdf: PassphraseKdf, header: Header, passphrase: string) {
  // The same passphrase typed on two systems may come composed or decomposed.
  const typed = utf8(passphrase.normalize('NFC'));
  if (typed.length === 0) {
    throw new Fault('usage', 'EMPTY_PASSPHRASE', 'An empty passphrase protects nothing; give one.');
  }
  const key = kdf.derive(typed, header.kdf.salt, header.kdf);
  return xchacha20poly1305(key, header.nonce, concat(domain, encodeCbor(header)));
}
