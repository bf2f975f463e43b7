import { getEventListeners } from 'node:events';
import { Fault } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import { fragmentBytesOf } from '@vauban/ledger';
import { describe, expect, it } from 'vitest';
import { challengeFragment } from '../src/fragment-challenge.ts';
import { SegmentReader } from '../src/segment-reader.ts';
import type { WrittenSegment } from '../src/segment-writer.ts';
import { SlabPool } from '../src/slab-pool.ts';
import type { FakeDaemon } from './fake-daemon.ts';
import {
  CELL_BYTES,
  expectReleased,
  expectSame,
  placeOf,
  randomBytes,
  STRIPE_BYTES,
  TestNetwork,
} from './segment-setup.ts';

const SIZE = 3 * STRIPE_BYTES + 1_000;

async function storedNetwork() {
  const network = new TestNetwork();
  const sealed = randomBytes(SIZE);
  const stored = await network.store(sealed);
  network.hub.bulkOpened.clear();
  const client = network.client();
  const read = () => network.read(stored, { offset: 0, length: SIZE }, client);
  const timed = async () => {
    const from = network.clock.monotonic();
    const bytes = await read();
    expectSame(bytes, sealed);
    return network.clock.monotonic() - from;
  };
  return { network, sealed, stored, client, read, timed };
}

const opened = (network: TestNetwork, of: FakeDaemon) => network.hub.bulkOpened.get(of.facts.peer) ?? 0;

function slowAll(network: TestNetwork, bytesPerMs: number): void {
  for (const { facts } of network.daemons) network.hub.condition(facts.peer).bytesPerMs = bytesPerMs;
}

describe('a healthy read', () => {
  it('asks the k data fragments and nobody else', async () => {
    const { network, stored, timed } = await storedNetwork();
    await timed();
    const asked = stored.fragments.map((_, index) => opened(network, network.holder(stored, index)));
    expect(asked).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0]);
    await expectReleased(network);
  });

  it('starts no extra read when everyone is slow alike', async () => {
    const { network, stored, timed } = await storedNetwork();
    slowAll(network, 500);
    await timed();
    slowAll(network, 100);
    await timed();
    expect([...network.hub.bulkOpened.values()].reduce((sum, one) => sum + one, 0)).toBe(2 * stored.k);
  });
});

describe('hedging', () => {
  it.each(['at once', 'in mid-read'])('overtakes a daemon that is stopped %s', async (when) => {
    const { network, stored, timed } = await storedNetwork();
    slowAll(network, 2_000);
    const healthyMs = await timed();
    const victim = network.holder(stored, 2);
    if (when === 'at once') network.stop(victim);
    else victim.misdeeds.atSentBytes = { bytes: CELL_BYTES, act: () => network.stop(victim) };
    expect(await timed()).toBeLessThan(4 * healthyMs + 60);
    // From now on it is left alone, and costs nothing.
    const before = opened(network, victim);
    for (let i = 0; i < 5; i++) expect(await timed()).toBeLessThan(1.5 * healthyMs);
    expect(opened(network, victim)).toBe(before);
    network.reviveAll();
    await expectReleased(network);
  });

  it('overtakes three stopped daemons, from a client that knows nothing yet', async () => {
    const { network, stored, timed } = await storedNetwork();
    for (const index of [0, 3, 5]) network.stop(network.holder(stored, index));
    expect(await timed()).toBeLessThan(1_000);
    expect(await timed()).toBeLessThan(50);
  });

  it('overtakes a stopped daemon in a small read', async () => {
    const { network, stored, sealed, client, timed } = await storedNetwork();
    await timed();
    network.stop(network.holder(stored, 1));
    const from = network.clock.monotonic();
    const bytes = await network.read(stored, { offset: CELL_BYTES, length: 1_000 }, client);
    expectSame(bytes, sealed.slice(CELL_BYTES, CELL_BYTES + 1_000));
    expect(network.clock.monotonic() - from).toBeLessThan(150);
  });

  it('leaves a crawling daemon behind, and prefers others afterwards', async () => {
    const { network, stored, timed } = await storedNetwork();
    slowAll(network, 2_000);
    const healthyMs = await timed();
    const victim = network.holder(stored, 4);
    network.hub.condition(victim.facts.peer).bytesPerMs = 100;
    expect(await timed()).toBeLessThan(3 * healthyMs + 60);
    const before = opened(network, victim);
    expect(await timed()).toBeLessThan(1.5 * healthyMs);
    expect(opened(network, victim)).toBe(before);
  });

  it('comes back to a daemon that answers again', async () => {
    const { network, stored, timed } = await storedNetwork();
    await timed();
    const victim = network.holder(stored, 2);
    network.stop(victim);
    await timed();
    network.reviveAll();
    await network.clock.pass(31_000);
    await timed();
    await network.clock.pass(100);
    const before = opened(network, victim);
    await timed();
    expect(opened(network, victim)).toBe(before + 1);
  });

  it('asks dead daemons once', async () => {
    const { network, stored, timed } = await storedNetwork();
    const dead = [0, 1, 2].map((index) => network.holder(stored, index));
    network.kill(...dead);
    for (let i = 0; i < 5; i++) await timed();
    expect(dead.map((one) => opened(network, one))).toEqual([0, 0, 0]);
    expect(opened(network, network.holder(stored, 7))).toBe(5);
  });

  it('uses a daemon believed dead when there is no other way', async () => {
    const { network, stored, client, timed } = await storedNetwork();
    for (const index of [0, 1, 2, 3]) {
      const { id } = network.holder(stored, index).facts;
      client.links.health(id).failed(new Fault('unreachable', 'PEER_UNREACHABLE', 'it was'));
      expect(client.links.usable(id)).toBe(false);
    }
    await timed();
    expect(network.hub.bulkOpened.size).toBeGreaterThanOrEqual(stored.k);
  });
});

