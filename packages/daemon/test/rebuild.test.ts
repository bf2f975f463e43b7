// Fragments brought to a disk from others: what it costs in bytes, what a helper that lies, fails or dawdles changes, and that
// nothing but the certified root ever stays.

import {
  asFault,
  type Clock,
  type CodeName,
  equalBytes,
  Fault,
  isFault,
  LEAF_BYTES,
  merkleRoot,
  toHex,
} from '@vauban/core';
import { createErasureCode, layoutOf } from '@vauban/erasure';
import type { Place } from '@vauban/ledger';
import { type BulkHeader, type PeerClient, writeBulkFault } from '@vauban/wire';
import { describe, expect, it } from 'vitest';
import type { FragmentStore } from '../src/fragment-store.ts';
import { FragmentsService, type FragmentsServiceOptions } from '../src/fragments-service.ts';
import type { PlacedSegment } from '../src/repair/placed-segment.ts';
import { type HelperTrouble, rebuildFragments, type RebuildPorts } from '../src/repair/rebuild.ts';
import { crypto, newMachine, seededRandom, STORED_AT } from './fragment-setup.ts';
import { pipe } from './pipe.ts';

interface Shape {
  readonly code: CodeName;
  readonly k: number;
  readonly m: number;
  readonly cellBytes: number;
  readonly segmentBytes: number;
}
const clay42: Shape = {
  code: 'clay',
  k: 4,
  m: 2,
  cellBytes: 8 * LEAF_BYTES,
  segmentBytes: 2 * 4 * 8 * LEAF_BYTES,
};
const rs42: Shape = { ...clay42, code: 'rs' };

/** Timers that only `ring` lets go off. */
function bellClock(): Clock & { readonly ring: () => void } {
  const waiting = new Set<() => void>();
  return {
    now: () => STORED_AT,
    monotonic: () => 0,
    sleep: () => new Promise(() => undefined),
    after: (_, call) => {
      waiting.add(call);
      return () => void waiting.delete(call);
    },
    ring: () => {
      for (const call of waiting) call();
    },
  };
}

/** A disk per fragment, holder `d<index>` each, and an empty one that rebuilds. */
async function holdersOf(shape: Shape) {
  const layout = layoutOf(shape);
  const n = shape.k + shape.m;
  const fragments = Array.from({ length: n }, () => new Uint8Array(layout.fragmentBytes));
  const bytes = seededRandom(3).bytes(shape.segmentBytes);
  createErasureCode(shape.code, shape.k, shape.m).encodeSegment(layout, bytes, fragments);
  const roots = fragments.map((one) => merkleRoot(crypto, crypto.leafHashes(one, LEAF_BYTES)));
  const segment = new Uint8Array(32).fill(9);
  const place = {
    ...layout,
    segment,
    vault: new Uint8Array(32),
    fragments: roots.map((root) => [root]),
  } as unknown as Place;
  const placed = { segment, place, agency: 'town', fragmentBytes: layout.fragmentBytes } as PlacedSegment;
  const upload = (index: number) => ({
    segment,
    index,
    root: roots[index] as Uint8Array,
    bytes: layout.fragmentBytes,
    agency: 'town',
    vault: place.vault,
  });
  const stores: FragmentStore[] = [];
  for (const [index, data] of fragments.entries()) {
    const store = await (await newMachine()).open();
    const writer = await store.begin(upload(index));
    if (writer.already) throw new Error('the disk is not empty');
    await writer.write(data);
    await writer.commit();
    stores.push(store);
  }
  const own = await (await newMachine()).open();
  const clock = bellClock();
  const received = new Map<string, number>();
  const trouble: HelperTrouble[] = [];
  const misdeeds = new Map<string, 'lies' | 'refuses' | 'dawdles'>();
  const client = (daemon: string) => ({
    bulk: async (header: BulkHeader) => {
      const { near, far, ...counted } = pipe();
      const misdeed = misdeeds.get(daemon);
      const store = stores[Number(daemon.slice(1))] as FragmentStore;
      const service = new FragmentsService({
        store: misdeed === 'lies' ? lying(store) : store,
        crypto,
        foreground: { touch: () => undefined },
      } as unknown as FragmentsServiceOptions);
      const answer = async () => {
        if (misdeed === 'dawdles') return;
        if (misdeed === 'refuses') throw new Fault('refused', 'FRAGMENT_MISSING', 'not here', {});
        if (header.bulk === 'get') await service.get({ role: 'daemon', daemon, hoster: 'h' }, header, far);
        received.set(daemon, (received.get(daemon) ?? 0) + counted.receivedBytes());
      };
      void answer()
        .catch((error: unknown) => writeBulkFault(far, asFault(error)).then(() => far.closeWrite()))
        // The reader hung up: nobody is left to be told.
        .catch(() => undefined);
      return near;
    },
  });
  const ports: RebuildPorts = {
    id: 'own',
    crypto,
    clock,
    store: own,
    client: (daemon) => client(daemon) as unknown as PeerClient,
    pace: async () => undefined,
    received: () => undefined,
    trouble: (of) => void trouble.push(of),
  };
  const held = async (index: number) => {
    await own.verify({ segment, index });
    return equalBytes(
      await own.read({ segment, index }, 0, layout.fragmentBytes),
      fragments[index] as Uint8Array,
    );
  };
  /** Failed in earlier attempts. */
  const useless = new Set<string>();
  const rebuild = (wanted: readonly number[], gone: readonly number[] = wanted, replace?: boolean) =>
    rebuildFragments(ports, {
      placed,
      wanted,
      sources: (index) => (gone.includes(index) ? [] : [`d${index}`]),
      ...(replace === undefined ? {} : { replace }),
      useless,
      signal: new AbortController().signal,
    });
  const shipped = () => [...received.values()].reduce((sum, one) => sum + one, 0);
  return {
    layout,
    placed,
    stores,
    own,
    segment,
    upload,
    clock,
    trouble,
    misdeeds,
    held,
    rebuild,
    shipped,
    useless,
    ports,
  };
}

