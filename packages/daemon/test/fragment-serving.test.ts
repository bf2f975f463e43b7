// Fragments handed out run by run, by the service that daemons run, over the real network from its own store.

import { asFault, LEAF_BYTES } from '@vauban/core';
import { nodeClock, nodeCrypto } from '@vauban/core/node';
import type { Delegation } from '@vauban/ledger';
import {
  decodeRequest,
  encodeAnswer,
  PeerClient,
  readBulkHeader,
  readBulkReply,
  readFragment,
  type Run,
  type Target,
  withBulkStream,
  writeBulkFault,
} from '@vauban/wire';
import { describe, expect, test } from 'vitest';
import { peerOf, startClient, startNetwork } from '../../wire/test/libp2p-fixture.ts';
import { FragmentsService, type FragmentsServiceOptions } from '../src/fragments-service.ts';
import { pathOf } from '../src/fragment-file.ts';
import type { Session } from '../src/sessions.ts';
import { crypto, flip, newMachine, put, type Sample, sample } from './fragment-setup.ts';

const LEAVES = 81;
const daemon: Session = { role: 'daemon', daemon: 'd', hoster: 'h' };
const deviceOf = (agency: string): Session => ({ role: 'device', delegation: { agency } as Delegation });
const L = LEAF_BYTES;

/** A daemon that holds the fragment and takes every caller for `session`, and one who calls it. */
async function serve(one: Sample, session: Session = daemon) {
  const machine = await newMachine();
  const store = await machine.open();
  await put(store, one, one.bytes);
  machine.steps.splice(0);
  let touched = 0;
  const service = new FragmentsService({
    store,
    crypto,
    foreground: { touch: () => void touched++ },
  } as unknown as FragmentsServiceOptions);
  const far = await startNetwork({
    handler: {
      request: async (_, body) => {
        if (decodeRequest(body).ask !== 'hello') throw new Error('only a hello is answered here');
        return encodeAnswer<'hello'>({ version: 1, daemon: '', hoster: '' }, 1);
      },
      bulk: async (_, stream) => {
        const header = await readBulkHeader(stream);
        if (header.bulk !== 'get') throw new Error('only reads are served here');
        await service.get(session, header, stream).catch(async (error: unknown) => {
          await writeBulkFault(stream, asFault(error));
        });
      },
    },
  });
  const near = await startClient();
  const client = new PeerClient(peerOf(far), {
    network: near,
    crypto: nodeCrypto,
    charterName: 'grand-est',
    charterVersion: () => 1,
    identity: { role: 'daemon' },
  });
  const { signal } = new AbortController();
  const read = (targets: readonly Target[], fragment = one) =>
    readFragment({ client, crypto: nodeCrypto, clock: nodeClock, fragment, targets, signal });
  /** The first answer to these runs, as they are. */
  const ask = (runs: Run[], { segment, index }: Pick<Sample, 'segment' | 'index'> = one) =>
    withBulkStream(client, { bulk: 'get', segment, index, runs }, signal, (stream) => readBulkReply(stream));
  return { machine, near, read, ask, touched: () => touched };
}

const targetsOf = (runs: readonly (readonly [number, number])[]): Target[] =>
  runs.map(([at, length]) => ({ at, into: new Uint8Array(length) }));
const areRight = (targets: readonly Target[], { data }: Sample) =>
  targets.every(({ at, into }) => Buffer.compare(into, data.subarray(at, at + into.length)) === 0);

