// What was uploaded and never placed goes after its grace, and never while it could still be placed.

import { LEAF_BYTES, merkleRoot, toHex } from '@vauban/core';
import { type Payload, type Place, type PlacedFragment, segmentFacts } from '@vauban/ledger';
import { describe, expect, test } from 'vitest';
import { daemonOf as daemonOfHoster } from '../../ledger/test/sample-charter.ts';
import { deviceGenesis, Pen, voidOf } from '../../ledger/test/samples.ts';
import type { FragmentKey } from '../src/fragment-file.ts';
import { holdersOf, mentionsOf } from '../src/holders.ts';
import { crypto } from './fragment-setup.ts';
import { DAY_MS, EraseBench, id } from './erase-setup.ts';

/** Uploaded more than seven days ago. */
async function orphan(): Promise<{
  bench: EraseBench;
  drawn: ReturnType<EraseBench['draw']>;
  key: FragmentKey;
}> {
  const bench = await EraseBench.open();
  const drawn = bench.draw();
  const key = await bench.upload(drawn, 0);
  await bench.pass(8 * DAY_MS);
  return { bench, drawn, key };
}

/** As for an upload of what is here already. */
function receiptOf(
  bench: EraseBench,
  { data, place }: { readonly data: readonly Uint8Array[]; readonly place: Place },
) {
  const bytes = data[0] as Uint8Array;
  const root = merkleRoot(crypto, crypto.leafHashes(bytes, LEAF_BYTES));
  const of = { segment: place.segment, index: 0, root, bytes: bytes.length };
  return bench.it.fragments.whileHeld(of, () => bench.it.receipts.sign(of));
}

/** Another device's log, brought to some of the voters only. */
async function votedBy(
  bench: EraseBench,
  voters: readonly number[],
  payloads: readonly Payload[],
): Promise<void> {
  const pen = new Pen('device tablet');
  const append = pen.write([deviceGenesis('tablet'), ...payloads], bench.now);
  for (const at of voters) {
    const reply = await bench.network.hoster(at).mirror.append(append, null);
    if (reply.result === 'refused') throw reply.fault;
  }
}