describe('liars', () => {
  it('are not those who admit that a fragment is damaged, nor those who restarted', async () => {
    const { network, stored, timed } = await storedNetwork();
    await timed();
    const honest = network.holder(stored, 1);
    honest.misdeeds.refuseGet = new Fault('integrity', 'FRAGMENT_DAMAGED', 'the scrub found it');
    for (const one of network.daemons) one.forgetCallers();
    await timed();
    expect(network.liars).toEqual([]);
    honest.misdeeds = {};
    const before = opened(network, honest);
    await timed();
    expect(opened(network, honest)).toBe(before + 1);
  });

  it.each([
    ['a flipped leaf', { flipLeaf: 3 }, 3],
    ['a wrong list of leaf hashes', { wrongLeafList: true }, undefined],
    ['a wrong length', { wrongLength: true }, undefined],
  ])('are named and read around: %s', async (_, misdeeds, leaf) => {
    const { network, stored, timed } = await storedNetwork();
    const liar = network.holder(stored, 1);
    liar.misdeeds = misdeeds;
    await timed();
    expect(network.liars).toMatchObject([
      { daemon: liar.facts.id, site: liar.facts.site, hoster: `h-${liar.facts.site}`, index: 1, leaf },
    ]);
    expect(network.liars[0]?.segment).toEqual(stored.segment);
    const before = opened(network, liar);
    await timed();
    expect(opened(network, liar)).toBe(before);
    await expectReleased(network);
  });

  it('never get a wrong byte through, three at once and in parity too', async () => {
    const { network, stored, timed } = await storedNetwork();
    for (const [nth, index] of [0, 5, 7].entries()) network.holder(stored, index).misdeeds.flipLeaf = nth;
    await timed();
    expect(network.liars.map((one) => one.index).sort((a, b) => a - b)).toEqual([0, 5, 7]);
  });

  it('are read from another holder of the same fragment when there is one', async () => {
    const { network, sealed, stored, client } = await storedNetwork();
    const [liar, other] = [network.holder(stored, 1), network.holder(stored, 6)];
    for (const [name, bytes] of liar.fragments) other.fragments.set(name, bytes);
    liar.misdeeds.flipLeaf = 0;
    const place = placeOf(stored);
    const holders = [...place.holders, { index: 1, daemon: other.facts.id }];
    const into = new Uint8Array(SIZE);
    const reading = client.reader.read({ place: { ...place, holders }, offset: 0, length: SIZE, into });
    expect(await network.clock.run(reading)).toMatchObject({ decoded: false });
    expectSame(into, sealed);
  });
});

