// The forecast as a verb: what it prints for people and for scripts, that it takes a real network's charter, and what it refuses.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './captured.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vauban-cli-forecast-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** As little as shows anything. */
const quick = ['forecast', '--effort', 'quick', '--years', '1', '--segments', '1000', '--policies', '4+2'];

describe('a forecast', () => {
  it('is the same twice from one seed, and fits 80 columns', async () => {
    const [one, other] = [await run(quick), await run(quick)];
    expect([one.status, one.stdout]).toEqual([0, other.stdout]);
    expect(one.stdout).toContain('4+2');
    expect(one.stdout).toContain('95 % interval');
    expect(one.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('of a real charter writes a page and its data', async () => {
    const network = join(directory, 'network');
    expect((await run(['network', 'create', network])).status).toBe(0);
    const where = ['--network', network, '--report', join(directory, 'report')];
    const { status, stdout, stderr } = await run([...quick.slice(0, -1), 'own,3-copies', ...where, '--json']);
    expect(status, stderr).toBe(0);
    const told = JSON.parse(stdout);
    expect(told.sensitivities.rows.length).toBeGreaterThan(5);
    const page = await readFile(told.report.html, 'utf8');
    expect(['<html', 'lang="en"', 'lang="fr"'].filter((mark) => !page.includes(mark))).toEqual([]);
    expect(JSON.parse(await readFile(told.report.json, 'utf8'))).toMatchObject({ seed: 1, years: 1 });
  });

  it('prints its assumptions as a file that it reads again', async () => {
    const { stdout } = await run(['forecast', '--print-assumptions']);
    const file = join(directory, 'assumptions.toml');
    await writeFile(file, stdout);
    const again = await run(['forecast', '--assumptions', file, '--print-assumptions']);
    expect([again.status, again.stdout]).toEqual([0, stdout]);
    await writeFile(file, `${stdout}\nmeteorites = 1\n`);
    const odd = await run(['forecast', '--assumptions', file, '--print-assumptions', '--json']);
    expect(odd.status).toBe(2);
    expect(odd.stdout).toContain('meteorites');
  });

  it.each([
    [['--policies', '7+7']],
    [['--years', 'ten']],
    [['--sites', '0']],
    [['--segments', '0']],
    [['--segments', '2000000000000']],
    [['--effort', 'heroic']],
    [['--network', 'nowhere', '--sites', '4']],
  ])('is refused with %j', async (argv) => {
    expect((await run(['forecast', '--effort', 'quick', ...argv])).status).toBe(2);
  });
});
