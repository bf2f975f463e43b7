// Sealed records: the content of an `objects` entry under XChaCha20-Poly1305 (SPEC section 4). Random 24-byte nonces
// make sealing again after a crash safe; the associated data nails a record to its log and its place in it.

import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { assert, concat, Fault, type Random, u64be, utf8 } from '@vauban/core';
import { recordKey } from './keys.ts';

const version = 0;
const nonceBytes = 24;
const tagBytes = 16;
const overheadBytes = 1 + nonceBytes + tagBytes;
const domain = utf8('vauban/record/0\n');

/** Above this the record goes into a segment and the entry points to it: voters mirror every record nine times. */
export const RECORD_PLAIN_BYTES_MAX = 48 * 1024;
export const RECORD_SEALED_BYTES_MAX = RECORD_PLAIN_BYTES_MAX + overheadBytes;

/** Which entry a record belongs to: the origin of the log it was written in (kept when adopted) and its index there. */
export interface RecordPlace {
  readonly vaultSecret: Uint8Array;
  readonly origin: string;
  readonly index: number;
}

/** version byte ‖ nonce ‖ ciphertext ‖ tag. */
export function sealRecord(
  record: RecordPlace & { readonly random: Random; readonly plain: Uint8Array },
): Uint8Array {
  const { random, plain } = record;
  assert(plain.length <= RECORD_PLAIN_BYTES_MAX, 'a larger record goes into a segment');
  const nonce = random.bytes(nonceBytes);
  return concat(Uint8Array.of(version), nonce, cipher(record, nonce).encrypt(plain));
}

/** Faults: RECORD_VERSION (refused) {version}, RECORD_FORGED (integrity) {origin, index}, TOO_LARGE (refused). */
export function openRecord(record: RecordPlace & { readonly sealed: Uint8Array }): Uint8Array {
  const { sealed, origin, index } = record;
  if (sealed.length > RECORD_SEALED_BYTES_MAX) {
    throw new Fault(
      'refused',
      'TOO_LARGE',
      `The sealed record of ${sealed.length} bytes exceeds ${RECORD_SEALED_BYTES_MAX}.`,
      { what: 'sealed record', bytes: sealed.length, bytesMax: RECORD_SEALED_BYTES_MAX },
    );
  }
  if (sealed.length < overheadBytes) throw forged(origin, index);
  if (sealed[0] !== version) {
    throw new Fault(
      'refused',
      'RECORD_VERSION',
      `Entry ${index} of ${origin} holds a record of version ${sealed[0]}; this program reads version ${version}. Update it.`,
      { origin, index, version: sealed[0] ?? 0 },
    );
  }
  const opener = cipher(record, sealed.subarray(1, 1 + nonceBytes));
  try {
    return opener.decrypt(sealed.subarray(1 + nonceBytes));
  } catch {
    throw forged(origin, index);
  }
}

function cipher(at: RecordPlace, nonce: Uint8Array) {
  const key = recordKey(at.vaultSecret, at.origin);
  return xchacha20poly1305(key, nonce, concat(domain, u64be(at.index), utf8(at.origin)));
}

function forged(origin: string, index: number): Fault {
  return new Fault(
    'integrity',
    'RECORD_FORGED',
    `The record of entry ${index} of ${origin} is not what a device of this vault sealed there.`,
    { origin, index },
  );
}
