// A report with every kind of part, as full as real ones get: what the tests check and what people look at. Its numbers are
// made up, by a small recurrence, so that every run makes the same.

import type { MapSite, Part, ReportDocument, SiteState, Words } from '../src/index.ts';

export const words = (en: string, fr: string): Words => ({ en, fr });

const START_MS = Date.UTC(2026, 10, 23, 8, 30);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** 0 to 1, always the same sequence. */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const cityRows: readonly (readonly [string, number, number, string, SiteState])[] = [
  ['Strasbourg', 48.5734, 7.7521, 'Cigogne', 'lost'],
  ['Metz', 49.1193, 6.1757, 'Mirabelle', 'well'],
  ['Nancy', 48.6921, 6.1844, 'Bergamote', 'draining'],
  ['Reims', 49.2583, 4.0317, 'Libellule', 'well'],
  ['Mulhouse', 47.7508, 7.3359, 'Houblon', 'suspect'],
  ['Colmar', 48.0794, 7.3585, 'Quetsche', 'well'],
  ['Troyes', 48.2973, 4.0744, 'Héron', 'maintenance'],
  ['Épinal', 48.1724, 6.4494, 'Myrtille', 'read-only'],
  ['Charleville-Mézières', 49.7621, 4.7261, 'Ardoise', 'well'],
  ['Haguenau', 48.8156, 7.7889, 'Grès Rose', 'unknown'],
];

export const sampleSites: readonly MapSite[] = [
  ...cityRows.map(([name, latitude, longitude, hoster, state]) => ({
    id: name.toLowerCase(),
    name,
    latitude,
    longitude,
    hoster: `Hébergeur ${hoster}`,
    state,
    ...(state === 'lost' ? { note: words('burned at 2 min', 'brûlé à 2 min') } : {}),
  })),
  {
    id: 'strasbourg-2',
    name: 'Strasbourg 2',
    latitude: 48.5801,
    longitude: 7.7449,
    hoster: 'Hébergeur Cigogne',
    state: 'suspect',
    note: words('neighbour of the lost building', 'voisin du bâtiment perdu'),
  },
];

function wave(options: {
  readonly seed: number;
  readonly low: number;
  readonly high: number;
  readonly worse: number;
}) {
  const dice = sequence(options.seed);
  return Array.from({ length: 700 }, (_, index) => {
    const burning = index > 140 && index < 420 ? options.worse : 1;
    const value = (options.low + (options.high - options.low) * dice() ** 3) * burning;
    return [START_MS + index * 2 * SECOND, Math.round(value * 10) / 10] as const;
  });
}

const timeline: Part = {
  kind: 'timeline',
  caption: words(
    'What agencies saw, and what repair did',
    'Ce que les agences ont vu, et ce que la réparation a fait',
  ),
  originMs: START_MS,
  series: [
    {
      name: words('p50', 'p50'),
      unit: 'ms',
      panel: words('Latency of reads', 'Latence des lectures'),
      points: wave({ seed: 1, low: 12, high: 20, worse: 1.6 }),
    },
    {
      name: words('p99', 'p99'),
      unit: 'ms',
      panel: words('Latency of reads', 'Latence des lectures'),
      points: wave({ seed: 2, low: 60, high: 140, worse: 2.2 }),
    },
    {
      name: words('first byte', 'premier octet'),
      unit: 'ms',
      panel: words('Latency of reads', 'Latence des lectures'),
      points: wave({ seed: 3, low: 30, high: 60, worse: 1.3 }),
    },
    {
      name: words('Repair traffic', 'Trafic de réparation'),
      unit: 'bytes-per-second',
      points: wave({ seed: 4, low: 0, high: 0.1, worse: 95_000_000 }).map(([ms, value]) => [
        ms,
        ms > START_MS + 5 * MINUTE && value > 1000 ? value : 0,
      ]),
    },
    {
      name: words('Least margin of any segment', 'Plus petite marge d’un segment'),
      unit: 'count',
      step: true,
      points: [
        [START_MS, 3],
        [START_MS + 4.7 * MINUTE, 2],
        [START_MS + 7 * MINUTE, 1],
        [START_MS + 9 * MINUTE, 2],
        [START_MS + 14 * MINUTE, 3],
        [START_MS + 23.3 * MINUTE, 3],
      ],
    },
  ],
  marks: [
    { atMs: START_MS + 4.7 * MINUTE, label: words('Strasbourg burns', 'Strasbourg brûle') },
    { atMs: START_MS + 4.8 * MINUTE, label: words('Strasbourg 2 is switched off', 'Strasbourg 2 est coupé') },
    {
      atMs: START_MS + 5.2 * MINUTE,
      label: words('Strasbourg is held to be lost', 'Strasbourg est tenu pour perdu'),
    },
    { atMs: START_MS + 14 * MINUTE, label: words('margin regained', 'marge retrouvée') },
    { atMs: START_MS + 20 * MINUTE, label: words('Strasbourg 2 is back', 'Strasbourg 2 revient') },
  ],
  spans: [
    { fromMs: START_MS, toMs: START_MS + 4.7 * MINUTE, label: words('healthy', 'sain') },
    { fromMs: START_MS + 4.7 * MINUTE, toMs: START_MS + 5 * MINUTE, label: words('event', 'événement') },
    { fromMs: START_MS + 5 * MINUTE, toMs: START_MS + 7 * MINUTE, label: words('degraded', 'dégradé') },
    { fromMs: START_MS + 7 * MINUTE, toMs: START_MS + 14 * MINUTE, label: words('repair', 'réparation') },
    {
      fromMs: START_MS + 14 * MINUTE,
      toMs: START_MS + 23.3 * MINUTE,
      label: words('full margin', 'pleine marge'),
    },
  ],
};

