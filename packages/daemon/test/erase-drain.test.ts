// A daemon that leaves: it may be switched off once everything that somebody needs stands elsewhere, and not before.

import { describe, expect, test } from 'vitest';
import { DAY_MS, daemonOf, EraseBench, type Stored } from './erase-setup.ts';

const HOUR_MS = 3_600_000;

async function draining(): Promise<{ bench: EraseBench; all: readonly [Stored, Stored] }> {
  const bench = await EraseBench.open();
  const all = [await bench.put(), await bench.put()] as const;
  await bench.it.drain.begin();
  return { bench, all };
}

const look = (bench: EraseBench) => bench.it.drain.round(bench.signal);
const copy = (bench: EraseBench, one: Stored) => bench.daemonWrites('h4', bench.custody(one, 'h4', 0));

describe('draining', () => {
  test('counts down to safe to stop, through a restart; the copies here go after their grace', async () => {
    const { bench, all } = await draining();
    const bytes = bench.it.fragments.totals().bytes;
    expect(bench.it.drain.progress()).toMatchObject({
      draining: true,
      fragmentsLeft: 2,
      safeToStop: false,
      etaSeconds: null,
      waitsFor: 'a first look at all it holds',
    });
    await look(bench);
    expect(bench.it.drain.progress()).toMatchObject({ fragmentsLeft: 2, bytesLeft: bytes, waitsFor: null });
    await bench.pass(10_000);
    await copy(bench, all[0]);
    await look(bench);
    expect(bench.it.drain.progress()).toEqual({
      draining: true,
      fragmentsLeft: 1,
      bytesLeft: bytes / 2,
      safeToStop: false,
      waitsFor: null,
      etaSeconds: 10,
    });
    await bench.crash();
    expect(bench.it.drain.progress()).toMatchObject({ draining: true, safeToStop: false });
    await look(bench);
    expect(bench.it.drain.progress()).toMatchObject({ fragmentsLeft: 1, safeToStop: false });
    await copy(bench, all[1]);
    await look(bench);
    expect(bench.it.drain.progress()).toEqual({
      draining: true,
      fragmentsLeft: 0,
      bytesLeft: 0,
      safeToStop: true,
      waitsFor: null,
      etaSeconds: 0,
    });
    expect(await bench.has(all[0])).toBe(true);
    await bench.walk();
    await bench.pass(DAY_MS);
    await bench.walk();
    expect(bench.it.fragments.totals().fragments).toBe(0);
    await look(bench);
    expect(bench.it.drain.progress().safeToStop).toBe(true);
  });

  test('is not over while the copy elsewhere is not certified', async () => {
    const { bench, all } = await draining();
    await copy(bench, all[0]);
    await copy(bench, all[1]);
    const { origin } = (await bench.facts(all[0])).custody[0]?.by ?? { origin: '' };
    const state = bench.logs.state(origin);
    await bench.logs.update({ ...state, certifiedSize: 0, certificate: null });
    await look(bench);
    expect(bench.it.drain.progress()).toMatchObject({ fragmentsLeft: 2, safeToStop: false });
    await bench.logs.update(state);
    await look(bench);
    expect(bench.it.drain.progress().safeToStop).toBe(true);
  });

  test('is not over while who holds the copy is silent, leaves, is lost or does not have it, and says so', async () => {
    const { bench, all } = await draining();
    await copy(bench, all[0]);
    await copy(bench, all[1]);
    const h4 = daemonOf('h4');
    for (const set of [bench.silent, bench.leaving, bench.readOnly, bench.lost]) {
      set.add(h4);
      bench.changed(h4);
      expect(bench.it.drain.progress().safeToStop).toBe(false);
      await look(bench);
      expect(bench.it.drain.progress()).toMatchObject({ fragmentsLeft: 2, safeToStop: false });
      expect(bench.it.drain.progress().waitsFor).toMatch(/^2 fragments whose other holder is silent/);
      set.delete(h4);
    }
    bench.leafOf = (_, answer) => ({ ...answer, bytes: answer.bytes.map((byte) => byte ^ 1) });
    await look(bench);
    expect(bench.it.drain.progress()).toMatchObject({ safeToStop: false });
    expect(bench.it.drain.progress().waitsFor).toMatch(/failed its audit/);
    bench.leafOf = (_, answer) => answer;
    await look(bench);
    expect(bench.it.drain.progress().safeToStop).toBe(true);
  });

  test('what nobody placed waits an hour for a place, then ties nobody down', async () => {
    const bench = await EraseBench.open();
    const drawn = bench.draw();
    await bench.upload(drawn, 0);
    await bench.it.drain.begin();
    await look(bench);
    expect(bench.it.drain.progress()).toMatchObject({ fragmentsLeft: 1, safeToStop: false });
    expect(bench.it.drain.progress().waitsFor).toMatch(/uploaded so lately/);
    await bench.pass(HOUR_MS);
    await look(bench);
    expect(bench.it.drain.progress().safeToStop).toBe(true);
  });

  test('takes nothing meanwhile; cancelled, it takes again and is not on its way out', async () => {
    const { bench, all } = await draining();
    await look(bench);
    await expect(bench.upload(bench.draw(), 0)).rejects.toMatchObject({ code: 'DRAINING' });
    await copy(bench, all[0]);
    await bench.it.drain.cancel();
    expect(bench.it.drain.progress()).toEqual({
      draining: false,
      fragmentsLeft: 0,
      bytesLeft: 0,
      etaSeconds: null,
      safeToStop: false,
      waitsFor: null,
    });
    await bench.upload(bench.draw(), 0);
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    await bench.walk();
    // What was not copied stays, whoever of the two keeps the other.
    expect(await bench.has(all[1])).toBe(true);
  });

  test('is not safe to stop in the moment in which a fragment is looked at again', async () => {
    const { bench, all } = await draining();
    for (const one of all) await copy(bench, one);
    bench.leafOf = (_, answer) => ({ ...answer, leaves: answer.leaves + 1 });
    await look(bench);
    expect(bench.it.drain.progress()).toMatchObject({ fragmentsLeft: 2, safeToStop: false });
    const meanwhile: number[] = [];
    bench.before = (step) => {
      if (step === 'leaf') meanwhile.push(bench.it.drain.progress().fragmentsLeft);
    };
    await look(bench);
    expect(meanwhile).toEqual([2, 2]);
  });
});
