// Any document at all gives a well-formed page: hostile words, absurd numbers, empty lists.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Part, regionMap, renderReport, type ReportDocument, type Unit } from '../src/index.ts';
import { readPage } from './page-reader.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '<b>',
    '</script>',
    '"',
    "' onload='x",
    '&lt;',
    '-->',
    ']]>',
    '\ud800',
    '',
    'Étape n° 1 : « ici »',
    'word '.repeat(40),
  ),
);
const words = fc.record({ en: text, fr: text });
const label = fc.oneof(text, words);
const number = fc.oneof(
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    1,
    1e-320,
    5e-324,
    1.7e308,
    -1.7e308,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
  fc.integer({ min: -5, max: 2_000_000_000 }),
);
const interval = fc.record({ value: number, low: number, high: number });
const measure = fc.oneof(number, interval, fc.constant(null));
const unit = fc.oneof(
  fc.constantFrom<Unit>(
    'count',
    'number',
    'bytes',
    'bytes-per-second',
    'per-second',
    'ms',
    'years',
    'share',
    'probability',
    'time',
  ),
  words,
);
const scale = fc.constantFrom('linear' as const, 'log' as const);
const few = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 4 });
const time = fc.oneof(fc.integer({ min: 0, max: 4e12 }), number);
const site = fc.record({
  id: text,
  name: text,
  hoster: text,
  latitude: fc.oneof(fc.double({ min: 47, max: 50 }), number),
  longitude: fc.oneof(fc.double({ min: 3, max: 8.5 }), number),
  state: fc.constantFrom(
    'well' as const,
    'suspect' as const,
    'lost' as const,
    'maintenance' as const,
    'draining' as const,
    'read-only' as const,
    'unknown' as const,
  ),
  note: words,
});
const sites = fc.array(site, { maxLength: 12 });

const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({
    kind: fc.constant('table' as const),
    caption: words,
    columns: few(fc.record({ title: words, unit })),
    rows: few(few(fc.oneof(text, number, words, interval, fc.constant(null)))),
  }),
  fc.record({
    kind: fc.constant('figures' as const),
    figures: few(fc.record({ label: words, value: fc.oneof(measure, label), unit, note: words })),
  }),
  fc.record({
    kind: fc.constant('promises' as const),
    caption: words,
    rows: few(fc.record({ name: words, kept: fc.boolean(), detail: words })),
  }),
  fc.record({
    kind: fc.constant('timeline' as const),
    caption: words,
    series: few(
      fc.record({
        name: words,
        unit,
        panel: words,
        step: fc.boolean(),
        points: fc.array(fc.tuple(time, fc.oneof(number, fc.constant(null))), { maxLength: 40 }),
      }),
    ),
    marks: few(fc.record({ atMs: time, label: words })),
    spans: few(fc.record({ fromMs: time, toMs: time, label: words })),
  }),
  fc.record({
    kind: fc.constant('timeline' as const),
    caption: words,
    originMs: fc.integer({ min: 0, max: 4e12 }),
    series: few(fc.record({ name: words, unit, points: few(fc.tuple(time, number)) })),
  }),
  fc.record({
    kind: fc.constant('histogram' as const),
    caption: words,
    binTitle: words,
    countTitle: words,
    unit,
    bins: few(label),
    groups: few(fc.record({ name: words, counts: few(number) })),
  }),
  fc.record({
    kind: fc.constant('bars' as const),
    caption: words,
    unit,
    scale,
    series: few(words),
    groups: few(fc.record({ name: label, values: few(measure) })),
  }),
  fc.record({
    kind: fc.constant('tornado' as const),
    caption: words,
    unit,
    scale,
    base: number,
    rows: few(fc.record({ name: words, low: number, high: number, lowLabel: label, highLabel: label })),
  }),
  fc.record({
    kind: fc.constant('curves' as const),
    caption: words,
    x: fc.record({ title: words, unit, scale }),
    y: fc.record({ title: words, unit, scale }),
    series: few(
      fc.record({ name: label, points: few(fc.record({ x: number, y: number, low: number, high: number })) }),
    ),
  }),
  fc.record({ kind: fc.constant('map' as const), caption: words, sites }),
);

const document: fc.Arbitrary<ReportDocument> = fc.record({
  kind: fc.constantFrom('drill' as const, 'forecast' as const),
  title: words,
  subtitle: words,
  verdict: fc.record({ ok: fc.option(fc.boolean()), line: words }),
  madeAt: time,
  sections: fc
    .array(fc.record({ title: words, text: few(words), parts: few(part) }), { maxLength: 5 })
    .map((list) => list.map((each, at) => ({ ...each, id: `s${at}` }))),
  data: fc.object(),
});

/** Words of programs that got lost on the way to the page. */
const STRAY = /\b(NaN|undefined|Infinity|null)\b|\[object /;

it('any document gives a well-formed page without stray values, each id once', () => {
  fc.assert(
    fc.property(document, (each) => {
      const elements = readPage(renderReport(each));
      const ids = elements.flatMap(({ attributes }) => attributes['id'] ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { tag, text: content, attributes } of elements) {
        if (tag === 'script' || tag === 'style') continue;
        expect(
          `${tag === 'html' || tag === 'body' ? '' : content} ${Object.values(attributes).join(' ')}`,
        ).not.toMatch(STRAY);
      }
    }),
    { numRuns: 60 },
  );
});

it('any sites give a well-formed map, all within it', () => {
  fc.assert(
    fc.property(sites, fc.constantFrom('wide' as const, 'narrow' as const), (list, size) => {
      const elements = readPage(regionMap(list, 'fr', { size }));
      const [, , width = 0, height = 0] = elements[0]?.attributes['viewBox']?.split(' ').map(Number) ?? [];
      const places = elements.flatMap(
        ({ attributes }) => attributes['transform']?.match(/-?[\d.]+/g)?.map(Number) ?? [],
      );
      for (let at = 0; at < places.length; at += 2) {
        expect(places[at]).toBeGreaterThanOrEqual(0);
        expect(places[at]).toBeLessThanOrEqual(width);
        expect(places[at + 1]).toBeGreaterThanOrEqual(0);
        expect(places[at + 1]).toBeLessThanOrEqual(height);
      }
    }),
    { numRuns: 40 },
  );
});
