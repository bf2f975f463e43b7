// The file as a whole: self-contained, both languages complete, every chart with its table, nothing used twice.

import { describe, expect, it } from 'vitest';
import { escapeHtml, type Part, quantity, renderReport, type ReportDocument, wordsIn } from '../src/index.ts';
import { cellsOf, inside, readPage } from './page-reader.ts';
import { sampleDocument, sampleSites, words } from './sample-document.ts';

const page = renderReport(sampleDocument);
const elements = readPage(page);
const partOf = <K extends Part['kind']>(kind: K) =>
  sampleDocument.sections.flatMap(({ parts }) => parts).find((part) => part.kind === kind) as Extract<
    Part,
    { kind: K }
  >;
const withParts = (...parts: Part[]): ReportDocument => ({
  ...sampleDocument,
  sections: [{ id: 'only', title: words('Only', 'Seule'), parts }],
});

describe('the file', () => {
  it('is the same for the same document', () => {
    expect(renderReport(structuredClone(sampleDocument))).toBe(page);
  });

  it('refers to nothing outside of itself', () => {
    const style = elements.find(({ tag }) => tag === 'style')?.text ?? '';
    expect(style).not.toMatch(/@import|url\(|https?:/);
    for (const { attributes } of elements) {
      expect(attributes['href'] ?? '#').toMatch(/^#/);
      expect(attributes['fill'] ?? '').not.toMatch(/url\((?!#)/);
      expect(attributes).not.toHaveProperty('src');
    }
    expect(page).toContain(`http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;`);
  });

  it('has no script but its figures, as JSON', () => {
    const scripts = elements.filter(({ tag }) => tag === 'script');
    expect(scripts.map(({ attributes }) => attributes['type'])).toEqual(['application/json']);
    expect(JSON.parse(scripts[0]?.text ?? '')).toEqual(sampleDocument.data);
  });

  it('uses every id once, and has what is referred to', () => {
    const ids = elements.flatMap(({ attributes }) => attributes['id'] ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const wanted = elements.flatMap(({ attributes }) => [
      ...(attributes['aria-labelledby']?.split(' ') ?? []),
      ...(attributes['for'] === undefined ? [] : [attributes['for']]),
      ...(attributes['href'] === undefined ? [] : [attributes['href'].slice(1)]),
      ...(attributes['fill']?.match(/(?<=url\(#).*(?=\))/) ?? []),
    ]);
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('opens in the language asked for, and has both', () => {
    for (const language of ['en', 'fr'] as const) {
      const read = readPage(renderReport(sampleDocument, language));
      expect(read[0]?.attributes['lang']).toBe(language);
      const checked = read.filter(({ attributes }) => 'checked' in attributes);
      expect(checked.map(({ attributes }) => attributes['id'])).toEqual([`language-${language}`]);
      expect(read.find(({ tag }) => tag === 'title')?.text).toBe(wordsIn(language, sampleDocument.title));
    }
  });

  it.each(['en', 'fr'] as const)(
    'says all of the document’s words in %s, under that language',
    (language) => {
      const text =
        elements.find(({ attributes }) => attributes['class'] === `language ${language}`)?.text ?? '';
      const missing = allWords(sampleDocument).filter((each) => !text.includes(wordsIn(language, each)));
      expect(missing).toEqual([]);
    },
  );

  it('refuses section ids that would not do as anchors', () => {
    for (const ids of [['a b'], ['a', 'a'], ['']]) {
      const sections = ids.map((id) => ({ id, title: words('A', 'A'), parts: [] }));
      expect(() => renderReport({ ...sampleDocument, sections })).toThrow(/ids of sections/);
    }
  });

  it('says kept, broken or neither in its first line', () => {
    const first = (ok: boolean | null) => {
      const read = readPage(
        renderReport({ ...sampleDocument, verdict: { ok, line: words('So it is.', 'C’est ainsi.') } }),
      );
      return read
        .filter(({ attributes }) => attributes['class']?.startsWith('verdict'))
        .map(({ text }) => text);
    };
    expect(first(true)).toEqual(['Every promise kept So it is.', 'Toutes les promesses tenues C’est ainsi.']);
    expect(first(false)).toEqual([
      'At least one promise was broken So it is.',
      'Au moins une promesse n’a pas été tenue C’est ainsi.',
    ]);
    expect(first(null)).toEqual(['In short So it is.', 'En bref C’est ainsi.']);
  });
});

function allWords(value: unknown): { en: string; fr: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('en' in value && 'fr' in value) return [value as { en: string; fr: string }];
  return Object.values(value).flatMap(allWords);
}

describe('every chart', () => {
  it('is drawn twice per language, with a name and a description, and a table after it', () => {
    const charts = elements.filter(({ tag, attributes }) => tag === 'svg' && attributes['role'] === 'img');
    expect(charts).toHaveLength(7 * 2 * 2);
    for (const chart of charts) {
      const [title, desc] = elements.filter(({ parent }) => parent === chart);
      expect([title?.tag, desc?.tag]).toEqual(['title', 'desc']);
      expect(title?.text).not.toBe('');
    }
    expect(elements.filter(({ tag }) => tag === 'figure')).toHaveLength(14);
    expect(
      elements.filter(({ tag, attributes }) => tag === 'details' && attributes['class'] === 'beside'),
    ).toHaveLength(16);
  });

  it('tells by its tips what its table says', () => {
    for (const language of ['en', 'fr']) {
      const cells = new Set(cellsOf(elements, language));
      const tips = elements
        .filter(({ tag, parent }) => tag === 'title' && parent?.tag === 'g')
        .filter((each) => inside(each, ({ attributes }) => attributes['class'] === `language ${language}`))
        .filter((each) => !inside(each, ({ attributes }) => attributes['class']?.startsWith('map') ?? false))
        .map(({ text }) => text.split(/\u00a0?: /).at(-1) ?? '');
      expect(tips.length).toBeGreaterThan(60);
      expect(
        tips.filter((value) => !cells.has(value) && !cells.has(`A ${value}`) && !isEvent(value)),
      ).toEqual([]);
    }
    function isEvent(value: string) {
      const { marks = [], spans = [] } = partOf('timeline');
      return [...marks, ...spans].some(({ label }) => label.en === value || label.fr === value);
    }
  });

  it.each(['en', 'fr'] as const)('has every number of the document in a table (%s)', (language) => {
    const cells = cellsOf(elements, language);
    const { groups } = partOf('histogram');
    for (const value of groups.flatMap(({ counts }) => counts))
      expect(cells).toContain(quantity(value, 'count', language));
    const tornado = partOf('tornado');
    for (const { low, high } of tornado.rows) {
      expect(cells).toContain(quantity(low, 'probability', language));
      expect(cells).toContain(quantity(high, 'probability', language));
    }
    for (const { name, hoster = '' } of sampleSites)
      expect(cells).toEqual(expect.arrayContaining([name, hoster]));
  });
});

describe('a timeline’s table', () => {
  const part = partOf('timeline');
  const alone = readPage(renderReport(withParts(part)));
  const rows = alone
    .filter(
      (each) => each.tag === 'tr' && inside(each, ({ attributes }) => attributes['class'] === 'language en'),
    )
    .map((row) => alone.filter(({ parent }) => parent === row).map(({ text }) => text))
    .filter(
      ([first = '']) =>
        /^\d|Lowest|Highest/.test(first) && !/[a-z]{5}/.test(first.replace(/Lowest|Highest/, '')),
    );

  it('has at most 25 of its times, each with the value last known, and the extremes of all', () => {
    const times = rows.slice(0, -2);
    expect(times.length).toBeLessThanOrEqual(25);
    expect(times.length).toBeGreaterThan(15);
    expect(times[0]?.[0]).toBe('0\u202fs');
    part.series.forEach(({ points, unit }, at) => {
      const values = points.map(([, value]) => value ?? Number.NaN);
      const written = new Set(values.map((value) => quantity(value, unit, 'en')));
      for (const row of times) expect(written).toContain(row[at + 1]);
      expect(rows.at(-2)?.[at + 1]).toBe(quantity(Math.min(...values), unit, 'en'));
      expect(rows.at(-1)?.[at + 1]).toBe(quantity(Math.max(...values), unit, 'en'));
    });
  });

  it('says that it leaves rows out, and only then', () => {
    expect(page).toMatch(/\d+ of 7\d\d rows; lowest and highest are over all of them/);
    const short = {
      ...part,
      series: part.series.map((series) => ({ ...series, points: series.points.slice(0, 5) })),
    };
    expect(renderReport(withParts(short))).not.toContain('lowest and highest are over all');
  });
});

describe('text from outside', () => {
  const hostile = `</script></style></title>"><img src=x onerror=alert(1)>'&amp;<!--\u202e\u0000\ud800`;

  it('is escaped for elements and attributes', () => {
    expect(escapeHtml(`<a href="x" title='y'>&amp;`)).toBe(
      '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;',
    );
    expect(escapeHtml('a\u0000b\u202ec\ud800d😀')).toBe('a\ufffdb\ufffdc\ufffdd😀');
  });

  it('never becomes markup, in whatever field it stands', () => {
    const attack = (value: unknown): unknown => {
      if (typeof value === 'string') return `${value}${hostile}`;
      if (Array.isArray(value)) return value.map(attack);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value).map(([key, each]) => [
          key,
          FIXED.has(key) && typeof each === 'string' ? each : attack(each),
        ]),
      );
    };
    // These are words of the program, not of people.
    const FIXED = new Set(['kind', 'unit', 'scale', 'align', 'state']);
    const sections = sampleDocument.sections.map((section) => ({
      ...(attack(section) as typeof section),
      id: section.id,
    }));
    const read = readPage(renderReport({ ...(attack(sampleDocument) as ReportDocument), sections }, 'fr'));
    expect(read.filter(({ tag }) => tag === 'script')).toHaveLength(1);
    expect(read.filter(({ text }) => text.includes('<img src=x')).length).toBeGreaterThan(100);
  });
});
