// A result as a drill of one burnt site leaves it, all promises kept, to be spoilt by tests; and results of any kind.

import { readFileSync } from 'node:fs';
import { slugOf, standardDurations } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { cities } from '@vauban/fleet';
import fc from 'fast-check';
import {
  type Deal,
  type Deed,
  deeds,
  type Done,
  type DrillResult,
  judge,
  operations,
  phases,
  readScenario,
  type Sample,
  type Seen,
  type SiteState,
} from '../src/index.ts';

export const siteIds = cities.slice(0, 9).map(({ name }) => slugOf(name));
const STARTED_AT = Date.UTC(2026, 10, 20, 9, 30);

export function scenarioNamed(name: string) {
  const file = new URL(`../scenarios/${name}.toml`, import.meta.url);
  return readScenario(nodeCrypto, readFileSync(file), `${name}.toml`);
}

export function statesBut(different: { readonly [site: string]: SiteState } = {}): Sample['sites'] {
  return { ...Object.fromEntries(siteIds.map((id) => [id, 'up' as const])), ...different };
}

/** Burnt at 10 s, repaired from 25 s on, whole at 40 s, watched to 50 s. */
export const burntOne: Seen = {
  drill: '00112233445566778899aabbccddeeff',
  scenario: scenarioNamed('burn-one-site').scenario,
  scenarioDigest: scenarioNamed('burn-one-site').digest,
  seed: 7,
  operator: 'crisis-team',
  startedAt: STARTED_AT,
  endedAt: STARTED_AT + 50_000,
  network: {
    name: 'grand-est',
    charterVersion: 3,
    k: 6,
    m: 3,
    quorum: 6,
    sites: cities.slice(0, 9).map(({ name, hoster, latitude, longitude }) => ({
      id: slugOf(name),
      city: name,
      hoster,
      latitude,
      longitude,
      votes: true,
    })),
  },
  environment: {
    vauban: '0.0.0',
    node: '24.21.0',
    system: 'Linux 6.1 x64',
    processors: '2 × virtual',
    memoryBytes: 8e9,
    fleet: 'processes',
  },
  durations: [
    { name: 'suspect-after', charterMs: standardDurations.suspectAfterMs, drillMs: 6_000 },
    { name: 'lost-after', charterMs: standardDurations.lostAfterMs, drillMs: 12_000 },
    { name: 'away-max', charterMs: standardDurations.awayMaxMs, drillMs: standardDurations.awayMaxMs },
  ],
  preview: {
    sites: ['strasbourg'],
    segments: 12,
    byMargin: { 2: 12 },
    atRisk: [],
    segmentsAtRisk: 0,
    objectsAtRisk: [],
    objectsAtRiskCount: 0,
    fragmentsToRebuild: 12,
    bytesToMove: 53_000_000,
    expectedSeconds: 4,
  },
  phases: [
    { name: 'healthy', fromMs: 0, toMs: 10_000 },
    { name: 'event', fromMs: 10_000, toMs: 10_400 },
    { name: 'degraded', fromMs: 10_400, toMs: 25_000 },
    { name: 'repair', fromMs: 25_000, toMs: 40_000 },
    { name: 'full-margin', fromMs: 40_000, toMs: 50_000 },
  ],
  events: [
    { atMs: 10_000, what: { en: 'Strasbourg burns', fr: 'Strasbourg brûle' } },
    { atMs: 25_000, what: { en: 'Repair begins', fr: 'La réparation commence' } },
    { atMs: 40_000, what: { en: 'The margin is back', fr: 'La marge est revenue' } },
  ],
  done: [{ deed: 'burn', sites: ['strasbourg'], atMs: 10_000, endedMs: 10_400 }],
  returns: [],
  samples: Array.from({ length: 50 }, (_, second) => sampleAt(second * 1_000)),
  deals: Array.from({ length: 200 }, (_, nth) => dealAt(nth)),
  storedBytes: 120_000_000,
  readBack: { files: 20, whole: 20 },
  disksBefore: {
    segments: 12,
    fragments: 108,
    byMargin: { 3: 12 },
    survives: 3,
    best: 3,
    belowBest: 0,
    damaged: 0,
    missing: 0,
    vanished: [],
  },
  disksAfter: {
    segments: 14,
    fragments: 126,
    byMargin: { 3: 14 },
    survives: 2,
    best: 2,
    belowBest: 0,
    damaged: 0,
    missing: 0,
    vanished: [],
  },
  healed: true,
  toFullMarginMs: 30_000,
  sentBytes: 400_000_000,
  repairBytesFrom: { metz: 30_000_000, nancy: 23_000_000 },
  unread: [],
  aborted: null,
};

function sampleAt(atMs: number): Sample {
  const burnt = atMs >= 11_000;
  const share = Math.min(1, Math.max(0, (atMs - 25_000) / 15_000));
  return {
    atMs,
    endedMs: atMs + 20,
    lacking: burnt && share < 1 ? 1 : 0,
    worstMargin: burnt && share < 1 ? 2 : 3,
    segmentsToRepair: burnt ? Math.round(12 * (1 - share)) : 0,
    bytesToGo: burnt ? Math.round(20e6 * (1 - share)) : 0,
    rateByLink: share > 0 && share < 1 ? { metz: 1_500_000, nancy: 900_000 } : {},
    repairedFragments: Math.round(12 * share),
    repairedBytes: Math.round(20e6 * share),
    ledgerEntries: 100 + Math.round(atMs / 700),
    sites: statesBut(burnt ? { strasbourg: 'burnt' } : {}),
  };
}

