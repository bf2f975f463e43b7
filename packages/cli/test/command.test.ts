// What scripts rely on: exit codes, one JSON document with --json, data on stdout and the rest on stderr.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { exitCodeOf } from '../src/exit-code.ts';
import { run } from './captured.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vauban-cli-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const verbs = [
  ['daemon', 'init'],
  ['daemon', 'run'],
  ['daemon', 'config', 'check'],
  ['daemon', 'status'],
  ['daemon', 'account'],
  ['daemon', 'log-level'],
  ['daemon', 'drain'],
  ['daemon', 'readmit'],
  ['daemon', 'token'],
  ['network', 'create'],
  ['network', 'start'],
  ['network', 'stop'],
  ['network', 'status'],
  ['network', 'burn'],
  ['charter', 'show'],
  ['ls'],
  ['rm'],
  ['undelete'],
  ['where'],
  ['prove'],
  ['prove-deleted'],
  ['check-proof'],
  ['check-account'],
];

test('exit codes are those that are promised', () => {
  const kinds = [
    'failure',
    'usage',
    'integrity',
    'missing-fragments',
    'unreachable',
    'refused',
    'interrupted',
  ] as const;
  expect(kinds.map(exitCodeOf)).toEqual([1, 2, 3, 4, 5, 6, 130]);
});

