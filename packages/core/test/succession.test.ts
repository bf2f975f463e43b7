// Epochs: what may change between two voting sets, and that any two quorums, old and new, share an honest hoster.

import { describe, expect, test } from 'vitest';
import {
  type Charter,
  charterHash,
  charterProblems,
  checkSuccession,
  encodeCharter,
  type Hoster,
  quorumOf,
  votersMoved,
} from '../src/index.ts';
import { nodeCrypto as crypto } from '../node/index.ts';
import { sampleCharter, sampleDaemon, sampleHoster, sampleKey, sampleSite } from './sample-charter.ts';

const freshKey = (id: string, epoch: number) => sampleKey(crypto, `voting-${id}-${epoch}`);

/** The voting set goes on with a fresh key each. */
function rekeyed(hosters: readonly Hoster[], epoch: number): Hoster[] {
  return hosters.map((one) =>
    one.voter === null
      ? one
      : { ...one, votingKeys: [...one.votingKeys, { epoch, key: freshKey(one.id, epoch) }] },
  );
}

/** Members 1 to `voters` vote; one more site and daemon, of one more hoster, stand by. */
function consortium(voters: number, f: number): Charter {
  const charter = sampleCharter({ crypto, hosters: voters, f });
  const spare = sampleDaemon(crypto, voters + 1, { site: `site-${voters + 1}` });
  return {
    ...charter,
    hosters: [...charter.hosters, sampleHoster(crypto, voters + 1, null)],
    sites: [...charter.sites, sampleSite(voters + 1)],
    daemons: [...charter.daemons, spare],
  };
}

function next(current: Charter, change: Partial<Charter>): Charter {
  const epoch = current.epoch + 1;
  return {
    ...current,
    version: current.version + 1,
    previous: charterHash(crypto, encodeCharter(current)),
    epoch,
    hosters: rekeyed(current.hosters, epoch),
    ...change,
  };
}

const check = (current: Charter, then: Charter) =>
  checkSuccession(current, then, charterHash(crypto, encodeCharter(current)));

const change = (hosters: readonly Hoster[], id: string, to: Partial<Hoster>) =>
  hosters.map((one) => (one.id === id ? { ...one, ...to } : one));

const four = consortium(4, 1);
const after = rekeyed(four.hosters, 1);
const spare = four.daemons.at(-1)?.id ?? '';
const entering: Partial<Hoster> = {
  voter: spare,
  votingSince: 1,
  votingKeys: [{ epoch: 1, key: freshKey('hoster-5', 1) }],
};
const leaving: Partial<Hoster> = { voter: null, votingSince: 0 };

describe('an epoch', () => {
  test.each<[string, Partial<Charter>, string[], string[]]>([
    ['a fresh key for everyone', {}, [], []],
    ['a voter more', { hosters: change(after, 'hoster-5', entering) }, ['hoster-5'], []],
    [
      'a voter replaced',
      { hosters: change(change(after, 'hoster-5', entering), 'hoster-1', leaving) },
      ['hoster-5'],
      ['hoster-1'],
    ],
    [
      'a voter that enters anew',
      { hosters: change(after, 'hoster-1', { votingSince: 1 }) },
      ['hoster-1'],
      ['hoster-1'],
    ],
    [
      'a voter less, and nobody lying',
      { f: 0, hosters: change(after, 'hoster-1', leaving) },
      [],
      ['hoster-1'],
    ],
  ])('%s follows', (_, with_, enter, leave) => {
    const then = next(four, with_);
    expect(charterProblems(then)).toEqual([]);
    expect(() => check(four, then)).not.toThrow();
    const moved = votersMoved(four, then);
    expect(moved.enter.map(({ id }) => id)).toEqual(enter);
    expect(moved.leave.map(({ id }) => id)).toEqual(leave);
  });

  test.each<[string, string, Partial<Charter>]>([
    ['two epochs at once', 'EPOCH_SKIPPED', { epoch: 2, hosters: rekeyed(four.hosters, 2) }],
    ['an epoch back', 'EPOCH_SKIPPED', { epoch: -1, hosters: four.hosters }],
    [
      'two that enter',
      'VOTERS_MANY',
      { hosters: change(change(after, 'hoster-5', entering), 'hoster-1', { votingSince: 1 }) },
    ],
    [
      'two that leave',
      'VOTERS_MANY',
      { f: 0, hosters: change(change(after, 'hoster-1', leaving), 'hoster-2', leaving) },
    ],
    [
      'an old key for a new epoch',
      'VOTING_KEY_USED',
      {
        hosters: change(after, 'hoster-1', {
          votingKeys: [{ epoch: 1, key: four.hosters[0]?.votingKeys[0]?.key as Uint8Array }],
        }),
      },
    ],
    [
      'a newcomer that has always voted',
      'VOTER_SINCE',
      { hosters: change(after, 'hoster-5', { ...entering, votingSince: 0 }) },
    ],
    [
      'a voter on another daemon that goes on as before',
      'VOTER_SINCE',
      { hosters: change(after, 'hoster-1', { voter: spare }) },
    ],
  ])('%s does not: %s', (_, code, with_) => {
    expect(() => check(four, next(four, with_))).toThrow(expect.objectContaining({ kind: 'refused', code }));
  });

  test('a quorum of the old set and one of the new share more than can lie, whatever follows', () => {
    for (let n = 1; n <= 12; n++) {
      for (let f = 0; 3 * f + 1 <= n; f++) {
        const current = consortium(n, f);
        const hosters = rekeyed(current.hosters, 1);
        const newcomer = `hoster-${n + 1}`;
        const comes: Partial<Hoster> = { ...entering, voter: current.daemons.at(-1)?.id ?? '' };
        const sets: [Hoster[], number][] = [
          [hosters, 0],
          [change(hosters, newcomer, comes), 1],
          [change(hosters, 'hoster-1', leaving), -1],
        ];
        for (const [moved, grown] of sets) {
          const size = n + grown;
          for (let liars = 0; 3 * liars + 1 <= size; liars++) {
            const then = next(current, { f: liars, hosters: moved });
            // Of the old quorum, all who stayed and who entered hold what it signed.
            const hold = quorumOf(current) + grown;
            const apart = hold + quorumOf(then) - size <= liars;
            if (apart)
              expect(() => check(current, then)).toThrow(expect.objectContaining({ code: 'QUORUMS_APART' }));
            else expect(() => check(current, then)).not.toThrow();
          }
        }
      }
    }
  });

  test('as many liars as before, or one more or fewer, can always follow when nobody leaves', () => {
    const nine = consortium(9, 1);
    expect(() => check(nine, next(nine, { f: 2 }))).not.toThrow();
    expect(() => check(nine, next(nine, { f: 0 }))).not.toThrow();
    const ten = consortium(10, 1);
    const one = change(rekeyed(ten.hosters, 1), 'hoster-1', leaving);
    expect(() => check(ten, next(ten, { f: 2, hosters: one }))).toThrow(
      expect.objectContaining({ code: 'QUORUMS_APART' }),
    );
  });
});
