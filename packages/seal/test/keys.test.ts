// Derivations against OpenSSL's HKDF, and one key for one use.

import { hkdfSync } from 'node:crypto';
import { concat, u64be, utf8 } from '@vauban/core';
import { nodeCrypto, nodeRandom } from '@vauban/core/node';
import { expect, it } from 'vitest';
import {
  agencyKeys,
  newAgencySecret,
  newContentId,
  newDataKey,
  recordKey,
  replacedRootKeys,
  segmentKey,
  vaultIdOf,
  vaultSecret,
} from '../src/index.ts';
import { counting, faultOf, toHex } from './support.ts';

const secret = counting(0, 32);
const content = counting(0x80, 16);

function hkdf(key: Uint8Array, ...info: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), concat(...info), 32));
}

it('every key is HKDF-SHA-256 of its parent with its own domain string', () => {
  const { rootSeed, rootPublic } = agencyKeys(nodeCrypto, secret);
  expect(rootSeed).toEqual(hkdf(secret, utf8('vauban/agency-root/0\n')));
  expect(rootPublic).toEqual(nodeCrypto.ed25519Public(rootSeed));
  const replaced = replacedRootKeys(nodeCrypto, secret);
  expect(replaced.rootSeed).toEqual(hkdf(secret, utf8('vauban/replaced-root/0\n')));
  expect(replaced.rootPublic).toEqual(nodeCrypto.ed25519Public(replaced.rootSeed));
  const vault = vaultIdOf(rootPublic, 'archives');
  expect(vault).toEqual(nodeCrypto.sha256(utf8('vauban/vault-id/0\n'), rootPublic, utf8('archives')));
  const secretOfVault = vaultSecret(secret, vault);
  expect(secretOfVault).toEqual(hkdf(secret, utf8('vauban/vault-secret/0\n'), vault));
  expect(recordKey(secretOfVault, 'grand-est/ab')).toEqual(
    hkdf(secretOfVault, utf8('vauban/record-key/0\n'), utf8('grand-est/ab')),
  );
  expect(segmentKey(secret, { content, segment: 258 })).toEqual(
    hkdf(secret, utf8('vauban/segment-key/0\n'), content, u64be(258)),
  );
});

it('no two uses, segments, contents, vaults or logs share a key', () => {
  const { rootSeed, rootPublic } = agencyKeys(nodeCrypto, secret);
  const a = vaultIdOf(rootPublic, 'a');
  const b = vaultIdOf(rootPublic, 'b');
  const keys = [
    secret,
    rootSeed,
    rootPublic,
    replacedRootKeys(nodeCrypto, secret).rootSeed,
    replacedRootKeys(nodeCrypto, secret).rootPublic,
    a,
    b,
    vaultSecret(secret, a),
    vaultSecret(secret, b),
    vaultSecret(counting(1, 32), a),
    recordKey(secret, 'x'),
    recordKey(secret, 'xy'),
    recordKey(vaultSecret(secret, a), 'x'),
    segmentKey(secret, { content, segment: 0 }),
    segmentKey(secret, { content, segment: 1 }),
    segmentKey(secret, { content, segment: 256 }),
    segmentKey(secret, { content: counting(0x81, 16), segment: 0 }),
    segmentKey(counting(1, 32), { content, segment: 0 }),
  ];
  expect(new Set(keys.map(toHex)).size).toBe(keys.length);
});

it('random keys and ids are drawn, each in its length', () => {
  expect(newAgencySecret(nodeRandom)).toHaveLength(32);
  expect(newDataKey(nodeRandom)).toHaveLength(32);
  expect(newContentId(nodeRandom)).toHaveLength(16);
  expect(newDataKey(nodeRandom)).not.toEqual(newDataKey(nodeRandom));
});

it('a label typed composed or decomposed names one vault', () => {
  const root = counting(3, 32);
  expect(vaultIdOf(root, 'état civil'.normalize('NFD'))).toEqual(
    vaultIdOf(root, 'état civil'.normalize('NFC')),
  );
  expect(vaultIdOf(root, 'Archives')).not.toEqual(vaultIdOf(root, 'archives'));
});

it.each(['', 'a'.repeat(256), 'a\nb', 'a\u0000', '\u0085', '\ud800'])(
  'a label is proper text: %j',
  (label) => {
    expect(faultOf(() => vaultIdOf(counting(3, 32), label)).code).toBe('VAULT_LABEL');
  },
);

it('wrong lengths are programming errors', () => {
  expect(() => agencyKeys(nodeCrypto, counting(0, 31))).toThrow(/32 bytes/);
  expect(() => replacedRootKeys(nodeCrypto, counting(0, 31))).toThrow(/32 bytes/);
  expect(() => vaultSecret(secret, counting(0, 16))).toThrow(/32 bytes/);
  expect(() => segmentKey(secret, { content: counting(0, 32), segment: 0 })).toThrow(/16 bytes/);
  expect(() => segmentKey(secret, { content, segment: -1 })).toThrow(/whole number/);
  expect(() => segmentKey(secret, { content, segment: 0.5 })).toThrow(/whole number/);
  expect(() => recordKey(secret, '')).toThrow(/origin/);
});
