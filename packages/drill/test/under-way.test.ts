// One drill at a time on a network, and waits that outlive the process that shortened them.

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { standardDurations } from '@vauban/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UnderWay } from '../src/adapters/under-way.ts';

let network: string;
const note = () => join(network, 'drills', 'under-way.json');
const shortened = { ...standardDurations, lostAfterMs: 12_000 };
beforeEach(async () => {
  network = await mkdtemp(join(tmpdir(), 'vauban-under-way-'));
});
afterEach(() => rm(network, { recursive: true }));

it('remembers the charter’s own waits until everything is as it was', async () => {
  const first = await UnderWay.begin(network, standardDurations);
  expect(first.durations).toEqual(standardDurations);
  expect((await stat(note())).mode & 0o777).toBe(0o600);
  await first.end();
  await expect(readFile(note())).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await UnderWay.begin(network, shortened)).durations).toEqual(shortened);
});

it('goes by the note of a drill that was cut off, not by the charter that it left', async () => {
  await UnderWay.begin(network, standardDurations);
  // A process id that nobody has.
  const left = JSON.parse(await readFile(note(), 'utf8'));
  await writeFile(note(), JSON.stringify({ ...left, pid: 4_194_304 }));
  expect((await UnderWay.begin(network, shortened)).durations).toEqual(standardDurations);
});

it('refuses to play beside another drill', async () => {
  await UnderWay.begin(network, standardDurations);
  const left = JSON.parse(await readFile(note(), 'utf8'));
  await writeFile(note(), JSON.stringify({ ...left, pid: process.ppid }));
  await expect(UnderWay.begin(network, standardDurations)).rejects.toMatchObject({
    kind: 'refused',
    code: 'DRILL_UNDER_WAY',
  });
});