describe('sweeping', () => {
  test('takes what is old and unplaced; what is placed or fresh stays', async () => {
    const { bench, drawn } = await orphan();
    const placed = await bench.put();
    const fresh = bench.draw();
    await bench.pass(6 * DAY_MS);
    await bench.upload(fresh, 0);
    await bench.pass(2 * DAY_MS);
    await bench.walk();
    expect(await bench.has(drawn)).toBe(false);
    expect(await bench.has(placed)).toBe(true);
    expect(await bench.has(fresh)).toBe(true);
    expect(bench.events('swept')).toMatchObject([{ fragments: 1 }]);
    expect(bench.it.receipts.generation).toBe(1);
    // From here on a place with the receipt of before is refused by all.
    const holders = ['h1', 'h2', 'h3'];
    await expect(bench.write(bench.again(drawn.place, holders, 0))).rejects.toMatchObject({
      code: 'GENERATION_OLD',
    });
    await bench.upload(drawn, 0);
    await bench.write(bench.again(drawn.place, holders, 1));
    await bench.pass(8 * DAY_MS);
    await bench.walk();
    expect(await bench.has(drawn)).toBe(true);
  });

  test('not before the grace', async () => {
    const bench = await EraseBench.open();
    const drawn = bench.draw();
    await bench.upload(drawn, 0);
    await bench.pass(7 * DAY_MS - 1);
    await bench.walk();
    expect(await bench.has(drawn)).toBe(true);
    expect(bench.it.receipts.generation).toBe(0);
    await bench.pass(1);
    await bench.walk();
    expect(await bench.has(drawn)).toBe(false);
  });

  test('an index that the place says another daemon holds goes; the one it names stays', async () => {
    const bench = await EraseBench.open();
    const one = await bench.put(['h1', 'h2', 'h3']);
    await bench.upload(one, 1);
    await bench.pass(8 * DAY_MS);
    await bench.walk();
    expect(await bench.has(one, 0)).toBe(true);
    expect(await bench.has(one, 1)).toBe(false);
  });

  test('spares a place that enough voted for to be certified yet', async () => {
    const { bench, drawn } = await orphan();
    await votedBy(bench, [3, 4], [bench.again(drawn.place, ['h1', 'h2', 'h3'], 0)]);
    expect((await segmentFacts(bench.logs, drawn.place.segment)).places).toEqual([]);
    await bench.walk();
    expect(await bench.has(drawn)).toBe(true);
    expect(bench.it.receipts.generation).toBe(1);
  });

  test('spares what was given a receipt since', async () => {
    const { bench, drawn } = await orphan();
    bench.before = async (step) => {
      if (step === 'holders') await receiptOf(bench, drawn);
    };
    await bench.walk();
    expect(await bench.has(drawn)).toBe(true);
    bench.before = () => undefined;
    await bench.walk();
    // Sweeps are a day apart: each costs whoever uploads a question.
    expect(bench.it.receipts.generation).toBe(1);
    await bench.pass(DAY_MS);
    await bench.walk();
    expect(await bench.has(drawn)).toBe(false);
    await expect(receiptOf(bench, drawn)).rejects.toMatchObject({ code: 'FRAGMENT_MISSING' });
  });

  test('spares everything while fewer than a quorum say whom they know', async () => {
    const { bench, drawn } = await orphan();
    bench.mute.add('h2').add('h3');
    await bench.walk();
    expect(await bench.has(drawn)).toBe(true);
    bench.mute.delete('h3');
    await bench.pass(DAY_MS);
    await bench.walk();
    expect(await bench.has(drawn)).toBe(false);
  });

  test('a voter that does not hold the sweep is no answer: it could still vote for the place', async () => {
    const { bench, drawn } = await orphan();
    bench.mute.add('h2');
    bench.network.hoster(3).lie.append = () => Promise.reject(new Error('not now'));
    await bench.walk();
    expect(await bench.has(drawn)).toBe(true);
    expect(bench.it.receipts.generation).toBe(1);
  });

  test('nothing while a site is silent, and no generation is spent on it', async () => {
    const { bench, drawn } = await orphan();
    bench.silent.add(daemonOfHoster('h4'));
    await bench.walk();
    expect(await bench.has(drawn)).toBe(true);
    expect(bench.it.receipts.generation).toBe(0);
  });

  test('a site that falls silent between the certificate and the disk stops it', async () => {
    const { bench, drawn } = await orphan();
    bench.before = (step) => {
      if (step === 'holders') bench.silent.add(daemonOfHoster('h4'));
    };
    await bench.walk();
    expect(bench.it.receipts.generation).toBe(1);
    expect(await bench.has(drawn)).toBe(true);
  });
});

describe('who is mentioned', () => {
  const stateAt = (certifiedSize: number) => ({ state: () => ({ certifiedSize }) }) as never;

  test('a voided place counts until a certificate covers it and its void', async () => {
    const { bench, drawn } = await orphan();
    const claim = await bench.write(drawn.place, voidOf(1));
    const facts = await segmentFacts(bench.logs, drawn.place.segment);
    if (facts.places.length > 0) expect(facts.places).toMatchObject([{ voided: true }]);
    const voided = {
      ...facts,
      places: [{ claim, place: drawn.place, policy: 'standard', voided: true }],
    };
    expect(mentionsOf(stateAt(claim.index), voided, id)).toEqual([0]);
    expect(mentionsOf(stateAt(claim.index + 1), voided, id)).toEqual([]);
    await bench.walk();
    expect(await bench.has(drawn)).toBe(false);
  });

  test('a daemon hears of every mention of itself, others of who holds now', async () => {
    const bench = await EraseBench.open();
    const one = await bench.put();
    await bench.it.ownLog.append([{ kind: 'lost', fragments: [[one.place.segment, 0]] }]);
    const { segments } = await holdersOf(bench.logs, [one.place.segment]);
    expect(segments[0]?.holders.map(([index]) => index)).toEqual([1, 2]);
    const own = await holdersOf(bench.logs, [one.place.segment], id);
    expect(own.segments[0]?.holders.map(([index]) => index)).toEqual([0, 1, 2]);
    const [root] = one.place.fragments[1] as PlacedFragment;
    expect(toHex(root)).toHaveLength(64);
  });
});
