// The live map as HTML: the same document as /v0/network, laid out to be read at three in the morning. Made of sections that
// the page replaces one by one. No style attribute and no script in it: the page's policy would refuse both.

import { escapeHtml, type MapSite, regionMap } from '@vauban/report';
import { numberIn, sizeIn } from './amounts.ts';
import { labels, levelLabels, stateLabels, writerLabels } from './labels.ts';
import type { Language, NetworkView, Words } from './network-view.ts';
import { auditsLine, hostersLine, ledgerLine, marginLine, repairLine, siteNote } from './site-notes.ts';
import { wantIn } from './wants-french.ts';

interface Cell {
  readonly html: string;
  readonly right?: boolean;
}

/** The sections, inside one element that says what the page's title is to say. */
export function mapContent(view: NetworkView, language: Language): string {
  const { level, line } = view.risk;
  const title = `${levelLabels[level][language]} · ${view.charter.name}`;
  const sections = [
    answer(view, language),
    map(view, language),
    sites(view, language),
    ...lists(view, language),
    figures(view, language),
    tables(view, language),
  ];
  const said = escapeHtml(line[language]);
  return `<div id="view" data-level="${level}" data-title="${escapeHtml(title)}" data-line="${said}">${sections.join('')}</div>\n`;
}

function answer({ risk, drills, seenBy, sites: all }: NetworkView, language: Language): string {
  const city = escapeHtml(all.find(({ id }) => id === seenBy.site)?.city ?? seenBy.site);
  const drill = drills.map(
    ({ scenario, since }) =>
      `<p class="drill">${labels.drill[language]}${colon(language)} <strong>${escapeHtml(scenario)}</strong> (${moment(since)})</p>`,
  );
  const by = language === 'fr' ? `Vu par le démon de ${city}.` : `As seen by the daemon of ${city}.`;
  const text = (words: Words) => escapeHtml(words[language]);
  return `<section id="answer" class="level-${risk.level}" aria-labelledby="line"><p class="level">${text(levelLabels[risk.level])}</p><h1 id="line">${text(risk.line)}</h1><p id="doing">${text(risk.doing)}</p>${drill.join('')}<p class="by">${by}</p></section>`;
}

function map(view: NetworkView, language: Language): string {
  const drawn = view.sites.map((site): MapSite => {
    const note = siteNote(site, view.at);
    return {
      id: site.id,
      name: site.city,
      hoster: site.hosterName,
      latitude: site.latitude,
      longitude: site.longitude,
      state: site.state,
      ...(note.en === '' ? {} : { note }),
    };
  });
  const of = (size: 'wide' | 'narrow') => regionMap(drawn, language, { id: `map-${size}`, size });
  return `<section id="region">${of('wide')}${of('narrow')}</section>`;
}

function sites(view: NetworkView, language: Language): string {
  const rows = view.sites.map((site) => {
    const { mark, name } = stateLabels[site.state];
    const note = siteNote(site, view.at)[language];
    // Whom to call, where there is reason to.
    const more =
      site.state === 'well' && note === '' ? [] : [site.hosterName, note].filter((text) => text !== '');
    return [
      { html: named(site.city, more.join(' · ')) },
      {
        html: `<span class="state state-${site.state}"><span class="mark" aria-hidden="true">${mark}</span> ${name[language]}</span>`,
      },
      number(site.fragments, language),
      { html: site.freeBytes === null ? '?' : sizeIn(language, site.freeBytes), right: true },
    ];
  });
  const heads = ['site', 'state', 'fragments', 'free'] as const;
  return `<section id="sites"><h2>${labels.sites[language]}</h2>${table(heads, rows, { language, id: 'sites-table', name: labels.sites })}</section>`;
}

function figures(view: NetworkView, language: Language): string {
  const { charter } = view;
  const rows: [Words, string][] = [
    [labels.margin, marginLine(view)[language]],
    [labels.repair, repairLine(view)[language]],
    [labels.audits, auditsLine(view)[language]],
    [labels.ledger, ledgerLine(view)[language]],
    [
      labels.charter,
      `${charter.name}, version ${charter.version}${language === 'fr' ? ' ; ' : '; '}${hostersLine(view)[language]}`,
    ],
  ];
  const items = rows.map(
    ([name, text]) => `<div><dt>${name[language]}</dt><dd>${escapeHtml(text)}</dd></div>`,
  );
  const away = view.maintenance.map(
    ({ city, until }) =>
      `${escapeHtml(city)}${colon(language)} ${labels.until[language].toLowerCase()} ${moment(until)}`,
  );
  const none = language === 'fr' ? 'aucune annoncée' : 'none announced';
  items.push(
    `<div><dt>${labels.maintenance[language]}</dt><dd>${away.length === 0 ? none : away.join('<br>')}</dd></div>`,
  );
  return `<section id="figures"><h2>${labels.network[language]}</h2><dl>${items.join('')}</dl></section>`;
}

