import { getEventListeners } from 'node:events';
import { Fault, toHex } from '@vauban/core';
import { describe, expect, it } from 'vitest';
import type { NamedReceipt } from '../src/segment-writer.ts';
import type { FakeDaemon } from './fake-daemon.ts';
import {
  CELL_BYTES,
  expectReleased,
  expectSame,
  expectStored,
  policyOf,
  randomBytes,
  STRIPE_BYTES,
  TestNetwork,
} from './segment-setup.ts';

const SIZE = 2 * STRIPE_BYTES + 1_000;

async function expectReadable(
  network: TestNetwork,
  stored: Awaited<ReturnType<TestNetwork['store']>>,
  sealed: Uint8Array,
) {
  expectStored(network, stored);
  expectSame(await network.read(stored, { offset: 0, length: sealed.length }), sealed);
}

function sitesOf(network: TestNetwork, stored: Awaited<ReturnType<TestNetwork['store']>>): string[] {
  return stored.fragments.flatMap(([, daemon]) => (daemon ? [network.daemonOf(daemon).facts.site] : []));
}

describe('storing with daemons missing', () => {
  it.each([
    { dead: 1, code: '5+3' },
    { dead: 2, code: '4+3' },
    { dead: 3, code: '3+3' },
  ])('codes $code with $dead of nine dead', async ({ dead, code }) => {
    const network = new TestNetwork();
    network.kill(...network.daemons.slice(0, dead));
    const sealed = randomBytes(SIZE);
    const stored = await network.store(sealed);
    expect(`${stored.k}+${stored.m}`).toBe(code);
    expect(stored.fragments.filter((one) => one.length === 4)).toHaveLength(9 - dead);
    await expectReadable(network, stored, sealed);
  });

  it('refuses with four dead and says who', async () => {
    const network = new TestNetwork();
    network.kill(...network.daemons.slice(0, 4));
    const refused = network.store(randomBytes(SIZE));
    await expect(refused).rejects.toMatchObject({ kind: 'refused', code: 'TOO_FEW_SITES' });
    await expect(refused).rejects.toMatchObject({
      facts: {
        wanted: 6,
        found: 5,
        missing: ['s1', 's2', 's3', 's4'].map((site) => ({ site, reason: 'silent' })),
      },
    });
    await expectReleased(network);
  });

  it('waits seconds, not more, for a stopped daemon, and only once', async () => {
    const network = new TestNetwork();
    network.stop(network.daemons[4] as FakeDaemon);
    const client = network.client();
    const first = await network.store(randomBytes(SIZE), {}, client);
    expect(first).toMatchObject({ k: 5, m: 3 });
    const afterFirst = network.clock.monotonic();
    expect(afterFirst).toBeLessThan(4_500);
    for (let i = 0; i < 5; i++)
      expect(await network.store(randomBytes(SIZE), {}, client)).toMatchObject({ k: 5 });
    expect(network.clock.monotonic() - afterFirst).toBeLessThan(500);
  });

  it('takes the full code for a daemon that is slow to say hello', async () => {
    const network = new TestNetwork();
    network.hub.condition('peer-s2').latencyMs = 600;
    expect(await network.store(randomBytes(SIZE))).toMatchObject({ k: 6, m: 3 });
  });

  it('throws what every daemon refuses at the door', async () => {
    const network = new TestNetwork();
    for (const one of network.daemons)
      one.misdeeds.refuseHello = new Fault('refused', 'DELEGATION_EXPIRED', 'renew');
    await expect(network.store(randomBytes(SIZE))).rejects.toMatchObject({ code: 'DELEGATION_EXPIRED' });
  });
});

