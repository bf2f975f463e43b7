// The report of any result renders whole, in both languages, without a hole, and holds the result as data.

import { renderReport } from '@vauban/report';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drillReport, type DrillResult } from '../src/index.ts';
import { anySeen, burntOne, judged, scenarioNamed } from './sample-result.ts';

/** Everything the document says, without the data it carries. */
function said(result: DrillResult): string {
  const { data: _, ...rest } = drillReport(result);
  return JSON.stringify(rest);
}

it('renders whatever was found', () => {
  fc.assert(
    fc.property(anySeen, (seen) => {
      const result = judged(seen);
      expect(said(result)).not.toMatch(/NaN|undefined|Infinity|\[object/);
      const document = drillReport(result);
      expect(document.data).toBe(result);
      const html = renderReport(document);
      const visible = html.replace(/<script[\s\S]*?<\/script>/g, '').replace(/<style[\s\S]*?<\/style>/g, '');
      expect(visible).not.toMatch(/NaN|undefined|Infinity|\[object/);
      expect(visible).not.toContain('<b>');
      expect(html.endsWith('\n')).toBe(true);
    }),
    { numRuns: 25 },
  );
});

it('never says the same words in both languages where words differ', () => {
  const sentences: { en: string; fr: string }[] = [];
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('en' in value && 'fr' in value) sentences.push(value as { en: string; fr: string });
    for (const one of Object.values(value)) collect(one);
  };
  const { data: _, ...document } = drillReport(judged(burntOne));
  collect(document);
  const long = sentences.filter(({ en }) => en.split(' ').length > 3);
  expect(long.length).toBeGreaterThan(30);
  expect(long.filter(({ en, fr }) => en === fr)).toEqual([]);
  for (const { fr } of sentences) expect(fr).not.toMatch(/\w [;:!?»]|« /);
});

describe('the first line', () => {
  const line = (result: DrillResult) => drillReport(result).verdict;
  it('says that all is well, and how long it took', () => {
    expect(line(judged(burntOne))).toEqual({
      ok: true,
      line: {
        en: '20 files of 20 read back whole; 30 s after the first incident the margin was back at the best that the remaining sites allow.',
        fr: '20\u00a0fichiers sur 20 relus intacts\u00a0; 30\u00a0s après le premier incident, la marge était revenue au mieux de ce que permettent les sites restants.',
      },
    });
  });
  it('names what did not hold', () => {
    const { ok, line: words } = line(judged({ ...burntOne, readBack: { files: 20, whole: 18 } }));
    expect(ok).toBe(false);
    expect(words.en).toBe('1 of 6 promises did not hold: “What is stored can be read”.');
    expect(words.fr).toBe('1 sur 6 non tenue\u00a0: «\u00a0Ce qui est enregistré reste lisible\u00a0».');
  });
  it('says of a sabotage that it has to end so', () => {
    const { scenario } = scenarioNamed('sabotage-too-many-sites');
    const { line: words } = line(judged({ ...burntOne, scenario, readBack: { files: 20, whole: 0 } }));
    expect(words.en).toContain('a sabotage');
    expect(words.fr).toContain('un sabotage');
  });
  it('keeps no promise where none was judged', () => {
    expect(line({ ...burntOne, promises: [] }).ok).toBe(false);
  });
});

it('has every section that a reader looks for', () => {
  const { sections } = drillReport(judged(burntOne));
  expect(sections.map(({ id }) => id)).toEqual([
    'summary',
    'promises',
    'course',
    'map',
    'margin',
    'service',
    'preview',
    'setting',
  ]);
  const kinds = sections.flatMap(({ parts }) => parts.map(({ kind }) => kind));
  expect(kinds.filter((kind) => kind === 'map')).toHaveLength(3);
  expect(kinds.filter((kind) => kind === 'timeline')).toHaveLength(3);
  expect(new Set(kinds)).toEqual(
    new Set(['figures', 'promises', 'table', 'timeline', 'map', 'histogram', 'bars']),
  );
});

describe('what is to be found in it', () => {
  const all = (result: DrillResult) => drillReport(result).sections.flatMap(({ parts }) => parts);
  const rowsOf = (result: DrillResult, caption: string) =>
    all(result).flatMap((part) =>
      part.kind === 'table' && part.caption.en.startsWith(caption) ? part.rows : [],
    );

  it('bytes and highest rate of each site that repair read from, and their sum beside the one foreseen', () => {
    const result = judged(burntOne);
    expect(rowsOf(result, 'Read for repair')).toEqual([
      ['Metz', 30_000_000, 1_500_000],
      ['Nancy', 23_000_000, 900_000],
    ]);
    const [, foreseen, happened] =
      rowsOf(result, 'The dry run').find(([what]) => (what as { en: string }).en === 'Read for repair') ?? [];
    expect([foreseen, happened]).toMatchObject([{ en: '53 MB' }, { en: '53 MB' }]);
  });

  it('what bytes were not counted, and whose', () => {
    expect(said(judged(burntOne))).toContain('Not counted: what agencies sent');
    expect(said(judged(burntOne))).not.toContain('did not answer:');
    expect(said(judged({ ...burntOne, unread: ['nancy'] }))).toContain('did not answer: Nancy.');
  });

  it('steps that were not carried out', () => {
    const { scenario } = scenarioNamed('strasbourg-2021');
    const rows = rowsOf(judged({ ...burntOne, scenario, done: [] }), 'What was done');
    expect(rows).toHaveLength(scenario.steps.length);
    expect(rows.every(([when]) => (when as { en: string }).en === 'not carried out')).toBe(true);
    expect(rowsOf(judged(burntOne), 'What was done')).toHaveLength(1);
  });

  it('of files at risk how many there are', () => {
    const objectsAtRisk = Array.from({ length: 100 }, (_, nth) => `${nth}.pdf`);
    const preview = { ...burntOne.preview, objectsAtRisk, objectsAtRiskCount: 1_234 };
    expect(
      rowsOf(judged({ ...burntOne, preview }), 'Files at risk by the dry run: 100 of 1234'),
    ).toHaveLength(100);
  });

  it('the worst moment with what was known of it', () => {
    const worst = all(judged(burntOne)).find(
      (part) => part.kind === 'map' && part.caption.en.startsWith('At'),
    );
    const struck = worst?.kind === 'map' ? worst.sites.filter(({ state }) => state !== 'well') : [];
    expect(struck).toMatchObject([{ id: 'strasbourg', state: 'lost', note: { en: 'burnt' } }]);
  });

  it('when it began and ended, and how long it watched', () => {
    const setting = JSON.stringify(rowsOf(judged(burntOne), 'Setting'));
    expect(setting).toContain('2026-11-20 09:30:00');
    expect(setting).toContain('8.0 s before the first step; 5.0 min at most for the margin');
  });
});
