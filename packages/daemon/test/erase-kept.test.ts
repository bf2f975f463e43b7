// Copies that stay because the network is too small for its policies: somebody is told why.

import { expect, test } from 'vitest';
import { DAY_MS, daemonOf, EraseBench } from './erase-setup.ts';

/** Fragment 0 lies here and on h4; h2 and h3 turn out to stand in one building, and nobody else takes anything. */
async function crowded() {
  const bench = await EraseBench.open();
  const one = await bench.put();
  await bench.daemonWrites('h4', bench.custody(one, 'h4', 0));
  await bench.it.standing.setDraining(true);
  for (const name of ['h0', 'h2', 'h3', 'h4']) bench.readOnly.add(daemonOf(name));
  return { bench, one, apart: together(bench, { h2: 'the same', h3: 'the same' }) };
}

/** Fragment 0 lies here and on h4; the sites stand in two buildings, and the policy needs both copies. */
async function paired() {
  const bench = await EraseBench.open();
  const one = await bench.put();
  await bench.daemonWrites('h4', bench.custody(one, 'h4', 0));
  bench.readOnly.add(daemonOf('h0'));
  together(bench, { h1: 'north', h2: 'north', h3: 'south', h4: 'south' });
  return { bench, one };
}

/** Buildings of some sites, from now on, until what is returned is called. */
function together({ network: { charters } }: EraseBench, buildings: Record<string, string>): () => void {
  const { current } = charters;
  const change = (sites: typeof current.sites) =>
    void Object.defineProperty(charters, 'current', { value: { ...current, sites }, configurable: true });
  change(current.sites.map((site) => ({ ...site, building: buildings[site.id] ?? site.building })));
  return () => change(current.sites);
}

const kept = ({ it }: EraseBench) => it.eraser.wants().filter(({ code }) => code === 'COPIES_KEPT');

test('a copy that voters would not let go for want of sites is told of, until it may go', async () => {
  const { bench, one, apart } = await crowded();
  expect((await bench.planOf(one.place.segment))?.plan.surplus).toHaveLength(1);
  await bench.walk();
  await bench.pass(2 * DAY_MS);
  await bench.walk();
  expect(await bench.has(one)).toBe(true);
  expect(kept(bench)).toMatchObject([
    {
      facts: { fragments: 1 },
      message: expect.stringMatching(/too few sites.*sites were added or came back/),
    },
  ]);
  apart();
  await bench.walk();
  expect(kept(bench)).toEqual([]);
  await bench.pass(2 * DAY_MS);
  await bench.walk();
  expect(await bench.has(one)).toBe(false);
});

test('two copies that the policy needs both are told of, as long as nothing else is amiss', async () => {
  const { bench, one } = await paired();
  await bench.walk();
  expect((await bench.planOf(one.place.segment))?.plan).toMatchObject({ moves: [], surplus: [] });
  expect(kept(bench)).toMatchObject([{ facts: { fragments: 1 } }]);
  bench.silent.add(daemonOf('h3'));
  await bench.walk();
  expect(kept(bench)).toEqual([]);
});

test('where nothing stands in its way nobody is told of anything', async () => {
  const { bench, one, apart } = await crowded();
  apart();
  await bench.walk();
  expect(kept(bench)).toEqual([]);
  await bench.pass(2 * DAY_MS);
  await bench.walk();
  expect(await bench.has(one)).toBe(false);
});

test('what lay on a site that was given up is no second copy', async () => {
  const { bench } = await paired();
  bench.lost.add(daemonOf('h4'));
  bench.silent.add(daemonOf('h4'));
  await bench.walk();
  expect(kept(bench)).toEqual([]);
});
