// One writer for all a daemon says: what one of its parts said keeps none of the others waiting, over a restart too.

import { Fault, memoryStore, type Store } from '@vauban/core';
import type { AppendReply, Payload } from '@vauban/ledger';
import { expect, test } from 'vitest';
import { countedRandom, TestNetwork } from '../../ledger/test/memory-hosters.ts';
import { crypto, daemonOf, seedOf } from '../../ledger/test/sample-charter.ts';
import { maintenanceOf, siteLostOf } from '../../ledger/test/samples.ts';
import { OwnLog, type OwnLogPorts } from '../src/own-log.ts';

function ownLogOf(network: TestNetwork, store: Store) {
  return new OwnLog(portsOf(network, store));
}

function portsOf(network: TestNetwork, store: Store): OwnLogPorts {
  const abort = new AbortController();
  return {
    id: daemonOf('h1'),
    logSeed: seedOf('log h1'),
    crypto,
    clock: network.clock,
    random: countedRandom('own'),
    charters: network.charters,
    mirror: network.hoster(1).mirror,
    peers: { voters: () => network.hosters.slice(1), newer: async () => undefined },
    store,
    log: (_, event) => {
      if (event === 'own-log-waits') abort.abort(new Error('the daemon ends'));
    },
    signal: abort.signal,
  };
}

const refusal: AppendReply = {
  result: 'refused',
  class: 'policy',
  index: null,
  fault: new Fault('refused', 'SEGMENT_PURGED', 'it is being erased', {}),
};

/** All voters but its own are asked over the network; whatever waits for ten minutes ends with the daemon. */
function patient(network: TestNetwork, store: Store) {
  const voters = () => network.hosters.slice(1);
  const abort = new AbortController();
  const until = network.clock.monotonic() + 600_000;
  return new OwnLog({
    ...portsOf(network, store),
    peers: { voters, newer: async () => undefined },
    log: () => {
      if (network.clock.monotonic() > until) abort.abort(new Error('it waited too long'));
    },
    signal: abort.signal,
  });
}

async function kindsOf(network: TestNetwork, origin: string, at = 1): Promise<string[]> {
  const { logs } = network.hoster(at).mirror;
  const kinds: string[] = [];
  for (let index = 0; index < logs.state(origin).size; index++)
    kinds.push((await logs.stored(origin, index)).entry.kind);
  return kinds;
}

/** One entry is certified; a second is signed, and too few answer for it before the daemon ends. */
async function endsBefore(network: TestNetwork, ownLog: OwnLog, payload: Payload) {
  await ownLog.append([maintenanceOf('h1', 1)]);
  await new Promise((resolve) => setImmediate(resolve));
  network.cut(2, 3, 4);
  await expect(ownLog.append([payload])).rejects.toThrow('the daemon ends');
  network.cut();
}

test('who says more the moment it is answered is heard', async () => {
  const network = await TestNetwork.of(4);
  const ownLog = ownLogOf(network, memoryStore());
  const sizes: number[] = [];
  for (let nth = 1; nth <= 3; nth++) sizes.push((await ownLog.append([maintenanceOf('h1', nth)])).size);
  expect(sizes).toEqual([2, 3, 4]);
});

test('what an earlier run could not say, and is refused, is not laid to what comes after it', async () => {
  const network = await TestNetwork.of(4);
  const store = memoryStore();
  await endsBefore(network, ownLogOf(network, store), siteLostOf('h2'));
  const { origin } = await ownLogOf(network, store).append([maintenanceOf('h1', 2)]);
  expect(await kindsOf(network, origin, 2)).toEqual([
    'genesis',
    'maintenance',
    'site-lost',
    'void',
    'maintenance',
  ]);
});

test('once it is settled, what an earlier run wrote is certified or voided, and nothing is on its way', async () => {
  const network = await TestNetwork.of(4);
  const store = memoryStore();
  await endsBefore(network, ownLogOf(network, store), maintenanceOf('h1', 2));
  const ownLog = ownLogOf(network, store);
  const [settled, head] = await Promise.all([ownLog.settled(), ownLog.append([maintenanceOf('h1', 3)])]);
  expect(head.size).toBe(4);
  expect(settled.size).toBeGreaterThanOrEqual(3);
  const { logs } = network.hoster(2).mirror;
  expect(logs.state(head.origin).certifiedSize).toBe(4);
  await expect(ownLog.settled()).resolves.toEqual(head);
});

