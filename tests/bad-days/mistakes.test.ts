// What people get wrong, and what their scripts rely on: a clear error with a way out, the exit status of the table,
// and with --json exactly one document, of the promised shape, whatever happens.

import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inWords, type Json, type Outcome, run, runHere } from '../support/command.ts';
import { hex, promisedDocuments, text } from './promised-documents.ts';
import { bytesOf, type TestVault, TestNetwork } from '../support/network.ts';

let network: TestNetwork;
let vault: TestVault;
let source: string;
beforeAll(async () => {
  network = await TestNetwork.create({ sites: 4, k: 2, m: 1 });
  // One of the four has hardly any disk.
  const { config } = await network.daemon('reims');
  const toml = await readFile(config, 'utf8');
  await writeFile(config, toml.replace(/^capacity = .*$/m, 'capacity = "1MB"'));
  await network.start();
  vault = await network.vault();
  source = await network.tree('files', { 'a/one': 'one', 'a/two': 'two', large: bytesOf(3_000_000) });
});
afterAll(() => network.close());

const at = (...parts: string[]) => join(network.scratch, ...parts);

describe('what scripts rely on', () => {
  const verbs = promisedDocuments({
    source: () => source,
    network: () => network.directory,
    out: () => at('back'),
  });

  it.each(verbs)('%s --json prints one document of this shape, and nothing else', async (_, argv, shape) => {
    const outcome = await vault.here(...argv(), '--json');
    expect([outcome.code, outcome.stderr], inWords(outcome)).toEqual([0, '']);
    expect(outcome.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(outcome.json).toEqual(shape);
  });

  it('vault create gives ids, and the words once', async () => {
    expect(vault.created.json).toMatchObject({ vault: hex(32), device: text });
    expect(vault.created.json.words.split(' ')).toHaveLength(24);
    expect(
      await filesWith(vault.directory, vault.created.json.words.split(' ').slice(0, 3).join(' ')),
    ).toEqual([]);
  });

  it('nothing that runs is kept in the directory for temporary files, which all users share', async () => {
    const temporary = await network.tree('temporary', {});
    const outcome = await run(['vault', 'create', '--help'], { env: { TMPDIR: temporary } });
    expect(outcome.code, inWords(outcome)).toBe(0);
    expect(await readdir(temporary)).toEqual([]);
  });
});

async function filesWith(directory: string, needle: string): Promise<string[]> {
  const found: string[] = [];
  for (const one of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!one.isFile()) continue;
    const path = join(one.parentPath, one.name);
    if ((await readFile(path)).includes(needle)) found.push(path);
  }
  return found;
}

describe('putting again', () => {
  it('sends nothing that is there, a new version of what changed, and what was removed comes back', async () => {
    await writeFile(join(source, 'a/two'), 'another two');
    const before = await vault.ask('ls', 'files/large');
    const again = await vault.ask('put', source);
    const fresh = again.objects.filter((one: Json) => !one.unchanged).map((one: Json) => one.path);
    // files/a was removed above.
    expect(fresh).toEqual(['files/a/one', 'files/a/two']);
    expect(again.storedBytes).toBeLessThan(1_000_000);
    const after = await vault.ask('ls', 'files/');
    expect(after.objects.map((one: Json) => [one.path, one.size])).toEqual([
      ['files/a/one', 3],
      ['files/a/two', 11],
      ['files/large', 3_000_000],
    ]);
    expect(after.objects[2].version).toBe(before.objects[0].version);
    const [gone, removed] = [
      await vault.here('rm', 'files/a/one', '--json'),
      await vault.here('get', 'files/a/one', at('x'), '--json'),
    ];
    expect([gone.code, removed.code, removed.json.error.code]).toEqual([0, 1, 'NOT_FOUND']);
    expect(await vault.ask('get', 'files/a/two', at('two'))).toMatchObject({ objects: [{ size: 11 }] });
    expect(await readFile(at('two'), 'utf8')).toBe('another two');
  });
});

