// How one segment heals, case by case: fewer and fewer sites, who is a home and who is not, who stands first in line.

import type { Charter } from '@vauban/core';
import { concat, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { describe, expect, test } from 'vitest';
import { compareDraws, draw } from '../src/rendezvous.ts';
import {
  charterOf,
  daemonId,
  declaration,
  policyOf,
  type SiteSketch,
  separateSites,
  siteOf,
} from './charters.ts';
import { planHealing } from '../src/index.ts';
import { FRAGMENT_BYTES, Patient } from './healing-setup.ts';

const policy = policyOf(6, 3);
const firstNine = Array.from({ length: 9 }, (_, i) => daemonId(`s${i + 1}`));
const patientOf = (sites: readonly SiteSketch[], sitesLost = 3) =>
  new Patient({ charter: charterOf(sites), policy: { ...policy, sitesLost }, daemons: firstNine });
const sitesOf = (charter: Charter, homes: readonly string[]) => homes.map((one) => siteOf(charter, one));

describe('what is whole', () => {
  test('is left alone', () => {
    expect(patientOf(separateSites(9)).plan()).toEqual({
      margin: { fragments: 3, sites: 3, buildings: 3, hosters: 3 },
      moves: [],
      surplus: [],
    });
  });

  test('waits for who is only silent, and counts it', () => {
    const it = patientOf(separateSites(12));
    it.stand('silent', 's1', 's2');
    expect(it.plan()).toMatchObject({ margin: { fragments: 3, sites: 3 }, moves: [], surplus: [] });
  });

  test('is left alone where hosters have several sites and the policy lets them', () => {
    const five = separateSites(9).map((one, i) => ({ ...one, hoster: `h${i % 5}` }));
    const it = patientOf([...five, { id: 'more', hoster: 'h0' }], 1);
    expect(it.plan()).toMatchObject({ margin: { hosters: 1 }, moves: [], surplus: [] });
  });
});

test('who is lost by silence alone counts at its hoster as voters count it: no home is chosen that they refuse', () => {
  const it = new Patient({
    charter: charterOf([...separateSites(6), { id: 'second', hoster: 'h1', daemons: [2_000_000] }]),
    policy: policyOf(2, 2),
    daemons: firstNine.slice(0, 4),
  });
  it.stand('lost', 's1', 's2');
  const second = daemonId('second');
  const inLine = (counted: typeof it.holders) =>
    planHealing({ ...it.view, counted }).moves.map(({ homes }) => homes.includes(second));
  // Both were declared lost.
  expect(inLine(it.holders.slice(2))).toEqual([true, true]);
  // Nobody declared s1 lost: the same fragment once more at its hoster is none more, another one is one too many.
  expect(inLine(it.holders)).toEqual([true, false]);
});

describe('a burnt site', () => {
  test('with most room at one hoster: others are in line too, in case it only pretends', () => {
    const many = Array.from({ length: 20 }, () => 1_000_000_000_000);
    const it = patientOf([...separateSites(9), { id: 'vast', hoster: 'vast', daemons: many }]);
    it.burn('s4');
    const [move] = it.plan().moves;
    const sites = sitesOf(it.charter, move?.homes ?? []);
    expect(sites.slice(0, 4)).toEqual(['vast', 'vast', 'vast', 'vast']);
    expect(new Set(sites.slice(4, 12)).size).toBe(8);
    expect(sites.slice(12)).toEqual(['vast', 'vast', 'vast', 'vast']);
  });

  test('with sites to spare: rebuilt on one of them, all of them in line', () => {
    const it = patientOf(separateSites(12));
    it.burn('s4');
    const { margin, moves } = it.plan();
    expect(margin).toEqual({ fragments: 2, sites: 2, buildings: 2, hosters: 2 });
    expect(moves).toMatchObject([{ index: 3, how: 'rebuild', shared: false }]);
    const sites = sitesOf(it.charter, moves[0]?.homes ?? []);
    // Behind the empty ones, whoever would do in need.
    expect(sites.slice(0, 3).sort()).toEqual(['s10', 's11', 's12']);
    expect(sites).toHaveLength(11);
    it.move(it.plan());
    expect(it.plan()).toMatchObject({ margin: { sites: 3 }, moves: [], surplus: [] });
  });

  test('of nine: eight share, on the site with most room, and say so', () => {
    const it = patientOf(separateSites(9));
    it.burn('s4');
    it.freeBytes.set(daemonId('s7'), 64_000 * 1_000_000_000);
    const plan = it.plan();
    expect(plan.moves).toMatchObject([{ index: 3, how: 'rebuild', shared: true }]);
    expect(plan.moves[0]?.homes).toHaveLength(8);
    expect(plan.moves[0]?.homes[0]).toBe(daemonId('s7'));
    it.move(plan);
    expect(it.plan()).toMatchObject({ margin: { fragments: 3, sites: 2 }, moves: [], surplus: [] });
    expect(it.best).toBe(2);
  });

  test('a second site of a hoster comes before a second fragment on a site', () => {
    const it = patientOf([...separateSites(9), { id: 'second', hoster: 'h2' }]);
    it.burn('s4');
    const [move] = it.plan().moves;
    expect(move).toMatchObject({ shared: true });
    expect(sitesOf(it.charter, move?.homes ?? [])[0]).toBe('second');
  });

  test('one after another down to three: readable after each, with the best margin that is left', () => {
    const it = patientOf(separateSites(9));
    const margins: number[] = [];
    for (const site of ['s3', 's9', 's1', 's7', 's4', 's2']) {
      it.burn(site);
      expect(it.survives).toBeGreaterThanOrEqual(0);
      it.settle();
      expect(it.survives).toBe(it.best);
      margins.push(it.survives);
    }
    expect(margins).toEqual([2, 1, 1, 1, 1, 1]);
    expect(it.siteLoads).toEqual({ s5: 3, s6: 3, s8: 3 });
    // Of two sites, one more than m each would be the end with the next.
    it.burn('s5');
    expect(it.survives).toBe(0);
    expect(it.plan().moves.map(({ homes }) => homes)).toEqual([[], [], []]);
  });

  test('three at once: all that is missing is planned, and the plan ends', () => {
    const it = patientOf(separateSites(9));
    it.burn('s1', 's2', 's3');
    const plan = it.plan();
    expect(plan.moves.map(({ index, how, shared }) => ({ index, how, shared }))).toEqual(
      [0, 1, 2].map((index) => ({ index, how: 'rebuild', shared: true })),
    );
    expect(new Set(plan.moves.map(({ homes }) => homes[0])).size).toBe(3);
    it.move(plan);
    expect(it.plan().moves).toEqual([]);
  });

  test('two sites per hoster: no hoster comes to hold more than it must', () => {
    const sites = separateSites(18).map((one, i) => ({ ...one, hoster: `h${i % 9}` }));
    const it = patientOf(sites);
    it.burn('s4');
    const [move] = it.plan().moves;
    // s13 is the other site of the hoster of s4, which holds nothing else.
    expect(sitesOf(it.charter, move?.homes ?? [])[0]).toBe('s13');
    expect(move?.shared).toBe(false);
    it.burn('s13');
    expect(it.plan().moves).toMatchObject([{ index: 3, shared: true }]);
    it.settle();
    expect(it.survives).toBe(2);
    expect(Math.max(...Object.values(it.siteLoads))).toBe(1);
  });

  test('with fewer than k left nothing is rebuilt', () => {
    const it = patientOf(separateSites(12));
    it.burn('s1', 's2', 's3', 's4');
    expect(it.plan()).toMatchObject({ margin: { fragments: -1, sites: -1 }, moves: [] });
  });
});

describe('where hosters and buildings are shared', () => {
  const site = (id: string, hoster: string, building = `b-${id}`) => ({ id, hoster, building });

  test('several missing: no home is taken that bars the others', () => {
    // p bars q by its hoster and r by its building; q and r go together.
    const spare = [site('p', 'a', 'x'), site('q', 'a', 'y'), site('r', 'b', 'x')];
    for (let nth = 0; nth < 10; nth++) {
      const it = patientOf([...separateSites(9), ...spare]);
      it.seed = utf8(`segment ${nth}`);
      it.burn('s1', 's2');
      it.move(it.plan());
      expect(Object.keys(it.siteLoads)).toEqual(expect.arrayContaining(['q', 'r']));
      expect(it.survives).toBe(3);
    }
  });

  test('a shared site at a light hoster comes before an empty one at a hoster that holds m', () => {
    const sites = separateSites(9).map((one, i) => (i < 3 ? { ...one, hoster: 'merged' } : one));
    const it = patientOf([...sites, site('fourth', 'merged')], 1);
    it.burn('s9');
    const homes = sitesOf(it.charter, it.plan().moves[0]?.homes ?? []);
    expect(homes.slice(0, 5).sort()).toEqual(['s4', 's5', 's6', 's7', 's8']);
    expect(homes[5]).toBe('fourth');
  });

  test('nothing moves from a shared site to where its hoster would hold more', () => {
    const hosters = ['a', 't', 't', 'c', 'd', 'e', 'f', 'g'];
    const sites = hosters.map((hoster, i) => site(`s${i + 1}`, hoster));
    const it = patientOf([...sites, site('s9', 't')], 1);
    it.holders = it.holders.map((one) => (one.index === 8 ? { index: 8, daemon: daemonId('s1') } : one));
    expect(it.siteLoads).toMatchObject({ s1: 2 });
    expect(it.plan()).toMatchObject({ margin: { hosters: 1 }, moves: [] });
  });

  test('companies merged: what they hold too much of moves to sites that join', () => {
    const merged = separateSites(12).map((one, i) => (i < 3 ? { ...one, hoster: 'merged' } : one));
    const it = patientOf(merged);
    expect(it.survives).toBe(1);
    const plans = it.settle();
    expect(it.survives).toBe(3);
    expect(plans.flatMap(({ moves }) => moves)).toHaveLength(2);
  });

  test('sites are made to share only where the policy is not kept otherwise', () => {
    const hosters = ['a', 'a', 'a', 'b', 'b', 'c', 'c', 'd', 'e', 'f'];
    const charter = charterOf(hosters.map((hoster, i) => site(`s${i + 1}`, hoster)));
    const daemons = charter.daemons.map(({ id }) => id);
    const it = (sitesLost: number) => new Patient({ charter, policy: policyOf(6, 4, sitesLost), daemons });
    expect(it(1).best).toBe(1);
    expect(it(1).plan().moves).toEqual([]);
    const strict = it(2);
    expect(strict.best).toBe(2);
    strict.settle();
    expect(strict.survives).toBe(2);
  });
});

describe('who is no home', () => {
  const spare = separateSites(11);
  const homesWith = (change: (it: Patient) => void, sites = spare) => {
    const it = patientOf(sites);
    it.burn('s4');
    change(it);
    return sitesOf(it.charter, it.plan().moves[0]?.homes ?? []);
  };

  test('one that is full, read-only, silent or leaving', () => {
    expect(
      homesWith(() => {})
        .slice(0, 2)
        .sort(),
    ).toEqual(['s10', 's11']);
    const without = [
      homesWith((it) => it.freeBytes.set(daemonId('s10'), FRAGMENT_BYTES - 1)),
      homesWith((it) => it.readOnly.add(daemonId('s10'))),
      homesWith((it) => it.stand('silent', 's10')),
      homesWith((it) => it.stand('leaving', 's10')),
    ];
    for (const sites of without) {
      expect(sites[0]).toBe('s11');
      expect(sites).not.toContain('s10');
    }
    expect(homesWith((it) => it.freeBytes.set(daemonId('s10'), FRAGMENT_BYTES))).toContain('s10');
  });

  test('one whose hoster declared for a time that is over', () => {
    const charter = charterOf(spare, { h10: { validUntil: declaration.validFrom } });
    const it = new Patient({ charter, policy, daemons: firstNine });
    it.burn('s4');
    expect(sitesOf(charter, it.plan().moves[0]?.homes ?? [])).not.toContain('s10');
  });

  test('the daemon with another fragment, where its site has a second daemon', () => {
    const it = patientOf(separateSites(9, (at) => (at === 6 ? [8e12, 8e12] : [1e12])));
    it.burn('s4');
    expect(it.plan().moves[0]?.homes[0]).toBe(daemonId('s7', 1));
  });

  test('nobody twice where only one fragment fits', () => {
    const it = patientOf(separateSites(10));
    for (const { id, site } of it.charter.daemons) {
      it.freeBytes.set(id, site === 's10' || site === 's9' ? FRAGMENT_BYTES : 0);
    }
    it.burn('s1', 's2', 's3');
    const homes = it.plan().moves.map((one) => sitesOf(it.charter, one.homes));
    expect(homes).toEqual([['s10', 's9'], ['s9'], []]);
  });
});

describe('the line', () => {
  test('is the same for daemons that believe different things of free space', () => {
    for (let nth = 0; nth < 20; nth++) {
      // Two missing, seven sites empty: room decides only behind those, where places are shared.
      const [one, other] = [0, 1].map((who) => {
        const it = patientOf(separateSites(16));
        it.seed = utf8(`segment ${nth}`);
        it.burn('s2', 's6');
        for (const [at, { id }] of it.charter.daemons.entries()) {
          it.freeBytes.set(id, (1 + ((at * (who + 3)) % 7)) * 1e9);
        }
        return it.plan().moves.map(({ homes }) => homes.slice(0, 6));
      });
      expect(one).toEqual(other);
    }
  });

  test('is by rank where all stand as well: seeded by segment and index, weighted by the charter', () => {
    const it = patientOf(separateSites(15, (at) => [(at + 1) * 1e12]));
    it.burn('s2');
    const seed = concat(it.seed, Uint8Array.of(1));
    const ranked = it.charter.daemons
      .slice(9)
      .map(({ id, capacityBytes }) => draw(nodeCrypto, seed, { daemon: id, weight: capacityBytes }))
      .sort(compareDraws);
    expect(it.plan().moves[0]?.homes.slice(0, 6)).toEqual(ranked.map(({ daemon }) => daemon));
  });

  test('loses those who are full, and nothing else changes', () => {
    const it = patientOf(separateSites(14));
    it.burn('s2');
    const [before] = it.plan().moves;
    const full = before?.homes[1] as string;
    it.freeBytes.set(full, 0);
    expect(it.plan().moves[0]?.homes).toEqual(before?.homes.filter((one) => one !== full));
  });

  test('begins with each alike over many segments, by what the charter says they hold', () => {
    const it = patientOf(separateSites(12, (at) => [at === 11 ? 2e12 : 1e12]));
    it.burn('s2');
    const firsts: Record<string, number> = {};
    for (let nth = 0; nth < 1_200; nth++) {
      it.seed = utf8(`segment ${nth}`);
      const [site = ''] = sitesOf(it.charter, it.plan().moves[0]?.homes ?? []);
      firsts[site] = (firsts[site] ?? 0) + 1;
    }
    expect(Object.keys(firsts).sort()).toEqual(['s10', 's11', 's12']);
    expect(Math.abs((firsts['s12'] ?? 0) - 600)).toBeLessThan(60);
    expect(Math.abs((firsts['s10'] ?? 0) - 300)).toBeLessThan(50);
  });
});
