// The draw: the same for the same seed, no site twice, and nobody's place depends on who else stands.

import { isFault } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { drawSites, type DrawnSite, sitesOfStep } from '../src/index.ts';

const anySites = fc.uniqueArray(
  fc.record({
    id: fc.stringMatching(/^[a-z]{3,8}$/),
    votes: fc.boolean(),
    stands: fc.boolean(),
  }),
  { maxLength: 12, selector: ({ id }) => id },
);
const anySeed = fc.nat(2 ** 40);
const draw = (seed: number, sites: readonly DrawnSite[], named: readonly string[] = []) =>
  drawSites({
    crypto: nodeCrypto,
    seed,
    sites,
    scenario: { steps: [{ when: { afterMs: 0 }, deed: 'burn', sites: ['@1', ...named] }] },
  });

it('draws each site that stands and is not named once, in an order of its own for each seed', () => {
  fc.assert(
    fc.property(anySites, anySeed, fc.nat(11), (sites, seed, at) => {
      const named = sites[at]?.id;
      const drawn = draw(seed, sites, named === undefined ? [] : [named]).sites.map(({ id }) => id);
      const open = sites.filter(({ id, stands }) => stands && id !== named).map(({ id }) => id);
      expect(drawn.toSorted()).toEqual(open.toSorted());
      expect(
        draw(seed, sites.toReversed(), named === undefined ? [] : [named]).sites.map(({ id }) => id),
      ).toEqual(drawn);
      const without = draw(
        seed,
        sites.filter(({ id }) => id !== drawn[0]),
      ).sites.map(({ id }) => id);
      expect(without.filter((id) => id !== named)).toEqual(drawn.slice(1));
    }),
  );
});

it('never lets two names of one scenario be one site', () => {
  const several = fc.subarray(['@1', '@2', '@3', '@voting', 'aaa', 'bbb'], { minLength: 2 });
  fc.assert(
    fc.property(
      several,
      anySeed,
      fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
      (names, seed, votes) => {
        const known = ['aaa', 'bbb', 'ccc', 'ddd', 'eee', 'fff', 'ggg', 'hhh'];
        const sites = known.map((id, at) => ({ id, votes: id > 'bbb' || votes[at] === true, stands: true }));
        const steps = names.map((name) => ({ when: { afterMs: 0 }, deed: 'kill' as const, sites: [name] }));
        const drawn = drawSites({ crypto: nodeCrypto, seed, sites, scenario: { steps } });
        const of = { draw: drawn, standing: known, known };
        expect(new Set(names.flatMap((name) => sitesOfStep([name], of))).size).toBe(names.length);
        expect(sitesOfStep(['@voting'], of).every((id) => sites.find((one) => one.id === id)?.votes)).toBe(
          true,
        );
      },
    ),
  );
});

it('does not draw the same for all seeds', () => {
  const sites = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, votes: id === 'd', stands: true }));
  const firsts = new Set(Array.from({ length: 60 }, (_, seed) => draw(seed, sites).sites[0]?.id));
  expect(firsts.size).toBe(5);
});

it('finds the sites of a step', () => {
  const sites = ['a', 'b', 'c'].map((id) => ({ id, votes: id === 'b', stands: true }));
  const of = { draw: draw(7, sites), standing: ['a', 'c'], known: ['a', 'b', 'c', 'metz'] };
  const order = of.draw.sites.map(({ id }) => id);
  expect(sitesOfStep(['@2', '@1'], of)).toEqual([order[1], order[0]]);
  expect(sitesOfStep(['@voting'], of)).toEqual(['b']);
  expect(sitesOfStep(['@all', 'a', 'metz'], of)).toEqual(['a', 'c', 'metz']);
  expect(codeOf(() => sitesOfStep(['@4'], of))).toBe('SITES_TOO_FEW');
  expect(codeOf(() => sitesOfStep(['mets'], of))).toBe('SITE_UNKNOWN');
  const none = {
    ...of,
    draw: draw(
      7,
      sites.map((one) => ({ ...one, votes: false })),
    ),
  };
  expect(codeOf(() => sitesOfStep(['@voting'], none))).toBe('SITES_TOO_FEW');
});

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isFault(error)) return error.code;
  }
  return 'none';
}
