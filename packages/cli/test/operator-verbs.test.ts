// The verbs of operators: what is refused before anyone is asked, and what a person reads of a repair.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HealingOverview } from '@vauban/fleet';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { healingOfDaemon } from '../../fleet/test/healing-sample.ts';
import { entryInWords } from '../src/operator-verb.ts';
import { period } from '../src/output.ts';
import { Progress } from '../src/progress.ts';
import { healingInWords, watchRepair } from '../src/verbs/repair-status.ts';
import { nextInWords } from '../src/verbs/site-declare-lost.ts';
import { run } from './captured.ts';

let directory: string;
let network: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vauban-cli-operators-'));
  network = join(directory, 'network');
  const size = ['--sites', '3', '-k', '2', '-m', '1'];
  const waits = ['--lost-after', '5s', '--duration', 'takeover=10s'];
  await run(['network', 'create', network, ...size, ...waits]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const at = (...argv: readonly string[]) => [...argv, '--network', network];

describe('help', () => {
  test.each(['site declare-lost', 'site maintenance', 'repair status', 'repair pause', 'repair resume'])(
    'of %s has an example and fits 80 columns',
    async (verb) => {
      const { status, stdout } = await run([...verb.split(' '), '--help']);
      expect(status).toBe(0);
      expect(stdout).toContain(`Example:\n  $ vauban ${verb}`);
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );
});

describe('before anyone is asked', () => {
  const rows: readonly (readonly [string, () => readonly string[], number, string])[] = [
    ['a loss that nobody confirms', () => at('site', 'declare-lost', 'metz'), 2, 'YES_MISSING'],
    ['the loss of no site', () => at('site', 'declare-lost', 'mets', '--yes'), 2, 'SITE_UNKNOWN'],
    ['a maintenance of no site', () => at('site', 'maintenance', 'x', '--over'), 2, 'SITE_UNKNOWN'],
    ['one without an end', () => at('site', 'maintenance', 'metz'), 2, 'USAGE'],
    ['one with two', () => at('site', 'maintenance', 'metz', '--over', '--until', '2h'), 2, 'USAGE'],
    ['one until no time', () => at('site', 'maintenance', 'metz', '--until', 'soon'), 2, 'USAGE'],
    ['one until no day', () => at('site', 'maintenance', 'metz', '--until', '2030-02-30'), 2, 'USAGE'],
    [
      'one that is past',
      () => at('site', 'maintenance', 'metz', '--until', '2020-01-01'),
      2,
      'MAINTENANCE_PAST',
    ],
    [
      'another key than an operator’s',
      () => at('repair', 'pause', '--operator-key', join(network, 'officers', 'hebergeur-mirabelle.key')),
      6,
      'KEY_ROLE',
    ],
    [
      'a waiting time of no name',
      () => ['network', 'create', join(directory, 'n'), '--duration', 'a=1s'],
      2,
      'DURATION_UNKNOWN',
    ],
    [
      'one of no value',
      () => ['network', 'create', join(directory, 'n'), '--duration', 'takeover'],
      2,
      'DURATION_MALFORMED',
    ],
    [
      'a loss before a suspicion',
      () => [
        'network',
        'create',
        join(directory, 'n'),
        '--lost-after',
        '5s',
        '--duration',
        'suspect-after=6s',
      ],
      2,
      'DURATION_ORDER',
    ],
    [
      'no such code',
      () => [
        'network',
        'create',
        join(directory, 'n'),
        '--sites',
        '3',
        '-k',
        '2',
        '-m',
        '1',
        '--code',
        'clay',
      ],
      2,
      'CODE_MISSING',
    ],
  ];
  test.each(rows)('%s', async (_, argv, status, code) => {
    const refused = await run([...argv(), '--json']);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code } });
    expect(refused.status).toBe(status);
  });
});

test('a network that does not run says so', async () => {
  for (const verb of ['status', 'pause']) {
    const silent = await run([...at('repair', verb), '--json']);
    expect(JSON.parse(silent.stdout)).toMatchObject({
      error: { code: 'NETWORK_SILENT', facts: { daemons: 3 } },
    });
    expect(silent.status).toBe(5);
  }
  const lost = await run([...at('site', 'declare-lost', 'metz', '--yes'), '--json']);
  expect([lost.status, JSON.parse(lost.stdout).error.code]).toEqual([5, 'QUORUM_UNREACHABLE']);
});

test('waiting times are those that were asked for, and charter show tells them', async () => {
  const shown = await run(['charter', 'show', '--network', network, '--json']);
  expect(JSON.parse(shown.stdout).durations).toMatchObject({
    suspectAfterMs: 5_000,
    lostAfterMs: 5_000,
    takeoverMs: 10_000,
    awayMaxMs: 86_400_000,
  });
  const words = await run(['charter', 'show', '--network', network]);
  expect(words.stdout.replaceAll('\n', ' ')).toContain(
    'suspect-after 5s, lost-after 5s, takeover 10s, away-max 1d',
  );
});

