// A small drill against real daemons, whole: the dry run, the fire, the report, its seal and its entry in the ledger; and what
// nobody may do.

import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeCrypto } from '@vauban/core/node';
import { OperatorDesk, readLedger } from '@vauban/fleet';
import { originOf } from '@vauban/ledger';
import { begin, type Outcome, run } from '../support/command.ts';
import { TestNetwork, until } from '../support/network.ts';

let network: TestNetwork;
let reports: string;
let scenario: string;

const text = `
name = "small-fire"
healthy = "1s"
heal-within = "90s"
full-margin = "1s"

[title]
en = "A small fire"
fr = "Un petit incendie"

[story]
en = "One of five sites burns."
fr = "Un site sur cinq brûle."

[network]
sites = 5
k = 3
m = 2

[durations]
suspect-after = "2s"
lost-after = "4s"

[workload]
files = 3
bytes-each = "300kB"
readers = 1
writers = 1
write-bytes = "100kB"

[[steps]]
do = "burn"
sites = ["metz"]
`;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 5, k: 3, m: 2 });
  reports = join(network.scratch, 'reports');
  scenario = join(network.scratch, 'small-fire.toml');
  await writeFile(scenario, text);
});
afterAll(() => network?.close());

const drill = (...argv: readonly string[]): Promise<Outcome> =>
  run(['drill', ...argv, '--network', network.directory, '--json']);

const verify = (html: string): Promise<Outcome> =>
  run(['drill', 'verify', html, '--network', network.directory, '--json']);

async function charterText(): Promise<string> {
  return (await run(['charter', 'show', '--network', network.directory, '--toml'])).stdout;
}

async function burnt(): Promise<readonly string[]> {
  return (await network.daemons()).filter((one) => one.burnt).map(({ site }) => site);
}

