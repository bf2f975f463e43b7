// The assumptions file: what it says, what it refuses.

import { isFault } from '@vauban/core';
import { describe, expect, it } from 'vitest';
import { assumptionRows } from '../src/assumption-rows.ts';
import {
  assumptionNames,
  formatAssumptions,
  parseAssumptions,
  standardAssumptions,
} from '../src/assumptions.ts';

describe('the assumptions file', () => {
  it('says what is assumed unless told, and reads back the same', () => {
    expect(parseAssumptions('')).toEqual(standardAssumptions);
    expect(parseAssumptions(formatAssumptions(standardAssumptions))).toEqual(standardAssumptions);
    const other = { ...standardAssumptions, diskFailures: 0.5, floodZones: [['Metz', 'Nancy']] };
    expect(parseAssumptions(formatAssumptions(other))).toEqual(other);
  });

  it('changes one thing and leaves the rest', () => {
    const changed = parseAssumptions('[disk]\nfailures-per-year = 1\n');
    expect(changed).toEqual({ ...standardAssumptions, diskFailures: 1 });
  });

  it('names every value once, with its source in both languages', () => {
    const paths = assumptionNames.map(
      (name) => `${assumptionRows[name].section}.${assumptionRows[name].key}`,
    );
    expect(new Set(paths).size).toBe(paths.length);
    for (const name of assumptionNames) {
      const { source, what, value, min, max } = assumptionRows[name];
      for (const words of [source, what]) expect(words.en.length * words.fr.length).toBeGreaterThan(0);
      expect(value >= min && value <= max).toBe(true);
    }
  });

  it.each([
    ['[disk]\nfailure-per-year = 1', 'did you mean disk.failures-per-year?'],
    ['[dusk]\nfailures-per-year = 1', 'did you mean disk.failures-per-year?'],
    ['disk = 3', 'disk is no assumption'],
    ['[disk]\nfailures-per-year = "often"', 'should be a number from 0 to'],
    ['[disk]\nfailures-per-year = -1', 'should be a number from 0 to'],
    ['[disk]\nfailures-per-year = nan', 'should be a number from 0 to'],
    ['[flood]\nzones = [["Metz"], ["Metz"]]', 'names Metz twice'],
    ['[flood]\nzones = ["Metz"]', 'list of lists of cities'],
    ['[disk\n', 'line 1'],
    ['#'.repeat(70_000), 'longer than'],
  ])('refuses %s', (text, message) => {
    let fault: unknown;
    try {
      parseAssumptions(text);
    } catch (error) {
      fault = error;
    }
    expect(isFault(fault, 'ASSUMPTIONS_MALFORMED')).toBe(true);
    expect((fault as Error).message).toContain(message);
  });
});
