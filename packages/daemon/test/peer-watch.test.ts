// Whose silence counts, and for how long: not while this daemon hears too few itself, nor for the time it stood still.

import { type DaemonId, Fault, type Store, memoryStore, standardDurations } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { chainOf, daemonOf, publicOf, sampleCharter } from '../../ledger/test/sample-charter.ts';
import { PeerWatch, type Presence } from '../src/peer-watch.ts';
import { JumpingClock, START } from './watch-setup.ts';

const id = daemonOf('h1');
const sibling = daemonOf('h1 second');
const MINUTE_MS = 60_000;

/** Four hosters with a vote, one without; the first has two daemons. */
function bench(store: Store = memoryStore()) {
  const plain = sampleCharter(4, { durations: standardDurations });
  const [own] = plain.daemons;
  if (own === undefined) throw new Error('a daemon');
  const second = {
    ...own,
    id: sibling,
    receiptKey: publicOf('receipt h1 second'),
    logKey: publicOf('log h1 second'),
    peer: 'peer-h1-second',
  };
  const charters = chainOf({ ...plain, daemons: [...plain.daemons, second] });
  const clock = new JumpingClock(START);
  const silent = new Set<DaemonId>();
  let stoodStillMs = 0;
  const told: [DaemonId, Presence][] = [];
  const ask = async (daemon: DaemonId) => {
    if (silent.has(daemon)) throw new Fault('unreachable', 'PEER_UNREACHABLE', 'nobody answers', {});
    return { takes: true, freeBytes: 1, readOnly: false, draining: false, voting: true };
  };
  const watch = new PeerWatch({
    id,
    charters,
    peers: { daemon: (daemon) => ({ ask: () => ask(daemon) }) as never },
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + stoodStillMs,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      after: (ms, ring) => clock.after(ms, ring),
    },
    store,
    log: () => undefined,
  });
  watch.watch((changed) => {
    for (const daemon of changed) told.push([daemon, watch.presence(daemon)]);
  });
  const standStill = (ms: number) => {
    stoodStillMs += ms;
  };
  return { watch, clock, silent, told, standStill, charter: charters.current };
}

describe('silence', () => {
  test('makes suspect, then lost; one answer ends it', async () => {
    const { watch, clock, silent } = bench();
    await watch.start();
    await clock.pass(MINUTE_MS);
    silent.add(daemonOf('h2'));
    await clock.pass(MINUTE_MS);
    expect(watch.presence(daemonOf('h2'))).toBe('silent');
    await clock.pass(15 * MINUTE_MS);
    expect(watch.presence(daemonOf('h2'))).toBe('lost');
    silent.clear();
    await clock.pass(MINUTE_MS);
    expect(watch.presence(daemonOf('h2'))).toBe('up');
    await watch.stop();
  });

  test('of an hour in which this machine stood still itself loses nobody', async () => {
    const { watch, clock, silent, told, standStill } = bench();
    await watch.start();
    await clock.pass(MINUTE_MS);
    told.length = 0;
    standStill(60 * MINUTE_MS);
    // The first greeting after it goes over a connection that broke meanwhile.
    silent.add(daemonOf('h2'));
    await clock.pass(11_000);
    silent.clear();
    await clock.pass(MINUTE_MS);
    expect(told.filter(([, presence]) => presence === 'lost')).toEqual([]);
    await watch.stop();
  });

  test('counts for nothing while only its own hoster and too few others are heard', async () => {
    const { watch, clock, silent, charter } = bench();
    await watch.start();
    await clock.pass(MINUTE_MS);
    expect(watch.heard).toBe(true);
    // Itself and one more: two hosters of the three that a quorum takes.
    for (const one of charter.daemons)
      if (one.id !== sibling && one.id !== daemonOf('h2')) silent.add(one.id);
    await clock.pass(30 * MINUTE_MS);
    expect(watch.heard).toBe(false);
    expect(watch.presence(daemonOf('h3'))).toBe('up');
    await watch.stop();
  });
});

test('a memory that rotted does not keep it from starting', async () => {
  const corrupt = async () => {
    throw new Fault('integrity', 'STORE_CORRUPT', 'a row rotted', {});
  };
  const { watch, clock } = bench({ ...memoryStore(), get: corrupt });
  await watch.start();
  await clock.pass(MINUTE_MS);
  expect(watch.heard).toBe(true);
  await watch.stop();
});

test('nobody is shown as up that is not known to be', async () => {
  const { watch, clock, silent, charter } = bench();
  const others = charter.daemons.map((one) => one.id).filter((one) => one !== id);
  const shown = () => Object.groupBy(others, (one) => watch.shown(one));
  // Before anybody answered.
  expect(shown()).toEqual({ silent: others });
  await watch.start();
  await clock.pass(MINUTE_MS);
  expect(shown()).toEqual({ up: others });
  // One missed greeting of one daemon is no silence yet.
  silent.add(daemonOf('h2'));
  await clock.pass(10_000);
  expect(shown()).toEqual({ up: others });
  // Too few are heard: nothing is concluded from the silence of the others, nor are they said to be there.
  silent.add(daemonOf('h3')).add(daemonOf('h4'));
  await clock.pass(15_000);
  expect(watch.heard).toBe(false);
  expect(watch.presence(daemonOf('h3'))).toBe('up');
  const away = ['h2', 'h3', 'h4'].map(daemonOf);
  expect(new Set(shown().silent)).toEqual(new Set(away));
  silent.clear();
  await clock.pass(15_000);
  expect(shown()).toEqual({ up: others });
  await watch.stop();
});
