// Sizes of network that make sense, and that every one of them has a valid charter.

import { charterProblems, isFault, LEAF_BYTES, officersThreshold, quorumOf, slugOf } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { checkDeclaration, choose } from '@vauban/placement';
import { describe, expect, it, test } from 'vitest';
import { cities } from '../src/cities.ts';
import { checkSize, foundCharter, standardCode, suggestCode } from '../src/found-charter.ts';
import { charterOf, lineOf, NOW } from './sample-charter.ts';

const crypto = nodeCrypto;

describe('the size of a network', () => {
  test.each([
    [9, 6, 3],
    [3, 2, 1],
    [5, 3, 2],
    [9, 3, 3],
    [26, 20, 6],
  ])('may be %i sites with %i + %i', (sites, k, m) => {
    expect(() => checkSize({ sites, k, m })).not.toThrow();
  });

  test.each([
    [5, 6, 3, 'CODE_TOO_WIDE', '-k 3 -m 2'],
    [3, 6, 3, 'CODE_TOO_WIDE', '-k 2 -m 1'],
    [9, 7, 3, 'CODE_TOO_WIDE', '-k 6 -m 3'],
    [2, 1, 1, 'SITES_FEW', '--sites 3 -k 2 -m 1'],
    [0, 0, 0, 'SITES_FEW', ''],
    [27, 6, 3, 'SITES_MANY', '26'],
    [9, 0, 3, 'CODE_IMPOSSIBLE', '-k 6 -m 3'],
    [9, 6, 0, 'CODE_IMPOSSIBLE', '-k 6 -m 3'],
    [9, 1, 1, 'CODE_IMPOSSIBLE', ''],
    [9, 2, 3, 'CODE_IMPOSSIBLE', ''],
    [3.5, 2, 1, 'SITES_FEW', ''],
    [9, 2.5, 1, 'CODE_IMPOSSIBLE', ''],
  ])('may not be %d sites with %d + %d (%s)', (sites, k, m, code, words) => {
    try {
      checkSize({ sites, k, m });
    } catch (error) {
      expect(isFault(error, code) && error.kind).toBe('usage');
      expect((error as Error).message).toContain(words);
      return;
    }
    throw new Error('it was accepted');
  });

  it('is followed by a suggestion that is accepted', () => {
    for (let sites = 3; sites <= cities.length; sites++) {
      expect(() => checkSize({ sites, ...suggestCode(sites) })).not.toThrow();
    }
  });
});

describe('the first charter', () => {
  it('is valid for every number of sites, and its policy places segments', () => {
    for (let sites = 3; sites <= cities.length; sites++) {
      const charter = charterOf(sites);
      expect(charterProblems(charter)).toEqual([]);
      const [policy] = charter.policies;
      if (policy === undefined) throw new Error('no policy');
      for (const hoster of charter.hosters) {
        expect(checkDeclaration(hoster, policy.sovereignty, NOW)).toBeUndefined();
      }
      const live = new Map(charter.daemons.map((one) => [one.id, { freeBytes: 1e9 }]));
      const options = { charter, policy, live, seed: new Uint8Array(8), now: NOW, crypto };
      const choice = choose({ ...options, fragmentBytesOf: () => 1_000 });
      expect([choice.k, choice.m]).toEqual([policy.k, policy.m]);
    }
  });

  it('bears two lying hosters of nine, with quorums of six', () => {
    const charter = charterOf(9);
    expect([charter.f, quorumOf(charter), charter.officersLying, officersThreshold(charter)]).toEqual([
      2, 6, 2, 6,
    ]);
    expect(charter.sites[0]).toMatchObject({ id: 'strasbourg', city: 'Strasbourg', latitude: 48_573_400 });
  });

  it.each([
    [9, 'clay', 27],
    [5, 'clay', 8],
    [3, 'rs', 9],
    [26, 'rs', 9],
  ] as const)('of %i sites codes with %s, in cells of %i leaves', (sites, code, leaves) => {
    expect(charterOf(sites).policies[0]).toMatchObject({ code, cellBytes: leaves * LEAF_BYTES });
  });

  it('codes with what is asked for, where there is such a code', () => {
    expect(() => checkSize({ sites: 9, k: 6, m: 3, code: 'rs' })).not.toThrow();
    expect(() => checkSize({ sites: 9, k: 6, m: 3, code: 'clay' })).not.toThrow();
    expect(standardCode(6, 3)).toBe('clay');
    // One parity shard has no clay code, and one of 7 + 2 in 32 parts, but of 12 + 3 in 243: too long a stripe.
    for (const [k, m] of [
      [2, 1],
      [12, 3],
    ] as const) {
      expect(standardCode(k, m)).toBe('rs');
      expect(() => checkSize({ sites: 15, k, m, code: 'clay' })).toThrow(/--code rs/);
    }
  });

  it('takes no line that was tampered with', () => {
    const line = lineOf(0);
    const middle = Math.floor(line.length / 2);
    const changed = line.slice(0, middle) + (line[middle] === 'A' ? 'B' : 'A') + line.slice(middle + 1);
    const founding = {
      name: 'test',
      publicLines: [changed],
      officers: [],
      operators: [],
      k: 2,
      m: 1,
      now: NOW,
    };
    expect(() => foundCharter({ ...founding, crypto })).toThrow(/public line/);
  });
});

it('has cities and hosters enough, each once, with names that become ids', () => {
  const names = cities.map((city) => slugOf(city.name));
  const hosters = cities.map((city) => slugOf(city.hoster));
  expect(new Set(names).size).toBe(cities.length);
  expect(new Set(hosters).size).toBe(cities.length);
  expect(names.slice(0, 9)).toEqual([
    'strasbourg',
    'metz',
    'nancy',
    'reims',
    'mulhouse',
    'colmar',
    'troyes',
    'epinal',
    'charleville-mezieres',
  ]);
  for (const { latitude, longitude } of cities) {
    expect(latitude).toBeGreaterThan(47.4);
    expect(latitude).toBeLessThan(50.2);
    expect(longitude).toBeGreaterThan(3.3);
    expect(longitude).toBeLessThan(8.3);
  }
});
