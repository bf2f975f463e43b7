import { Fault, toHex } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import type { Place } from '@vauban/ledger';
import { describe, expect, it } from 'vitest';
import { CurrentHolders } from '../src/current-holders.ts';
import { DaemonLinks } from '../src/daemon-links.ts';
import type { WrittenSegment } from '../src/segment-writer.ts';
import { whereabouts } from '../src/whereabouts.ts';
import type { FakeDaemon } from './fake-daemon.ts';
import { expectReleased, expectSame, randomBytes, STRIPE_BYTES, TestNetwork } from './segment-setup.ts';

const SIZE = STRIPE_BYTES + 1_000;
/** Sites of the place, and one more where repair may put a fragment. */
const SITES = 13;

/** A segment on nine of the sites; the other daemons are free for what is rebuilt. */
async function storedNetwork() {
  const network = new TestNetwork({ sites: SITES });
  const sealed = randomBytes(SIZE);
  const stored = await network.store(sealed);
  const holders = stored.fragments.map((_, index) => network.holder(stored, index));
  const spare = network.daemons.filter((one) => !holders.includes(one));
  return { network, sealed, stored, holders, spare, client: network.client() };
}

/** The first `count` holders are gone for good; `rebuilt` of their fragments are with others. */
function burnAndRepair(
  { network, stored, holders, spare }: Awaited<ReturnType<typeof storedNetwork>>,
  { count, rebuilt }: { readonly count: number; readonly rebuilt: number },
): void {
  const burnt = holders.slice(0, count);
  for (let index = 0; index < rebuilt; index++) {
    network.move(stored, index, { to: spare[index] as FakeDaemon, lost: [burnt[index] as FakeDaemon] });
  }
  network.kill(...burnt);
}

const asked = (network: TestNetwork) => network.daemons.filter((one) => one.asked.includes('holders')).length;

describe('a read after a repair', () => {
  it('finds fragments with whoever rebuilt them, when too few of the place’s holders are left', async () => {
    const setup = await storedNetwork();
    const { network, stored, sealed, client } = setup;
    burnAndRepair(setup, { count: 4, rebuilt: 2 });
    expectSame(await network.read(stored, { offset: 0, length: SIZE }, client), sealed);
    expect(asked(network)).toBe(network.charter.f + 1);
    // It is known by now who is down, and who holds what.
    const before = network.clock.monotonic();
    expectSame(await network.read(stored, { offset: 0, length: SIZE }, client), sealed);
    expect(network.clock.monotonic() - before).toBeLessThan(200);
    expect(network.daemons.flatMap((one) => one.asked).filter((one) => one === 'holders')).toHaveLength(
      network.charter.f + 1,
    );
    await expectReleased(network);
  });

  it('does so when holders answer that they have it no more', async () => {
    const setup = await storedNetwork();
    const { network, stored, sealed, client, holders } = setup;
    burnAndRepair(setup, { count: 4, rebuilt: 4 });
    network.reviveAll();
    for (const one of holders.slice(0, 4)) one.fragments.clear();
    expectSame(await network.read(stored, { offset: 0, length: SIZE }, client), sealed);
  });

  it.each(['known to be down', 'not asked yet'])(
    'waits for a slow one that has what the place’s holder lost, %s',
    async (when) => {
      const setup = await storedNetwork();
      const { network, stored, sealed, client, holders, spare } = setup;
      // The last fragment to be asked for has two holders: the place's is gone, the other is slow to say hello.
      network.move(stored, 8, { to: spare[0] as FakeDaemon });
      network.hub.condition((spare[0] as FakeDaemon).facts.peer).latencyMs = 400;
      const burnt = [...holders.slice(0, 3), holders[8] as FakeDaemon];
      network.kill(...burnt);
      if (when === 'known to be down') await network.clock.run(client.links.live({ fresh: true }));
      expectSame(await network.read(stored, { offset: 0, length: SIZE }, client), sealed);
      await expectReleased(network);
    },
  );

  it('asks nobody while the place’s holders suffice', async () => {
    const setup = await storedNetwork();
    const { network, stored, sealed, client } = setup;
    burnAndRepair(setup, { count: 3, rebuilt: 3 });
    expectSame(await network.read(stored, { offset: 0, length: SIZE }, client), sealed);
    expect(asked(network)).toBe(0);
  });

  it('asks other hosters where the first ones are down or do not know the question', async () => {
    const setup = await storedNetwork();
    const { network, stored, sealed, client, holders } = setup;
    burnAndRepair(setup, { count: 4, rebuilt: 2 });
    for (const one of holders.slice(4, 7))
      one.misdeeds.refuseHolders = new Fault('refused', 'NOT_HERE', 'what?');
    expectSame(await network.read(stored, { offset: 0, length: SIZE }, client), sealed);
  });

  it('fails as before where nobody holds enough, and liars name whom they like', async () => {
    const setup = await storedNetwork();
    const { network, stored, client, spare } = setup;
    burnAndRepair(setup, { count: 4, rebuilt: 0 });
    for (const one of network.daemons) {
      const everybody = network.daemons.flatMap(({ facts }) => [
        [0, facts.id] as const,
        [99, facts.id] as const,
        [1, 'f'.repeat(32)] as const,
      ]);
      one.holders.set(toHex(stored.segment), everybody);
    }
    await expect(network.read(stored, { offset: 0, length: SIZE }, client)).rejects.toMatchObject({
      code: 'FRAGMENTS_MISSING',
      facts: { k: 6, found: 5 },
    });
    expect(spare.length).toBeGreaterThan(0);
    await expectReleased(network);
  });
});

