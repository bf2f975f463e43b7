// The words that reports say themselves, in both languages. What drills and forecasts say comes with their documents.

import type { Words } from '../document.ts';
import type { SiteState } from '../map/map-site.ts';

const words = (en: string, fr: string): Words => ({ en, fr });

export const LANGUAGE_NAMES = words('English', 'Français');

export const KINDS = {
  drill: words('Drill report', 'Rapport d’exercice'),
  forecast: words('Forecast', 'Prévision'),
} as const;

export const VERDICTS = {
  drill: {
    kept: words('Every promise kept', 'Toutes les promesses tenues'),
    broken: words('At least one promise was broken', 'Au moins une promesse n’a pas été tenue'),
    open: words('In short', 'En bref'),
  },
  forecast: {
    kept: words('As good as wanted', 'À la hauteur de l’objectif'),
    broken: words('Not as good as wanted', 'En deçà de l’objectif'),
    open: words('In short', 'En bref'),
  },
} as const;

export const TERMS = {
  madeAt: words('Made', 'Établi le'),
  contents: words('Contents', 'Sommaire'),
  promise: words('Promise', 'Promesse'),
  outcome: words('Outcome', 'Résultat'),
  detail: words('Detail', 'Détail'),
  kept: words('kept', 'tenue'),
  broken: words('broken', 'rompue'),
  table: words('Table', 'Tableau'),
  since: words('since the start', 'depuis le début'),
  timeUtc: words('time (UTC)', 'heure (UTC)'),
  at: words('at', 'à'),
  event: words('Event', 'Événement'),
  events: words('Events', 'Événements'),
  from: words('From', 'De'),
  until: words('Until', 'À'),
  lowest: words('Lowest', 'Minimum'),
  highest: words('Highest', 'Maximum'),
  series: words('Series', 'Série'),
  assumption: words('Assumption', 'Hypothèse'),
  atLow: words('Low end', 'Valeur basse'),
  atHigh: words('High end', 'Valeur haute'),
  resultAtLow: words('Result at the low end', 'Résultat, valeur basse'),
  resultAtHigh: words('Result at the high end', 'Résultat, valeur haute'),
  base: words('All as assumed', 'Toutes hypothèses inchangées'),
  lowEnd: words('assumption at its low end', 'hypothèse à sa valeur basse'),
  highEnd: words('assumption at its high end', 'hypothèse à sa valeur haute'),
  item: words('Case', 'Cas'),
  site: words('Site', 'Site'),
  hoster: words('Hoster', 'Hébergeur'),
  state: words('State', 'État'),
  note: words('Note', 'Remarque'),
  nothing: words('Nothing to draw.', 'Rien à tracer.'),
  between: words('between', 'entre'),
  and: words('and', 'et'),
  mapTitle: words('Map of the Grand Est', 'Carte du Grand Est'),
  noSites: words('No sites.', 'Aucun site.'),
  mapCredit: words('Outlines: mapsvg.com, CC BY 4.0, excerpt', 'Contours : mapsvg.com, CC BY 4.0, extrait'),
  reportBy: words('Vauban, regional storage network', 'Vauban, réseau de stockage régional'),
  inside: words(
    'This file needs no network; its figures are inside it as JSON too.',
    'Ce fichier se lit sans réseau ; ses chiffres s’y trouvent aussi en JSON.',
  ),
} as const;

/** The shape says the state as well as the colour does. */
export const STATES: Readonly<Record<SiteState, Words>> = {
  well: words('well', 'en ordre'),
  suspect: words('suspect', 'suspect'),
  lost: words('lost', 'perdu'),
  maintenance: words('maintenance', 'maintenance'),
  draining: words('draining', 'en évacuation'),
  'read-only': words('read-only', 'lecture seule'),
  unknown: words('unknown', 'inconnu'),
};

/** Of a table that leaves rows out. */
export function thinned(shown: number, all: string): Words {
  return words(
    `${shown} of ${all} rows; lowest and highest are over all of them`,
    `${shown} lignes sur ${all} ; minimum et maximum portent sur toutes`,
  );
}

export const AS_OF: Words = words(
  'each value is the last one known at that time',
  'chaque valeur est la dernière connue à cet instant',
);
