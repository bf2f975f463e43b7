// Whole forecasts: the same seed, brute force where loss is frequent, what makes networks safer, and what is refused.

import { isFault } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { renderReport } from '@vauban/report';
import { describe, expect, it } from 'vitest';
import { type Estimate, type EstimateOptions, estimating } from '../src/estimate.ts';
import { type Forecast, forecasting, type ForecastOptions } from '../src/forecast.ts';
import { groundOf, syntheticCharter } from '../src/ground.ts';
import { alternatives, keepingOf, repairReads } from '../src/codes.ts';
import { intervalOf } from '../src/interval.ts';
import { modelOf } from '../src/model.ts';
import { Placements } from '../src/placements.ts';
import { Dice } from '../src/random.ts';
import { forecastData, forecastDocument } from '../src/report-document.ts';
import { plainRuns, splitting } from '../src/splitting.ts';
import { standardAssumptions } from '../src/assumptions.ts';
import { quiet } from './chain-runs.ts';

const NOW_MS = 1_790_000_000_000;
const places = [
  'Strasbourg',
  'Metz',
  'Nancy',
  'Reims',
  'Mulhouse',
  'Colmar',
  'Troyes',
  'Épinal',
  'Sedan',
].map((name, at) => ({ name, latitude: 48 + at / 10, longitude: 4 + at / 3, hoster: `Hébergeur ${at}` }));
const nine = syntheticCharter({ places, sites: 9 });
const small = { runs: 6, futures: 60 };
const options: ForecastOptions = {
  charter: nine,
  assumptions: standardAssumptions,
  years: 2,
  policies: ['own', '4+2'],
  seed: 5,
  effort: small,
  sensitivities: false,
  crypto: nodeCrypto,
  now: NOW_MS,
  places,
};

function ended<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const forecastOf = (changes: Partial<ForecastOptions> = {}): Forecast =>
  ended(forecasting({ ...options, ...changes }));

const estimateOf = (changes: Partial<EstimateOptions> = {}): Estimate =>
  ended(
    estimating({
      charter: nine,
      keeping: keepingOf(nine.policies[0] as (typeof nine.policies)[number]),
      assumptions: standardAssumptions,
      durations: nine.durations,
      years: 1,
      effort: small,
      seed: 1,
      crypto: nodeCrypto,
      now: NOW_MS,
      ...changes,
    }),
  );

