// Reading: a quorum's heads, compared, pulled, finished; what a liar among the voters may not do.
// Long: whatever a voter may show is here in one list.

import { concat, encodeCbor, Fault, memoryStore } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  type Append,
  checkForkProof,
  collectHeads,
  finishHead,
  forkProof,
  forkProofOf,
  type HeadsBody,
  type HeadsScope,
  leafHashOf,
  LogStore,
  openHeads,
  partsOf,
  pull,
  readHead,
  refresh,
  type SignedHistory,
  signHeads,
  heldRecord,
} from '../src/index.ts';
import { type TestHoster, TestNetwork } from './memory-hosters.ts';
import { advance, cosignerOf, crypto, publicOf } from './sample-charter.ts';
import { deviceGenesis, objects, Pen, VAULT } from './samples.ts';

const vault: HeadsScope = { of: 'vault', vault: VAULT };

/** Makes a voter answer with what `change` makes of its true answer, signed with its key. */
function bend(
  net: TestNetwork,
  at: number,
  change: (body: HeadsBody) => Partial<HeadsBody>,
  seed = cosignerOf(`h${at}`).seed,
): void {
  const one = net.hoster(at);
  one.lie = {
    ...one.lie,
    heads: async (nonce, scope) => {
      const asked = { hoster: one.hoster, nonce, scope };
      const body = openHeads(crypto, net.charters.current, asked, await one.mirror.heads(nonce, scope, null));
      return signHeads(crypto, { ...body, ...change(body) }, seed);
    },
  };
}

/** A log that `voters` hold without a certificate; the first size is certified everywhere. */
async function unfinished(
  net: TestNetwork,
  voters: number[],
  pen = new Pen('device laptop'),
): Promise<Append> {
  await bringTo(net, pen.write([deviceGenesis('laptop'), objects('certified')]));
  const { certificate } = await certificateOf(net, pen.origin);
  for (const one of net.hosters) await one.certify(pen.origin, certificate);
  const append = pen.write([objects('perhaps certified')]);
  await bringTo(net, append, voters);
  return append;
}

async function bringTo(net: TestNetwork, append: Append, voters?: number[]): Promise<void> {
  for (const at of voters ?? net.hosters.map((_, nth) => nth + 1)) {
    expect(await net.hoster(at).append(append, null)).toMatchObject({ result: 'cosigned' });
  }
}

async function certificateOf(net: TestNetwork, origin: string) {
  const options = await net.reader();
  const [first] = net.hosters;
  await pull(options, first as TestHoster, origin, (first as TestHoster).mirror.logs.state(origin).size);
  return { certificate: await finishHead(options, origin) };
}

