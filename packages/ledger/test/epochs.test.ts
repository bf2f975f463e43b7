// Replacing voters: no two certificates of one size with different roots, whoever hears of the change when; whoever left
// signs nothing, whoever enters is silent until it has read.

import { memoryStore, votingHosters } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  CharterChain,
  LogStore,
  LogWriter,
  openCertificate,
  refresh,
  type SignedCharter,
} from '../src/index.ts';
import { crypto, EpochHoster, history, replacing, VoteCount, without } from './epoch-bench.ts';
import { countedRandom, testClock } from './memory-hosters.ts';
import { cosignerOf, publicOf, sampleCharter, seedOf, signed } from './sample-charter.ts';
import { deviceGenesis, objects, Pen, VAULT } from './samples.ts';

/** Two histories of one size that one writer signed. */
function rivals() {
  const pen = new Pen('device laptop');
  pen.write([deviceGenesis('laptop')]);
  const branch = (text: string) => {
    const own = pen.copy();
    own.write([objects(text)]);
    return own.appendFrom(0);
  };
  return { a: branch('A'), b: branch('B'), origin: pen.origin };
}

async function gather(ids: readonly string[], versions: readonly SignedCharter[]) {
  const hosters = new Map<string, EpochHoster>();
  for (const id of ids) hosters.set(id, await EpochHoster.of(id, versions[0] as SignedCharter));
  return { hosters, of: (id: string) => hosters.get(id) as EpochHoster };
}

describe('the shortest story: nine voters, two of them liars, hoster 10 replaces 9', () => {
  const names = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((at) => `h${at}`);
  const ten = sampleCharter(10, { f: 2 });
  const versions = history(without(ten, 'h10'), [{ enter: 'h10', leave: 'h9' }]);
  const next = versions[1] as SignedCharter;
  const { a, b } = rivals();

  /** h10 enters while {h6 … h9} have not heard of it; A is certified by them, then B by the others. */
  async function tell(of: { readonly unread: boolean }) {
    const { of: at } = await gather(names.slice(0, 9), versions);
    const newcomer = await EpochHoster.of('h10', versions[0] as SignedCharter, {
      careless: { unread: of.unread },
    });
    const count = new VoteCount(versions, ['h1', 'h2']);
    const bring = async (append: typeof a, what: string, to: readonly EpochHoster[]) => {
      for (const one of to)
        count.take(what, await one.append(append, null).catch(() => ({ result: 'stored' })));
    };
    // h10 reads from {1 … 6} before anyone has voted; the liars sign what they like, and show nothing.
    for (const id of ['h1', 'h2', 'h3', 'h4', 'h5']) await at(id).adopt(next);
    await newcomer.adopt(next);
    await newcomer.becomeReady(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map(at));
    await bring(a, 'A', ['h6', 'h7', 'h8', 'h9'].map(at));
    await bring(b, 'B', [...['h3', 'h4', 'h5'].map(at), newcomer]);
    return { count, newcomer, at, bring };
  }

  test('a newcomer that does not read first makes two certificates possible', async () => {
    const { count } = await tell({ unread: true });
    expect([count.isCertified('A'), count.isCertified('B')]).toEqual([true, true]);
  });

  test('one that waits for q voters that are fenced does not', async () => {
    const { count, newcomer, at, bring } = await tell({ unread: false });
    expect([count.isCertified('A'), count.isCertified('B')]).toEqual([true, false]);
    expect(newcomer.mirror.silent?.code).toBe('VOTER_UNREADY');
    // Once everybody has heard, it is ready for every log but the one that its writer forked.
    for (const id of ['h6', 'h7', 'h8']) await at(id).adopt(next);
    const all = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8'].map(at);
    expect(await newcomer.becomeReady(all)).toBe(true);
    await bring(b, 'B', [...all, newcomer]);
    expect(count.isCertified('B')).toBe(false);
  });
});

