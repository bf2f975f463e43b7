// What a daemon notes about its own work may rot: the start goes on, and nothing that was forbidden becomes allowed.

import { describe, expect, test } from 'vitest';
import { DAY_MS, EraseBench } from './erase-setup.ts';

/** Fragment 0 lies here and on h4, which the planner prefers. */
async function doubled() {
  const bench = await EraseBench.open();
  const one = await bench.put();
  await bench.it.standing.setDraining(true);
  await bench.daemonWrites('h4', bench.custody(one, 'h4', 0));
  return { bench, one };
}

describe('a daemon starts though there rotted', () => {
  test('where its walk was: it begins anew', async () => {
    const bench = await EraseBench.open();
    for (let nth = 0; nth < 130; nth++) await bench.upload(bench.draw(), 0);
    expect(await bench.it.eraser.round(bench.signal)).toBe(false);
    expect(await bench.rot('erase/cursor')).toBe(1);
    await bench.restart();
    expect(bench.events('own-row-unreadable')).toMatchObject([{ what: 'walk', code: 'STORE_CORRUPT' }]);
    await bench.walk();
  });

  test('since when a copy is surplus: its grace begins anew', async () => {
    const { bench, one } = await doubled();
    await bench.walk();
    await bench.pass(DAY_MS);
    expect(await bench.rot('erase/seen/')).toBe(1);
    await bench.restart();
    expect(bench.events('own-row-unreadable')).toMatchObject([{ what: 'surplus', rows: 1 }]);
    await bench.walk();
    expect(await bench.has(one)).toBe(true);
    await bench.pass(DAY_MS);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
  });

  test('its generation: the ledger knows the one that counts', async () => {
    const { bench } = await doubled();
    await bench.walk();
    await bench.pass(DAY_MS);
    await bench.walk();
    const { generation } = bench.it.receipts;
    expect(generation).toBeGreaterThan(0);
    expect(await bench.rot('generation/')).toBe(1);
    await bench.restart();
    expect(bench.it.receipts.generation).toBe(generation);
  });

  test('that a fragment is on its way out: it still gets no receipts', async () => {
    const { bench, one } = await doubled();
    await bench.walk();
    await bench.pass(DAY_MS);
    bench.before = (step) => {
      if (step === 'append') throw new Error('the power fails');
    };
    await bench.walk();
    expect(await bench.rot('erase/leaving/')).toBe(1);
    await bench.crash();
    expect(bench.it.receipts.isWithheld({ segment: one.place.segment, index: 0 })).toBe(true);
  });

  test('how much was gone at a start: nothing is erased all the same, until somebody has looked', async () => {
    const bench = await EraseBench.open();
    const all = [await bench.put(), await bench.put(), await bench.put()];
    for (const directory of await bench.machine.files.list('fragments'))
      for (const name of await bench.machine.files.list(`fragments/${directory}`))
        await bench.machine.files.remove(`fragments/${directory}/${name}`);
    await bench.restart();
    expect(bench.it.permit.refusal()).toMatchObject({ code: 'DISK_HALF_EMPTY', facts: { gone: 3 } });
    for (const { place } of all) await bench.it.fragments.forgetMissing({ segment: place.segment, index: 0 });
    expect(await bench.rot('erase/permit/')).toBe(1);
    await bench.restart();
    expect(bench.it.permit.refusal()).toMatchObject({
      code: 'DISK_HALF_EMPTY',
      message: expect.stringContaining('too many fragments were gone'),
    });
    await bench.it.permit.readmitted();
    await bench.restart();
    expect(bench.it.permit.refusal()).toBeUndefined();
  });
});
