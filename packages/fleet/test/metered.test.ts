// Single metrics out of a daemon's exposition.

import { expect, it } from 'vitest';
import { readingsIn } from '../src/metered.ts';

const texts = [
  [
    '# TYPE vauban_sent_total counter',
    'vauban_sent_total{hoster="h",site="metz"} 12',
    'vauban_sent_total_more{hoster="h",site="metz"} 99',
    'vauban_from_total{hoster="h",site="metz",peer_site="nancy"} 5',
    'vauban_from_total{hoster="h",site="metz",peer_site="reims"} 7',
    'vauban_bare 3',
    '',
  ].join('\n'),
  'vauban_sent_total{hoster="h",site="metz"} 30\nvauban_from_total{site="metz",peer_site="nancy"} 1\n',
];

it('adds a metric up over daemons, by the values of a label or in all', () => {
  expect(readingsIn(texts, { name: 'vauban_sent_total' })).toEqual(new Map([['', 42]]));
  expect(readingsIn(texts, { name: 'vauban_from_total', label: 'peer_site' })).toEqual(
    new Map([
      ['nancy', 6],
      ['reims', 7],
    ]),
  );
  expect(readingsIn(texts, { name: 'vauban_from_total' })).toEqual(new Map([['', 13]]));
  expect(readingsIn(texts, { name: 'vauban_bare' })).toEqual(new Map([['', 3]]));
  expect(readingsIn(texts, { name: 'vauban_none' })).toEqual(new Map());
});
