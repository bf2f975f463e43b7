// The network verbs on a network of containers: what the engine says of them, and what is left to compose.

import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { networkStatus, startNetwork, stopNetwork, watchedNetwork } from '@vauban/fleet';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { ContainerBench } from './container-bench.ts';

let bench: ContainerBench;

beforeAll(async () => {
  bench = await ContainerBench.create();
});
beforeEach(() => bench.answer(bench.listing({ metz: { running: true }, nancy: { running: false } })));
afterAll(() => bench.close());

async function states(engine: readonly string[]) {
  const { daemons, ...status } = await networkStatus(bench.directory, { engine });
  return { ...status, bySite: new Map(daemons.map((one) => [one.site, one])) };
}

it('a daemon whose container does not run is down; one that runs and does not answer is silent', async () => {
  const { fleet, engineSilent, bySite } = await states(bench.command);
  expect([fleet, engineSilent]).toEqual(['containers', null]);
  expect(bySite.get('metz')).toMatchObject({ state: 'silent', alive: true, pid: null });
  expect(bySite.get('nancy')).toMatchObject({ state: 'down', alive: false, pid: null });
  expect(bySite.get('reims')).toMatchObject({ state: 'down', alive: false });
});

it('where no engine can be asked, every daemon is, and why is said', async () => {
  const { engineSilent, bySite } = await states(['/nowhere/docker']);
  expect(engineSilent).toContain('/nowhere/docker cannot be run');
  expect([...bySite.values()].map(({ state }) => state)).toEqual(Array.from({ length: 9 }, () => 'silent'));
});

it('a site that has burnt is burnt, whatever the engine says', async () => {
  const data = join(bench.directory, 'daemons/metz/data');
  await rename(data, `${data}.away`);
  try {
    const { bySite } = await states(bench.command);
    expect(bySite.get('metz')).toMatchObject({ state: 'burnt', fragments: 0 });
  } finally {
    await rename(`${data}.away`, data);
  }
});

it('starting and stopping are refused, with what to type instead, as a watch that hears nobody says', async () => {
  const { directory } = bench;
  const compose = (what: string) =>
    `docker-compose --env-file ${directory}/compose.env --file docker/compose.yaml ${what}`;
  const refused = (what: string) => ({
    kind: 'refused',
    code: 'IN_CONTAINERS',
    message: expect.stringContaining(compose(what)),
  });
  await expect(startNetwork(directory, { command: ['/nowhere/vauban'] })).rejects.toMatchObject(
    refused('up --detach'),
  );
  await expect(stopNetwork(directory)).rejects.toMatchObject(refused('stop'));
  const watched = watchedNetwork(directory, { signal: AbortSignal.timeout(60_000) });
  await expect(watched).rejects.toMatchObject({
    code: 'NETWORK_SILENT',
    message: expect.stringContaining(compose('up --detach')),
  });
  expect(await bench.calls()).toEqual([]);
});

it('from where no daemon is to be seen, as in the operator’s container, another verb is named', async () => {
  const empty = await mkdtemp(join(tmpdir(), 'vauban-nothing-'));
  const daemons = join(bench.directory, 'daemons');
  await rename(daemons, join(empty, 'daemons'));
  await mkdir(daemons);
  try {
    const elsewhere = {
      code: 'DAEMONS_ELSEWHERE',
      message: expect.stringContaining('vauban repair status --network'),
    };
    await expect(networkStatus(bench.directory)).rejects.toMatchObject(elsewhere);
    const watched = watchedNetwork(bench.directory, { signal: AbortSignal.timeout(60_000) });
    await expect(watched).rejects.toMatchObject(elsewhere);
  } finally {
    await rm(daemons, { recursive: true });
    await rename(join(empty, 'daemons'), daemons);
    await rm(empty, { recursive: true });
  }
});
