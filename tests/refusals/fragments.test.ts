// What a real daemon declines when fragments are brought and asked for: each fault by its code, and what it must not
// decline: what it holds already costs nothing.

import { equalBytes } from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import { verifyReceipt } from '@vauban/ledger';
import { readBulkReply } from '@vauban/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Caller, outcomeOf } from './caller.ts';
import { Consortium } from './consortium.ts';
import type { TestSegment } from './segment.ts';

let it: Consortium;
let small: Caller;
/** Where little fits. */
const FULL = 3;

beforeAll(async () => {
  it = await Consortium.open();
  await it.network.stop(FULL);
  await it.network.start(FULL, { capacityBytes: 1_500 });
  const { note, transportSeed } = it.device({}, it.small);
  small = await Caller.open(it.network, { role: 'device', note }, transportSeed);
});
afterAll(async () => {
  await small?.close();
  await it?.close();
});

const put = (segment: TestSegment, index = 0, bytes?: Uint8Array) =>
  it.courier.upload(0, segment, index, bytes);
const range = async (segment: TestSegment, ...runs: [number, number][]) => {
  const stream = await it.courier.bulk(0, { bulk: 'get', segment: segment.id, index: 0, runs });
  return readBulkReply(stream).finally(() => stream.abort());
};

interface Row {
  readonly name: string;
  readonly code: string;
  readonly sabotage: () => Promise<unknown>;
}

const rows: Row[] = [
  ...(
    [
      ['no data shards', { k: 0 }],
      ['no parity shards', { m: 0 }],
      ['no stripes', { stripes: 0 }],
      ['cells that are no whole leaves', { cellBytes: 20_000, lastCellBytes: 20_000 }],
      ['a last cell of an odd length', { lastCellBytes: 1_000 }],
    ] as const
  ).map(
    ([name, shape]): Row => ({
      name: `a segment with ${name}`,
      code: 'SEGMENT_SHAPE',
      sabotage: () => put(it.segment(name, shape)),
    }),
  ),
  {
    name: 'a fragment the segment does not have',
    code: 'INDEX_OUTSIDE',
    sabotage: () => put(it.segment('outside'), 4),
  },
  {
    name: 'a fragment longer than any',
    code: 'TOO_LARGE',
    sabotage: () => put(it.segment('long', { stripes: 1_000 })),
  },
  {
    name: 'other bytes than the root says',
    code: 'ROOT_MISMATCH',
    sabotage: () => put(it.segment('flipped'), 0, new Uint8Array(1_024)),
  },
  {
    name: 'fewer bytes than announced',
    code: 'STREAM_ENDED',
    sabotage: () => put(it.segment('short'), 0, new Uint8Array(1_000)),
  },
  {
    name: 'a fragment beyond the daemon’s capacity',
    code: 'DISK_FULL',
    async sabotage() {
      await it.courier.upload(FULL, it.segment('fits'), 0);
      return it.courier.upload(FULL, it.segment('fits no more'), 0);
    },
  },
  {
    name: 'a fragment beyond the agency’s quota',
    code: 'QUOTA_SPENT',
    async sabotage() {
      for (const name of ['one', 'two']) await small.upload(0, it.segment(name, {}, it.small), 0);
      return small.upload(0, it.segment('three', {}, it.small), 0);
    },
  },
  {
    name: 'a fresh receipt for what is not held',
    code: 'FRAGMENT_MISSING',
    sabotage: () => it.courier.ask(0, 'receipt', { segment: it.segment('never').wire, index: 0 }),
  },
  {
    name: 'a read of what is not held',
    code: 'FRAGMENT_MISSING',
    sabotage: () => it.courier.download(0, it.segment('never'), 0),
  },
  {
    name: 'a read beyond the end',
    code: 'RANGE_OUTSIDE',
    async sabotage() {
      await put(it.segment('read'));
      return range(it.segment('read'), [0, 1_025]);
    },
  },
  {
    name: 'a read that does not begin with a leaf',
    code: 'RANGE_OUTSIDE',
    async sabotage() {
      await put(it.segment('read'));
      return range(it.segment('read'), [16, 16]);
    },
  },
  {
    name: 'a read whose second run is beyond the end',
    code: 'RANGE_OUTSIDE',
    async sabotage() {
      await put(it.segment('read'));
      return range(it.segment('read'), [0, 1_024], [16_384, 16_384]);
    },
  },
  {
    name: 'a read of runs that overlap',
    code: 'MALFORMED',
    sabotage: () => range(it.segment('read'), [0, 1_024], [16, 1_008]),
  },
  {
    name: 'a read of nothing',
    code: 'MALFORMED',
    sabotage: () => range(it.segment('read')),
  },
  {
    name: 'a leaf beyond the last',
    code: 'RANGE_OUTSIDE',
    async sabotage() {
      const segment = it.segment('leaves');
      await put(segment);
      return it.courier.ask(0, 'leaf', { segment: segment.id, index: 0, leaf: 1 });
    },
  },
];

