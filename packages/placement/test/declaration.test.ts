// Each clause of the sovereignty rule, at its edge.

import type { Declaration, Hoster, SovereigntyRule } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { checkDeclaration } from '../src/index.ts';
import { charterOf, declaration, NOW, policyOf } from './charters.ts';

const rule = policyOf(6, 3).sovereignty;
const check = (changed: Partial<Declaration>, now = NOW, asked: SovereigntyRule = rule) =>
  checkDeclaration(charterOf([{ id: 's1', hoster: 'h1' }], { h1: changed }).hosters[0] as Hoster, asked, now);

describe('declaration', () => {
  test('one that meets every clause passes, at the limits too', () => {
    expect(check({})).toBeUndefined();
    expect(check({ seat: 'DE', foreignShareLargest: 24, foreignShareTotal: 39 })).toBeUndefined();
    expect(check({ foreignVeto: true }, NOW, { ...rule, foreignVetoAllowed: true })).toBeUndefined();
  });

  test('it is valid from its first millisecond and no longer at its last', () => {
    expect(check({}, declaration.validFrom)).toBeUndefined();
    expect(check({}, declaration.validFrom - 1)?.facts).toMatchObject({ clause: 'validFrom' });
    expect(check({}, declaration.validUntil - 1)).toBeUndefined();
    const expired = check({}, declaration.validUntil);
    expect(expired?.code).toBe('DECLARATION_EXPIRED');
    expect(expired?.facts).toEqual({
      hoster: 'h1',
      validUntil: declaration.validUntil,
      now: declaration.validUntil,
    });
    expect(check({}, Number.NaN)?.code).toBe('DECLARATION_EXPIRED');
  });

  test.each([
    ['seat', { seat: 'US' }],
    ['law', { law: 'US' }],
    ['data', { data: 'US' }],
    ['foreignShareLargest', { foreignShareLargest: 25 }],
    ['foreignShareTotal', { foreignShareTotal: 40 }],
    ['foreignVeto', { foreignVeto: true }],
  ] as const)('%s outside the rule is refused by name', (clause, changed) => {
    const fault = check(changed);
    expect(fault?.code).toBe('DECLARATION_REFUSED');
    expect(fault?.facts).toMatchObject({ hoster: 'h1', clause });
  });

  test('a rule without countries allows nobody', () => {
    expect(check({}, NOW, { ...rule, countries: [] })?.facts).toMatchObject({ clause: 'seat' });
  });
});
