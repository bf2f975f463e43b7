// The promise, with every hoster in a container, a network and a volume of its own: a site that burns is lost without a file,
// heals without anybody, and all that was made for this is removed.

import { once } from 'node:events';
import { lstat, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustEnd } from '../../scripts/docker-command.ts';
import { Rehearsal } from '../../scripts/docker-rehearsal.ts';
import { burnAndHeal } from '../../scripts/docker-story.ts';
import { hasBrowser, linkTo, MapBrowser, unlessMissing } from '../live-map/map-browser.ts';
import { run } from '../support/command.ts';
import { until } from '../support/network.ts';
import type { Inspected } from './inspected.ts';

/** Longer than nine disks are walked on a busy machine, so that the loss is seen before it is made good. */
const LOST_AFTER_MS = 15_000;
let rehearsal: Rehearsal;

const nextFire = `
name = "next-fire"
healthy = "2s"
heal-within = "3min"
full-margin = "2s"
[title]
en = "The next fire"
fr = "Le feu suivant"
[story]
en = "A second of nine sites burns, after the first was rebuilt."
fr = "Un deuxième site sur neuf brûle, le premier étant reconstruit."
[network]
sites = 9
k = 6
m = 3
[durations]
suspect-after = "6s"
lost-after = "12s"
[workload]
files = 4
bytes-each = "1MB"
readers = 1
writers = 1
write-bytes = "200kB"
[[steps]]
do = "burn"
sites = ["metz"]
`;

beforeAll(async () => {
  rehearsal = await Rehearsal.prepare({ lostAfterMs: LOST_AFTER_MS, tell: (line) => console.log(line) });
  await rehearsal.up();
  await rehearsal.openVault();
});
afterAll(() => rehearsal?.close());

/** The engine that the tests started, if they did. */
function engine() {
  const { DOCKER_HOST } = process.env;
  return DOCKER_HOST === undefined ? {} : { env: { DOCKER_HOST } };
}

/** The live map of a site's daemon, as its hoster gets there. */
async function mapOf(site: string) {
  const link = await linkTo(join(rehearsal.directory, 'daemons', site, 'daemon.toml'));
  const { origin: address, hash } = new URL(link);
  return { link, address, token: hash.slice(1) };
}

async function each<Result>(look: (site: string, inspected: Inspected) => Result): Promise<Result[]> {
  return Promise.all(
    rehearsal.sites.map(async (site) => look(site, (await rehearsal.inspect(site)) as Inspected)),
  );
}

it('a daemon’s container may do next to nothing: no root, no capability, a root that is read-only, a first process that reaps', async () => {
  const found = await each((_, { Config, HostConfig }) => ({
    account: /^[1-9][0-9]*:[1-9][0-9]*$/.test(Config.User),
    capabilities: HostConfig.CapDrop,
    security: HostConfig.SecurityOpt,
    readOnly: HostConfig.ReadonlyRootfs,
    init: HostConfig.Init,
    privileged: HostConfig.Privileged,
    temporary: Object.keys(HostConfig.Tmpfs ?? {}),
  }));
  expect(found).toHaveLength(9);
  for (const one of found) {
    expect(one).toEqual({
      account: true,
      capabilities: ['ALL'],
      security: ['no-new-privileges:true'],
      readOnly: true,
      init: true,
      privileged: false,
      temporary: ['/tmp'],
    });
  }
  const written = await rehearsal.script('metz', 'require("fs").writeFileSync("/opt/vauban/x", "")');
  expect(written.stderr).toContain('EROFS');
});

it('ports are published on the loopback address and nowhere else', async () => {
  const addresses = await each((_, { HostConfig }) =>
    Object.values(HostConfig.PortBindings ?? {}).flatMap((bindings) => bindings.map(({ HostIp }) => HostIp)),
  );
  expect(addresses).toEqual(Array.from({ length: 9 }, () => ['127.0.0.1', '127.0.0.1']));
});

it('a hoster has its own directory, its own disk, and its own network besides the one where all meet', async () => {
  const { directory, project } = rehearsal;
  const found = await each((site, { Mounts, NetworkSettings }) => ({
    site,
    mounts: Object.fromEntries(
      Mounts.map(({ Type, Name, Source, Destination }) => [Destination, Type === 'volume' ? Name : Source]),
    ),
    networks: Object.keys(NetworkSettings.Networks).toSorted(),
  }));
  for (const { site, mounts, networks } of found) {
    expect(mounts).toEqual({
      '/srv/vauban': `${directory}/daemons/${site}`,
      '/srv/vauban/data': `${project}_${site}`,
    });
    expect(networks).toEqual([`${project}_${site}`, `${project}_exchange`].toSorted());
  }
});

