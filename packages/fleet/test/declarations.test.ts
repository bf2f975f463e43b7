// What an operator is told of declarations, and when.

import type { Charter } from '@vauban/core';
import { expect, test } from 'vitest';
import { declarationAlerts } from '../src/declarations.ts';
import { NOW, sampleCharter } from './sample-charter.ts';

const DAY_MS = 86_400_000;
const base = sampleCharter();
const [first] = base.hosters;
if (first === undefined) throw new Error('the sample has hosters');

function declared(change: Partial<Charter['hosters'][number]['declaration']>): Charter {
  const far = { validFrom: NOW - DAY_MS, validUntil: NOW + 365 * DAY_MS };
  return {
    ...base,
    hosters: base.hosters.map((one, nth) => ({
      ...one,
      declaration: { ...one.declaration, ...far, ...(nth === 0 ? change : {}) },
    })),
  };
}

test('nobody is named while all is in order', () => {
  expect(declarationAlerts(declared({}), NOW)).toEqual(new Map());
});

test.each([
  ['ended', { validUntil: NOW }, 'gets no new fragments'],
  ['ends soon', { validUntil: NOW + 3 * DAY_MS }, 'in 3 days'],
  ['ends tomorrow', { validUntil: NOW + DAY_MS }, 'in 1 day:'],
  ['owned from elsewhere', { foreignShareLargest: 25 }, 'no fragments under standard'],
  ['a veto from elsewhere', { foreignVeto: true }, 'no fragments under standard'],
  ['a seat elsewhere', { seat: 'US' }, 'no fragments under standard'],
])('%s: its hoster alone is named', (_, change, words) => {
  const alerts = declarationAlerts(declared(change), NOW);
  expect([...alerts.keys()]).toEqual([first.id]);
  expect(alerts.get(first.id)).toContain(words);
});

test('a month ahead is not soon', () => {
  expect(declarationAlerts(declared({ validUntil: NOW + 31 * DAY_MS }), NOW).size).toBe(0);
});
