// What healing goes by: who counts while a site is away on purpose, and what a purge that was taken back leaves behind.

import { type DaemonId, Fault } from '@vauban/core';
import { expect, test } from 'vitest';
import { crypto, daemonOf, NOW, policyOf, sampleCharter } from '../../ledger/test/sample-charter.ts';
import { placeOf } from '../../ledger/test/samples.ts';
import { type HealingGround, healingPlan } from '../src/repair/healing-view.ts';
import type { PlacedSegment } from '../src/repair/placed-segment.ts';
import { DAY_MS, EraseBench } from './erase-setup.ts';

const charter = sampleCharter(4, {
  policies: ['standard', 'other'].map((name) => policyOf(name, { k: 2, m: 2, sitesLost: 2, minSurvives: 1 })),
});

/** Indices for which a home is sought. */
function moved(of: {
  readonly lost: readonly DaemonId[];
  readonly away: readonly string[];
  /** Who holds, by index. */
  readonly at?: readonly string[];
}): number[] {
  const place = placeOf(charter);
  const [policy] = charter.policies;
  const holders = (of.at ?? ['h1', 'h2', 'h3', 'h4']).map((name, index) => ({
    index,
    daemon: daemonOf(name),
  }));
  const away = of.away.map(daemonOf);
  const ground: HealingGround = {
    id: daemonOf('h0'),
    crypto,
    charter: () => charter,
    now: () => NOW,
    watch: {
      presence: (daemon) => ([...of.lost, ...away].includes(daemon) ? 'lost' : 'up'),
      answer: () => undefined,
    },
    consortium: { isLost: () => false, inMaintenance: (site) => of.away.includes(site) },
    self: () => ({ leaving: false, takes: { freeBytes: 1e9 } }),
  };
  const placed = { segment: place.segment, place, policy, fragmentBytes: 1_024, holders };
  return healingPlan(ground, placed as unknown as PlacedSegment).moves.map(({ index }) => index);
}

test('a maintenance is waited for while half of what may be lost is left without it, whoever else is lost', () => {
  expect(moved({ lost: [], away: ['h2'] })).toEqual([]);
  expect(moved({ lost: [], away: ['h2', 'h3'] })).toEqual([1, 2]);
  expect(moved({ lost: [daemonOf('h1')], away: ['h2'] })).toEqual([0, 1]);
  // Three fragments are left without it, but two of them would go with one site.
  expect(moved({ lost: [], away: ['h2'], at: ['h4', 'h2', 'h3', 'h4'] })).toEqual([1]);
});

test('a home that voters would refuse is none: they count whom silence alone calls lost, and whom auditors doubt', () => {
  const h0 = daemonOf('h0');
  const hoster = charter.sites.find(({ id }) => id === 'h1')?.hoster as string;
  const sites = charter.sites.map((site) => (site.id === 'h0' ? { ...site, hoster } : site));
  const place = placeOf(charter);
  const [policy] = charter.policies;
  const holders = ['h2', 'h1', 'h3', 'h4'].map((name, index) => ({ index, daemon: daemonOf(name) }));
  const placed = { segment: place.segment, place, policy, fragmentBytes: 1_024, holders };
  /** Whether the sibling of h1, who alone has room, is in line for what h2 had, and then for what h1 had. */
  const inLine = (of: { silent: readonly string[]; declared: readonly string[]; doubted?: boolean }) => {
    const lost = of.declared.map(daemonOf);
    const away = [...lost, ...of.silent.map(daemonOf)];
    const ground: HealingGround = {
      id: h0,
      crypto,
      charter: () => ({ ...charter, sites }),
      now: () => NOW,
      watch: { presence: (daemon) => (away.includes(daemon) ? 'lost' : 'up'), answer: () => undefined },
      consortium: { isLost: (daemon) => lost.includes(daemon), inMaintenance: () => false },
      self: () => ({ leaving: false, takes: { freeBytes: 1e9 } }),
    };
    const trusted = of.doubted === true ? holders.filter(({ index }) => index !== 1) : holders;
    const { moves } = healingPlan(ground, placed as unknown as PlacedSegment, trusted);
    return moves.map(({ homes }) => homes.includes(h0));
  };
  expect(inLine({ silent: [], declared: ['h1', 'h2'] })).toEqual([true, false]);
  expect(inLine({ silent: ['h1'], declared: ['h2'] })).toEqual([false, true]);
  expect(inLine({ silent: [], declared: ['h2'], doubted: true })).toEqual([false, true]);
});

test('a purge that was refused, and taken back, leaves a segment that is repaired as before', async () => {
  const bench = await EraseBench.open();
  const one = await bench.put();
  await bench.pass(9 * DAY_MS);
  await bench.release(one);
  await bench.pass(15 * DAY_MS);
  // Two of four will not have it, and the writer takes its word back.
  for (const at of [3, 4]) {
    const { mirror } = bench.network.hoster(at);
    const fault = new Fault('refused', 'CLAIM_HELD', 'somebody keeps it', {});
    bench.network.hoster(at).lie.append = async (append, certificate) =>
      append.records.length > 2
        ? mirror.append(append, certificate)
        : { result: 'refused', class: 'policy', index: null, fault };
  }
  await bench.walk();
  expect((await bench.facts(one)).purges).toMatchObject([{ voided: true }]);
  expect((await bench.planOf(one.place.segment))?.plan.margin.fragments).toBe(1);
  await bench.it.drain.begin();
  await bench.it.drain.round(bench.signal);
  expect(bench.it.drain.progress().waitsFor).toBe(null);
});