it('hosters meet at the exchange; nobody gets into the network of another', async () => {
  const metz = (await rehearsal.inspect('metz')) as Inspected;
  const inside = metz.NetworkSettings.Networks[`${rehearsal.project}_metz`]?.IPAddress as string;
  expect(inside).toMatch(/^[0-9.]+$/);
  const reaches = async (from: string, host: string, port: number | string = 4001) => {
    const program =
      'const s = require("net").connect({ port: process.argv[2], host: process.argv[1], timeout: 2000 });' +
      's.on("connect", () => { console.log("open"); s.destroy(); });' +
      's.on("timeout", () => s.destroy()); s.on("error", () => undefined);';
    return (await rehearsal.script(from, program, host, `${port}`)).stdout.trim() === 'open';
  };
  expect(await reaches('strasbourg', 'metz')).toBe(true);
  expect(await reaches('agency', 'metz')).toBe(true);
  expect(await reaches('metz', inside)).toBe(true);
  expect(await reaches('strasbourg', inside)).toBe(false);
  expect(await reaches('agency', inside)).toBe(false);
  const { port } = new URL((await mapOf('metz')).address);
  expect(await reaches('metz', inside, port)).toBe(true);
  for (const host of ['metz', inside]) {
    expect([host, await reaches('strasbourg', host, port)]).toEqual([host, false]);
    expect([host, await reaches('operator', host, port)]).toEqual([host, false]);
  }
});

it('the operator sees neither daemons’ keys nor the agency’s files', async () => {
  const list = (path: string) =>
    rehearsal.script('operator', `console.log(require("fs").readdirSync("${path}").join())`);
  expect((await list('/srv/vauban/operators')).stdout).toContain('.key');
  expect((await list('/srv/vauban/daemons')).stdout.trim()).toBe('');
  expect((await list('/srv/vauban/agency')).stdout.trim()).toBe('');
});

it('the engine finds every daemon healthy', async () => {
  const healths = () => each((_, { State }) => State.Health?.Status);
  await until(async () => !(await healths()).includes('starting'));
  expect(await healths()).toEqual(Array.from({ length: 9 }, () => 'healthy'));
});

describe('on the machine', () => {
  it('a hoster’s link opens the live map: with its token, and asked for by the name that was published', async () => {
    const { address, token } = await mapOf('metz');
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+$/);
    expect((await fetch(address)).status).toBe(200);
    expect((await fetch(`${address}/map/content`)).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    const shown = await fetch(`${address}/map/content`, { headers });
    expect([shown.status, await shown.text()]).toEqual([200, expect.stringContaining('Strasbourg')]);
    const { host, hostname, port } = new URL(address);
    for (const [name, status] of [
      [host, 200],
      [`localhost:${port}`, 200],
      [`evil.example:${port}`, 421],
      [`metz:${port}`, 421],
      [hostname, 421],
    ] as const) {
      const asked = request({
        hostname,
        port,
        path: '/map/content',
        agent: false,
        headers: { ...headers, host: name },
      });
      const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage];
      answer.resume();
      expect([name, answer.statusCode]).toEqual([name, status]);
    }
  });

  it(`the map shows itself in a browser${unlessMissing}`, async () => {
    const { link } = await mapOf('metz');
    const browser = hasBrowser ? await MapBrowser.open() : undefined;
    try {
      const looked = await browser?.look(link);
      if (looked === undefined) return;
      await looked.page.getByText('As seen by the daemon of Metz').waitFor();
      expect(await looked.page.getByRole('row').filter({ hasText: 'Strasbourg' }).count()).toBe(1);
      expect(looked.page.url()).not.toContain('#');
      expect(looked.complaints).toEqual([]);
      expect(new Set(looked.requests.map((one) => new URL(one).host))).toEqual(new Set([new URL(link).host]));
    } finally {
      await browser?.close();
    }
  });

  it('status and watch find the daemons in their containers; starting and stopping is left to compose', async () => {
    const { directory } = rehearsal;
    const status = await run(['network', 'status', directory, '--json'], engine());
    expect(status.json, status.stderr).toMatchObject({ fleet: 'containers', engineSilent: null });
    const states = status.json.daemons.map(({ state, pid }: { state: string; pid: null }) => [state, pid]);
    expect(states).toEqual(Array.from({ length: 9 }, () => ['up', null]));
    const watch = await run(['network', 'watch', directory, '--once', '--json']);
    expect(watch.json, watch.stderr).toMatchObject({ silent: [] });
    for (const verb of ['start', 'stop']) {
      const refused = await run(['network', verb, directory, '--json'], engine());
      expect([verb, refused.code, refused.json]).toMatchObject([
        verb,
        6,
        { error: { code: 'IN_CONTAINERS' } },
      ]);
    }
    const inside = await rehearsal.operator('network', 'status', '/srv/vauban', '--json');
    expect(JSON.parse(inside.stdout)).toMatchObject({ error: { code: 'DAEMONS_ELSEWHERE' } });
  });

  it('verbs that root runs on the network’s directory leave nothing there that its containers cannot read', async () => {
    const { directory } = rehearsal;
    const maintenance = ['site', 'maintenance', 'epinal', '--network'];
    await mapOf('nancy');
    const here = await run([...maintenance, directory, '--until', '2h', '--json']);
    expect(here.code, here.stderr).toBe(0);
    const { uid, gid } = await stat(directory);
    for (const name of await readdir(directory, { recursive: true })) {
      // What is gone meanwhile is nobody's.
      const found = await lstat(join(directory, name)).catch(() => ({ uid, gid }));
      expect([name, found.uid, found.gid]).toEqual([name, uid, gid]);
    }
    // The same log, written on by the account that the container runs as.
    await mustEnd(rehearsal.operator(...maintenance, '/srv/vauban', '--over'));
  });
});

