// The charter: each thing that makes one invalid, what may follow what, and how many signatures count.

import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '../node/index.ts';
import {
  CHARTER_BYTES_MAX,
  type Charter,
  charterHash,
  charterProblems,
  checkSuccession,
  decodeCharter,
  encodeCbor,
  encodeCharter,
  findDaemon,
  homeOf,
  officersThreshold,
  quorumOf,
  toHex,
  votingHosters,
  votingKey,
} from '../src/index.ts';
import {
  nextCharter,
  SAMPLE_ISSUED,
  sampleCharter,
  sampleDaemon,
  sampleHoster,
  sampleKey,
  samplePolicy,
  sampleSeed,
  sampleSite,
  validCharter,
} from './sample-charter.ts';

const crypto = nodeCrypto;
const charter = validCharter(sampleCharter({ crypto }));
const hash = charterHash(crypto, encodeCharter(charter));

/** The first of a list changed. */
function first<Item>(list: readonly Item[], change: Partial<Item>): Item[] {
  return [{ ...(list[0] as Item), ...change }, ...list.slice(1)];
}

describe('a valid charter', () => {
  test.each([4, 7, 9, 10])('of %i hosters decodes to what was encoded', (hosters) => {
    const one = validCharter(sampleCharter({ crypto, hosters }));
    expect(decodeCharter(encodeCharter(one))).toEqual(one);
  });

  test('may have members without a vote', () => {
    const one = { ...charter, hosters: [...charter.hosters, sampleHoster(crypto, 10, null)] };
    expect(charterProblems(one)).toEqual([]);
    expect(votingHosters(one).length).toBe(9);
  });

  test('of tests has keys whose seeds tests know', () => {
    const roles: [string, Uint8Array][] = [
      ['officer-1', charter.officers[0]?.key as Uint8Array],
      ['voting-3-0', votingKey(charter.hosters[2] as Charter['hosters'][number], 0) as Uint8Array],
      ['receipt-3', charter.daemons[2]?.receiptKey as Uint8Array],
      ['root-hospital', charter.agencies[1]?.rootKey as Uint8Array],
    ];
    for (const [role, key] of roles) {
      expect(key).toEqual(sampleKey(crypto, role));
      expect(crypto.ed25519Verify(crypto.ed25519Sign(sampleSeed(crypto, role), hash), hash, key)).toBe(true);
    }
    expect(charter.issued).toBe(SAMPLE_ISSUED);
  });

  test('has its hash for a name', () => {
    const other = encodeCharter({ ...charter, expires: charter.expires + 1 });
    expect(hash.length).toBe(32);
    expect(toHex(charterHash(crypto, other))).not.toBe(toHex(hash));
    expect(toHex(crypto.sha256(encodeCharter(charter)))).not.toBe(toHex(hash));
  });

  test('knows where a daemon stands', () => {
    const daemon = charter.daemons[4] as Charter['daemons'][number];
    expect(findDaemon(charter, daemon.id)).toBe(daemon);
    expect(findDaemon(charter, '00'.repeat(16))).toBeUndefined();
    expect(homeOf(charter, daemon)).toMatchObject({ site: { id: 'site-5' }, hoster: { id: 'hoster-5' } });
  });
});