describe('daemons falling out in mid-put', () => {
  it('codes again for eight when one of nine dies', async () => {
    const network = new TestNetwork();
    const [, , victim] = network.daemons as [unknown, unknown, FakeDaemon];
    victim.misdeeds.atBytes = { bytes: CELL_BYTES, act: () => network.kill(victim) };
    const sealed = randomBytes(SIZE);
    const stored = await network.store(sealed);
    expect(stored).toMatchObject({ k: 5, m: 3, problems: [{ daemon: victim.facts.id }] });
    expect(sitesOf(network, stored)).not.toContain('s3');
    await expectReadable(network, stored, sealed);
    await expectReleased(network);
  });

  it('goes on while three die one after the other, and gives up at the fourth', async () => {
    for (const deaths of [3, 4]) {
      const network = new TestNetwork();
      for (const victim of network.daemons.slice(0, deaths)) {
        const at = (network.daemons.indexOf(victim) + 1) * 16_384;
        victim.misdeeds.atBytes = { bytes: at, act: () => network.kill(victim) };
      }
      const sealed = randomBytes(SIZE);
      const storing = network.store(sealed);
      if (deaths === 3) await expectReadable(network, await storing, sealed);
      else await expect(storing).rejects.toMatchObject({ code: 'TOO_FEW_SITES', facts: { found: 5 } });
      await expectReleased(network);
    }
  });

  it('substitutes a free site and keeps the fragments that were sent', async () => {
    const network = new TestNetwork({ sites: 11 });
    const sealed = randomBytes(SIZE);
    // Who is chosen is known from a first run on an equal network.
    const chosen = await new TestNetwork({ sites: 11 }).store(sealed);
    const victim = network.holder(chosen, 4);
    victim.misdeeds.atBytes = { bytes: CELL_BYTES, act: () => network.kill(victim) };
    const stored = await network.store(sealed);
    expect(toHex(stored.segment)).toBe(toHex(chosen.segment));
    expect(sitesOf(network, stored)).not.toContain(victim.facts.site);
    const moved = sitesOf(network, stored).filter((site, index) => site !== sitesOf(network, chosen)[index]);
    expect(moved).toHaveLength(1);
    expect(stored.sentBytes).toBeLessThanOrEqual(10 * (2 * CELL_BYTES + 1_000));
    await expectReadable(network, stored, sealed);
  });

  it('tries a daemon again that only lost the connection', async () => {
    const network = new TestNetwork();
    const victim = network.daemons[5] as FakeDaemon;
    victim.misdeeds.atBytes = { bytes: CELL_BYTES, act: () => network.hub.cut(victim.facts.peer) };
    const stored = await network.store(randomBytes(SIZE));
    expect(stored).toMatchObject({ k: 6, m: 3, problems: [{ daemon: victim.facts.id }] });
    expectStored(network, stored);
    await expectReleased(network);
  });

  it('introduces itself again to daemons that restarted', async () => {
    const network = new TestNetwork();
    const client = network.client();
    await network.store(randomBytes(SIZE), {}, client);
    for (const one of network.daemons) one.forgetCallers();
    expect(await network.store(randomBytes(SIZE), {}, client)).toMatchObject({ k: 6, problems: [] });
  });

  it('gives a stalled daemon up after seconds', async () => {
    const network = new TestNetwork();
    const victim = network.daemons[7] as FakeDaemon;
    victim.misdeeds.atBytes = { bytes: CELL_BYTES, act: () => network.stop(victim) };
    const sealed = randomBytes(SIZE);
    const stored = await network.store(sealed);
    expect(stored).toMatchObject({ k: 5, m: 3, problems: [{ fault: { code: 'STALLED' } }] });
    expect(network.clock.monotonic()).toBeLessThan(10_000);
    await expectReadable(network, stored, sealed);
    network.reviveAll();
    await expectReleased(network);
  });

  it('does not give up daemons that are all slow alike', async () => {
    const network = new TestNetwork();
    for (const { facts } of network.daemons) network.hub.condition(facts.peer).latencyMs = 700;
    for (const one of network.daemons)
      one.misdeeds.atBytes = { bytes: 1, act: () => network.clock.sleep(9_000) };
    expect(await network.store(randomBytes(SIZE))).toMatchObject({ k: 6, problems: [] });
  });
});

describe('daemons that decline or lie', () => {
  it.each([
    ['at the start', { refusePut: new Fault('refused', 'DISK_FULL', 'no room') }],
    ['in the middle', { failUpload: new Fault('refused', 'DISK_FULL', 'no room') }],
  ])('leaves a full one out for this segment, told %s', async (_, misdeeds) => {
    const network = new TestNetwork({ sites: 10 });
    const sealed = randomBytes(SIZE);
    const victim = network.holder(await new TestNetwork({ sites: 10 }).store(sealed), 0);
    victim.misdeeds = misdeeds;
    const client = network.client();
    const stored = await network.store(sealed, {}, client);
    expect(stored).toMatchObject({
      k: 6,
      problems: [{ daemon: victim.facts.id, fault: { code: 'DISK_FULL' } }],
    });
    await expectReadable(network, stored, sealed);
    // It is not down for that.
    expect(client.links.usable(victim.facts.id)).toBe(true);
  });

  it('does not choose one that says it has no room', async () => {
    const network = new TestNetwork({ sites: 10 });
    (network.daemons[0] as FakeDaemon).freeBytes = 10;
    const stored = await network.store(randomBytes(SIZE));
    expect(stored).toMatchObject({ k: 6, problems: [] });
    expect(sitesOf(network, stored)).not.toContain('s1');
  });

  it('believes no forged receipt', async () => {
    const network = new TestNetwork();
    const liar = network.daemons[3] as FakeDaemon;
    liar.misdeeds.forgeReceipt = true;
    const stored = await network.store(randomBytes(SIZE));
    expect(stored).toMatchObject({
      k: 5,
      problems: [{ daemon: liar.facts.id, fault: { code: 'RECEIPT_FORGED' } }],
    });
    expectStored(network, stored);
  });

  it('passes on a refusal that more than m daemons share', async () => {
    const network = new TestNetwork();
    for (const one of network.daemons)
      one.misdeeds.refusePut = new Fault('refused', 'QUOTA_SPENT', 'no more');
    await expect(network.store(randomBytes(SIZE))).rejects.toMatchObject({ code: 'QUOTA_SPENT' });
    await expectReleased(network);
  });

  it('works around m daemons that refuse', async () => {
    const network = new TestNetwork();
    for (const one of network.daemons.slice(0, 3))
      one.misdeeds.refusePut = new Fault('refused', 'WHIM', 'no');
    const stored = await network.store(randomBytes(SIZE));
    expect(stored).toMatchObject({ k: 3, m: 3 });
    expect(stored.problems.map((one) => one.fault.code)).toEqual(['WHIM', 'WHIM', 'WHIM']);
  });

  it('accepts fewer receipts only where the policy does, and only when nobody else is left', async () => {
    for (const minSurvives of [3, 2]) {
      const policy = policyOf({ k: 3, m: 3, minSurvives });
      const network = new TestNetwork({ sites: 6, policy });
      (network.daemons[1] as FakeDaemon).misdeeds.refusePut = new Fault('refused', 'WHIM', 'no');
      const storing = network.store(randomBytes(SIZE));
      if (minSurvives === 3) await expect(storing).rejects.toMatchObject({ code: 'TOO_FEW_SITES' });
      else expect((await storing).fragments.filter((one) => one.length === 4)).toHaveLength(5);
    }
  });
});

