// Drafts given up, and the keys of the next epoch: small signed statements, and when they count.

import { charterHash, encodeCbor } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  type Abandon,
  abandonsNeeded,
  isDead,
  openAbandon,
  openNextKey,
  signAbandon,
  signNextKey,
} from '../src/index.ts';
import { crypto, publicOf, sampleCharter, seedOf, signed, successor, chainOf } from './sample-charter.ts';

const charter = sampleCharter(4);
const draft = charterHash(crypto, signed(successor(chainOf(charter))).body);
const bodyOf = (officer: string, change: Partial<Abandon> = {}): Abandon => ({
  format: 'vauban/abandon/0',
  charter: charter.name,
  version: 2,
  draft,
  officer,
  ...change,
});
const noteOf = (officer: string, change: Partial<Abandon> = {}) =>
  signAbandon(crypto, bodyOf(officer, change), seedOf(`officer ${officer}`));
const opened = (...officers: string[]) => officers.map((one) => openAbandon(crypto, charter, noteOf(one)));

describe('abandon', () => {
  test('comes back as its officer signed it', () => {
    expect(openAbandon(crypto, charter, noteOf('ana'))).toEqual(bodyOf('ana'));
  });

  test.each<[string, string, () => Uint8Array]>([
    ['another charter', 'ABANDON_OTHER', () => noteOf('ana', { charter: 'sud' })],
    ['a version that is no draft any more', 'ABANDON_OTHER', () => noteOf('ana', { version: 1 })],
    [
      'an officer’s name over another key',
      'ABANDON_FORGED',
      () => signAbandon(crypto, bodyOf('ana'), seedOf('officer bob')),
    ],
    ['somebody else', 'ABANDON_FORGED', () => noteOf('zoe')],
    ['no note', 'MALFORMED', () => encodeCbor([noteOf('ana')])],
  ])('of %s is refused: %s', (_, code, make) => {
    expect(() => openAbandon(crypto, charter, make())).toThrow(expect.objectContaining({ code }));
  });

  // Of four officers one may lie and three must sign: one signed, so three others are left; all three must give up,
  // because one of them may sign after all.
  test('kills a draft when, whoever lies, too few are left to sign it', () => {
    expect(abandonsNeeded(charter)).toBe(3);
    expect(isDead(charter, draft, ['ana'], opened('bob', 'eve', 'max'))).toBe(true);
    expect(isDead(charter, draft, [], opened('ana', 'bob', 'eve'))).toBe(true);
  });

  test.each<[string, string[], Abandon[]]>([
    ['two notes', ['ana'], opened('bob', 'eve')],
    ['one officer three times', ['ana'], opened('bob', 'bob', 'bob')],
    ['the note of one that signed', ['ana'], opened('ana', 'bob', 'eve')],
    ['a note of another draft', [], [...opened('ana', 'bob'), bodyOf('eve', { draft: publicOf('x') })]],
    ['a note of another number', [], [...opened('ana', 'bob'), bodyOf('eve', { version: 3 })]],
    ['the note of a stranger', [], [...opened('ana', 'bob'), bodyOf('zoe')]],
  ])('%s do not', (_, signers, abandons) => {
    expect(isDead(charter, draft, signers, abandons)).toBe(false);
  });
});

describe('the key of the next epoch', () => {
  const of = { charter: charter.name, hoster: 'h1', epoch: 1, key: publicOf('voting h1 1') };
  const good = signNextKey(crypto, of, seedOf('voting h1 0'));

  test('is the one its voter vouches for with the key in force', () => {
    expect(openNextKey(crypto, charter, 'h1', good)).toEqual(of.key);
  });

  test.each<[string, string, string, typeof good]>([
    ['another hoster', 'NEXT_KEY_FORGED', 'h2', good],
    ['a hoster without a vote', 'NEXT_KEY_FORGED', 'h0', good],
    ['another key', 'NEXT_KEY_FORGED', 'h1', { ...good, key: publicOf('voting h1 2') }],
    ['its own signature', 'NEXT_KEY_FORGED', 'h1', signNextKey(crypto, of, seedOf('voting h1 1'))],
    [
      'a later epoch',
      'NEXT_KEY_OTHER',
      'h1',
      signNextKey(crypto, { ...of, epoch: 2 }, seedOf('voting h1 0')),
    ],
    [
      'another charter',
      'NEXT_KEY_FORGED',
      'h1',
      signNextKey(crypto, { ...of, charter: 'sud' }, seedOf('voting h1 0')),
    ],
  ])('of %s is refused: %s', (_, code, hoster, next) => {
    expect(() => openNextKey(crypto, charter, hoster, next)).toThrow(expect.objectContaining({ code }));
  });
});
