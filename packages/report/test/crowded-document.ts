// A report fuller than any real one should be: long names, many series, values of all sizes. What fits here fits anywhere.

import type { MapSite, Part, ReportDocument, SiteState } from '../src/index.ts';
import { sampleDocument, sampleSites, sequence, words } from './sample-document.ts';

const HOUR = 3_600_000;
const FROM_MS = Date.UTC(2026, 0, 30, 21, 17);
const dice = sequence(11);
const longName = (at: number) =>
  words(
    `Everything that could ever be asked of number ${at}, in one long name`,
    `Tout ce que l’on pourrait demander au numéro ${at}, en un seul long nom`,
  );

const sites: readonly MapSite[] = [
  ...sampleSites,
  ...Array.from({ length: 24 }, (_, at): MapSite => {
    const states: readonly SiteState[] = ['well', 'well', 'well', 'suspect', 'lost', 'unknown'];
    return {
      id: `more-${at}`,
      name: `Saint-Exemple-sur-${'abcdefghijklmnopqrstuvwxyz'[at] ?? ''}ille`,
      latitude: 47.6 + 2.1 * dice(),
      longitude: 3.6 + 4.3 * dice(),
      state: states[at % states.length] ?? 'well',
    };
  }),
];

const parts: readonly Part[] = [
  { kind: 'map', caption: words('Many sites', 'Beaucoup de sites'), sites },
  {
    kind: 'timeline',
    caption: words('Three days by the clock', 'Trois jours à l’heure de l’horloge'),
    series: Array.from({ length: 9 }, (_, at) => ({
      name: longName(at),
      unit: at % 2 === 0 ? ('bytes' as const) : ('share' as const),
      step: at % 3 === 0,
      points: Array.from(
        { length: 200 },
        (_row, index) =>
          [
            FROM_MS + index * 0.37 * HOUR,
            index % 41 === 40 ? null : dice() * (at % 2 === 0 ? 4e12 : 1),
          ] as const,
      ),
    })),
    marks: Array.from({ length: 31 }, (_, at) => ({
      atMs: FROM_MS + 20 * HOUR + at ** 2 * 0.05 * HOUR,
      label: longName(at),
    })),
    spans: Array.from({ length: 14 }, (_, at) => ({
      fromMs: FROM_MS + at * 4 * HOUR,
      toMs: FROM_MS + at * 4 * HOUR + (at % 4) * 5 * HOUR,
      label: longName(at),
    })),
  },
  {
    kind: 'timeline',
    caption: words('Weeks, one line', 'Des semaines, une ligne'),
    series: [
      {
        name: words('free space', 'place libre'),
        unit: 'bytes',
        points: Array.from({ length: 30 }, (_, at) => [FROM_MS + at * 24 * HOUR, 3e15 - at * 1e13] as const),
      },
    ],
  },
  {
    kind: 'histogram',
    caption: words('Many bins', 'Beaucoup de classes'),
    binTitle: words('latency, from', 'latence, à partir de'),
    countTitle: words('reads', 'lectures'),
    bins: Array.from({ length: 26 }, (_, at) => words(`${2 ** at} ms and up`, `${2 ** at} ms et plus`)),
    groups: Array.from({ length: 4 }, (_, group) => ({
      name: longName(group),
      counts: Array.from({ length: 26 }, (_bin, at) =>
        Math.round(1e9 * dice() * Math.exp(-((at - 9 - group) ** 2) / 9)),
      ),
    })),
  },
  {
    kind: 'bars',
    caption: words('Gains and losses', 'Gains et pertes'),
    unit: words('points of something long', 'points de quelque chose de long'),
    series: [longName(1), longName(2)],
    groups: Array.from({ length: 6 }, (_, at) => ({
      name: longName(at),
      values: [{ value: (at - 2) * 1234.5, low: (at - 3) * 1234.5, high: at * 1500 }, -at * 77],
    })),
  },
  {
    kind: 'bars',
    caption: words('Within one power of ten', 'Dans une seule puissance de dix'),
    unit: 'bytes',
    scale: 'log',
    series: [words('repair', 'réparation'), words('audit', 'contrôle')],
    groups: ['6+3 rs', '6+3 clay'].map((name, at) => ({
      name,
      values: [2.1e12 + at * 1e12, { value: 3e12, low: 2e12, high: 8e12 }],
    })),
  },
  {
    kind: 'tornado',
    caption: words('All to one side', 'Tout d’un seul côté'),
    unit: 'ms',
    base: 3 * HOUR,
    rows: Array.from({ length: 12 }, (_, at) => ({
      name: longName(at),
      low: (3 + at) * HOUR,
      high: (3 + at * 2.5) * HOUR,
      lowLabel: longName(at),
      highLabel: longName(at),
    })),
  },
  {
    kind: 'curves',
    caption: words('Close to one', 'Près de un'),
    x: { title: words('repair rate', 'débit de réparation'), unit: 'bytes-per-second', scale: 'log' },
    y: { title: words('availability', 'disponibilité'), unit: 'share' },
    series: Array.from({ length: 9 }, (_, at) => ({
      name: longName(at),
      points: Array.from({ length: 60 }, (_point, step) => ({
        x: 10 ** (5 + step / 12),
        y: 0.999 + (0.001 * step) / (60 + at * 20),
      })),
    })),
  },
  {
    kind: 'table',
    caption: words('Fourteen columns', 'Quatorze colonnes'),
    columns: [
      { title: words('Hash', 'Empreinte') },
      ...Array.from({ length: 13 }, (_, at) => ({ title: longName(at), unit: 'bytes' as const })),
    ],
    rows: Array.from({ length: 5 }, () => [
      '0123456789abcdef'.repeat(4),
      ...Array.from({ length: 13 }, () => Math.round(dice() * 1e15)),
    ]),
  },
  {
    kind: 'figures',
    figures: Array.from({ length: 7 }, (_, at) => ({
      label: longName(at),
      value: { value: dice() * 1e-9, low: 1e-11, high: 1e-8 },
      unit: 'probability' as const,
    })),
  },
];

export const crowdedDocument: ReportDocument = {
  ...sampleDocument,
  kind: 'forecast',
  title: longName(0),
  verdict: { ok: false, line: longName(0) },
  sections: [{ id: 'all', title: longName(0), parts }],
};
