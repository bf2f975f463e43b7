// A local network of three real daemon processes over loopback, from its founding to its end, by the command alone.
// Ends only the processes it started.

import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  allocatedBytes,
  daemonPlaces,
  enactCharter,
  NetworkSession,
  readNetworkCharter,
  runningPid,
} from '@vauban/fleet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inWords, type Outcome, runHere } from './support/command.ts';

let directory: string;
let network: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vauban-life-'));
  network = join(directory, 'net');
});
afterAll(async () => {
  await vauban('network', 'stop', network).catch(() => undefined);
  await rm(directory, { recursive: true, force: true });
});

function vauban(...argv: string[]): Promise<Outcome> {
  const env = {
    VAUBAN_VAULT: join(directory, 'vault'),
    VAUBAN_PASSPHRASE_FILE: join(directory, 'passphrase'),
  };
  return runHere(argv, { env });
}

async function json<Document>(...argv: string[]): Promise<Document> {
  const outcome = await vauban(...argv, '--json');
  if (outcome.code !== 0) throw new Error(inWords(outcome));
  return outcome.json;
}

interface Status {
  readonly summary: string;
  readonly worstMargin: number | null;
  readonly daemons: readonly {
    readonly id: string;
    readonly site: string;
    readonly pid: number | null;
    readonly alive: boolean;
    readonly state: string;
    readonly fragments: number | null;
  }[];
}
const statusOf = () => json<Status>('network', 'status', network);
const statesOf = async () => (await statusOf()).daemons.map((one) => `${one.site} ${one.state}`);

/** The one daemon of a site. */
async function placeOf(site: string) {
  const place = (await daemonPlaces(network)).find((one) => one.facts.site.id === site);
  if (place === undefined) throw new Error(`no site ${site}`);
  return place;
}