function dealAt(nth: number): Deal {
  const operation = operations[nth % 4] ?? 'read';
  const tookMs = 40 + ((nth * 37) % 200);
  return { operation, atMs: 500 + nth * 245, tookMs, ...(operation === 'read' ? { firstByteMs: 12 } : {}) };
}

export function judged(seen: Seen): DrillResult {
  return { ...seen, promises: judge(seen) };
}

const anyMs = fc.nat(120_000);
const anySites = fc.subarray(siteIds);
const anyState = fc.constantFrom<SiteState>('up', 'silent', 'burnt', 'lost', 'maintenance', 'read-only');

const anySample: fc.Arbitrary<Sample> = fc.record({
  atMs: anyMs,
  endedMs: anyMs,
  lacking: fc.option(fc.nat(9)),
  worstMargin: fc.option(fc.integer({ min: -6, max: 3 })),
  segmentsToRepair: fc.nat(100),
  bytesToGo: fc.nat(1e9),
  rateByLink: fc.dictionary(fc.constantFrom(...siteIds), fc.nat(1e8)),
  repairedFragments: fc.nat(100),
  repairedBytes: fc.nat(1e9),
  ledgerEntries: fc.nat(1_000),
  sites: fc
    .tuple(...siteIds.map(() => anyState))
    .map((all) => Object.fromEntries(all.map((one, at) => [siteIds[at], one]))),
});

const anyDeal: fc.Arbitrary<Deal> = fc
  .record({
    operation: fc.constantFrom(...operations),
    atMs: anyMs,
    tookMs: fc.nat(20_000),
    firstByteMs: fc.option(fc.nat(5_000), { nil: undefined }),
    error: fc.option(
      fc.record({
        kind: fc.constantFrom('unreachable', 'missing-fragments', 'integrity', 'refused'),
        code: fc.constantFrom('FRAGMENTS_MISSING', 'QUORUM_UNREACHABLE', '<script>'),
      }),
      { nil: undefined, freq: 3 },
    ),
    wrongBytes: fc.constantFrom(undefined, undefined, undefined, true as const),
  })
  .map(
    (all) =>
      Object.fromEntries(Object.entries(all).filter(([, one]) => one !== undefined)) as unknown as Deal,
  );

const anyDone: fc.Arbitrary<Done> = fc
  .record({ deed: fc.constantFrom<Deed>(...deeds), sites: anySites, atMs: anyMs, forMs: fc.nat(5_000) })
  .map(({ forMs, ...one }) => ({ ...one, endedMs: one.atMs + forMs }));

const anyCount: fc.Arbitrary<DrillResult['disksAfter']> = fc.record({
  segments: fc.nat(40),
  fragments: fc.nat(400),
  byMargin: fc.dictionary(fc.integer({ min: -6, max: 3 }).map(String), fc.nat(40)),
  survives: fc.option(fc.integer({ min: -1, max: 3 })),
  best: fc.option(fc.integer({ min: -1, max: 3 })),
  belowBest: fc.nat(5),
  damaged: fc.nat(5),
  missing: fc.nat(5),
  vanished: fc.array(
    fc.record({ site: fc.constantFrom(...siteIds), fragments: fc.integer({ min: 1, max: 9 }) }),
    {
      maxLength: 2,
    },
  ),
});

const byTime = <One extends { readonly atMs: number }>(all: readonly One[]) =>
  all.toSorted((a, b) => a.atMs - b.atMs);

/** Of any kind, impossible ones included; samples and deeds in order of time, as a drill records them. */
export const anySeen: fc.Arbitrary<Seen> = fc
  .record({
    samples: fc.array(anySample, { maxLength: 30 }).map(byTime),
    deals: fc.array(anyDeal, { maxLength: 60 }),
    done: fc.array(anyDone, { maxLength: 5 }).map(byTime),
    returns: fc.array(
      fc.record({
        site: fc.constantFrom(...siteIds),
        atMs: anyMs,
        untilMs: anyMs,
        awayMs: fc.nat(200_000_000),
        files: fc.nat(100),
        erased: fc.nat(2),
      }),
      { maxLength: 2 },
    ),
    phases: fc
      .subarray([...phases])
      .map((names) => names.map((name, at) => ({ name, fromMs: at * 20_000, toMs: (at + 1) * 20_000 }))),
    disksBefore: anyCount,
    disksAfter: anyCount,
    readBack: fc.record({ files: fc.nat(30), whole: fc.nat(30) }),
    toFullMarginMs: fc.option(anyMs),
    repairBytesFrom: fc.dictionary(fc.constantFrom(...siteIds), fc.nat(1e9)),
    unread: anySites,
    aborted: fc.option(fc.constant({ en: 'the margin fell below 1', fr: 'la marge est tombée sous 1' })),
    preview: fc.record({
      sites: anySites,
      segments: fc.nat(40),
      byMargin: fc.dictionary(fc.integer({ min: -6, max: 3 }).map(String), fc.nat(40)),
      atRisk: fc.array(fc.constant('ab'.repeat(32)), { maxLength: 3 }),
      segmentsAtRisk: fc.nat(40),
      objectsAtRisk: fc.option(fc.array(fc.constantFrom('a/b.pdf', '<b>'), { maxLength: 3 })),
      objectsAtRiskCount: fc.option(fc.nat(200)),
      fragmentsToRebuild: fc.nat(100),
      bytesToMove: fc.nat(1e9),
      expectedSeconds: fc.option(fc.nat(1_000)),
    }),
  })
  .map((parts) => ({ ...burntOne, ...parts }));
