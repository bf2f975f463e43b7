// How safe segments are, as one daemon counts them: at once when somebody falls silent, after a look when something is written.

import { type DaemonId, standardDurations } from '@vauban/core';
import { expect, test } from 'vitest';
import { TestNetwork } from '../../ledger/test/memory-hosters.ts';
import {
  chainOf,
  crypto,
  daemonOf,
  policyOf,
  sampleCharter,
  seedOf,
} from '../../ledger/test/sample-charter.ts';
import { custodyOf, daemonGenesis, deviceGenesis, placeOf } from '../../ledger/test/samples.ts';
import { SegmentCensus } from '../src/admin/network/segment-census.ts';
import { JumpingClock, START } from './watch-setup.ts';

/** 2 + 2 on four hosters; the daemon that counts is the one of h1. */
async function bench() {
  const policies = ['standard', 'other'].map((name) =>
    policyOf(name, { k: 2, m: 2, sitesLost: 2, minSurvives: 1 }),
  );
  const charter = sampleCharter(4, { policies, durations: standardDurations });
  const network = await TestNetwork.of(4, { charters: chainOf(charter) });
  const genesis = deviceGenesis('laptop', { rights: ['write', 'delete'] });
  const device = await network.startedWriter('laptop', { options: { genesis } });
  const { logs } = network.hoster(1).mirror;
  const clock = new JumpingClock(START);
  const census = new SegmentCensus({
    id: daemonOf('h1'),
    logs,
    crypto,
    clock,
    charter: () => charter,
    log: () => undefined,
  });
  const silent = new Set<DaemonId>();
  const declared = new Set<DaemonId>();
  const of = {
    answers: (daemon: DaemonId) => !silent.has(daemon),
    counts: (daemon: DaemonId) => !silent.has(daemon) && !declared.has(daemon),
  };
  return {
    census,
    network,
    charter,
    device,
    clock,
    silent,
    declared,
    of,
    /** After so long that it may count again. */
    look: async () => {
      await clock.pass(60_000);
      await census.look(of);
      return census.margin(of);
    },
    put: async (name: string) => {
      const place = placeOf(charter, { name });
      const { origin, index } = await device.append(() => [place]);
      return { place, claim: { origin, index } };
    },
  };
}

test('before the first count there is nothing to say', async () => {
  const { census, of } = await bench();
  expect(census.margin(of)).toMatchObject({ countedAt: null, segments: 0, worst: null });
  expect(census.fragmentsOf(daemonOf('h1'))).toBeUndefined();
});

test('what is certified counts, and what is not does not', async () => {
  const it = await bench();
  const first = await it.put('one');
  expect(await it.look()).toMatchObject({ segments: 0, worst: null, countedAt: expect.any(Number) });
  await it.device.spreadCertificate();
  const seen = await it.look();
  expect(seen).toMatchObject({ segments: 1, promised: 2, below: expect.any(Number), unreadable: 0 });
  const holders = first.place.fragments.filter((one) => one.length > 1).length;
  const held = it.charter.daemons.reduce((sum, { id }) => sum + (it.census.fragmentsOf(id) ?? 0), 0);
  expect(held).toBe(holders);
});

test('a site that falls silent is reckoned with at once, and one that answers again too', async () => {
  const it = await bench();
  await it.put('one');
  await it.put('two');
  await it.device.spreadCertificate();
  const before = await it.look();
  expect(before).toMatchObject({ segments: 2, bySites: { [String(before.worst)]: 2 } });
  const holder = it.charter.daemons.find(({ id }) => (it.census.fragmentsOf(id) ?? 0) > 0)?.id as DaemonId;
  it.silent.add(holder);
  const after = it.census.margin(it.of);
  expect(after.worst).toBe((before.worst as number) - 1);
  expect([after.short, after.below]).toEqual([2, 2]);
  it.silent.clear();
  expect(it.census.margin(it.of)).toEqual(before);
});

test('a site declared lost is not counted on, though what it serves still reads', async () => {
  const it = await bench();
  await it.put('one');
  await it.device.spreadCertificate();
  await it.look();
  for (const { id } of it.charter.daemons) it.declared.add(id);
  expect(it.census.margin(it.of)).toMatchObject({ worst: -1, unreadable: 0 });
  for (const { id } of it.charter.daemons) it.silent.add(id);
  expect(it.census.margin(it.of)).toMatchObject({ worst: -1, unreadable: 1 });
});

test('it counts when something was written, and rests in between', async () => {
  const it = await bench();
  await it.put('one');
  await it.device.spreadCertificate();
  const { countedAt } = await it.look();
  await it.clock.pass(60_000);
  // Nothing was written since: the count is as of now.
  expect(it.census.margin(it.of).countedAt).toBe((countedAt as number) + 60_000);
  await it.put('two');
  await it.device.spreadCertificate();
  const before = it.census.margin(it.of);
  expect([before.segments, before.countedAt]).toEqual([1, countedAt]);
  expect((await it.look()).segments).toBe(2);
  await it.put('three');
  await it.device.spreadCertificate();
  // Right after a count it would be counting all the time.
  await it.census.look(it.of);
  expect(it.census.margin(it.of).segments).toBe(2);
  expect((await it.look()).segments).toBe(3);
});

test('a fragment that was rebuilt elsewhere counts once its custody is certified', async () => {
  const it = await bench();
  const { place, claim } = await it.put('one');
  await it.device.spreadCertificate();
  const before = await it.look();
  const [gone] = it.charter.daemons.filter(({ id }) => (it.census.fragmentsOf(id) ?? 0) > 0);
  it.silent.add(gone?.id as DaemonId);
  expect(it.census.margin(it.of).short).toBe(1);
  const index = place.fragments.findIndex(
    ([, holder]) => holder && Buffer.from(holder).toString('hex') === gone?.id,
  );
  const spare = ['h0', 'h1', 'h2', 'h3', 'h4'].find(
    (name) => it.census.fragmentsOf(daemonOf(name)) === 0,
  ) as string;
  const options = { seed: seedOf(`log ${spare}`), genesis: daemonGenesis(spare) };
  const writer = await it.network.startedWriter(spare, { options });
  const { certifiedSize: size } = it.network.hoster(1).mirror.logs.state(claim.origin);
  await writer.append(() => [custodyOf(place, { holder: spare, index, claim, size })]);
  await writer.spreadCertificate();
  expect(await it.look()).toMatchObject({ worst: before.worst, short: 0 });
  expect(it.census.fragmentsOf(daemonOf(spare))).toBe(1);
});
