// The choice of daemons, case by case: fewer sites, merged companies, full disks, refusals.

import { isFault, utf8 } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { type Choice, checkDomainRule, choose, expansionOf } from '../src/index.ts';
import {
  charterOf,
  daemonId,
  GB,
  heldBy,
  holdersOf,
  liveBut,
  NOW,
  optionsOf,
  policyOf,
  separateSites,
  siteOf,
  tryChoose,
} from './charters.ts';

const policy = policyOf(6, 3);
const nine = charterOf(separateSites(9));
const codeOf = (choice: Choice) => `${choice.k}+${choice.m}`;

describe('choose', () => {
  test('nine of nine: 6 + 3, one on each site', () => {
    const choice = choose(optionsOf(nine, policy));
    expect(codeOf(choice)).toBe('6+3');
    expect(choice.daemons.map((id) => siteOf(nine, id)).sort()).toEqual(nine.sites.map((one) => one.id));
    expect(expansionOf(choice)).toBe(1.5);
  });

  test.each([
    [['s2'], '5+3'],
    [['s2', 's9'], '4+3'],
    [['s2', 's9', 's4'], '3+3'],
  ])('without %j: %s on the sites that are left', (silent, code) => {
    const choice = choose(optionsOf(nine, policy, { live: liveBut(nine, ...silent) }));
    expect(codeOf(choice)).toBe(code);
    const sites = choice.daemons.map((id) => siteOf(nine, id));
    expect(new Set(sites).size).toBe(9 - silent.length);
    expect(sites.filter((site) => silent.includes(site))).toEqual([]);
  });

  test('five of nine: refused, with what is missing and why', () => {
    const charter = charterOf([...separateSites(8), { id: 's9', hoster: 'h9', daemons: [] }], {
      h8: { validUntil: NOW },
    });
    const live = new Map(liveBut(charter, 's6'));
    live.set(daemonId('s7'), { freeBytes: 4_999_999 });
    const fault = tryChoose(optionsOf(charter, policy, { live }));
    if (!isFault(fault, 'TOO_FEW_SITES')) throw fault;
    expect(fault.kind).toBe('refused');
    expect(fault.facts).toEqual({
      wanted: 6,
      found: 5,
      missing: [
        { site: 's6', reason: 'silent' },
        { site: 's7', reason: 'full' },
        { site: 's8', reason: 'declaration' },
        { site: 's9', reason: 'no-daemon' },
      ],
      fragmentBytes: 5_000_000,
    });
    expect(fault.message).toBe(
      '1 more site with 5.0 MB free is needed: 5 of 9 sites can take a fragment, and policy standard needs 3 + 3 at ' +
        'least. Not available: s6 (silent), s7 (full), s8 (declaration), s9 (no-daemon).',
    );
  });

  test('four of nine with large fragments: two more sites with 2.1 GB', () => {
    const live = liveBut(nine, 's1', 's2', 's3', 's4', 's5');
    const fault = tryChoose(optionsOf(nine, policy, { live, fragmentBytesOf: () => 2.1 * GB }));
    expect(isFault(fault) && fault.message).toMatch(
      /^2 more sites with 2\.1 GB free are needed: 4 of 9 sites/,
    );
  });

  test('an expired declaration takes its hoster out', () => {
    const charter = charterOf(separateSites(10), { h4: { validUntil: NOW } });
    const choice = choose(optionsOf(charter, policy));
    expect(codeOf(choice)).toBe('6+3');
    expect(choice.daemons).not.toContain(daemonId('s4'));
    expect(codeOf(choose(optionsOf(charter, policy, { live: liveBut(charter, 's5') })))).toBe('5+3');
  });

  test('daemons to avoid are not used, and are named as the reason', () => {
    const ten = charterOf(separateSites(10));
    const avoid = new Set([daemonId('s3')]);
    expect(choose(optionsOf(ten, policy, { avoid })).daemons).not.toContain(daemonId('s3'));
    const fault = tryChoose(optionsOf(charterOf(separateSites(6)), policy, { avoid }));
    expect(isFault(fault) && fault.facts['missing']).toEqual([{ site: 's3', reason: 'avoided' }]);
  });

  test('a daemon the charter does not list is never chosen', () => {
    const live = new Map(liveBut(nine, 's1', 's2', 's3', 's4')).set(daemonId('elsewhere'), { freeBytes: GB });
    expect(isFault(tryChoose(optionsOf(nine, policy, { live })), 'TOO_FEW_SITES')).toBe(true);
  });

  test('a smaller k needs larger fragments: sites too full for those do not count', () => {
    // Seven sites; s7 has room for a quarter of 15 MB, not for a third: 4 + 3 fits, 3 + 3 without s6 does not.
    const charter = charterOf(separateSites(7, (i) => [i === 6 ? 4_000_000 : GB]));
    expect(codeOf(choose(optionsOf(charter, policy)))).toBe('4+3');
    const fault = tryChoose(optionsOf(charter, policy, { live: liveBut(charter, 's6') }));
    expect(isFault(fault) && fault.facts).toMatchObject({
      found: 5,
      missing: [
        { site: 's6', reason: 'silent' },
        { site: 's7', reason: 'full' },
      ],
    });
  });

  test('a site with a full daemon takes the fragment on its other one', () => {
    const charter = charterOf([...separateSites(8), { id: 's9', hoster: 'h9', daemons: [1, GB] }]);
    const choice = choose(optionsOf(charter, policy));
    expect(choice.daemons).toContain(daemonId('s9', 1));
    expect(choice.daemons).not.toContain(daemonId('s9', 0));
  });

  test('k + m above the number of sites lowers k', () => {
    expect(codeOf(choose(optionsOf(nine, policyOf(10, 4))))).toBe('5+4');
  });

  test('two daemons of a site never hold two fragments of a segment', () => {
    const charter = charterOf(separateSites(5, () => [GB, GB]));
    expect(isFault(tryChoose(optionsOf(charter, policyOf(6, 3, 1))), 'TOO_FEW_SITES')).toBe(true);
  });

  test('three merged companies among nine: seven hosters, so 4 + 3', () => {
    const charter = charterOf(separateSites(9).map((one, i) => (i < 3 ? { ...one, hoster: 'merged' } : one)));
    const choice = choose(optionsOf(charter, policy));
    expect(codeOf(choice)).toBe('4+3');
    const holders = holdersOf(choice.daemons);
    expect(checkDomainRule(charter, { ...choice, sitesLost: 3, holders })).toBeUndefined();
    // Where one site at a time may be lost, the merged company may hold three.
    expect(codeOf(choose(optionsOf(charter, policyOf(6, 3, 1))))).toBe('6+3');
  });

  test('sites of one building count once', () => {
    const charter = charterOf(
      separateSites(9).map((one, i) => (i < 2 ? { ...one, building: 'shared' } : one)),
    );
    const choice = choose(optionsOf(charter, policy));
    expect(codeOf(choice)).toBe('5+3');
    expect(choice.daemons.filter((id) => ['s1', 's2'].includes(siteOf(charter, id)))).toHaveLength(1);
  });

  test('six sites of five hosters: refused, and another hoster is asked for', () => {
    const charter = charterOf(separateSites(6).map((one, i) => (i < 2 ? { ...one, hoster: 'merged' } : one)));
    const fault = tryChoose(optionsOf(charter, policy));
    if (!isFault(fault, 'TOO_FEW_SITES')) throw fault;
    expect(fault.facts).toMatchObject({ wanted: 7, found: 6, missing: [] });
    expect(fault.message).toMatch(
      /^1 more site at hosters and in buildings of their own with 5\.0 MB free is needed/,
    );
  });

  test('a hoster that would hold k makes room for nobody', () => {
    const merged = separateSites(6).map((one, i) => (i < 3 ? { ...one, hoster: 'merged' } : one));
    const fault = tryChoose(optionsOf(charterOf(merged), policyOf(3, 3, 1)));
    expect(isFault(fault) && fault.facts).toMatchObject({ wanted: 7, found: 6 });
    expect(isFault(tryChoose(optionsOf(nine, policyOf(1, 1))), 'POLICY_UNPLACEABLE')).toBe(true);
  });

  test('spreads over hosters when it can, though the rule would allow less', () => {
    // Ten hosters with one site and one with six: 6 + 3 losing one site at a time would allow three on the latter.
    const charter = charterOf([
      ...separateSites(10),
      ...Array.from({ length: 6 }, (_, i) => ({ id: `big${i}`, hoster: 'big', daemons: [90_000 * GB] })),
    ]);
    for (let i = 0; i < 50; i++) {
      const seed = utf8(`spread ${i}`);
      const choice = choose(optionsOf(charter, policyOf(6, 3, 1), { seed }));
      const rule = { k: 6, m: 3, sitesLost: 3, holders: holdersOf(choice.daemons) };
      expect(checkDomainRule(charter, rule)).toBeUndefined();
    }
  });

  test('finds the one set that a greedy walk misses', () => {
    // A hoster in three buildings that others share: taking its site of building x leaves x's own hoster out.
    const charter = charterOf([
      { id: 's1', hoster: 'wide', building: 'x', daemons: [9_000_000 * GB] },
      { id: 's2', hoster: 'wide', building: 'y', daemons: [1 * GB] },
      { id: 's3', hoster: 'narrow', building: 'x', daemons: [1 * GB] },
      { id: 's4', hoster: 'alone', building: 'z', daemons: [1 * GB] },
    ]);
    const found = choose(optionsOf(charter, policyOf(2, 1)));
    expect(found.daemons.map((id) => siteOf(charter, id)).sort()).toEqual(['s2', 's3', 's4']);
    expect(
      checkDomainRule(charter, { k: 2, m: 1, sitesLost: 1, holders: heldBy('s1', 's2', 's4') }),
    ).toBeDefined();
  });
});
