// Why nothing may be erased: each reason by itself, said in words, and gone once its cause is.

import { type Clock, Fault, memoryStore, type Store } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { ErasePermit, type PermitPorts } from '../src/erase/erase-permit.ts';
import { crypto } from './fragment-setup.ts';
import { daemonOf, EraseBench, id } from './erase-setup.ts';

const MINUTE_MS = 60_000;

interface Change {
  readonly missing?: number;
  readonly held?: number;
  readonly clock?: Clock;
  readonly store?: Store;
  readonly ports?: Partial<PermitPorts>;
}

async function permitOf(bench: EraseBench, { missing = 0, held = 100, clock, store, ports }: Change = {}) {
  const fragments = {
    missing: Array.from({ length: missing }, (_, index) => ({ segment: new Uint8Array(32), index })),
    totals: () => ({ fragments: held, bytes: held, byAgency: new Map() }),
    failure: undefined as Fault | undefined,
  };
  let asked = 0;
  const permit = await ErasePermit.open({
    id,
    crypto,
    clock: clock ?? bench.network.clock,
    charters: bench.network.charters,
    standing: { eraseRefusal: () => undefined },
    fragments,
    mirror: bench.network.hoster(1).mirror,
    watch: {
      heard: true,
      presence: () => 'up',
      answer: () => ({ takes: true, readOnly: false, draining: false, freeBytes: 1, voting: true }),
    },
    consortium: { isLost: () => false },
    freshHeads: async () => void asked++,
    store: store ?? memoryStore(),
    log: () => undefined,
    ...ports,
  });
  return { permit, fragments, asked: () => asked };
}

const { signal } = new AbortController();

test('in a whole network it lets erase, and asks for fresh heads twice a minute at most', async () => {
  const bench = await EraseBench.open();
  const { permit, asked } = await permitOf(bench);
  await expect(permit.demand(signal)).resolves.toBeUndefined();
  await expect(permit.demand(signal)).resolves.toBeUndefined();
  expect(asked()).toBe(1);
  await bench.pass(30_000);
  await expect(permit.demand(signal)).resolves.toBeUndefined();
  expect(asked()).toBe(2);
  expect(permit.said).toBeUndefined();
});

describe('a disk that is half there', () => {
  test('nothing is erased until the ledger knows what is missing; a few losses are rot', async () => {
    const bench = await EraseBench.open();
    const { permit, fragments } = await permitOf(bench, { missing: 5, held: 95 });
    await expect(permit.demand(signal)).rejects.toMatchObject({
      code: 'LOSSES_UNCERTIFIED',
      facts: { missing: 5 },
    });
    fragments.missing = [];
    await expect(permit.demand(signal)).resolves.toBeUndefined();
  });

  test('more than one in twenty gone: a person has to look, over restarts, though the losses are certified', async () => {
    const bench = await EraseBench.open();
    const store = memoryStore();
    const { permit, fragments } = await permitOf(bench, { missing: 6, held: 94, store });
    await expect(permit.demand(signal)).rejects.toMatchObject({
      code: 'DISK_HALF_EMPTY',
      facts: { gone: 6, all: 100 },
    });
    fragments.missing = [];
    await expect(permit.demand(signal)).rejects.toMatchObject({ code: 'DISK_HALF_EMPTY' });
    const { permit: next } = await permitOf(bench, { held: 94, store });
    await expect(next.demand(signal)).rejects.toThrow(/6 of 100 fragments .* vauban daemon readmit/);
    await next.readmitted();
    await expect(next.demand(signal)).resolves.toBeUndefined();
    const { permit: last } = await permitOf(bench, { held: 94, store });
    await expect(last.demand(signal)).resolves.toBeUndefined();
  });

  test('one or two of a handful are no half-empty disk', async () => {
    const bench = await EraseBench.open();
    const { permit, fragments } = await permitOf(bench, { missing: 2, held: 2 });
    fragments.missing = [];
    await expect(permit.demand(signal)).resolves.toBeUndefined();
  });
});