const policies = [
  'three copies',
  '6+3 rs',
  '6+3 clay',
  '5+4',
  '4+2',
  'one copy in each of 3 zones',
  '10 of 30 hosts',
  '29 of 80',
];

const histogram: Part = {
  kind: 'histogram',
  caption: words('Segments by margin', 'Segments par marge'),
  binTitle: words(
    'margin: fragments that may still be lost',
    'marge : fragments qui peuvent encore être perdus',
  ),
  countTitle: words('segments', 'segments'),
  bins: ['−1', '0', '1', '2', '3'],
  groups: [
    { name: words('before', 'avant'), counts: [0, 0, 0, 0, 12_480] },
    { name: words('at worst', 'au pire'), counts: [0, 3, 2_140, 7_311, 3_026] },
    { name: words('after', 'après'), counts: [0, 0, 0, 0, 12_512] },
  ],
};

const bars: Part = {
  kind: 'bars',
  caption: words('Reads, before, during and after', 'Lectures, avant, pendant et après'),
  unit: 'ms',
  groupTitle: words('Figure', 'Mesure'),
  series: [words('before', 'avant'), words('during', 'pendant'), words('after', 'après')],
  groups: [
    { name: words('median', 'médiane'), values: [14, 22, 14.5] },
    {
      name: words('99 of 100 are faster', '99 sur 100 sont plus rapides'),
      values: [88, { value: 231, low: 205, high: 260 }, 91],
    },
    { name: words('slowest', 'la plus lente'), values: [140, 412, null] },
  ],
};

const loss: Part = {
  kind: 'bars',
  caption: words(
    'Probability of losing anything in a year',
    'Probabilité de perdre quoi que ce soit en un an',
  ),
  unit: 'probability',
  scale: 'log',
  groupTitle: words('Policy', 'Politique'),
  series: [words('per year', 'par an')],
  groups: policies.map((name, index) => {
    const value = index === 7 ? 0 : 3.2 * 10 ** (-3 - index * 1.3);
    return { name, values: [{ value, low: value / 3, high: value === 0 ? 4e-13 : value * 2 }] };
  }),
};

const tornado: Part = {
  kind: 'tornado',
  caption: words('What the answer rests on', 'Ce dont la réponse dépend'),
  unit: 'probability',
  scale: 'log',
  base: 4.1e-9,
  rows: [
    {
      name: words('Destruction of a site', 'Destruction d’un site'),
      low: 3e-10,
      high: 6.4e-8,
      lowLabel: words('1 in 1,000 years', '1 en 1 000 ans'),
      highLabel: words('1 in 50 years', '1 en 50 ans'),
    },
    {
      name: words('Annual failure rate of disks', 'Taux annuel de panne des disques'),
      low: 2.6e-9,
      high: 9e-9,
      lowLabel: words('0.5 %', '0,5 %'),
      highLabel: words('3 %', '3 %'),
    },
    {
      name: words('Time until a person decides', 'Délai avant décision humaine'),
      low: 1.2e-9,
      high: 2.2e-8,
      lowLabel: words('1 h', '1 h'),
      highLabel: words('3 d', '3 j'),
    },
    {
      name: words('Link of a daemon', 'Lien d’un daemon'),
      low: 1.9e-8,
      high: 2.5e-9,
      lowLabel: words('100 Mbit/s', '100 Mbit/s'),
      highLabel: words('10 Gbit/s', '10 Gbit/s'),
    },
    {
      name: words('Hosters of one failing software version', 'Hébergeurs d’une même version fautive'),
      low: 4e-9,
      high: 5.2e-9,
      lowLabel: words('one', 'un'),
      highLabel: words('half', 'moitié'),
    },
  ],
};

