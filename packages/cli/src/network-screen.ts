// The live map in a terminal: the answer first, then the sites, then what is going on, as much as fits. Pure.

import type { Language, NetworkView, RiskLevel, SiteView, Words } from '@vauban/daemon';
import {
  auditsLine,
  hostersLine,
  labels,
  ledgerLine,
  marginLine,
  numberIn,
  repairLine,
  siteNote,
  siteStates,
  sizeIn,
  stateLabels,
  wantIn,
  writerLabels,
} from '@vauban/daemon';
import { printable, table, wrap } from './output.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly language: Language;
  /** Escape sequences for bold and colour. */
  readonly styled: boolean;
  /** Now, ms since 1970. */
  readonly now: number;
  /** Since when nothing was heard; null while what is shown is as of now. */
  readonly deafSince: number | null;
  /** What the person may do. */
  readonly keys: string;
}

const ROW_TITLE = 14;
/** Margin and repair are shown beside the sites, whatever else is not. */
const FACTS_MIN = 2;
/** What there is to say of a site is cut before its name is. */
const CITY = 24;
const RESET = '\u001b[0m';
const BOLD = '\u001b[1m';
const DIM = '\u001b[2m';
const levelStyles: { readonly [level in RiskLevel]: string } = {
  none: '\u001b[1;32m',
  reduced: '\u001b[1;33m',
  critical: '\u001b[1;31m',
  unreadable: '\u001b[1;97;41m',
  unknown: '\u001b[1;35m',
};

/** Lines of a picture of `rows` lines at most, none wider than `columns`. */
export function networkScreen(view: NetworkView, screen: Screen): string[] {
  const { rows, columns, language } = screen;
  const inWords = (text: Words) => text[language];
  const style = (code: string) => (line: string) =>
    screen.styled && line !== '' ? code + line + RESET : line;
  const fold = (text: string) => wrap(printable(text), columns).split('\n');
  const { risk } = view;
  const answer = [
    ...fold(inWords(risk.line)).map(style(levelStyles[risk.level])),
    ...fold(inWords(risk.doing)).map(style(BOLD)),
  ].filter((line) => line !== '');
  const drill = view.drills
    .flatMap(({ scenario }) => fold(`${inWords(labels.drill)}: ${scenario}`))
    .map(style(BOLD));
  const foot = footOf(screen);
  const facts = [
    [labels.margin, `${inWords(marginLine(view))}${bySitesIn(view, language)}`],
    [labels.repair, inWords(repairLine(view))],
    [labels.audits, inWords(auditsLine(view))],
    [labels.ledger, inWords(ledgerLine(view))],
    [labels.charter, `${view.charter.name}, version ${view.charter.version}; ${inWords(hostersLine(view))}`],
  ].flatMap(([title, text]) => row(inWords(title as Words), text as string, columns));
  const away = view.maintenance.flatMap(({ city, until }) =>
    row(
      inWords(labels.maintenance),
      `${city}: ${inWords(labels.until).toLowerCase()} ${clock(until)}`,
      columns,
    ),
  );
  const wants = view.wants.flatMap((want) => {
    const { site } = want.facts;
    return fold(`! ${typeof site === 'string' ? `${site}: ` : ''}${wantIn(want, language).text}`);
  });
  const unknown = risk.unknown.flatMap((text) => fold(inWords(text))).map(style(DIM));
  const heads = headRows(view, language, columns);
  // The answer, the sites and the foot come first; of the rest as much as fits, the most pressing first.
  const fixed = answer.length + drill.length + 2;
  const sites = siteRows(view, { language, columns, room: Math.max(4, rows - fixed - 1 - FACTS_MIN - 1) });
  let room = rows - fixed - 1 - sites.length;
  const parts: string[][] = [];
  for (const part of [[...facts, ...away], wants, unknown, heads]) {
    const shown = part.slice(0, Math.max(0, room - 1));
    if (shown.length === 0) continue;
    parts.push(['', ...shown]);
    room -= shown.length + 1;
  }
  const body = [...answer, ...drill, '', ...sites, ...parts.flat()];
  const blank = Math.max(0, rows - 1 - body.length);
  return [...body.slice(0, rows - 1), ...Array.from({ length: Math.min(blank, 1) }, () => ''), foot].slice(
    -rows,
  );
}

