// The crypto port on Node: synchronous OpenSSL, and libsodium for signatures, which it checks in half the time. WebCrypto
// would pay a thread-pool trip for each small frame.

import { createCipheriv, createDecipheriv, createHash, hash } from 'node:crypto';
import sodium from 'sodium-native';
import { assert, type Crypto } from '../src/index.ts';

const GCM_TAG_BYTES = 16;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
/** What several parts are joined in to be hashed at once. */
const joined = Buffer.alloc(4_096);

export const nodeCrypto: Crypto = {
  sha256(...parts) {
    if (parts.length === 1) return plain(hash('sha256', parts[0] as Uint8Array, 'buffer'));
    let length = 0;
    for (const part of parts) length += part.length;
    // A hasher object costs more than joining what is short.
    if (length <= joined.length) {
      let at = 0;
      for (const part of parts) {
        joined.set(part, at);
        at += part.length;
      }
      return plain(hash('sha256', joined.subarray(0, length), 'buffer'));
    }
    const hasher = createHash('sha256');
    for (const part of parts) hasher.update(part);
    return plain(hasher.digest());
  },
  sha256Stream() {
    const hasher = createHash('sha256');
    return {
      update(bytes) {
        hasher.update(bytes);
        return this;
      },
      digest: () => plain(hasher.digest()),
    };
  },
  leafHashes(bytes, leafBytes) {
    const leaves = Math.ceil(bytes.length / leafBytes);
    const digests = new Uint8Array(32 * leaves);
    const input = Buffer.allocUnsafe(leafBytes + 1);
    input[0] = 0;
    for (let i = 0; i < leaves; i++) {
      const leaf = bytes.subarray(i * leafBytes, (i + 1) * leafBytes);
      input.set(leaf, 1);
      digests.set(hash('sha256', input.subarray(0, leaf.length + 1), 'buffer'), 32 * i);
    }
    return digests;
  },
  gcmSealInto(into, key, nonce, plaintext) {
    assert(into.length === plaintext.length + GCM_TAG_BYTES, 'room for ciphertext and tag');
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    into.set(cipher.update(plaintext));
    cipher.final();
    into.set(cipher.getAuthTag(), plaintext.length);
  },
  gcmOpenInto(into, key, nonce, sealed) {
    assert(into.length === sealed.length - GCM_TAG_BYTES, 'room for exactly the plaintext');
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    decipher.setAuthTag(sealed.subarray(sealed.length - GCM_TAG_BYTES));
    const opened = decipher.update(sealed.subarray(0, sealed.length - GCM_TAG_BYTES));
    try {
      decipher.final();
    } catch {
      into.fill(0);
      return false;
    }
    into.set(opened);
    return true;
  },
  ed25519Public(seed) {
    return keyPair(seed).publicKey.slice();
  },
  ed25519Sign(seed, message) {
    const signature = new Uint8Array(SIGNATURE_BYTES);
    sodium.crypto_sign_detached(signature, message, keyPair(seed).secretKey);
    return signature;
  },
  /** Refuses what RFC 8032 leaves open: points of small order, and encodings that are not canonical. */
  ed25519Verify(signature, message, publicKey) {
    if (signature.length !== SIGNATURE_BYTES || publicKey.length !== KEY_BYTES) return false;
    return sodium.crypto_sign_verify_detached(signature, message, publicKey);
  },
};

interface KeyPair {
  readonly publicKey: Uint8Array;
  /** Seed and public key, as libsodium signs with them. */
  readonly secretKey: Uint8Array;
}

/** By the array that holds the seed, which nobody writes to: a key pair lives no longer than its seed. */
const keyPairs = new WeakMap<Uint8Array, KeyPair>();

function keyPair(seed: Uint8Array): KeyPair {
  const known = keyPairs.get(seed);
  if (known !== undefined) return known;
  assert(seed.length === KEY_BYTES, 'an Ed25519 seed has 32 bytes');
  const made = { publicKey: new Uint8Array(KEY_BYTES), secretKey: new Uint8Array(2 * KEY_BYTES) };
  sodium.crypto_sign_seed_keypair(made.publicKey, made.secretKey, seed);
  keyPairs.set(seed, made);
  return made;
}

/** A plain Uint8Array over the same memory: Buffer's slices and JSON form are not ours. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