const daemons = charter.daemons;
const problems: readonly [problem: string, change: Partial<Charter>][] = [
  ['two hosters are called hoster-2', { hosters: first(charter.hosters, { id: 'hoster-2' }) }],
  ['two sites are called site-2', { sites: first(charter.sites, { id: 'site-2' }) }],
  [`two daemons are called ${daemons[1]?.id}`, { daemons: first(daemons, { id: daemons[1]?.id as string }) }],
  ['two peers are called peer-2', { daemons: first(daemons, { peer: 'peer-2' }) }],
  ['two agencies are called hospital', { agencies: first(charter.agencies, { id: 'hospital' }) }],
  ['two operators are called operator-1', { operators: [...charter.operators, ...charter.operators] }],
  ['two officers are called officer-2', { officers: first(charter.officers, { id: 'officer-2' }) }],
  ['two policies are called standard', { policies: [samplePolicy(), samplePolicy()] }],
  [
    `two keys are called ${toHex(daemons[1]?.logKey as Uint8Array)}`,
    { daemons: first(daemons, { receiptKey: daemons[1]?.logKey as Uint8Array }) },
  ],
  [
    `two keys are called ${toHex(charter.agencies[0]?.rootKey as Uint8Array)}`,
    { operators: first(charter.operators, { key: charter.agencies[0]?.rootKey as Uint8Array }) },
  ],
  ['only version 1 has no version before it', { version: 2 }],
  ['only version 1 has no version before it', { previous: new Uint8Array(32) }],
  ['it expires before it is issued', { expires: charter.issued }],
  ['site site-1 belongs to no hoster of the charter', { sites: first(charter.sites, { hoster: 'nobody' }) }],
  [
    `daemon ${daemons[0]?.id} stands on no site of the charter`,
    { daemons: first(daemons, { site: 'nowhere' }) },
  ],
  [
    'agency archives uses the unknown policy gold',
    { agencies: first(charter.agencies, { policies: ['standard', 'gold'] }) },
  ],
  [
    'the voter of hoster-1 is not one of its daemons',
    { hosters: first(charter.hosters, { voter: daemons[1]?.id as string }) },
  ],
  [
    'the voter of hoster-1 is not one of its daemons',
    { hosters: first(charter.hosters, { voter: '00'.repeat(16) }) },
  ],
  [
    'hoster-1 lists a voting key of an epoch after 0',
    {
      hosters: first(charter.hosters, {
        votingKeys: [...(charter.hosters[0]?.votingKeys ?? []), { epoch: 1, key: new Uint8Array(32) }],
      }),
    },
  ],
  [
    'hoster-1 cannot vote since epoch 1 in version 1 of epoch 0',
    { hosters: first(charter.hosters, { votingSince: 1 }) },
  ],
  [
    'hoster-1 has no vote, but says it votes since epoch 1',
    { hosters: first(charter.hosters, { voter: null, votingSince: 1 }) },
  ],
  ['hoster-1 has no voting key for epoch 0', { hosters: first(charter.hosters, { votingKeys: [] }) }],
  [
    'two epochs of hoster-1 are called 0',
    {
      hosters: first(charter.hosters, {
        votingKeys: [...(charter.hosters[0]?.votingKeys ?? []), { epoch: 0, key: new Uint8Array(32) }],
      }),
    },
  ],
  ['9 voters cannot bear 3 liars (at least 10 are needed)', { f: 3 }],
  ['4 officers cannot bear 2 liars', { officersLying: 2 }],
  ['policy standard: k = 0, m = 3 is no code', { policies: [samplePolicy({ k: 0 })] }],
  ['policy standard: k = 3, m = 0 is no code', { policies: [samplePolicy({ k: 3, m: 0 })] }],
  ['policy standard: k = 200, m = 56 is no code', { policies: [samplePolicy({ k: 200, m: 56 })] }],
  ['policy standard: k = 2 is less than m = 3', { policies: [samplePolicy({ k: 2 })] }],
  ['policy standard: sitesLost must be 1 to m', { policies: [samplePolicy({ sitesLost: 0 })] }],
  ['policy standard: sitesLost must be 1 to m', { policies: [samplePolicy({ sitesLost: 4 })] }],
  ['policy standard: minSurvives exceeds m', { policies: [samplePolicy({ minSurvives: 4 })] }],
  [
    'policy standard: cells must be whole leaves of 16384 bytes',
    { policies: [samplePolicy({ cellBytes: 0 })] },
  ],
  [
    'policy standard: cells must be whole leaves of 16384 bytes',
    { policies: [samplePolicy({ cellBytes: 16_385 })] },
  ],
  ['policy standard: a segment needs at least one frame', { policies: [samplePolicy({ segmentFrames: 0 })] }],
];

describe('an invalid charter', () => {
  test.each(problems)('%s', (problem, change) => {
    const wrong = { ...charter, ...change };
    expect(charterProblems(wrong)).toContain(problem);
    expect(() => decodeCharter(encodeCharter(wrong))).toThrow(
      expect.objectContaining({ kind: 'refused', code: 'CHARTER_INVALID' }),
    );
  });

  test.each([
    ['another format', { format: 'vauban/charter/1' }],
    ['a name that is no slug', { name: 'The Charter' }],
    ['version 0', { version: 0 }],
    ['a short key', { officers: [{ id: 'officer-1', key: new Uint8Array(31) }] }],
    ['an unknown field', { extra: true }],
    ['a field missing', { operators: undefined }],
    ['a negative f', { f: -1 }],
    ['a daemon id that is no hash', { daemons: first(daemons, { id: 'daemon-1' }) }],
    ['a place off the globe', { sites: first(charter.sites, { latitude: 90_000_001 }) }],
    ['a country of three letters', { sites: first(charter.sites, { country: 'FRA' }) }],
  ])('with %s is malformed', (_, change) => {
    const entries = Object.entries({ ...charter, ...change }).filter(([, value]) => value !== undefined);
    expect(() => decodeCharter(encodeCbor(Object.fromEntries(entries)))).toThrow(
      expect.objectContaining({ kind: 'refused', code: 'MALFORMED' }),
    );
  });

  test('too large is not even parsed', () => {
    expect(() => decodeCharter(new Uint8Array(CHARTER_BYTES_MAX + 1))).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
  });
});

