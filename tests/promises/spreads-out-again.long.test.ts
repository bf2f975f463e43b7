// The promise: when a site joins after a fire, fragments that had to share sites spread out over it, without anybody asking,
// and no copy too many is left. The newcomer is a hoster of its own that has no vote: it learns what is certified from those
// that have. Five real daemons and a sixth; the disks are looked at from outside.

import { copyFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { metricOf } from '../support/admin.ts';
import { ask, inWords, type Json, runHere } from '../support/command.ts';
import { bytesOf, type TestNetwork, type TestVault, until } from '../support/network.ts';
import { fragmentFiles } from './fragment-files.ts';
import { HealingNetwork } from './healing-network.ts';
import type { PlacedRoots } from './surviving-disks.ts';

const N = 5;
const NEW = 'verdun';
let healing: HealingNetwork;
let network: TestNetwork;
let placed: readonly PlacedRoots[];
/** Its copy of the charter is of the time before the newcomer. */
let before: TestVault;

beforeAll(async () => {
  healing = await HealingNetwork.up({
    sites: N,
    k: 3,
    m: 2,
    // Nobody else takes over meanwhile: the newcomer itself is to do it.
    durations: { suspectAfterMs: 1_500, lostAfterMs: 4_000, takeoverMs: 60_000, trimGraceMs: 1_000 },
    files: new Map(
      [20_000_000, 300_000, 40_000].map((bytes, nth) => [`file-${nth}`, bytesOf(bytes, nth + 1)]),
    ),
  });
  ({ network, placed } = healing);
}, 120_000);
afterAll(() => healing?.close());

async function charter(...argv: string[]): Promise<Json> {
  const ended = await runHere(['charter', ...argv, '--network', network.directory, '--json']);
  if (ended.code !== 0) throw new Error(inWords(ended));
  return ended.json;
}

/** As `network status` shows it. */
async function standingOf(site: string): Promise<Json> {
  const { daemons } = await ask(['network', 'status', network.directory]);
  return daemons.find((one: Json) => one.site === site);
}

it('five sites, one burns: fragments share what is left', async () => {
  await network.burn('strasbourg');
  await ask(['site', 'declare-lost', 'strasbourg', '--network', network.directory, '--yes']);
  await until(async () => (await healing.sitesOf()).every((sites) => sites.length === N));
  for (const sites of await healing.sitesOf()) expect(new Set(sites).size).toBe(N - 1);
}, 120_000);

it('a sixth joins: each segment lies on five sites again, and nothing is left over', async () => {
  const { vault } = healing;
  before = vault.at(join(network.scratch, 'vault-before'));
  await cp(vault.directory, before.directory, { recursive: true });
  const home = join(network.directory, 'daemons', NEW);
  const listen = `/ip4/127.0.0.1/tcp/${20_000 + (process.pid % 10_000)}`;
  const of = ['--hoster', 'Hébergeur Frontière', '--site', 'Verdun', '--listen', listen];
  const { publicLine } = await ask(['daemon', 'init', home, ...of]);
  const draft = join(network.scratch, 'draft');
  await charter('propose', '--add', publicLine, '-o', draft);
  for (const officer of ['mirabelle', 'bergamote', 'libellule', 'houblon'])
    await charter('sign', draft, '--key', join(network.directory, 'officers', `hebergeur-${officer}.key`));
  await charter('apply', draft);
  await copyFile(join(network.directory, 'charter.cbor'), join(home, 'charter.cbor'));
  await network.start();

  await until(async () => (await healing.sitesOf()).every((sites) => new Set(sites).size === N));
  await until(async () => (await fragmentFiles(network)).length === N * placed.length);
  for (const sites of await healing.sitesOf())
    expect(sites).toEqual(['metz', 'mulhouse', 'nancy', 'reims', NEW]);
  // Each once: what it has certified it knows, without being told by its voters first.
  const repaired = (await network.logOf(NEW)).match(/"repaired"/g) ?? [];
  expect(repaired).toHaveLength(placed.length);
  expect(await metricOf(await network.daemon(NEW), 'vauban_repaired_fragments_total')).toBe(placed.length);
  expect(await standingOf(NEW)).toMatchObject({ state: 'up', fragments: placed.length });
  await healing.reads('spread');
}, 240_000);

it('what lies at the newcomer counts: two others fall silent, and everything is read, also by who never heard of it', async () => {
  await network.kill('metz', 'nancy');
  for (const sites of await healing.sitesOf()) {
    const left = sites.filter((site) => site !== 'metz' && site !== 'nancy');
    expect(left).toEqual(['mulhouse', 'reims', NEW]);
  }
  await healing.reads('unheard', { by: before });
  await healing.reads('two-less');
}, 60_000);
