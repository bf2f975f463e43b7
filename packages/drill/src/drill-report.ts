// From a drill's result to its report: what a crisis team reads first stands first, everything is said in both languages, and
// the whole result lies in the file as data.

import type { Figure, ReportDocument, Section, Words } from '@vauban/report';
import { durationTable, settingTable } from './report/setting.ts';
import { stateMaps } from './report/state-maps.ts';
import {
  deedTable,
  firstByteTable,
  latencyBars,
  least,
  linkTable,
  marginHistogram,
  phaseTable,
  previewTable,
  riskTable,
} from './report/tables.ts';
import { readLatency, timelines } from './report/timelines.ts';
import type { DrillResult } from './result.ts';
import { citiesOf, counted, lasting, listed, words } from './words.ts';

export function drillReport(result: DrillResult): ReportDocument {
  const { scenario, network, operator, promises } = result;
  return {
    kind: 'drill',
    title: scenario.title,
    subtitle: words(
      `Network ${network.name}: ${network.sites.length} sites, of whose fragments any ${network.k} of ${network.k + network.m} suffice. Led by ${operator}.`,
      `Réseau ${network.name} : ${network.sites.length} sites ; ${network.k} fragments sur ${network.k + network.m} suffisent. Conduit par ${operator}.`,
    ),
    verdict: { ok: promises.length > 0 && promises.every(({ kept }) => kept), line: verdictLine(result) },
    madeAt: result.endedAt,
    sections: sectionsOf(result),
    data: result,
  };
}

/** What a report's first line says, after whether every promise was kept. */
export function verdictLine(result: DrillResult): Words {
  const { promises, readBack, toFullMarginMs, scenario, aborted } = result;
  const broken = promises.filter(({ kept }) => !kept);
  if (broken.length === 0) {
    const files = counted(readBack.whole, ['file', 'files'], ['fichier', 'fichiers']);
    const took = lasting(toFullMarginMs ?? 0);
    return words(
      `${files.en} of ${readBack.files} read back whole; ${toFullMarginMs === null ? 'the margin never fell' : `${took.en} after the first incident the margin was back at the best that the remaining sites allow`}.`,
      `${files.fr} sur ${readBack.files} relus intacts ; ${toFullMarginMs === null ? 'la marge n’a jamais baissé' : `${took.fr} après le premier incident, la marge était revenue au mieux de ce que permettent les sites restants`}.`,
    );
  }
  const first = listed(broken.map(({ title }) => `“${title.en}”`)).en;
  const premier = listed(broken.map(({ title }) => `« ${title.fr} »`)).fr;
  const because = aborted ?? words('', '');
  const meant = scenario.sabotage
    ? words(
        ' This drill is a sabotage: it has to end so.',
        ' Cet exercice est un sabotage : il doit se terminer ainsi.',
      )
    : words('', '');
  return words(
    `${broken.length} of ${promises.length} promises did not hold: ${first}.${because.en === '' ? '' : ` ${because.en}`}${meant.en}`,
    `${broken.length} sur ${promises.length} non ${broken.length === 1 ? 'tenue' : 'tenues'} : ${premier}.${because.fr === '' ? '' : ` ${because.fr}`}${meant.fr}`,
  );
}

function sectionsOf(result: DrillResult): readonly Section[] {
  const { scenario, promises, preview, operator } = result;
  const marginIsBack = promises.some(({ name, kept }) => name === 'margin-returns' && kept);
  return [
    {
      id: 'summary',
      title: words('In short', 'En bref'),
      text: [scenario.story],
      parts: [{ kind: 'figures', figures: figuresOf(result) }],
    },
    {
      id: 'promises',
      title: words('Promises', 'Promesses'),
      parts: [
        {
          kind: 'promises',
          caption: words('Kept or broken', 'Tenues ou rompues'),
          rows: promises.map(({ title, kept, detail }) => ({ name: title, kept, detail })),
        },
      ],
    },
    {
      id: 'course',
      title: words('What happened', 'Déroulement'),
      parts: [deedTable(result), ...timelines(result, marginIsBack)],
    },
    {
      id: 'map',
      title: words('Where', 'Où'),
      text: [
        words(
          'Shape and colour say the state of each site.',
          'La forme et la couleur indiquent l’état de chaque site.',
        ),
      ],
      parts: stateMaps(result),
    },
    {
      id: 'margin',
      title: words('Margin, counted on the disks', 'Marge, comptée sur les disques'),
      text: [
        words(
          'Before and after the drill every fragment file was read from the disks and hashed by the drill itself; nobody’s word was taken but the ledger’s.',
          'Avant et après l’exercice, chaque fichier de fragment a été lu sur les disques et son empreinte calculée par l’exercice lui-même ; seul le registre a été cru sur parole.',
        ),
      ],
      parts: [marginHistogram(result)],
    },
    {
      id: 'service',
      title: words('Service before, during and after', 'Service avant, pendant et après'),
      parts: [latencyBars(result), phaseTable(result, marginIsBack), firstByteTable(result, marginIsBack)],
    },
    {
      id: 'preview',
      title: words('Foreseen and happened', 'Prévu et constaté'),
      text: [...(preview.sites.length === 0 ? [] : [previewText()]), ...meteredText(result)],
      parts: [previewTable(result), linkTable(result), ...riskTable(result)],
    },
    {
      id: 'setting',
      title: words('Setting', 'Cadre'),
      text: [
        words(
          `The last line of this file is the seal of ${operator}. “vauban drill verify” checks it, and that the ledger holds the hash of this very file.`,
          `La dernière ligne de ce fichier est le sceau de ${operator}. La commande « vauban drill verify » le vérifie, ainsi que l’inscription au registre de l’empreinte de ce fichier même.`,
        ),
      ],
      parts: [durationTable(result), settingTable(result)],
    },
  ];
}