describe('mistakes', () => {
  interface Mistake {
    readonly says: RegExp;
    readonly code: number;
    readonly fault: string;
    readonly argv: () => readonly string[];
    readonly env?: () => { readonly [name: string]: string };
  }
  const withVault = (directory: () => string) => () => ({ VAUBAN_VAULT: directory() });
  const withPassphrase = (file: () => string) => () => ({ VAUBAN_PASSPHRASE_FILE: file() });
  const ls = () => ['ls'];

  const mistakes: { readonly [what: string]: Mistake } = {
    'a wrong passphrase': {
      argv: ls,
      env: withPassphrase(() => at('wrong')),
      code: 6,
      fault: 'WRONG_PASSPHRASE',
      says: /passphrase does not open.*24 words/,
    },
    'a passphrase file that is missing': {
      argv: ls,
      env: withPassphrase(() => at('nowhere')),
      code: 2,
      fault: 'PASSPHRASE_FILE',
      says: /nowhere cannot be read: there is no such file/,
    },
    'an empty passphrase file': {
      argv: ls,
      env: withPassphrase(() => at('empty')),
      code: 2,
      fault: 'PASSPHRASE_FILE',
      says: /first line of .*empty is empty/,
    },
    'a directory for a passphrase file': {
      argv: ls,
      env: withPassphrase(() => network.scratch),
      code: 2,
      fault: 'PASSPHRASE_FILE',
      says: /is a directory/,
    },
    'no passphrase and nobody to ask': {
      argv: ls,
      env: withPassphrase(() => ''),
      code: 2,
      fault: 'PASSPHRASE_MISSING',
      says: /--passphrase-file/,
    },
    'no vault named': {
      argv: ls,
      env: withVault(() => ''),
      code: 2,
      fault: 'VAULT_UNNAMED',
      says: /--vault <dir> or set VAUBAN_VAULT/,
    },
    'a vault that is not there': {
      argv: ls,
      env: withVault(() => at('nowhere')),
      code: 2,
      fault: 'VAULT_MISSING',
      says: /no vault in .*nowhere.*vault create/,
    },
    'a file for a vault': {
      argv: ls,
      env: withVault(() => at('wrong')),
      code: 2,
      fault: 'VAULT_MISSING',
      says: /no vault in .*wrong/,
    },
    'a half-created vault': {
      argv: ls,
      env: withVault(() => at('half')),
      code: 2,
      fault: 'VAULT_MISSING',
      says: /no vault in .*half/,
    },
    'a vault without its keys': {
      argv: ls,
      env: withVault(() => at('keyless')),
      code: 2,
      fault: 'VAULT_KEYS_MISSING',
      says: /key file is missing.*24 words/,
    },
    'a damaged vault': {
      argv: ls,
      env: withVault(() => at('damaged')),
      code: 1,
      fault: 'VAULT_DAMAGED',
      says: /damaged is damaged.*24 words/,
    },
    'a vault where there is one': {
      argv: () => ['vault', 'create', '--network', network.directory, '--vault', vault.directory],
      code: 6,
      fault: 'VAULT_EXISTS',
      says: /there is a vault in .* already/,
    },
    'a source that is not there': {
      argv: () => ['put', at('nowhere')],
      code: 2,
      fault: 'SOURCE_MISSING',
      says: /no file or directory .*nowhere/,
    },
    'a vault path that climbs': {
      argv: () => ['put', source, '../up'],
      code: 2,
      fault: 'VAULT_PATH',
      says: /one of its names is '\.' or '\.\.'/,
    },
    'a vault path too long': {
      argv: () => ['put', source, 'x'.repeat(256)],
      code: 2,
      fault: 'VAULT_PATH',
      says: /exceeds 255 bytes/,
    },
    'getting nothing': {
      argv: () => ['get', 'nothing', at('x')],
      code: 1,
      fault: 'NOT_FOUND',
      says: /holds nothing at nothing/,
    },
    'removing nothing': { argv: () => ['rm', 'nothing'], code: 1, fault: 'NOT_FOUND', says: /holds nothing/ },
    'verifying nothing': {
      argv: () => ['verify', 'nothing'],
      code: 1,
      fault: 'NOT_FOUND',
      says: /begins with/,
    },
    'where of a directory': {
      argv: () => ['where', 'files'],
      code: 2,
      fault: 'IS_DIRECTORY',
      says: /is a directory with 2 objects below it/,
    },
    'an unknown verb': { argv: () => ['putt'], code: 2, fault: 'USAGE', says: /unknown command/ },
    'an unknown option': { argv: () => ['ls', '--wide'], code: 2, fault: 'USAGE', says: /unknown option/ },
    'too few arguments': { argv: () => ['get', 'files'], code: 2, fault: 'USAGE', says: /missing required/ },
    'an output that cannot be': {
      argv: () => ['get', 'files/large', at('wrong', 'below')],
      code: 6,
      fault: 'TARGET_EXISTS',
      says: /wrong exists already/,
    },
  };

  beforeAll(async () => {
    await writeFile(at('wrong'), 'not this one\n');
    await writeFile(at('empty'), '');
    for (const name of ['half', 'keyless', 'damaged']) await mkdir(at(name));
    await copyFile(join(vault.directory, 'keys'), at('half/keys'));
    await copyFile(join(vault.directory, 'vault'), at('keyless/vault'));
    const config = await readFile(join(vault.directory, 'vault'));
    await writeFile(at('damaged/vault'), config.subarray(0, config.length / 2));
    await copyFile(join(vault.directory, 'keys'), at('damaged/keys'));
  });

  it.each(Object.keys(mistakes))('%s', async (what) => {
    const { argv, env, code, fault, says } = mistakes[what] as Mistake;
    const { options } = vault;
    const outcome = await runHere([...argv(), '--json'], { env: { ...options.env, ...env?.() } });
    expectFault(outcome, { code, fault });
    expect(outcome.stderr).toMatch(says);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
    expect(await readdir(network.scratch)).not.toContain('nowhere');
  });
});

