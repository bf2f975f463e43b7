// Which of many voters' refusals speaks for a push that reached no quorum: neither whoever answers first, nor fewer than
// may lie against more.

import { Fault } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type PushResult, quorumFault, type RefusalClass } from '../src/index.ts';
import { hosterName, sampleCharter } from './sample-charter.ts';

interface Said {
  readonly by: number;
  readonly code: string;
  readonly class?: RefusalClass;
  readonly daemon?: string;
}

const old = (by: number, daemon: string): Said => ({ by, code: 'GENERATION_OLD', daemon });
const late = (by: number, code = 'BUDGET_SPENT'): Said => ({ by, code, class: 'later' });

/** In the order in which they answered. */
function faultOf(voters: number, said: readonly Said[]): Fault {
  const refusals: PushResult['refusals'] = new Map(
    said.map(({ by, code, daemon, class: its = 'policy' }) => {
      const facts = daemon === undefined ? {} : { daemon };
      const fault = new Fault('refused', code, `${code} ${daemon ?? ''}`, facts);
      return [hosterName(by), { result: 'refused', class: its, index: null, fault }];
    }),
  );
  return quorumFault(sampleCharter(voters), {
    certificate: undefined,
    refusals,
    unreachable: new Map(),
    ahead: [],
  });
}

describe('of those who refuse for good', () => {
  test('a liar who answers first names no daemon of his own', () => {
    const fault = faultOf(4, [old(1, 'x'), old(2, 'y'), old(3, 'y')]);
    expect(fault).toMatchObject({
      code: 'GENERATION_OLD',
      facts: { daemon: 'y', class: 'policy', agreed: true },
    });
  });

  test('nor a code of his own', () => {
    const fault = faultOf(7, [old(1, 'x'), { by: 2, code: 'FORKED' }, old(3, 'y'), old(4, 'y'), old(5, 'y')]);
    expect(fault.facts).toMatchObject({ daemon: 'y', agreed: true });
  });

  test('a daemon that a refusal names tells it from one that names none', () => {
    const fault = faultOf(7, [{ by: 1, code: 'GENERATION_OLD' }, old(2, 'x'), old(3, 'y'), old(4, 'y')]);
    expect(fault.facts).toMatchObject({ daemon: 'y', agreed: false });
  });

  test('where each says something else, it is said that more than can lie agree on nothing', () => {
    expect(faultOf(4, [old(1, 'x'), old(2, 'y')]).facts['agreed']).toBe(false);
  });

  test('those who refuse only for now are not counted', () => {
    const fault = faultOf(7, [late(1), late(2), late(3), old(4, 'y'), old(5, 'y'), old(6, 'x')]);
    expect(fault).toMatchObject({ code: 'GENERATION_OLD', facts: { daemon: 'y', class: 'policy' } });
  });
});

test('where waiting may help, the reason is one that waiting may mend', () => {
  const fault = faultOf(4, [old(1, 'x'), late(2), late(3)]);
  expect(fault).toMatchObject({ kind: 'refused', code: 'BUDGET_SPENT', facts: { class: 'later' } });
  expect(fault.facts).not.toHaveProperty('daemon');
});

test('the order of the answers changes nothing', () => {
  const one = fc.record({
    code: fc.constantFrom('GENERATION_OLD', 'DOMAIN_RULE'),
    class: fc.constantFrom<RefusalClass>('policy', 'later', 'never'),
    daemon: fc.constantFrom('x', 'y', 'z'),
  });
  const answers = fc
    .array(one, { minLength: 3, maxLength: 7 })
    .map((said) => said.map((each, at): Said => ({ ...each, by: at + 1 })))
    .chain((said) => fc.tuple(fc.constant(said), fc.shuffledSubarray(said, { minLength: said.length })));
  fc.assert(
    fc.property(answers, ([said, shuffled]) => {
      const [a, b] = [faultOf(7, said), faultOf(7, shuffled)];
      expect([b.code, b.message, b.facts]).toEqual([a.code, a.message, a.facts]);
    }),
    { numRuns: 50 },
  );
});
