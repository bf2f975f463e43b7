import { type ByteStream, Fault, isFault, LEAF_BYTES } from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import { describe, expect, test } from 'vitest';
import { isLie, writeBulkReply } from '../src/index.ts';
import {
  areRight,
  type Asked,
  fragmentOf,
  honest,
  sendHashes,
  sendRuns,
  type Serve,
  startReading,
  targetsOf,
  type WholeFragment,
} from './fragment-server.ts';
import { gate, until } from './libp2p-fixture.ts';

const LEAVES = 81;
const fragment = fragmentOf(LEAVES * LEAF_BYTES);
const everyThird = Array.from({ length: LEAVES / 3 }, (_, nth) => [3 * nth, 1] as const);

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const outcome = await work.catch((error: unknown) => error);
  if (!isFault(outcome)) throw new Error(`a fault, not ${String(outcome)}`);
  return outcome;
}

describe('what is read', () => {
  test('27 of 81 leaves in 27 runs cost their bytes and the hashes, and hardly more', async () => {
    const { near, read, asked, progress } = await startReading(fragment);
    const targets = targetsOf(fragment, everyThird);
    const before = near.traffic.receivedBytes;
    await read(targets);
    const received = near.traffic.receivedBytes - before;
    const needed = 27 * LEAF_BYTES + LEAVES * 32;
    expect(areRight(targets, fragment)).toBe(true);
    expect(asked[0]?.runs).toHaveLength(27);
    expect(received).toBeGreaterThanOrEqual(needed);
    expect(received).toBeLessThanOrEqual(1.02 * needed);
    expect(progress.reduce((sum, one) => sum + one, 0)).toBe(27 * LEAF_BYTES);
  });

  test('targets side by side are one run, whatever their lengths', async () => {
    const { read, asked } = await startReading(fragment);
    const targets = targetsOf(fragment, [
      [2, 1],
      [3, 4],
      [7, 5],
      [20, 61],
    ]);
    await read(targets);
    expect(areRight(targets, fragment)).toBe(true);
    expect(asked[0]?.runs).toEqual([
      [2 * LEAF_BYTES, 10 * LEAF_BYTES],
      [20 * LEAF_BYTES, 61 * LEAF_BYTES],
    ]);
  });

  test.each([1, 100, LEAF_BYTES, LEAF_BYTES + 1, 5 * LEAF_BYTES - 1])(
    'a fragment of %d bytes to its end, and its last leaf alone',
    async (bytes) => {
      const whole = fragmentOf(bytes, 2);
      const { read } = await startReading(whole);
      const leaves = Math.ceil(bytes / LEAF_BYTES);
      for (const run of [
        [0, leaves],
        [leaves - 1, 1],
      ] as const) {
        const targets = targetsOf(whole, [run]);
        await read(targets, { fragment: whole });
        expect(areRight(targets, whole)).toBe(true);
      }
    },
  );

  test('targets that are no whole leaves of the fragment, or not in order, are a mistake of the caller', async () => {
    const { read, asked } = await startReading(fragment);
    const at = (offset: number, length: number) => ({ at: offset, into: new Uint8Array(length) });
    const mistakes = [
      [],
      [at(1, LEAF_BYTES)],
      [at(0, LEAF_BYTES - 1)],
      [at(0, 0)],
      [at(80 * LEAF_BYTES, 2 * LEAF_BYTES)],
      [at(LEAF_BYTES, LEAF_BYTES), at(0, LEAF_BYTES)],
      [at(0, 2 * LEAF_BYTES), at(LEAF_BYTES, LEAF_BYTES)],
    ];
    for (const targets of mistakes) await expect(read(targets)).rejects.toThrow('assertion failed');
    expect(asked).toEqual([]);
  });
});

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const changed = bytes.slice();
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
};
const endless = async (stream: ByteStream): Promise<void> => {
  for (;;) await stream.write(new Uint8Array(65_536));
};

interface Row {
  readonly name: string;
  readonly serve: Serve;
  readonly fault: { readonly code: string; readonly facts?: Fault['facts'] };
  readonly lie: boolean;
  /** Leaves that were vouched for before it was found out. */
  readonly good: number;
}

