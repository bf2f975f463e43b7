// The worked example of SPEC.md, computed: its hex stays true.

import { readFileSync } from 'node:fs';
import { utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { expect, it } from 'vitest';
import {
  agencyKeys,
  encodeObjectsRecord,
  recordKey,
  sealedBytes,
  sealFrames,
  sealRecord,
  segmentKey,
  vaultIdOf,
  vaultSecret,
  wordsOf,
} from '../src/index.ts';
import { counting, scriptedRandom, toHex } from './support.ts';

const spec = readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8').replace(/\s+/g, '');

it('the worked example of SPEC.md is what this code computes', () => {
  const agencySecret = counting(0, 32);
  const { rootSeed, rootPublic } = agencyKeys(nodeCrypto, agencySecret);
  const vault = vaultIdOf(rootPublic, 'archives');
  const secretOfVault = vaultSecret(agencySecret, vault);
  const content = { content: counting(0x80, 16), key: counting(0x40, 32) };
  const key = segmentKey(content.key, { content: content.content, segment: 0 });
  const plaintext = utf8('Bonjour, Metz.\n');
  const sealed = new Uint8Array(sealedBytes(plaintext.length));
  const tags = sealFrames(nodeCrypto, key, plaintext, sealed);
  const plain = encodeObjectsRecord({
    changes: [
      {
        kind: 'file',
        path: 'bonjour.txt',
        object: counting(1, 16),
        version: counting(2, 16),
        parents: [],
        size: plaintext.length,
        sha256: nodeCrypto.sha256(plaintext),
        modified: 1_790_000_000_000,
        mode: 0o644,
        content: { ...content, in: { pack: counting(7, 32), offset: 70_000, length: sealed.length } },
      },
    ],
  });
  expect(plain).toHaveLength(197);
  const origin = `grand-est/${'ab'.repeat(32)}`;
  const at = { vaultSecret: secretOfVault, origin, index: 41 };
  const record = sealRecord({ ...at, random: scriptedRandom(counting(0xc0, 24)), plain });
  expect(record).toHaveLength(238);
  const shown = [
    rootSeed,
    rootPublic,
    vault,
    secretOfVault,
    key,
    sealed,
    tags,
    recordKey(secretOfVault, origin),
    record,
  ];
  for (const bytes of shown) expect(spec).toContain(toHex(bytes));
  expect(spec).toContain(wordsOf(agencySecret).join(''));
  expect(spec).toContain(toHex(utf8('bonjour.txt')));
});