describe('help', () => {
  test.each(verbs.map((verb) => [verb.join(' '), verb] as const))(
    'of %s has an example and fits 80 columns',
    async (name, verb) => {
      const { status, stdout, stderr } = await run([...verb, '--help']);
      expect(status).toBe(0);
      expect(stderr).toBe('');
      expect(stdout).toContain(`Example:\n  $ vauban ${name}`);
      expect(stdout).toContain('--json');
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  it('lists the groups', async () => {
    const { status, stdout } = await run(['--help']);
    expect(status).toBe(0);
    for (const group of ['daemon', 'network', 'charter']) expect(stdout).toContain(`  ${group} `);
  });
});

describe('usage errors', () => {
  const dir = () => join(directory, 'never-made');
  const rows: readonly (readonly [string, () => readonly string[], RegExp])[] = [
    ['an unknown verb', () => ['nonsense'], /unknown command/],
    ['an unknown option', () => ['network', 'create', dir(), '--colour'], /unknown option '--colour'/],
    ['a missing argument', () => ['network', 'create'], /missing required argument 'dir'/],
    ['a missing option', () => ['daemon', 'run'], /--config/],
    ['one argument too many', () => ['network', 'stop', dir(), 'x'], /too many arguments/],
    ['a count in words', () => ['network', 'create', dir(), '--sites', 'nine'], /whole number/],
    ['a negative count', () => ['network', 'create', dir(), '--sites', '-9'], /sites/],
    ['too wide a code', () => ['network', 'create', dir(), '--sites', '5'], /-k 3 -m 2/],
    ['too few sites', () => ['network', 'create', dir(), '--sites', '2', '-k', '1', '-m', '1'], /at least 3/],
    ['a burn without --yes', () => ['network', 'burn', dir(), '--site', 'metz'], /--yes/],
    ['a network that is none', () => ['network', 'status', dir()], /not the directory of a network/],
    [
      'a size that is none',
      () => ['daemon', 'init', dir(), '--hoster', 'a', '--site', 'b', '--capacity', 'x'],
      /100GB/,
    ],
    ['a hoster without name', () => ['daemon', 'init', dir(), '--hoster', '!', '--site', 'b'], /hoster/],
  ];
  test.each(rows)('%s ends with 2', async (_, argv, words) => {
    const plain = await run(argv());
    expect(plain.status).toBe(2);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toMatch(words);
    expect(plain.stderr.split('\n')).toHaveLength(2);
    const json = await run([...argv(), '--json']);
    expect(json.status).toBe(2);
    const { error } = JSON.parse(json.stdout) as { error: { [key: string]: unknown } };
    expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(words) });
    expect(Object.keys(error)).toEqual(['kind', 'code', 'message', 'facts']);
  });

  it('a group without a verb explains itself', async () => {
    const { status, stdout, stderr } = await run(['network']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('create');
  });
});

describe('a hoster’s daemon', () => {
  it('is set up, checked and refused a second time', async () => {
    const home = join(directory, 'home');
    const init = ['daemon', 'init', home, '--hoster', 'Hébergeur Cigogne', '--site', 'Strasbourg'];
    const made = await run([...init, '--capacity', '2TB', '--json']);
    expect(made.status).toBe(0);
    expect(made.stderr).toBe('');
    const document = JSON.parse(made.stdout) as { daemon: string; publicLine: string };
    expect(Object.keys(document)).toEqual(['daemon', 'publicLine']);
    expect(document.daemon).toMatch(/^[0-9a-f]{32}$/);
    expect(document.publicLine).toMatch(/^vauban-daemon0:/);
    expect(await readFile(join(home, 'daemon.toml'), 'utf8')).toContain('capacity = "2TB"');

    const again = await run([...init, '--json']);
    expect(again.status).toBe(6);
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { kind: 'refused', code: 'DAEMON_EXISTS' } });

    const config = join(home, 'daemon.toml');
    const check = await run(['daemon', 'config', 'check', '--config', config, '--json']);
    expect(check.status).toBe(1);
    expect(JSON.parse(check.stdout)).toMatchObject({ ok: false, problems: [{ code: 'FILE_MISSING' }] });

    const ran = await run(['daemon', 'run', '--config', config]);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(/^vauban: the charter file .* is missing\n$/);
  });

  it('prints just the public line on stdout, and what to do next on stderr', async () => {
    const home = join(directory, 'second');
    const made = await run(['daemon', 'init', home, '--hoster', 'Mirabelle', '--site', 'Metz']);
    expect(made.stdout).toMatch(/^vauban-daemon0:[A-Za-z0-9_-]+\n$/);
    expect(made.stderr).toContain('charter.cbor');
  });

  it('is a further one with the identity of the first', async () => {
    const identity = join(directory, 'home', 'keys', 'identity.key');
    const options = ['--hoster', 'Hébergeur Cigogne', '--site', 'Kehl', '--identity'];
    const made = await run(['daemon', 'init', join(directory, 'third'), ...options, identity]);
    expect(made.status).toBe(0);
    const wrong = await run([
      'daemon',
      'init',
      join(directory, 'fourth'),
      ...options,
      join(directory, 'home', 'keys', 'log.key'),
    ]);
    expect([wrong.status, wrong.stdout]).toEqual([6, '']);
  });

  it('names the line of a mistake in its configuration', async () => {
    const config = join(directory, 'home', 'daemon.toml');
    const text = await readFile(config, 'utf8');
    const bad = join(directory, 'home', 'bad.toml');
    await writeFile(bad, text.replace('capacity =', 'capcity ='));
    const check = await run(['daemon', 'config', 'check', '--config', bad]);
    expect(check.status).toBe(2);
    expect(check.stdout).toMatch(/^bad\.toml, line \d+: .*did you mean capacity\?\n$/);
  });
});

