// The charter changes while an agency works: members come and go, rules change, and what may not be is refused with its
// reason. Four real daemons, every step by the command, puts and gets without a pause in between.

import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inWords, type Json, type Outcome, runHere } from '../support/command.ts';
import { bytesOf, TestNetwork, type TestVault } from '../support/network.ts';
import { Workload } from './workload.ts';

let network: TestNetwork;
let vault: TestVault;
let load: Workload;
const officers = ['cigogne', 'mirabelle', 'bergamote', 'libellule'].map((name) => `hebergeur-${name}`);

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 4, k: 2, m: 1 });
  vault = await network.vault();
  load = new Workload(vault, network.scratch);
}, 60_000);
afterAll(async () => {
  await load?.stop();
  await network?.close();
});

const path = (name: string) => join(network.scratch, name);
const keyOf = (officer: string) => join(network.directory, 'officers', `${officer}.key`);

/** `vauban charter …`, whatever it ends with. */
function charter(...argv: string[]): Promise<Outcome> {
  return runHere(['charter', ...argv, '--network', network.directory, '--json']);
}

async function done(outcome: Promise<Outcome>): Promise<Json> {
  const ended = await outcome;
  if (ended.code !== 0) throw new Error(inWords(ended));
  return ended.json;
}

async function refused(outcome: Promise<Outcome>, code: string, status = 6): Promise<Json> {
  const ended = await outcome;
  expect([ended.json?.error?.code, ended.code], inWords(ended)).toEqual([code, status]);
  return ended.json.error;
}

/** The text of the charter in force, changed. */
async function edited(name: string, change: (text: string) => string): Promise<string> {
  const shown = await runHere(['charter', 'show', '--toml', '--network', network.directory]);
  const text = change(shown.stdout);
  expect(text).not.toBe(shown.stdout);
  await writeFile(path(name), text);
  return path(name);
}

/** Signed by as many officers as asked for; each on the same draft, from its own key file. */
async function signed(draft: string, by: readonly string[] = officers.slice(0, 3)): Promise<string> {
  for (const officer of by) await done(charter('sign', draft, '--key', keyOf(officer)));
  return draft;
}

async function enact(name: string, ...propose: string[]): Promise<Json> {
  await done(charter('propose', ...propose, '-o', path(name)));
  return done(charter('apply', await signed(path(name))));
}

test('an agency joins by its public line', async () => {
  const passphrase = path('metz.passphrase');
  await writeFile(passphrase, 'un autre\n');
  const create = () =>
    runHere([
      'vault',
      'create',
      '--network',
      path('charter-for-metz'),
      '--vault',
      path('metz'),
      '--passphrase-file',
      passphrase,
      '--agency',
      'Archives de Metz',
      '--json',
    ]);
  await copyFile(join(network.directory, 'charter.cbor'), path('charter-for-metz'));
  const waiting = await create();
  expect(waiting.code).toBe(6);
  await writeFile(path('metz.line'), `${waiting.json.publicLine}\n`);
  const applied = await enact('agency', '--add', path('metz.line'));
  expect(applied.changes).toEqual(['agency archives-de-metz joins (Archives de Metz)']);
  await copyFile(join(network.directory, 'charter.cbor'), path('charter-for-metz'));
  expect((await create()).code).toBe(0);
}, 30_000);

test('a site and a daemon join under load, and get fragments', async () => {
  load.start();
  await load.ops(2);
  const home = join(network.directory, 'daemons', 'verdun');
  const port = 20_000 + (process.pid % 10_000);
  const line = await done(
    runHere([
      'daemon',
      'init',
      home,
      '--hoster',
      'Hébergeur Frontière',
      '--site',
      'Verdun',
      '--listen',
      `/ip4/127.0.0.1/tcp/${port}`,
      '--json',
    ]),
  );
  const applied = await enact('verdun', '--add', line.publicLine);
  expect(applied.changes).toContain('site verdun joins (Verdun)');
  expect(applied.epoch).toBe(1);
  await copyFile(join(network.directory, 'charter.cbor'), join(home, 'charter.cbor'));
  await network.start();
  await load.ops(4);
  const held = async () => {
    const status = await done(runHere(['network', 'status', network.directory, '--json']));
    return status.daemons.find((one: Json) => one.site === 'verdun')?.fragments ?? 0;
  };
  while ((await held()) === 0) await load.ops(1);
}, 40_000);

