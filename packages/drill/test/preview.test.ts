// The dry run: margins and bytes as the loss of sites would leave them, from placement alone.

import { toHex, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { charterOf, daemonId, NOW, policyOf, separateSites } from '../../placement/test/charters.ts';
import { preview, type PreviewedSegment, type PreviewOptions } from '../src/index.ts';

const BYTES = 3_000_000;
const policy = policyOf(6, 3);
const charter = { ...charterOf(separateSites(9)), policies: [policy] };
const ids = charter.sites.map(({ id }) => id);
const segments = (count: number, code: 'rs' | 'clay' = 'rs'): PreviewedSegment[] =>
  Array.from({ length: count }, (_, nth) => ({
    segment: toHex(nodeCrypto.sha256(utf8(`segment ${nth}`))),
    policy: policy.name,
    code,
    k: 6,
    m: 3,
    bytes: BYTES,
    // Each segment is turned by one: every site holds every index somewhere.
    holders: ids.map((_, index) => ({ index, daemon: daemonId(ids[(index + nth) % 9] ?? '') })),
  }));
const foresee = (sites: readonly string[], more: Partial<PreviewOptions> = {}) =>
  preview({
    charter,
    crypto: nodeCrypto,
    now: NOW,
    segments: segments(9),
    sites,
    budgets: { linkBytesPerSecond: 1_000_000, diskBytesPerSecond: 10_000_000 },
    ...more,
  });

describe('what is foreseen', () => {
  it('of nothing lost is that nothing has to be done', () => {
    expect(foresee([])).toMatchObject({
      byMargin: { 3: 9 },
      fragmentsToRebuild: 0,
      bytesToMove: 0,
      expectedSeconds: null,
    });
  });

  it('of one site, under rs: k fragments for each, but for the one on the own disk', () => {
    const one = foresee(['s1']);
    expect(one).toMatchObject({ byMargin: { 2: 9 }, segmentsAtRisk: 0, atRisk: [], fragmentsToRebuild: 9 });
    // Eight survive; the first six are read, and the new home is one of the eight: it has read its own or not.
    expect(one.bytesToMove).toBeGreaterThanOrEqual(9 * 5 * BYTES);
    expect(one.bytesToMove).toBeLessThanOrEqual(9 * 6 * BYTES);
  });

  it('of one site, under clay: a third of each of the seven others', () => {
    expect(foresee(['s1'], { segments: segments(9, 'clay') }).bytesToMove).toBe((9 * 7 * BYTES) / 3);
  });

  it('takes as long as the longest line', () => {
    const [only] = segments(1);
    const made = foresee(['s1'], { segments: only === undefined ? [] : [only] });
    // Whole fragments over separate lines, at a megabyte a second.
    expect(made.expectedSeconds).toBe(3);
    const disk = { linkBytesPerSecond: 1e9, diskBytesPerSecond: 500_000 };
    expect(
      foresee(['s1'], { segments: only === undefined ? [] : [only], budgets: disk }).expectedSeconds,
    ).toBe(6);
  });

  it('of four sites is that everything is at risk, by name', () => {
    const four = foresee(['s1', 's2', 's3', 's4'], {
      objectsOf: (segment) => [`file of ${segment.slice(0, 4)}`],
    });
    expect(four).toMatchObject({
      byMargin: { '-1': 9 },
      segmentsAtRisk: 9,
      fragmentsToRebuild: 0,
      expectedSeconds: null,
    });
    expect(four.atRisk).toHaveLength(9);
    expect(four.objectsAtRisk).toHaveLength(9);
    expect(foresee(['s1'])).toMatchObject({ objectsAtRisk: null, objectsAtRiskCount: null });
    expect(foresee(['s1'], { objectsOf: () => ['x'] })).toMatchObject({
      objectsAtRisk: [],
      objectsAtRiskCount: 0,
    });
  });

  it('names a hundred files at risk, and counts all of them, each once', () => {
    const made = foresee(['s1', 's2', 's3', 's4'], {
      objectsOf: (segment) => ['in all', ...Array.from({ length: 20 }, (_, nth) => `${segment} ${nth}`)],
    });
    expect(made.objectsAtRisk).toHaveLength(100);
    expect(made.objectsAtRiskCount).toBe(181);
  });

  it('counts who is silent already', () => {
    const silent = new Set([daemonId('s8'), daemonId('s9')]);
    expect(foresee(['s1', 's2'], { silent })).toMatchObject({ byMargin: { '-1': 9 }, segmentsAtRisk: 9 });
  });

  it('leaves out what nobody has room for', () => {
    expect(foresee(['s1'], { freeBytes: () => 0 })).toMatchObject({
      byMargin: { 2: 9 },
      fragmentsToRebuild: 0,
      expectedSeconds: null,
    });
  });
});

it('of any sites: margins fall by the sites lost, and bytes are within what codes allow', () => {
  fc.assert(
    fc.property(fc.subarray([...ids]), fc.constantFrom('rs' as const, 'clay' as const), (sites, code) => {
      const made = foresee(sites, { segments: segments(3, code) });
      const margin = 3 - sites.length;
      expect(made.byMargin).toEqual({ [margin]: 3 });
      expect(made.segmentsAtRisk).toBe(margin < 0 ? 3 : 0);
      expect(made.fragmentsToRebuild).toBe(margin < 0 ? 0 : 3 * sites.length);
      expect(made.bytesToMove).toBeLessThanOrEqual(made.fragmentsToRebuild * 6 * BYTES);
      expect(made.expectedSeconds === null).toBe(made.fragmentsToRebuild === 0);
    }),
    { numRuns: 60 },
  );
});
