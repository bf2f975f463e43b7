// Node's crypto adapter against independent implementations and published vectors.

import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { gcm } from '@noble/ciphers/aes.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto, nodeRandom } from '../node/index.ts';
import { concat, fromHex, LEAF_BYTES, toHex, utf8 } from '../src/index.ts';

const hex = (text: string) => fromHex(text) as Uint8Array;
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const some = fc.uint8Array({ maxLength: 300 });

describe('SHA-256', () => {
  test('of “abc” (FIPS 180-4)', () => {
    const digest = nodeCrypto.sha256(utf8('abc'));
    expect(toHex(digest)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(digest.constructor).toBe(Uint8Array);
  });

  test('in parts, as a stream and at once is the oracle’s', () => {
    fc.assert(
      fc.property(fc.array(some, { maxLength: 4 }), (parts) => {
        const expected = sha256(concat(...parts));
        expect(nodeCrypto.sha256(...parts)).toEqual(expected);
        const stream = nodeCrypto.sha256Stream();
        for (const part of parts) stream.update(part);
        expect(stream.digest()).toEqual(expected);
      }),
    );
  });

  test('digests do not share memory', () => {
    const first = nodeCrypto.sha256(utf8('a'));
    const before = toHex(first);
    nodeCrypto.sha256(utf8('b')).fill(0);
    expect(toHex(first)).toBe(before);
  });
});

describe('leaf hashes', () => {
  const oracle = (data: Uint8Array, leafBytes: number) => {
    const hashes: Uint8Array[] = [];
    for (let at = 0; at < data.length; at += leafBytes) {
      hashes.push(sha256(concat(Uint8Array.of(0), data.subarray(at, at + leafBytes))));
    }
    return concat(...hashes);
  };

  test('are the oracle’s, for any length of leaf and data', () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 64 }), (data, leafBytes) => {
        expect(nodeCrypto.leafHashes(data, leafBytes)).toEqual(oracle(data, leafBytes));
      }),
    );
  });

  test.each([0, 1, LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1, 3 * LEAF_BYTES])('of %i bytes', (length) => {
    const data = Uint8Array.from({ length: length + 5 }, (_, i) => i * 7).subarray(5);
    expect(toHex(nodeCrypto.leafHashes(data, LEAF_BYTES))).toBe(toHex(oracle(data, LEAF_BYTES)));
  });
});

describe('AES-256-GCM', () => {
  const seal = (key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array) => {
    const into = new Uint8Array(plaintext.length + 16);
    nodeCrypto.gcmSealInto(into, key, nonce, plaintext);
    return into;
  };

  test('seals and opens as the oracle does', () => {
    fc.assert(
      fc.property(bytes(32), bytes(12), some, (key, nonce, plaintext) => {
        const sealed = seal(key, nonce, plaintext);
        expect(sealed).toEqual(gcm(key, nonce).encrypt(plaintext));
        const opened = new Uint8Array(plaintext.length);
        expect(nodeCrypto.gcmOpenInto(opened, key, nonce, sealed)).toBe(true);
        expect(opened).toEqual(plaintext);
      }),
    );
  });

  test('any flipped bit of key, nonce, ciphertext or tag: false, and nothing of the plaintext is left', () => {
    fc.assert(
      fc.property(bytes(32), bytes(12), some, fc.nat(), (key, nonce, plaintext, pick) => {
        const all = concat(key, nonce, seal(key, nonce, plaintext));
        const bit = pick % (8 * all.length);
        all[bit >> 3] = (all[bit >> 3] as number) ^ (1 << (bit & 7));
        const opened = new Uint8Array(plaintext.length).fill(7);
        expect(
          nodeCrypto.gcmOpenInto(opened, all.subarray(0, 32), all.subarray(32, 44), all.subarray(44)),
        ).toBe(false);
        expect(opened).toEqual(new Uint8Array(plaintext.length));
      }),
    );
  });

  test('room of another size is a programmer’s mistake', () => {
    const [key, nonce] = [new Uint8Array(32), new Uint8Array(12)];
    expect(() => nodeCrypto.gcmSealInto(new Uint8Array(16), key, nonce, new Uint8Array(1))).toThrow(
      'assertion',
    );
    expect(() => nodeCrypto.gcmOpenInto(new Uint8Array(1), key, nonce, new Uint8Array(16))).toThrow(
      'assertion',
    );
  });
});

