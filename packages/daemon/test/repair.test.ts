// What repair says it holds is here and whole, and what a quorum refuses is not said again and again.

import {
  checkedStore,
  concat,
  type DaemonId,
  Fault,
  memoryStore,
  prefixedStore,
  toHex,
  utf8,
} from '@vauban/core';
import type { Payload, PlacedFragment } from '@vauban/ledger';
import { afterEach, expect, test } from 'vitest';
import { TestNetwork } from '../../ledger/test/memory-hosters.ts';
import { chainOf, crypto, daemonOf, sampleCharter, seedOf } from '../../ledger/test/sample-charter.ts';
import { VAULT } from '../../ledger/test/samples.ts';
import { pathOf } from '../src/fragment-file.ts';
import { FragmentStore } from '../src/fragment-store.ts';
import { createMarker } from '../src/marker.ts';
import type { PeerWatch } from '../src/peer-watch.ts';
import type { OwnStanding } from '../src/own-standing.ts';
import { Receipts } from '../src/receipts.ts';
import { Foreground } from '../src/repair/pace.ts';
import { Repair } from '../src/repair/repair.ts';
import { drawSegment, placeWith } from './erase-segments.ts';
import { flip, Machine, seededRandom } from './fragment-setup.ts';
import { rotRows } from './rot-rows.ts';
import { JumpingClock, START } from './watch-setup.ts';

const id = daemonOf('h4');
const MINUTE_MS = 60_000;

/** h1 lost fragment 0 with its site; this daemon is first in line for it, has a copy of it, and can ask nobody. */
async function bench(append: (payloads: readonly Payload[]) => Promise<unknown> = async () => undefined) {
  const charter = sampleCharter(4);
  const network = await TestNetwork.of(4, { charters: chainOf(charter) });
  const device = await network.startedWriter('laptop');
  const { data, ...named } = drawSegment(1);
  const holders = ['h1', 'h2', 'h3'];
  const place = placeWith(named, { charter, now: network.clock.time, holders, generationOf: () => 0 });
  await device.append(() => [place]);
  await device.spreadCertificate();
  const clock = new JumpingClock(START);
  const machine = new Machine();
  await createMarker(machine.files, id);
  const { files, index } = machine;
  const parts = { files, index, crypto, clock, random: seededRandom(7) };
  const fragments = await FragmentStore.open({ ...parts, daemon: id });
  const key = { segment: place.segment, index: 0 };
  const [root] = place.fragments[0] as PlacedFragment;
  const bytes = data[0] as Uint8Array;
  const writer = await fragments.begin({ ...key, root, bytes: bytes.length, agency: 'metz', vault: VAULT });
  if (writer.already) throw new Error('the disk is not empty');
  await writer.write(bytes);
  await writer.commit();
  const said: Payload[] = [];
  const raw = memoryStore();
  const store = prefixedStore(checkedStore(raw, crypto), utf8('repair/'));
  const receiptSeed = seedOf('receipt h4');
  const repair = new Repair({
    id,
    crypto,
    clock,
    charter: () => charter,
    now: () => network.clock.time,
    watch: {
      presence: (daemon: DaemonId) => (daemon === daemonOf('h1') ? 'lost' : 'up'),
      answer: () => undefined,
      watch: () => undefined,
    } as unknown as PeerWatch,
    consortium: { isLost: () => false, inMaintenance: () => false },
    self: () => ({ leaving: false, takes: { freeBytes: 1e9 } }),
    mirror: network.hoster(1).mirror,
    doubted: () => [],
    log: () => undefined,
    fragments,
    peers: { daemon: () => undefined },
    standing: {
      repairPaused: false,
      refusal: () => undefined,
      watch: () => undefined,
    } as unknown as OwnStanding,
    receipts: await Receipts.open(
      { crypto, daemon: id, receiptSeed, charter: () => charter, store: memoryStore() },
      0,
    ),
    ownLog: {
      append: async (payloads) => {
        said.push(...payloads);
        await append(payloads);
        return { origin: 'own', size: 1 };
      },
    },
    foreground: new Foreground(clock),
    rates: { linkBytesPerSecond: 1e9, diskBytesPerSecond: 1e9 },
    store,
    trouble: () => undefined,
  });
  stops.push(() => repair.stop());
  return { repair, clock, machine, key, said, raw, store };
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

test('custody is taken of a copy that lies here whole', async () => {
  const { repair, clock, key, said } = await bench();
  await repair.start();
  await clock.pass(5_000);
  expect(said[0]).toMatchObject({ kind: 'custody', segment: key.segment, index: 0 });
});

test('no custody is taken of a copy that rotted here: it is to be rebuilt first', async () => {
  const { repair, clock, machine, key, said } = await bench();
  flip(machine, pathOf(key), 10);
  await repair.start();
  await clock.pass(MINUTE_MS);
  expect(said).toEqual([]);
});

test('a custody that a quorum refuses is left to the next in line for a while', async () => {
  const facts = { class: 'policy', refusedBy: ['h1', 'h2', 'h3'] };
  const { repair, clock, key, said } = await bench(() =>
    Promise.reject(new Fault('refused', 'CUSTODY_CROWDED', 'too many stand there', facts)),
  );
  await repair.start();
  await clock.pass(20 * MINUTE_MS);
  expect(said.map((one) => one.kind === 'custody' && toHex(one.segment))).toEqual([toHex(key.segment)]);
  await clock.pass(20 * MINUTE_MS);
  expect(said).toHaveLength(2);
});

test('rows of what was on its way here: kept while somebody claims it, gone with the segment, readable or not', async () => {
  const { repair, clock, machine, key, store, raw } = await bench();
  flip(machine, pathOf(key), 10);
  const rowOf = (segment: Uint8Array, index: number) =>
    concat(utf8('pending/'), segment, Uint8Array.of(index));
  // Nobody claims it, or claims it any more: for repair a purged segment is the same.
  const purged = crypto.sha256(utf8('purged'));
  const own = rowOf(key.segment, key.index);
  const rows = [own, rowOf(purged, 1), rowOf(purged, 254)];
  await store.batch(
    rows.map((put) => ({ put, value: new Uint8Array(0) })),
    { sync: true },
  );
  expect(await rotRows(raw, concat(utf8('repair/'), rowOf(purged, 254)))).toBe(1);
  await repair.start();
  await clock.pass(5_000);
  const left: string[] = [];
  for await (const [row] of store.range({})) left.push(toHex(row));
  expect(left).toEqual([toHex(own)]);
});