describe('a local network', () => {
  it('is created in a new directory only, and its charter can be shown', async () => {
    const network = join(directory, 'network');
    const made = await run(['network', 'create', network, '--sites', '3', '-k', '2', '-m', '1', '--json']);
    expect(made.status).toBe(0);
    const document = JSON.parse(made.stdout) as {
      charter: string;
      root: string;
      daemons: { id: string; hoster: string; site: string }[];
    };
    expect(Object.keys(document)).toEqual(['charter', 'root', 'daemons']);
    expect(document.root).toMatch(/^grand-est-[0-9a-f]{8}\+charter0\+[0-9a-f]{64}$/);
    expect(document.daemons.map((one) => one.site)).toEqual(['strasbourg', 'metz', 'nancy']);
    expect(Object.keys(document.daemons[0] ?? {})).toEqual(['id', 'hoster', 'site']);

    const again = await run(['network', 'create', network, '--sites', '3', '-k', '2', '-m', '1']);
    expect(again.status).toBe(6);

    for (const place of [network, document.charter]) {
      const shown = await run(['charter', 'show', '--network', place, '--json']);
      expect(shown.status).toBe(0);
      expect(JSON.parse(shown.stdout)).toMatchObject({
        root: document.root,
        version: 1,
        quorum: 2,
        hosters: [{ id: 'hebergeur-cigogne', name: 'Hébergeur Cigogne' }, {}, {}],
        sites: [{ id: 'strasbourg', city: 'Strasbourg', latitude: 48.5734 }, {}, {}],
        policies: [{ name: 'standard', k: 2, m: 1 }],
      });
    }
    const words = await run(['charter', 'show', '--network', network]);
    expect(words.stdout).toContain(`Root: ${document.root}`);
    expect(words.stdout).toContain('2 cosignatures certify');

    const config = join(network, 'daemons', 'metz', 'daemon.toml');
    const check = await run(['daemon', 'config', 'check', '--config', config]);
    expect([check.status, check.stdout]).toEqual([0, 'ok\n']);
  });

  it('that does not run is said not to, without failing', async () => {
    const network = join(directory, 'network');
    const status = await run(['network', 'status', network, '--json']);
    expect(status.status).toBe(0);
    const document = JSON.parse(status.stdout) as { daemons: { [key: string]: unknown }[] };
    expect(document).toMatchObject({
      summary: 'the network is not running; 0 of 3 daemons up',
      worstMargin: null,
      daemons: [{ site: 'strasbourg', alive: false, pid: null }, {}, {}],
    });
    expect(Object.keys(document.daemons[0] ?? {}).slice(0, 8)).toEqual([
      'id',
      'hoster',
      'site',
      'pid',
      'alive',
      'address',
      'fragments',
      'bytes',
    ]);
    const stop = await run(['network', 'stop', network, '--json']);
    expect([stop.status, JSON.parse(stop.stdout)]).toEqual([0, { stopped: [], killed: [] }]);
  });

  it('does not burn a site it does not have', async () => {
    const network = join(directory, 'network');
    const burnt = await run(['network', 'burn', network, '--site', 'paris', '--yes']);
    expect(burnt.status).toBe(2);
    expect(burnt.stderr).toContain('strasbourg, metz, nancy');
  });

  it('damaged on its charter is an integrity failure', async () => {
    const broken = join(directory, 'broken.cbor');
    await writeFile(broken, 'hello');
    const shown = await run(['charter', 'show', '--network', broken, '--json']);
    expect(shown.status).toBe(3);
    expect(JSON.parse(shown.stdout)).toMatchObject({ error: { code: 'CHARTER_FILE_MALFORMED' } });
  });
});

describe('a proof of deletion', () => {
  const vectors = join(import.meta.dirname, '..', '..', 'ledger', 'vectors');

  it.each([
    ['deletion-finished', true, 'FINISHED: all of it is given up and erased'],
    ['deletion-unfinished', false, 'NOT FINISHED'],
  ])('%s is known by its format and checked', async (name, finished, words) => {
    const { root } = JSON.parse(await readFile(join(vectors, `${name}.json`), 'utf8')) as { root: string };
    const check = ['check-proof', join(vectors, `${name}.txt`), '--charter-root', root];
    const plain = await run(check);
    expect([plain.status, plain.stderr]).toEqual([0, '']);
    expect(plain.stdout).toContain(words);
    const json = await run([...check, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      holds: true,
      statement: { format: 'vauban/deletion/0', finished },
    });
  });

  it('that was changed does not check', async () => {
    const { root } = JSON.parse(await readFile(join(vectors, 'deletion-unfinished.json'), 'utf8')) as {
      root: string;
    };
    const text = await readFile(join(vectors, 'deletion-unfinished.txt'), 'utf8');
    const file = join(directory, 'changed.proof');
    await writeFile(
      file,
      text.replace('NOT FINISHED: see below', 'FINISHED: all of it is given up and erased'),
    );
    const checked = await run(['check-proof', file, '--charter-root', root, '--json']);
    expect(checked.status).toBe(3);
    expect(JSON.parse(checked.stdout)).toMatchObject({ error: { code: 'PROOF_ALTERED' } });
  });
});
