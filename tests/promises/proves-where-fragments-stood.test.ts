// An agency proves where a file's fragments stood; the proof is checked elsewhere, with every daemon stopped, by a command
// that cannot load a network, and by a second verifier; and it is worthless once anything in it is changed.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyProof } from '../second-verifier/verify-proof.ts';
import { inWords, run } from '../support/command.ts';
import { bytesOf, TestNetwork, type TestVault, until } from '../support/network.ts';
import { fragmentFiles } from './fragment-files.ts';

const NO_NETWORK = pathToFileURL(fileURLToPath(new URL('../support/no-network.ts', import.meta.url))).href;
const FRAGMENTS = 3;
const OBJECT = 'council/2026/minutes-of-march.pdf';

let network: TestNetwork;
let vault: TestVault;
let proof: Awaited<ReturnType<TestVault['ask']>>;
let beforePut: string;
let text: string;
let elsewhere: string;

/** Runs the checker in another directory, in a process that may load nothing of a network. */
const check = (file: string, root: string, ...more: string[]) =>
  run(['check-proof', file, '--charter-root', root, ...more], {
    cwd: elsewhere,
    env: { NODE_OPTIONS: `--import=${NO_NETWORK}` },
  });

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 4, k: 2, m: 1 });
  vault = await network.vault();
  beforePut = new Date(Date.now() - 60_000).toISOString();
  const tree = await network.tree('files', { 'minutes.pdf': bytesOf(3_000_000, 7) });
  await vault.ask('put', join(tree, 'minutes.pdf'), OBJECT);
  const file = join(network.scratch, 'minutes.proof');
  proof = await vault.ask('prove', OBJECT, '-o', file, '--label', 'minutes of March');
  text = await readFile(file, 'utf8');
  elsewhere = join(network.scratch, 'elsewhere');
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'minutes.proof'), text);
});
afterAll(() => network?.close());

test('the state then, as the ledger recorded it, is what where says now', async () => {
  const now = await vault.ask('where', OBJECT);
  const then = await vault.ask('where', OBJECT, '--at', new Date().toISOString());
  const holders = (
    segments: { fragments: { index: number; daemon?: string; holdings?: { daemon: string }[] }[] }[],
  ) =>
    segments.map(({ fragments }) =>
      fragments.map(({ index, daemon, holdings }) => [
        index,
        daemon ?? holdings?.map((one) => one.daemon).join(),
      ]),
    );
  expect(holders(then.segments)).toEqual(holders(now.segments));
  expect(
    proof.segments.map(({ held, sites }: { held: number; sites: string[] }) => [held, sites.length]),
  ).toEqual(then.segments.map(() => [FRAGMENTS, FRAGMENTS]));
  const before = await vault.run('where', OBJECT, '--at', beforePut, '--json');
  expect([before.code, before.json.error.code], inWords(before)).toEqual([1, 'NOT_FOUND']);
});

test('the proof names no path but the label it was given', () => {
  const evidence = Buffer.from(text.replaceAll(/[^A-Za-z0-9+/=]/g, ''), 'base64').toString('latin1');
  expect(`${text}${evidence}`).not.toMatch(/council|pdf/);
  expect(text).toContain('NOT PROVEN    its maker says this is: minutes of March');
});

test('what a daemon lost is told, from when it said so', async () => {
  const [gone] = await fragmentFiles(network);
  if (gone === undefined) throw new Error('no fragment anywhere');
  const before = new Date().toISOString();
  await network.kill(gone.site);
  await rm(gone.path);
  await network.start();
  const ends = async (at: string) => {
    const { segments } = await vault.ask('where', OBJECT, '--at', at);
    const { fragments } = segments.find(({ segment }: { segment: string }) => segment === gone.segment);
    return fragments[gone.index].holdings.map(
      ({ until: end }: { until: { kind: string } | null }) => end?.kind ?? null,
    );
  };
  await until(async () => (await ends(new Date().toISOString()))[0] === 'lost');
  expect(await ends(before)).toEqual([null]);
  const file = join(network.scratch, 'after.proof');
  const made = await vault.run('prove', OBJECT, '-o', file);
  expect([made.code, made.stderr]).toEqual([0, '']);
  const after = await check(file, proof.charterRoot);
  expect([after.code, /until .*\(lost\)/.test(after.stdout)]).toEqual([0, true]);
  verifyProof(await readFile(file), proof.charterRoot);
});

test('it checks in another directory with every daemon stopped, and fails when changed', async () => {
  await network.stop();
  const { charterRoot: root } = proof;
  const good = await check('minutes.proof', root);
  expect(good.code, inWords(good)).toBe(0);
  expect(good.stdout).toContain('This proof holds under the charter root given.');
  expect(good.stdout).toContain(
    'A receipt proves what a daemon signed, not that a disk stands in a building.',
  );
  const document = await check('minutes.proof', root, '--json');
  expect(document.json).toMatchObject({ holds: true, charterRoot: root });
  expect(document.json.statement.logs[0].cosigners.length).toBe(3);
  verifyProof(Buffer.from(text), root);

  const bytes = Buffer.from(text);
  // The city of a site among others: which of the four holds nothing differs from run to run.
  const city = bytes.indexOf(', building ') - 8;
  const places = [0, city, bytes.indexOf('— '), bytes.length - 10, bytes.length - 1];
  expect(Math.min(...places)).toBe(0);
  for (const at of places) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 1;
    await writeFile(join(elsewhere, 'changed.proof'), changed);
    const bad = await check('changed.proof', root);
    expect([at, bad.code], inWords(bad)).toEqual([at, 3]);
    expect(() => verifyProof(changed, root)).toThrow(Error);
  }
  const otherRoot = await check('minutes.proof', root.replace(/.{4}$/, '0000'));
  expect(otherRoot.code).toBe(3);
});

test('what cannot be meant is said', async () => {
  const { charterRoot: root } = proof;
  const codes = async (...argv: string[]) => {
    const { code, json } = await vault.run(...argv, '--json');
    return [code, json.error.code];
  };
  expect(await codes('check-proof', 'minutes.proof', '--charter-root', 'grand-est')).toEqual([
    2,
    'CHARTER_ROOT',
  ]);
  expect(await codes('check-proof', 'nothing.proof', '--charter-root', root)).toEqual([
    2,
    'PROOF_FILE_MISSING',
  ]);
  expect(await codes('where', OBJECT, '--at', '2026-02-30')).toEqual([2, 'USAGE']);
  expect(await codes('where', OBJECT, '--at', '2999-01-01')).toEqual([2, 'DATE_AHEAD']);
  expect(await codes('prove', OBJECT, '-o', 'x', '--at', 'yesterday')).toEqual([2, 'USAGE']);
});