/** Sends other bytes than it stored; its leaf hashes are the right ones. */
function lying(store: FragmentStore): FragmentStore {
  return new Proxy(store, {
    get: (target, name: keyof FragmentStore) => {
      if (name === 'read') {
        return async (...of: Parameters<FragmentStore['read']>) => {
          const bytes = (await target.read(...of)).slice();
          bytes[0] = (bytes[0] as number) ^ 1;
          return bytes;
        };
      }
      const value = target[name];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('one fragment lost', () => {
  it.each([0, 1, 2, 3, 4, 5])(
    'clay 4+2, fragment %i: half of each of the five others is shipped',
    async (lost) => {
      const { held, rebuild, shipped, layout } = await holdersOf(clay42);
      await rebuild([lost]);
      expect(await held(lost)).toBe(true);
      const hashes = 5 * 32 * Math.ceil(layout.fragmentBytes / LEAF_BYTES);
      expect(shipped()).toBeGreaterThanOrEqual(2.5 * layout.fragmentBytes + hashes);
      expect(shipped()).toBeLessThan(2.5 * layout.fragmentBytes + hashes + 5 * 200);
    },
  );

  it('rs 4+2: four others are read whole', async () => {
    const { held, rebuild, shipped, layout } = await holdersOf(rs42);
    await rebuild([4]);
    expect(await held(4)).toBe(true);
    expect(shipped()).toBeLessThan(4.02 * layout.fragmentBytes);
    expect(shipped()).toBeGreaterThan(4 * layout.fragmentBytes);
  });

  it('a last stripe whose sub-chunks are no whole leaves is rebuilt all the same', async () => {
    const { held, rebuild } = await holdersOf({ ...clay42, segmentBytes: 4 * 8 * LEAF_BYTES + 40_000 });
    await rebuild([2]);
    expect(await held(2)).toBe(true);
  });

  it('what another daemon still holds is copied, byte for byte once', async () => {
    const { held, rebuild, shipped, layout } = await holdersOf(clay42);
    await rebuild([3], []);
    expect(await held(3)).toBe(true);
    expect(shipped()).toBeLessThan(1.01 * layout.fragmentBytes);
  });
});

it('what was rebuilt counts once against the quota of the agency the ledger names, and is given back', async () => {
  const { own, stores, rebuild, upload, layout, segment } = await holdersOf(clay42);
  const bytes = layout.fragmentBytes;
  const counted = () => Object.fromEntries(own.totals().byAgency);
  await rebuild([2]);
  expect(counted()).toEqual({ town: bytes });
  await rebuild([2], [2], true);
  expect(counted()).toEqual({ town: bytes });
  await own.remove({ segment, index: 2 });
  expect(counted()).toEqual({});
  // Another agency had brought the same fragment before: made whole again, it is the ledger's.
  const writer = await own.begin({ ...upload(3), agency: 'village' });
  if (writer.already) throw new Error('nothing was there');
  await writer.write(await (stores[3] as FragmentStore).read({ segment, index: 3 }, 0, bytes));
  await writer.commit();
  expect(counted()).toEqual({ village: bytes });
  await rebuild([3], [3], true);
  expect(counted()).toEqual({ town: bytes });
  await own.remove({ segment, index: 3 });
  expect(counted()).toEqual({});
});

it('several lost fragments come from one reading of k', async () => {
  const { held, rebuild, shipped, layout } = await holdersOf(clay42);
  await rebuild([1, 4]);
  expect([await held(1), await held(4)]).toEqual([true, true]);
  expect(shipped()).toBeLessThan(4.02 * layout.fragmentBytes);
});

it('of two lost only the own one is brought here', async () => {
  const { held, rebuild, own, segment } = await holdersOf(clay42);
  await rebuild([1], [1, 4]);
  expect(await held(1)).toBe(true);
  expect(await own.get({ segment, index: 4 })).toBeUndefined();
});

describe('a helper that is no help', () => {
  it.each([
    ['lies', 'LEAF_WRONG', true],
    ['refuses', 'FRAGMENT_MISSING', false],
  ] as const)('that %s is named, and the rest suffices', async (misdeed, code, lied) => {
    const { held, rebuild, misdeeds, trouble } = await holdersOf(clay42);
    misdeeds.set('d5', misdeed);
    await rebuild([0]);
    expect(await held(0)).toBe(true);
    expect(trouble.map((one) => [one.daemon, one.index, one.fault.code, one.lied])).toEqual([
      ['d5', 5, code, lied],
    ]);
  });

  it('is not asked again in the next attempt, unless nobody else can help', async () => {
    const { held, rebuild, misdeeds, trouble, useless, shipped } = await holdersOf(clay42);
    misdeeds.set('d5', 'lies').set('d4', 'refuses');
    await expect(rebuild([0])).rejects.toMatchObject({ code: 'REPAIR_SOURCES_SHORT' });
    expect([...useless].sort()).toEqual(['4/d4', '5/d5']);
    expect(trouble.splice(0)).toHaveLength(2);
    // One of them is well again: it is needed, and so is tried again; as is the other, once.
    misdeeds.delete('d4');
    await rebuild([0]);
    expect(await held(0)).toBe(true);
    expect(trouble.splice(0).length).toBeLessThanOrEqual(1);
    const before = shipped();
    useless.delete('4/d4');
    await rebuild([1]);
    expect(await held(1)).toBe(true);
    expect(trouble).toEqual([]);
    expect(shipped()).toBeGreaterThan(before);
  });

  it('that never sends is not waited for without end', async () => {
    const { held, rebuild, misdeeds, trouble, clock } = await holdersOf(clay42);
    misdeeds.set('d5', 'dawdles');
    const done = rebuild([0]);
    const bell = setInterval(() => clock.ring(), 50);
    await done;
    clearInterval(bell);
    expect(await held(0)).toBe(true);
    expect(trouble.map(({ fault }) => fault.code)).toContain('HELPER_SLOW');
  });

  it('too few are left: a fault with the facts, and nothing on the disk', async () => {
    const { rebuild, misdeeds, own, segment } = await holdersOf(clay42);
    misdeeds.set('d4', 'refuses');
    misdeeds.set('d5', 'lies');
    const ended = await rebuild([0]).catch((error: unknown) => error);
    expect(isFault(ended, 'REPAIR_SOURCES_SHORT')).toBe(true);
    expect((ended as Fault).facts).toEqual({ segment: toHex(segment), up: 3, k: 4 });
    expect(await own.get({ segment, index: 0 })).toBeUndefined();
  });
});

it('fragments that never were one code word end as ROOT_MISMATCH, and nothing stays', async () => {
  const { rebuild, placed, own, segment } = await holdersOf(clay42);
  (placed.place.fragments as unknown as [Uint8Array][])[0] = [new Uint8Array(32).fill(1)];
  const ended = await rebuild([0]).catch((error: unknown) => error);
  expect(isFault(ended, 'ROOT_MISMATCH')).toBe(true);
  expect(await own.get({ segment, index: 0 })).toBeUndefined();
});

it('what this daemon holds itself is read from its own disk, and not from over the line', async () => {
  const { held, stores, own, upload, segment, shipped, layout, ports, placed } = await holdersOf(clay42);
  const data = await (stores[5] as FragmentStore).read({ segment, index: 5 }, 0, layout.fragmentBytes);
  const writer = await own.begin(upload(5));
  if (writer.already) throw new Error('the disk is not empty');
  await writer.write(data);
  await writer.commit();
  const sources = (index: number) => (index === 0 ? [] : index === 5 ? ['own'] : [`d${index}`]);
  await rebuildFragments(ports, { placed, wanted: [0], sources, signal: new AbortController().signal });
  expect(await held(0)).toBe(true);
  expect(shipped()).toBeLessThan(2.02 * layout.fragmentBytes);
});

it('a damaged fragment is written over in place', async () => {
  const { held, rebuild, own, upload, segment } = await holdersOf(clay42);
  await rebuild([0]);
  const before = await own.get({ segment, index: 0 });
  await rebuild([0], [0], true);
  expect(await held(0)).toBe(true);
  expect(before?.bytes).toBe(upload(0).bytes);
});