/** One line for a log: where there is no terminal, whenever the answer changes. */
export function plainLine(view: NetworkView, language: Language): string {
  const { line, doing } = view.risk;
  const states = view.sites
    .filter(({ state }) => state !== 'well')
    .map(({ city, state }) => `${city} ${stateLabels[state].name[language]}`);
  const which = states.length === 0 ? '' : ` [${states.join(', ')}]`;
  return printable(`${isoTime(view.at)} ${[line[language], doing[language]].join(' ').trim()}${which}`);
}

function siteRows(
  { sites, at }: NetworkView,
  of: { readonly language: Language; readonly columns: number; readonly room: number },
): string[] {
  const { language, columns, room } = of;
  const gravity = ({ state }: SiteView) => siteStates.indexOf(state);
  const fits = sites.length + 1 <= room;
  // When not all fit, those that need somebody do.
  const shown = fits ? sites : [...sites].sort((a, b) => gravity(b) - gravity(a)).slice(0, room - 2);
  const rows = shown.map((site) => [
    `${stateLabels[site.state].mark} ${cut(printable(site.city), CITY)}`,
    stateLabels[site.state].name[language],
    site.fragments === null ? '?' : numberIn(language, site.fragments),
    site.freeBytes === null ? '?' : sizeIn(language, site.freeBytes),
    siteNote(site, at)[language],
  ]);
  const text = table(
    [
      { title: labels.site[language] },
      { title: labels.state[language] },
      { title: labels.fragments[language], right: true },
      { title: labels.free[language], right: true },
      { title: '' },
    ],
    rows,
    { columns },
  );
  const left = sites.length - shown.length;
  const more = language === 'fr' ? `… et ${left} autres sites` : `… and ${left} more sites`;
  return [...text.split('\n'), ...(left > 0 ? [more] : [])];
}

function bySitesIn({ margin: { bySites } }: NetworkView, language: Language): string {
  const sorted = Object.entries(bySites).sort(([a], [b]) => Number(a) - Number(b));
  if (sorted.length < 2) return '';
  return ` (${sorted.map(([sites, n]) => `${sites}: ${numberIn(language, n)}`).join(', ')})`;
}

function headRows({ ledger: { heads } }: NetworkView, language: Language, columns: number): string[] {
  if (heads.length === 0) return [];
  const rows = heads.map(({ name, writer, origin, entries, certified, storedAt }) => [
    printable(name === '' ? origin : name),
    writerLabels[writer][language],
    numberIn(language, entries),
    numberIn(language, certified),
    clock(storedAt),
  ]);
  const right = { right: true };
  const titles = [
    { title: labels.writer[language], gives: true },
    { title: '' },
    { title: labels.entries[language], ...right },
    { title: labels.certified[language], ...right },
    { title: labels.time[language], ...right },
  ];
  return table(titles, rows, { columns }).split('\n');
}

function footOf({ language, deafSince, now, keys, styled, columns }: Screen): string {
  const live =
    deafSince === null
      ? language === 'fr'
        ? `en direct, ${clock(now, true)}`
        : `live, ${clock(now, true)}`
      : language === 'fr'
        ? `PLUS EN DIRECT depuis ${clock(deafSince, true)} : aucun démon ne répond`
        : `NOT LIVE since ${clock(deafSince, true)}: no daemon answers`;
  const line = cut(`${live} · ${keys}`, columns);
  if (!styled) return line;
  return deafSince === null ? `${DIM}${line}${RESET}` : `${levelStyles.unreadable}${line}${RESET}`;
}

/** A title, and the text beside it in as many lines as it takes. */
function row(title: string, text: string, columns: number): string[] {
  const lines = wrap(printable(text), columns - ROW_TITLE).split('\n');
  return lines.map((line, nth) => `${(nth === 0 ? title : '').padEnd(ROW_TITLE)}${line}`);
}

function cut(line: string, columns: number): string {
  return line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
}

function isoTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** UTC, like all times of the command. */
function clock(ms: number, seconds = false): string {
  return `${new Date(ms).toISOString().slice(11, seconds ? 19 : 16)} UTC`;
}
