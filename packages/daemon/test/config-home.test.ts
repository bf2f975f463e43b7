// A daemon's directory on a real disk: what `config check` finds wrong, and that exposed keys are not used.

import { chmod, copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeCrypto } from '@vauban/core/node';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { checkHome, createDaemon, openHome, readConfig, runDaemon } from '../src/index.ts';
import { cigogne } from './init-setup.ts';

let directory: string;
let config: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'vauban-home-')), 'daemon');
  await createDaemon(directory, cigogne);
  config = join(directory, 'daemon.toml');
});
afterEach(() => rm(join(directory, '..'), { recursive: true, force: true }));

const codes = async () => (await checkHome(config)).map((one) => one.code);

describe('a daemon directory', () => {
  it('keeps its keys to its owner', async () => {
    for (const role of ['identity', 'transport', 'receipt', 'log', 'voting-1']) {
      const { mode } = await stat(join(directory, 'keys', `${role}.key`));
      expect(mode & 0o777).toBe(0o600);
    }
    expect((await stat(join(directory, 'keys'))).mode & 0o777).toBe(0o700);
  });

  it('opens with absolute paths, wherever it is looked at from', async () => {
    const home = await openHome(config);
    expect(home.config.data).toBe(join(directory, 'data'));
    expect(await home.votingKeys.epochs()).toEqual([1]);
    expect(nodeCrypto.ed25519Public(home.keys.receipt.seed)).toEqual(home.keys.receipt.publicKey);
  });

  it('lacks only the charter at first', async () => {
    expect(await codes()).toEqual(['FILE_MISSING']);
  });

  const damages: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['a key others can read', () => chmod(join(directory, 'keys', 'log.key'), 0o640), 'KEY_EXPOSED'],
    ['a key that is gone', () => rm(join(directory, 'keys', 'receipt.key')), 'FILE_MISSING'],
    [
      'two keys mixed up',
      () => copyFile(join(directory, 'keys', 'log.key'), join(directory, 'keys', 'receipt.key')),
      'KEY_ROLE',
    ],
    ['an unmounted disk', () => rm(join(directory, 'data', 'vauban-daemon')), 'MARKER_MISSING'],
    [
      'a charter that is none',
      () => writeFile(join(directory, 'charter.cbor'), 'hello'),
      'CHARTER_FILE_MALFORMED',
    ],
  ];
  test.each(damages)('is found to have %s', async (_, damage, code) => {
    await damage();
    expect(await codes()).toContain(code);
  });

  it('is not run with an exposed key, nor without a charter', async () => {
    const run = () =>
      runDaemon({ config, log: () => undefined, ready: () => undefined, stop: AbortSignal.abort() });
    await expect(run()).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await chmod(join(directory, 'keys', 'transport.key'), 0o644);
    await expect(run()).rejects.toMatchObject({ code: 'KEY_EXPOSED', kind: 'refused' });
  });

  it('says so when the configuration is missing or a directory', async () => {
    await expect(readConfig(join(directory, 'nothing.toml'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
    await expect(readConfig(directory)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  });
});