function expectFault(outcome: Outcome, { code, fault }: { code: number; fault: string }): void {
  expect([outcome.code, outcome.json?.error?.code], inWords(outcome)).toEqual([code, fault]);
  expect(Object.keys(outcome.json)).toEqual(['error']);
  expect(outcome.json.error).toEqual({
    kind: text,
    code: fault,
    message: text,
    facts: expect.any(Object),
  });
  expect(outcome.stderr.trimEnd().split('\n').at(-1)).toBe(`vauban: ${outcome.json.error.message}`);
}

describe('another network', () => {
  const as = (directory: string) => ({ env: { ...vault.options.env, VAUBAN_VAULT: directory } });

  it('has no agency with these words, and makes no vault of them', async () => {
    const other = await TestNetwork.create({ sites: 3, k: 2, m: 1 });
    try {
      await writeFile(at('words'), vault.created.json.words);
      const argv = ['vault', 'recover', '--words-file', at('words'), '--network', other.directory, '--json'];
      expectFault(await runHere(argv, as(at('recovered'))), { code: 6, fault: 'AGENCY_UNKNOWN' });
      expect(await readdir(network.scratch)).not.toContain('recovered');
    } finally {
      await other.close();
    }
  });

  it('or another vault has other keys, which are told from these', async () => {
    const theirs = await network.vault('theirs', (await readFile(vault.passphraseFile, 'utf8')).trim());
    await mkdir(at('mixed'));
    await copyFile(join(theirs.directory, 'vault'), at('mixed/vault'));
    await copyFile(join(vault.directory, 'keys'), at('mixed/keys'));
    const mixed = await runHere(['ls', '--json'], as(at('mixed')));
    expectFault(mixed, { code: 6, fault: 'VAULT_KEYS_OTHER' });
    // A vault sees only its own agency's files.
    expect(await theirs.paths()).toEqual([]);
  });

  it('or none at all: who does not answer is named', async () => {
    await network.stop();
    const gone = await vault.here('ls', '--json');
    expectFault(gone, { code: 5, fault: 'QUORUM_UNREACHABLE' });
    for (const hoster of ['cigogne', 'mirabelle', 'bergamote', 'libellule']) {
      expect(gone.stderr).toContain(`hebergeur-${hoster}`);
    }
  });
});
