// A declaration of sovereignty that ends, while everything runs: no new fragment goes to that hoster, the operator is
// told, and what it holds is read as before. A declaration that breaks the rule never gets a fragment at all.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inWords, type Json, runHere } from '../support/command.ts';
import { bytesOf, TestNetwork, type TestVault } from '../support/network.ts';

let network: TestNetwork;
let vault: TestVault;
beforeAll(async () => {
  network = await TestNetwork.up({ sites: 4, k: 2, m: 1 });
  vault = await network.vault();
}, 60_000);
afterAll(() => network?.close());

const path = (name: string) => join(network.scratch, name);

async function ask(...argv: string[]): Promise<Json> {
  const ended = await runHere([...argv, '--json']);
  if (ended.code !== 0) throw new Error(inWords(ended));
  return ended.json;
}

/** Puts the charter's text, changed, in force. */
async function enact(name: string, change: (text: string) => string): Promise<void> {
  const where = ['--network', network.directory] as const;
  const shown = await runHere(['charter', 'show', '--toml', ...where]);
  const text = change(shown.stdout);
  expect(text).not.toBe(shown.stdout);
  await writeFile(path(`${name}.toml`), text);
  await ask('charter', 'propose', path(`${name}.toml`), ...where, '-o', path(name));
  for (const one of ['cigogne', 'mirabelle', 'bergamote']) {
    const key = join(network.directory, 'officers', `hebergeur-${one}.key`);
    await ask('charter', 'sign', path(name), ...where, '--key', key);
  }
  await ask('charter', 'apply', path(name), ...where);
}

async function put(name: string): Promise<string[]> {
  await writeFile(path('in'), bytesOf(200_000, name.length));
  const done = await vault.here('put', path('in'), name, '--json');
  if (done.code !== 0) throw new Error(inWords(done));
  const where = await vault.here('where', name, '--json');
  const sites = where.json.segments.flatMap((one: Json) => one.fragments.map(({ site }: Json) => site));
  return [...new Set<string>(sites)].sort();
}

const alertsOf = async (site: string): Promise<string[]> => {
  const { daemons } = await ask('network', 'status', network.directory);
  return daemons.find((one: Json) => one.site === site).alerts;
};

test('an ended declaration stops new placements at once, is shown, and stops no read', async () => {
  const before: string[] = [];
  while (!before.includes('metz')) before.push(...(await put(`early/${before.length}`)));
  const soon = new Date(Date.now() + 6_000).toISOString();
  const ending =
    /(\[\[hosters\]\]\nid = "hebergeur-mirabelle"[\s\S]*?\[hosters\.declaration\][\s\S]*?valid-until = )\S+/;
  await enact('ending', (text) => text.replace(ending, `$1${soon}`));
  expect((await alertsOf('metz')).join()).toContain('it needs a new one');
  await sleep(Math.max(0, Date.parse(soon) - Date.now()) + 50);
  for (let nth = 0; nth < 3; nth++)
    expect(await put(`late/${nth}`)).toEqual(['nancy', 'reims', 'strasbourg']);
  expect((await alertsOf('metz')).join()).toContain('it gets no new fragments');
  const got = await vault.here('get', 'early', path('back'), '--json');
  expect(got.code, inWords(got)).toBe(0);
  expect((await readFile(path('back/0'))).equals(bytesOf(200_000, 'early/0'.length))).toBe(true);
}, 60_000);

test('a hoster owned from elsewhere gets nothing, and the reason is shown', async () => {
  const owned =
    /(\[\[hosters\]\]\nid = "hebergeur-mirabelle"[\s\S]*?\[hosters\.declaration\][\s\S]*?foreign-share-largest = )0([\s\S]*?valid-until = )\S+/;
  await enact('owned', (text) => text.replace(owned, `$125$2${new Date(Date.now() + 9e9).toISOString()}`));
  expect(await put('owned')).toEqual(['nancy', 'reims', 'strasbourg']);
  expect((await alertsOf('metz')).join()).toContain('foreignShareLargest is 25, allowed is 24');
}, 30_000);