describe('a fragment of 81 leaves', () => {
  const fragment = sample(LEAVES * L);

  test('in 27 runs of one leaf: these are read and sent, the hashes, and nothing else', async () => {
    const { machine, near, read } = await serve(fragment);
    const targets = targetsOf(Array.from({ length: 27 }, (_, nth) => [3 * nth * L, L] as const));
    const before = near.traffic.receivedBytes;
    await read(targets);
    const received = near.traffic.receivedBytes - before;
    const needed = 27 * L + LEAVES * 32;
    expect(areRight(targets, fragment)).toBe(true);
    expect(received).toBeGreaterThanOrEqual(needed);
    expect(received).toBeLessThanOrEqual(1.02 * needed);
    const reads = machine.steps
      .filter(({ call }) => call === 'read')
      .map((step) => ('bytes' in step ? step.bytes : 0));
    expect(reads).toEqual([LEAVES * 32, ...targets.map(() => L)]);
  });

  test('in runs that touch, the disk is read once for all of them', async () => {
    const { machine, ask } = await serve(fragment);
    await ask(Array.from({ length: 9 }, (_, nth): Run => [(3 + nth) * L, L]));
    const reads = () => machine.steps.filter(({ call }) => call === 'read');
    await expect.poll(() => reads().length).toBe(2);
    expect(reads()[1]).toMatchObject({ bytes: 9 * L });
  });

  test('reads for a client are foreground, for a repair they are not', async () => {
    const [forDaemon, forDevice] = [await serve(fragment), await serve(fragment, deviceOf(fragment.agency))];
    for (const one of [forDaemon, forDevice]) await one.read(targetsOf([[0, 3 * L]]));
    expect(forDaemon.touched()).toBe(0);
    expect(forDevice.touched()).toBeGreaterThan(0);
  });

  test('a rotten leaf fails whoever asks for it, and nobody else', async () => {
    const { machine, read } = await serve(fragment);
    flip(machine, pathOf(fragment), 7 * L + 5);
    await expect(read(targetsOf([[6 * L, 3 * L]]))).rejects.toMatchObject({
      code: 'LEAF_WRONG',
      facts: { leaf: 7 },
    });
    const around = targetsOf([
      [0, 7 * L],
      [8 * L, 73 * L],
    ]);
    await read(around);
    expect(areRight(around, fragment)).toBe(true);
  });
});

describe('of a fragment of two and a half leaves', () => {
  const bytes = 2 * L + L / 2;
  const fragment = sample(bytes);

  test.each<[string, Run[]]>([
    ['all of it', [[0, bytes]]],
    ['its end', [[2 * L, L / 2]]],
    [
      'its first and last leaf',
      [
        [0, L],
        [2 * L, L / 2],
      ],
    ],
  ])('%s is found', async (_, runs) => {
    const { ask, read } = await serve(fragment);
    expect(await ask(runs)).toEqual({ reply: 'found', bytes });
    const targets = targetsOf(runs);
    await read(targets);
    expect(areRight(targets, fragment)).toBe(true);
  });

  test.each<[string, Run[]]>([
    ['more than there is', [[0, bytes + 1]]],
    ['the whole leaf that the end is part of', [[2 * L, L]]],
    ['what begins beyond the end', [[3 * L, L]]],
    [
      'what ends beyond it, after what does not',
      [
        [0, L],
        [2 * L, L],
      ],
    ],
    ['what begins within a leaf', [[16, L - 16]]],
    ['what ends within a leaf', [[0, L + 16]]],
    ['what ends within the last leaf', [[2 * L, 16]]],
  ])('%s is RANGE_OUTSIDE', async (_, runs) => {
    const { ask, machine } = await serve(fragment);
    await expect(ask(runs)).rejects.toMatchObject({ code: 'RANGE_OUTSIDE', facts: { bytes } });
    expect(machine.steps.filter(({ call }) => call === 'read')).toEqual([]);
  });

  test('what is not here is FRAGMENT_MISSING', async () => {
    const { ask } = await serve(fragment);
    const other = { ...fragment, index: fragment.index + 1 };
    await expect(ask([[0, L]], other)).rejects.toMatchObject({ code: 'FRAGMENT_MISSING' });
  });

  test('another agency’s device, an operator and an officer get none of it', async () => {
    const outcomes: [Session, string][] = [
      [deviceOf('nobody'), 'NOT_YOURS'],
      [{ role: 'operator', id: 'anne' }, 'NOT_ALLOWED'],
      [{ role: 'officer', id: 'jean' }, 'NOT_ALLOWED'],
    ];
    for (const [session, code] of outcomes) {
      const { ask } = await serve(fragment, session);
      await expect(ask([[0, L]])).rejects.toMatchObject({ code });
    }
  });
});