describe('a forecast', () => {
  const first = forecastOf();

  it('is the same for the same seed', () => {
    expect(forecastData(forecastOf())).toEqual(forecastData(first));
    expect(forecastData(forecastOf({ seed: 6 }))).not.toEqual(forecastData(first));
  });

  it('answers what was asked, in numbers that can be', () => {
    expect(first.policies.map(({ keeping }) => keeping.id)).toEqual(['own', '4+2']);
    for (const { estimate: e } of first.policies) {
      for (const { value, low, high } of [
        e.lossPerYear,
        e.segmentLossPerYear,
        e.unavailability,
        e.repairBytesPerYear,
      ]) {
        expect(low <= value && value <= high).toBe(true);
      }
      expect(e.lossPerYear.value).toBeGreaterThanOrEqual(e.segmentLossPerYear.value);
      const time = e.timeAtMargin.reduce((sum, { share }) => sum + share.value, 0);
      expect(time).toBeCloseTo(1, 2);
      const years = e.lossBy.map(({ loss }) => loss.value);
      expect(years).toEqual([...years].sort((a, b) => a - b));
      expect(e.rawPerUsable).toBe(1.5);
    }
  });

  it('becomes a report in both languages, with its data; what may be noise is named and not drawn', () => {
    const forecast = forecastOf({ sensitivities: true, policies: ['own'], years: 1 });
    const document = forecastDocument(forecast, NOW_MS);
    const moved = forecast.sensitivities?.rows ?? [];
    const told = moved.filter(({ low, high }) => low.high < high.low || high.high < low.low);
    const drawn = document.sections.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.kind === 'tornado' ? part.rows : [])),
    );
    expect(moved.length).toBeGreaterThan(told.length);
    expect(drawn).toHaveLength(told.length);
    const page = renderReport(document);
    expect(document.sections.map(({ id }) => id)).toEqual([
      'answer',
      'policies',
      'margins',
      'sensitivities',
      'assumptions',
    ]);
    for (const text of ['What it rests on', 'Sur quoi elle repose', 'Schroeder'])
      expect(page).toContain(text);
    expect(JSON.parse(JSON.stringify(document.data))).toEqual(document.data);
  });

  it('keeps to French typography: no breaking space before : ; ? ! » nor after «', () => {
    const held = {
      placements: [
        {
          code: 'clay' as const,
          k: 6,
          m: 3,
          holders: nine.daemons.map(({ id }) => id),
          segments: 10,
          bytes: 1e9,
        },
      ],
      standing: [],
      gap: 'no quorum',
    };
    const page = renderReport(
      forecastDocument(
        forecastOf({
          held,
          policies: ['own', '10-of-30'],
          effort: { runs: 2, futures: 10 },
          sensitivities: true,
          years: 1,
        }),
        NOW_MS,
      ),
      'fr',
    );
    const [, french = ''] = page.split('<div class="language fr" lang="fr">');
    const ofFrench = french.split('<div class="language en"')[0]?.split('<script')[0] ?? '';
    const shown = ofFrench.replaceAll(/<[^>]*>/g, '\n').replaceAll(/&[a-z#\d]+;/g, '');
    for (const text of ['Sur quoi elle repose', 'Lu dans le registre du réseau', 'Graine'])
      expect(shown).toContain(text);
    const wrong = shown.split('\n').filter((line) => / [:;?!»]|« |[\p{L}\d][;?!»]/u.test(line));
    expect(wrong).toEqual([]);
  });

  it.each([
    [{ policies: ['6+3-r'] }, 'POLICY_UNKNOWN', 'did you mean 6+3-rs?'],
    [{ years: 0 }, 'FORECAST_OPTIONS', 'years'],
    [{ effort: { runs: 1, futures: 100 } }, 'FORECAST_OPTIONS', 'runs'],
  ])('refuses %j', (changes, code, message) => {
    let fault: unknown;
    try {
      forecastOf(changes);
    } catch (error) {
      fault = error;
    }
    expect(isFault(fault, code)).toBe(true);
    expect((fault as Error).message).toContain(message);
  });

  it('puts a policy that needs more places on hosts of its own', () => {
    const wide = forecastOf({ policies: ['10-of-30'], years: 1, effort: { runs: 2, futures: 10 } });
    expect(wide.policies[0]?.hosts).toBe(38);
  });
});

describe('where loss is frequent', () => {
  // A tenth of the volumes a month, shocks, outages and rot: everything the model has, often.
  const harsh = {
    ...standardAssumptions,
    diskFailures: 1.2,
    destructions: 0.1,
    bankruptcies: 0.1,
    badReleases: 0.5,
    exposedLose: 0.3,
    rottingVolumes: 0.5,
    rottingShare: 0.5,
    fragmentRot: 1e-4,
  };

  it.each(['own', '3-copies'])('splitting says what brute force says: %s', (id) => {
    const ground = groundOf(nine, standardAssumptions.floodZones);
    const own = keepingOf(nine.policies[0] as (typeof nine.policies)[number]);
    const keeping = alternatives.find((one) => one.id === id) ?? own;
    const common = { ground, keeping, assumptions: harsh, durations: nine.durations, horizonYears: 1 };
    const model = modelOf({ ...common, crashes: false });
    const dice = new Dice(11);
    const drawing = new Placements({ ground, keeping, crypto: nodeCrypto, now: NOW_MS });
    const { placements } = drawing.whole(dice, 300) ?? drawing.sample(dice, 16);
    const o = { model, placements, dice, horizonYears: 1 };
    const tallies = (run: () => { anyLoss: number; shareLost: number }) => Array.from({ length: 8 }, run);
    const split = tallies(() => splitting({ ...o, futures: 80, isBiased: false }));
    const plain = tallies(() => plainRuns({ ...o, futures: 150 }));
    for (const of of ['anyLoss', 'shareLost'] as const) {
      const [a, b] = [split, plain].map((all) => intervalOf(all.map((one) => one[of])));
      // Two 95 % intervals that do not meet: about one case in two hundred, were both right.
      expect(a !== undefined && b !== undefined && a.low <= b.high && b.low <= a.high).toBe(true);
      expect(b?.value).toBeGreaterThan(0);
    }
  });
});