describe('a network of three', () => {
  it('is created and started: every daemon serves, every hoster votes', async () => {
    await json('network', 'create', network, '--sites', '3', '-k', '2', '-m', '1');
    const started = await json<{ started: string[]; quorum: boolean; silent: unknown[] }>(
      'network',
      'start',
      network,
    );
    expect(started.started).toHaveLength(3);
    expect(started).toMatchObject({ quorum: true, silent: [] });
    const status = await statusOf();
    expect(status.summary).toBe('no data lost; nothing stored yet; 3 of 3 daemons up');
    expect(status.daemons.map((one) => [one.site, one.state, one.fragments])).toEqual([
      ['strasbourg', 'up', 0],
      ['metz', 'up', 0],
      ['nancy', 'up', 0],
    ]);
    expect(new Set(status.daemons.map((one) => one.pid)).size).toBe(3);
    expect(await allocatedBytes(network)).toBeGreaterThan(0);
  });

  it('has said ready once per daemon, and logs documents only', async () => {
    for (const place of await daemonPlaces(network)) {
      const lines = (await readFile(place.log, 'utf8')).trimEnd().split('\n');
      const ready = lines.filter((line) => line.startsWith('ready '));
      expect(ready.map((line) => JSON.parse(line.slice(6)))).toMatchObject([{ daemon: place.id }]);
      for (const line of lines.filter((one) => !one.startsWith('ready '))) {
        expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), event: expect.any(String) });
      }
    }
  });

  it('is left alone when started again', async () => {
    const before = (await statusOf()).daemons.map((one) => one.pid);
    const again = await json<{ started: string[]; running: string[] }>('network', 'start', network);
    expect([again.started.length, again.running.length]).toEqual([0, 3]);
    expect((await statusOf()).daemons.map((one) => one.pid)).toEqual(before);
  });

  it('does not run one daemon twice', async () => {
    const { config } = await placeOf('metz');
    const second = await vauban('daemon', 'run', '--config', config);
    expect(second.code).toBe(6);
    expect(second.stderr).toContain('open in another process');
    expect(second.stdout).toBe('');
    expect(await statesOf()).toContain('metz up');
  });

  it('puts a new charter in force with the officers’ keys at hand, and everyone learns of it', async () => {
    const agency = {
      id: 'mairie',
      name: 'Mairie',
      rootKey: new Uint8Array(32).fill(7),
      quotaBytes: 1_000,
      suspended: false,
      policies: ['standard'],
    };
    const chain = await enactCharter(network, (charter) => ({ ...charter, agencies: [agency] }));
    expect(chain.current).toMatchObject({ version: 2, agencies: [{ id: 'mairie' }] });
    expect((await readNetworkCharter(network)).current.version).toBe(2);
    const session = await NetworkSession.open(network, { as: 'operator' });
    try {
      for (const { id } of session.charter.daemons) {
        expect((await session.ask(id, 'status', {})).charterVersion).toBe(2);
      }
    } finally {
      await session.close();
    }
    // Nothing to change is no version.
    expect((await enactCharter(network, (charter) => charter)).current.version).toBe(2);
    await expect(
      enactCharter(network, (charter) => ({ ...charter, agencies: [agency, agency] })),
    ).rejects.toMatchObject({ code: 'CHARTER_INVALID' });
    expect(await readdir(join(network, 'officers'))).not.toContain('desk.lock');
  });

  it('knows by how many sites what an agency stored is safe', async () => {
    await writeFile(join(directory, 'passphrase'), 'an old oak\n');
    await writeFile(join(directory, 'plan.txt'), 'x'.repeat(100_000));
    await json('vault', 'create', '--network', network, '--vault', join(directory, 'vault'));
    await json('put', join(directory, 'plan.txt'));
    const status = await statusOf();
    expect(status).toMatchObject({
      summary: 'no data lost; worst margin 1 site; 3 of 3 daemons up',
      worstMargin: 1,
      daemons: [{ fragments: 1 }, { fragments: 1 }, { fragments: 1 }],
    });
  });

  it('tells a silent daemon from a stopped one', async () => {
    const { pid } = (await statusOf()).daemons.find((one) => one.site === 'nancy') ?? {};
    process.kill(pid as number, 'SIGSTOP');
    try {
      const status = await statusOf();
      expect(status.daemons.map((one) => `${one.site} ${one.state} ${one.alive}`)).toContain(
        'nancy silent true',
      );
      expect(status.summary).toContain('2 of 3 daemons up');
    } finally {
      process.kill(pid as number, 'SIGCONT');
    }
  });

  it('loses a site for good, and only with --yes', async () => {
    const asked = await vauban('network', 'burn', network, '--site', 'metz');
    expect(asked.code).toBe(2);
    expect(await statesOf()).toContain('metz up');

    const place = await placeOf('metz');
    const pid = await runningPid(place);
    const diskBytes = await allocatedBytes(network);
    const burnt = await json<{ bytesLost: number }>('network', 'burn', network, '--site', 'metz', '--yes');
    expect(burnt).toEqual({
      site: 'metz',
      daemons: [{ id: place.id, hoster: 'hebergeur-mirabelle', site: 'metz' }],
      fragmentsLost: 1,
      bytesLost: expect.any(Number),
    });
    expect(burnt.bytesLost).toBeGreaterThanOrEqual(50_000);
    expect(await allocatedBytes(network)).toBeLessThan(diskBytes - 50_000);
    expect(() => process.kill(pid as number, 0)).toThrow(/ESRCH/);
    await expect(stat(place.data)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(stat(place.keys)).rejects.toMatchObject({ code: 'ENOENT' });
    const status = await statusOf();
    expect(status.summary).toBe('no data lost; worst margin 0 sites; 2 of 3 daemons up');
    expect(status.daemons.map((one) => one.state)).toEqual(['up', 'burnt', 'up']);
    expect((await vauban('network', 'status', network)).stdout).toMatch(/^no data lost.*\n\nsite/);
  });

  it('stops in order and starts again without what has burnt', async () => {
    const stopped = await json<{ stopped: string[]; killed: string[] }>('network', 'stop', network);
    expect([stopped.stopped.length, stopped.killed]).toEqual([2, []]);
    expect(await statesOf()).toEqual(['strasbourg down', 'metz burnt', 'nancy down']);
    const started = await json<{ started: string[]; burnt: string[]; quorum: boolean }>(
      'network',
      'start',
      network,
    );
    expect([started.started.length, started.burnt.length, started.quorum]).toEqual([2, 1, true]);
    expect(await statesOf()).toEqual(['strasbourg up', 'metz burnt', 'nancy up']);
    await json('network', 'stop', network);
  });

  it('never touches a process that only has a daemon’s number', async () => {
    const place = await placeOf('nancy');
    await writeFile(place.pidFile, `${process.pid}\n`);
    expect(await runningPid(place)).toBeUndefined();
    expect(await json('network', 'stop', network)).toEqual({ stopped: [], killed: [] });
    await rm(place.pidFile);
  });

  it('says which daemon does not start, and why', async () => {
    const place = await placeOf('nancy');
    const server = await listenOn(Number(/tcp\/(\d+)$/.exec(place.facts.daemon.addresses[0] ?? '')?.[1]));
    try {
      const started = await vauban('network', 'start', network, '--json');
      expect(started.code).toBe(1);
      expect(JSON.parse(started.stdout)).toMatchObject({ error: { code: 'DAEMONS_NOT_READY' } });
      expect(started.stderr).toMatch(/nancy: ended \(exit 1\): Cannot listen on/);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    await json('network', 'stop', network);
  });

  it('says that data is lost when it is, even without a quorum', async () => {
    await json('network', 'burn', network, '--site', 'nancy', '--yes');
    const started = await json<{ quorum: boolean }>('network', 'start', network);
    expect(started.quorum).toBe(false);
    const status = await statusOf();
    expect(status.summary).toMatch(
      /^DATA LOST: too little is left of 1 of 1 segment; 1 of 3 daemons up; no quorum/,
    );
    expect(status.worstMargin).toBe(-1);
    expect(status.daemons.map((one) => one.state)).toEqual(['up', 'burnt', 'burnt']);
  });
});

function listenOn(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    // Whoever calls is cut off: an accepted connection would keep the server from closing.
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
