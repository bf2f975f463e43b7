// The tables of a report: what was done, figures by phase, what was foreseen beside what happened, waiting times, setting.

import type { BarsPart, HistogramPart, TablePart, Words } from '@vauban/report';
import type { DrillResult } from '../result.ts';
import { phaseFigures } from '../statistics.ts';
import { bytesLong, counted, lasting, listed, words } from '../words.ts';
import { readLatency } from './timelines.ts';
import { deedWords, operationWords, phaseName } from './vocabulary.ts';

const NONE = words('—', '—');

/** What was done, in order, and then the steps of the scenario that were not due, or not any more. */
export function deedTable({ done, network, scenario }: DrillResult): TablePart {
  const cities = new Map(network.sites.map(({ id, city }) => [id, city]));
  const where = (sites: readonly string[]) =>
    sites.length === 0 ? NONE : listed(sites.map((site) => cities.get(site) ?? site));
  const steps = scenario.steps.findIndex(({ deed }, at) => done[at]?.deed !== deed);
  const left = steps < 0 ? [] : scenario.steps.slice(steps);
  return {
    kind: 'table',
    caption: words('What was done', 'Ce qui a été fait'),
    columns: [
      { title: words('After the start', 'Après le début'), unit: 'ms' },
      { title: words('Where', 'Où') },
      { title: words('What', 'Quoi') },
    ],
    rows: [
      ...done.map(({ deed, sites, atMs }) => [atMs, where(sites), deedWords[deed]]),
      ...left.map(({ deed, sites }) => [
        words('not carried out', 'non exécuté'),
        where(sites),
        deedWords[deed],
      ]),
    ],
  };
}

/** By the sites that repair read from: bytes by the daemons' counters, and the highest rate that was seen. */
export function linkTable({ repairBytesFrom, samples, network }: DrillResult): TablePart {
  const rows = network.sites.flatMap(({ id, city }) => {
    const bytes = repairBytesFrom[id] ?? 0;
    const rate = samples.reduce((most, { rateByLink }) => Math.max(most, rateByLink[id] ?? 0), 0);
    return bytes === 0 && rate === 0 ? [] : [[city, bytes, rate]];
  });
  return {
    kind: 'table',
    caption: words('Read for repair, in all', 'Lu pour la réparation, au total'),
    columns: [
      { title: words('From', 'Depuis') },
      { title: words('Bytes', 'Octets'), unit: 'bytes' },
      { title: words('Highest rate', 'Débit maximal'), unit: 'bytes-per-second' },
    ],
    rows: rows.length === 0 ? [[words('nothing', 'rien'), 0, 0]] : rows,
  };
}

export function phaseTable(result: DrillResult, marginIsBack: boolean): TablePart {
  return {
    kind: 'table',
    caption: words('Operations by phase', 'Opérations par phase'),
    columns: [
      { title: words('Phase', 'Phase') },
      { title: words('Operation', 'Opération') },
      { title: words('Number', 'Nombre'), unit: 'count' },
      { title: words('Rate', 'Cadence'), unit: 'per-second' },
      { title: words('Failed', 'Échecs'), unit: 'count' },
      { title: words('Median', 'Médiane'), unit: 'ms' },
      { title: words('99th percentile', '99ᵉ centile'), unit: 'ms' },
    ],
    rows: phaseFigures(result).flatMap(({ phase, operations }) =>
      operations.map((one) => [
        phaseName(phase, marginIsBack),
        operationWords[one.operation],
        one.count,
        one.perSecond,
        one.errors,
        one.p50Ms,
        one.p99Ms,
      ]),
    ),
  };
}

/** How long a reader waits for the first bytes of a file. */
export function firstByteTable(result: DrillResult, marginIsBack: boolean): TablePart {
  return {
    kind: 'table',
    caption: words('Time to the first byte of a file read', 'Temps jusqu’au premier octet d’un fichier lu'),
    columns: [
      { title: words('Phase', 'Phase') },
      { title: words('Median', 'Médiane'), unit: 'ms' },
      { title: words('99th percentile', '99ᵉ centile'), unit: 'ms' },
    ],
    rows: phaseFigures(result).flatMap(({ phase, operations }) =>
      operations
        .filter(({ operation }) => operation === 'read')
        .map((one) => [phaseName(phase, marginIsBack), one.firstByteP50Ms, one.firstByteP99Ms]),
    ),
  };
}

/** Median and 99th percentile of reads, before, during and after. */
export function latencyBars(result: DrillResult): BarsPart {
  const stages: readonly [Words, readonly string[]][] = [
    [words('Before', 'Avant'), ['healthy']],
    [words('During', 'Pendant'), ['event', 'degraded', 'repair']],
    [words('After', 'Après'), ['full-margin']],
  ];
  return {
    kind: 'bars',
    caption: words(
      'Time to read a whole file: shown, not judged',
      'Temps de lecture d’un fichier entier : montré, non jugé',
    ),
    unit: 'ms',
    groupTitle: words('When', 'Quand'),
    series: [words('median', 'médiane'), words('99th percentile', '99ᵉ centile')],
    groups: stages.map(([name, phases]) => {
      const { p50Ms, p99Ms } = readLatency(result, phases);
      return { name, values: [p50Ms, p99Ms] };
    }),
  };
}