function lists({ wants, risk }: NetworkView, language: Language): string[] {
  const said = wants.map((want) => {
    const { text, language: spoken } = wantIn(want, language);
    return `<li${spoken === language ? '' : ` lang="${spoken}"`}>${escapeHtml(text)}</li>`;
  });
  const unknown = risk.unknown.map((text) => `<li>${escapeHtml(text[language])}</li>`);
  const list = (id: string, name: Words, items: readonly string[]) =>
    items.length === 0
      ? `<section id="${id}" hidden></section>`
      : `<section id="${id}"><h2>${name[language]}</h2><ul>${items.join('')}</ul></section>`;
  return [list('wants', labels.wants, said), list('unknown', labels.unknown, unknown)];
}

function tables(view: NetworkView, language: Language): string {
  const { margin, repair, audits, ledger, sites: all } = view;
  const cityOf = (id: string) => all.find((site) => site.id === id)?.city ?? id;
  const byMargin = Object.entries(margin.bySites).sort(([a], [b]) => Number(a) - Number(b));
  // What came in the last half minute says nothing of now when the end is reached.
  const links = repair.segments === 0 ? [] : Object.entries(repair.rateByLink);
  const parts = [
    byMargin.length > 0 &&
      part(labels.margin, 'margin-table', {
        heads: ['marginOf', 'segments'],
        rows: byMargin.map(([lost, segments]) => [{ html: lost }, number(segments, language)]),
      }),
    links.length > 0 &&
      part(labels.repair, 'repair-table', {
        heads: ['from', 'rate'],
        rows: links.map(([site, bytes]) => [
          { html: escapeHtml(cityOf(site)) },
          { html: `${sizeIn(language, bytes)}/s`, right: true },
        ]),
      }),
    audits.last.length > 0 &&
      part(labels.audits, 'audits-table', {
        heads: ['time', 'auditor', 'audited', 'asked', 'wrong'],
        rows: audits.last.map(({ time, by, of, challenged, failed, degraded }) => [
          { html: moment(time) },
          { html: escapeHtml(cityOf(by)) },
          { html: escapeHtml(cityOf(of)) },
          number(challenged, language),
          number(failed + degraded, language),
        ]),
      }),
    ledger.heads.length > 0 &&
      part(labels.heads, 'heads-table', {
        heads: ['writer', 'entries', 'certified', 'time'],
        rows: ledger.heads.map(({ name, writer, origin, entries, certified, storedAt }) => [
          {
            html: named(
              name === '' ? origin : writer === 'daemon' ? cityOf(name) : name,
              writerLabels[writer][language],
            ),
          },
          number(entries, language),
          number(certified, language),
          { html: moment(storedAt) },
        ]),
      }),
  ];
  return `<section id="details">${parts.filter((one) => one !== false).join('')}</section>`;

  function part(
    name: Words,
    id: string,
    of: { readonly heads: readonly (keyof typeof labels)[]; readonly rows: readonly (readonly Cell[])[] },
  ): string {
    return `<h2>${name[language]}</h2>${table(of.heads, of.rows, { language, id, name })}`;
  }
}

/** Scrolls by itself where it is too wide, also with the keyboard. */
function table(
  heads: readonly (keyof typeof labels)[],
  rows: readonly (readonly Cell[])[],
  of: { readonly language: Language; readonly id: string; readonly name: Words },
): string {
  const { language, id, name } = of;
  const right = (nth: number) => (rows[0]?.[nth]?.right === true ? ' class="right"' : '');
  const titles = heads.map((head, nth) => `<th scope="col"${right(nth)}>${labels[head][language]}</th>`);
  const lines = rows.map((cells) => {
    const tds = cells.map(({ html }, nth) =>
      nth === 0 ? `<th scope="row"${right(nth)}>${html}</th>` : `<td${right(nth)}>${html}</td>`,
    );
    return `<tr>${tds.join('')}</tr>`;
  });
  return `<div class="scroll" id="${id}" role="region" tabindex="0" aria-label="${name[language]}"><table><thead><tr>${titles.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`;
}

/** A name, and what there is to say of it in small letters below. */
function named(name: string, more: string): string {
  return `${escapeHtml(name)}${more === '' ? '' : `<small>${escapeHtml(more)}</small>`}`;
}

function number(value: number | null, language: Language): Cell {
  return { html: value === null ? '?' : numberIn(language, value), right: true };
}

function colon(language: Language): string {
  return language === 'fr' ? '\u00a0:' : ':';
}

/** In UTC; the page's script says it in the reader's own time. */
function moment(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}
