// A forecast as a report: the answer first, the policies side by side, what would change it, and everything it rests on.

import type { Part, ReportDocument, Section, Words } from '@vauban/report';
import { assumptionRows } from './assumption-rows.ts';
import { sensitivity, written } from './report-sensitivity.ts';
import { chanceText, oneIn } from './chance-text.ts';
import { assumptionNames } from './assumptions.ts';
import type { Forecast, PolicyForecast } from './forecast.ts';
import { SYNTHETIC } from './ground.ts';
import type { Interval } from './interval.ts';
import { storedText } from './stored-text.ts';

const words = (en: string, fr: string): Words => ({ en, fr });

/** `madeAt` in ms since 1970. */
export function forecastDocument(forecast: Forecast, madeAt: number): ReportDocument {
  const { network, years } = forecast;
  const lead = forecast.policies[0] as PolicyForecast;
  return {
    kind: 'forecast',
    title:
      network.name === SYNTHETIC
        ? words('How safe would this network be?', 'Quelle sûreté aurait ce réseau ?')
        : words(`How safe is ${network.name}?`, `${network.name} : quelle sûreté ?`),
    subtitle: words(
      `Forecast over ${years} years: ${network.hosters} hosters, ${network.sites} sites, ${network.daemons} daemons`,
      `Prévision sur ${years} ans : ${network.hosters} hébergeurs, ${network.sites} sites, ${network.daemons} démons`,
    ),
    verdict: { ok: null, line: verdict(lead) },
    madeAt,
    sections: [
      answer(lead),
      ...beginning(forecast),
      comparison(forecast),
      margins(forecast),
      ...sensitivity(forecast),
      basis(forecast),
    ],
    data: forecastData(forecast),
  };
}

/** The forecast as plain data: the report's .json, and what `--json` prints. */
export function forecastData({
  network,
  stored,
  anew,
  assumptions,
  years,
  seed,
  effort,
  policies,
  sensitivities,
}: Forecast) {
  return {
    network,
    stored,
    anew,
    years,
    seed,
    effort,
    policies: policies.map(({ keeping: { id, code, k, m }, hosts, stock, estimate }) => ({
      id,
      code,
      k,
      m,
      hosts,
      stock,
      ...estimate,
    })),
    sensitivities,
    assumptions,
  };
}

function verdict({ keeping, estimate }: PolicyForecast): Words {
  const { lossPerYear, isBound } = estimate;
  const { value, high } = lossPerYear;
  if (value === 0) {
    const [en, fr] = [chanceText(high, 'en'), chanceText(high, 'fr')];
    return words(
      `Under ${keeping.name.en}, no loss was met: the chance of losing anything in a year is below ${en}.`,
      `Avec ${keeping.name.fr}, aucune perte rencontrée : la probabilité d’en subir une en un an est inférieure à ${fr}.`,
    );
  }
  const most = isBound ? ['at most ', 'au plus '] : ['', ''];
  return words(
    `Under ${keeping.name.en}, the chance that anything is lost in a year is ${most[0]}${chanceText(value, 'en')}: once in ${oneIn(value, 'en')} years.`,
    `Avec ${keeping.name.fr}, la probabilité de perdre quoi que ce soit en un an est ${most[1]}${chanceText(value, 'fr')} : une fois en ${oneIn(value, 'fr')} ans.`,
  );
}