it('a site that is cut off is silent for all and lost for nobody; it joins again', async () => {
  const { stage } = rehearsal;
  const signal = AbortSignal.timeout(300_000);
  await stage.prepare(['troyes'], signal);
  await stage.suffer('troyes', { cut: true });
  const troyes = (await rehearsal.inspect('troyes')) as Inspected;
  expect(troyes.State.Running).toBe(true);
  expect(troyes.NetworkSettings.Networks).toEqual({});
  const silent = async () => {
    const { stdout } = await rehearsal.operator('repair', 'status', '--network', '/srv/vauban', '--json');
    return (JSON.parse(stdout) as { silent: { site: string }[] }).silent.map(({ site }) => site);
  };
  expect(await silent()).toEqual(['troyes']);
  await stage.suffer('troyes', { cut: false });
  await stage.restore(signal);
  expect(await silent()).toEqual([]);
  expect((await fetch((await mapOf('troyes')).address)).status).toBe(200);
});

it('a power cut of everything: all daemons come back and agree', async () => {
  const { stage, sites } = rehearsal;
  await stage.kill(sites);
  expect((await stage.look()).running.size).toBe(0);
  const dark = await run(['network', 'status', rehearsal.directory, '--json'], engine());
  expect(new Set(dark.json.daemons.map(({ state }: { state: string }) => state))).toEqual(new Set(['down']));
  await stage.start(sites, AbortSignal.timeout(300_000));
  expect((await stage.look()).running.size).toBe(9);
  await mustEnd(rehearsal.agency('vault', 'status'));
});

it('a site burns: eight fragments of everything are left, nine are back by themselves, every file reads', async () => {
  const fire = await burnAndHeal(rehearsal, { site: 'strasbourg', tell: (line) => console.log(line) });
  expect(fire.before.fewest).toBe(9);
  expect(fire.burnt.fragmentsLost).toBeGreaterThan(0);
  expect(fire.afterwards).toMatchObject({ fewest: 8, bySite: { strasbourg: 0 } });
  expect(fire.healed).toMatchObject({ fewest: 9, bySite: { strasbourg: 0 } });
  expect(fire.same).toBe(fire.files);
  expect((await rehearsal.stage.look()).burnt).toEqual(new Set(['strasbourg']));
  await mustEnd(rehearsal.operator('ledger', 'verify', '--network', '/srv/vauban'));
});

it('a drill burns the next one: every promise is judged kept, and the report is the one that the ledger knows', async () => {
  const { directory } = rehearsal;
  const scratch = await mkdtemp(join(tmpdir(), 'vauban-drilled-'));
  const scenario = join(scratch, 'next-fire.toml');
  await writeFile(scenario, nextFire);
  const where = ['--network', directory, '--json'];
  const played = await run(
    ['drill', scenario, ...where, '--report', join(scratch, 'reports'), '--yes'],
    engine(),
  );
  expect(played.json, played.stderr).toMatchObject({ ok: true, scenario: 'next-fire' });
  expect((await rehearsal.stage.look()).burnt).toEqual(new Set(['strasbourg', 'metz']));
  const { report } = played.json;
  const data = JSON.parse(await readFile(report.json, 'utf8'));
  expect(data.environment).toMatchObject({ fleet: 'containers' });
  const genuine = await run(['drill', 'verify', report.html, ...where], engine());
  expect(genuine.json, genuine.stderr).toMatchObject({ ok: true, phase: 'ended' });
  await rm(scratch, { recursive: true });
});

it('no disk in use is taken for a new one', async () => {
  await expect(rehearsal.readyDisk('nancy')).rejects.toThrow('vauban-daemon');
});

it('nothing is left behind', async () => {
  expect((await rehearsal.left()).length).toBeGreaterThan(0);
  await rehearsal.close();
  expect(await rehearsal.left()).toEqual([]);
});