test('what a few refuse while others are away is taken back, and holds up nothing behind it', async () => {
  const network = await TestNetwork.of(7);
  const ownLog = patient(network, memoryStore());
  await ownLog.append([maintenanceOf('h1', 1)]);
  const one = network.hoster(2);
  let asked = 0;
  // Once it travels with its void, nobody has a reason to refuse it.
  one.lie.append = async (append, certificate) => {
    asked += 1;
    const isVoided = append.records.length > 1;
    return isVoided ? one.mirror.append(append, certificate) : refusal;
  };
  network.cut(3, 4);
  const began = network.clock.monotonic();
  const appended = ownLog.append([maintenanceOf('h1', 2)]);
  await expect(appended).rejects.toMatchObject({ kind: 'refused', code: 'SEGMENT_PURGED' });
  expect(asked).toBeGreaterThan(2);
  expect(network.clock.monotonic() - began).toBeLessThan(60_000);
  one.lie = {};
  await expect(ownLog.append([maintenanceOf('h1', 3)])).resolves.toMatchObject({ size: 5 });
});

test('what was never signed is not refused with what is taken back before it: it waits, and is said', async () => {
  const network = await TestNetwork.of(7);
  const ownLog = patient(network, memoryStore());
  await ownLog.append([maintenanceOf('h1', 1)]);
  const one = network.hoster(2);
  let asked = 0;
  // Too few answer for the void as well, and one refuses that too.
  network.cut(3, 4, 5);
  one.lie.append = async (append, certificate) => {
    asked += 1;
    if (asked < 60) return refusal;
    network.cut();
    one.lie = {};
    return one.mirror.append(append, certificate);
  };
  const first = ownLog.append([maintenanceOf('h1', 2)]);
  await Promise.resolve();
  const second = ownLog.append([maintenanceOf('h1', 3)]);
  await expect(first).rejects.toMatchObject({
    kind: 'refused',
    code: 'SEGMENT_PURGED',
    facts: { takenBack: true },
  });
  expect(asked).toBeLessThan(30);
  const { origin } = await second;
  expect(asked).toBe(60);
  expect(await kindsOf(network, origin)).toEqual([
    'genesis',
    'maintenance',
    'maintenance',
    'void',
    'maintenance',
  ]);
});

test('nor is it refused when enough hosters refuse for good what stands before it, void and all', async () => {
  const network = await TestNetwork.of(7);
  const ownLog = patient(network, memoryStore());
  await ownLog.append([maintenanceOf('h1', 1)]);
  let asked = 0;
  for (const at of [2, 3, 4]) {
    const one = network.hoster(at);
    one.lie.append = async (append, certificate) => {
      asked += 1;
      return asked < 60 ? refusal : one.mirror.append(append, certificate);
    };
  }
  const first = ownLog.append([maintenanceOf('h1', 2)]);
  await Promise.resolve();
  const second = ownLog.append([maintenanceOf('h1', 3)]);
  await expect(first).rejects.toMatchObject({ kind: 'refused', code: 'SEGMENT_PURGED' });
  const { origin, size } = await second;
  expect(size).toBe(5);
  expect((await kindsOf(network, origin)).at(-2)).toBe('void');
});

test('what an earlier run left, refused by one while others are silent, is taken back, and only then is all settled', async () => {
  const network = await TestNetwork.of(7);
  const store = memoryStore();
  const abort = new AbortController();
  const before = new OwnLog({
    ...portsOf(network, store),
    peers: { voters: () => network.hosters.slice(1), newer: async () => undefined },
    log: () => abort.abort(new Error('the daemon ends')),
    signal: abort.signal,
  });
  await endsBefore(network, before, maintenanceOf('h1', 2));
  // They answer what they hold, and no append.
  for (const at of [3, 4]) {
    network.hoster(at).lie.append = async () => {
      throw new Error('too slow');
    };
  }
  const one = network.hoster(2);
  one.lie.append = async (append, certificate) =>
    append.records.length > 1 ? one.mirror.append(append, certificate) : refusal;
  const ownLog = patient(network, store);
  const { logs } = network.hoster(1).mirror;
  await expect(ownLog.settled()).resolves.toMatchObject({ size: 4 });
  one.lie = {};
  const { origin } = await ownLog.append([maintenanceOf('h1', 3)]);
  expect(logs.state(origin)).toMatchObject({ size: 5, certifiedSize: 5 });
  expect(await kindsOf(network, origin)).toEqual([
    'genesis',
    'maintenance',
    'maintenance',
    'void',
    'maintenance',
  ]);
});

test('what an earlier run left is certified before anybody is told that all is settled', async () => {
  const network = await TestNetwork.of(4);
  const store = memoryStore();
  await endsBefore(network, ownLogOf(network, store), maintenanceOf('h1', 2));
  let asked = 0;
  for (const one of network.hosters.slice(1)) {
    one.lie.append = async (append, certificate) => {
      asked += 1;
      if (asked < 20) throw new Error('too slow');
      return one.mirror.append(append, certificate);
    };
  }
  const ownLog = patient(network, store);
  const { origin } = await ownLog.settled();
  const { logs } = network.hoster(1).mirror;
  expect(logs.state(origin)).toMatchObject({ size: 3, certifiedSize: 3 });
});
