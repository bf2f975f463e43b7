// The judgement, promise by promise: what keeps it, what breaks it, and that nothing seen is nothing kept.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Deal, judge, type PromiseName, type Seen } from '../src/index.ts';
import { anySeen, burntOne, siteIds, statesBut } from './sample-result.ts';

const broken = (seen: Seen) => judge(seen).flatMap(({ name, kept }) => (kept ? [] : [name]));
const endOfReads = (ms: number): Partial<Deal> => ({ operation: 'read', atMs: ms, tookMs: 100 });
const failed = (atMs: number, kind: 'unreachable' | 'missing-fragments' | 'integrity' | 'refused'): Deal => ({
  ...(endOfReads(atMs) as Deal),
  error: { kind, code: 'FRAGMENTS_MISSING' },
});
const after = { ...burntOne.disksAfter };

it('a drill in which all went well keeps every promise, whatever the latency', () => {
  expect(broken(burntOne)).toEqual([]);
  const slow = burntOne.deals.map((one) => ({ ...one, tookMs: one.tookMs + 400, firstByteMs: 9_000 }));
  expect(broken({ ...burntOne, deals: slow })).toEqual([]);
  const justInTime = { ...burntOne, toFullMarginMs: burntOne.scenario.healWithinMs + 400 };
  expect(broken(justInTime)).toEqual([]);
});

describe('breaks one promise', () => {
  const cases: readonly [what: string, promise: PromiseName, seen: Partial<Seen>][] = [
    [
      'a read that failed',
      'acknowledged-data-reads',
      { deals: [...burntOne.deals, failed(20_000, 'missing-fragments')] },
    ],
    ['a file not read back', 'acknowledged-data-reads', { readBack: { files: 20, whole: 19 } }],
    ['nothing read back', 'acknowledged-data-reads', { readBack: { files: 0, whole: 0 } }],
    [
      'a wrong byte',
      'no-wrong-byte',
      { deals: [...burntOne.deals, { ...(endOfReads(20_000) as Deal), wrongBytes: true }] },
    ],
    [
      'a fragment that vanished',
      'nothing-purged',
      { disksAfter: { ...after, vanished: [{ site: 'metz', fragments: 1 }] } },
    ],
    ['no time at which the margin was back', 'margin-returns', { toFullMarginMs: null }],
    [
      'a margin that came back too late',
      'margin-returns',
      { toFullMarginMs: burntOne.scenario.healWithinMs + 401 },
    ],
    ['a segment below the best', 'margin-returns', { disksAfter: { ...after, belowBest: 1 } }],
    ['a segment that cannot be read', 'margin-returns', { disksAfter: { ...after, survives: -1, best: -1 } }],
    ['a fragment that the ledger counts on', 'disks-agree', { disksAfter: { ...after, missing: 1 } }],
    [
      'a ledger that stands still for 61 s',
      'ledger-goes-on',
      {
        samples: burntOne.samples.map((one) =>
          one.atMs >= 15_000 && one.atMs <= 46_000
            ? { ...one, ledgerEntries: 120, atMs: 2 * one.atMs }
            : { ...one, atMs: 2 * one.atMs },
        ),
      },
    ],
    [
      'a ledger that never grew',
      'ledger-goes-on',
      { samples: burntOne.samples.slice(0, 20).map((one) => ({ ...one, ledgerEntries: 5 })) },
    ],
  ];
  it.each(cases)('%s', (_what, promise, seen) => {
    expect(broken({ ...burntOne, ...seen })).toEqual([promise]);
  });

  it('a read that is none of the promise’s: after the last event nothing was read', () => {
    const deals = burntOne.deals.filter(({ atMs, tookMs }) => atMs - tookMs < 10_400);
    expect(broken({ ...burntOne, deals })).toContain('acknowledged-data-reads');
  });

  it('a drill that was broken off keeps nothing that is judged by its end', () => {
    expect(broken({ ...burntOne, aborted: { en: 'a', fr: 'b' } })).toEqual(['margin-returns', 'disks-agree']);
  });
});

