// The same as in the fast tier, at many more bytes: a damaged byte anywhere in a daemon's database costs an absence.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { DamagedDatabase } from './damaged-database.ts';

/** About half a second each. */
const POSITIONS = Number(process.env['VAUBAN_DAMAGED_BYTES'] ?? 600);
let it: DamagedDatabase;
beforeAll(async () => {
  it = await DamagedDatabase.open();
});
afterAll(() => it?.close());

test('hundreds of bytes, one at a time: the daemon comes back from each', async () => {
  const events = new Set<string>();
  for (const byte of await it.positions(POSITIONS)) {
    for (const event of (await it.survive(byte)).events) events.add(event);
  }
  expect([...events]).toEqual(expect.arrayContaining(['store-set-aside', 'ledger-damaged', 'ledger-healed']));
  await it.votes();
});
