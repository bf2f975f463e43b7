// Readiness: a disk that cannot be written and peers that do not answer are found out, at a bounded cost.

import { type FilesCall, memoryFiles } from '@vauban/core';
import { describe, expect, it, test } from 'vitest';
import { DiskProbe, peersCheck, readinessOf } from '../src/admin/readiness.ts';
import { peersBySite } from '../src/admin/standing.ts';
import { sampleCharter } from '../../core/test/sample-charter.ts';
import { crypto, diskFailure } from './fragment-setup.ts';

describe('the probe of the disk', () => {
  it('writes and syncs, once in ten seconds however often it is asked', async () => {
    const calls: FilesCall[] = [];
    let now = 0;
    const files = memoryFiles({ record: (call) => void calls.push(call) });
    const probe = new DiskProbe(files, { monotonic: () => now, now: () => now });
    const syncs = () => calls.filter(({ call }) => call === 'sync').length;
    await Promise.all([probe.check(), probe.check()]);
    now = 9_999;
    expect((await probe.check()).ok).toBe(true);
    expect(syncs()).toBe(1);
    now = 10_000;
    await probe.check();
    expect(syncs()).toBe(2);
  });

  test.each(['create', 'write', 'sync', 'rename', 'syncDirectory'])(
    'notices a disk that fails to %s',
    async (step) => {
      let now = 0;
      let broken = true;
      const fail = ({ call }: FilesCall) => (broken && call === step ? diskFailure('EIO') : undefined);
      const probe = new DiskProbe(memoryFiles({ fail }), { monotonic: () => now, now: () => now });
      const message = 'the data disk cannot be written: EIO';
      expect(await probe.check()).toEqual({ ok: false, message });
      broken = false;
      now = 10_000;
      expect((await probe.check()).ok).toBe(true);
    },
  );
});

describe('peers', () => {
  const of = (up: number) => [{ hoster: 'h', site: 's', up, silent: 1, lost: 1 }];

  test.each([
    [undefined, { others: 0, heard: false }, true],
    [undefined, { others: 2, heard: false }, false],
    [undefined, { others: 2, heard: true }, true],
    [of(0), { others: 2, heard: true }, false],
    [of(1), { others: 3, heard: false }, true],
  ] as const)('%j of %j make it %s', (peers, told, ok) => {
    expect(peersCheck(peers, told).ok).toBe(ok);
  });

  it('are counted by site, this daemon left out', () => {
    const charter = sampleCharter({ crypto, hosters: 3 });
    const [self, lost] = charter.daemons.map(({ id }) => id);
    const counted = peersBySite(charter, self as string, (id) => (id === lost ? 'lost' : 'up'));
    expect(counted.map(({ up, silent, lost: gone }) => [up, silent, gone])).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
  });
});

it('one thing that is missing makes a daemon unready', () => {
  const well = { ok: true, message: '' };
  const checks = { identity: well, disk: well, ledger: well, peers: well };
  expect(readinessOf(checks).ready).toBe(true);
  for (const name of Object.keys(checks)) {
    expect(readinessOf({ ...checks, [name]: { ok: false, message: '' } }).ready).toBe(false);
  }
});