describe('finished heads', () => {
  test('a reader finds all logs of a vault, certified', async () => {
    const net = await TestNetwork.of(9);
    const origins = [];
    for (const device of ['laptop', 'phone']) {
      const writer = await net.startedWriter(device);
      await writer.append(() => [objects(`from ${device}`)]);
      origins.push(writer.origin);
    }
    const reader = await net.reader();
    expect(await refresh(reader, vault)).toEqual(origins.sort());
    for (const origin of origins)
      expect(reader.logs.state(origin)).toMatchObject({ size: 2, certifiedSize: 2 });
    expect(await refresh(reader, { of: 'all' })).toEqual(origins);
    expect(await refresh(reader, { of: 'origins', origins: [origins[0] as string] })).toEqual([origins[0]]);
    expect(await refresh(reader, { of: 'vault', vault: crypto.sha256(VAULT) })).toEqual([]);
  });

  test('a head seen with a single vote is finished by the reader, then answered', async () => {
    const net = await TestNetwork.of(4);
    const append = await unfinished(net, [3]);
    net.cut(1);
    const reader = await net.reader();
    await refresh(reader, vault);
    expect(reader.logs.state(append.origin)).toMatchObject({ size: 3, certifiedSize: 3 });
    for (const at of [2, 3, 4]) expect(net.hoster(at).mirror.logs.state(append.origin).size).toBe(3);
  });

  test('when it cannot be finished, there is no answer', async () => {
    const net = await TestNetwork.of(4);
    await unfinished(net, [3]);
    for (const at of [1, 2]) {
      net.hoster(at).lie = {
        append: async () => {
          throw new Error('cut');
        },
      };
    }
    await expect(refresh(await net.reader(), vault)).rejects.toMatchObject({
      kind: 'unreachable',
      code: 'UNFINISHED',
      facts: { because: 'QUORUM_UNREACHABLE' },
    });
  });

  test('when its bytes cannot be had, there is no answer either', async () => {
    const net = await TestNetwork.of(4);
    await unfinished(net, [3]);
    net.cut(1);
    const batches = net.hoster(3).mirror;
    net.hoster(3).lie = {
      batches: async (origin, from) => (await batches.batches(origin, from)).filter((one) => one.oldSize < 2),
    };
    await expect(refresh(await net.reader(), vault)).rejects.toMatchObject({ code: 'UNFINISHED' });
  });

  test.each([
    [9, 3],
    [4, 1],
    [3, 1],
  ])('with %i voters, %i may be silent', async (voters, spare) => {
    const net = await TestNetwork.of(voters);
    const writer = await net.startedWriter();
    await writer.append(() => [objects('a')]);
    net.cut(...Array.from({ length: spare }, (_, at) => at + 1));
    expect(await refresh(await net.reader(), vault)).toEqual([writer.origin]);
    net.cut(...Array.from({ length: spare + 1 }, (_, at) => at + 1));
    await expect(refresh(await net.reader(), vault)).rejects.toMatchObject({ code: 'QUORUM_UNREACHABLE' });
  });

  test('a log whose device was delegated under an earlier charter is still read', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    await writer.append(() => [objects('a')]);
    advance(net.charters, { agencies: [] });
    const reader = await net.reader();
    await refresh(reader, { of: 'origins', origins: [writer.origin] });
    expect(reader.logs.state(writer.origin).certifiedSize).toBe(2);
  });

  test('two readings at once of one store do not get in each other’s way', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    for (let nth = 0; nth < 5; nth++) await writer.append(() => [objects(`${nth}`)]);
    const reader = await net.reader();
    await Promise.all([refresh(reader, vault), refresh(reader, vault), refresh(reader, { of: 'all' })]);
    expect(reader.logs.state(writer.origin)).toMatchObject({ size: 6, certifiedSize: 6 });
    const again = await LogStore.open(reader.logs.store, crypto);
    expect(again.state(writer.origin).size).toBe(6);
    expect((await again.records(writer.origin, 0, 6)).length).toBe(6);
  });
});

describe('rollback', () => {
  test('a quorum that shows less than was seen certified is an integrity fault', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    const store = memoryStore();
    await writer.append(() => [objects('a')]);
    await refresh(await net.reader({ store }), vault);
    await writer.append(() => [objects('b')]);
    const reader = await net.reader({ store });
    await refresh(reader, vault);

    const older = await TestNetwork.of(4);
    const records = await reader.logs.records(writer.origin, 0, 2);
    const checkpoint = (await reader.logs.checkpointAt(writer.origin, 2)) as string;
    for (const one of older.hosters)
      await one.append({ origin: writer.origin, oldSize: 0, checkpoint, records }, null);
    const fooled = await older.reader({ store });
    await expect(refresh(fooled, vault)).rejects.toMatchObject({
      kind: 'integrity',
      code: 'ROLLBACK',
      facts: { shown: 2, remembered: 3 },
    });
    // What was seen certified is remembered, whether or not it could be fetched.
    await expect(refresh(await older.reader({ store }), vault)).rejects.toMatchObject({ code: 'ROLLBACK' });
    const gone = await (await TestNetwork.of(4)).reader({ store });
    await expect(refresh(gone, { of: 'all' })).rejects.toMatchObject({
      code: 'ROLLBACK',
      facts: { shown: 0 },
    });
  });
});

