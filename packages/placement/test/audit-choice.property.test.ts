// Who challenges whom: whatever daemons are up, each holder has one auditor, and it is no colleague.

import { homeOf } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sampleCharter, sampleDaemon } from '../../core/test/sample-charter.ts';
import { auditorOf, confirmersOf } from '../src/index.ts';

const crypto = nodeCrypto;
const plain = sampleCharter({ crypto, hosters: 5 });
/** Hosters 1 and 2 have a second daemon. */
const charter = {
  ...plain,
  daemons: [
    ...plain.daemons,
    sampleDaemon(crypto, 11, { site: 'site-1' }),
    sampleDaemon(crypto, 12, { site: 'site-2' }),
  ],
};
const ids = charter.daemons.map(({ id }) => id);
const hosterOf = (id: string) => {
  const daemon = charter.daemons.find((one) => one.id === id);
  return daemon === undefined ? '' : homeOf(charter, daemon).hoster.id;
};
const segments = fc.uint8Array({ minLength: 32, maxLength: 32 });
const rounds = fc.integer({ min: 0, max: 2 ** 40 });
const holders = fc.constantFrom(...ids);

describe('who challenges whom', () => {
  test('every holder is challenged by exactly one of those that are up, as long as a competitor is', () => {
    fc.assert(
      fc.property(segments, rounds, holders, fc.subarray(ids), (segment, round, holder, up) => {
        const eligible = (daemon: string) => up.includes(daemon);
        const chosen = auditorOf({ crypto, charter, segment, holder, round, eligible });
        const competitors = up.filter((one) => hosterOf(one) !== hosterOf(holder));
        // Each daemon asks the same question with the same answer: so one of them finds itself named.
        if (competitors.length > 0) expect(competitors).toContain(chosen);
        else expect(chosen).toBeUndefined();
      }),
    );
  });

  test('who goes away leaves its part to others and moves nothing else', () => {
    fc.assert(
      fc.property(segments, rounds, holders, holders, (segment, round, holder, gone) => {
        const of = { crypto, charter, segment, holder, round };
        const before = auditorOf({ ...of, eligible: () => true });
        const after = auditorOf({ ...of, eligible: (daemon) => daemon !== gone });
        if (before === gone) expect(after).not.toBe(gone);
        else expect(after).toBe(before);
      }),
    );
  });

  test('the work is shared, and changes hands from round to round', () => {
    const counts = new Map<string, number>();
    let changed = 0;
    for (let nth = 0; nth < 2_000; nth++) {
      const segment = crypto.sha256(Uint8Array.of(nth >> 8, nth & 255));
      const of = { crypto, charter, segment, holder: ids[0] as string, eligible: () => true };
      const chosen = auditorOf({ ...of, round: 1 }) as string;
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
      if (chosen !== auditorOf({ ...of, round: 2 })) changed++;
    }
    expect(counts.size).toBe(5);
    for (const count of counts.values()) expect(count).toBeGreaterThan(300);
    expect(changed).toBeGreaterThan(1_400);
  });

  test('a holder that the charter does not list has no auditor', () => {
    const of = { crypto, charter, segment: new Uint8Array(32), holder: 'ab'.repeat(16) };
    expect(auditorOf({ ...of, round: 0, eligible: () => true })).toBeUndefined();
    expect(confirmersOf({ ...of, index: 0, eligible: () => true })).toEqual([]);
  });

  test('a finding is confirmed by one daemon of each hoster that is there, never of the holder’s', () => {
    fc.assert(
      fc.property(segments, fc.nat(254), holders, fc.subarray(ids), (segment, index, holder, up) => {
        const eligible = (daemon: string) => up.includes(daemon);
        const chosen = confirmersOf({ crypto, charter, segment, index, holder, eligible });
        const wanted = new Set(up.map(hosterOf).filter((hoster) => hoster !== hosterOf(holder)));
        expect(new Set(chosen.map(hosterOf))).toEqual(wanted);
        expect(chosen).toHaveLength(wanted.size);
      }),
    );
  });
});
