// Drills of the library with real processes: three that have to be kept, and the three sabotages, which have to be seen.

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../support/command.ts';
import { TestNetwork } from '../support/network.ts';

interface Judged {
  readonly name: string;
  readonly kept: boolean;
  readonly detail: string;
}

/** Plays it on a network of its own. */
async function played(
  name: string,
): Promise<{ readonly code: number | null; readonly broken: readonly string[]; readonly said: string }> {
  const network = await TestNetwork.up({ sites: 9, k: 6, m: 3 });
  try {
    const where = ['--network', network.directory];
    const reports = join(network.scratch, 'reports');
    const { code, json, stderr } = await run([
      'drill',
      name,
      ...where,
      '--report',
      reports,
      '--yes',
      '--json',
    ]);
    const promises = (json?.promises ?? []) as Judged[];
    const broken = promises.filter(({ kept }) => !kept);
    const said = `${broken.map((one) => `${one.name}: ${one.detail}`).join('\n')}\n${stderr.slice(-2_000)}`;
    if (code === 0) {
      const genuine = await run(['drill', 'verify', json.report.html, ...where, '--json']);
      expect(genuine.json, genuine.stderr).toMatchObject({ ok: true, scenario: name, phase: 'ended' });
    }
    expect(promises.length, said).toBeGreaterThanOrEqual(6);
    return { code, broken: broken.map((one) => one.name), said };
  } finally {
    await network.close();
  }
}

it.each(['burn-one-site', 'rolling-upgrade', 'strasbourg-2021'])('%s is kept', async (name) => {
  const { code, broken, said } = await played(name);
  expect(broken, said).toEqual([]);
  expect(code).toBe(0);
});

it.each([
  ['sabotage-late-purge', 'nothing-purged'],
  ['sabotage-lying-leaves', 'acknowledged-data-reads'],
  ['sabotage-too-many-sites', 'acknowledged-data-reads'],
])('%s is seen: %s is broken', async (name, promise) => {
  const { code, broken, said } = await played(name);
  expect(broken, said).toContain(promise);
  expect(code).toBe(1);
});
