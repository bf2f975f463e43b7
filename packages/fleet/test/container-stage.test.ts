// What a drill asks of the engine. That the engine then does it is for tests/docker, on a real one.

import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { containerStage, type DiskFragment, openStage, type Stage } from '@vauban/fleet';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ContainerBench } from './container-bench.ts';

const SITES = 'strasbourg metz nancy reims mulhouse colmar troyes epinal charleville-mezieres'.split(' ');
const allRun = Object.fromEntries(
  SITES.map((site) => [site, { running: true, networks: [site, 'exchange'] }]),
);
let bench: ContainerBench;

beforeAll(async () => {
  bench = await ContainerBench.create();
});
beforeEach(() => bench.answer(bench.listing(allRun)));
afterAll(() => bench.close());

async function walked(stage: Stage, site: string): Promise<DiskFragment[]> {
  const fragments: DiskFragment[] = [];
  for await (const one of stage.walk(site, 'what changed')) fragments.push(one);
  return fragments;
}

it('says which daemons run, by their containers alone', async () => {
  await bench.answer(
    bench.listing({
      ...allRun,
      metz: { running: false },
      agency: { running: true },
      operator: { running: true },
    }),
  );
  const { running, burnt } = await (await bench.stage()).look();
  expect(running).toEqual(new Set(SITES.filter((site) => site !== 'metz')));
  expect(burnt.size).toBe(0);
});

it('asks for containers of its own project and no others', async () => {
  await (await bench.stage()).look();
  const all = await readFile(bench.command.at(-1) as string, 'utf8');
  for (const line of all.split('\n').filter((one) => one.startsWith('ps'))) {
    expect(line).toContain(`label=com.docker.compose.project=${bench.project}`);
  }
});

it('refuses a network whose containers were not created, and says what to do', async () => {
  await bench.answer(bench.listing({ metz: { running: true } }));
  await expect(bench.stage()).rejects.toMatchObject({
    code: 'CONTAINERS_MISSING',
    facts: { missing: SITES.filter((site) => site !== 'metz') },
  });
});

it('kills all sites of a power cut with one call, and only those that run', async () => {
  const stage = await bench.stage();
  await bench.answer(bench.listing({ ...allRun, nancy: { running: false } }));
  await stage.kill(['metz', 'nancy', 'reims']);
  expect(await bench.calls()).toEqual(['kill id-of-metz id-of-reims']);
});

it('cuts a site off from every network, and connects it again under its name', async () => {
  const signal = new AbortController().signal;
  await bench.answer(bench.listing({ ...allRun, metz: { running: false, networks: ['metz', 'exchange'] } }));
  const stage = await bench.stage();
  await stage.prepare(['metz'], signal);
  await stage.suffer('metz', { cut: true });
  const { project } = bench;
  expect(await bench.calls()).toEqual([
    `network disconnect ${project}_metz id-of-metz`,
    `network disconnect ${project}_exchange id-of-metz`,
  ]);
  await bench.answer(bench.listing({ ...allRun, metz: { running: false, networks: ['exchange'] } }));
  await stage.suffer('metz', { cut: false });
  expect(await bench.calls()).toEqual([`network connect --alias metz ${project}_metz id-of-metz`]);
});

it('leaves what the daemon is to suffer in a file that its account can read, the cut left out', async () => {
  await bench.answer(bench.listing({ ...allRun, metz: { running: false } }));
  const stage = await bench.stage();
  await stage.prepare(['metz'], new AbortController().signal);
  await stage.suffer('metz', { delayMs: 40, cut: true });
  const home = join(bench.directory, 'daemons/metz');
  const path = join(home, 'staged.json');
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ delayMs: 40, cut: false });
  expect((await stat(path)).uid).toBe((await stat(home)).uid);
  await stage.restore(new AbortController().signal);
  await expect(stat(path)).rejects.toThrow('ENOENT');
  await expect(stage.suffer('metz', { delayMs: 1 })).rejects.toMatchObject({ code: 'STAGE_UNPREPARED' });
});

it('walks a disk beside the daemon that runs, fragment by fragment', async () => {
  const stage = await bench.stage();
  const fragments = [0, 1].map((index) => ({ segment: 'ab'.repeat(32), index, root: null, bytes: 9 }));
  const out = fragments.map((one) => `${JSON.stringify(one)}\n`).join('');
  await bench.answer({ ...bench.listing(allRun), exec: { out } });
  expect(await walked(stage, 'metz')).toEqual(fragments);
  expect(await bench.calls()).toEqual(['exec id-of-metz node /opt/vauban/docker/disk.js walk changed']);
});

it('tells what the engine said when it fails, and when there is none', async () => {
  const stage = await bench.stage();
  await bench.answer({ ...bench.listing(allRun), kill: { code: 1, err: 'first\nno such container\n' } });
  await expect(stage.kill(['metz'])).rejects.toMatchObject({
    code: 'DOCKER_FAILED',
    message: expect.stringContaining('no such container'),
  });
  const absent = containerStage(bench.directory, { command: ['/nowhere/docker'] });
  await expect(absent).rejects.toMatchObject({ code: 'DOCKER_MISSING' });
});

it('opens by the network’s own files: containers where compose has its file, processes elsewhere', async () => {
  const command = ['vauban'];
  // No engine answers by the name that openStage goes by, or another one does, which has no such containers.
  await expect(openStage(bench.directory, { command })).rejects.toMatchObject({
    code: expect.stringMatching(/^(DOCKER_|CONTAINERS_)/),
  });
  await rename(join(bench.directory, 'compose.env'), join(bench.directory, 'set-aside'));
  try {
    expect((await openStage(bench.directory, { command })).kind).toBe('processes');
  } finally {
    await rename(join(bench.directory, 'set-aside'), join(bench.directory, 'compose.env'));
  }
});

it('burns: container killed, disk removed with the container, keys erased, and it is burnt from then on', async () => {
  const stage = await bench.stage();
  const counted = { out: '{"fragments":3,"bytes":4000}\n' };
  const network = join(bench.directory, 'daemons/strasbourg');
  // As after the kill: whoever looks at the disk does so in a container without any network.
  await bench.answer({
    ...bench.listing({ ...allRun, strasbourg: { running: false } }),
    'run ': counted,
  });
  const result = await stage.burn('strasbourg');
  expect(result).toMatchObject({ site: 'strasbourg', fragmentsLost: 3, bytesLost: 4000 });
  const [look, ...rest] = await bench.calls();
  expect(look).toBe(
    'run --rm --network none --cap-drop ALL --read-only --user 7:8 ' +
      `--volume ${bench.project}_strasbourg:/srv/vauban/data an-image disk count`,
  );
  expect(rest).toEqual(['rm --force id-of-strasbourg', `volume rm ${bench.project}_strasbourg`]);
  await expect(stat(join(network, 'keys'))).rejects.toThrow('ENOENT');
  expect((await stage.look()).burnt).toEqual(new Set(['strasbourg']));
  // Once more: nothing is left to lose, and nothing is asked.
  await bench.answer(bench.listing({}));
  expect(await stage.burn('strasbourg')).toMatchObject({ fragmentsLost: 0, bytesLost: 0 });
  expect(await bench.calls()).toEqual([]);
  expect(await walked(stage, 'strasbourg')).toEqual([]);
});
