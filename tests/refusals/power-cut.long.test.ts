// Every voter is cut off at once in the middle of appends, each a process of its own: started again they vote, and
// whatever one of them signed it still has. Ends only the processes it started.

import { fileURLToPath } from 'node:url';
import { quorumOf, votingHosters } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom } from '@vauban/core/node';
import { daemonPlaces, runningPid, startNetwork, stopNetwork } from '@vauban/fleet';
import { openHeads } from '@vauban/ledger';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Caller, outcomeOf } from './caller.ts';
import { TestNetwork, until } from './network.ts';
import { type Device, newAgency, newDevice, objects } from './pen.ts';

const bin = fileURLToPath(new URL('../../packages/cli/bin/vauban.js', import.meta.url));
const agency = newAgency('archives');
const SITES = [0, 1, 2, 3];
let network: TestNetwork;
let caller: Caller;

const start = () => startNetwork(network.root, { command: [process.execPath, bin] });
const device = (): Device => newDevice(network.charter.name, agency);

beforeAll(async () => {
  network = await TestNetwork.create({ k: 2, m: 1 });
  await start();
  await network.enact((charter) => ({
    ...charter,
    agencies: [
      {
        id: agency.id,
        name: agency.id,
        rootKey: crypto.ed25519Public(agency.rootSeed),
        quotaBytes: 1_000_000,
        suspended: false,
        policies: ['standard'],
      },
    ],
  }));
  const { note, transportSeed } = device();
  caller = await Caller.open(network, { role: 'device', note }, transportSeed);
});
afterAll(async () => {
  await caller?.close();
  await stopNetwork(network.root);
  await network?.close();
});

/** Ends all four as a power cut does: nobody gets to finish anything. */
async function cut(): Promise<void> {
  const places = await daemonPlaces(network.root);
  const pids = await Promise.all(places.map(async (place) => [place, await runningPid(place)] as const));
  for (const [, pid] of pids) if (pid !== undefined) process.kill(pid, 'SIGKILL');
  for (const [place] of pids) {
    await until(async () => (await runningPid(place)) === undefined, 'a killed process is gone');
  }
}

async function sizesAt(at: number, devices: readonly Device[]): Promise<Map<string, number>> {
  const nonce = nodeRandom.bytes(32);
  const scope = { of: 'origins' as const, origins: devices.map(({ pen }) => pen.origin) };
  const { signed } = await caller.ask(at, 'heads', { nonce, scope });
  const voter = network.site(at).home.daemon;
  const hoster = votingHosters(network.charter).find((one) => one.voter === voter)?.id ?? '';
  const { heads, starting } = openHeads(crypto, network.charter, { hoster, nonce, scope }, signed);
  expect(starting).toBe(false);
  return new Map(heads.map(({ origin, size }) => [origin, size]));
}

test('all four cut at once vote again, and hold every head they signed', async () => {
  const devices = [device(), device(), device()];
  /** Highest size of each log that each site signed. */
  const signed = SITES.map(() => new Map<string, number>());
  let appends = 0;
  const dead = new AbortController();
  const writing = devices.map(async ({ pen, genesis }) => {
    while (!dead.signal.aborted) {
      const from = pen.size;
      pen.write(from === 0 ? [genesis] : [objects(`entry ${from}`)]);
      await Promise.all(
        SITES.map(async (at) => {
          const answer = await caller
            .ask(at, 'append', { append: pen.from(from), certificate: null })
            .catch(() => undefined);
          if (answer?.result === 'cosigned') signed[at]?.set(pen.origin, from + 1);
        }),
      );
      appends += 1;
    }
  });
  await until(async () => appends >= 30, 'thirty appends are signed');
  await cut();
  dead.abort();
  await Promise.all(writing);

  const started = await start();
  expect(started).toMatchObject({ quorum: true, silent: [] });
  for (const at of SITES) {
    const sizes = await sizesAt(at, devices);
    for (const [origin, size] of signed[at] ?? []) expect(sizes.get(origin)).toBeGreaterThanOrEqual(size);
  }
  for (const { pen } of devices) {
    let cosigned = 0;
    for (const at of SITES) {
      const held = (await sizesAt(at, devices)).get(pen.origin) ?? 0;
      const from = held === pen.size ? held - 1 : held;
      const outcome = await outcomeOf(
        caller.ask(at, 'append', { append: pen.from(from), certificate: null }),
      );
      if (outcome.code === 'cosigned') cosigned += 1;
    }
    expect(cosigned).toBeGreaterThanOrEqual(quorumOf(network.charter));
  }
});