describe('what is asked wrongly is told with a way out, and nothing burns', () => {
  it.each<[what: string, argv: () => readonly string[], code: string]>([
    ['a scenario that is none', () => ['burn-one-sight'], 'SCENARIO_MISSING'],
    ['a site that the network has not', () => ['strasbourg-2021', '--dry-run'], 'SITE_UNKNOWN'],
    ['no place for the report', () => [scenario, '--yes'], 'REPORT_MISSING'],
    [
      'a place where nobody can write',
      () => [scenario, '--report', `${scenario}/reports`, '--yes'],
      'REPORT_PLACE',
    ],
    [
      'a margin that no segment has',
      () => [scenario, '--report', reports, '--abort-below', '3', '--yes'],
      'MARGIN_UNKNOWN',
    ],
    ['no consent', () => [scenario, '--report', reports], 'YES_MISSING'],
    ['a margin that is none', () => [scenario, '--report', reports, '--abort-below', 'low'], 'USAGE'],
  ])('%s', async (_, argv, code) => {
    const outcome = await drill(...argv());
    expect([outcome.code, outcome.json.error.code]).toEqual([2, code]);
    expect(await burnt()).toEqual([]);
  });

  it('a key that is no operator’s of this charter', async () => {
    const other = await TestNetwork.create({ sites: 5, k: 3, m: 2 });
    try {
      const key = join(other.directory, 'operators', 'crisis-team.key');
      const outcome = await drill(scenario, '--report', reports, '--yes', '--operator-key', key);
      expect([outcome.code, outcome.json.error.code]).toEqual([6, 'OPERATOR_UNKNOWN']);
      expect(await burnt()).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('a report that no drill made', async () => {
    const path = join(network.scratch, 'some.html');
    await writeFile(path, '<!doctype html><p>all kept</p>\n');
    const outcome = await verify(path);
    expect([outcome.code, outcome.json.error.code]).toEqual([3, 'SEAL_MISSING']);
  });
});

describe('the dry run', () => {
  it('foresees from placement alone, and does nothing', async () => {
    const vault = await network.vault();
    const source = join(network.scratch, 'plan');
    await writeFile(source, Buffer.alloc(400_000, 7));
    await vault.ask('put', source, 'plan');
    const { code, json } = await drill(scenario, '--dry-run');
    expect(code).toBe(0);
    expect(json).toMatchObject({ scenario: 'small-fire', sites: ['metz'], segments: 1, segmentsAtRisk: 0 });
    expect(json.byMargin).toEqual({ 1: 1 });
    expect(json.fragmentsToRebuild).toBe(1);
    expect(json.bytesToMove).toBeGreaterThan(100_000);
    expect(await burnt()).toEqual([]);
  });
});

describe('a drill that is interrupted', () => {
  it('switches on what it had switched off, puts the charter back, and says so in the ledger; a second one is refused meanwhile', async () => {
    const dark = join(network.scratch, 'dark.toml');
    const waits = text.replace('small-fire', 'dark').replace('do = "burn"', 'do = "kill"');
    await writeFile(dark, waits.replace('metz', 'nancy').replace('healthy = "1s"', 'healthy = "3s"'));
    const before = await charterText();
    const where = ['--network', network.directory, '--report', reports, '--yes'];
    const playing = begin(['drill', dark, ...where]);
    await playing.says('healthy: nothing');
    const second = await drill(scenario, '--report', reports, '--yes');
    expect([second.code, second.json.error.code]).toEqual([6, 'DRILL_UNDER_WAY']);
    await playing.says('Nancy: power lost');
    await until(async () => (await network.daemon('nancy')).pid === undefined);
    playing.child.kill('SIGINT');
    const ended = await playing.outcome;
    expect([ended.code, ended.stderr]).toEqual([130, expect.not.stringContaining('Not as it was')]);
    expect(ended.stderr.replaceAll('\n', ' ')).toContain('broken off by hand, so there is no report');
    expect(ended.stderr).toContain('nothing has burnt');

    expect((await network.daemon('nancy')).pid).toBeDefined();
    const after = await charterText();
    expect(waitsOf(after)).toEqual(waitsOf(before));
    const desk = await OperatorDesk.open(network.directory);
    try {
      const ledger = await readLedger(desk.session, {
        answers: new Set(desk.charter.daemons.map(({ id }) => id)),
      });
      const origin = originOf(nodeCrypto, desk.charter.name, desk.charter.operators[0]?.key as Uint8Array);
      const { certifiedSize } = ledger?.logs.state(origin) ?? { certifiedSize: 0 };
      const said = await Promise.all(
        [2, 1].map(async (back) => (await ledger?.logs.entry(origin, certifiedSize - back))?.payload),
      );
      expect(said).toMatchObject([
        { kind: 'drill', phase: 'begun', scenario: 'dark' },
        { kind: 'drill', phase: 'aborted', report: null },
      ]);
    } finally {
      await desk.close();
    }
  });
});

describe('a drill whose terminal is closed', () => {
  it('is broken off in order too: nothing stays cut off, and the charter is as it was', async () => {
    const away = join(network.scratch, 'away.toml');
    const cut = text.replace('small-fire', 'away').replace('do = "burn"', 'do = "cut"');
    await writeFile(away, cut.replace('metz', 'nancy'));
    const before = await charterText();
    const playing = begin(['drill', away, '--network', network.directory, '--report', reports, '--yes']);
    await playing.says('Nancy: cut off');
    // The terminal hangs up, and nobody reads any more what is still said.
    playing.child.kill('SIGHUP');
    playing.child.stdout?.destroy();
    playing.child.stderr?.destroy();
    const [code] = await once(playing.child, 'exit');
    expect(code).toBe(130);
    expect(waitsOf(await charterText())).toEqual(waitsOf(before));
    await expect(readFile(join(network.directory, 'drills', 'under-way.json'))).rejects.toThrow('ENOENT');
    await until(async () => {
      const { json } = await run(['repair', 'status', '--network', network.directory, '--json']);
      return json.silent.length === 0;
    });
  });
});

/** The lines of the charter's text that are waiting times. */
function waitsOf(charter: string): readonly string[] {
  const lines = charter
    .split('\n')
    .filter((line) => /^[a-z-]+-(after|max|grace|period)|^takeover|^recheck/.test(line));
  expect(lines.length).toBeGreaterThan(5);
  return lines;
}

describe('a small fire', () => {
  it('is played, judged, sealed and in the ledger', async () => {
    const before = await charterText();
    const played = await drill(scenario, '--report', reports, '--yes');
    expect(played.json, played.stderr).toMatchObject({ ok: true, scenario: 'small-fire', aborted: null });
    expect(played.code).toBe(0);
    expect(await burnt()).toEqual(['metz']);
    const kept = (played.json.promises as { name: string; kept: boolean }[]).filter((one) => one.kept);
    expect(kept.map(({ name }) => name)).toEqual([
      'acknowledged-data-reads',
      'no-wrong-byte',
      'nothing-purged',
      'margin-returns',
      'disks-agree',
      'ledger-goes-on',
    ]);
    // Nothing is left staged, and the charter's waits are its own again.
    expect(waitsOf(await charterText())).toEqual(waitsOf(before));

    const { html, json } = played.json.report;
    expect((await readdir(reports)).length).toBe(2);
    const data = JSON.parse(await readFile(json, 'utf8'));
    expect(data.promises).toHaveLength(6);
    // What Metz sent until it was killed is counted, and somebody read from the others to rebuild what it held.
    expect(data.unread).toEqual([]);
    expect(data.sentBytes).toBeGreaterThan(data.storedBytes);
    expect(Object.keys(data.repairBytesFrom).length).toBeGreaterThan(0);
    expect(data.repairBytesFrom.metz).toBe(undefined);
    const genuine = await verify(html);
    expect(genuine.json).toMatchObject({
      ok: true,
      operator: 'crisis-team',
      scenario: 'small-fire',
      phase: 'ended',
    });

    const page = await readFile(html);
    for (const at of [0, page.length >> 1, page.length - 200, page.length - 10]) {
      const changed = Buffer.from(page);
      changed[at] = (changed[at] as number) ^ 1;
      const path = join(network.scratch, 'changed.html');
      await writeFile(path, changed);
      const outcome = await verify(path);
      expect([outcome.code, outcome.json.ok], `byte ${at}`).toEqual([3, undefined]);
    }
    const log = await run(['ledger', 'verify', '--network', network.directory, '--json']);
    expect(log.json).toMatchObject({ ok: true });
  });

  it('breaks off below the floor that its operator sets', async () => {
    const floor = scenario.replace('small-fire', 'next-fire');
    await writeFile(
      floor,
      text.replace('small-fire', 'next-fire').replace('do = "burn"', 'do = "cut"').replace('metz', 'nancy'),
    );
    const played = await drill(floor, '--report', reports, '--yes', '--abort-below', '2');
    expect(played.code, played.stderr).toBe(1);
    expect(played.json).toMatchObject({ ok: false, scenario: 'next-fire' });
    expect(played.json.aborted).toContain('below the floor of 2');
    expect((await verify(played.json.report.html)).json).toMatchObject({ ok: true, phase: 'aborted' });
  });
});