describe('questions about many segments', () => {
  it('travel together, and what was answered is not asked again', async () => {
    const { network, client, stored } = await storedNetwork();
    const count = () =>
      network.daemons.reduce((sum, one) => sum + one.asked.filter((ask) => ask === 'holders').length, 0);
    const segments = Array.from({ length: 300 }, (_, nth) =>
      crypto.sha256(Uint8Array.of(nth & 255, nth >> 8)),
    );
    const words = await network.clock.run(Promise.all(segments.map((one) => client.holders.all(one))));
    expect(words.every(({ answers, named }) => answers === SITES && named.length === 0)).toBe(true);
    expect(count()).toBe(2 * SITES);
    await network.clock.run(Promise.all(segments.map((one) => client.holders.some(one))));
    expect(count()).toBe(2 * SITES);
    await network.clock.pass(31_000);
    await network.clock.run(client.holders.some(stored.segment));
    expect(count()).toBe(2 * SITES + network.charter.f + 1);
  });

  it('wait for the charter that lists who has just joined', async () => {
    const { network, stored, spare } = await storedNetwork();
    const { clock, charter } = network;
    const [newcomer] = spare as [FakeDaemon];
    network.move(stored, 0, { to: newcomer });
    const before = { ...charter, daemons: charter.daemons.filter(({ id }) => id !== newcomer.facts.id) };
    const identity = { role: 'device', note: new Uint8Array(8) } as const;
    const links = new DaemonLinks({
      network: network.hub.join('late'),
      crypto,
      clock,
      charter: before,
      identity,
    });
    const newer = async () => links.update(charter);
    const { named } = await clock.run(new CurrentHolders({ links, clock, newer }).some(stored.segment));
    expect(named).toContainEqual({ index: 0, daemon: newcomer.facts.id, by: charter.f + 1 });
  });

  it('end with the caller’s patience', async () => {
    const { network, client, stored } = await storedNetwork();
    network.stop(...network.daemons);
    const reason = new Fault('interrupted', 'INTERRUPTED', 'stop');
    await expect(client.holders.all(stored.segment, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(await network.clock.run(client.holders.all(stored.segment))).toEqual({ answers: 0, named: [] });
  });
});

describe('where a segment is', () => {
  const where = ({ network, stored, client }: Awaited<ReturnType<typeof storedNetwork>>) => {
    const { links, holders } = client;
    const options = { charter: network.charter, links, holders, crypto, random };
    return network.clock.run(whereabouts(options, placeEntry(stored)));
  };

  it('counts who rebuilt a fragment, and says who lost it', async () => {
    const setup = await storedNetwork();
    const { holders, spare } = setup;
    burnAndRepair(setup, { count: 3, rebuilt: 3 });
    const { fragments, survives } = await where(setup);
    expect(survives).toBe(3);
    expect(fragments.filter(({ index }) => index === 1)).toMatchObject([
      { daemon: holders[1]?.facts.id, by: 'place', gone: true, live: false },
      { daemon: spare[1]?.facts.id, by: 'custody', gone: false, live: true, problem: null },
    ]);
    expect(fragments.filter(({ gone }) => gone)).toHaveLength(3);
    expect(fragments.filter(({ live }) => live)).toHaveLength(9);
  });

  it('counts nothing that is not proven, whatever hosters say', async () => {
    const setup = await storedNetwork();
    const { network, spare } = setup;
    burnAndRepair(setup, { count: 3, rebuilt: 3 });
    spare[0]?.fragments.clear();
    network.kill(spare[1] as FakeDaemon);
    const { fragments, survives } = await where(setup);
    expect(survives).toBe(1);
    expect(fragments.find(({ daemon }) => daemon === spare[0]?.facts.id)).toMatchObject({
      live: false,
      gone: false,
      problem: { code: 'FRAGMENT_MISSING' },
    });
  });

  it('neither hides a holder nor invents one on the word of liars', async () => {
    const setup = await storedNetwork();
    const { network, stored, holders, spare } = setup;
    const truth = holders.map((one, index) => [index, one.facts.id] as const);
    for (const [nth, one] of network.daemons.entries()) {
      const liar = nth < network.charter.f;
      one.holders.set(toHex(stored.segment), liar ? [[0, spare[0]?.facts.id ?? '']] : truth);
    }
    network.kill(holders[2] as FakeDaemon);
    const { fragments } = await where(setup);
    expect(fragments.map(({ daemon }) => daemon)).toEqual(holders.map(({ facts }) => facts.id));
    expect(fragments.filter(({ gone }) => gone)).toEqual([]);
    expect(fragments[2]).toMatchObject({ live: false, problem: { code: 'PEER_UNREACHABLE' } });
  });

  it('is what the place says where too few hosters answer', async () => {
    const setup = await storedNetwork();
    const { network, holders } = setup;
    burnAndRepair(setup, { count: 3, rebuilt: 0 });
    network.kill(...network.daemons.slice(0, SITES - 4));
    const { fragments } = await where(setup);
    expect(fragments.map(({ daemon }) => daemon)).toEqual(holders.map(({ facts }) => facts.id));
    expect(fragments.filter(({ gone }) => gone)).toEqual([]);
  });
});

describe('whom to count on', () => {
  it('is whom enough hosters name, else whom the place names', async () => {
    const setup = await storedNetwork();
    const { network, stored, client, holders, spare } = setup;
    const place = placeEntry(stored);
    const now = async () => {
      await network.clock.pass(31_000);
      const found = await network.clock.run(client.holders.of(place));
      return found.map(({ daemon }) => daemon).sort();
    };
    const placed = holders.map(({ facts }) => facts.id);
    // Nobody knows the place yet.
    expect(await now()).toEqual(placed.toSorted());
    const to = spare[0] as FakeDaemon;
    network.move(stored, 4, { to, lost: [holders[4] as FakeDaemon] });
    const liar = network.daemons[0] as FakeDaemon;
    liar.holders.set(toHex(stored.segment), [[0, spare[1]?.facts.id ?? '']]);
    const moved = [...placed.filter((_, index) => index !== 4), to.facts.id];
    expect(await now()).toEqual(moved.toSorted());
    network.kill(...network.daemons.slice(0, 6));
    expect(await now()).toEqual(placed.toSorted());
  });
});

/** The ledger's entry of what was written. */
function placeEntry({ segment, descriptor, fragments }: WrittenSegment): Place {
  const { roots: _, ...shape } = descriptor;
  return { kind: 'place', segment, charter: 1, ...shape, retainUntil: 0, fragments: [...fragments] };
}
