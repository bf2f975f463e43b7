// Scenario files: every one of the library reads; what is misspelt, missing or out of bounds is named.

import { readdirSync, readFileSync } from 'node:fs';
import { isFault, toHex, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { describe, expect, it } from 'vitest';
import { type Deed, deeds, readScenario } from '../src/index.ts';

const folder = new URL('../scenarios/', import.meta.url);
const library = readdirSync(folder).map((file) => ({ file, bytes: readFileSync(new URL(file, folder)) }));
const [sample = ''] = library
  .filter(({ file }) => file === 'strasbourg-2021.toml')
  .map(({ bytes }) => String(bytes));

const read = (text: string) => readScenario(nodeCrypto, utf8(text), 'x.toml');
const faultOf = (text: string) => {
  try {
    read(text);
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
  throw new Error('it was taken');
};

describe('the library', () => {
  it('has the twelve drills and the three that must fail', () => {
    expect(library.map(({ file }) => file.replace('.toml', '')).sort()).toEqual(
      `burn-one-site burn-two-sites burn-second-while-repairing cut-off-and-back
        disk-full lying-hoster power-cut-of-everything rolling-upgrade
        rotting-disk slow-site voting-site strasbourg-2021
        sabotage-late-purge sabotage-lying-leaves sabotage-too-many-sites`
        .split(/\s+/)
        .sort(),
    );
  });

  it.each(library)('$file reads, is named as its file, and speaks both languages', ({ file, bytes }) => {
    const { scenario, digest } = readScenario(nodeCrypto, bytes, file);
    expect(`${scenario.name}.toml`).toBe(file);
    expect(digest).toBe(toHex(nodeCrypto.sha256(bytes)));
    expect(scenario.sabotage).toBe(file.startsWith('sabotage-'));
    for (const words of [scenario.title, scenario.story]) {
      expect(words.en).not.toBe(words.fr);
      expect(`${words.en}${words.fr}`).not.toMatch(/\n| {2}/);
      expect(words.fr).not.toMatch(/ [;:!?»]|« /);
    }
    // People wait for it.
    const waits = scenario.steps.map(({ when }) => ('afterMs' in when ? when.afterMs : 0));
    expect(waits.reduce((sum, ms) => sum + ms, scenario.healthyMs)).toBeLessThan(90_000);
  });

  it('uses every deed but an orderly stop and words on one site alone', () => {
    const used = new Set<Deed>(
      library.flatMap(({ file, bytes }) =>
        readScenario(nodeCrypto, bytes, file).scenario.steps.map((one) => one.deed),
      ),
    );
    expect(deeds.filter((one) => !used.has(one))).toEqual(['stop', 'maintenance']);
  });
});

describe('a scenario file', () => {
  it('becomes values with their units', () => {
    const { scenario } = read(sample);
    expect(scenario.network).toEqual({ sites: 9, k: 6, m: 3 });
    expect(scenario.durations).toEqual({
      suspectAfterMs: 6_000,
      lostAfterMs: 12_000,
      takeoverMs: 20_000,
      awayMaxMs: 24_000,
      eraseGraceMs: 24_000,
      trimGraceMs: 2_000,
    });
    expect(scenario.workload).toEqual({
      files: 12,
      bytesEach: 6_000_000,
      readers: 2,
      writers: 1,
      writeBytes: 400_000,
    });
    expect(scenario.abortBelow).toBeNull();
    expect(scenario.steps[0]).toEqual({ when: { afterMs: 0 }, deed: 'release', sites: [], share: 0.25 });
    expect(scenario.steps[4]).toEqual({ when: { afterMs: 36_000 }, deed: 'start', sites: ['colmar'] });
  });

  const with1 = (from: string | RegExp, to: string) => {
    const changed = sample.replace(from, to);
    if (changed === sample) throw new Error(`the sample has no ${from}`);
    return changed;
  };
  it.each([
    ['a top key', with1('healthy =', 'helthy ='), 'helthy', 'healthy'],
    ['a key of a section', with1('readers =', 'reeders ='), 'workload.reeders', 'readers'],
    ['a key of a step', with1('share =', 'shares ='), 'steps[1].shares', 'share'],
    ['a language', with1('fr =', 'de ='), 'title.de', null],
  ])('names an unknown key and the known ones: %s', (_what, text, key, nearest) => {
    const fault = faultOf(text);
    expect([fault.kind, fault.code, fault.facts['key'], fault.facts['nearest']]).toEqual([
      'usage',
      'SCENARIO_UNKNOWN_KEY',
      key,
      nearest,
    ]);
    expect(fault.message).toContain('Here may stand:');
  });

  it.each([
    ['name', with1(/^name = .*$/m, '')],
    ['steps', with1(/\[\[steps\]\][\s\S]*$/, '')],
    ['workload.writers', with1(/^writers = .*$/m, '')],
    ['story.fr', with1(/^fr = """[\s\S]*?"""$/m, '')],
  ])('names a key that is missing: %s', (key, text) => {
    const fault = faultOf(text);
    expect([fault.code, fault.facts['key']]).toEqual(['SCENARIO_MISSING_KEY', key]);
  });

  it.each([
    ['healthy', with1('healthy = "8s"', 'healthy = "8 parsecs"')],
    ['healthy', with1('healthy = "8s"', 'healthy = 8')],
    ['healthy', with1('healthy = "8s"', 'healthy = "25h"')],
    ['name', with1('strasbourg-2021', 'Strasbourg 2021')],
    ['network', with1('k = 6', 'k = 7')],
    ['network', with1('sites = 9', 'sites = 60')],
    ['workload.files', with1('files = 12', 'files = 1.5')],
    ['workload.bytes-each', with1('"6MB"', '"6 megabytes"')],
    ['workload', with1('"6MB"', '"90GB"')],
    ['steps[1].share', with1('share = 0.25', 'share = 0.0')],
    ['steps[1].share', with1('share = 0.25', '')],
    ['steps[1].sites', with1('share = 0.25', 'share = 0.25\nsites = ["@1"]')],
    ['steps[2].do', with1('do = "burn"', 'do = "nuke"')],
    ['steps[2].sites', with1('sites = ["strasbourg"]', '')],
    ['steps[2].sites', with1('["strasbourg"]', '["@10"]')],
    ['steps[2].sites', with1('["strasbourg"]', '["@1", "@1"]')],
    ['steps[2].sites[1]', with1('["strasbourg"]', '["@none"]')],
    ['steps[2].delay', with1('do = "burn"', 'do = "burn"\ndelay = "1s"')],
    ['steps[2].once', with1('after = "1s"', 'after = "1s"\nonce = "healed"')],
    ['steps[1].once', with1('do = "release"', 'once = "repairing"\ndo = "release"')],
    ['abort-below', with1('healthy =', 'abort-below = -1\nhealthy =')],
    ['title.en', with1(/en = ".*"/, 'en = "\\u0007"')],
  ])('refuses what is out of bounds, naming %s', (key, text) => {
    const fault = faultOf(text);
    expect([fault.kind, fault.code, fault.facts['key']]).toEqual(['usage', 'SCENARIO_VALUE', key]);
  });

  it('refuses what is no TOML, with its line, and what is too long', () => {
    expect(faultOf(with1('k = 6', 'k = = 6')).facts['line']).toBe(30);
    expect(faultOf(with1('k = 6', 'k = = 6')).code).toBe('SCENARIO_SYNTAX');
    expect(faultOf(`${sample}#${'x'.repeat(70_000)}`).code).toBe('SCENARIO_LONG');
    try {
      readScenario(nodeCrypto, Uint8Array.of(0xff, 0xfe), 'x.toml');
      expect.unreachable();
    } catch (error) {
      expect(isFault(error, 'SCENARIO_SYNTAX')).toBe(true);
    }
  });

  it('has the charter’s names for durations', () => {
    expect(faultOf(with1('lost-after', 'lost-afer')).code).toBe('DURATION_UNKNOWN');
    expect(faultOf(with1('suspect-after = "6s"', 'suspect-after = "16s"')).code).toBe('DURATION_ORDER');
  });
});

it('the example of SCENARIOS.md is a scenario', () => {
  const page = readFileSync(new URL('../SCENARIOS.md', import.meta.url), 'utf8');
  const { scenario } = read(/```toml\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  expect(scenario).toMatchObject({ name: 'two-floods', abortBelow: 1, healWithinMs: 180_000 });
  for (const deed of deeds) expect(page).toContain(`\`${deed}\``);
});