describe('a lying voter', () => {
  /** h1 is cut, so that the liar h2 is among the q = 3 that answer. */
  async function withLiar() {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    await writer.append(() => [objects('a')]);
    // So that h1, who is about to go, is not the only one to be up to date.
    for (const one of net.hosters) await expect.poll(() => one.mirror.logs.state(writer.origin).size).toBe(2);
    net.cut(1);
    return { net, origin: writer.origin };
  }

  const made = (origin: string, size: number) => ({
    origin,
    size,
    checkpoint: `${origin}\n${size}\n${Buffer.alloc(32).toString('base64')}\n\n— ${origin} AAAAAAAAAAA=\n`,
    certificate: null,
  });

  const harmless: [string, (origin: string, body: HeadsBody) => Partial<HeadsBody>][] = [
    ['a longer log, unsigned', (origin) => ({ heads: [made(origin, 99)] })],
    ['another tree of the same size, unsigned', (origin) => ({ heads: [made(origin, 2)] })],
    ['another tree of a smaller size, unsigned', (origin) => ({ heads: [made(origin, 1)] })],
    [
      'a log that does not exist',
      (_origin, body) => ({ heads: [...body.heads, made(`grand-est/${'ab'.repeat(32)}`, 7)] }),
    ],
    [
      'a size its checkpoint does not have',
      (_origin, body) => ({ heads: body.heads.map((one) => ({ ...one, size: 50 })) }),
    ],
    [
      'a checkpoint that is none',
      (_origin, body) => ({ heads: body.heads.map((one) => ({ ...one, checkpoint: 'x' })) }),
    ],
    ['nothing at all', () => ({ heads: [] })],
    [
      'a certificate that is none',
      (_origin, body) => ({ heads: body.heads.map((one) => ({ ...one, certificate: 'x' })) }),
    ],
    [
      'a certificate with too few cosignatures',
      (_origin, body) => ({ heads: body.heads.map((one) => ({ ...one, certificate: one.checkpoint })) }),
    ],
  ];

  test.each(harmless)('who shows %s changes nothing', async (_what, lie) => {
    const { net, origin } = await withLiar();
    bend(net, 2, (body) => lie(origin, body));
    const reader = await net.reader();
    expect(await refresh(reader, vault)).toEqual([origin]);
    expect(reader.logs.state(origin)).toMatchObject({ size: 2, certifiedSize: 2 });
    await refresh(reader, vault);
  });

  const discounted: [string, string, (net: TestNetwork) => void][] = [
    ['signs with another key', 'HEADS_FORGED', (net) => bend(net, 2, () => ({}), cosignerOf('h9').seed)],
    ['answers for another hoster', 'HEADS_OTHER', (net) => bend(net, 2, () => ({ hoster: 'h3' }))],
    ['replays an old nonce', 'HEADS_OTHER', (net) => bend(net, 2, () => ({ nonce: new Uint8Array(32) }))],
    ['answers for another scope', 'HEADS_OTHER', (net) => bend(net, 2, () => ({ scope: { of: 'all' } }))],
    ['answers under another epoch', 'EPOCH_OTHER', (net) => bend(net, 2, () => ({ epoch: 1 }))],
    ['answers under another charter', 'HEADS_OTHER', (net) => bend(net, 2, () => ({ charter: 'other' }))],
    ['is only starting', 'VOTER_STARTING', (net) => bend(net, 2, () => ({ starting: true }))],
  ];

  test.each(discounted)('who %s is not counted: %s', async (_what, code, lie) => {
    const { net } = await withLiar();
    lie(net);
    const reader = await net.reader();
    await expect(refresh(reader, vault)).rejects.toMatchObject({
      code: 'QUORUM_UNREACHABLE',
      facts: { silent: ['h1', 'h2'] },
    });
    net.cut();
    const { unreachable } = await collectHeads(
      { ...reader, voters: () => net.hosters.toReversed() },
      vault,
    ).then(async (first) => ((await expect.poll(() => first.unreachable.size).toBe(1)) as unknown, first));
    expect(unreachable.get('h2')).toMatchObject({ code });
  });

  test.each([
    [4, 'QUORUM_UNREACHABLE after', 7],
    [3, 'an answer after', 7],
    [3, 'an answer after', 2],
  ])('%i voters of four that are between two epochs: %s %i times asking', async (voters, _what, times) => {
    const net = await TestNetwork.of(4);
    const asked = [0, 0, 0, 0];
    for (const [at, hoster] of net.hosters.slice(0, voters).entries()) {
      const heads = hoster.heads.bind(hoster);
      hoster.heads = async (...of) => {
        asked[at] = (asked[at] ?? 0) + 1;
        if (voters === 4 || (asked[at] ?? 0) < times)
          throw new Fault('refused', 'EPOCH_OPENING', 'a new epoch is opening', {});
        return heads(...of);
      };
    }
    const before = net.clock.time;
    const collected = collectHeads(await net.reader(), vault);
    if (voters === 4) await expect(collected).rejects.toMatchObject({ code: 'QUORUM_UNREACHABLE' });
    else expect((await collected).answers.length).toBeGreaterThanOrEqual(3);
    expect(asked.slice(0, voters)).toEqual(Array.from({ length: voters }, () => times));
    expect(net.clock.time - before).toBe(100 * (2 ** (times - 1) - 1));
  });

  test('who vouches for a log no longer is made up for by others', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    await writer.append(() => [objects('a')]);
    bend(net, 2, () => ({ heads: [], unready: [writer.origin] }));
    const voters = [net.hoster(2), net.hoster(1), net.hoster(3), net.hoster(4)];
    const reader = await net.reader({ voters });
    expect(await refresh(reader, vault)).toEqual([writer.origin]);
    net.cut(1);
    await expect(refresh(await net.reader({ voters }), vault)).rejects.toMatchObject({
      code: 'QUORUM_UNREACHABLE',
    });
  });

  test('who hands out other bytes than it signed for cannot put them into a reader’s copy', async () => {
    const { net, origin } = await withLiar();
    const liar = net.hoster(2);
    liar.lie = {
      batches: async (name, from) =>
        (await liar.mirror.batches(name, from)).map((one) => ({
          ...one,
          records: one.records.map((record) => ({
            ...record,
            payload: new Uint8Array(heldRecord(record).payload.length),
          })),
        })),
    };
    const reader = await net.reader();
    await refresh(reader, vault);
    expect((await reader.logs.records(origin, 0, 2)).at(0)).toEqual(
      (await net.hoster(3).mirror.logs.records(origin, 0, 2)).at(0),
    );
  });

  test('a voter that hands out nothing is no help, and says so', async () => {
    const { net, origin } = await withLiar();
    net.hoster(2).lie = { batches: async () => [] };
    await expect(pull(await net.reader(), net.hoster(2), origin, 2)).rejects.toMatchObject({
      code: 'UNFINISHED',
    });
  });
});

