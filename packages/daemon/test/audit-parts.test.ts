// What was asked in a round is told once, whatever the clock does; and what of it cannot be read stops no start.

import { memoryStore, utf8 } from '@vauban/core';
import { expect, test } from 'vitest';
import { crypto } from '../../ledger/test/sample-charter.ts';
import { AuditParts } from '../src/watch/audit-parts.ts';
import { Findings } from '../src/watch/findings.ts';
import { ScrubRows } from '../src/watch/scrub-rows.ts';

const holder = '0'.repeat(32);
const log = () => undefined;
const head = { origin: 'o', size: 1, root: new Uint8Array(32) };

test('a round that comes again, since the clock was put back, is told of once', async () => {
  const store = memoryStore();
  const parts = await AuditParts.open(store, log);
  const of = (round: number) => ({ holder, round, roundMs: 1_000 });
  await parts.save({ ...(await parts.begin(of(5))), head, challenged: 2, done: true });
  await parts.save({ ...(await parts.begin(of(6))), head, challenged: 3, done: true });
  const again = await parts.begin(of(5));
  await parts.save({ ...again, challenged: again.challenged + 4, done: true });
  let told = 0;
  for (let nth = 0; nth < 10 && parts.toTell().length > 0; nth++) {
    for (const part of parts.toTell()) {
      told += part.challenged;
      await parts.told(part);
    }
  }
  expect(parts.toTell()).toEqual([]);
  expect(told).toBe(2 + 3 + 4);
  expect((await AuditParts.open(store, log)).toTell()).toEqual([]);
});

test('rows that are not what was written are asked for again', async () => {
  const store = memoryStore();
  const rows = ['part/x', 'finding/x', 'evidence/x', 'damaged/x'].map((key) => ({
    put: utf8(key),
    value: Uint8Array.of(0xff),
  }));
  await store.batch([...rows, { put: utf8('place'), value: Uint8Array.of(0xff) }], { sync: true });
  expect((await AuditParts.open(store, log)).all()).toEqual([]);
  expect((await Findings.open(store, crypto, log)).all()).toEqual([]);
  const scrubbing = await ScrubRows.open(store, log);
  expect([scrubbing.place, scrubbing.damaged()]).toEqual([undefined, []]);
  // Read once more, they are gone: said once.
  let said = 0;
  await AuditParts.open(store, () => void (said += 1));
  expect(said).toBe(0);
});