describe('too few fragments', () => {
  it('says which sites are missing and why', async () => {
    const { network, stored, read } = await storedNetwork();
    const dead = [0, 4, 8].map((index) => network.holder(stored, index));
    network.kill(...dead);
    const refusing = network.holder(stored, 6);
    refusing.misdeeds.refuseGet = new Fault('failure', 'FRAGMENT_DAMAGED', 'broken');
    const failed = read();
    await expect(failed).rejects.toMatchObject({ kind: 'missing-fragments', code: 'FRAGMENTS_MISSING' });
    const { message, facts } = (await failed.catch((error: unknown) => error)) as Fault;
    expect(facts).toMatchObject({ k: 6, found: 5 });
    const missing = facts['missing'] as { site: string; why: string }[];
    const expected = [
      ...dead.map(({ facts: { site } }) => [site, 'PEER_UNREACHABLE']),
      [refusing.facts.site, 'FRAGMENT_DAMAGED'],
    ];
    expect(new Set(missing.map((one) => `${one.site} ${one.why}`))).toEqual(
      new Set(expected.map((one) => one.join(' '))),
    );
    for (const {
      facts: { site },
    } of dead)
      expect(message).toContain(site);
    await expectReleased(network);
  });

  it('says so in seconds when they are stopped, and again at once', async () => {
    const { network, stored, read } = await storedNetwork();
    network.stop(...[0, 1, 2, 3].map((index) => network.holder(stored, index)));
    await expect(read()).rejects.toMatchObject({ code: 'FRAGMENTS_MISSING' });
    expect(network.clock.monotonic()).toBeLessThan(20_000);
    const from = network.clock.monotonic();
    await expect(read()).rejects.toMatchObject({ code: 'FRAGMENTS_MISSING' });
    expect(network.clock.monotonic() - from).toBeLessThan(4_000);
    network.reviveAll();
    await expectReleased(network);
  });

  it('still gives ranges whose own fragment is there', async () => {
    const { network, sealed, stored } = await storedNetwork();
    network.kill(...[1, 2, 3, 4].map((index) => network.holder(stored, index)));
    expectSame(await network.read(stored, { offset: 10, length: 50 }), sealed.slice(10, 60));
    await expect(network.read(stored, { offset: CELL_BYTES, length: 50 })).rejects.toMatchObject({
      code: 'FRAGMENTS_MISSING',
    });
  });
});

describe('an interrupted read', () => {
  it.each([0, CELL_BYTES])('releases everything, after %i bytes', async (bytes) => {
    const { network, stored, client } = await storedNetwork();
    const controller = new AbortController();
    const reason = new Fault('interrupted', 'INTERRUPTED', 'stop');
    network.holder(stored, 0).misdeeds.atSentBytes = { bytes, act: () => controller.abort(reason) };
    const range = { offset: 0, length: SIZE, signal: controller.signal };
    await expect(network.read(stored, range, client)).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    await expectReleased(network);
  });

  it('lends at most a parity shard per lost fragment, and the segment ends', async () => {
    const { network, stored, sealed } = await storedNetwork();
    network.kill(...[0, 1, 2].map((index) => network.holder(stored, index)));
    const { links } = network.client();
    const slabs = new SlabPool();
    const reader = new SegmentReader({ links, crypto, clock: network.clock, slabs });
    const into = new Uint8Array(SIZE);
    await network.clock.run(reader.read({ place: placeOf(stored), offset: 0, length: SIZE, into }));
    expectSame(into, sealed);
    const { lastCellBytes } = stored.descriptor;
    const boundBytes = 3 * fragmentBytesOf(stored.descriptor) + 6 * lastCellBytes;
    expect(slabs.account).toMatchObject({ lentBytes: 0 });
    expect(slabs.account.peakBytes).toBeGreaterThan(0);
    expect(slabs.account.peakBytes).toBeLessThanOrEqual(boundBytes);
  });
});

describe('a challenge', () => {
  const challenge = (network: TestNetwork, stored: WrittenSegment, index: number) => {
    const { links } = network.client();
    const { id: daemon } = network.holder(stored, index).facts;
    const root = stored.descriptor.roots[index] as Uint8Array;
    const fragmentBytes = fragmentBytesOf(stored.descriptor);
    const of = { links, crypto, random, segment: stored.segment, index, daemon, root, fragmentBytes };
    return network.clock.run(challengeFragment(of));
  };

  it('tells a holder from one that lost, damaged or cannot be asked for the fragment', async () => {
    const { network, stored } = await storedNetwork();
    for (let i = 0; i < 20; i++) expect(await challenge(network, stored, 1)).toEqual({ result: 'proven' });
    network.holder(stored, 2).fragments.clear();
    expect(await challenge(network, stored, 2)).toMatchObject({
      result: 'failed',
      fault: { code: 'FRAGMENT_MISSING' },
    });
    network.holder(stored, 3).misdeeds.flipLeaf = 0;
    expect(await challenge(network, stored, 3)).toMatchObject({
      result: 'failed',
      fault: { code: 'LEAF_WRONG' },
    });
    network.kill(network.holder(stored, 4));
    expect(await challenge(network, stored, 4)).toMatchObject({ result: 'unreachable' });
    network.stop(network.holder(stored, 5));
    expect(await challenge(network, stored, 5)).toMatchObject({ result: 'unreachable' });
  });
});
