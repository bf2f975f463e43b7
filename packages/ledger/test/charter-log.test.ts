// The charter's own log: founding, extending, and every way a version is not one.

import { type Charter, charterHash, CompactRange, encodeCbor } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  CharterChain,
  charterOrigin,
  charterRoot,
  decodeSignedCharter,
  leafHashOf,
  type SignedCharter,
  signCharter,
  signCharterBody,
} from '../src/index.ts';
import {
  certified,
  chainOf,
  crypto,
  officersOf,
  opened,
  publicOf,
  sampleCharter,
  seedOf,
  signed,
  successor,
} from './sample-charter.ts';

const first = sampleCharter(4);
const draftOf = (chain: CharterChain, change: Partial<Charter> = { operators: [] }) =>
  signed(successor(chain, change));

describe('version 1', () => {
  test('is in force by its officers; its hash is the root that checkers start from', () => {
    const one = signed(first);
    const chain = new CharterChain(crypto, one);
    expect(chain.current).toEqual(first);
    expect(chain.root).toBe(
      `grand-est+charter0+${Buffer.from(charterHash(crypto, one.body)).toString('hex')}`,
    );
    expect(charterRoot(crypto, one.body)).toBe(chain.root);
    expect(chain.version(1)).toEqual(first);
    expect(chain.version(2)).toBeUndefined();
    expect(chain.versions()).toEqual([first]);
    expect(chain.signedFrom(1)).toEqual([one]);
    expect(chain.hashOf(1)).toEqual(chain.currentHash);
  });

  const refused: [string, string, () => SignedCharter][] = [
    ['two of four officers', 'OFFICERS_SHORT', () => signed(first, 'ana', 'bob')],
    [
      'one officer three times',
      'OFFICERS_SHORT',
      () => {
        const one = signed(first, 'ana');
        return { ...one, signatures: [...one.signatures, ...one.signatures, ...one.signatures] };
      },
    ],
    [
      'an officer nobody named',
      'OFFICERS_SHORT',
      () =>
        signCharter(crypto, first, [...officersOf('ana', 'bob'), { id: 'zoe', seed: seedOf('officer zoe') }]),
    ],
    [
      'an officer’s name over another key',
      'OFFICERS_SHORT',
      () =>
        signCharter(crypto, first, [...officersOf('ana', 'bob'), { id: 'eve', seed: seedOf('officer zoe') }]),
    ],
    [
      'signatures of another body',
      'OFFICERS_SHORT',
      () => ({ ...signed(first), body: signed({ ...first, issued: 0 }).body }),
    ],
    [
      'a body signed without its domain',
      'OFFICERS_SHORT',
      () => {
        const { body } = signed(first);
        const signatures = officersOf('ana', 'bob', 'eve').map(({ id, seed }) => ({
          officer: id,
          signature: crypto.ed25519Sign(seed, body),
        }));
        return { body, signatures, certificate: null };
      },
    ],
    [
      'a charter that starts at version 2',
      'CHARTER_SKIPPED',
      () => signed({ ...first, version: 2, previous: publicOf('x') }),
    ],
    ['a charter that contradicts itself', 'CHARTER_INVALID', () => signed({ ...first, sites: [] })],
    ['bytes that are no charter', 'MALFORMED', () => ({ ...signed(first), body: encodeCbor({}) })],
  ];

  test.each(refused)('with %s is none: %s', (_what, code, make) => {
    expect(() => new CharterChain(crypto, make())).toThrow(expect.objectContaining({ code }));
  });

  test('no version at all is none', () => {
    expect(() => CharterChain.from(crypto, [])).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });
});

