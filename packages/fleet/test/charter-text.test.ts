// The charter as officers edit it: read back it says the same, and what cannot be meant names its line or field.

import { encodeCharter, isFault } from '@vauban/core';
import { expect, test } from 'vitest';
import { charterChanges } from '../src/charter/charter-changes.ts';
import {
  checkComposed,
  decisionsOf,
  formatCharterText,
  parseCharterText,
} from '../src/charter/charter-text.ts';
import { withNewcomers } from '../src/charter/compose.ts';
import { sampleCharter } from './sample-charter.ts';

const charter = sampleCharter();

function faultOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
  throw new Error('it did not fault');
}

test('the text read back is the same decisions', () => {
  expect(parseCharterText(formatCharterText(charter))).toEqual(decisionsOf(charter));
});

test('keys, dates and degrees are written as people read them', () => {
  const text = formatCharterText(charter);
  expect(text).toContain('latitude = 48.5734');
  expect(text).toMatch(/valid-until = 20\d\d-\d\d-\d\dT/);
  expect(text).toMatch(/identity-key = "[0-9a-f]{64}"/);
  expect(text).toContain('hosters-lying = 1');
  expect(text).not.toContain('voting-keys');
  expect(text).not.toMatch(/^(version|previous|issued|expires|epoch) =/m);
});

test('a syntax error names line and column', () => {
  const fault = faultOf(() => parseCharterText('name = "a"\nf = \n'));
  expect(fault).toMatchObject({ kind: 'usage', code: 'CHARTER_TEXT', facts: { line: 2 } });
});

test('a key that is none is named', () => {
  const text = formatCharterText(charter).replace(/identity-key = "[0-9a-f]{64}"/, 'identity-key = "abc"');
  expect(faultOf(() => parseCharterText(text))).toMatchObject({
    code: 'CHARTER_TEXT',
    facts: { field: 'identity-key' },
  });
});

test('a misspelt field is refused by its path in the text', () => {
  const text = formatCharterText(charter).replace('quota-bytes', 'quota-byte');
  const { f, ...rest } = parseCharterText(text);
  const composed = { ...charter, ...rest, f, hosters: charter.hosters };
  const fault = faultOf(() => checkComposed(composed));
  expect(fault).toMatchObject({ kind: 'usage', code: 'CHARTER_TEXT' });
  expect(fault.message).toContain('agencies');
});

test('rules of a charter hold for a composed one', () => {
  const twice = { ...charter, sites: [...charter.sites, ...charter.sites] };
  expect(faultOf(() => checkComposed(twice)).code).toBe('CHARTER_INVALID');
});

test('a root key that is replaced is told with what it does', () => {
  const [first, ...others] = charter.agencies;
  if (first === undefined) throw new Error('the sample has an agency');
  const { rootKey } = first;
  const decided = {
    agencies: [{ id: first.id, name: first.name, rootKey: rootKey.map((byte) => byte ^ 1) }],
  };
  const { agencies } = withNewcomers(decisionsOf(charter), { daemons: [], ...decided }, 1);
  expect(agencies).toEqual([{ ...first, ...decided.agencies[0] }, ...others]);
  expect(charterChanges(charter, { ...charter, agencies })).toEqual([
    expect.stringMatching(
      new RegExp(`^agency ${first.id}: its root key is replaced, [0-9a-f]{16}… → [0-9a-f]{16}…: machines`),
    ),
  ]);
});

test('changes are told one by one, and a renewal has none', () => {
  expect(charterChanges(charter, { ...charter, version: 2, expires: charter.expires + 1 })).toEqual([]);
  const [first, ...others] = charter.agencies;
  if (first === undefined) throw new Error('the sample has an agency');
  const next = {
    ...charter,
    agencies: [{ ...first, suspended: true, quotaBytes: 5 }, ...others],
    operators: [],
    hosters: charter.hosters.map((one, nth) =>
      nth === 0 ? { ...one, declaration: { ...one.declaration, seat: 'DE' } } : one,
    ),
  };
  const lines = charterChanges(charter, next);
  expect(lines).toContain(`agency ${first.id}: suspended false → true`);
  expect(lines).toContain(`agency ${first.id}: quotaBytes ${first.quotaBytes} → 5`);
  expect(lines).toContain(`operator ${charter.operators[0]?.id} leaves`);
  expect(lines.filter((line) => line.includes('declaration: seat'))).toHaveLength(1);
  expect(lines).toHaveLength(4);
  expect(encodeCharter(checkComposed(next))).toBeInstanceOf(Uint8Array);
});

test('waiting times are written with their unit, and only whole ones are read', () => {
  const text = formatCharterText(charter);
  expect(text).toContain('[durations]');
  expect(text).toContain('lost-after = "15min"');
  expect(text).toContain('erase-grace = "14d"');
  expect(text).not.toContain('-ms = 900');
  const decided = parseCharterText(text.replace('lost-after = "15min"', 'lost-after = "90s"'));
  expect(decided.durations).toEqual({ ...charter.durations, lostAfterMs: 90_000 });
  const next = { ...charter, durations: { ...charter.durations, lostAfterMs: 90_000 } };
  expect(charterChanges(charter, next)).toEqual(['waiting time lost-after: 15min → 90s']);
});

test.each([
  [(text: string) => text.replace('"15min"', '900000'), 'durations.lost-after', /15min, and is 900000/],
  [(text: string) => text.replace('"15min"', '"a while"'), 'durations.lost-after', /"a while"/],
  [(text: string) => text.replace('"15min"', '"0s"'), 'durations.lost-after', /"0s"/],
  [(text: string) => text.replace('lost-after', 'lost-aftr'), 'durations', /lacks lost-after/],
  [(text: string) => text.replace('lost-after', 'b = "1s"\nlost-after'), 'durations.b', /no duration b/],
  [(text: string) => text.replace('[durations]', '[waits]'), 'durations', /no section \[durations\]/],
])('a waiting time that is none is named (%#)', (change, field, words) => {
  const text = change(formatCharterText(charter));
  expect(text).not.toBe(formatCharterText(charter));
  const fault = faultOf(() => parseCharterText(text));
  expect(fault).toMatchObject({ kind: 'usage', code: 'CHARTER_TEXT', facts: { field } });
  expect(fault.message).toMatch(words);
});
