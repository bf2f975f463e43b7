// What a mistyped name was meant to be: of sites, and of settings.

import { expect, test } from 'vitest';
import { nearestName } from '../src/index.ts';

const sites = ['strasbourg', 'metz', 'nancy', 'charleville-mezieres'];
const settings = ['data', 'capacity', 'listen', 'network', 'reach', 'level'];

test.each([
  ['strasburg', sites, 'strasbourg'],
  ['STRASBOURG', sites, 'strasbourg'],
  ['charlevile-mezieres', sites, 'charleville-mezieres'],
  ['nanci', sites, 'nancy'],
  ['capactiy', settings, 'capacity'],
  ['lisen', settings, 'listen'],
  ['networks', settings, 'network'],
  ['colour', settings, undefined],
  ['q', sites, undefined],
  ['', sites, undefined],
  ['metz', [], undefined],
])('"%s" of %j is taken for %s', (word, known, meant) => {
  expect(nearestName(word, known)).toBe(meant);
});
