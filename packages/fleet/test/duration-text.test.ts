// Durations in words: exact both ways, and nothing is guessed.

import { isFault } from '@vauban/core';
import { expect, it, test } from 'vitest';
import { durationRows, durationsFrom } from '../src/charter/durations-text.ts';
import { durationInWords, parseDuration } from '../src/duration-text.ts';
import { standardDurations } from '@vauban/core';

test.each([
  [1, '1ms'],
  [1_500, '1500ms'],
  [30_000, '30s'],
  [90_000, '90s'],
  [900_000, '15min'],
  [3_600_000, '1h'],
  [86_400_000, '1d'],
  [90_000_000, '25h'],
])('%i ms are %s, and back', (ms, text) => {
  expect(durationInWords(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});

it('reads fractions that are whole milliseconds, and a space before the unit', () => {
  expect(['1.5h', '0.1s', '2 d', ' 3s '].map(parseDuration)).toEqual([5_400_000, 100, 172_800_000, 3_000]);
});

test.each([
  '',
  '15',
  'min',
  '15 minutes',
  '-1s',
  '0s',
  '0.5ms',
  '1e3s',
  '1h30min',
  '15MIN',
  '9999999999999d',
])('"%s" is none', (text) => expect(parseDuration(text)).toBeUndefined());

it('standard waiting times read back as they are written', () => {
  expect(durationsFrom(durationRows(standardDurations))).toEqual(standardDurations);
});

it('a network that gives daemons up soon suspects them no later', () => {
  expect(durationsFrom([['lost-after', '5s']])).toEqual({ lostAfterMs: 5_000, suspectAfterMs: 5_000 });
  expect(durationsFrom([['takeover', '1min']])).toEqual({ takeoverMs: 60_000 });
  expect(durationsFrom([])).toEqual({});
});

test.each([
  [[['lost', '5s']], 'DURATION_UNKNOWN'],
  [[['lost-after', 'soon']], 'DURATION_MALFORMED'],
  [
    [
      ['lost-after', '5s'],
      ['suspect-after', '6s'],
    ],
    'DURATION_ORDER',
  ],
] as const)('what cannot be meant is refused (%#)', (said, code) => {
  try {
    durationsFrom(said);
  } catch (error) {
    expect(isFault(error, code) && error.kind).toBe('usage');
    return;
  }
  throw new Error('it was taken');
});