export function marginHistogram({ disksBefore, disksAfter, preview }: DrillResult): HistogramPart {
  const groups = [
    [words('before, on the disks', 'avant, sur les disques'), disksBefore.byMargin],
    [words('foreseen at the worst', 'prévu au pire'), preview.byMargin],
    [words('in the end, on the disks', 'à la fin, sur les disques'), disksAfter.byMargin],
  ] as const;
  const margins = groups.flatMap(([, byMargin]) => Object.keys(byMargin).map(Number));
  const low = Math.min(0, ...margins);
  const high = Math.max(0, ...margins);
  const bins = Array.from({ length: high - low + 1 }, (_, at) => low + at);
  return {
    kind: 'histogram',
    caption: words('Segments by their margin', 'Segments selon leur marge'),
    binTitle: words(
      'Margin: fragments beyond those needed; below 0 unreadable',
      'Marge : fragments au-delà du nécessaire ; illisible en dessous de 0',
    ),
    countTitle: words('Segments', 'Segments'),
    unit: 'count',
    bins: bins.map((one) => String(one).replace('-', '−')),
    groups: groups.map(([name, byMargin]) => ({
      name,
      counts: bins.map((one) => byMargin[String(one)] ?? 0),
    })),
  };
}

export function previewTable(result: DrillResult): TablePart {
  const { preview, samples, disksAfter, toFullMarginMs, network } = result;
  const last = samples.at(-1);
  const lowest = least(samples.flatMap(({ worstMargin }) => (worstMargin === null ? [] : [worstMargin])));
  const segments = (count: number) => counted(count, ['segment', 'segments'], ['segment', 'segments']);
  const fragments = (count: number) => counted(count, ['fragment', 'fragments'], ['fragment', 'fragments']);
  const unreadable = Object.entries(disksAfter.byMargin).reduce(
    (sum, [margin, count]) => sum + (Number(margin) < 0 ? count : 0),
    0,
  );
  const cities = new Map(network.sites.map(({ id, city }) => [id, city]));
  return {
    kind: 'table',
    caption: words('The dry run beside what happened', 'La répétition à blanc et ce qui s’est passé'),
    columns: [
      { title: words('What', 'Quoi') },
      { title: words('Foreseen', 'Prévu') },
      { title: words('Happened', 'Constaté') },
    ],
    rows: [
      [
        words('Sites struck', 'Sites touchés'),
        namesOr(preview.sites.map((site) => cities.get(site) ?? site)),
        namesOr(
          [...new Set(result.done.flatMap(({ sites }) => sites))].map((site) => cities.get(site) ?? site),
        ),
      ],
      [
        words('Lowest margin of a segment', 'Marge minimale d’un segment'),
        numberOr(least(Object.keys(preview.byMargin).map(Number))),
        numberOr(lowest),
      ],
      [
        words('Segments unreadable at the worst', 'Segments illisibles au pire'),
        segments(preview.segmentsAtRisk),
        NONE,
      ],
      [words('Segments unreadable in the end', 'Segments illisibles à la fin'), NONE, segments(unreadable)],
      [
        words('Rebuilt', 'Reconstruit'),
        fragments(preview.fragmentsToRebuild),
        fragments(last?.repairedFragments ?? 0),
      ],
      [
        words('Read for repair', 'Lu pour la réparation'),
        bytesLong(preview.bytesToMove),
        bytesLong(Object.values(result.repairBytesFrom).reduce((sum, one) => sum + one, 0)),
      ],
      [
        words('Sent by all daemons, for all purposes', 'Envoyé par tous les démons, tous usages confondus'),
        NONE,
        bytesLong(result.sentBytes),
      ],
      [
        words('Time of the repair alone, unhindered', 'Durée de la seule réparation, sans entrave'),
        preview.expectedSeconds === null ? NONE : lasting(preview.expectedSeconds * 1_000),
        NONE,
      ],
      [
        words('From the first incident to full margin', 'Du premier incident à la pleine marge'),
        NONE,
        toFullMarginMs === null ? NONE : lasting(toFullMarginMs),
      ],
    ],
  };
}

/** Files that the dry run saw at risk; none where there are none. */
export function riskTable({ preview }: DrillResult): readonly TablePart[] {
  const paths = preview.objectsAtRisk ?? [];
  const count = preview.objectsAtRiskCount ?? 0;
  if (paths.length === 0) return [];
  return [
    {
      kind: 'table',
      caption: words(
        `Files at risk by the dry run: ${paths.length} of ${count}`,
        `Fichiers menacés d’après la répétition à blanc : ${paths.length} sur ${count}`,
      ),
      columns: [{ title: words('Path', 'Chemin') }],
      rows: paths.map((path) => [path]),
    },
  ];
}

export function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((low, one) => Math.min(low, one));
}

function numberOr(value: number | null): Words | string {
  return value === null ? NONE : String(value).replace('-', '−');
}

function namesOr(names: readonly string[]): Words {
  return names.length === 0 ? NONE : listed(names);
}
