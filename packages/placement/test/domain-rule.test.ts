// The domain rule, case by case.

import { describe, expect, test } from 'vitest';
import { checkDomainRule, domainLoads } from '../src/index.ts';
import { charterOf, daemonId, heldBy, separateSites } from './charters.ts';

const nine = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9'];
const rule = { k: 6, m: 3, sitesLost: 3 };

describe('domain rule', () => {
  test('nine sites, one fragment each, is kept', () => {
    expect(
      checkDomainRule(charterOf(separateSites(9)), { ...rule, holders: heldBy(...nine) }),
    ).toBeUndefined();
  });

  test('two fragments on one site break it when three sites may be lost', () => {
    const holders = heldBy('s1', 's1', 's2', 's3', 's4', 's5', 's6', 's7', 's8');
    const fault = checkDomainRule(charterOf(separateSites(9)), { ...rule, holders });
    expect(fault?.code).toBe('DOMAIN_RULE');
    expect(fault?.facts).toEqual({ domain: 'site', names: ['s1', 's2', 's3'], fragments: 4, allowed: 3 });
    expect(fault?.message).toContain('s1, s2, s3 hold 4 fragments');
  });

  test('a second daemon of a site does not make a second site', () => {
    const charter = charterOf([{ id: 's1', hoster: 'h1', daemons: [1, 1] }, ...separateSites(9).slice(1)]);
    const holders = [...heldBy(...nine.slice(0, 8)), { index: 8, daemon: daemonId('s1', 1) }];
    expect(checkDomainRule(charter, { ...rule, holders })?.facts).toMatchObject({
      domain: 'site',
      fragments: 4,
    });
  });

  test('two sites in one building break it though each site holds one', () => {
    const sites = separateSites(9).map((one, i) => (i < 2 ? { ...one, building: 'shared' } : one));
    const fault = checkDomainRule(charterOf(sites), { ...rule, holders: heldBy(...nine) });
    expect(fault?.facts).toMatchObject({ domain: 'building', fragments: 4, allowed: 3 });
  });

  test('merged companies break it though each site holds one', () => {
    const sites = separateSites(9).map((one, i) => (i < 3 ? { ...one, hoster: 'merged' } : one));
    const fault = checkDomainRule(charterOf(sites), { ...rule, holders: heldBy(...nine) });
    expect(fault?.facts).toMatchObject({ domain: 'hoster', fragments: 5, allowed: 3 });
    expect(
      checkDomainRule(charterOf(sites), { ...rule, sitesLost: 1, holders: heldBy(...nine) }),
    ).toBeUndefined();
  });

  test('no hoster holds k, even where m would let it', () => {
    const sites = separateSites(6).map((one, i) => (i < 3 ? { ...one, hoster: 'merged' } : one));
    const holders = heldBy(...nine.slice(0, 6));
    const fault = checkDomainRule(charterOf(sites), { k: 3, m: 3, sitesLost: 1, holders });
    expect(fault?.facts).toEqual({ domain: 'hoster', names: ['merged'], fragments: 3, allowed: 2 });
    expect(checkDomainRule(charterOf(sites), { k: 4, m: 3, sitesLost: 1, holders })).toBeUndefined();
  });

  test('holders that cannot be are named', () => {
    const charter = charterOf(separateSites(9));
    const check = (holders: readonly { index: number; daemon: string }[]) =>
      checkDomainRule(charter, { ...rule, holders })?.code;
    expect(check([{ index: 0, daemon: daemonId('elsewhere') }])).toBe('UNKNOWN_HOLDER');
    expect(check([...heldBy('s1'), ...heldBy('s2')])).toBe('DUPLICATE_INDEX');
    expect(check([{ index: 9, daemon: daemonId('s1') }])).toBe('INDEX_OUT_OF_RANGE');
    expect(check([{ index: -1, daemon: daemonId('s1') }])).toBe('INDEX_OUT_OF_RANGE');
    expect(check([{ index: 8, daemon: daemonId('s1') }])).toBeUndefined();
  });

  test('loads are listed from the heaviest', () => {
    const charter = charterOf(separateSites(3));
    expect(domainLoads(charter, 'hoster', heldBy('s1', 's2', 's2'))).toEqual([
      { kind: 'hoster', id: 'h2', fragments: 2 },
      { kind: 'hoster', id: 'h1', fragments: 1 },
    ]);
  });
});
