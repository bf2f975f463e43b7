// Forecasts that start from what a network stores: as read, where it stands as the rule would place it, and worse, where it does not.

import { nodeCrypto } from '@vauban/core/node';
import { describe, expect, it } from 'vitest';
import { standardAssumptions } from '../src/assumptions.ts';
import { keepingOf } from '../src/codes.ts';
import { forecasting, type ForecastOptions, type PolicyForecast } from '../src/forecast.ts';
import { groundOf, syntheticCharter } from '../src/ground.ts';
import { beginningOf, type Held, HeldPlacements, type HeldPlacement, stocksOf } from '../src/held.ts';
import { Placements } from '../src/placements.ts';
import { Dice } from '../src/random.ts';

const NOW_MS = 1_790_000_000_000;
const places = Array.from({ length: 12 }, (_, at) => ({
  name: `Ville ${at}`,
  latitude: 48 + at / 10,
  longitude: 4 + at / 3,
  hoster: `Hébergeur ${at}`,
}));
/** 4 + 2 on twelve daemons: enough losses in few futures. */
const code = { code: 'rs', k: 4, m: 2 } as const;
const charter = syntheticCharter({ places, sites: 12, policy: { ...code, sitesLost: 2 } });
const idAt = (at: number) => (charter.daemons[at] as (typeof charter.daemons)[number]).id;
const policy = charter.policies[0] as (typeof charter.policies)[number];

const placed = (holders: readonly (number | null)[], segments = 1_000): HeldPlacement => ({
  ...code,
  holders: holders.map((at) => (at === null ? null : idAt(at))),
  segments,
  bytes: segments * 15e6,
});

/** As the rule of clients places. */
function byRule(): readonly HeldPlacement[] {
  const ground = groundOf(charter, standardAssumptions.floodZones);
  const keeping = keepingOf(policy);
  const drawing = new Placements({ ground, keeping, crypto: nodeCrypto, now: NOW_MS });
  const { placements } = drawing.sample(new Dice(4), 40);
  return placements.map(({ holders }) => placed([...holders], 25_000));
}

const options: ForecastOptions = {
  charter,
  assumptions: { ...standardAssumptions, diskFailures: 0.3 },
  years: 1,
  policies: ['own'],
  seed: 3,
  effort: { runs: 10, futures: 100 },
  sensitivities: false,
  crypto: nodeCrypto,
  now: NOW_MS,
  places,
};