describe('the excuse of a failed read', () => {
  const dark = siteIds.slice(0, 4);
  const cut: Seen = {
    ...burntOne,
    done: [
      { deed: 'kill', sites: dark, atMs: 10_000, endedMs: 10_100 },
      { deed: 'start', sites: dark, atMs: 15_000, endedMs: 18_000 },
    ],
  };
  const reads = (seen: Seen, ...more: readonly Deal[]) =>
    !broken({ ...seen, deals: [...seen.deals, ...more] }).includes('acknowledged-data-reads');

  it('stands while more than m sites are dark, and until requests sent then are over', () => {
    expect(reads(cut, failed(12_000, 'unreachable'), failed(20_000, 'missing-fragments'))).toBe(true);
    expect(reads(cut, failed(27_900, 'unreachable'))).toBe(true);
    expect(reads(cut, failed(28_300, 'unreachable'))).toBe(false);
    expect(reads(cut, failed(9_900, 'unreachable'))).toBe(false);
  });
  it('does not cover other faults', () => {
    expect(reads(cut, failed(12_000, 'integrity'))).toBe(false);
    expect(reads(cut, failed(12_000, 'refused'))).toBe(false);
  });
  it('does not stand for m sites', () => {
    const done = cut.done.map((one) => ({ ...one, sites: dark.slice(1) }));
    expect(reads({ ...cut, done }, failed(12_000, 'unreachable'))).toBe(false);
  });
  it('does not stand where more than m sites never come back: that is what the promise is about', () => {
    expect(reads({ ...cut, done: cut.done.slice(0, 1) }, failed(12_000, 'unreachable'))).toBe(false);
    const burnt = [{ deed: 'burn', sites: dark, atMs: 10_000, endedMs: 10_100 }] as const;
    expect(reads({ ...cut, done: burnt }, failed(12_000, 'missing-fragments'))).toBe(false);
  });
  it('does not stand for sites that fell silent by themselves', () => {
    const silent = burntOne.samples.map((one) => ({
      ...one,
      sites: statesBut(Object.fromEntries(dark.map((id) => [id, 'silent' as const]))),
    }));
    expect(reads({ ...burntOne, samples: silent }, failed(12_000, 'unreachable'))).toBe(false);
  });
});

describe('a margin that never fell', () => {
  const even = burntOne.samples.map((one) => ({ ...one, worstMargin: 3 }));
  it('is kept where it was seen before and after', () => {
    expect(broken({ ...burntOne, toFullMarginMs: null, samples: even })).toEqual([]);
    const unseen = even.map((one) => (one.atMs >= 10_000 ? { ...one, worstMargin: null } : one));
    expect(broken({ ...burntOne, toFullMarginMs: null, samples: unseen })).toEqual(['margin-returns']);
  });
});

describe('disks that come back late', () => {
  const back = { site: 'colmar', atMs: 20_000, untilMs: 30_000, awayMs: 90_000_000, files: 12, erased: 0 };
  const careful: Seen = {
    ...burntOne,
    returns: [back],
    samples: burntOne.samples.map((one) =>
      one.atMs > 20_000 && one.atMs < 30_000
        ? { ...one, sites: { ...one.sites, colmar: one.atMs < 22_500 ? 'silent' : 'read-only' } }
        : one,
    ),
  };
  it('are judged only when they were away for too long', () => {
    expect(judge(careful).at(-1)).toMatchObject({ name: 'comes-back-read-only', kept: true });
    const soon = judge({ ...careful, returns: [{ ...back, awayMs: 60_000, erased: 3 }] });
    expect(soon.map(({ name }) => name)).not.toContain('comes-back-read-only');
  });
  it('may not erase, nor come back as if nothing had been', () => {
    expect(broken({ ...careful, returns: [{ ...back, erased: 1 }] })).toEqual(['comes-back-read-only']);
    expect(broken({ ...careful, samples: burntOne.samples })).toEqual(['comes-back-read-only']);
    const once = careful.samples.map((one) =>
      one.atMs === 28_000 ? { ...one, sites: { ...one.sites, colmar: 'up' as const } } : one,
    );
    expect(broken({ ...careful, samples: once })).toEqual(['comes-back-read-only']);
  });
});

describe('nothing seen is nothing kept', () => {
  it.each([
    ['no sample', { samples: [] }],
    ['no deed', { done: [] }],
    ['nothing stored', { disksBefore: { ...burntOne.disksBefore, segments: 0 } }],
    ['no successful read', { deals: burntOne.deals.filter(({ operation }) => operation !== 'read') }],
  ])('%s', (_what, seen) => {
    const all = judge({ ...burntOne, ...seen });
    expect(all.map(({ kept }) => kept)).toEqual(all.map(() => false));
    expect(all.length).toBeGreaterThanOrEqual(6);
  });
});

it('any result is judged, in words without holes, and the same twice', () => {
  fc.assert(
    fc.property(anySeen, (seen) => {
      const all = judge(seen);
      expect(JSON.stringify(all)).not.toMatch(/NaN|undefined|Infinity|\[object/);
      for (const { detail, title } of all)
        for (const one of [detail, title]) expect(one.en && one.fr).toBeTruthy();
      expect(judge(seen)).toEqual(all);
      // A wrong byte is never made good by anything else.
      const wrong = {
        ...seen,
        deals: [...seen.deals, { ...(endOfReads(1) as Deal), wrongBytes: true as const }],
      };
      expect(broken(wrong)).toContain('no-wrong-byte');
    }),
    { numRuns: 60 },
  );
});
