// The words of an agency are stolen, and a copy of its machine's directory with its passphrase too. The agency makes a new
// root key, the officers put it in force, and each of its machines goes on under it. What the thief has reads no more and
// writes, revokes and deletes nothing; what was stored is all there.

import { copyFile, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inWords, type Json, type Outcome, runHere } from '../support/command.ts';
import { TestNetwork, type TestVault } from '../support/network.ts';

let network: TestNetwork;
let office: TestVault;
let annexe: TestVault;
/** The office's directory as it was, with its passphrase. */
let stolen: TestVault;
/** A machine that the thief made of the words while they were good. */
let thief: TestVault;
let line: string;

const at = (...parts: string[]) => join(network.scratch, ...parts);
const contentOf = (name: string) => `content of ${name} `.repeat(400);

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 4, k: 2, m: 1 });
  office = await network.vault('office');
  await writeFile(at('words'), `${office.created.json.words}\n`);
  await copyFile(join(network.directory, 'charter.cbor'), at('charter-before'));
  [annexe, thief] = [office.at(at('annexe')), office.at(at('thief'))];
  await done(recover(annexe));
  await done(recover(thief));
  await done(put(office, 'minutes'));
  await done(put(annexe, 'plans'));
  await done(put(thief, 'planted'));
  await cp(office.directory, at('stolen'), { recursive: true });
  stolen = office.at(at('stolen'));
}, 60_000);
afterAll(() => network?.close());

async function done(outcome: Promise<Outcome>): Promise<Json> {
  const ended = await outcome;
  if (ended.code !== 0) throw new Error(inWords(ended));
  return ended.json;
}

async function refused(outcome: Promise<Outcome>, code: string, status = 6): Promise<string> {
  const ended = await outcome;
  expect([ended.json?.error?.code, ended.code], inWords(ended)).toEqual([code, status]);
  return ended.json.error.message;
}

async function put(vault: TestVault, name: string): Promise<Outcome> {
  await writeFile(at(name), contentOf(name));
  return vault.here('put', at(name), '--json');
}

function recover(vault: TestVault, ...more: string[]): Promise<Outcome> {
  const all = ['--words-file', at('words'), '--network', network.directory, ...more];
  return runHere(['vault', 'recover', ...all, '--json'], vault.options);
}

function activate(vault: TestVault, ...more: string[]): Promise<Outcome> {
  return vault.here('vault', 'activate', ...more, '--json');
}

async function deviceOf(vault: TestVault): Promise<string> {
  const { devices } = await done(vault.here('vault', 'devices', '--json'));
  return devices.find((one: Json) => one.own).device;
}

it('a new root key is made, and waits for the officers', async () => {
  const made = await done(office.here('vault', 'new-root', '--words-file', at('root-words'), '--json'));
  expect(made).toMatchObject({ made: true, agency: expect.stringMatching(/^agence-/) });
  expect(made.words).toBeUndefined();
  expect((await readFile(at('root-words'), 'utf8')).split(' ')).toHaveLength(24);
  line = made.publicLine;
  // Its words are shown once; the line as often as asked for. Words that cannot be noted make no key.
  await refused(
    office.here('vault', 'new-root', '--anew', '--words-file', at('root-words'), '--json'),
    'WORDS_FILE',
  );
  const again = await done(office.here('vault', 'new-root', '--json'));
  expect(again).toEqual({ agency: made.agency, publicLine: line, made: false });
  const early = await activate(office);
  expect([early.code, early.json], inWords(early)).toEqual([
    6,
    { agency: made.agency, publicLine: line, inForce: false },
  ]);
  // Until then everything goes on as before.
  await done(put(office, 'meanwhile'));
}, 30_000);

it('officers put it in force, and see what they sign', async () => {
  const charter = async (...argv: string[]) =>
    done(runHere(['charter', ...argv, '--network', network.directory, '--json']));
  const proposed = await charter('propose', '--add', line, '-o', at('draft'));
  expect(proposed.changes).toEqual([
    expect.stringMatching(
      /^agency agence-[0-9a-f]+: its root key is replaced, [0-9a-f]+… → [0-9a-f]+…: machines that the old one let in write no more$/,
    ),
  ]);
  for (const name of ['cigogne', 'mirabelle', 'bergamote']) {
    await charter('sign', at('draft'), '--key', join(network.directory, 'officers', `hebergeur-${name}.key`));
  }
  await charter('apply', at('draft'));
}, 30_000);

