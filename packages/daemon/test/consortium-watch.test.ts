// What is certified about sites is heeded, and for no longer than anybody may ask for.

import { MAINTENANCE_MS_MAX } from '@vauban/core';
import { expect, test } from 'vitest';
import { TestNetwork } from '../../ledger/test/memory-hosters.ts';
import { seedOf } from '../../ledger/test/sample-charter.ts';
import { daemonGenesis, maintenanceOf } from '../../ledger/test/samples.ts';
import { ConsortiumWatch } from '../src/consortium-watch.ts';

async function announced(untilAfterMs: number) {
  const network = await TestNetwork.of(4);
  const { clock, charters } = network;
  const options = { seed: seedOf('log h1'), genesis: daemonGenesis('h1') };
  const writer = await network.startedWriter('h1', { options });
  await writer.append(() => [maintenanceOf('h1', clock.now() + untilAfterMs)]);
  await writer.spreadCertificate();
  const { logs } = network.hoster(2).mirror;
  const watch = new ConsortiumWatch({ logs, clock, charter: () => charters.current });
  await watch.start();
  const saidAt = clock.now();
  return (afterMs: number) => {
    clock.time = saidAt + afterMs;
    return watch.inMaintenance('h1');
  };
}

test('a maintenance lasts until its end', async () => {
  const isAway = await announced(1_000);
  expect([999, 1_000].map(isAway)).toEqual([true, false]);
});

test('one that was announced for ever, or a year by mistake, counts for a week from its entry', async () => {
  for (const untilAfterMs of [365 * 86_400_000, 8e12]) {
    const isAway = await announced(untilAfterMs);
    expect([0, MAINTENANCE_MS_MAX - 1, MAINTENANCE_MS_MAX + 1].map(isAway)).toEqual([true, true, false]);
  }
});