function answer({ keeping, estimate: e }: PolicyForecast): Section {
  return {
    id: 'answer',
    title: words('The answer', 'La réponse'),
    text: [
      words(
        `For ${keeping.name.en}. Every figure is an estimate by simulation; the ends are those of its 95 % interval, and say nothing of whether the assumptions are right.`,
        `Pour ${keeping.name.fr}. Chaque chiffre est une estimation par simulation ; les bornes sont celles de son intervalle à 95 % et ne disent rien de la justesse des hypothèses.`,
      ),
    ],
    parts: [
      {
        kind: 'figures',
        figures: [
          {
            label: words('loss of anything, per year', 'perte quelconque, par an'),
            value: e.lossPerYear,
            unit: 'probability',
          },
          {
            label: words('loss of one segment, per year', 'perte d’un segment donné, par an'),
            value: e.segmentLossPerYear,
            unit: 'probability',
          },
          {
            label: words('nines of durability', 'neufs de durabilité'),
            value: e.nines === null ? words('no loss met', 'aucune perte') : Math.round(e.nines * 10) / 10,
            unit: 'number',
          },
          {
            label: words('bytes lost per year, expected', 'octets perdus par an, en espérance'),
            value: e.bytesLostPerYear,
            unit: 'bytes',
          },
          {
            label: words('not readable, share of time', 'illisible, part du temps'),
            value: e.unavailability,
            unit: 'probability',
          },
          {
            label: words('read for repair, per year', 'lus pour réparer, par an'),
            value: e.repairBytesPerYear,
            unit: 'bytes',
          },
        ],
      },
    ],
  };
}

/** What the futures begin with; of an imagined network there is nothing to tell. */
function beginning(forecast: Forecast): Section[] {
  const text = storedText(forecast);
  return text.length === 0
    ? []
    : [{ id: 'stored', title: words('What it begins with', 'Le point de départ'), text, parts: [] }];
}

function nameOf({ keeping, hosts, estimate }: PolicyForecast): Words {
  const on = hosts === null ? ['', ''] : [` (on ${hosts} hosts)`, ` (sur ${hosts} hôtes)`];
  const bound =
    estimate.lossPerYear.value === 0
      ? [' (no loss met)', ' (aucune perte rencontrée)']
      : estimate.isBound
        ? [' (at most)', ' (au plus)']
        : ['', ''];
  return words(`${keeping.name.en}${on[0]}${bound[0]}`, `${keeping.name.fr}${on[1]}${bound[1]}`);
}

function comparison({ policies, years }: Forecast): Section {
  const column = (en: string, fr: string, unit?: 'probability' | 'bytes' | 'number') => ({
    title: words(en, fr),
    ...(unit === undefined ? {} : { unit }),
  });
  const parts: Part[] = [
    {
      kind: 'bars',
      caption: words(
        'Chance of losing anything in a year',
        'Probabilité de perdre quoi que ce soit en un an',
      ),
      unit: 'probability',
      scale: 'log',
      series: [words('per year', 'par an')],
      groups: policies.map((one) => ({ name: nameOf(one), values: [one.estimate.lossPerYear] })),
    },
    {
      kind: 'table',
      caption: words(
        'What each way of keeping data costs and brings',
        'Ce que coûte et apporte chaque façon de garder les données',
      ),
      columns: [
        column('policy', 'politique'),
        column('one segment lost, per year', 'un segment perdu, par an', 'probability'),
        column('nines', 'neufs', 'number'),
        column('bytes lost per year', 'octets perdus par an', 'bytes'),
        column('raw TB per usable TB', 'To bruts par To utile', 'number'),
      ],
      rows: policies.map((one) => {
        const e = one.estimate;
        return [
          nameOf(one),
          e.segmentLossPerYear,
          e.nines === null ? null : Math.round(e.nines * 10) / 10,
          e.bytesLostPerYear,
          Math.round(e.rawPerUsable * 100) / 100,
        ];
      }),
    },
    {
      kind: 'table',
      caption: words(
        'Not readable for a while, and what repair reads',
        'Illisible un temps, et ce que lit la réparation',
      ),
      columns: [
        column('policy', 'politique'),
        column('not readable, share of time', 'illisible, part du temps', 'probability'),
        column('repair reads per year', 'lectures de réparation par an', 'bytes'),
      ],
      rows: policies.map((one) => {
        const e = one.estimate;
        return [nameOf(one), e.unavailability, e.repairBytesPerYear];
      }),
    },
    {
      kind: 'curves',
      caption: words(
        'Chance that something has been lost, year by year',
        'Probabilité qu’une perte ait eu lieu, année par année',
      ),
      x: { title: words('years', 'années'), unit: 'number' },
      y: {
        title: words('chance of loss so far', 'probabilité de perte jusque-là'),
        unit: 'probability',
        scale: 'log',
      },
      series: policies.map((one) => ({
        name: nameOf(one),
        points: one.estimate.lossBy.map(({ year, loss }) => ({
          x: year,
          y: loss.value,
          low: loss.low,
          high: loss.high,
        })),
      })),
    },
  ];
  return {
    id: 'policies',
    title: words('Policies side by side', 'Politiques côte à côte'),
    text: [
      words(
        `The same network, the same ${years} years, the same assumptions. Where a policy needs more places than there are, it stands on as many hosts of a synthetic network, each a hoster of its own.`,
        `Même réseau, mêmes ${years} années, mêmes hypothèses. Une politique qui demande plus de places qu’il n’y en a est simulée sur autant d’hôtes d’un réseau fictif, chacun un hébergeur à part.`,
      ),
    ],
    parts,
  };
}