const curves: Part = {
  kind: 'curves',
  caption: words('Survival of everything stored', 'Survie de tout ce qui est stocké'),
  x: { title: words('time from now', 'temps à partir d’aujourd’hui'), unit: 'years' },
  y: {
    title: words('probability of a loss until then', 'probabilité d’une perte d’ici là'),
    unit: 'probability',
    scale: 'log',
  },
  series: policies.slice(0, 5).map((name, index) => ({
    name,
    points: Array.from({ length: 41 }, (_, step) => {
      const y = 10 ** (-4 - index * 1.4) * step;
      return { x: step / 2, y, low: y / (1.2 + index * 0.3), high: y * (1.2 + index * 0.3) };
    }),
  })),
};

export const sampleDocument: ReportDocument = {
  kind: 'drill',
  title: words(
    'Strasbourg 2021: a building burns, its neighbour goes dark',
    'Strasbourg 2021 : un bâtiment brûle, son voisin est coupé',
  ),
  subtitle: words(
    'Scenario strasbourg-2021 against nine sites on one machine',
    'Scénario strasbourg-2021 contre neuf sites sur une machine',
  ),
  verdict: {
    ok: true,
    line: words(
      'No acknowledged file was lost, none read wrong; full margin was back after 14 min.',
      'Aucun fichier acquitté n’a été perdu ni mal lu ; la pleine marge est revenue après 14 min.',
    ),
  },
  madeAt: START_MS + 24 * MINUTE,
  data: { scenario: 'strasbourg-2021', seed: 7, text: '</script><!-- &amp;' },
  sections: [
    {
      id: 'promises',
      title: words('Promises', 'Promesses'),
      text: [
        words(
          'Each was watched from the first second to the last.',
          'Chacune a été surveillée de la première seconde à la dernière.',
        ),
      ],
      parts: [
        {
          kind: 'promises',
          caption: words('Promises kept and broken', 'Promesses tenues et rompues'),
          rows: [
            {
              name: words('Acknowledged data reads', 'Ce qui est acquitté se lit'),
              kept: true,
              detail: words('41,208 reads, all hashed', '41 208 lectures, toutes hachées'),
            },
            {
              name: words('No wrong byte', 'Aucun octet faux'),
              kept: true,
              detail: words('0 of 41,208', '0 sur 41 208'),
            },
            {
              name: words(
                'Half of the reads are as fast as before',
                'La moitié des lectures aussi rapides qu’avant',
              ),
              kept: false,
              detail: words(
                '22 ms during the repair, promised were 20 ms',
                '22 ms pendant la réparation, 20 ms promises',
              ),
            },
          ],
        },
        {
          kind: 'figures',
          figures: [
            { label: words('Read and hashed', 'Lu et haché'), value: 1_234_567_890, unit: 'bytes' },
            {
              label: words('Wrong bytes', 'Octets faux'),
              value: 0,
              unit: 'count',
              note: words('of 41,208 reads', 'sur 41 208 lectures'),
            },
            {
              label: words('Margin regained after', 'Marge retrouvée après'),
              value: 14 * MINUTE,
              unit: 'ms',
            },
            {
              label: words('Loss per year', 'Perte par an'),
              value: { value: 3.2e-12, low: 1.1e-12, high: 9.3e-12 },
              unit: 'probability',
            },
            { label: words('Availability', 'Disponibilité'), value: 0.99995, unit: 'share' },
          ],
        },
      ],
    },
    {
      id: 'map',
      title: words('Sites', 'Sites'),
      parts: [
        {
          kind: 'map',
          caption: words('The sites at the worst moment', 'Les sites au pire moment'),
          sites: sampleSites,
        },
      ],
    },
    { id: 'course', title: words('Course', 'Déroulement'), parts: [timeline, histogram, bars] },
    { id: 'ahead', title: words('The years ahead', 'Les années à venir'), parts: [loss, tornado, curves] },
    {
      id: 'environment',
      title: words('Environment', 'Environnement'),
      parts: [
        {
          kind: 'table',
          caption: words('Policies side by side', 'Politiques côte à côte'),
          columns: [
            { title: words('Policy', 'Politique') },
            { title: words('Loss per year', 'Perte par an'), unit: 'probability' },
            { title: words('Raw per usable TB', 'Brut par To utile'), unit: words('TB', 'To') },
            { title: words('Repair per year', 'Réparation par an'), unit: 'bytes' },
            { title: words('Unavailable', 'Indisponible'), unit: 'share' },
            { title: words('Longest repair', 'Plus longue réparation'), unit: 'ms' },
            { title: words('Segments', 'Segments'), unit: 'count' },
            { title: words('Note', 'Remarque') },
          ],
          rows: policies.map((name, index) => [
            name,
            { value: 10 ** -(3 + index), low: 10 ** -(3.2 + index), high: 10 ** -(2.9 + index) },
            1.5 + index / 7,
            1.7e12 * (index + 1),
            index === 3 ? null : 1e-5 / (index + 1),
            7.5e6 * (index + 1),
            1_234_567 * (index + 1),
            index === 1 ? words('the network’s own', 'celle du réseau') : '',
          ]),
        },
      ],
    },
  ],
};
