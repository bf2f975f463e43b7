// Every rate and delay a forecast rests on: its value unless told, what it counts, and where the value comes from. Where no
// public figure exists the source says "judgement": those are the first ones to argue about.

import type { Words } from '@vauban/report';

export interface AssumptionRow {
  /** Section and key of the TOML file. */
  readonly section: string;
  readonly key: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly what: Words;
  readonly source: Words;
  /** Whether the tornado moves it. */
  readonly moves?: boolean;
}

const row = (
  name: readonly [section: string, key: string],
  [value, min, max]: readonly [value: number, min: number, max: number],
  what: readonly [en: string, fr: string],
  source: readonly [en: string, fr: string],
  moves = false,
): AssumptionRow => ({
  section: name[0],
  key: name[1],
  value,
  min,
  max,
  what: { en: what[0], fr: what[1] },
  source: { en: source[0], fr: source[1] },
  moves,
});

const judgement = (en = '', fr = ''): readonly [string, string] => [
  en === '' ? 'Judgement; no public figure.' : `Judgement. ${en}`,
  fr === '' ? 'Appréciation ; pas de chiffre public.' : `Appréciation. ${fr}`,
];

const RATE_MAX = 1_000;
const DAYS_MAX = 3_650;

export const assumptionRows = {
  usableTb: row(
    ['data', 'usable-tb'],
    [100, 0.001, 10_000_000],
    ['Data stored, terabytes before coding', 'Données stockées, en téraoctets avant codage'],
    judgement('The size of a first network.', 'La taille d’un premier réseau.'),
  ),
  segments: row(
    ['data', 'segments'],
    [10_000_000, 1, 1e12],
    ['Segments that data is cut into', 'Segments dans lesquels les données sont découpées'],
    judgement('About 10 MB each.', 'Environ 10 Mo chacun.'),
  ),
  diskFailures: row(
    ['disk', 'failures-per-year'],
    [0.03, 0, RATE_MAX],
    ['Volumes lost, per daemon and year', 'Volumes perdus, par démon et par an'],
    [
      'Schroeder and Gibson, FAST 2007: 2 to 4 % of disks replaced in a year. A daemon has one volume; counted as one disk.',
      'Schroeder et Gibson, FAST 2007 : 2 à 4 % de disques remplacés par an. Un démon a un volume, compté pour un disque.',
    ],
    true,
  ),
  diskReplacedDays: row(
    ['disk', 'replaced-after-days'],
    [3, 0, DAYS_MAX],
    ['Until a person has replaced the disk, mean days', 'Jusqu’au remplacement du disque, jours en moyenne'],
    judgement('Next-business-day spares.', 'Pièces à J+1 ouvré.'),
    true,
  ),
  rottingVolumes: row(
    ['rot', 'volumes-per-year'],
    [0.005, 0, RATE_MAX],
    [
      'Volumes that begin to rot silently, per daemon and year',
      'Volumes qui s’altèrent en silence, par démon et par an',
    ],
    [
      'Bairavasundaram et al., FAST 2008: under 1 % of nearline disks in 17 months, clustered on few disks.',
      'Bairavasundaram et al., FAST 2008 : moins de 1 % des disques nearline en 17 mois, groupés sur peu de disques.',
    ],
    true,
  ),
  rottingShare: row(
    ['rot', 'share'],
    [0.05, 0, 1],
    ['Share of its fragments that such a volume spoils', 'Part des fragments qu’un tel volume abîme'],
    judgement(),
  ),
  fragmentRot: row(
    ['rot', 'fragments-per-year'],
    [2e-7, 0, 1],
    [
      'Sound volumes: fragments that rot, per fragment and year',
      'Volumes sains : fragments altérés, par fragment et par an',
    ],
    [
      'Bairavasundaram et al., SIGMETRICS 2007: latent sector errors on a few percent of disks; about one error per disk and year, for fragments of a few MB on disks of 16 TB.',
      'Bairavasundaram et al., SIGMETRICS 2007 : secteurs illisibles sur quelques pour cent des disques ; environ une erreur par disque et par an, pour des fragments de quelques Mo sur des disques de 16 To.',
    ],
    true,
  ),
  auditFinds: row(
    ['rot', 'audit-finds'],
    [0.5, 0, 1],
    [
      'Chance that an audit’s leaf shows a rotten fragment',
      'Chance qu’un audit tombe sur une feuille altérée',
    ],
    judgement(),
  ),
  reads: row(
    ['rot', 'reads-per-year'],
    [0.1, 0, RATE_MAX],
    [
      'Times that a segment is read, per year; a read takes k of its n fragments and finds their rot',
      'Lectures d’un segment, par an ; une lecture prend k de ses n fragments et trouve leur altération',
    ],
    judgement(
      'An archive, read once in ten years; 0 leaves reads out.',
      'Une archive, lue une fois en dix ans ; 0 : sans lectures.',
    ),
  ),
  crashes: row(
    ['crash', 'per-year'],
    [12, 0, RATE_MAX],
    ['Daemons that stop or restart, per daemon and year', 'Arrêts ou redémarrages, par démon et par an'],
    judgement('A restart a month.', 'Un redémarrage par mois.'),
  ),
  crashHours: row(
    ['crash', 'hours'],
    [0.1, 0, 87_600],
    ['How long such a stop lasts, mean hours', 'Durée d’un tel arrêt, heures en moyenne'],
    [
      'Ford et al., OSDI 2010: fewer than one in ten absences of a server lasts longer than 15 minutes.',
      'Ford et al., OSDI 2010 : moins d’une absence de serveur sur dix dure plus de 15 minutes.',
    ],
  ),
  outages: row(
    ['outage', 'per-year'],
    [0.5, 0, RATE_MAX],
    ['Outages of a site, per site and year', 'Pannes d’un site, par site et par an'],
    judgement('Power, cooling, network.', 'Énergie, froid, réseau.'),
    true,
  ),
  outageDays: row(
    ['outage', 'days'],
    [0.5, 0, DAYS_MAX],
    ['How long an outage lasts, mean days', 'Durée d’une panne, jours en moyenne'],
    judgement(),
    true,
  ),
  destructions: row(
    ['building', 'destroyed-per-year'],
    [0.001, 0, RATE_MAX],
    ['Buildings destroyed, per building and year', 'Bâtiments détruits, par bâtiment et par an'],
    judgement(
      'One in a thousand years; BEA-RI, 2022, reports on the Strasbourg fire of 10 March 2021.',
      'Une fois en mille ans ; voir BEA-RI, 2022, sur l’incendie de Strasbourg du 10 mars 2021.',
    ),
    true,
  ),
  spreads: row(
    ['building', 'spreads'],
    [0.5, 0, 1],
    ['Chance that another site of the building burns too', 'Chance qu’un autre site du bâtiment brûle aussi'],
    judgement(
      'Strasbourg 2021: one lost, one damaged, two switched off.',
      'Strasbourg 2021 : un perdu, un abîmé, deux éteints.',
    ),
  ),
  switchedOffDays: row(
    ['building', 'switched-off-days'],
    [20, 0, DAYS_MAX],
    ['Sites there that do not burn are off, mean days', 'Les autres sites y sont éteints, jours en moyenne'],
    judgement('Strasbourg 2021: two to five weeks.', 'Strasbourg 2021 : de deux à cinq semaines.'),
  ),
  siteRebuiltDays: row(
    ['building', 'rebuilt-after-days'],
    [180, 0, DAYS_MAX],
    [
      'Until the hoster has another site, mean days',
      'Jusqu’à ce que l’hébergeur ait un autre site, jours en moyenne',
    ],
    judgement(),
    true,
  ),
  floods: row(
    ['flood', 'per-year'],
    [0.01, 0, RATE_MAX],
    ['Floods of a zone, per zone and year', 'Crues d’une zone, par zone et par an'],
    [
      'Directive 2007/60/EC, medium probability: a return period of 100 years.',
      'Directive 2007/60/CE, probabilité moyenne : période de retour de 100 ans.',
    ],
    true,
  ),
  floodHits: row(
    ['flood', 'hits'],
    [0.05, 0, 1],
    ['Chance that a flood destroys a site of its zone', 'Chance qu’une crue détruise un site de sa zone'],
    judgement(
      'Data centres mostly stand outside the flooded ground.',
      'Les centres sont le plus souvent hors d’eau.',
    ),
    true,
  ),
  bankruptcies: row(
    ['hoster', 'bankruptcies-per-year'],
    [0.01, 0, RATE_MAX],
    [
      'Hosters that close at once, per hoster and year',
      'Hébergeurs qui ferment d’un coup, par hébergeur et par an',
    ],
    [
      'Banque de France, company failures, 2024: between 1 and 2 % of companies a year; here all are without notice.',
      'Banque de France, défaillances d’entreprises, 2024 : entre 1 et 2 % par an ; ici toutes sans préavis.',
    ],
    true,
  ),
  hosterReplacedDays: row(
    ['hoster', 'replaced-after-days'],
    [365, 0, DAYS_MAX],
    [
      'Until another hoster has joined, mean days',
      'Jusqu’à l’arrivée d’un autre hébergeur, jours en moyenne',
    ],
    judgement(),
  ),
  votesRemovedDays: row(
    ['hoster', 'votes-removed-after-days'],
    [14, 0, DAYS_MAX],
    [
      'Until officers take the vote of a site that is gone out of the charter',
      'Jusqu’au retrait de la charte du vote d’un site disparu',
    ],
    judgement(
      'Several officers sign, in different places.',
      'Plusieurs officiers signent, en des lieux différents.',
    ),
  ),
  badReleases: row(
    ['software', 'bad-releases-per-year'],
    [0.02, 0, RATE_MAX],
    ['Releases that destroy data, per year', 'Versions du logiciel qui détruisent des données, par an'],
    judgement('Once in fifty years.', 'Une fois en cinquante ans.'),
    true,
  ),
  exposedShare: row(
    ['software', 'exposed-share'],
    [0.2, 0, 1],
    [
      'Share of hosters that run a bad release before it is stopped',
      'Part des hébergeurs qui exécutent une mauvaise version',
    ],
    judgement('Rolling upgrades.', 'Mises à jour échelonnées.'),
    true,
  ),
  exposedLose: row(
    ['software', 'exposed-lose'],
    [0.05, 0, 1],
    [
      'Chance that a daemon loses its fragments by a bad release',
      'Chance qu’un démon perde ses fragments par une mauvaise version',
    ],
    judgement(),
    true,
  ),
  linkBytes: row(
    ['repair', 'link-bytes-per-second'],
    [50_000_000, 1, 1e12],
    [
      'What repair may read over one daemon’s link, bytes a second',
      'Ce que la réparation peut lire par le lien d’un démon, octets par seconde',
    ],
    [
      'The daemons’ standard: half a gigabit link.',
      'Réglage d’origine des démons : la moitié d’un lien gigabit.',
    ],
    true,
  ),
  diskBytes: row(
    ['repair', 'disk-bytes-per-second'],
    [80_000_000, 1, 1e12],
    [
      'What repair may read or write on one disk, bytes a second',
      'Ce que la réparation peut lire ou écrire sur un disque, octets par seconde',
    ],
    ['The daemons’ standard: half a spinning disk.', 'Réglage d’origine des démons : la moitié d’un disque.'],
  ),
  retryHours: row(
    ['repair', 'retry-hours'],
    [1, 0.01, 87_600],
    [
      'Before a repair that could not be done is tried again, hours',
      'Avant de retenter une réparation impossible, heures',
    ],
    judgement(),
  ),
} as const satisfies Record<string, AssumptionRow>;

export type AssumptionName = keyof typeof assumptionRows;

/** Cities that one flood reaches, by river. A simplification for examples, not an official map. */
export const standardFloodZones: readonly (readonly string[])[] = [
  ['Strasbourg', 'Colmar', 'Mulhouse', 'Sélestat', 'Haguenau', 'Saint-Louis', 'Guebwiller'],
  ['Metz', 'Thionville', 'Épinal'],
  ['Nancy', 'Lunéville', 'Saint-Dié-des-Vosges'],
  ['Charleville-Mézières', 'Sedan', 'Verdun'],
  ['Châlons-en-Champagne', 'Épernay', 'Saint-Dizier', 'Chaumont', 'Langres'],
];