/** How bytes on the lines were counted, and what of them was not. */
function meteredText({ unread, network }: DrillResult): readonly Words[] {
  const who = listed(citiesOf(network, unread));
  return [
    words(
      'Bytes on the lines are those of the daemons’ own counters, read right before the drill stopped a daemon and in the end. Not counted: what agencies sent, and what a daemon sent between its last reading and its stop.',
      'Les octets sur les lignes sont ceux des compteurs des démons eux-mêmes, relevés juste avant que l’exercice n’arrête un démon, puis à la fin. Non comptés : les envois des administrations, et ceux d’un démon entre son dernier relevé et son arrêt.',
    ),
    ...(unread.length === 0
      ? []
      : [
          words(
            `Nor what these sent since their reading before, since they did not answer: ${who.en}.`,
            `Ni ce qu’ont envoyé depuis leur relevé précédent ceux qui n’ont pas répondu : ${who.fr}.`,
          ),
        ]),
  ];
}

function previewText(): Words {
  return words(
    'The dry run knows placement alone: the sites struck all gone together, each repair as the placement rules plan it, lines and disks used as far as their budgets allow. It does not know how long the network waits before it takes a site for lost.',
    'La répétition à blanc ne connaît que le placement : tous les sites touchés disparus ensemble, chaque réparation telle que la prévoient les règles de placement, lignes et disques employés dans la limite de leurs budgets. Elle ignore combien de temps le réseau attend avant de tenir un site pour perdu.',
  );
}

function figuresOf(result: DrillResult): readonly Figure[] {
  const { readBack, deals, samples, toFullMarginMs, network, storedBytes, sentBytes } = result;
  const reads = deals.filter(({ operation, error }) => operation === 'read' && error === undefined);
  const failed = deals.filter(({ error }) => error !== undefined).length;
  const failures = counted(failed, ['failure', 'failures'], ['échec', 'échecs']);
  const last = samples.at(-1);
  const fragments = counted(
    last?.repairedFragments ?? 0,
    ['fragment', 'fragments'],
    ['fragment', 'fragments'],
  );
  const before = readLatency(result, ['healthy']).p99Ms;
  const during = readLatency(result, ['event', 'degraded', 'repair']).p99Ms;
  const earlier = lasting(before ?? 0);
  const marginIsBack = result.promises.some(({ name, kept }) => name === 'margin-returns' && kept);
  return [
    toFullMarginMs === null
      ? {
          label: words('Margin', 'Marge'),
          value: marginIsBack ? words('never fell', 'jamais en baisse') : words('not back', 'non revenue'),
        }
      : {
          label: words('Back at the best margin after', 'Meilleure marge retrouvée en'),
          value: toFullMarginMs,
          unit: 'ms',
          note: words('from the first incident', 'depuis le premier incident'),
        },
    {
      label: words('Files read back whole in the end', 'Fichiers relus intacts à la fin'),
      value: words(`${readBack.whole} of ${readBack.files}`, `${readBack.whole} sur ${readBack.files}`),
    },
    {
      label: words('Reads compared by hash', 'Lectures comparées par empreinte'),
      value: reads.length,
      unit: 'count',
      note: words(`${failures.en}, of all kinds`, `${failures.fr}, tous types confondus`),
    },
    {
      label: words('Lowest margin', 'Marge minimale'),
      value: least(samples.flatMap(({ worstMargin }) => (worstMargin === null ? [] : [worstMargin]))),
      unit: 'count',
      note: words(
        `fragments beyond the ${network.k} needed, worst segment`,
        `fragments au-delà des ${network.k} nécessaires, segment le plus exposé`,
      ),
    },
    {
      label: words('Rebuilt', 'Reconstruit'),
      value: last?.repairedBytes ?? 0,
      unit: 'bytes',
      note: fragments,
    },
    {
      label: words('99th percentile of reads, meanwhile', '99ᵉ centile des lectures, pendant'),
      value: during,
      unit: 'ms',
      ...(before !== null && { note: words(`${earlier.en} before`, `${earlier.fr} avant`) }),
    },
    {
      label: words('Sent by all daemons', 'Envoyé par tous les démons'),
      value: sentBytes,
      unit: 'bytes',
    },
    {
      label: words('Stored by the drill', 'Enregistré par l’exercice'),
      value: storedBytes,
      unit: 'bytes',
    },
  ];
}
