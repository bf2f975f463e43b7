// The ground a world stands on in Node: an exact turn of the event loop, and OpenSSL with signatures remembered.

import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { nextTick } from 'node:process';
import { type Crypto, equalBytes } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import type { Ground } from '../world.ts';

/**
 * Everything in a world waits on promises alone. Node runs a tick only when that queue is empty, as long as it is asked
 * for from within a promise's continuation, which the scheduler's loop always is: exact, and no trip round the event loop.
 */
const turn = () => new Promise<void>((resolve) => nextTick(resolve));

export function nodeGround(): Ground {
  return { turn, crypto: rememberingCrypto(nodeCrypto) };
}

/** PKCS #8 of an Ed25519 key, up to its 32-byte seed (RFC 8410). */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
/** Signatures remembered before all are forgotten: some hundred histories. */
const REMEMBERED_MAX = 200_000;

interface Checked {
  readonly message: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly holds: boolean;
}

/**
 * Nine voters, a writer and readers check the same signatures: each is checked once, those made here not at all (Ed25519
 * is deterministic, and what was just signed holds), and keys are made once.
 */
function rememberingCrypto(crypto: Crypto): Crypto {
  const checked = new Map<string, Checked>();
  const keys = new Map<string, { readonly secret: KeyObject; readonly publicKey: Uint8Array }>();
  const keyOf = (seed: Uint8Array) => {
    const name = text(seed);
    let key = keys.get(name);
    if (key === undefined) {
      const der = Buffer.concat([pkcs8Prefix, seed]);
      const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      key = { secret, publicKey: crypto.ed25519Public(seed) };
      keys.set(name, key);
    }
    return key;
  };
  const remember = (signature: Uint8Array, one: Checked) => {
    if (checked.size >= REMEMBERED_MAX) checked.clear();
    checked.set(text(signature), one);
  };
  return {
    ...crypto,
    ed25519Verify(signature, message, publicKey) {
      const known = checked.get(text(signature));
      if (
        known !== undefined &&
        equalBytes(known.message, message) &&
        equalBytes(known.publicKey, publicKey)
      ) {
        return known.holds;
      }
      const holds = crypto.ed25519Verify(signature, message, publicKey);
      remember(signature, { message: message.slice(), publicKey: publicKey.slice(), holds });
      return holds;
    },
    ed25519Sign(seed, message) {
      const { secret, publicKey } = keyOf(seed);
      const signature = new Uint8Array(sign(null, message, secret));
      remember(signature, { message: message.slice(), publicKey, holds: true });
      return signature;
    },
    ed25519Public: (seed) => keyOf(seed).publicKey.slice(),
  };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
