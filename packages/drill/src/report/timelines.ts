// A drill over time: how safe the data was, what users noticed, what repair did. One axis of time for all, with the same
// events and phases marked.

import type { TimelinePart, TimelineSeries, Words } from '@vauban/report';
import { type DrillResult, operations, type Sample } from '../result.ts';
import { figuresOf, quantile, type Stretch, stretches } from '../statistics.ts';
import { words } from '../words.ts';
import { operationWords, phaseName } from './vocabulary.ts';

/** More points than a page has room for say nothing more. */
const STRETCHES_MAX = 240;
/** Fewer would hide when something happened. */
const STRETCHES_MIN = 30;
/** A stretch has so many reads on average, so that its median says something. */
const READS_EACH = 4;
/** Lines that can be told apart, the one for all other links included. */
const LINKS_MAX = 6;

type Points = TimelineSeries['points'];

export function timelines(result: DrillResult, marginIsBack: boolean): readonly TimelinePart[] {
  const timeline = (caption: Words, series: readonly TimelineSeries[]): TimelinePart => ({
    kind: 'timeline',
    caption,
    originMs: 0,
    series,
    marks: result.events.map(({ atMs, what }) => ({ atMs, label: what })),
    spans: result.phases.map(({ name, fromMs, toMs }) => ({
      fromMs,
      toMs,
      label: phaseName(name, marginIsBack),
    })),
  });
  return [
    timeline(words('How safe the data was', 'Sûreté des données'), safety(result.samples)),
    timeline(words('What users noticed', 'Ce que les usagers ont perçu'), service(result)),
    timeline(words('What repair did', 'Travail de réparation'), repair(result)),
  ];
}

function safety(samples: readonly Sample[]): readonly TimelineSeries[] {
  const over = (value: (one: Sample) => number | null): Points =>
    samples.map((one) => [one.atMs, value(one)] as const);
  return [
    {
      name: words('fragments beyond those needed', 'fragments au-delà du nécessaire'),
      panel: words('Margin of the worst segment', 'Marge du segment le plus exposé'),
      unit: 'count',
      step: true,
      points: over(({ worstMargin }) => worstMargin),
    },
    {
      name: words('segments', 'segments'),
      panel: words('Segments to repair', 'Segments à réparer'),
      unit: 'count',
      step: true,
      points: over(({ segmentsToRepair }) => segmentsToRepair),
    },
    {
      name: words('entries', 'entrées'),
      panel: words('Entries of the ledger', 'Entrées du registre'),
      unit: 'count',
      step: true,
      // Before the first look it is not known; it is never empty.
      points: over(({ ledgerEntries }) => (ledgerEntries === 0 ? null : ledgerEntries)),
    },
  ];
}

function service({ deals, startedAt, endedAt }: DrillResult): readonly TimelineSeries[] {
  const count = deals.filter(({ operation }) => operation === 'read').length / READS_EACH;
  const countMax = Math.min(STRETCHES_MAX, Math.max(STRETCHES_MIN, Math.ceil(count)));
  const all = stretches({ deals, endMs: endedAt - startedAt }, countMax);
  const over = (value: (one: Stretch) => number | null): Points =>
    all.map((one) => [one.fromMs, value(one)] as const);
  const rate = (number: number, { lastsMs }: Stretch) => (number * 1_000) / lastsMs;
  const reads = (one: Stretch) => figuresOf('read', one.deals, one.lastsMs);
  const latency = words('Reading a whole file', 'Lecture d’un fichier entier');
  return [
    ...operations.map((operation) => ({
      name: operationWords[operation],
      panel: words('Operations that went well', 'Opérations réussies'),
      unit: 'per-second' as const,
      points: over((one) => {
        const { count: ended, errors, wrongBytes } = figuresOf(operation, one.deals, one.lastsMs);
        return rate(Math.max(0, ended - errors - wrongBytes), one);
      }),
    })),
    {
      name: words('all operations', 'toutes opérations'),
      panel: words('Failed', 'Échecs'),
      unit: 'per-second',
      step: true,
      points: over((one) => rate(one.deals.filter(({ error }) => error !== undefined).length, one)),
    },
    { name: words('median', 'médiane'), panel: latency, unit: 'ms', points: over((one) => reads(one).p50Ms) },
    {
      name: words('99th percentile', '99ᵉ centile'),
      panel: latency,
      unit: 'ms',
      points: over((one) => reads(one).p99Ms),
    },
    {
      name: words('median to the first byte', 'médiane jusqu’au premier octet'),
      panel: latency,
      unit: 'ms',
      points: over((one) => reads(one).firstByteP50Ms),
    },
  ];
}

function repair({ samples, network }: DrillResult): readonly TimelineSeries[] {
  const cities = new Map(network.sites.map(({ id, city }) => [id, city]));
  const sums = new Map<string, number>();
  for (const { rateByLink } of samples)
    for (const [site, rate] of Object.entries(rateByLink)) sums.set(site, (sums.get(site) ?? 0) + rate);
  const ranked = [...sums].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([site]) => site);
  const own = ranked.length <= LINKS_MAX ? ranked : ranked.slice(0, LINKS_MAX - 1);
  const others = ranked.slice(own.length);
  const panel = words(
    'Read for repair, by the site it comes from',
    'Lu pour la réparation, par site d’origine',
  );
  const link = (name: Words, sites: readonly string[]): TimelineSeries => ({
    name,
    panel,
    unit: 'bytes-per-second',
    points: samples.map(({ atMs, rateByLink }) => [
      atMs,
      sites.reduce((sum, site) => sum + (rateByLink[site] ?? 0), 0),
    ]),
  });
  return [
    ...own.map((site) => link({ en: cities.get(site) ?? site, fr: cities.get(site) ?? site }, [site])),
    ...(others.length === 0 ? [] : [link(words('all others', 'tous les autres'), others)]),
    {
      name: words('in all', 'au total'),
      panel: words('Rebuilt', 'Reconstruit'),
      unit: 'bytes',
      step: true,
      points: samples.map(({ atMs, repairedBytes }) => [atMs, repairedBytes]),
    },
  ];
}

/** Of reads that went well while any of these phases lasted. */
export function readLatency(
  { deals, phases }: Pick<DrillResult, 'deals' | 'phases'>,
  names: readonly string[],
): { readonly p50Ms: number | null; readonly p99Ms: number | null } {
  const within = phases.filter(({ name }) => names.includes(name));
  const took = deals.flatMap(({ operation, atMs, tookMs, error, wrongBytes }) => {
    const well = operation === 'read' && error === undefined && wrongBytes === undefined;
    return well && within.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs) ? [tookMs] : [];
  });
  return { p50Ms: quantile(took, 0.5), p99Ms: quantile(took, 0.99) };
}