describe('a store that was interrupted', () => {
  it.each(['before anything', 'while sending'])('releases everything when aborted %s', async (when) => {
    const network = new TestNetwork();
    const controller = new AbortController();
    const reason = new Fault('interrupted', 'INTERRUPTED', 'stop');
    if (when === 'while sending') {
      (network.daemons[0] as FakeDaemon).misdeeds.atBytes = { bytes: 1, act: () => controller.abort(reason) };
    } else controller.abort(reason);
    const storing = network.store(randomBytes(SIZE), { signal: controller.signal });
    await expect(storing).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    await expectReleased(network);
  });

  it('sends nothing again that is already there', async () => {
    const network = new TestNetwork();
    const sealed = randomBytes(SIZE);
    const before = await network.store(sealed);
    const again = await network.store(sealed, { known: before });
    expect(again).toMatchObject({ sentBytes: 0, problems: [] });
    expect(again.fragments).toEqual(before.fragments);
    const counts = network.daemons.map((one) => one.asked.filter((ask) => ask === 'receipt').length);
    expect(counts).toEqual(Array(9).fill(1));
  });

  it('sends only what is missing', async () => {
    const network = new TestNetwork();
    const sealed = randomBytes(SIZE);
    const receipts: NamedReceipt[] = [];
    const before = await network.store(sealed, { onReceipt: (one) => receipts.push(one.receipt) });
    expect(receipts.map((one) => one.index).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    network.holder(before, 2).fragments.clear();
    const fragments = before.fragments.map((one, index) => (index === 7 ? ([one[0]] as const) : one));
    const again = await network.store(sealed, {
      known: { descriptor: before.descriptor, fragments: fragments as typeof before.fragments },
    });
    // Fragment 2 is sent; fragment 7 is still there, which its daemon says before any byte is sent.
    const fragmentBytes = network.holder(before, 2).fragments.get(`${toHex(before.segment)} 2`)?.length;
    expect(again.sentBytes).toBe(fragmentBytes);
    expectStored(network, again);
  });

  it('finishes a smaller code that was begun, and begins anew when the content is another', async () => {
    const network = new TestNetwork();
    const sealed = randomBytes(SIZE);
    network.kill(network.daemons[0] as FakeDaemon);
    const before = await network.store(sealed);
    network.reviveAll();
    expect(await network.store(sealed, { known: before })).toMatchObject({ k: 5, sentBytes: 0 });
    expect(await network.store(randomBytes(SIZE), { known: before })).toMatchObject({ k: 6 });
  });

  it('codes again when the journal names a holder that died', async () => {
    const network = new TestNetwork();
    const sealed = randomBytes(SIZE);
    const before = await network.store(sealed);
    network.kill(network.holder(before, 3));
    const again = await network.store(sealed, { known: before });
    expect(again).toMatchObject({ k: 5 });
    await expectReadable(network, again, sealed);
  });
});

describe('memory', () => {
  it('lends at most one coded form per segment in flight and reuses it', async () => {
    const network = new TestNetwork();
    const client = network.client();
    const victim = network.daemons[2] as FakeDaemon;
    const flights = 3;
    for (let round = 0; round < 4; round++) {
      if (round === 2) victim.misdeeds.atBytes = { bytes: CELL_BYTES, act: () => network.kill(victim) };
      const work = Array.from({ length: flights }, () => network.store(randomBytes(SIZE), {}, client));
      await Promise.all(work);
    }
    // 3+3 would double a segment; 5+3 is what one death leads to.
    const codedBytes = 8 * (Math.ceil(SIZE / 5 / 64) * 64 + 64);
    expect(network.slabs.account.lentBytes).toBe(0);
    expect(network.slabs.account.peakBytes).toBeLessThanOrEqual(flights * codedBytes);
    // Both forms, the one before the death and the one after.
    expect(network.slabs.account.idleBytes).toBeLessThanOrEqual(2 * flights * codedBytes);
  });
});