describe('where loss is seldom', () => {
  it('changed rates say what brute force says', () => {
    const seldom = {
      ...quiet,
      diskFailures: 0.4,
      badReleases: 0.1,
      exposedLose: 0.3,
      bankruptcies: 0.02,
      diskReplacedDays: 3,
    };
    const ground = groundOf(nine, standardAssumptions.floodZones);
    const keeping = keepingOf(nine.policies[0] as (typeof nine.policies)[number]);
    const { durations } = nine;
    const model = modelOf({
      ground,
      keeping,
      assumptions: seldom,
      durations,
      horizonYears: 1,
      crashes: false,
    });
    const dice = new Dice(12);
    const { placements } = new Placements({ ground, keeping, crypto: nodeCrypto, now: NOW_MS }).sample(
      dice,
      1,
    );
    const o = { model, placements, dice, horizonYears: 1 };
    const split = intervalOf(
      Array.from({ length: 12 }, () => splitting({ ...o, futures: 200, isBiased: true }).anyLoss),
    );
    const plain = intervalOf(Array.from({ length: 12 }, () => plainRuns({ ...o, futures: 3_000 }).anyLoss));
    expect(plain.value).toBeGreaterThan(0);
    expect(split.low <= plain.high && plain.low <= split.high).toBe(true);
    expect(split.high / split.low).toBeLessThan(plain.high / plain.low);
  });
});

describe('what makes a network safer', () => {
  it('nothing happens, nothing is lost', () => {
    const e = estimateOf({ assumptions: quiet });
    expect(e.lossPerYear.value).toBe(0);
    expect(e.repairBytesPerYear.value).toBe(0);
    expect(e.timeAtMargin[0]?.share.value).toBeCloseTo(1, 12);
  });

  it('more parity, faster repair, fewer failures', () => {
    const disks = { ...quiet, diskFailures: 3, diskReplacedDays: 3 };
    const loss = (changes: Partial<EstimateOptions>) =>
      estimateOf({ assumptions: disks, ...changes }).lossPerYear.value;
    const base = loss({});
    const wider = alternatives.find(({ id }) => id === '5+4') as (typeof alternatives)[number];
    expect(loss({ keeping: wider })).toBeLessThan(base / 3);
    expect(loss({ assumptions: { ...disks, linkBytes: disks.linkBytes * 4, diskBytes: 1e9 } })).toBeLessThan(
      base / 3,
    );
    expect(loss({ assumptions: { ...disks, diskFailures: 1 } })).toBeLessThan(base / 3);
  });

  it('clay reads less to repair than rs: 2.67 fragments of 6 + 3, and by bytes over a year', () => {
    expect(repairReads({ code: 'clay', k: 6, m: 3 }).one).toBeCloseTo(8 / 3, 12);
    expect(repairReads({ code: 'rs', k: 6, m: 3 })).toEqual({ one: 6, more: 6 });
    const traffic = (id: string) =>
      estimateOf({
        assumptions: { ...quiet, diskFailures: 0.1 },
        keeping: alternatives.find((one) => one.id === id) as (typeof alternatives)[number],
      }).repairBytesPerYear.value;
    const ratio = traffic('6+3-rs') / traffic('6+3-clay');
    expect(ratio).toBeGreaterThan(1.9);
    expect(ratio).toBeLessThan(2.6);
  });

  it('a thousand daemons: every run draws its own placements, and says at most', () => {
    const many = syntheticCharter({ places, sites: 100, daemonsPerSite: 10 });
    const e = estimateOf({
      charter: many,
      assumptions: { ...standardAssumptions, segments: 1e9 },
      effort: { runs: 2, futures: 10 },
    });
    expect(e.daemons).toBe(1_000);
    expect(e.placements).toBe(32);
    expect(e.isBound).toBe(true);
    expect(e.lossPerYear.high).toBeGreaterThan(0);
  });
});
