// Numbers as people of either language write them.

import { describe, expect, it } from 'vitest';
import {
  bytes,
  count,
  decimal,
  duration,
  fixed,
  percent,
  probability,
  quantity,
  scientific,
  time,
  wordsIn,
  years,
} from '../src/index.ts';
import { measure } from '../src/text/quantity.ts';

/** Thin spaces are hard to see: here they are written as "~". */
const seen = (text: string) =>
  text.replaceAll('\u202f', '~').replaceAll('\u00a0', '_').replaceAll('\u2060', '');

describe('numbers', () => {
  it.each([
    [0, '0', '0'],
    [1, '1', '1'],
    [-1.5, '−1.5', '−1,5'],
    [12.345, '12.3', '12,3'],
    [999.96, '1,000', '1~000'],
    [1_234_567.8, '1,234,568', '1~234~568'],
    [0.001234, '0.00123', '0,00123'],
    [0.000_04, '4~×~10⁻⁵', '4~×~10⁻⁵'],
    [1e-12, '10⁻¹²', '10⁻¹²'],
    [3.2e21, '3.2~×~10²¹', '3,2~×~10²¹'],
    [100, '100', '100'],
    [Number.NaN, '—', '—'],
    [Number.POSITIVE_INFINITY, '∞', '∞'],
    [-5e-324, '−4.9~×~10⁻³²⁴', '−4,9~×~10⁻³²⁴'],
  ])('%d', (value, en, fr) => {
    expect([seen(decimal(value, 'en')), seen(decimal(value, 'fr'))]).toEqual([en, fr]);
  });

  it('counts show all of their digits', () => {
    expect(seen(count(1_234_567_890_123, 'fr'))).toBe('1~234~567~890~123');
    expect(count(2.5, 'en')).toBe('2.5');
    expect(seen(fixed(-0.001, 1, 'en'))).toBe('0.0');
    expect(seen(scientific(9.96e-3, 'en'))).toBe('10⁻²');
  });

  it('probabilities are plain down to a thousandth', () => {
    expect([0.25, 0.0123, 0.001, 3.2e-12, 0, 1].map((value) => seen(probability(value, 'en')))).toEqual([
      '0.25',
      '0.012',
      '0.001',
      '3.2~×~10⁻¹²',
      '0',
      '1',
    ]);
  });

  it.each([
    [0, '0%', '0~%'],
    [1, '100%', '100~%'],
    [0.5, '50.0%', '50,0~%'],
    [0.001234, '0.12%', '0,12~%'],
    [0.995, '99.5%', '99,5~%'],
    [0.999_999_96, '99.999996%', '99,999996~%'],
    [0.99994, '99.994%', '99,994~%'],
    [1 - 1e-15, '99.9999999999%', '99,9999999999~%'],
    [1e-9, '10⁻⁷~%', '10⁻⁷~%'],
    [-0.2, '−20.0%', '−20,0~%'],
  ])('%d in percent never rounds up to everything', (value, en, fr) => {
    expect([seen(percent(value, 'en')), seen(percent(value, 'fr'))]).toEqual([en, fr]);
  });
});

describe('quantities', () => {
  it.each([
    [0, '0~B', '0~o'],
    [999, '999~B', '999~o'],
    [999_499, '999~kB', '999~ko'],
    [999_600, '1~MB', '1~Mo'],
    [1_234_567_890, '1.23~GB', '1,23~Go'],
    [5e21, '5,000~EB', '5~000~Eo'],
  ])('%d bytes', (value, en, fr) => {
    expect([seen(bytes(value, 'en')), seen(bytes(value, 'fr'))]).toEqual([en, fr]);
  });

  it.each([
    [0, '0~s', '0~s'],
    [0.4, '0.4~ms', '0,4~ms'],
    [999.7, '1~s', '1~s'],
    [12_400, '12.4~s', '12,4~s'],
    [59_990, '1~min', '1~min'],
    [200_000, '3~min~20~s', '3~min~20~s'],
    [3_599_800, '1~h', '1~h'],
    [7_500_000, '2~h~5~min', '2~h~5~min'],
    [86_399_000, '1~d', '1~j'],
    [3.16 * 86_400_000, '3~d~4~h', '3~j~4~h'],
    [3.2 * 365.25 * 86_400_000, '3.2~years', '3,2~ans'],
    [-200_000, '−3~min~20~s', '−3~min~20~s'],
  ])('%d ms', (value, en, fr) => {
    expect([seen(duration(value, 'en')), seen(duration(value, 'fr'))]).toEqual([en, fr]);
  });

  it('say their unit after a thin space', () => {
    expect(seen(quantity(1.5, { en: 'TB', fr: 'To' }, 'fr'))).toBe('1,5~To');
    expect(seen(quantity(40, 'per-second', 'en'))).toBe('40/s');
    expect(seen(quantity(4e6, 'bytes-per-second', 'fr'))).toBe('4~Mo/s');
    expect(seen(quantity(null, 'bytes', 'fr'))).toBe('—');
    expect([years(1, 'en'), years(1.5, 'fr'), years(2, 'fr')].map(seen)).toEqual([
      '1~year',
      '1,5~an',
      '2~ans',
    ]);
  });

  it('say when, in UTC', () => {
    const ms = Date.UTC(2026, 2, 1, 3, 4, 5);
    expect([seen(time(ms, 'en')), seen(time(ms, 'fr'))]).toEqual([
      '1_March_2026, 03:04:05~UTC',
      '1ᵉʳ_mars_2026, 03:04:05~UTC',
    ]);
    expect(time(1e300, 'en')).toBe('—');
  });

  it('carry their interval', () => {
    expect(seen(measure({ value: 0.5, low: 0.4, high: 0.624 }, 'probability', 'fr'))).toBe(
      '0,5 (0,4~–~0,62)',
    );
    expect(measure({ en: 'none', fr: 'aucun' }, 'count', 'fr')).toBe('aucun');
  });
});

describe('words', () => {
  it('keep French punctuation, and numbers with their units, on one line', () => {
    const label = {
      en: 'after 14 min: done?',
      fr: 'Après 14 min : « relu » à 12 % ; 41 208 lectures, vraiment ?',
    };
    expect(seen(wordsIn('fr', label))).toBe('Après 14_min_: «_relu_» à 12~%~; 41~208 lectures, vraiment~?');
    expect(seen(wordsIn('en', label))).toBe('after 14_min: done?');
    expect(wordsIn('fr', 'as it is : a name')).toBe('as it is : a name');
  });
});