describe('after a loss is declared', () => {
  const there = { daemons: ['0'.repeat(32)] };
  const repair = { paused: false, pausedSites: [], segmentsToRepair: 0, bytesToGo: 0 };
  test.each([
    [
      'nothing where nothing stood',
      { daemons: [] },
      repair,
      'No daemon stands there: nothing is to be rebuilt.',
    ],
    [
      'nothing while repair is paused',
      there,
      { ...repair, paused: true, segmentsToRepair: 3 },
      'Repair is paused: what they held is rebuilt only after vauban repair resume.',
    ],
    [
      'only what is left, which may be nothing',
      there,
      repair,
      'What they held and nobody has rebuilt yet is rebuilt from now on.',
    ],
    [
      'what daemons found already',
      there,
      { ...repair, segmentsToRepair: 3, bytesToGo: 4_000_000, pausedSites: ['metz', 'nancy'] },
      'What they held and nobody has rebuilt yet is rebuilt from now on (3 segments, 4.0 MB to go, as far as is known yet); repair is paused at metz, nancy.',
    ],
    [
      'no less when nobody answers',
      there,
      undefined,
      'What they held and nobody has rebuilt yet is rebuilt from now on.',
    ],
  ])('%s is rebuilt', (_, said, known, words) => {
    expect(nextInWords(said, known)).toBe(words);
  });

  it('the entry is named in a line that a terminal shows', () => {
    const origin = `grand-est-c83ae591/${'4da7b152bf43a0f8'.repeat(4)}`;
    expect(entryInWords({ origin, index: 1 })).toBe('Entry 1 of grand-est-c83ae591/4da7b152bf43a0f8…');
  });
});

describe('a repair in words', () => {
  const idle = healingOfDaemon('charleville-mezieres');
  const none: HealingOverview = {
    paused: false,
    pausedSites: [],
    segmentsToRepair: 0,
    byMargin: {},
    bytesToGo: 0,
    rateByLink: {},
    etaSeconds: 0,
    doneSegments: 0,
    doneBytes: 0,
    daemons: [idle],
    hosters: { answered: 6, all: 9, needed: 6 },
    silent: [],
  };

  it('is one line when there is nothing to do', () => {
    expect(healingInWords(none)).toBe('nothing is to be repaired.');
    expect(healingInWords({ ...none, paused: true })).toBe('nothing is to be repaired; repair is paused.');
  });

  it('never says that nothing is to be repaired while no quorum is heard', () => {
    const deaf = { ...none, hosters: { answered: 5, all: 9, needed: 6 } };
    expect(healingInWords(deaf).replaceAll('\n', ' ')).toBe(
      'no quorum is heard: 5 of 9 hosters answer, 6 are needed; until then nobody says what is to be repaired, and nothing can be.',
    );
    expect(healingInWords({ ...deaf, segmentsToRepair: 3, etaSeconds: 5 }).replaceAll('\n', ' ')).toMatch(
      /^no quorum is heard: .*; known so far: 3 segments\.$/,
    );
  });

  it('is watched until nothing is left twice, and for as long as no quorum is heard', async () => {
    const deaf = { ...none, hosters: { answered: 5, all: 9, needed: 6 } };
    const busy = { ...none, segmentsToRepair: 2 };
    const answers = [busy, none, deaf, deaf, deaf, busy, none, none, busy];
    const said: string[] = [];
    const context = {
      progress: () => new Progress({ write: () => undefined }, 'repair'),
      say: (text: string) => void said.push(text),
      signal: new AbortController().signal,
    };
    const ask = async () => answers.shift() as HealingOverview;
    expect(await watchRepair(context, ask, async () => undefined)).toBe(none);
    expect(answers).toEqual([busy]);
    expect(said).toEqual([expect.stringMatching(/^no quorum is heard: 5 of 9 .*; waiting for them$/)]);
  });

  it('says what is endangered, who works, what comes from where, and who is silent, in 80 columns', () => {
    const busy = { ...idle, segmentsToRepair: 1_204, bytesToGo: 3_400_000_000, etaSeconds: 754 };
    const text = healingInWords({
      ...none,
      segmentsToRepair: 1_204,
      byMargin: { '-1': 4, '2': 1_200 },
      bytesToGo: 3_400_000_000,
      rateByLink: { strasbourg: 12_000_000 },
      etaSeconds: 754,
      doneSegments: 2,
      doneBytes: 5_000_000,
      daemons: [
        busy,
        {
          ...idle,
          site: 'metz',
          readOnly: 'it was away for longer than the charter allows, and nobody has looked at it since',
        },
        {
          ...idle,
          site: 'nancy',
          leaving: { fragmentsLeft: 3, bytesLeft: 9, etaSeconds: null, safeToStop: false },
        },
        {
          ...idle,
          site: 'reims',
          leaving: { fragmentsLeft: 0, bytesLeft: 0, etaSeconds: null, safeToStop: true },
        },
      ],
      silent: [{ id: '1', site: 'colmar', code: 'DEADLINE', message: 'no answer from 12D3 within 5 s' }],
    });
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain('1204 segments to repair, 3.4 GB to go, about 13 min; 5.0 MB rebuilt');
    expect(text).toMatch(/margin {2}segments\n +-1 +4\n +2 +1200\n/);
    expect(text).toMatch(/charleville-mezieres +1204 +3.4 GB +13 min/);
    expect(text).toMatch(/strasbourg +12 MB\/s/);
    expect(text).toContain('nancy is being emptied: 3 fragments, 9 B left');
    expect(text).toContain('reims is empty: its daemon may be stopped');
    expect(text).toContain('! colmar is not counted here: it does not answer');
  });
});

test.each([
  [0, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [61, '2 min'],
  [3_599, '1 h'],
  [3_600, '1 h'],
  [12_000, '3 h 20 min'],
  [86_400, '1 d'],
  [187_200, '2 d 4 h'],
])('%i seconds are %s', (seconds, text) => {
  expect(period(seconds)).toBe(text);
});