test.each(rows)('$name: $code', async ({ code, sabotage }) => {
  expect(await outcomeOf(sabotage())).toEqual({ code });
});

describe('who holds a segment', () => {
  const unknown = new Uint8Array(32).fill(9);

  test('is told in the order that was asked, to the devices of any agency: index and daemon, no more', async () => {
    const { id } = it.segment('spread');
    const holders = it.holders();
    expect(await it.tell([it.place('spread')])).toMatchObject({ result: 'cosigned' });
    const spread = { segment: id, holders: holders.map((one, index) => [index, one.id]) };
    const none = { segment: unknown, holders: [] };
    const asked = { segments: [unknown, id, unknown, id] };
    for (const caller of [it.courier, small]) {
      expect(await caller.ask(0, 'holders', asked)).toEqual({ segments: [none, spread, none, spread] });
    }
    expect(await it.courier.ask(0, 'holders', { segments: [] })).toEqual({ segments: [] });
  });

  test('is told of 256 segments at once, and of no more', async () => {
    const segments = Array.from({ length: 256 }, () => unknown);
    const answer = await it.courier.ask(0, 'holders', { segments });
    expect(answer.segments).toHaveLength(256);
    expect(await outcomeOf(it.courier.ask(0, 'holders', { segments: [...segments, unknown] }))).toEqual({
      code: 'MALFORMED',
    });
  });
});

describe('at the quota', () => {
  test('what is held gets its receipts again, and no bytes are asked for', async () => {
    const { note, transportSeed } = it.device({}, it.small);
    const caller = await Caller.open(it.network, { role: 'device', note }, transportSeed);
    for (const name of ['a', 'b']) await caller.upload(1, it.segment(name, {}, it.small), 1);
    const segment = it.segment('a', {}, it.small);
    const again = await caller.upload(1, segment, 1);
    const fresh = await caller.ask(1, 'receipt', { segment: segment.wire, index: 1 });
    await caller.close();
    expect(again.sent).toBe(false);
    const listed = it.charter.daemons.find(({ id }) => id === it.holder(1).id);
    const claim = {
      charterName: it.charter.name,
      segment: segment.id,
      index: 1,
      root: segment.descriptor.roots[1] as Uint8Array,
      bytes: segment.fragmentBytes,
      daemon: it.holder(1).id,
      generation: 0,
    };
    for (const { receipt } of [again, fresh]) {
      const signed = { signature: receipt, receiptKey: listed?.receiptKey as Uint8Array };
      expect(verifyReceipt(crypto, claim, signed)).toBe(true);
      expect(verifyReceipt(crypto, { ...claim, index: 0 }, signed)).toBe(false);
    }
  });

  test('uploads at the same time do not share the last bytes', async () => {
    const { note, transportSeed } = it.device({}, it.small);
    const caller = await Caller.open(it.network, { role: 'device', note }, transportSeed);
    const names = ['p', 'q', 'r', 's', 't', 'u'];
    const tried = names.map((name) => outcomeOf(caller.upload(2, it.segment(name, {}, it.small), 2)));
    const codes = (await Promise.all(tried)).map(({ code }) => code);
    await caller.close();
    expect(codes.filter((code) => code === 'ok')).toHaveLength(2);
    expect(codes.filter((code) => code === 'QUOTA_SPENT')).toHaveLength(4);
  });

  test('an upload that broke off leaves its share to the next', async () => {
    const { note, transportSeed } = it.device({}, it.small);
    const caller = await Caller.open(it.network, { role: 'device', note }, transportSeed);
    await it.network.stop(FULL);
    await it.network.start(FULL);
    const cut = it.segment('cut', {}, it.small);
    for (let nth = 0; nth < 3; nth++) {
      expect(await outcomeOf(caller.upload(FULL, cut, 3, new Uint8Array(100)))).toEqual({
        code: 'STREAM_ENDED',
      });
    }
    const whole = it.segment('whole', {}, it.small);
    for (const segment of [whole, cut]) await caller.upload(FULL, segment, 3);
    expect(equalBytes(await caller.download(FULL, whole, 3), whole.fragments[3] as Uint8Array)).toBe(true);
    await caller.close();
  });
});