function margins({ policies }: Forecast): Section {
  return {
    id: 'margins',
    title: words('Time at each margin', 'Temps passé à chaque marge'),
    text: [
      words(
        'Margin: live fragments of a segment beyond those that rebuild it. At margin 0 one more loss is final.',
        'Marge : fragments vivants d’un segment au-delà de ceux qui le reconstruisent. À la marge 0, une perte de plus est définitive.',
      ),
    ],
    parts: policies.map((one) => ({
      kind: 'table' as const,
      caption: nameOf(one),
      columns: [
        { title: words('margin', 'marge'), unit: 'count' as const },
        { title: words('share of time', 'part du temps'), unit: 'probability' as const },
        { title: words('hours per year', 'heures par an'), unit: 'number' as const },
      ],
      rows: one.estimate.timeAtMargin
        .filter(({ share }, at) => at < MARGINS_MIN || share.value > 0)
        .map(({ margin, share }): (number | Interval)[] => [margin, share, hours(share.value)]),
    })),
  };
}

/** Wide codes have margins that nothing comes to. */
const MARGINS_MIN = 4;

function hours(share: number): number {
  return Number((share * 8_766).toPrecision(2));
}

/** How much is stored was read, where it could be. */
function assumed(
  name: (typeof assumptionNames)[number],
  { assumptions, stored }: Forecast,
): readonly Words[] {
  const { what, source } = assumptionRows[name];
  const isRead = stored !== null && (name === 'segments' || name === 'usableTb');
  const read = words(
    'Read from the network’s ledger; see above.',
    'Lu dans le registre du réseau ; voir plus haut.',
  );
  return [what, written(Number(assumptions[name].toPrecision(6))), isRead ? read : source];
}

function basis(forecast: Forecast): Section {
  const { assumptions, seed, effort, policies } = forecast;
  const events = policies.reduce((sum, { estimate }) => sum + estimate.events, 0);
  return {
    id: 'assumptions',
    title: words('What it rests on', 'Sur quoi elle repose'),
    text: [
      words(
        `Seed ${seed}; ${effort.runs} independent runs of ${effort.futures} futures per stage and policy; ${events.toLocaleString('en-GB')} events. The same seed gives the same figures.`,
        `Graine ${seed} ; ${effort.runs} exécutions indépendantes de ${effort.futures} futurs par étape et par politique ; ${events.toLocaleString('fr-FR')} événements. La même graine donne les mêmes chiffres.`,
      ),
      words(
        'Not modelled: malice, wars, wrong decisions of people, keys that agencies lose, quality of single disks, growth of the network. A forecast compares; it does not promise.',
        'Hors modèle : malveillance, guerres, mauvaises décisions, clés perdues par les administrations, qualité des disques un par un, croissance du réseau. Une prévision compare ; elle ne promet rien.',
      ),
      words(
        `Flood zones: ${assumptions.floodZones.map((zone) => zone.join(', ')).join(' · ')}.`,
        `Zones inondables : ${assumptions.floodZones.map((zone) => zone.join(', ')).join(' · ')}.`,
      ),
    ],
    parts: [
      {
        kind: 'table',
        caption: words('Assumptions', 'Hypothèses'),
        columns: [
          { title: words('what', 'quoi') },
          { title: words('value', 'valeur'), align: 'end' },
          { title: words('source', 'source') },
        ],
        rows: assumptionNames.map((name) => assumed(name, forecast)),
      },
    ],
  };
}
