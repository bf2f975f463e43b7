// What the disks themselves survive, against the best that is left.

import { expect, it } from 'vitest';
import { charterOf, daemonId, NOW, policyOf, separateSites } from '../../placement/test/charters.ts';
import { diskMargins, type SiteState } from '../src/index.ts';

const policy = policyOf(6, 3);
const charter = { ...charterOf(separateSites(9)), policies: [policy] };
const ids = charter.sites.map(({ id }) => id);
const segment = 'ab'.repeat(32);

/** Site by site, the indices on its disks. */
function margins(disks: readonly (readonly number[])[], states: { readonly [site: string]: SiteState } = {}) {
  const sound = new Map(
    disks.map((held, at) => [ids[at] ?? '', new Set(held.map((index) => `${segment}/${index}`))]),
  );
  return diskMargins({
    charter,
    now: NOW,
    segments: [
      {
        segment,
        policy: policy.name,
        k: 6,
        m: 3,
        bytes: 1_000_000,
        holders: ids.map((site, index) => ({ index, daemon: daemonId(site) })),
      },
    ],
    sound,
    sites: { ...Object.fromEntries(ids.map((id) => [id, 'up' as const])), ...states },
  });
}
const alone = ids.map((_, index) => [index]);

it('nine fragments on nine sites survive three, and nothing is missing', () => {
  expect(margins(alone)).toEqual({ survives: 3, best: 3, belowBest: 0, missing: 0 });
});

it('a burnt site is below the best until another has its fragment', () => {
  const burnt = { s1: 'burnt' as const };
  const [, ...rest] = alone;
  expect(margins([[], ...rest], burnt)).toEqual({ survives: 2, best: 2, belowBest: 0, missing: 0 });
  const shared = rest.map((held, at) => (at === 0 ? [...held, 0] : held));
  expect(margins([[], ...shared], burnt)).toEqual({ survives: 2, best: 2, belowBest: 0, missing: 0 });
  expect(margins([[], [0, 1, 2], [], ...alone.slice(3)], burnt)).toMatchObject({
    survives: 1,
    best: 2,
    belowBest: 1,
  });
});

it('counts what the ledger places on a standing disk that has it not', () => {
  expect(margins([[], ...alone.slice(1)])).toMatchObject({ survives: 2, best: 3, belowBest: 1, missing: 1 });
  expect(margins([[], ...alone.slice(1)], { s1: 'lost' })).toMatchObject({ missing: 0 });
});

it('four lost sites leave nothing, and that is below any best', () => {
  const gone = Object.fromEntries(ids.slice(0, 4).map((id) => [id, 'burnt' as const]));
  const disks = alone.map((held, at) => (at < 4 ? [] : held));
  expect(margins(disks, gone)).toMatchObject({ survives: -1, belowBest: 1 });
});

it('a site that is silent in the end is not counted on, and keeps the best where it was', () => {
  expect(margins(alone, { s1: 'silent' })).toMatchObject({ survives: 2, best: 3, belowBest: 1 });
});
