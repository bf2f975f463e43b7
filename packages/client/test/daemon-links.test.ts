import type { Charter } from '@vauban/core';
import { describe, expect, it } from 'vitest';
import type { FakeDaemon } from './fake-daemon.ts';
import { TestNetwork } from './segment-setup.ts';

const countOf = (network: TestNetwork, ask: string) =>
  network.daemons.map((one) => one.asked.filter((name) => name === ask).length);

describe('the links', () => {
  it('keep clients and beliefs over charter versions, but for daemons that moved or left', () => {
    const network = new TestNetwork();
    const { links } = network.client();
    const [moved, left, stays] = network.charter.daemons.map((one) => one.id) as [string, string, string];
    const before = { moved: links.client(moved), stays: links.client(stays), health: links.health(moved) };
    const daemons = network.charter.daemons
      .filter((one) => one.id !== left)
      .map((one) => (one.id === moved ? { ...one, addresses: ['/ip4/192.0.2.1/tcp/1'] } : one));
    const next: Charter = { ...network.charter, version: 2, daemons };
    links.update(next);
    expect(links.charter).toBe(next);
    expect(links.client(stays)).toBe(before.stays);
    expect(links.client(moved)).not.toBe(before.moved);
    expect(links.health(moved)).toBe(before.health);
    expect(() => links.client(left)).toThrow(expect.objectContaining({ code: 'DAEMON_UNKNOWN' }));
    expect(links.has(left)).toBe(false);
    expect(links.home(left)).toBeUndefined();
    expect(links.home(stays)).toMatchObject({ site: { id: 's3' }, hoster: { id: 'h-s3' } });
  });

  it('connect to nobody before they are asked', async () => {
    const network = new TestNetwork();
    network.client();
    await network.clock.pass(60_000);
    expect(countOf(network, 'hello')).toEqual(Array(9).fill(0));
  });

  it('ask everyone once for many calls at the same time, and not again while answers are fresh', async () => {
    const network = new TestNetwork();
    const { links } = network.client();
    const lives = await network.clock.run(Promise.all([links.live(), links.live(), links.live()]));
    expect(lives.map((one) => one.size)).toEqual([9, 9, 9]);
    await network.clock.run(links.live());
    expect(countOf(network, 'status')).toEqual(Array(9).fill(1));
    expect(countOf(network, 'hello')).toEqual(Array(9).fill(1));
  });

  it('ask again without anybody waiting when answers are old', async () => {
    const network = new TestNetwork();
    const { links } = network.client();
    await network.clock.run(links.live());
    await network.clock.pass(10_000);
    network.kill(network.daemons[0] as FakeDaemon);
    const from = network.clock.monotonic();
    expect((await network.clock.run(links.live())).size).toBe(9);
    expect(network.clock.monotonic()).toBe(from);
    await network.clock.pass(10);
    expect((await network.clock.run(links.live())).size).toBe(8);
  });

  it('do not wait for a stopped daemon for longer than the grace, nor for a dead one at all', async () => {
    const network = new TestNetwork();
    const { links } = network.client();
    network.stop(network.daemons[0] as FakeDaemon);
    network.kill(network.daemons[1] as FakeDaemon);
    expect((await network.clock.run(links.live())).size).toBe(7);
    expect(network.clock.monotonic()).toBeLessThan(800);
    expect(links.undecided).toBe(true);
    await network.clock.pass(5_000);
    expect(links.undecided).toBe(false);
    const from = network.clock.monotonic();
    expect((await network.clock.run(links.live({ patient: true }))).size).toBe(7);
    expect(network.clock.monotonic() - from).toBeLessThan(100);
  });

  it('ask a dead daemon ever less often, and find it when it is back', async () => {
    const network = new TestNetwork();
    const { links } = network.client();
    const victim = network.daemons[3] as FakeDaemon;
    network.kill(victim);
    await network.clock.run(links.live());
    const health = links.health(victim.facts.id);
    const gaps: number[] = [];
    for (let asked = network.clock.monotonic(); gaps.length < 7; ) {
      await network.clock.pass(100);
      if (!health.retryDue) continue;
      gaps.push(Math.round((network.clock.monotonic() - asked) / 1_000));
      asked = network.clock.monotonic();
      expect(links.usable(victim.facts.id)).toBe(false);
      await network.clock.pass(10);
    }
    expect(gaps).toEqual([2, 4, 8, 16, 32, 60, 60]);
    network.reviveAll();
    await network.clock.pass(60_000);
    expect(links.usable(victim.facts.id)).toBe(false);
    await network.clock.pass(10);
    expect(links.usable(victim.facts.id)).toBe(true);
    expect((await network.clock.run(links.live())).size).toBe(9);
  });

  it('share one short question among all who need a daemon that is down', async () => {
    const network = new TestNetwork();
    const { links } = network.client();
    const victim = network.daemons[0] as FakeDaemon;
    network.stop(victim);
    await network.clock.run(links.live({ patient: true }));
    const from = network.clock.monotonic();
    const revive = () => network.clock.run(links.revive(victim.facts.id));
    expect(await Promise.all([revive(), revive(), revive()])).toEqual([false, false, false]);
    expect(await revive()).toBe(false);
    expect(network.clock.monotonic() - from).toBeLessThanOrEqual(1_000);
    network.reviveAll();
    await network.clock.pass(5_000);
    expect(await revive()).toBe(true);
  });
});
