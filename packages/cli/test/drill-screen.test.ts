// What a terminal shows of a drill: phases called by what they are, every line within the terminal, and the way out.

import type { Preview, Progress, Sample, Scenario } from '@vauban/drill';
import { expect, it } from 'vitest';
import { drillLine, drillScreen, previewInWords } from '../src/drill-screen.ts';
import { Context } from '../src/context.ts';

const scenario = {
  name: 'fire',
  title: {
    en: 'A fire with a title that is far longer than a terminal is wide, as titles may be',
    fr: 'Feu',
  },
  workload: { files: 12 },
} as unknown as Scenario;
const sites = [
  'strasbourg',
  'metz',
  'nancy',
  'reims',
  'mulhouse',
  'colmar',
  'troyes',
  'epinal',
  'charleville-mezieres',
];
const sample: Sample = {
  atMs: 0,
  endedMs: 1,
  lacking: 0,
  worstMargin: 2,
  segmentsToRepair: 4,
  bytesToGo: 9e6,
  rateByLink: { metz: 1.5e6 },
  repairedFragments: 0,
  repairedBytes: 0,
  ledgerEntries: 9,
  sites: Object.fromEntries(sites.map((site) => [site, 'up' as const])),
};
const progress: Progress = {
  atMs: 61_000,
  phase: 'repair',
  healed: null,
  stored: 12,
  reads: 3,
  failures: 0,
  wrong: 0,
  sample,
};
const events = Array.from({ length: 30 }, (_, nth) => ({ atMs: nth, text: `event ${nth}` }));
const screen = (more: Partial<Progress>, columns = 80, rows = 24) =>
  drillScreen(
    { scenario, cities: new Map(), events, progress: { ...progress, ...more }, sample },
    { columns, rows },
  );

it.each([
  [80, 24],
  [40, 10],
  [200, 60],
])('fits %i columns and %i rows, and ends with the way out', (columns, rows) => {
  const lines = screen({}, columns, rows);
  expect(lines).toHaveLength(rows);
  expect(lines.filter((line) => line.length > columns)).toEqual([]);
  expect(lines.at(-1)).toContain('q or Ctrl-C breaks off');
});

it('does not say that the margin is back where it is not', () => {
  expect(screen({ phase: 'full-margin', healed: true })[1]).toContain('the margin is back');
  expect(screen({ phase: 'full-margin', healed: false })[1]).toContain('time over: the margin is not back');
  expect(drillLine({ ...progress, phase: 'full-margin', healed: false }, 12)).toContain(
    'time over: margin 2',
  );
  expect(drillLine({ ...progress, phase: 'full-margin', healed: true }, 12)).toContain(
    'full-margin: margin 2',
  );
});

it('says how far it is with getting ready', () => {
  const { sample: _, ...early } = progress;
  expect(drillLine({ ...early, phase: 'preparing', stored: 5 }, 12)).toContain('5 of 12 files stored');
  expect(screen({ phase: 'preparing', stored: 12 })[1]).toContain('every disk is read');
});

const preview: Preview = {
  sites: ['metz'],
  segments: 3,
  byMargin: { '-1': 3 },
  atRisk: [],
  segmentsAtRisk: 3,
  objectsAtRisk: ['a\u001b[2J.pdf', 'b.pdf'],
  objectsAtRiskCount: 150,
  fragmentsToRebuild: 0,
  bytesToMove: 0,
  expectedSeconds: null,
};

it('names files at risk with how many there are, and obeys none of them', () => {
  const text = previewInWords(scenario, preview, null);
  expect(text).toContain('Files of the vault at risk, 2 of 150:\n  a\\u{1b}[2J.pdf\n  b.pdf');
  expect(text).toContain('cannot be rebuilt');
  expect(previewInWords(scenario, { ...preview, objectsAtRiskCount: 2 }, null)).toContain(
    '2 files of the vault at risk:',
  );
});

it('warns of a floor that the drill is foreseen to fall below', () => {
  expect(previewInWords(scenario, preview, 0)).toContain(
    '! The margin would fall to -1, below the floor of 0',
  );
  expect(previewInWords(scenario, preview, null)).not.toContain('floor');
  expect(previewInWords(scenario, { ...preview, byMargin: { 2: 3 } }, 2)).not.toContain('floor');
});

it('leaves the columns of a table where they are when it is said to a terminal', () => {
  let said = '';
  const stderr = { isTTY: true, write: (text: string) => (said += text) };
  const io = { stdout: stderr, stderr, env: {}, interactive: false };
  new Context({ io, signal: new AbortController().signal }).say(
    'margin then  segments\n          2         1',
  );
  expect(said).toBe('margin then  segments\n          2         1\n');
});
