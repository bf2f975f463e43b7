// The files that compose and the containers find, and the work on a disk, which is code of ours wherever it runs.

import { readdir, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeVotingKey, openHome, readKey } from '@vauban/daemon';
import { createContainerNetwork, readNetworkCharter } from '@vauban/fleet';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ContainerBench } from './container-bench.ts';

const COMPOSE = new URL('../../../docker/compose.yaml', import.meta.url);
let bench: ContainerBench;

beforeAll(async () => {
  bench = await ContainerBench.create();
});
afterAll(() => bench.close());

async function settings(): Promise<Map<string, string>> {
  const text = await readFile(join(bench.directory, 'compose.env'), 'utf8');
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => line.split('=') as [string, string]),
  );
}

it('lists every daemon under its service’s name, and under the port that the machine has for it', async () => {
  const { daemons } = (await readNetworkCharter(bench.directory)).current;
  const env = await settings();
  expect(daemons).toHaveLength(9);
  const ports: unknown[] = [];
  for (const { site, addresses } of daemons) {
    const port = env.get(`VAUBAN_PORT_${site.toUpperCase().replaceAll('-', '_')}`);
    expect(port).toMatch(/^[0-9]{5}$/);
    expect(addresses).toEqual([`/ip4/127.0.0.1/tcp/${port}`, `/dns4/${site}/tcp/4001`]);
    const config = await readFile(join(bench.directory, 'daemons', site, 'daemon.toml'), 'utf8');
    expect(config).toContain('listen = ["/ip4/0.0.0.0/tcp/4001"]');
    const admin = env.get(`VAUBAN_ADMIN_${site.toUpperCase().replaceAll('-', '_')}`);
    expect(config).toContain(`\nlisten = "127.0.0.1:${admin}"\n`);
    expect(config).toContain('\npublished = true\n');
    ports.push(port, admin);
  }
  expect(new Set(ports).size).toBe(18);
});

it('says all that the compose file asks for, and the compose file has a service for every site', async () => {
  const compose = await readFile(COMPOSE, 'utf8');
  const asked = new Set([...compose.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name]) => name));
  const env = await settings();
  expect([...asked].filter((name) => !env.has(name as string))).toEqual([]);
  expect(asked.size).toBe(19);
  expect(env.get('COMPOSE_PROJECT_NAME')).toBe(bench.project);
  expect(env.get('VAUBAN_IMAGE')).toBe('an-image');
  for (const { id } of (await readNetworkCharter(bench.directory)).current.sites) {
    expect(compose).toContain(`\n  ${id}:\n    <<: *daemon\n`);
    expect(compose).toContain(`/daemons/${id}:/srv/vauban\n`);
  }
});

it('belongs to an account that is not root, with keys that nobody else reads', async () => {
  const [uid, gid] = ((await settings()).get('VAUBAN_USER') as string).split(':').map(Number);
  expect(uid).toBeGreaterThan(0);
  for (const path of [
    'daemons/metz/keys/receipt.key',
    'daemons/metz/data/vauban-daemon',
    'agency/charter.cbor',
    'agency/data',
  ]) {
    const found = await stat(join(bench.directory, path));
    expect([found.uid, found.gid]).toEqual([uid, gid]);
    expect(found.mode & 0o077).toBe(0);
  }
});

it('gives no daemon a voting key beside its disk: the votes it casts would be remembered on none', async () => {
  const home = join(bench.directory, 'daemons/metz');
  const identity = await readKey(join(home, 'keys/identity.key'), 'identity');
  const make = async () => makeVotingKey(await openHome(join(home, 'daemon.toml')), { identity });
  // What makes a disk a daemon's moves onto its volume when that is made ready.
  await rename(join(home, 'data/vauban-daemon'), join(home, 'on-the-volume'));
  await expect(make()).rejects.toMatchObject({ kind: 'refused', code: 'MARKER_MISSING' });
  expect(await readdir(join(home, 'keys'))).not.toContain('voting-2.key');
  await rename(join(home, 'on-the-volume'), join(home, 'data/vauban-daemon'));
  expect(await make()).toMatchObject({ epoch: 2, made: true });
});

it('has nine sites, as the compose file has', async () => {
  const account = { uid: 1, gid: 1 };
  const few = createContainerNetwork(join(bench.directory, 'few'), { sites: 5, k: 3, m: 2, account });
  await expect(few).rejects.toMatchObject({ kind: 'usage', code: 'SITES_OTHER' });
});
