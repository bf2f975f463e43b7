// The key of the next epoch: when a voter's word for it counts.

import { describe, expect, test } from 'vitest';
import { openNextKey, signNextKey } from '../src/index.ts';
import { crypto, publicOf, sampleCharter, seedOf } from './sample-charter.ts';

const charter = sampleCharter(4);

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