async function rowsOf<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

/** Sealed records of all that counts. */
async function textsOf(logs: LogStore, origin: string): Promise<string[]> {
  const texts = new Set<string>();
  for (const part of await partsOf(logs, crypto, origin)) {
    for (let index = 0; index < part.size; index++) {
      const { payload } = await part.logs.entry(origin, index);
      if (payload.kind === 'objects') texts.add(Buffer.from(payload.sealed).toString());
    }
  }
  return [...texts].sort();
}

describe('a fork', () => {
  /** One key, two machines: h1 and h2 hold one branch of size 3, h3 and h4 the other. */
  async function forked() {
    const net = await TestNetwork.of(4);
    const pen = new Pen('device laptop');
    await bringTo(net, pen.write([deviceGenesis('laptop'), objects('common')]));
    const other = pen.copy();
    const left = pen.write([objects('left')]);
    const right = other.write([objects('right')]);
    await bringTo(net, left, [1, 2]);
    await bringTo(net, right, [3, 4]);
    return { net, pen, other, left, right };
  }

  test('each voter keeps the evidence and signs one tree of a size only', async () => {
    const { net, left, right } = await forked();
    for (const [at, mine, other] of [
      [1, left, right],
      [4, right, left],
    ] as const) {
      const reply = await net.hoster(at).append(other, null);
      expect(reply).toMatchObject({ result: 'refused', class: 'never', fault: { code: 'FORKED' } });
      const proof = (await forkProofOf(net.hoster(at).store, mine.origin)) as Uint8Array;
      const { left: one, right: two } = checkForkProof(crypto, proof);
      expect([one, two]).toEqual([readHead(mine.checkpoint), readHead(other.checkpoint)]);
      expect(await net.hoster(at).append(mine, null)).toMatchObject({ result: 'cosigned' });
    }
  });

  test('is answered with the union of its branches, certified by nobody, whichever is met first', async () => {
    const { net } = await forked();
    for (const order of [net.hosters, net.hosters.toReversed()]) {
      const notices: Fault[] = [];
      const store = memoryStore();
      const reader = {
        ...(await net.reader({ store, voters: order })),
        onNotice: (one: Fault) => notices.push(one),
      };
      expect(await refresh(reader, vault)).toEqual([net.originOf('laptop')]);
      expect(await textsOf(reader.logs, net.originOf('laptop'))).toEqual(['common', 'left', 'right']);
      expect(notices).toMatchObject([{ kind: 'integrity', code: 'FORKED' }]);
      expect(reader.logs.state(net.originOf('laptop')).certifiedSize).toBeLessThan(3);
      // Later readings by the same reader know what it knew, also when one branch is out of reach.
      net.cut(4);
      const again = await net.reader({ store });
      await refresh(again, vault);
      expect(await textsOf(again.logs, net.originOf('laptop'))).toEqual(['common', 'left', 'right']);
      net.cut();
    }
  });

  test('leaves a proof that anyone can check, also for branches of different length', async () => {
    for (const more of [false, true]) {
      const { net, pen } = await forked();
      if (more) await bringTo(net, pen.write([objects('further left')]), [1, 2]);
      const reader = await net.reader({ voters: [net.hoster(2), net.hoster(3), net.hoster(4)] });
      await refresh(reader, vault);
      const proof = (await forkProofOf(reader.logs.store, net.originOf('laptop'))) as Uint8Array;
      const { origin, left, right } = checkForkProof(crypto, proof);
      expect(origin).toBe(net.originOf('laptop'));
      expect(new Set([left.size, right.size])).toEqual(new Set([3, more ? 4 : 3]));
      for (let at = 0; at < proof.length; at += 7) {
        const bent = proof.slice();
        bent[at] = (bent[at] as number) ^ 1;
        expect(() => checkForkProof(crypto, bent)).toThrow(Fault);
      }
    }
  });

  test('one history that goes on is no fork, and no proof of one can be made or checked', async () => {
    const pen = new Pen('device laptop');
    const histories = [];
    const leaves: Uint8Array[] = [];
    for (const text of ['a', 'b']) {
      const { checkpoint, records } = pen.write([objects(text)]);
      for (const { entry } of records) leaves.push(leafHashOf(crypto, entry));
      histories.push({ checkpoint, leaves: concat(...leaves) });
    }
    const writer = publicOf('device laptop');
    const [one, two] = histories as [SignedHistory, SignedHistory];
    expect(forkProof(crypto, writer, [one, two])).toBeUndefined();
    expect(forkProof(crypto, writer, [one, one])).toBeUndefined();
    const side = ({ checkpoint }: SignedHistory) => ({ checkpoint, leaf: null, proof: [] });
    for (const index of [null, 0]) {
      const made = { format: 'vauban/fork/0', writer, index, left: side(one), right: side(two) };
      expect(() => checkForkProof(crypto, encodeCbor(made))).toThrow(
        expect.objectContaining({ code: 'FORK_UNPROVEN' }),
      );
    }
  });

  test('a voter that does not hand its branch out is left out while q others answer', async () => {
    const { net, other } = await forked();
    await bringTo(net, other.write([objects('held back')]), [4]);
    net.hoster(4).lie = { batches: async () => [] };
    const reader = await net.reader({ voters: net.hosters.toReversed() });
    await refresh(reader, vault);
    expect(await textsOf(reader.logs, net.originOf('laptop'))).toEqual(['common', 'left', 'right']);
    net.cut(1);
    await expect(refresh(await net.reader(), vault)).rejects.toMatchObject({ code: 'UNFINISHED' });
  });

  test('a forged other branch is no evidence', async () => {
    const { net, left } = await forked();
    const forged = left.checkpoint.replace(/\n[^\n]+\n\n/, `\n${Buffer.alloc(32, 1).toString('base64')}\n\n`);
    expect(readHead(forged).size).toBe(3);
    const reply = await net.hoster(1).append({ ...left, checkpoint: forged }, null);
    expect(reply).toMatchObject({ result: 'refused', fault: expect.any(Fault) });
    expect(reply).toMatchObject({ fault: { code: 'LOG_SIGNATURE' } });
    const evidence = await rowsOf(
      net.hoster(1).store.range({ gte: Buffer.from('F/'), lt: Buffer.from('F0') }),
    );
    expect(evidence).toEqual([]);
  });
});
