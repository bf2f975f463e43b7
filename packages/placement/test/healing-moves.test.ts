// How one segment spreads out and thins out, case by case: a site that joins, one that returns, one that leaves.

import type { Charter } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { bestMargin, planHealing } from '../src/index.ts';
import { charterOf, daemonId, policyOf, type SiteSketch, separateSites, siteOf } from './charters.ts';
import { Patient } from './healing-setup.ts';

const policy = policyOf(6, 3);
const firstNine = Array.from({ length: 9 }, (_, i) => daemonId(`s${i + 1}`));
const patientOf = (sites: readonly SiteSketch[], sitesLost = 3) =>
  new Patient({ charter: charterOf(sites), policy: { ...policy, sitesLost }, daemons: firstNine });
const sitesOf = (charter: Charter, homes: readonly string[]) => homes.map((one) => siteOf(charter, one));

describe('a site that joins', () => {
  test('takes one fragment of a shared site, and the old copy goes', () => {
    const it = patientOf(separateSites(9));
    it.burn('s4');
    it.settle();
    const [shared] = Object.entries(it.siteLoads).filter(([, load]) => load === 2);
    it.holders = it.holders.filter(({ daemon }) => daemon !== daemonId('s4'));
    it.stand('up', 's4');
    const plan = it.plan();
    expect(plan).toMatchObject({
      moves: [{ how: 'copy', shared: false, homes: [daemonId('s4')] }],
      surplus: [],
    });
    it.move(plan);
    const after = it.plan();
    expect(after.moves).toEqual([]);
    expect(after.surplus).toMatchObject([{ index: plan.moves[0]?.index, keeper: daemonId('s4') }]);
    expect(sitesOf(it.charter, [after.surplus[0]?.daemon ?? ''])).toEqual([shared?.[0]]);
    it.trim(after);
    expect(it.plan()).toMatchObject({ margin: { sites: 3 }, moves: [], surplus: [] });
  });

  test('with others: one copy after the other, until each stands alone', () => {
    const it = patientOf(separateSites(9));
    it.burn('s1', 's2', 's3');
    it.settle();
    it.holders = it.holders.filter(({ daemon }) => it.standings.get(daemon) !== 'lost');
    it.stand('up', 's1', 's2', 's3');
    const plans = it.settle();
    expect(it.survives).toBe(3);
    expect(Object.values(it.siteLoads)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(plans.flatMap(({ moves }) => moves)).toHaveLength(3);
  });

  test('is needed with another to survive more: both copies are planned together', () => {
    // Each of the three has to stand in a building and at a hoster of its own: only az, bx and cy do.
    const site = (id: string, hoster: string, building: string) => ({ id, hoster, building });
    const charter = charterOf([
      site('ax', 'a', 'x'),
      site('by', 'b', 'y'),
      site('cy', 'c', 'y'),
      site('az', 'a', 'z'),
      site('bx', 'b', 'x'),
    ]);
    const small = policyOf(2, 1);
    const it = new Patient({
      charter,
      policy: small,
      k: 2,
      daemons: ['ax', 'by', 'cy'].map((id) => daemonId(id)),
    });
    expect(it.survives).toBe(0);
    expect(it.best).toBe(1);
    // A hoster of 2 + 1 may hold one fragment only, the copy of its own included: each stays at its hoster.
    const plan = it.plan();
    expect(plan.moves.map(({ index, homes }) => [index, ...sitesOf(charter, homes)])).toEqual([
      [0, 'az'],
      [1, 'bx'],
    ]);
    it.settle();
    expect(it.siteLoads).toEqual({ cy: 1, az: 1, bx: 1 });
    expect(it.survives).toBe(1);
  });
});

describe('a site that returns with its fragments', () => {
  const returned = (count: number, readOnly: boolean) => {
    const it = patientOf(separateSites(count));
    it.burn('s4');
    it.settle();
    it.stand('up', 's4');
    if (readOnly) it.readOnly.add(daemonId('s4'));
    return it;
  };

  test('is kept, and the copy on a shared site goes', () => {
    const it = returned(9, false);
    expect(it.plan()).toMatchObject({ moves: [], surplus: [{ index: 3, keeper: daemonId('s4') }] });
    it.settle();
    expect(it.holders.filter(({ index }) => index === 3)).toEqual([{ index: 3, daemon: daemonId('s4') }]);
    expect(it.survives).toBe(3);
  });

  test('of two that stand as well, exactly one stays', () => {
    const it = returned(10, false);
    it.settle();
    expect(it.holders).toHaveLength(9);
    expect(it.survives).toBe(3);
  });

  test('read-only, it is not relied on: its copy goes, or both stay where it alone stands well', () => {
    const spare = returned(10, true);
    expect(spare.plan().surplus).toEqual([{ index: 3, daemon: daemonId('s4'), keeper: daemonId('s10') }]);
    const crowded = returned(9, true);
    expect(crowded.plan()).toMatchObject({ moves: [], surplus: [] });
    crowded.readOnly.clear();
    expect(crowded.plan().surplus).toMatchObject([{ index: 3, keeper: daemonId('s4') }]);
  });

  test('nothing is surplus while a holder of any index is silent', () => {
    const it = returned(10, false);
    it.stand('silent', 's8');
    expect(it.plan()).toMatchObject({ moves: [], surplus: [] });
    it.stand('up', 's8');
    expect(it.plan().surplus).toHaveLength(1);
  });
});

describe('a daemon that leaves', () => {
  test('hands its fragment over, then may trim it', () => {
    const it = patientOf(separateSites(10));
    it.stand('leaving', 's4');
    const plan = it.plan();
    expect(plan.margin.sites).toBe(3);
    expect(plan.moves).toMatchObject([{ index: 3, how: 'copy', shared: false }]);
    expect(plan.moves[0]?.homes[0]).toBe(daemonId('s10'));
    it.move(plan);
    expect(it.plan()).toMatchObject({
      moves: [],
      surplus: [{ index: 3, daemon: daemonId('s4'), keeper: daemonId('s10') }],
    });
    it.settle();
    expect(it.siteLoads['s4']).toBeUndefined();
    expect(it.survives).toBe(3);
  });

  test('to its neighbour on the same site, as if it were the site itself', () => {
    const it = patientOf(separateSites(9, () => [1e12, 1e12]));
    it.standings.set(daemonId('s4'), 'leaving');
    expect(it.plan().moves).toMatchObject([{ shared: false }]);
    it.settle();
    expect(it.holders.filter(({ index }) => index === 3)).toEqual([{ index: 3, daemon: daemonId('s4', 1) }]);
  });

  test('of nine: the copy is made, but its own stays until the margin is as good without it', () => {
    const it = patientOf(separateSites(9));
    it.stand('leaving', 's4');
    const plan = it.plan();
    expect(plan.moves).toMatchObject([{ index: 3, how: 'copy', shared: true }]);
    it.move(plan);
    expect(it.plan()).toMatchObject({ margin: { sites: 3 }, moves: [], surplus: [] });
  });

  test('nothing is copied when it stays after all', () => {
    const it = patientOf(separateSites(10));
    it.stand('leaving', 's4');
    it.move(it.plan());
    it.stand('up', 's4');
    const done = it.settle();
    expect(done).toHaveLength(1);
    expect(it.holders).toHaveLength(9);
  });
});

describe('odd views', () => {
  test('holders in any order, twice, unknown or out of range: the same plan', () => {
    const it = patientOf(separateSites(11));
    it.burn('s4', 's5');
    const plan = it.plan();
    it.holders = [
      ...it.holders.toReversed(),
      ...it.holders.slice(2, 5),
      { index: 0, daemon: '00'.repeat(16) },
      { index: 9, daemon: daemonId('s10') },
    ];
    expect(it.plan()).toEqual(plan);
  });

  test('three holders of each index: more selections than are tried one by one, and still one plan', () => {
    const it = patientOf(separateSites(12));
    it.holders = it.charter.daemons
      .slice(0, 9)
      .flatMap((_, index) =>
        [0, 1, 2].map((by) => ({ index, daemon: daemonId(`s${((index + by) % 12) + 1}`) })),
      );
    it.settle();
    expect(it.survives).toBeGreaterThanOrEqual(3);
    expect(planHealing({ ...it.view, holders: it.holders.toReversed() })).toEqual(it.plan());
  });

  test('the best margin of nobody is none', () => {
    const it = patientOf(separateSites(9));
    it.burn(...it.charter.sites.map(({ id }) => id));
    expect(bestMargin(it.view)).toBe(-1);
  });
});
