// The promise: with the agency's machine gone and two sites burnt, the 24 words bring back the whole namespace.

import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf, TestNetwork } from '../support/network.ts';
import { AgencyVault, expectEnd, joinNetwork, segmentsStored, untilMidway } from './agency.ts';
import { fragmentFiles } from './fragment-files.ts';
import { treeOf } from './tree.ts';

let network: TestNetwork;
let vault: AgencyVault;
let source: string;

beforeAll(async () => {
  // Seven hosters, of which five are a quorum: exactly those that are left at the end.
  network = await TestNetwork.up({ sites: 7, k: 5, m: 2 });
  vault = await joinNetwork(network);
  source = await network.tree('in', {
    empty: '',
    'council/minutes été.txt': 'Séance ouverte à 18 h.',
    ...Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`letters/${n}`, bytesOf(n * 1_117 + 1, n + 1)]),
    ),
    'films/large': bytesOf(34_000_000, 99),
  });
  await mkdir(join(source, 'an empty directory'));
  await symlink('../council', join(source, 'letters/link'));
});
afterAll(() => network?.close());

it('gives back every path with its bytes, and nothing that was never acknowledged', async () => {
  await vault.ask('put', source, '');
  await writeFile(join(source, 'replaced'), 'first');
  await vault.ask('put', join(source, 'replaced'), 'replaced');
  await writeFile(join(source, 'replaced'), 'second');
  await vault.ask('put', join(source, 'replaced'), 'replaced');
  await vault.ask('put', join(source, 'replaced'), 'removed');
  await vault.ask('rm', 'removed');
  const before = await vault.paths();

  // Killed with fragments on every disk and no entry that names them.
  const fragments = (await fragmentFiles(network)).length;
  const unfinished = vault.begin('put', join(source, 'films/large'), 'never/acknowledged');
  await untilMidway(unfinished, async () => (await segmentsStored(vault)) > 0);
  unfinished.child.kill('SIGKILL');
  expect(await unfinished.outcome).toMatchObject({ signal: 'SIGKILL', stdout: '' });
  expect((await fragmentFiles(network)).length).toBeGreaterThanOrEqual(fragments + 7);

  await rm(vault.directory, { recursive: true });
  await network.burn('strasbourg');
  await network.burn('nancy');

  const words = join(network.scratch, 'words.txt');
  await writeFile(words, `${vault.created.json.words}\n`);
  const recovered = new AgencyVault({
    directory: join(network.scratch, 'new-machine'),
    passphraseFile: vault.passphraseFile,
    created: vault.created,
    scratch: network.scratch,
  });
  const told = await recovered.ask('vault', 'recover', '--words-file', words, '--network', network.directory);
  expect(told).toMatchObject({ vault: vault.created.json.vault, objects: before.length });
  expect(told.device).not.toBe(vault.created.json.device);

  expect(await recovered.paths()).toEqual(before);
  const out = join(network.scratch, 'out');
  const got = await recovered.run('get', '/', out);
  expectEnd(got, 0);
  expect(got.stderr).toBe('');
  expect(await treeOf(out)).toEqual(await treeOf(source));

  // The new device writes, and the ledger of both devices checks.
  await recovered.ask('put', join(source, 'replaced'), 'council/after the fire');
  expect(await recovered.ask('ledger', 'verify')).toMatchObject({ ok: true, problems: [] });
});
