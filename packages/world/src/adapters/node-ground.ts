// The ground a world stands on in Node: an exact turn of the event loop, and OpenSSL with signatures remembered.

import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { setImmediate } from 'node:timers';
import type { Crypto } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import type { Ground } from '../world.ts';

/** Everything in a world waits on promises alone, and Node empties that queue before it runs an immediate: exact. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function nodeGround(): Ground {
  return { turn, crypto: rememberingCrypto(nodeCrypto) };
}

/** PKCS #8 of an Ed25519 key, up to its 32-byte seed (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Nine voters, a writer and readers check the same signatures: each is checked once, and keys are made once. */
function rememberingCrypto(crypto: Crypto): Crypto {
  const checked = new Map<string, boolean>();
  const privates = new Map<string, KeyObject>();
  const publics = new Map<string, Uint8Array>();
  return {
    ...crypto,
    ed25519Verify(signature, message, publicKey) {
      const name = text(signature) + text(crypto.sha256(publicKey, message));
      const known = checked.get(name);
      if (known !== undefined) return known;
      const holds = crypto.ed25519Verify(signature, message, publicKey);
      checked.set(name, holds);
      return holds;
    },
    ed25519Sign(seed, message) {
      const name = text(seed);
      const der = Buffer.concat([pkcs8Prefix, seed]);
      const key = privates.get(name) ?? createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      privates.set(name, key);
      return new Uint8Array(sign(null, message, key));
    },
    ed25519Public(seed) {
      const name = text(seed);
      const known = publics.get(name) ?? crypto.ed25519Public(seed);
      publics.set(name, known);
      return known.slice();
    },
  };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
