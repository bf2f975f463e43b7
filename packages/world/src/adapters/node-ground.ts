// The ground a world stands on in Node: an exact turn of the event loop, OpenSSL's hashes and ciphers, and signatures
// that cost no more than a hash.

import process, { nextTick } from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { concat, type Crypto, equalBytes, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import type { Ground } from '../world.ts';

/**
 * Everything in a world waits on promises alone. A tick that is asked for while Node empties that queue runs only when it
 * is empty: exact, and no trip round the event loop.
 */
const turn = () => new Promise<void>((resolve) => queueMicrotask(() => nextTick(resolve)));

/** Node tells of them when nothing else is left to do, which is never the case within a history. */
async function unheardSoFar(): Promise<readonly unknown[]> {
  await setImmediate();
  return unheard.splice(0);
}

/** Histories in one thread run one after the other: what is in here is of the one that runs. */
const unheard: unknown[] = [];
let listening = false;

export function nodeGround(): Ground {
  if (!listening) process.on('unhandledRejection', (reason) => unheard.push(reason));
  listening = true;
  return {
    turn,
    takeUnheard: unheardSoFar,
    crypto: worldCrypto(nodeCrypto),
    checksum: (bytes) => crc32(bytes),
  };
}

const DOMAIN = utf8('vauban/world-signature/0\n');

/**
 * Real keys, but a signature is a hash of key and message: it binds both as a real one does, and whoever has not been
 * given the seed does not make one here, because nobody calls anything but this port. A history signs and checks twenty
 * thousand times; Ed25519 itself has its vectors elsewhere.
 */
function worldCrypto(crypto: Crypto): Crypto {
  const publics = new Map<string, Uint8Array>();
  const publicOf = (seed: Uint8Array) => {
    const name = Buffer.from(seed.buffer, seed.byteOffset, seed.length).toString('latin1');
    let key = publics.get(name);
    if (key === undefined) {
      key = crypto.ed25519Public(seed);
      publics.set(name, key);
    }
    return key;
  };
  const half = (message: Uint8Array, publicKey: Uint8Array) => crypto.sha256(DOMAIN, publicKey, message);
  return {
    ...crypto,
    ed25519Verify: (signature, message, publicKey) => {
      if (signature.length !== 64 || publicKey.length !== 32) return false;
      const wanted = half(message, publicKey);
      return equalBytes(signature.subarray(0, 32), wanted) && equalBytes(signature.subarray(32), wanted);
    },
    ed25519Sign: (seed, message) => {
      const wanted = half(message, publicOf(seed));
      return concat(wanted, wanted);
    },
    ed25519Public: (seed) => publicOf(seed).slice(),
  };
}
