// What a hoster types at a running daemon, on a small network of real ones with something stored on it.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { run } from './captured.ts';

let scratch = '';
let network = '';
let config = '';
let vault: readonly string[] = [];

async function must(argv: readonly string[]): Promise<{ readonly [key: string]: unknown }> {
  const { status, stdout, stderr } = await run([...argv, '--json']);
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as { [key: string]: unknown };
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vauban-cli-admin-'));
  network = join(scratch, 'net');
  config = join(network, 'daemons', 'metz', 'daemon.toml');
  await must(['network', 'create', network, '--sites', '3', '-k', '2', '-m', '1']);
  await must(['network', 'start', network]);
  const passphrase = join(scratch, 'passphrase');
  const tree = join(scratch, 'file');
  await writeFile(passphrase, 'un mot de passe\n');
  await writeFile(tree, new Uint8Array(3_000_000).fill(7));
  vault = ['--vault', join(scratch, 'vault'), '--passphrase-file', passphrase];
  await must(['vault', 'create', '--network', network, ...vault]);
  await must(['put', tree, ...vault]);
});
afterAll(async () => {
  await run(['network', 'stop', network]);
  await rm(scratch, { recursive: true, force: true });
});

const narrow = (text: string) => text.split('\n').filter((line) => line.length > 80);

interface Row {
  readonly agency: string;
  readonly ledgerBytes: number;
  readonly indexBytes: number;
  readonly allocatedBytes: number;
  readonly differences: readonly { readonly reason: string }[];
}

describe('vauban daemon, of one that runs,', () => {
  it('status says what it holds, for whom, what it does and wants', async () => {
    const status = await must(['daemon', 'status', '--config', config]);
    expect(status).toMatchObject({ site: 'metz', mode: 'serving', logLevel: 'info' });
    const { fragments, agencies } = status['holds'] as { fragments: number; agencies: object[] };
    expect(fragments).toBeGreaterThan(0);
    expect(agencies).toHaveLength(1);
    const words = await run(['daemon', 'status', '--config', config]);
    expect([words.status, narrow(words.stdout)]).toEqual([0, []]);
    expect(words.stdout).toMatch(/^metz \(hebergeur-mirabelle\) is serving, since /);
    expect(words.stdout).toContain(`Holds ${fragments} fragment`);
    expect(words.stdout).toContain('\nWants from you\n');
  });

  it('account agrees with ledger, index and disk, and its signature can be checked by anyone', async () => {
    const signed = await must(['daemon', 'account', '--config', config]);
    const { month, rows } = signed['account'] as { month: string; rows: readonly Row[] };
    expect(rows).toHaveLength(1);
    const [row] = rows as [Row];
    expect(row.ledgerBytes).toBeGreaterThan(1_500_000);
    expect(row.indexBytes).toBe(row.ledgerBytes);
    expect(row.differences.map(({ reason }) => reason)).toEqual([
      'leaf-hashes-and-trailers',
      'disk-allocation',
    ]);
    const words = await run(['daemon', 'account', '--config', config, '--month', month]);
    expect([words.status, narrow(words.stdout)]).toEqual([0, []]);
    expect(words.stdout).toContain('From the ledger to the index: no difference');

    const kept = join(network, 'daemons', 'metz', 'data', 'accounts', `${month}.json`);
    const charter = ['--charter', join(network, 'daemons', 'nancy', 'charter.cbor')];
    const checked = await run(['check-account', kept, ...charter]);
    expect([checked.status, narrow(checked.stdout)]).toEqual([0, []]);
    const forged = join(scratch, 'forged.json');
    const text = await readFile(kept, 'utf8');
    await writeFile(forged, text.replace(`${row.ledgerBytes}`, `${row.ledgerBytes + 1}`));
    expect(await run(['check-account', forged, ...charter])).toMatchObject({ status: 3 });
    const none = await run(['daemon', 'account', '--config', config, '--month', '2020-01']);
    expect([none.status, none.stderr]).toEqual([1, 'vauban: no account was drawn up in 2020-01\n']);
  });

  it('log-level changes what it logs, at once', async () => {
    const level = ['daemon', 'log-level', '--config', config];
    expect(await must([...level, 'debug'])).toEqual({ level: 'debug' });
    expect((await run(level)).stdout).toBe('debug\n');
    expect(await readFile(join(network, 'daemons', 'metz', 'daemon.log'), 'utf8')).toContain(
      '"event":"log-level","from":"info","to":"debug"',
    );
    const loud = await run([...level, 'loud']);
    expect([loud.status, loud.stderr]).toEqual([
      2,
      'vauban: level should be one of debug, info, warn, error\n',
    ]);
  });

  it('drain can be begun and called off', async () => {
    const cancelled = await must(['daemon', 'drain', '--config', config, '--cancel']);
    expect(cancelled).toMatchObject({ draining: false, safeToStop: false });
  });

  it('readmit is no harm to one that counts already', async () => {
    expect(await must(['daemon', 'readmit', '--config', config])).toEqual({ readOnly: false, losses: 0 });
  });

  it('token is printed alone, and says what it is for', async () => {
    const made = await run(['daemon', 'token', '--config', config, '--scope', 'operate', '--hours', '2']);
    expect(made.status).toBe(0);
    expect(made.stdout).toMatch(/^vauban-admin0\.operate\.\d+\.[0-9a-f]{32}\.[A-Za-z0-9_-]{86}\n$/);
    expect(made.stderr).toContain('set listen in section [admin]');
    const again = await must(['daemon', 'token', '--config', config]);
    expect(again).toMatchObject({ scope: 'read', listen: null });
    expect((await run(['daemon', 'token', '--config', config, '--scope', 'all'])).status).toBe(2);
    expect((await run(['daemon', 'token', '--config', config, '--days', '0'])).status).toBe(2);
    // A link is to look with, and needs a port that a browser can open.
    const link = ['daemon', 'token', '--config', config, '--link'];
    expect((await run([...link, '--scope', 'operate'])).status).toBe(2);
    const nowhere = await run(link);
    expect([nowhere.status, nowhere.stdout]).toEqual([6, '']);
    expect(nowhere.stderr).toContain('set listen = "127.0.0.1:9464" in section [admin]');
  });
});

test('what agencies and operators read of a running network keeps to 80 columns', async () => {
  for (const argv of [
    ['where', 'file', ...vault],
    ['rm', 'file', ...vault],
    ['undelete', 'file', ...vault],
    ['ledger', 'verify', '--network', network],
    ['network', 'status', network],
    ['repair', 'status', '--network', network],
    ['site', 'maintenance', 'metz', '--until', '2h', '--network', network],
  ]) {
    const { status, stdout } = await run(argv);
    expect([argv.slice(0, 2), status, narrow(stdout)]).toEqual([argv.slice(0, 2), 0, []]);
  }
});

test.each([['status'], ['account'], ['log-level', 'debug'], ['drain'], ['readmit']])(
  'vauban daemon %s says how to go on when the daemon does not run',
  async (...verb) => {
    const home = join(scratch, `still-${verb[0]}`);
    await must(['daemon', 'init', home, '--hoster', 'a', '--site', 'b']);
    const still = join(home, 'daemon.toml');
    const asked = await run(['daemon', ...verb, '--config', still, '--json']);
    expect(asked.status).toBe(5);
    expect(JSON.parse(asked.stdout)).toMatchObject({
      error: {
        kind: 'unreachable',
        code: 'ADMIN_UNREACHABLE',
        message: expect.stringContaining(`vauban daemon run --config ${still}`),
      },
    });
  },
);