describe('counting', () => {
  test.each([
    [1, 0, 1],
    [4, 1, 3],
    [7, 2, 5],
    [9, 2, 6],
    [10, 3, 7],
    [9, 0, 5],
  ])(
    'of %i voters, %i lying, %i are a quorum: two share an honest one, and honest ones suffice',
    (hosters, f, q) => {
      expect(quorumOf(sampleCharter({ crypto, hosters, f }))).toBe(q);
      expect(2 * q - hosters).toBeGreaterThan(f);
      expect(q).toBeLessThanOrEqual(hosters - f);
    },
  );

  test('only voters with a key of this epoch count', () => {
    const later = { ...charter, epoch: 1 };
    expect(votingHosters(later)).toEqual([]);
    const [one] = charter.hosters as [Charter['hosters'][number]];
    expect(votingKey(one, 0)).toEqual(one.votingKeys[0]?.key);
    expect(votingKey(one, 1)).toBeUndefined();
  });

  test('of 4 officers, 1 lying, 3 put a version in force', () => {
    expect(officersThreshold(charter)).toBe(3);
    expect(officersThreshold({ ...charter, officers: [], officersLying: 0 })).toBe(1);
  });
});

describe('succession', () => {
  const newcomer = sampleDaemon(crypto, 10, { site: 'site-1' });
  const voters = charter.hosters;

  test.each<[string, Partial<Charter>]>([
    ['nothing but time', {}],
    ['another daemon', { daemons: [...daemons, newcomer] }],
    ['another site', { sites: [...charter.sites, { ...sampleSite(10), hoster: 'hoster-1' }] }],
    ['another policy', { policies: [...charter.policies, samplePolicy({ name: 'gold' })] }],
    ['a suspended agency', { agencies: first(charter.agencies, { suspended: true }) }],
    ['a member without a vote', { hosters: [...voters, sampleHoster(crypto, 10, null)] }],
  ])('%s is an ordinary version', (_, change) => {
    const next = validCharter(nextCharter(charter, hash, change));
    expect(() => checkSuccession(charter, next, hash)).not.toThrow();
  });

  test.each<[string, string, Partial<Charter>]>([
    ['another consortium', 'CHARTER_OTHER', { name: 'other' }],
    ['the same version again', 'CHARTER_SKIPPED', { version: 1 }],
    ['the version after next', 'CHARTER_SKIPPED', { version: 3 }],
    ['a version after another one', 'CHARTER_SKIPPED', { previous: new Uint8Array(32) }],
    ['a version after none', 'CHARTER_SKIPPED', { previous: null }],
    ['another number of liars', 'VOTERS_CHANGED', { f: 1 }],
    ['a voter less', 'VOTERS_CHANGED', { hosters: voters.slice(1) }],
    ['voters in another order', 'VOTERS_CHANGED', { hosters: voters.toReversed() }],
    ['another voting daemon', 'VOTERS_CHANGED', { hosters: first(voters, { voter: newcomer.id }) }],
    [
      'another voting key',
      'VOTERS_CHANGED',
      { hosters: first(voters, { votingKeys: [{ epoch: 0, key: new Uint8Array(32) }] }) },
    ],
    ['a vote given up', 'VOTERS_CHANGED', { hosters: first(voters, { voter: null }) }],
    ['a vote since another epoch', 'VOTERS_CHANGED', { hosters: first(voters, { votingSince: 1 }) }],
  ])('%s is none: %s', (_, code, change) => {
    expect(() => checkSuccession(charter, nextCharter(charter, hash, change), hash)).toThrow(
      expect.objectContaining({ kind: 'refused', code }),
    );
  });
});