describe('Ed25519', () => {
  // RFC 8032, section 7.1, tests 1 to 3.
  const vectors = [
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ].map((vector) => vector.map(hex) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]);

  test.each(vectors)('the vectors of RFC 8032 (%#)', (seed, key, message, signature) => {
    expect(toHex(nodeCrypto.ed25519Public(seed))).toBe(toHex(key));
    expect(toHex(nodeCrypto.ed25519Sign(seed, message))).toBe(toHex(signature));
    expect(nodeCrypto.ed25519Verify(signature, message, key)).toBe(true);
  });

  test('another message, key or signature does not verify', () => {
    const [[, key, message, signature], [, otherKey]] = vectors as [(typeof vectors)[0], (typeof vectors)[0]];
    expect(nodeCrypto.ed25519Verify(signature, utf8('x'), key)).toBe(false);
    expect(nodeCrypto.ed25519Verify(signature, message, otherKey)).toBe(false);
    for (let i = 0; i < 64; i++) {
      const bent = signature.slice();
      bent[i] = (bent[i] as number) ^ 1;
      expect(nodeCrypto.ed25519Verify(bent, message, key)).toBe(false);
    }
  });

  test('nonsense does not verify, and does not throw', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 70 }),
        some,
        fc.uint8Array({ maxLength: 40 }),
        (signature, message, key) => {
          expect(nodeCrypto.ed25519Verify(signature, message, key)).toBe(false);
        },
      ),
    );
    const [[, key, message, signature]] = vectors as [(typeof vectors)[0]];
    expect(nodeCrypto.ed25519Verify(signature.subarray(1), message, key)).toBe(false);
    expect(nodeCrypto.ed25519Verify(concat(signature, hex('00')), message, key)).toBe(false);
    expect(nodeCrypto.ed25519Verify(signature, message, key.subarray(1))).toBe(false);
    expect(nodeCrypto.ed25519Verify(signature, message, new Uint8Array(32).fill(255))).toBe(false);
  });

  test('signs as OpenSSL does, and each verifies what the other signed', () => {
    fc.assert(
      fc.property(bytes(32), some, (seed, message) => {
        const privateKey = createPrivateKey({
          key: concat(hex('302e020100300506032b657004220420'), seed),
          format: 'der',
          type: 'pkcs8',
        } as Parameters<typeof createPrivateKey>[0]);
        const signature = nodeCrypto.ed25519Sign(seed, message);
        expect(signature).toEqual(new Uint8Array(sign(null, message, privateKey)));
        expect(verify(null, message, createPublicKey(privateKey), signature)).toBe(true);
        expect(nodeCrypto.ed25519Verify(signature, message, nodeCrypto.ed25519Public(seed))).toBe(true);
      }),
    );
  });

  test('a signature has one form: its scalar plus the group’s order does not verify', () => {
    const [[, key, message, signature]] = vectors as [(typeof vectors)[0]];
    const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
    const little = (at: Uint8Array) => BigInt(`0x${toHex(at.toReversed())}`);
    const other = (little(signature.subarray(32)) + order).toString(16).padStart(64, '0');
    const twin = concat(signature.subarray(0, 32), hex(other).toReversed());
    expect(nodeCrypto.ed25519Verify(twin, message, key)).toBe(false);
  });

  test.each([
    ['the neutral point', `01${'00'.repeat(31)}`],
    ['the neutral point, not canonical', `ee${'ff'.repeat(30)}7f`],
    ['the point of order two', `ec${'ff'.repeat(30)}7f`],
    ['a point of order four', '00'.repeat(32)],
    ['a point of order eight', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
  ])('nobody’s key is %s, under which anyone can sign anything', (_what, key) => {
    for (const point of [key, `01${'00'.repeat(31)}`]) {
      const forged = concat(hex(point), new Uint8Array(32));
      for (const message of [utf8(''), utf8('anything'), utf8('more of it')]) {
        expect(nodeCrypto.ed25519Verify(forged, message, hex(key))).toBe(false);
      }
    }
  });
});

test('random bytes are as many as asked, and others each time', () => {
  expect(nodeRandom.bytes(0)).toEqual(new Uint8Array(0));
  const [a, b] = [nodeRandom.bytes(32), nodeRandom.bytes(32)];
  expect(a.length).toBe(32);
  expect(a.constructor).toBe(Uint8Array);
  expect(toHex(a)).not.toBe(toHex(b));
});
