// What its agency released leaves the disk: after the grace, not before, certified first; a crash in between changes nothing.

import { isFault } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { keepOf } from '../../ledger/test/samples.ts';
import { DAY_MS, daemonOf, EraseBench, id } from './erase-setup.ts';

const MINUTE_MS = 60_000;

/** One segment released nine days after it was placed, and the grace as good as over. */
async function released(): Promise<{ bench: EraseBench; one: Awaited<ReturnType<EraseBench['put']>> }> {
  const bench = await EraseBench.open();
  const one = await bench.put();
  await bench.pass(9 * DAY_MS);
  await bench.release(one);
  return { bench, one };
}

describe('a released segment', () => {
  test('frees the disk after the grace and not before; each purge is counted in the log', async () => {
    const { bench, one } = await released();
    const other = await bench.put();
    const before = bench.it.fragments.totals().bytes;
    await bench.pass(14 * DAY_MS);
    await bench.walk();
    // Voters that heard of the release a little later would refuse yet.
    expect(await bench.has(one)).toBe(true);
    expect((await bench.facts(one)).purges).toEqual([]);
    await bench.pass(15 * MINUTE_MS);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
    expect(await bench.has(other)).toBe(true);
    expect(bench.it.fragments.totals().bytes).toBe(before / 2);
    expect((await bench.facts(one)).purges).toMatchObject([{ daemon: id, voided: false }]);
    expect(bench.events('purged')).toEqual([{ fragments: 1, bytes: before / 2 }]);
    expect(bench.it.receipts.generation).toBe(1);
  });

  test('a keep within the grace stops it', async () => {
    const { bench, one } = await released();
    await bench.pass(13 * DAY_MS);
    await bench.write(keepOf(one.place.segment));
    await bench.pass(10 * DAY_MS);
    await bench.walk();
    expect(await bench.has(one)).toBe(true);
    expect((await bench.facts(one)).purges).toEqual([]);
  });

  test('many go under one entry', async () => {
    const bench = await EraseBench.open();
    const all = [await bench.put(), await bench.put(), await bench.put()];
    await bench.pass(9 * DAY_MS);
    await bench.release(...all);
    await bench.pass(15 * DAY_MS);
    await bench.walk();
    expect(bench.it.fragments.totals().fragments).toBe(0);
    expect(bench.it.receipts.generation).toBe(1);
    const by = await Promise.all(all.map(async (one) => (await bench.facts(one)).purges[0]?.by));
    expect(new Set(by.map((name) => name?.index)).size).toBe(1);
  });

  test('nothing of it is asked for while the release is not certified here', async () => {
    const { bench, one } = await released();
    const { mirror } = bench.network.hoster(1);
    const state = mirror.logs.state(one.claim.origin);
    await mirror.logs.update({ ...state, certifiedSize: one.claim.index + 1 });
    await bench.pass(20 * DAY_MS);
    await bench.walk();
    expect(await bench.has(one)).toBe(true);
    expect((await bench.facts(one)).purges).toEqual([]);
  });

  test('refused by the voters, it stays, and they are not asked again at once', async () => {
    const { bench, one } = await released();
    await bench.pass(15 * DAY_MS);
    // Two of four heard of the release only now: with one refusing, three could still sign.
    for (const at of [3, 4]) {
      const { mirror } = bench.network.hoster(at);
      bench.network.hoster(at).lie.append = async (append, certificate) => {
        const clock = bench.network.clock;
        clock.time -= 10 * DAY_MS;
        try {
          return await mirror.append(append, certificate);
        } finally {
          clock.time += 10 * DAY_MS;
        }
      };
    }
    await bench.walk();
    expect(await bench.has(one)).toBe(true);
    const { length } = bench.network.hoster(2).seen;
    await bench.walk();
    expect(bench.network.hoster(2).seen).toHaveLength(length);
    for (const at of [3, 4]) bench.network.hoster(at).lie = {};
    await bench.pass(2 * 3_600_000);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
  });
});

describe('a crash', () => {
  test('between the certificate and the disk: the next walk erases what was certified', async () => {
    const { bench, one } = await released();
    await bench.pass(15 * DAY_MS);
    bench.machine.fail = (step) =>
      step.call === 'index' ? new Error('the power is about to fail') : undefined;
    await bench.walk();
    expect((await bench.facts(one)).purges).toHaveLength(1);
    await bench.crash();
    expect(await bench.has(one)).toBe(true);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
    expect((await bench.facts(one)).purges).toHaveLength(1);
  });

  test('between the row and the file: it comes back whole, and goes with the next walk', async () => {
    const { bench, one } = await released();
    await bench.pass(15 * DAY_MS);
    bench.machine.fail = (step) =>
      step.call === 'remove' ? new Error('the power is about to fail') : undefined;
    await bench.walk();
    await bench.crash();
    expect(await bench.has(one)).toBe(true);
    expect(bench.it.fragments.missing).toEqual([]);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
    await bench.crash();
    expect(await bench.has(one)).toBe(false);
    expect(bench.it.fragments.missing).toEqual([]);
  });

  test('after which the daemon is read-only: what was certified stays all the same', async () => {
    const { bench, one } = await released();
    await bench.pass(15 * DAY_MS);
    bench.machine.fail = (step) =>
      step.call === 'index' ? new Error('the power is about to fail') : undefined;
    await bench.walk();
    await bench.crash();
    await bench.it.standing.setReadOnly('site-lost');
    await bench.walk();
    expect(await bench.has(one)).toBe(true);
    await bench.it.standing.readmitted();
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
  });
});

describe('nothing is purged', () => {
  const cases: readonly (readonly [
    string,
    string,
    (bench: EraseBench) => unknown,
    (bench: EraseBench) => unknown,
  ])[] = [
    [
      'while the daemon is read-only',
      'READ_ONLY',
      (bench) => bench.it.standing.setReadOnly('away'),
      (bench) => bench.it.standing.readmitted(),
    ],
    [
      'while a site is silent',
      'NETWORK_UNHEALTHY',
      (bench) => bench.silent.add(daemonOf('h3')),
      (bench) => bench.silent.clear(),
    ],
    [
      'while this daemon hears too few others',
      'NETWORK_UNHEALTHY',
      (bench) => void (bench.heard = false),
      (bench) => void (bench.heard = true),
    ],
    [
      'while no quorum shows its heads',
      'NETWORK_UNHEALTHY',
      (bench) => bench.network.cut(2, 3),
      (bench) => bench.network.cut(),
    ],
    [
      'while a log is damaged',
      'LEDGER_HEALING',
      (bench) => bench.logs.quarantine.put('grand-est/x', new Error('rot') as never),
      (bench) => bench.logs.quarantine.lift('grand-est/x'),
    ],
  ];
  test.each(cases)('%s', async (_, code, hinder, lift) => {
    const { bench, one } = await released();
    await bench.pass(15 * DAY_MS);
    await hinder(bench);
    await bench.walk();
    expect(await bench.has(one)).toBe(true);
    expect((await bench.facts(one)).purges).toEqual([]);
    expect(bench.it.receipts.generation).toBe(0);
    expect(bench.it.eraser.wants().map((fault) => fault.code)).toEqual([code]);
    expect(bench.it.eraser.wants().every((fault) => isFault(fault) && fault.message.length > 40)).toBe(true);
    await lift(bench);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
    expect(bench.it.eraser.wants()).toEqual([]);
  });

  test('a silent site that was declared lost hinders nobody', async () => {
    const { bench, one } = await released();
    await bench.pass(15 * DAY_MS);
    bench.silent.add(daemonOf('h3'));
    bench.lost.add(daemonOf('h3'));
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
  });
});
