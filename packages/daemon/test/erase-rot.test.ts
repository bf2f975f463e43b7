// A row of the index that rotted holds up neither erasing nor draining: it is told of once, and all else goes on.

import { toHex } from '@vauban/core';
import { expect, test } from 'vitest';
import { type ErasePorts, Erasing } from '../src/erase/erasing.ts';
import { DAY_MS, EraseBench, type Stored } from './erase-setup.ts';

const keyOf = ({ place }: Stored) => ({ segment: place.segment, index: 0 });
const mend = (bench: EraseBench, one: Stored) =>
  bench.it.fragments.agree(toHex(one.place.segment.subarray(0, 1)));

test('the walk of the eraser goes past it, and comes back to it when it can be read again', async () => {
  const bench = await EraseBench.open();
  const all = [await bench.put(), await bench.put(), await bench.put()];
  const sorted = all.toSorted((a, b) => (toHex(a.place.segment) < toHex(b.place.segment) ? -1 : 1));
  const [first, ...others] = sorted as [Stored, Stored, Stored];
  await bench.pass(9 * DAY_MS);
  await bench.release(...all);
  await bench.pass(15 * DAY_MS);
  expect(await bench.rotIndex(keyOf(first))).toBe(1);
  await bench.walk();
  for (const one of others) expect(await bench.has(one)).toBe(false);
  await bench.walk();
  expect(bench.events('index-row-unreadable')).toHaveLength(1);
  expect(bench.troubled.map(({ segment }) => toHex(segment))).toContain(toHex(first.place.segment));
  await mend(bench, first);
  expect(await bench.has(first)).toBe(true);
  await bench.walk();
  expect(await bench.has(first)).toBe(false);
});

test('a row that rots again after it was mended is told of again', async () => {
  const bench = await EraseBench.open();
  const one = await bench.put();
  for (let nth = 1; nth <= 2; nth++) {
    expect(await bench.rotIndex(keyOf(one))).toBe(1);
    for (let walks = 0; walks < 2; walks++) await bench.walk();
    expect(bench.events('index-row-unreadable')).toHaveLength(nth);
    await mend(bench, one);
    await bench.walk();
  }
});

test('however many there are, none is told of twice', () => {
  let warned = 0;
  let troubled = 0;
  const log = () => void warned++;
  const erasing = new Erasing({ log, troubled: () => void troubled++ } as unknown as ErasePorts);
  const many = 10_050;
  for (let round = 0; round < 2; round++)
    for (let nth = 0; nth < many; nth++) {
      const segment = new Uint8Array(32);
      new DataView(segment.buffer).setUint32(0, nth);
      erasing.corrupt({ segment, index: 0 });
    }
  expect(warned).toBe(10_000);
  expect(troubled).toBe(2 * many);
});

test('draining waits for it alone, and says so', async () => {
  const bench = await EraseBench.open();
  const all = [await bench.put(), await bench.put()] as const;
  const [rotten] = all;
  await bench.it.drain.begin();
  for (const one of all) await bench.daemonWrites('h4', bench.custody(one, 'h4', 0));
  expect(await bench.rotIndex(keyOf(rotten))).toBe(1);
  for (let nth = 0; nth < 2; nth++) {
    await bench.it.drain.round(bench.signal);
    expect(bench.it.drain.progress()).toMatchObject({
      fragmentsLeft: 1,
      safeToStop: false,
      waitsFor: '1 fragment whose rows in the index rotted, to be written again',
    });
  }
  expect(bench.events('index-row-unreadable')).toHaveLength(1);
  await mend(bench, rotten);
  await bench.it.drain.round(bench.signal);
  expect(bench.it.drain.progress()).toMatchObject({ safeToStop: true, waitsFor: null });
});
