// What operators say about sites, on real daemons, by the command: certified, acted upon, shown by other verbs, and in order for
// whoever recomputes the ledger. Waiting times are the standard ones: without the word nothing would happen here for an hour.

import { cp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@vauban/core';
import { declareSiteLost, OperatorDesk } from '@vauban/fleet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Outcome, runHere } from '../support/command.ts';
import { bytesOf, TestNetwork, type TestVault, until } from '../support/network.ts';

let network: TestNetwork;
let vault: TestVault;
let site: string;
let spare: string;

beforeAll(async () => {
  // Four hosters, segments on three of them: the fourth can take what one loses.
  network = await TestNetwork.up({ sites: 4, k: 2, m: 1 });
  vault = await network.vault();
  const source = join(network.scratch, 'plan');
  await writeFile(source, bytesOf(300_000));
  await vault.ask('put', source, 'plan');
  const holders = await holdersOf();
  site = holders[0] as string;
  spare = ['strasbourg', 'metz', 'nancy', 'reims'].find((one) => !holders.includes(one)) as string;
});
afterAll(() => network?.close());

async function holdersOf(): Promise<string[]> {
  const { segments } = await vault.ask('where', 'plan');
  return (segments as { fragments: { site: string; live: boolean }[] }[]).flatMap(({ fragments }) =>
    fragments.filter(({ live }) => live).map((one) => one.site),
  );
}

const operator = (...argv: readonly string[]): Promise<Outcome> =>
  runHere([...argv, '--network', network.directory, '--json']);

async function done(...argv: readonly string[]) {
  const outcome = await operator(...argv);
  expect([outcome.code, outcome.stderr], argv.join(' ')).toEqual([0, '']);
  return outcome.json;
}

async function standing(of: string) {
  const { json } = await runHere(['network', 'status', network.directory, '--json']);
  return (json.daemons as { site: string; [field: string]: unknown }[]).find((one) => one.site === of);
}

const ledgerOf = () => join(network.directory, 'operators', 'crisis-team', 'ledger');

it('a site is not declared lost by a slip of the pen', async () => {
  expect(await operator('site', 'declare-lost', site)).toMatchObject({
    code: 2,
    json: { error: { code: 'YES_MISSING', facts: { site } } },
  });
  expect(await operator('site', 'declare-lost', `${site}z`, '--yes')).toMatchObject({
    code: 2,
    json: { error: { code: 'SITE_UNKNOWN', facts: { nearest: site } } },
  });
});

it('what was signed and found no quorum is finished when it is said again', async () => {
  await network.burn(site);
  const desk = await OperatorDesk.open(network.directory);
  const voters = desk.session.voters.bind(desk.session);
  const append = () => Promise.reject(new Fault('unreachable', 'PEER_UNREACHABLE', 'cut', {}));
  Object.assign(desk.session, { voters: () => voters().map((voter) => ({ ...voter, append })) });
  await expect(declareSiteLost(desk, site)).rejects.toMatchObject({ code: 'QUORUM_UNREACHABLE' });
  await desk.close();
  expect(await standing(site)).toMatchObject({ state: 'burnt', lost: false });

  const said = await done('site', 'declare-lost', site, '--yes');
  expect(said).toMatchObject({ site, operator: 'crisis-team', entry: { index: 1 }, finished: true });
  expect(said.cosignedBy).toHaveLength(3);
  expect(said.daemons).toEqual([(await network.daemon(site)).id]);
});

it('then others rebuild what it held, and other verbs know', async () => {
  await until(async () => (await holdersOf()).includes(spare));
  expect(await done('repair', 'status', '--watch')).toMatchObject({
    paused: false,
    segmentsToRepair: 0,
    bytesToGo: 0,
    etaSeconds: 0,
    silent: [{ site, code: 'PEER_UNREACHABLE' }],
  });
  expect(await standing(site)).toMatchObject({ lost: true, maintenanceUntil: null });
  expect(await standing(spare)).toMatchObject({
    lost: false,
    readOnly: null,
    draining: null,
    segmentsToRepair: 0,
  });
  const text = await runHere(['network', 'status', network.directory]);
  expect(text.stdout).toContain(`${site} was declared lost`);
  expect(text.stdout).toContain('worst margin 1 site');
});

it('a loss is not declared twice', async () => {
  const again = await operator('site', 'declare-lost', site, '--yes');
  expect(again).toMatchObject({
    code: 6,
    json: { error: { code: 'SITE_LOST_ALREADY', facts: { index: 1 } } },
  });
});

it('a maintenance is announced, shown and ended', async () => {
  const before = Date.now();
  const { until: end } = await done('site', 'maintenance', spare, '--until', '2h');
  expect(end - before - 7_200_000).toBeGreaterThanOrEqual(0);
  expect(await standing(spare)).toMatchObject({ state: 'up', maintenanceUntil: end });
  expect(await done('site', 'maintenance', spare, '--over')).toMatchObject({ until: 0, entry: { index: 3 } });
  expect(await standing(spare)).toMatchObject({ maintenanceUntil: null });
  expect(await operator('site', 'maintenance', spare, '--until', '2020-01-01')).toMatchObject({
    code: 2,
    json: { error: { code: 'MAINTENANCE_PAST' } },
  });
});

it('repair pauses at all that hear it, and goes on', async () => {
  const { told, silent } = await done('repair', 'pause');
  expect([told.length, silent.map((one: { site: string }) => one.site)]).toEqual([3, [site]]);
  expect(await done('repair', 'status')).toMatchObject({ paused: true });
  await done('repair', 'resume');
  expect(await done('repair', 'status')).toMatchObject({ paused: false, pausedSites: [] });
});

it('the operator’s log is in order like any other', async () => {
  const report = await runHere([
    'ledger',
    'verify',
    '--network',
    network.directory,
    '--all-copies',
    '--json',
  ]);
  expect(report.json).toMatchObject({ ok: true, problems: [] });
  // The agency's device, the daemon that repaired, the operator.
  expect(report.json.logs).toBe(3);
});

it('a key whose log is lost or older than what the hosters hold says nothing more', async () => {
  const kept = join(network.scratch, 'kept');
  await cp(ledgerOf(), kept, { recursive: true });
  await done('site', 'maintenance', spare, '--until', '1h');
  const newest = join(network.scratch, 'newest');
  await rename(ledgerOf(), newest);
  for (const put of [undefined, kept]) {
    if (put !== undefined) await cp(put, ledgerOf(), { recursive: true });
    for (const attempt of [1, 2]) {
      const refused = await operator('site', 'maintenance', spare, '--over');
      expect([attempt, refused.code, refused.json.error.code]).toEqual([attempt, 3, 'WRITER_STATE_LOST']);
      expect(refused.json.error.message).toContain('list a new operator key in the charter');
    }
    await rm(ledgerOf(), { recursive: true });
  }
  await rename(newest, ledgerOf());
  expect(await done('site', 'maintenance', spare, '--over')).toMatchObject({ until: 0 });
});

it('a charter file and a key that lie anywhere are enough', async () => {
  const desk = join(network.scratch, 'desk');
  await cp(join(network.directory, 'charter.cbor'), join(desk, 'charter.cbor'));
  await cp(join(network.directory, 'operators'), join(desk, 'mine'), { recursive: true });
  const where = ['--network', join(desk, 'charter.cbor'), '--json'];
  const without = await runHere(['repair', 'status', ...where]);
  expect(without).toMatchObject({ code: 6, json: { error: { code: 'NO_KEYS' } } });
  const key = ['--operator-key', join(desk, 'mine', 'crisis-team.key')];
  const said = await runHere(['site', 'maintenance', spare, '--until', '1h', ...where, ...key]);
  expect(said).toMatchObject({ code: 0, json: { operator: 'crisis-team' } });
});