function forecastOf(changes: Partial<ForecastOptions>) {
  const steps = forecasting({ ...options, ...changes });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const lossOf = (held: Held, changes: Partial<ForecastOptions> = {}) =>
  (forecastOf({ held, ...changes }).policies[0] as PolicyForecast).estimate.lossPerYear;

const good = byRule();

describe('what is stored', () => {
  it('is forecast as placed anew where it stands as the rule places', () => {
    const stored = lossOf({ placements: good, standing: [] });
    const imagined = { ...options.assumptions, segments: 1e6, usableTb: 10 };
    const anew = forecastOf({ assumptions: imagined }).policies[0] as PolicyForecast;
    expect(anew.stock).toBeNull();
    expect(stored.low).toBeLessThan(anew.estimate.lossPerYear.high);
    expect(stored.high).toBeGreaterThan(anew.estimate.lossPerYear.low);
  });

  it.each<[what: string, held: Held]>([
    ['a site is lost', { placements: good, standing: [{ daemon: idAt(0), is: 'lost' }] }],
    [
      'nobody has a fragment of every segment',
      { placements: good.map((one) => ({ ...one, holders: one.holders.with(0, null) })), standing: [] },
    ],
    [
      'two fragments stand on one daemon',
      {
        placements: good.map((one) => ({ ...one, holders: one.holders.with(1, one.holders[0] ?? null) })),
        standing: [],
      },
    ],
  ])('is worse off where %s, at least until that is repaired', (_, held) => {
    // Repair in weeks: what is missing at first counts.
    const assumptions = { ...options.assumptions, linkBytes: 20_000, diskBytes: 40_000 };
    const before = lossOf({ placements: good, standing: [] }, { assumptions });
    const after = lossOf(held, { assumptions });
    expect(after.low).toBeGreaterThan(before.high);
  });

  it('begins with the margins there are', () => {
    const placements = [
      placed([0, 1, 2, 3, 4, 5], 900),
      placed([0, 1, 2, 3, 4, null], 90),
      placed([6, 7, 8, 0, null, null], 10),
    ];
    const lost: Held = { placements, standing: [{ daemon: idAt(0), is: 'lost' }] };
    const [stock] = stocksOf(lost, charter);
    expect(stock?.margins).toEqual([
      { margin: 1, segments: 900 },
      { margin: 0, segments: 90 },
    ]);
    expect(stock?.lostSegments).toBe(10);
    const forecast = forecastOf({ held: lost });
    const [own] = forecast.policies;
    expect(own?.stock).toMatchObject({ segments: 990, lostSegments: 10, usableBytes: 990 * 1e7 });
    expect(forecast.stored).toMatchObject({ segments: 990, lost: 1, silent: 0, scaledTo: null });
    expect(forecast.assumptions).toMatchObject({ segments: 990, usableTb: 990e-5 });
    // Margin 0 lasts as long as a repair; margin 2 is what nothing begins with.
    const share = (margin: number) =>
      own?.estimate.timeAtMargin.find((one) => one.margin === margin)?.share.value ?? 0;
    expect(share(0)).toBeGreaterThan(0);
    expect(share(2)).toBeLessThan(1);
  });

  it('does not begin with silent daemons as if their disks were gone', () => {
    const silent: Held = { placements: good, standing: [{ daemon: idAt(0), is: 'silent' }] };
    const lost: Held = { placements: good, standing: [{ daemon: idAt(0), is: 'lost' }] };
    expect(stocksOf(silent, charter)[0]?.margins).toEqual([{ margin: 2, segments: 1e6 }]);
    const slow = { ...options.assumptions, linkBytes: 20_000, diskBytes: 40_000 };
    expect(lossOf(silent, { assumptions: slow }).value).toBeLessThan(
      lossOf(lost, { assumptions: slow }).value,
    );
  });

  it('is one policy for each code found, with its own segments and bytes; others are placed anew, as much', () => {
    const other: HeldPlacement = {
      code: 'rs',
      k: 2,
      m: 1,
      holders: [0, 1, 2].map(idAt),
      segments: 5,
      bytes: 15e6,
    };
    const { policies, assumptions } = forecastOf({
      held: { placements: [...good, other], standing: [] },
      policies: ['own', '5+4'],
      effort: { runs: 2, futures: 10 },
    });
    expect(policies.map(({ keeping, stock }) => [keeping.id, stock?.segments ?? null])).toEqual([
      ['own', 1e6],
      ['own-2+1-rs', 5],
      ['5+4', null],
    ]);
    expect(assumptions).toMatchObject({ segments: 1e6 + 5, usableTb: 10 + 1e-5 });
  });

  it('is followed as if it were more, bytes in proportion', () => {
    const { assumptions, stored } = forecastOf({
      held: { placements: good, standing: [] },
      scaledTo: 1e9,
      effort: { runs: 2, futures: 10 },
    });
    expect(assumptions).toMatchObject({ segments: 1e9, usableTb: 10_000 });
    expect(stored).toMatchObject({ segments: 1e6, scaledTo: 1e9 });
  });

  it('that is nothing is placed anew', () => {
    const { policies, stored } = forecastOf({
      held: { placements: [], standing: [] },
      effort: { runs: 2, futures: 10 },
    });
    expect([policies[0]?.stock, stored]).toEqual([null, null]);
  });
});

describe('very many placements', () => {
  const dice = new Dice(8);
  const spread = Array.from({ length: 3_000 }, () => {
    const holders = new Set<number>();
    while (holders.size < 6) holders.add(dice.below(12));
    return placed([...holders], 10);
  });
  const rare = placed([0, 1, 2, 3, null, null], 1);
  const held: Held = { placements: [...spread, rare], standing: [] };
  const [stock] = stocksOf(held, charter);
  if (stock === undefined) throw new Error('no stock');
  const ground = groundOf(charter, [], beginningOf(stock, held, charter));
  const drawing = new HeldPlacements({ ground, stock, crypto: nodeCrypto, now: NOW_MS, dice: new Dice(1) });

  it('are drawn by their segments, with those that miss fragments, however rare, in every draw', () => {
    expect(drawing.whole).toBeUndefined();
    for (let seed = 1; seed < 5; seed++) {
      const { placements } = drawing.sample(new Dice(seed), 24);
      expect(placements.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
      const missing = placements.filter(({ gone }) => gone?.includes(1));
      expect(missing.map(({ share }) => share)).toEqual([1 / 30_001]);
    }
  });

  it('are forecast with the sampling error in the interval: at most', () => {
    const { policies } = forecastOf({ held, effort: { runs: 4, futures: 20 } });
    expect(policies[0]?.estimate.isBound).toBe(true);
    expect(policies[0]?.estimate.placements).toBeGreaterThan(4 * 24);
  });
});