describe('a voter replaced among four', () => {
  const versions = history(without(sampleCharter(5, { f: 1 }), 'h5'), [{ enter: 'h5', leave: 'h4' }]);
  const next = versions[1] as SignedCharter;
  const { a, b, origin } = rivals();

  test('whoever left signs nothing, and says that it does not vote', async () => {
    const { of } = await gather(['h4'], versions);
    await of('h4').adopt(next);
    await expect(of('h4').append(a, null)).rejects.toMatchObject({ code: 'VOTER_NONE' });
    await expect(of('h4').heads(new Uint8Array(32), { of: 'all' })).rejects.toMatchObject({
      code: 'VOTER_NONE',
    });
  });

  test('a vote under way when the epoch ends is not given with the old key', async () => {
    const { of } = await gather(['h3'], versions);
    const one = of('h3');
    const [reply] = await Promise.all([one.append(a, null), one.adopt(next)]);
    if (reply.result === 'cosigned') expect(reply.cosignature).toContain('/h3/1 ');
    else expect(reply).toMatchObject({ result: 'refused', class: 'later', fault: { code: 'EPOCH_OPENING' } });
    expect(await one.append(a, null)).toMatchObject({
      result: 'cosigned',
      cosignature: expect.stringContaining('/h3/1 '),
    });
  });

  test('heads looked at before the epoch ended are not signed in the next', async () => {
    const { of } = await gather(['h3'], versions);
    const one = of('h3');
    const asked = one.heads(new Uint8Array(32), { of: 'all' });
    // The whole change falls between the look at the logs and the signature.
    const { seat } = one.mirror;
    const right = seat.demand();
    one.charters.extend(next);
    seat.fence();
    seat.take({ ...right, epoch: 1, cosigner: cosignerOf('h3', 1) }, 'ready');
    await expect(asked).rejects.toMatchObject({ code: 'EPOCH_OPENING' });
    expect(await one.heads(new Uint8Array(32), { of: 'all' })).toBeInstanceOf(Uint8Array);
  });

  test('what a voter signed in one epoch it signs again in the next, and nothing else', async () => {
    const { of } = await gather(['h1'], versions);
    const one = of('h1');
    await one.append(a, null);
    await one.adopt(next);
    expect(await one.append(a, null)).toMatchObject({ cosignature: expect.stringContaining('/h1/1 ') });
    expect(await one.append(b, null)).toMatchObject({ result: 'refused', fault: { code: 'FORKED' } });
  });

  test('a newcomer neither votes, nor answers, nor hands out, until it has read', async () => {
    const { of } = await gather(['h1', 'h2', 'h3', 'h5'], versions);
    for (const id of ['h1', 'h2', 'h3']) await of(id).append(a, null);
    const one = of('h5');
    await one.adopt(next);
    const unready = { code: 'VOTER_UNREADY' };
    await expect(one.append(a, null)).rejects.toMatchObject(unready);
    await expect(one.heads(new Uint8Array(32), { of: 'all' })).rejects.toMatchObject(unready);
    await expect(one.batches(origin, 0)).rejects.toMatchObject(unready);
    const others = ['h1', 'h2', 'h3'].map(of);
    // Voters that have not heard of the epoch still have their old keys.
    await of('h1').adopt(next);
    await of('h2').adopt(next);
    expect(await one.becomeReady(others)).toBe(false);
    await of('h3').adopt(next);
    expect(await one.becomeReady(others)).toBe(true);
    expect(one.mirror.logs.state(origin).size).toBe(2);
    expect(await one.append(a, null)).toMatchObject({ result: 'cosigned' });
    expect(await one.append(b, null)).toMatchObject({ result: 'refused', fault: { code: 'FORKED' } });
  });

  test('one that shows more than it hands out makes nobody ready', async () => {
    const { of } = await gather(['h1', 'h2', 'h3', 'h5'], versions);
    await of('h1').append(a, null);
    for (const id of ['h1', 'h2', 'h3', 'h5']) await of(id).adopt(next);
    of('h1').batches = async () => [];
    expect(await of('h5').becomeReady(['h1', 'h2', 'h3'].map(of))).toBe(false);
  });

  test('a log whose heads contradict each other is nobody’s to vouch for, and the proof is kept', async () => {
    const { of } = await gather(['h1', 'h2', 'h3', 'h5'], versions);
    await of('h1').append(a, null);
    await of('h2').append(b, null);
    for (const id of ['h1', 'h2', 'h3', 'h5']) await of(id).adopt(next);
    const one = of('h5');
    expect(await one.becomeReady(['h1', 'h2', 'h3'].map(of))).toBe(true);
    expect([...one.mirror.seat.unready]).toEqual([origin]);
    await expect(one.append(a, null)).rejects.toMatchObject({ code: 'LOG_UNREADY' });
    await expect(one.append(b, null)).rejects.toMatchObject({ code: 'LOG_UNREADY' });
    const other = new Pen('device tablet');
    const fresh = other.write([deviceGenesis('tablet'), objects('c')]);
    expect(await one.append(fresh, null)).toMatchObject({ result: 'cosigned' });
    expect(await one.mirror.logs.store.get(new TextEncoder().encode(`F/${origin}`))).toBeDefined();
  });

  test('of a log that too few vouch for, nobody is ready', async () => {
    const { of } = await gather(['h1', 'h2', 'h3', 'h5'], versions);
    for (const id of ['h1', 'h2', 'h3']) await of(id).append(a, null);
    for (const id of ['h1', 'h2', 'h3', 'h5']) await of(id).adopt(next);
    of('h1').lie = () => ({ unready: [origin], heads: [] });
    expect(await of('h5').becomeReady(['h1', 'h2', 'h3'].map(of))).toBe(true);
    expect([...of('h5').mirror.seat.unready]).toEqual([origin]);
  });
});

