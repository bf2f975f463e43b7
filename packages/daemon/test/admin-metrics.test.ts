// Metrics as Prometheus reads them, and the alert rules over them. promtool (Debian: prometheus) has the last word where
// it is installed.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { exposition } from '../src/admin/exposition.ts';
import { metricFamilies } from '../src/admin/metrics.ts';
import { metricFacts } from './admin-setup.ts';

const alerts = (name: string) => fileURLToPath(new URL(`../alerts/${name}`, import.meta.url));
const rules = readFileSync(alerts('vauban.rules.yml'), 'utf8');
const ruleTests = readFileSync(alerts('vauban.rules.test.yml'), 'utf8');
const families = metricFamilies(metricFacts);
const text = exposition(families);

const promtool = spawnSync('promtool', ['--version']).status === 0;
const unlessMissing = promtool
  ? ''
  : ' (not run: no promtool; scripts/install-debian-packages.sh installs it)';

describe('the metrics', () => {
  it('have unique names, in base units, and counters say so', () => {
    const names = families.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type, help } of families) {
      expect(name).toMatch(/^vauban_[a-z]+(_[a-z]+)*$/);
      expect(name).not.toMatch(/(_ms|_millis.*|_kb|_mb|_minutes|_percent)$/);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
    }
  });

  it('carry hoster and site, and of others only sites, agencies, codes and states', () => {
    const labels = new Set(
      families.flatMap(({ samples }) => samples.flatMap((one) => Object.keys(one.labels))),
    );
    expect([...labels].sort()).toEqual(
      ['agency', 'code', 'hoster', 'margin', 'peer_hoster', 'peer_site', 'result', 'site', 'state'].sort(),
    );
    for (const { samples } of families) {
      for (const one of samples) expect(one.labels).toMatchObject({ hoster: 'cigogne', site: 'strasbourg' });
    }
  });

  test.each([
    'vauban_start_time_seconds{hoster="cigogne",site="strasbourg"} 1800000000.5',
    'vauban_held_bytes{hoster="cigogne",site="strasbourg",agency="archives"} 48000',
    'vauban_peers{hoster="cigogne",site="strasbourg",peer_hoster="mirabelle",peer_site="metz",state="lost"} 2',
    'vauban_segments_to_repair{hoster="cigogne",site="strasbourg",margin="-1"} 1',
    'vauban_segments_to_repair{hoster="cigogne",site="strasbourg",margin="8+"} 9',
    'vauban_audits_total{hoster="cigogne",site="strasbourg",result="failed"} 1',
    'vauban_draining{hoster="cigogne",site="strasbourg"} 1',
    'vauban_drain_remaining_bytes{hoster="cigogne",site="strasbourg"} 48016',
    '# HELP vauban_repair_remaining_bytes Fragment bytes that repair still has to bring here.',
    '# TYPE vauban_refused_messages_total counter',
  ])('have the line %s', (line) => {
    expect(text.split('\n')).toContain(line);
  });

  it('have nothing left to hand over while nobody leaves', () => {
    const staying = exposition(metricFamilies({ ...metricFacts, draining: false }));
    expect(staying).toMatch(/^vauban_drain_remaining_bytes\{.*\} 0$/m);
  });

  it('leave out what nobody tells', () => {
    const without = exposition(metricFamilies({ ...metricFacts, care: undefined, peers: [] }));
    expect(without).not.toMatch(/vauban_(audits|scrub|repair|peers)/);
  });

  it('escape what labels and numbers may hold', () => {
    const samples = [
      { labels: { agency: 'a"b\\c\nd' }, value: Number.POSITIVE_INFINITY },
      { labels: {}, value: Number.NaN },
    ];
    expect(exposition([{ name: 'x', type: 'gauge', help: 'one\ntwo \\ three', samples }])).toBe(
      '# HELP x one\\ntwo \\\\ three\n# TYPE x gauge\nx{agency="a\\"b\\\\c\\nd"} +Inf\nx NaN\n',
    );
  });

  it.runIf(promtool)(`pass promtool’s lint${unlessMissing}`, () => {
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: text });
    expect([status, `${stderr}${stdout}`]).toEqual([0, '']);
  });
});

describe('the alert rules', () => {
  const named = (source: string) => [...new Set(source.match(/\bvauban_[a-z_]+\b/g))];
  const names = families.map(({ name }) => name);

  test.each(named(rules))('use %s, which there is', (name) => {
    expect(names).toContain(name);
  });

  it('are tested with metrics that there are, each rule at least once', () => {
    expect(named(ruleTests).filter((name) => !names.includes(name))).toEqual([]);
    const all = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name as string);
    expect(all.length).toBeGreaterThan(9);
    expect(all.filter((name) => !ruleTests.includes(`alertname="${name}",alertstate="firing"`))).toEqual([]);
  });

  it.runIf(promtool)(`are sound, and fire when they should${unlessMissing}`, () => {
    for (const args of [
      ['check', 'rules', alerts('vauban.rules.yml')],
      ['test', 'rules', alerts('vauban.rules.test.yml')],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
      expect([status, status === 0 ? '' : `${stdout}${stderr}`]).toEqual([0, '']);
    }
  });
});
