// The crypto port on Node: synchronous OpenSSL. WebCrypto would pay a thread-pool trip for each small frame.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { assert, type Crypto } from '../src/index.ts';

const GCM_TAG_BYTES = 16;
/** Key objects cost more to make than a signature to check; a charter has some hundred keys. */
const KEYS_CACHED_MAX = 4_096;
/** What several parts are joined in to be hashed at once. */
const joined = Buffer.alloc(4_096);
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

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
    const spki = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' });
    return new Uint8Array(spki.subarray(spkiPrefix.length));
  },
  ed25519Sign(seed, message) {
    return plain(sign(null, message, privateKey(seed)));
  },
  ed25519Verify(signature, message, publicKey) {
    if (signature.length !== 64 || publicKey.length !== 32) return false;
    try {
      return verify(null, message, cachedPublicKey(publicKey), signature);
    } catch {
      return false;
    }
  },
};

const publicKeys = new Map<string, KeyObject>();

function cachedPublicKey(raw: Uint8Array): KeyObject {
  const name = Buffer.from(raw).toString('latin1');
  const known = publicKeys.get(name);
  if (known !== undefined) return known;
  const made = createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' });
  if (publicKeys.size >= KEYS_CACHED_MAX) publicKeys.delete(publicKeys.keys().next().value as string);
  publicKeys.set(name, made);
  return made;
}

/** By the array that holds the seed, which nobody writes to: a key object lives no longer than its seed. */
const privateKeys = new WeakMap<Uint8Array, KeyObject>();

function privateKey(seed: Uint8Array): KeyObject {
  const known = privateKeys.get(seed);
  if (known !== undefined) return known;
  assert(seed.length === 32, 'an Ed25519 seed has 32 bytes');
  const made = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
  privateKeys.set(seed, made);
  return made;
}

/** A plain Uint8Array over the same memory: Buffer's slices and JSON form are not ours. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
