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