it('every machine that the old key let in is told what to do', async () => {
  for (const machine of [office, annexe, stolen, thief]) {
    expect(await refused(put(machine, 'too late'), 'DELEGATION_FORGED')).toContain('vauban vault activate');
  }
  expect(await refused(annexe.here('ls', '--json'), 'DELEGATION_FORGED')).toContain('--root-words-file');
  const read = await stolen.here('get', 'plans', at('read by the thief'), '--json');
  expect([read.code, read.json.error.code], inWords(read)).toEqual([6, 'DELEGATION_FORGED']);
}, 30_000);

it('the machine that made it goes on as a new device, and what the old key let in is revoked', async () => {
  const before = office.created.json.device;
  const active = await done(activate(office));
  expect(active.inForce).toBe(true);
  expect(active.device).not.toBe(before);
  expect(active.revoked).toHaveLength(3);
  expect(active.revoked).toContain(before);
  const { devices } = await done(office.here('vault', 'devices', '--json'));
  expect(
    devices.map(({ own, revoked, sealed, formerRoot }: Json) => [own, revoked, sealed, formerRoot]),
  ).toEqual([...Array.from({ length: 3 }, () => [false, true, true, true]), [true, false, false, false]]);
  expect((await done(activate(office))).revoked).toEqual([]);
  await done(put(office, 'after'));
  expect(await office.paths()).toEqual(['after', 'meanwhile', 'minutes', 'plans', 'planted']);
  await done(office.here('get', 'plans', at('plans back'), '--json'));
  expect(await readFile(at('plans back'), 'utf8')).toBe(contentOf('plans'));
  expect((await done(office.here('verify', '--json'))).problems ?? []).toEqual([]);
  expect((await done(office.here('ledger', 'verify', '--json'))).problems).toEqual([]);
}, 30_000);

it('the agency’s other machine needs the new words', async () => {
  await refused(activate(annexe), 'DELEGATION_FORGED');
  await refused(activate(annexe, '--root-words-file', at('words')), 'WORDS_OTHER', 2);
  await done(activate(annexe, '--root-words-file', at('root-words')));
  await done(put(annexe, 'plans of the annexe'));
  expect(await annexe.paths()).toContain('minutes');
}, 30_000);

it('an empty machine needs both', async () => {
  const machine = office.at(at('empty'));
  const told = await refused(recover(machine), 'ROOT_REPLACED');
  expect(told).toContain('--root-words-file');
  const swapped = ['--words-file', at('root-words'), '--root-words-file', at('words')];
  await refused(recover(machine, ...swapped), 'WORDS_OTHER', 2);
  await done(recover(machine, '--root-words-file', at('root-words')));
  await done(put(machine, 'from the empty machine'));
  expect(await machine.paths()).toContain('minutes');
  // With a charter file from before, the hosters themselves say so; the directory that was made then takes the words.
  const late = office.at(at('late'));
  const early = ['--network', at('charter-before')];
  expect(await refused(recover(late, ...early), 'ROOT_REPLACED')).toContain('vault activate');
  await done(activate(late, '--root-words-file', at('root-words')));
  expect(await late.paths()).toContain('from the empty machine');
}, 40_000);

it('whoever has the old words and an old directory does nothing with them', async () => {
  const mine = await deviceOf(office);
  const number = mine.slice(mine.indexOf('/') + 1);
  await refused(put(stolen, 'too late'), 'DELEGATION_FORGED');
  await refused(stolen.here('rm', 'minutes', '--json'), 'DELEGATION_FORGED');
  await refused(stolen.here('vault', 'revoke', number, '--json'), 'DELEGATION_FORGED');
  await refused(activate(stolen), 'DELEGATION_FORGED');
  await refused(put(thief, 'too late'), 'DELEGATION_FORGED');
  await refused(recover(office.at(at('thief again'))), 'ROOT_REPLACED');
  // A root key of the thief's own is nobody's until officers sign it.
  await done(thief.here('vault', 'new-root', '--json'));
  expect((await activate(thief)).code).toBe(6);
  await done(put(office, 'last'));
  expect(await office.paths()).toContain('minutes');
}, 40_000);

it('the new root key revokes', async () => {
  const gone = await deviceOf(annexe);
  const revoked = await done(office.here('vault', 'revoke', gone, '--json'));
  expect(revoked).toMatchObject({ device: gone, skipped: [] });
  await refused(put(annexe, 'too late'), 'DEVICE_REVOKED');
  expect((await done(office.here('ledger', 'verify', '--json'))).problems).toEqual([]);
}, 30_000);