describe('a clock that is far off', () => {
  test('behind what a quorum signed, by more than clocks may differ', async () => {
    const bench = await EraseBench.open();
    await bench.put();
    const at = (ms: number): Clock => ({
      ...bench.network.clock,
      now: () => bench.now - ms,
      monotonic: () => 0,
    });
    const { permit } = await permitOf(bench, { clock: at(15 * MINUTE_MS) });
    await expect(permit.demand(signal)).resolves.toBeUndefined();
    const { permit: other } = await permitOf(bench, { clock: at(17 * MINUTE_MS) });
    await expect(other.demand(signal)).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
  });

  test('a certificate that no quorum signed says nothing', async () => {
    const bench = await EraseBench.open();
    const one = await bench.put();
    const { logs } = bench.network.hoster(1).mirror;
    const state = logs.state(one.claim.origin);
    const lines = (state.certificate ?? '').split('\n');
    const [dash, name, signature] = (lines.at(-2) ?? '').split(' ');
    const forged = Buffer.from(signature ?? '', 'base64');
    forged.writeBigUInt64BE(BigInt(Math.floor(bench.now / 1_000) + 86_400), 4);
    lines[lines.length - 2] = `${dash} ${name} ${forged.toString('base64')}`;
    await logs.update({ ...state, certificate: lines.join('\n') });
    const { permit } = await permitOf(bench);
    await expect(permit.demand(signal)).resolves.toBeUndefined();
  });
});

describe('each by itself', () => {
  const silent = { code: 'VOTER_STARTING', message: 'it starts' } as unknown as Fault;
  const h3 = daemonOf('h3');
  const up = { takes: true, readOnly: false, draining: false, freeBytes: 1, voting: true };
  const watch = { heard: true, presence: () => 'up' as const, answer: () => up };
  test.each<readonly [string, string, (bench: EraseBench) => Partial<PermitPorts>]>([
    ['the mirror has not caught up', 'MIRROR_NOT_READY', (b) => ({ mirror: { silent, logs: b.logs } })],
    [
      'somebody was not heard since the start',
      'NETWORK_UNHEALTHY',
      () => ({ watch: { ...watch, answer: (daemon) => (daemon === h3 ? undefined : up) } }),
    ],
    [
      'somebody is lost and nobody said so',
      'NETWORK_UNHEALTHY',
      () => ({ watch: { ...watch, presence: (daemon) => (daemon === h3 ? 'lost' : 'up') } }),
    ],
    [
      'no quorum answers',
      'NETWORK_UNHEALTHY',
      () => ({
        freshHeads: () => Promise.reject(new Fault('unreachable', 'QUORUM_UNREACHABLE', 'two are silent')),
      }),
    ],
    [
      'its own standing',
      'READ_ONLY',
      () => ({ standing: { eraseRefusal: () => new Fault('refused', 'READ_ONLY', 'away for a day') } }),
    ],
    [
      'its disk failed',
      'DISK_FAILED',
      () => ({
        fragments: {
          missing: [],
          totals: () => ({ fragments: 0, bytes: 0, byAgency: new Map() }),
          failure: new Fault('failure', 'DISK_FAILED', 'an fsync failed'),
        },
      }),
    ],
  ])('%s', async (_, code, ports) => {
    const bench = await EraseBench.open();
    const { permit } = await permitOf(bench, { ports: ports(bench) });
    await expect(permit.demand(signal)).rejects.toMatchObject({ code });
    expect(permit.said).toMatchObject({ code });
  });

  test('one that was drained and stopped holds up all erasing: what to do about it is said', async () => {
    const bench = await EraseBench.open();
    const gone = { ...watch, presence: (daemon: string) => (daemon === h3 ? 'lost' : 'up') } as const;
    let listed = bench.network.charters.current;
    const charters = new Proxy(bench.network.charters, {
      get: (target, name) => (name === 'current' ? listed : Reflect.get(target, name, target)),
    });
    const { permit } = await permitOf(bench, { ports: { watch: gone, charters } });
    expect(permit.refusal()).toMatchObject({
      code: 'NETWORK_UNHEALTHY',
      message: expect.stringMatching(/drained and stopped.*drop it from the charter.*declare-lost h3/),
      facts: { site: 'h3', daemon: h3 },
    });
    listed = { ...listed, daemons: listed.daemons.filter((one) => one.id !== h3) };
    await expect(permit.demand(signal)).resolves.toBeUndefined();
  });

  test('a daemon without a vote may erase', async () => {
    const bench = await EraseBench.open();
    const none = new Fault('refused', 'VOTER_NONE', 'mirrors and does not vote');
    const { permit } = await permitOf(bench, { ports: { mirror: { silent: none, logs: bench.logs } } });
    await expect(permit.demand(signal)).resolves.toBeUndefined();
  });
});