describe('who writes and reads while voters are replaced', () => {
  /** A machine with a view of its own: it asks whom its charter names, and hears of versions from them. */
  async function machine(first: SignedCharter, hosters: ReadonlyMap<string, EpochHoster>) {
    const charters = new CharterChain(crypto, first);
    return {
      crypto,
      clock: testClock(),
      random: countedRandom('machine'),
      charters,
      voters: () => votingHosters(charters.current).map(({ id }) => hosters.get(id) as EpochHoster),
      newer: async () => {
        for (const one of hosters.values())
          for (const version of one.charters.signedFrom(charters.current.version + 1))
            charters.extend(version);
      },
      logs: await LogStore.open(memoryStore(), crypto),
    };
  }

  test('certificates of an old epoch still open, new ones are of the new; a reader misses nothing', async () => {
    const first = signed(without(without(sampleCharter(6, { f: 1 }), 'h6'), 'h5'));
    const chain = new CharterChain(crypto, first);
    const { hosters, of } = await gather(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'], [first]);
    const own = await machine(first, hosters);
    const writer = new LogWriter({ ...own, seed: seedOf('device laptop'), genesis: deviceGenesis('laptop') });
    await writer.start();
    const { certificate } = await writer.append(() => [objects('one')]);
    const moves = [
      { enter: 'h5', leave: 'h4' },
      { enter: 'h6', leave: 'h3' },
    ];
    for (const [nth, move] of moves.entries()) {
      const next = replacing(chain, move);
      chain.extend(next);
      // Some hear of it before the writer goes on, the others while it does.
      for (const id of ['h1', 'h2', 'h5', 'h6']) await of(id).adopt(next);
      const going = writer.append(() => [objects(`more ${nth}`)]);
      for (const one of hosters.values()) if (one.epoch <= nth) await one.adopt(next);
      await of(move.enter).becomeReady([...hosters.values()]);
      const done = await going;
      expect(openCertificate(crypto, chain, done.certificate, publicOf('device laptop')).epoch).toBe(nth + 1);
    }
    expect(openCertificate(crypto, chain, certificate, publicOf('device laptop')).epoch).toBe(0);
    // One that still believes in version 1 asks those it names, hears of the others, and reads to the end.
    const late = await machine(first, hosters);
    expect(await refresh(late, { of: 'vault', vault: VAULT })).toEqual([writer.origin]);
    expect(late.charters.current.epoch).toBe(2);
    expect(late.logs.state(writer.origin).certifiedSize).toBe(own.logs.state(writer.origin).size);
    for (const id of ['h3', 'h4']) expect(of(id).mirror.silent?.code).toBe('VOTER_NONE');
  });
});
