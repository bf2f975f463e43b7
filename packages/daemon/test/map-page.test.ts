// The page of the live map: it holds no data, nothing inline, and says things in the reader's language; its content shows
// everything there is, and believes no name.

import { Script } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { mapContent } from '../src/admin/network/map-content.ts';
import { languageOf, mapPage, pageHeaders } from '../src/admin/network/map-page.ts';
import { mapStyle } from '../src/admin/network/map-style.ts';
import { mapScript } from '../src/adapters/map-script.ts';
import { siteStates } from '../src/admin/network/network-view.ts';
import { factsOf, viewOf } from './network-setup.ts';

const at = factsOf().at;
const busy = viewOf(
  {
    maintenance: [{ site: 'troyes', city: 'Troyes', until: at + 3_600_000 }],
    drills: [{ scenario: 'strasbourg-2021', since: at - 60_000 }],
    wants: [{ code: 'ROT_FOUND', message: '3 fragments rotted', facts: { fragments: 3 } }],
    margin: { worst: 2, bySites: { '2': 43, '3': 20 }, below: 43, short: 43 },
    repair: { segments: 9, bytes: 20_000_000, etaSeconds: 120, rateByLink: { nancy: 4_600_000 } },
  },
  {
    strasbourg: { state: 'lost', silentMs: 1_200_000, answering: 0, freeBytes: null },
    troyes: { state: 'maintenance', maintenanceUntil: at + 3_600_000 },
    nancy: { degradedFragments: 2 },
  },
);

describe('the language', () => {
  test.each([
    [undefined, undefined, 'en'],
    [undefined, 'fr-FR,fr;q=0.9,en;q=0.8', 'fr'],
    [undefined, 'en-GB,fr;q=0.5', 'en'],
    [undefined, 'de,fr;q=0.1', 'fr'],
    [undefined, 'fr;q=0', 'en'],
    [undefined, 'de', 'en'],
    [undefined, `${'x'.repeat(10_000)},fr`, 'en'],
    ['fr', 'en', 'fr'],
    ['en', 'fr', 'en'],
    ['de', 'fr', 'fr'],
  ] as const)('asked for %s, with a browser that likes %s, is %s', (asked, accepted, language) => {
    expect(languageOf(asked, accepted)).toBe(language);
  });
});

describe.each(['en', 'fr'] as const)('the page in %s', (language) => {
  const page = mapPage(language);

  test('has nothing inline, and nothing from elsewhere', () => {
    for (const html of [page, mapContent(busy, language)]) {
      expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:|<script(?! src="\/map\.js" defer>)/i);
      expect(html).not.toMatch(/(src|href)="(?!\/map\.|#|\?lang=|data:,)/);
    }
    expect(mapStyle).not.toMatch(/url\(|@import|http/);
    expect(pageHeaders['content-security-policy']).not.toContain('unsafe');
  });

  test('says which language it is in, and where the other is', () => {
    expect(page).toContain(`<html lang="${language}">`);
    expect(page).toContain('<a href="?lang=fr" hreflang="fr" lang="fr"');
    expect(page).toMatch(language === 'fr' ? /Il faut un jeton/ : /A token is needed/);
  });

  test('shows each thing there is', () => {
    const content = mapContent(busy, language);
    for (const id of 'answer region sites wants unknown figures details'.split(' ')) {
      expect(content).toContain(`<section id="${id}"`);
    }
    const texts = [
      'strasbourg-2021',
      language === 'fr' ? '3 fragments se sont abîmés' : '3 fragments rotted',
      'Charleville-Mézières',
      'Hébergeur cigogne',
      'Ville de Metz',
    ];
    const shown = content.replace(/[\u00a0\u202f]/g, ' ');
    expect(texts.filter((text) => !shown.includes(text))).toEqual([]);
    expect(content).toContain(`data-level="reduced"`);
    expect(content.match(/<svg/g)).toHaveLength(2);
    expect(content.match(/<th scope="row">[^<]*/g)?.length).toBeGreaterThanOrEqual(9);
    expect(content).toContain(`<time datetime="${new Date(at + 3_600_000).toISOString()}">`);
    expect(content).not.toMatch(/undefined|NaN|null|\[object/);
  });

  test('tells every state by a mark and a word, never by colour alone', () => {
    const marks = siteStates.map((state) => {
      const content = mapContent(viewOf({}, { metz: { state } }), language);
      const [, mark, name] =
        new RegExp(`state-${state}"><span class="mark" aria-hidden="true">(.)</span> ([^<]+)`).exec(
          content,
        ) ?? [];
      expect(name).toMatch(/\w/);
      return mark;
    });
    expect(new Set(marks).size).toBe(siteStates.length);
  });
});

test('what a daemon wants is said in the page’s language where there are words for it, and marked where not', () => {
  const wants = [
    { code: 'ROOM_SMALL', message: 'only', facts: { freeBytes: 1_500_000, capacityBytes: 2e9 } },
    { code: 'NEW_ONE', message: 'something new', facts: {} },
  ];
  const content = mapContent(viewOf({ wants }), 'fr').replace(/[\u00a0\u202f]/g, ' ');
  expect(content).toContain('<li>il ne peut plus prendre que 1,5 Mo des 2,0 Go qu’il offre : libérez');
  expect(content).toContain('<li lang="en">something new</li>');
  expect(mapContent(viewOf({ wants }), 'en')).toContain('<li>only</li><li>something new</li>');
});

test('names are text, whatever is in them', () => {
  const evil = '<img src=x onerror=alert(1)>"\'&';
  const view = viewOf(
    {
      wants: [{ code: 'X', message: evil, facts: {} }],
      drills: [{ scenario: evil, since: at }],
      charter: { name: evil },
      seenBy: { behind: evil, site: evil },
      repair: { segments: 1, rateByLink: { [evil]: 1 } },
      audits: { last: [{ time: at, by: evil, of: evil, challenged: 1, failed: 0, degraded: 0 }] },
      ledger: {
        heads: [{ origin: evil, writer: 'agency', name: evil, entries: 1, certified: 1, storedAt: at }],
      },
      maintenance: [{ site: evil, city: evil, until: at + 1_000 }],
    },
    { metz: { city: evil, hosterName: evil, state: 'lost' } },
  );
  const content = mapContent(view, 'en');
  expect(content).not.toContain('<img');
  expect(content.match(/&lt;img/g)?.length).toBeGreaterThan(9);
});

test('the script is one function that stands alone', () => {
  const script = mapScript();
  expect(script).toMatch(/^\(function onPage\(\) *\{/);
  expect(() => new Script(script)).not.toThrow();
  expect(script).not.toMatch(/innerHTML|eval\(|localStorage|document\.cookie/);
});
