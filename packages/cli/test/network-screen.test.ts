// The live map in a terminal: the answer is always on it, whatever the size; and how a watch is left.

import { describe, expect, test } from 'vitest';
import { viewOf } from '../../daemon/test/network-setup.ts';
import { FullScreen } from '../src/full-screen.ts';
import type { Terminal } from '../src/io.ts';
import { networkScreen, plainLine, type Screen } from '../src/network-screen.ts';

const now = 1_800_000_061_000;
const screen: Screen = {
  columns: 80,
  rows: 24,
  language: 'en',
  styled: false,
  now,
  deafSince: null,
  keys: 'q quits',
};
const burnt = viewOf(
  {
    margin: { worst: 2, bySites: { '2': 43, '3': 20 }, below: 43, short: 43 },
    repair: { segments: 9, bytes: 20_000_000, etaSeconds: 120 },
    wants: [{ code: 'X', message: 'look at this '.repeat(30), facts: { site: 'nancy' } }],
    drills: [{ scenario: 'strasbourg-2021', since: now }],
  },
  {
    strasbourg: { state: 'lost', silentMs: 1_200_000, answering: 0, freeBytes: null },
    'charleville-mezieres': { state: 'suspect', silentMs: 61_000, answering: 0, degradedFragments: 123_456 },
  },
);

describe.each([
  [80, 24],
  [80, 10],
  [120, 40],
  [200, 60],
  [40, 24],
])('at %i × %i', (columns, rows) => {
  test.each(['en', 'fr'] as const)('it fits, in %s, with the answer first and life last', (language) => {
    for (const view of [viewOf(), burnt]) {
      const lines = networkScreen(view, { ...screen, columns, rows, language });
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.filter((line) => line.length > columns)).toEqual([]);
      const [first = ''] = view.risk.line[language].split(' ', 1);
      expect(lines[0]?.startsWith(first)).toBe(true);
      expect(lines.at(-1)).toMatch(/03:01|[0-9]{2}:[0-9]{2}:[0-9]{2}/);
    }
  });
});

test('at 80 × 24 it shows every site, and what goes on', () => {
  const text = networkScreen(burnt, screen).join('\n');
  for (const { city } of burnt.sites) expect(text).toContain(city);
  expect(text).toContain('✖ Strasbourg');
  expect(text).toMatch(/^Margin +worst 2 of 3 promised, over 63 segments \(2: 43, 3: 20\)$/m);
  expect(text).toContain('A drill is under way: strasbourg-2021');
});

test('of many sites those in trouble are shown, and how many are not', () => {
  const sites = Array.from({ length: 80 }, (_, nth) => ({
    ...viewOf().sites[0],
    id: `s${nth}`,
    city: `Site ${nth}`,
  }));
  const many = viewOf({}, {});
  const view = {
    ...many,
    sites: sites.map((one, nth) => ({ ...one, state: nth === 77 ? 'lost' : 'well' })),
  } as typeof many;
  const text = networkScreen(view, screen).join('\n');
  expect(text).toContain('✖ Site 77');
  expect(text).toMatch(/^… and \d+ more sites$/m);
});

test('what is not live says so, on the last line', () => {
  expect(networkScreen(burnt, { ...screen, deafSince: now - 60_000 }).at(-1)).toMatch(
    /^NOT LIVE since .* UTC: no daemon answers · q quits$/,
  );
  expect(networkScreen(burnt, { ...screen, deafSince: now, language: 'fr' }).at(-1)).toMatch(
    /^PLUS EN DIRECT depuis/,
  );
});

test('names cannot move the cursor', () => {
  const evil = '\u001b[2J\u0007';
  const view = viewOf(
    { wants: [{ code: 'X', message: evil, facts: { site: evil } }] },
    { metz: { city: evil } },
  );
  const drawn = networkScreen(view, screen).join('');
  for (const character of evil.replace('[2J', '')) expect(drawn).not.toContain(character);
  expect(
    plainLine({ ...view, sites: view.sites.map((one) => ({ ...one, state: 'lost' })) }, 'en'),
  ).not.toContain('\u001b');
});

test('without a terminal it is one line, with the time and who is not well', () => {
  expect(plainLine(burnt, 'en')).toMatch(
    /^2027-01-15T08:01:00Z No data is lost\. 43 of 63 .* \[Strasbourg lost, Charleville-Mézières suspect\]$/,
  );
  expect(plainLine(viewOf(), 'fr')).toMatch(/Rien n’est à réparer\.$/);
});

describe('the full screen', () => {
  function opened() {
    let written = '';
    let press: (key: string) => void = () => undefined;
    let resize: () => void = () => undefined;
    const size = { columns: 80, rows: 3 };
    const ended: string[] = [];
    const terminal: Terminal = {
      size: () => size,
      onKey: (heard) => {
        press = heard;
        return () => void ended.push('keys');
      },
      onResize: (heard) => {
        resize = heard;
        return () => void ended.push('resize');
      },
    };
    const sink = { write: (text: string) => (written += text) };
    const it = new FullScreen({ stdout: sink, stderr: sink, env: {}, interactive: true }, terminal);
    return {
      it,
      size,
      ended,
      press: (key: string) => press(key),
      resize: () => resize(),
      written: () => {
        const before = written;
        written = '';
        return before;
      },
    };
  }

  test.each(['q', 'Q', '\u0003'])('is left by %j, and by no other key', (key) => {
    const { it, press } = opened();
    press('x');
    expect(it.left.aborted).toBe(false);
    press(key);
    expect(it.left.aborted).toBe(true);
  });

  test('gives the screen back, the cursor and the keyboard', () => {
    const { it, written, ended } = opened();
    expect(written()).toBe('\u001b[?1049h\u001b[?25l');
    it.close();
    expect(written()).toBe('\u001b[?25h\u001b[?1049l');
    expect(ended).toEqual(['keys', 'resize']);
  });

  test('draws anew for another size, and never more than fits', () => {
    const { it, written, size, resize } = opened();
    it.show(({ rows }) => Array.from({ length: 9 }, (_, nth) => `${nth} of ${rows}`));
    expect(written()).toContain('2 of 3');
    size.rows = 5;
    resize();
    const text = written();
    expect(text).toContain('4 of 5');
    expect(text).not.toContain('5 of 5');
  });
});