const rows: readonly Row[] = [
  {
    name: 'one bit of the fifth asked leaf is another',
    serve: async (stream, asked, whole) => {
      await sendHashes(stream, whole);
      await sendRuns(stream, asked, flipped(whole.data, 12 * LEAF_BYTES + 77));
    },
    fault: { code: 'LEAF_WRONG', facts: { index: 3, leaf: 12 } },
    lie: true,
    good: 4,
  },
  {
    name: 'a right leaf of the same fragment, and not the one that was asked for',
    serve: async (stream, { runs }, whole) => {
      await sendHashes(stream, whole);
      await sendRuns(stream, { runs: runs.map(([at, length]) => [at + LEAF_BYTES, length]) }, whole.data);
    },
    fault: { code: 'LEAF_WRONG', facts: { index: 3, leaf: 0 } },
    lie: true,
    good: 0,
  },
  {
    name: 'one bit of the hash list is another',
    serve: async (stream, asked, whole) => {
      await writeBulkReply(stream, { reply: 'found', bytes: whole.bytes });
      await stream.write(flipped(crypto.leafHashes(whole.data, LEAF_BYTES), 32 * 80));
      await sendRuns(stream, asked, whole.data);
    },
    fault: { code: 'LEAF_LIST_WRONG', facts: { index: 3 } },
    lie: true,
    good: 0,
  },
  {
    name: 'another fragment, whole and sound',
    serve: (stream, asked) => honest(stream, asked, fragmentOf(fragment.bytes, 9)),
    fault: { code: 'LEAF_LIST_WRONG', facts: { index: 3 } },
    lie: true,
    good: 0,
  },
  {
    name: 'another length',
    serve: (stream, asked) => honest(stream, asked, fragmentOf(fragment.bytes - 1)),
    fault: { code: 'FRAGMENT_LENGTH_WRONG', facts: { index: 3 } },
    lie: true,
    good: 0,
  },
  {
    name: 'a list of hashes that ends early',
    serve: async (stream, _, whole) => {
      await writeBulkReply(stream, { reply: 'found', bytes: whole.bytes });
      await stream.write(new Uint8Array(32 * 80));
    },
    fault: { code: 'STREAM_ENDED' },
    lie: false,
    good: 0,
  },
  {
    name: 'bytes that end within a leaf',
    serve: async (stream, asked, whole) => {
      await sendHashes(stream, whole);
      await sendRuns(stream, { runs: asked.runs.slice(0, 6) }, whole.data);
      await stream.write(new Uint8Array(5_000));
    },
    fault: { code: 'STREAM_ENDED' },
    lie: false,
    good: 6,
  },
  {
    name: 'bytes without end in place of the right ones',
    serve: async (stream, _, whole) => {
      await sendHashes(stream, whole);
      await endless(stream);
    },
    fault: { code: 'LEAF_WRONG', facts: { index: 3, leaf: 0 } },
    lie: true,
    good: 0,
  },
  {
    name: 'an answer that belongs elsewhere',
    serve: (stream) => writeBulkReply(stream, { reply: 'go' }),
    fault: { code: 'MALFORMED' },
    lie: false,
    good: 0,
  },
  {
    name: 'that its disk damaged it, in the words of who finds a lie',
    serve: () => Promise.reject(new Fault('integrity', 'LEAF_WRONG', 'my disk!', { leaf: 1 })),
    fault: { code: 'LEAF_WRONG' },
    lie: false,
    good: 0,
  },
];

describe('a daemon that says', () => {
  test.each(rows)('$name: $fault.code', async ({ serve, fault, lie, good }) => {
    const { near, read, progress } = await startReading(fragment, serve);
    const targets = targetsOf(fragment, everyThird);
    const found = await faultOf(read(targets));
    expect({ code: found.code, facts: found.facts }).toMatchObject(fault);
    expect(isLie(found)).toBe(lie);
    expect(progress.reduce((sum, one) => sum + one, 0)).toBe(good * LEAF_BYTES);
    expect(near.traffic.receivedBytes).toBeLessThan(4_000_000);
  });

  test('more than was asked for, without end, is heard out and then cut off', async () => {
    const cut = Promise.withResolvers<Fault>();
    const serve = async (stream: ByteStream, asked: Asked, whole: WholeFragment): Promise<void> => {
      await honest(stream, asked, whole);
      cut.resolve(await faultOf(endless(stream)));
    };
    const { near, read } = await startReading(fragment, serve);
    const targets = targetsOf(fragment, everyThird);
    await read(targets);
    expect(areRight(targets, fragment)).toBe(true);
    // By the reader, and not by the patience of the one who writes.
    expect((await cut.promise).code).toBe('STREAM_ENDED');
    expect(near.traffic.receivedBytes).toBeLessThan(4_000_000);
  });
});

test('a read that is given up leaves the caller’s memory alone, and the daemon without a reader', async () => {
  const given = gate();
  const left = gate();
  const serve: Serve = async (stream, { runs }, whole) => {
    await sendHashes(stream, whole);
    await sendRuns(stream, { runs: runs.slice(0, 9) }, whole.data);
    await given.opened;
    await sendRuns(stream, { runs: runs.slice(9) }, whole.data).catch(() => undefined);
    await stream.read(1).catch(left.open);
  };
  const { read, progress } = await startReading(fragment, serve);
  const controller = new AbortController();
  const reason = new Error('others were faster');
  const targets = targetsOf(fragment, everyThird);
  const reading = read(targets, { signal: controller.signal });
  await until(() => progress.length === 10);
  controller.abort(reason);
  await expect(reading).rejects.toBe(reason);
  for (const { into } of targets) into.fill(0xee);
  given.open();
  await left.opened;
  expect(targets.every(({ into }) => into.every((byte) => byte === 0xee))).toBe(true);
});
