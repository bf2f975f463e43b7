import { Fault } from '@vauban/core';
import { expect, test } from 'vitest';
import { pingOf, type PingPorts } from '../src/ping.ts';
import { diskFailure, newMachine, put, sample } from './fragment-setup.ts';

const GB = 1_000_000_000;
const free = { readOnly: false, draining: false };

async function ask(change: Partial<PingPorts> = {}) {
  const machine = await newMachine();
  const fragments = await machine.open();
  const files = { space: async () => ({ freeBytes: 60 * GB, totalBytes: 100 * GB }) };
  const mirror = { silent: null };
  return pingOf({ files, fragments, mirror, capacityBytes: 1_000 * GB, standing: free, ...change });
}
const space = (freeBytes: number, totalBytes = 100 * GB) => ({
  space: async () => ({ freeBytes, totalBytes }),
});

test('a daemon with room takes, and says how much: what is free above the twentieth that is kept free', async () => {
  expect(await ask()).toEqual({
    takes: true,
    readOnly: false,
    draining: false,
    freeBytes: 55 * GB,
    voting: true,
  });
});

test('it takes nothing at the reserve, and says so in no negative number', async () => {
  expect(await ask({ files: space(5 * GB + 1) })).toMatchObject({ takes: true, freeBytes: 1 });
  expect(await ask({ files: space(5 * GB) })).toMatchObject({ takes: false, freeBytes: 0 });
  expect(await ask({ files: space(0) })).toMatchObject({ takes: false, freeBytes: 0 });
});

test('what it offers counts, less what it holds', async () => {
  const machine = await newMachine();
  const fragments = await machine.open();
  await put(fragments, sample(3_000));
  expect(await ask({ fragments, capacityBytes: 3_100 })).toMatchObject({ takes: true, freeBytes: 100 });
  expect(await ask({ fragments, capacityBytes: 3_000 })).toMatchObject({ takes: false, freeBytes: 0 });
  expect(await ask({ fragments, capacityBytes: 2_000 })).toMatchObject({ takes: false, freeBytes: 0 });
});

test.each([{ readOnly: true }, { draining: true }])('with room, and %o, it takes nothing', async (one) => {
  const standing = { ...free, ...one };
  expect(await ask({ standing })).toMatchObject({ takes: false, ...standing, freeBytes: 55 * GB });
});

test('after a failed fsync it takes nothing', async () => {
  const machine = await newMachine();
  const fragments = await machine.open();
  machine.fail = ({ call }) => (call === 'sync' ? diskFailure('EIO') : undefined);
  await expect(put(fragments, sample(100))).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(await ask({ fragments })).toMatchObject({ takes: false, freeBytes: 55 * GB });
});

test('a voter that is silent says so', async () => {
  const silent = new Fault('refused', 'VOTER_NONE', 'no vote here');
  expect(await ask({ mirror: { silent } })).toMatchObject({ voting: false, takes: true });
});
