// When a draft of a charter version is dead, and what an abandonment must be to count.

import { type Charter, officersThreshold } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Abandonment,
  abandonmentsNeeded,
  isDraftDead,
  openAbandonment,
  signAbandonment,
} from '../src/charter-drafts.ts';
import { crypto, publicOf, sampleCharter, seedOf } from './sample-charter.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

function withOfficers(count: number, lying: number): Charter {
  const officers = ids.slice(0, count).map((id) => ({ id, key: publicOf(`officer ${id}`) }));
  return sampleCharter(4, { officers, officersLying: lying });
}

const charter = withOfficers(7, 2);
const draft = crypto.sha256(new Uint8Array([1]));
const rival = crypto.sha256(new Uint8Array([2]));
const said = (officer: string, change: Partial<Abandonment> = {}): Abandonment => ({
  charter: charter.name,
  version: charter.version + 1,
  draft,
  officer,
  ...change,
});
const dead = (signers: string[], abandonments: Abandonment[]) =>
  isDraftDead(charter, { draft, signers: new Set(signers), abandonments });

test('an abandonment opens to what was said, under the officer’s key', () => {
  const bytes = signAbandonment(crypto, said('a'), seedOf('officer a'));
  expect(openAbandonment(crypto, charter, bytes)).toEqual(said('a'));
});

test.each([
  ['another’s key', signAbandonment(crypto, said('a'), seedOf('officer b')), 'ABANDON_FORGED'],
  ['a stranger', signAbandonment(crypto, said('zoe'), seedOf('officer zoe')), 'OFFICER_UNKNOWN'],
  [
    'another charter',
    signAbandonment(crypto, said('a', { charter: 'other' }), seedOf('officer a')),
    'CHARTER_OTHER',
  ],
  ['other bytes', new Uint8Array([0x80]), 'MALFORMED'],
])('%s does not count', (_, bytes, code) => {
  expect(() => openAbandonment(crypto, charter, bytes)).toThrow(expect.objectContaining({ code }));
});

test('of seven officers, two lying, five sign a version and five abandonments kill a draft', () => {
  expect([officersThreshold(charter), abandonmentsNeeded(charter)]).toEqual([5, 5]);
  expect(
    dead(
      [],
      ['a', 'b', 'c', 'd'].map((id) => said(id)),
    ),
  ).toBe(false);
  expect(
    dead(
      [],
      ['a', 'b', 'c', 'd', 'e'].map((id) => said(id)),
    ),
  ).toBe(true);
});

test('who signed it, who speaks twice, of another draft or of another number does not count', () => {
  const four = ['a', 'b', 'c', 'd'].map((id) => said(id));
  expect(dead(['e'], [...four, said('e')])).toBe(false);
  expect(dead([], [...four, said('a')])).toBe(false);
  expect(dead([], [...four, said('e', { draft: rival })])).toBe(false);
  expect(dead([], [...four, said('e', { version: charter.version })])).toBe(false);
});

test('a dead draft finds no quorum of officers, however the liars among them turn', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 127 }), (lying, abandoning) => {
      const count = 3 * lying + 1;
      const under = withOfficers(count, lying);
      const officers = ids.slice(0, count);
      const gone = officers.filter((_, at) => (abandoning >> at) % 2 === 1);
      if (!isDraftDead(under, { draft, signers: new Set(), abandonments: gone.map((id) => said(id)) }))
        return;
      // Liars break their word; the honest ones keep it.
      const mayStillSign = count - gone.length + Math.min(lying, gone.length);
      expect(mayStillSign).toBeLessThan(officersThreshold(under));
    }),
  );
});