describe('the next version', () => {
  test('is in force once a quorum of the one before cosigned the head it leads to', () => {
    const chain = chainOf(first);
    const draft = draftOf(chain);
    const { head } = chain.checkDraft(draft);
    const tree = new CompactRange(crypto);
    for (const { body } of [signed(first), draft]) tree.append(leafHashOf(crypto, body));
    expect(head).toEqual({ origin: charterOrigin('grand-est'), size: 2, root: tree.root() });
    chain.extend(certified(chain, draft));
    expect(chain.current.version).toBe(2);
    expect(chain.current.operators).toEqual([]);
    chain.extend(certified(chain, draftOf(chain, { issued: 5 })));
    const again = CharterChain.from(crypto, chain.signedFrom(1));
    expect(again.currentHash).toEqual(chain.currentHash);
    expect(again.version(2)?.operators).toEqual([]);
    expect(chain.signedFrom(3).length).toBe(1);
  });

  const newOfficers = ['ana', 'kim', 'leo', 'mia'].map((id) => ({ id, key: publicOf(`officer ${id}`) }));
  const refused: [string, string, (chain: CharterChain) => SignedCharter][] = [
    ['no certificate', 'CERTIFICATE_SHORT', (chain) => draftOf(chain)],
    ['a cosignature too few', 'CERTIFICATE_SHORT', (chain) => certified(chain, draftOf(chain), ['h1', 'h2'])],
    [
      'one hoster twice',
      'CERTIFICATE_SHORT',
      (chain) => certified(chain, draftOf(chain), ['h1', 'h2', 'h2']),
    ],
    [
      'a hoster without a vote',
      'CERTIFICATE_SHORT',
      (chain) => certified(chain, draftOf(chain), ['h1', 'h2', 'h0']),
    ],
    [
      'the certificate of another draft',
      'CERTIFICATE_OTHER',
      (chain) => {
        const other = certified(chain, draftOf(chain, { issued: 5 }));
        return { ...draftOf(chain), certificate: other.certificate };
      },
    ],
    [
      'the certificate of the version before',
      'CERTIFICATE_OTHER',
      (chain) => {
        const two = certified(chain, draftOf(chain));
        chain.extend(two);
        return { ...draftOf(chain, { issued: 9 }), certificate: two.certificate };
      },
    ],
    ['too few officers', 'OFFICERS_SHORT', (chain) => signed(successor(chain), 'ana', 'bob')],
    [
      'new officers that the old ones did not sign for',
      'OFFICERS_SHORT',
      (chain) => signed(successor(chain, { officers: newOfficers }), 'ana', 'kim', 'leo'),
    ],
    [
      'new officers that did not sign themselves',
      'OFFICERS_SHORT',
      (chain) => signed(successor(chain, { officers: newOfficers }), 'ana', 'bob', 'eve'),
    ],
    ['a number left out', 'CHARTER_SKIPPED', (chain) => signed(successor(chain, { version: 3 }))],
    ['the number it already has', 'CHARTER_SKIPPED', () => signed(first)],
    [
      'another version before it',
      'CHARTER_SKIPPED',
      (chain) => signed(successor(chain, { previous: publicOf('x') })),
    ],
    ['another name', 'CHARTER_OTHER', (chain) => signed(successor(chain, { name: 'sud' }))],
    [
      'a voter with another key',
      'VOTERS_CHANGED',
      (chain) =>
        signed(
          successor(chain, {
            hosters: first.hosters.map((one) =>
              one.id === 'h1' ? { ...one, votingKeys: [{ epoch: 0, key: publicOf('voting new') }] } : one,
            ),
          }),
        ),
    ],
    [
      'a voter less',
      'VOTERS_CHANGED',
      (chain) =>
        signed(
          successor(chain, {
            f: 0,
            hosters: first.hosters.map((one) => (one.id === 'h1' ? { ...one, voter: null } : one)),
          }),
        ),
    ],
    ['another number of liars', 'VOTERS_CHANGED', (chain) => signed(successor(chain, { f: 0 }))],
    ['the epoch after next', 'EPOCH_SKIPPED', (chain) => signed(opened(chain, 2))],
    [
      'a voting key that an earlier version listed',
      'VOTING_KEY_USED',
      (chain) => {
        chain.extend(certified(chain, signed(opened(chain, 1))));
        return signed(opened(chain, 2, (id) => `voting ${id} ${id === 'h2' ? 0 : 2}`));
      },
    ],
  ];

  test.each(refused)('with %s is none: %s', (_what, code, make) => {
    const chain = chainOf(first);
    const bad = make(chain);
    const before = chain.current.version;
    expect(() => chain.extend(bad)).toThrow(expect.objectContaining({ code }));
    expect(chain.current.version).toBe(before);
    // It spoiled nothing: the right one still follows.
    chain.extend(certified(chain, draftOf(chain, { issued: 7 })));
    expect(chain.current.version).toBe(before + 1);
  });

  test('new officers signed for by the old and by themselves', () => {
    const chain = chainOf(first);
    const draft = signed(successor(chain, { officers: newOfficers }), 'ana', 'bob', 'eve', 'kim', 'leo');
    chain.extend(certified(chain, draft));
    expect(chain.current.officers).toEqual(newOfficers);
  });
});

describe('epochs', () => {
  test('the voting set of each is known, and the version that opens one is cosigned by the epoch before', () => {
    const chain = chainOf(first);
    const own = certified(chain, signed(opened(chain, 1)), undefined, 1);
    expect(() => chain.extend(own)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_SHORT' }));
    chain.extend(certified(chain, signed(opened(chain, 1))));
    expect(chain.ofEpoch(0)).toEqual(first);
    expect(chain.ofEpoch(1)).toBe(chain.current);
    expect(chain.ofEpoch(2)).toBeUndefined();
    // An ordinary version of the new epoch, by its voters only.
    const next = draftOf(chain, { issued: 8 });
    expect(() => chain.extend(certified(chain, next, undefined, 0))).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_SHORT' }),
    );
    chain.extend(certified(chain, next, undefined, 1));
    expect(chain.ofEpoch(1)?.issued).toBe(8);
  });
});

describe('as bytes', () => {
  test('a signed version comes back; anything more is refused', () => {
    const one = signed(first);
    expect(decodeSignedCharter(encodeCbor(one))).toEqual(one);
    expect(() => decodeSignedCharter(encodeCbor({ ...one, more: 1 }))).toThrow(
      expect.objectContaining({ code: 'MALFORMED' }),
    );
    expect(signCharterBody(crypto, one.body, seedOf('officer ana'))).toEqual(one.signatures[0]?.signature);
  });
});