test('a daemon retires under load, and what it held is read from the others', async () => {
  const text = await edited('retired.toml', (all) => {
    const blocks = all.split(/(?=^\[\[)/m);
    return blocks.filter((block) => !block.includes('"reims"') || block.startsWith('[[hosters]]')).join('');
  });
  // Its hoster keeps the vote only with a daemon: it votes, so it cannot simply go.
  await refused(charter('propose', text, '-o', path('no-voter')), 'CHARTER_INVALID');
  const verdun = await edited('verdun-gone.toml', (all) => {
    const blocks = all.split(/(?=^\[\[)/m);
    return blocks.filter((block) => !/"verdun"|frontiere"/.test(block)).join('');
  });
  const applied = await enact('retired', verdun);
  expect(applied.changes).toContain('site verdun leaves');
  await load.ops(4);
}, 40_000);

test('a policy changes under load: new segments obey it, old ones are still read', async () => {
  const text = await edited('policy.toml', (all) => all.replace(/^k = 2$/m, 'k = 3'));
  const applied = await enact('policy', text);
  expect(applied.changes).toEqual(['policy standard: k 2 → 3']);
  await writeFile(path('wide'), bytesOf(3_000_000, 7));
  await done(vault.here('put', path('wide'), 'wide', '--json'));
  const where = await done(vault.here('where', 'wide', '--json'));
  expect(where.segments[0].k).toBe(3);
  await load.ops(4);
}, 40_000);

test('a suspended agency writes no more and reads on; it is let in again', async () => {
  await load.stop();
  const suspend = (from: string, to: string) => (all: string) =>
    all.replace(new RegExp(`(name = "Agence [^"]*"[^[]*?suspended = )${from}`), `$1${to}`);
  await enact('suspend', await edited('suspend.toml', suspend('false', 'true')));
  await writeFile(path('late'), 'late');
  await refused(vault.here('put', path('late'), 'late', '--json'), 'AGENCY_SUSPENDED');
  expect((await vault.here('get', 'wide', path('wide-back'))).code).toBe(0);
  expect((await readFile(path('wide-back'))).equals(bytesOf(3_000_000, 7))).toBe(true);
  await enact('resume', await edited('resume.toml', suspend('true', 'false')));
  await done(vault.here('put', path('late'), 'late', '--json'));
}, 40_000);

test('what may not be is refused with its reason', async () => {
  const twice = await edited(
    'twice.toml',
    (all) => `${all}\n[[operators]]\nid = "crisis-team"\nkey = "${'ab'.repeat(32)}"\n`,
  );
  const invalid = await refused(charter('propose', twice, '-o', path('twice')), 'CHARTER_INVALID');
  expect(invalid.message).toContain('crisis-team');
  await refused(charter('propose', path('nothing'), '-o', path('x')), 'FILE_UNREADABLE', 2);
  await done(charter('propose', '-o', path('short')));
  await signed(path('short'), officers.slice(0, 2));
  const short = await refused(charter('apply', path('short')), 'OFFICERS_SHORT');
  expect(short.message).toContain('2 valid officers');
  // The third officer's signature comes as a line, from elsewhere.
  await copyFile(path('short'), path('short-elsewhere'));
  const { signature } = await done(
    charter('sign', path('short-elsewhere'), '--key', keyOf(officers[2] as string)),
  );
  await done(charter('apply', path('short'), '--signature', signature));
  // A draft of a number that is in force by now.
  await done(charter('propose', '-o', path('next')));
  await copyFile(path('short'), path('old'));
  await done(charter('apply', path('old')));
  await done(charter('apply', await signed(path('next'))));
  const skipped = await refused(
    charter('sign', path('short'), '--key', keyOf(officers[3] as string)),
    'CHARTER_SKIPPED',
  );
  expect(skipped.message).toContain('does not follow version');
}, 40_000);

test('rival drafts of one number: no key signs both, until those who did not sign the one have given it up', async () => {
  const [first, ...others] = officers as [string, ...string[]];
  const change = (city: string) => (all: string) => all.replace('city = "Metz"', `city = "${city}"`);
  await done(charter('propose', await edited('a.toml', change('Metz-Nord')), '-o', path('a')));
  await done(charter('propose', await edited('b.toml', change('Metz-Sud')), '-o', path('b')));
  await done(charter('sign', path('a'), '--key', keyOf(first)));
  await refused(charter('sign', path('b'), '--key', keyOf(first)), 'DRAFT_RIVAL');
  const lines: string[] = [];
  for (const officer of others.slice(0, 2)) {
    lines.push((await done(charter('abandon', path('a'), '--key', keyOf(officer)))).abandonment);
  }
  await refused(charter('abandon', path('a'), '--key', keyOf(first)), 'DRAFT_SIGNED');
  const given = (all: readonly string[]) => all.flatMap((line) => ['--abandoned', line]);
  await refused(charter('sign', path('b'), '--key', keyOf(first), ...given(lines)), 'DRAFT_RIVAL');
  const last = await done(charter('abandon', path('a'), '--key', keyOf(others[2] as string)));
  lines.push(last.abandonment);
  await refused(charter('sign', path('a'), '--key', keyOf(others[0] as string)), 'DRAFT_ABANDONED');
  await done(charter('sign', path('b'), '--key', keyOf(first), ...given(lines)));
  await signed(path('b'), others.slice(0, 2));
  const applied = await done(charter('apply', path('b')));
  expect(applied.changes).toEqual(['site metz: city Metz → Metz-Sud']);
}, 40_000);

test('the history tells all of it', async () => {
  const { versions } = await done(charter('history'));
  const all = versions.flatMap((one: Json) => one.changes);
  for (const change of [
    'site verdun leaves',
    'policy standard: k 2 → 3',
    'site metz: city Metz → Metz-Sud',
  ]) {
    expect(all).toContain(change);
  }
  expect(versions.slice(1).every((one: Json) => one.cosignedBy.length === 3)).toBe(true);
});
