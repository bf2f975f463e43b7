// A damaged byte anywhere in a daemon's database costs no more than an absence. A sample over all kinds of files; the
// long tier tries many more.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { DamagedDatabase, kindOf, type Outcome } from './damaged-database.ts';

let it: DamagedDatabase;
beforeAll(async () => {
  it = await DamagedDatabase.open();
});
afterAll(() => it?.close());

test('a byte of each kind of file: the daemon comes back by itself, votes, and has everything', async () => {
  const outcomes: Outcome[] = [];
  for (const byte of await it.positions(20)) outcomes.push(await it.survive(byte));
  const eventsOf = (kind: string) =>
    new Set(outcomes.filter(({ byte }) => kindOf(byte.file) === kind).flatMap(({ events }) => events));
  // The damage was real, and it was met in each of the ways there are.
  expect(eventsOf('MANIFEST')).toContain('store-set-aside');
  expect(eventsOf('CURRENT')).toContain('store-set-aside');
  expect(eventsOf('log')).toContain('ledger-damaged');
  expect(eventsOf('ldb')).toContain('ledger-healed');
  await it.votes();
});
