// A judge that cannot complain is a defect: each is shown a history that keeps its promise, and ones that break it.
// Long: the judges share one way of making histories, and are compared with each other.

import { encodeCbor, memoryFiles, toBase64, toHex, utf8 } from '@vauban/core';
import { signHeads, type HeadsBody, signCheckpoint } from '@vauban/ledger';
import { describe, expect, it } from 'vitest';
import { Acknowledged } from '../src/checkers/acknowledged.ts';
import { readCbor } from '../src/checkers/cbor.ts';
import { erasing } from '../src/checkers/erasing.ts';
import { heldFragments } from '../src/checkers/held-fragments.ts';
import { honestVotes } from '../src/checkers/honest-votes.ts';
import { judgedHead, quorumIn } from '../src/checkers/note.ts';
import { nothingLost } from '../src/checkers/nothing-lost.ts';
import { oneHistory } from '../src/checkers/one-history.ts';
import { places } from '../src/checkers/places.ts';
import { progress } from '../src/checkers/progress.ts';
import { seals } from '../src/checkers/seals.ts';
import { rootOf, rootsOf } from '../src/checkers/tree.ts';
import {
  bench,
  charter,
  cosignerOf,
  crypto,
  daemonBytes,
  daemonGenesis,
  genesis,
  HandLog,
  heldByAll,
  members,
  placeOn,
  type Said,
  six,
  VAULT,
} from './checkers-setup.ts';

const sealed = (text: string) => ({ kind: 'objects', sealed: utf8(text) });
const logOf = (name: string, ...texts: readonly string[]) =>
  new HandLog(name).add(genesis(), ...texts.map(sealed));

describe('what was acknowledged', () => {
  const at = (sinceMs: number, nowMs = sinceMs) => ({ sinceMs, nowMs });

  it('is what a later reader must find', () => {
    const known = new Acknowledged();
    known.began('v:a', 'one', 10);
    known.done('v:a', 'one', 20);
    expect(() => known.found('v:a', 'one', at(30))).not.toThrow();
    expect(() => known.found('v:a', 'two', at(30))).toThrow(/found two/);
    expect(() => known.listed('v', new Map(), at(30))).toThrow(/found nothing/);
    const more = new Map([
      ['a', 'one'],
      ['b', 'one'],
    ]);
    expect(() => known.listed('v', more, at(30))).toThrow(/nobody ever stored/);
    expect(() => known.listed('w', new Map(), at(30))).not.toThrow();
  });

  it('may be missed by a reader that began before', () => {
    const known = new Acknowledged();
    known.began('v:a', 'one', 10);
    known.done('v:a', 'one', 20);
    expect(() => known.found('v:a', null, at(15, 25))).not.toThrow();
    expect(() => known.found('v:a', null, at(21, 25))).toThrow(/acknowledged was one/);
  });

  it('may be either of two that were written at once, and neither once a third replaced them', () => {
    const known = new Acknowledged();
    for (const [content, began] of [
      ['one', 10],
      ['two', 12],
    ] as const)
      known.began('v:a', content, began);
    for (const content of ['one', 'two']) known.done('v:a', content, 20);
    expect(() => known.found('v:a', 'one', at(21))).not.toThrow();
    expect(() => known.found('v:a', 'two', at(22))).not.toThrow();
    known.began('v:a', 'three', 30);
    known.done('v:a', 'three', 40);
    expect(() => known.found('v:a', 'two', at(41))).toThrow(/acknowledged was three/);
  });

  it('is not taken back once a reader was shown it', () => {
    const known = new Acknowledged();
    known.began('v:a', 'one', 1);
    known.done('v:a', 'one', 2);
    known.began('v:a', 'two', 10);
    known.found('v:a', 'two', at(20));
    known.began('v:a', null, 30);
    known.done('v:a', null, 31);
    expect(() => known.found('v:a', 'two', at(40))).toThrow(/acknowledged was nothing/);
    expect(() => known.done('v:b', 'one', 50)).toThrow(/nobody had asked/);
  });
});

describe('one history', () => {
  it('agrees with certified heads that extend one another', async () => {
    const judge = bench(oneHistory);
    const log = logOf('a', 'x', 'y', 'z');
    for (let size = 1; size <= 4; size++) judge.certify(log, size);
    expect(judge.evidence.certified).toHaveLength(4);
    await expect(judge.verdict({ logs: [log.held('metz'), log.held('nancy', 2)] })).resolves.toBeUndefined();
  });

  it('notices two certificates of one size, and not what five signed', () => {
    const judge = bench(oneHistory);
    judge.certify(logOf('a', 'x'));
    const other = logOf('a', 'y');
    judge.saw('agency', 'metz', other.append(other.certificate(2, six.slice(1))));
    expect(() => judge.told({ of: 'burnt', hoster: 'metz' })).not.toThrow();
    judge.certify(other);
    expect(() => judge.told({ of: 'burnt', hoster: 'metz' })).toThrow(/certified twice/);
  });

  it('notices certified heads of different sizes that do not extend each other', async () => {
    const judge = bench(oneHistory);
    const long = logOf('a', 'x', 'y');
    judge.certify(logOf('a', 'z'), 2);
    judge.certify(long);
    await expect(judge.verdict({ logs: [long.held('metz')] })).rejects.toThrow(/a history that ends there/);
  });

  it('notices entries that their checkpoint does not sign', async () => {
    const changed = { ...logOf('a', 'x').held('metz'), entries: logOf('a', 'y').entries };
    await expect(bench(oneHistory).verdict({ logs: [changed] })).rejects.toThrow(/does not sign/);
  });
});

describe('nothing is lost', () => {
  it('when every sound hoster holds what was certified', async () => {
    const judge = bench(nothingLost);
    const log = logOf('a', 'x');
    judge.certify(log);
    await expect(judge.verdict({ logs: heldByAll(log) })).resolves.toBeUndefined();
    const four = six.slice(0, 4).map((name) => log.held(name));
    await expect(judge.verdict({ logs: four })).rejects.toThrow(/only .* hold that any more; 6/);
    await expect(judge.verdict({ logs: four, down: ['epinal', 'verdun'] })).resolves.toBeUndefined();
  });

  it('but when it is another thing by now, or nobody has it', async () => {
    const judge = bench(nothingLost);
    judge.certify(logOf('a', 'x'));
    await expect(judge.verdict({ logs: heldByAll(logOf('a', 'y')) })).rejects.toThrow(/nobody holds/);
    judge.told({ of: 'lies', hoster: 'metz', liar: 'stale-heads' });
    await expect(judge.verdict({ logs: [logOf('a', 'x').held('metz')] })).rejects.toThrow(/nobody holds/);
  });
});

describe('honest votes', () => {
  const voted = (...logs: readonly HandLog[]) => {
    const judge = bench(honestVotes);
    for (const log of logs) {
      judge.saw('agency', 'metz', log.append());
      judge.saw('metz', 'agency', log.vote('metz'));
    }
    return judge;
  };

  it('are for one tree of one size', async () => {
    const log = logOf('a', 'x');
    const judge = voted(log, log);
    expect(judge.evidence.votes).toHaveLength(1);
    await expect(judge.verdict({ logs: heldByAll(log) })).resolves.toBeUndefined();
    const twice = voted(log, logOf('a', 'y'));
    expect(() => twice.told({ of: 'burnt', hoster: 'nancy' })).toThrow(/signed two trees/);
    const liar = voted(log, logOf('a', 'y'));
    expect(() => liar.told({ of: 'lies', hoster: 'metz', liar: 'double-votes' })).not.toThrow();
  });

  it('are for what the voter holds', async () => {
    const log = logOf('a', 'x');
    const others = heldByAll(log).filter(({ daemon }) => daemon !== 'metz');
    await expect(voted(log).verdict({ logs: others })).rejects.toThrow(/metz signed .* does not hold/);
    await expect(voted(log).verdict({ logs: others, down: ['metz'] })).resolves.toBeUndefined();
  });
});

describe('places', () => {
  const judged = (place: ReturnType<typeof placeOn>['place'], ...after: readonly { kind: string }[]) => {
    const judge = bench(places);
    const log = new HandLog('a').add(genesis(), place, ...after);
    judge.certify(log);
    return judge.verdict({ logs: heldByAll(log) });
  };

  it('keep the policy, with receipts that hold', async () => {
    await expect(judged(placeOn().place)).resolves.toBeUndefined();
  });

  it('have enough receipts', async () => {
    await expect(judged(placeOn(undefined, { receipts: 8 }).place)).rejects.toThrow(/too few/);
  });

  it('do not put too many where they are lost together', async () => {
    const crowded = ['metz', 'metz', ...members.slice(2).map(({ name }) => name)];
    await expect(judged(placeOn(crowded).place)).rejects.toThrow(/together hold/);
  });

  it('carry no receipt of anybody else, and the id of their own fragments', async () => {
    const { place } = placeOn();
    const [root, daemon, generation] = place.fragments[0] as [Uint8Array, Uint8Array, number, Uint8Array];
    const forged = [root, daemon, generation, new Uint8Array(64)];
    const rest = place.fragments.slice(1);
    await expect(judged({ ...place, fragments: [forged, ...rest] })).rejects.toThrow(/not signed/);
    await expect(judged({ ...place, stripes: 2 as 1 })).rejects.toThrow(/segment id/);
  });

  it('may be anything when they were voided before they were certified', async () => {
    const { place } = placeOn(undefined, { receipts: 8 });
    await expect(judged(place, { kind: 'void', index: 1 } as never)).resolves.toBeUndefined();
    const judge = bench(places);
    const log = new HandLog('a').add(genesis(), place, { kind: 'void', index: 1 });
    judge.certify(log, 2);
    judge.certify(log);
    await expect(judge.verdict({ logs: heldByAll(log) })).rejects.toThrow(/too few/);
  });
});

describe('fragments', () => {
  async function onDisks(
    change: (shard: Uint8Array, name: string) => Uint8Array | undefined,
    ...more: { kind: string }[]
  ) {
    const { place, segment, shards } = placeOn();
    const judge = bench(heldFragments);
    const log = new HandLog('a').add(genesis(), place);
    judge.certify(log);
    const own = new HandLog('b').add(daemonGenesis('metz'), ...more);
    judge.certify(own);
    const name = toHex(segment);
    const hosters = await Promise.all(
      members.map(async (member, index) => {
        const files = memoryFiles();
        const bytes = change(shards[index] as Uint8Array, member.name);
        await files.makeDirectory('fragments');
        await files.makeDirectory(`fragments/${name.slice(0, 2)}`);
        if (bytes !== undefined) {
          const file = await files.create(`fragments/${name.slice(0, 2)}/${name}-${index}`);
          await file.write(bytes);
          await file.close();
        }
        return { name: member.name, honest: true, state: 'voting' as const, files };
      }),
    );
    return {
      judge,
      segment,
      verdict: () =>
        judge.checker.judge?.({ crypto, charter, logs: heldByAll(log, own), hosters }) as Promise<void>,
    };
  }

  it('are where a receipt says they are', async () => {
    await expect((await onDisks((shard) => shard)).verdict()).resolves.toBeUndefined();
    const without = await onDisks((shard, name) => (name === 'metz' ? undefined : shard));
    await expect(without.verdict()).rejects.toThrow(/metz signed for fragment 1 .* does not have it/);
    without.judge.told({ of: 'damaged', machine: 'metz' });
    await expect(without.verdict()).resolves.toBeUndefined();
    const other = await onDisks((shard, name) => (name === 'nancy' ? shard.map((byte) => byte ^ 1) : shard));
    await expect(other.verdict()).rejects.toThrow(/nancy .* other bytes/);
  });

  it('may be gone when their holder certified that they are lost', async () => {
    const { segment } = placeOn();
    const lost = { kind: 'lost', fragments: [[segment, 1]] };
    const honest = await onDisks((shard, name) => (name === 'metz' ? undefined : shard), lost);
    await expect(honest.verdict()).resolves.toBeUndefined();
  });
});

describe('erasing', () => {
  const { place, segment } = placeOn();
  const claim = (index: number) => ({ origin: 'world/a', index });
  const purge = (segments: readonly Uint8Array[], payloads: readonly unknown[] = []) => ({
    kind: 'purge',
    segments,
    payloads,
    generation: 1,
  });
  const release = (claims: readonly unknown[], objects: readonly number[] = []) => ({
    kind: 'release',
    claims,
    objects,
  });
  const judged = (...logs: readonly HandLog[]) => {
    const judge = bench(erasing);
    for (const log of logs) judge.certify(log);
    return judge.verdict({ logs: heldByAll(...logs) });
  };
  const purger = (...said: readonly Said[]) => new HandLog('b').add(daemonGenesis('metz'), ...said);

  it('comes after the release of every claim', async () => {
    const owner = new HandLog('a').add(genesis(), place, release([claim(1)]));
    await expect(judged(owner, purger(purge([segment])))).resolves.toBeUndefined();
    const kept = new HandLog('a').add(genesis(), place, release([claim(1)]), {
      kind: 'keep',
      segments: [segment],
    });
    await expect(judged(kept, purger(purge([segment])))).rejects.toThrow(/which world\/a 3 claims/);
    const unreleased = new HandLog('a').add(genesis(), place);
    await expect(judged(unreleased, purger(purge([segment])))).rejects.toThrow(/which world\/a 1 claims/);
  });

  it('does not come before it, nor by another vault’s release', async () => {
    const owner = new HandLog('a').add(genesis(), place, release([claim(1)]));
    await expect(judged(purger(purge([segment])), owner)).rejects.toThrow(/claims/);
    const other = new HandLog('c').add(genesis(crypto.sha256(VAULT)), release([claim(1)]));
    const owned = new HandLog('a').add(genesis(), place);
    await expect(judged(other, owned, purger(purge([segment])))).rejects.toThrow(/claims/);
  });

  it('takes payloads that were released, and no others', async () => {
    const owner = new HandLog('a').add(genesis(), sealed('x'), sealed('y'), release([], [1]));
    await expect(judged(owner, purger(purge([], [claim(1)])))).resolves.toBeUndefined();
    await expect(judged(owner, purger(purge([], [claim(2)])))).rejects.toThrow(/nobody released/);
  });

  it('of a copy leaves the one it relies on', async () => {
    const id = (name: string) => daemonBytes(members.find((one) => one.name === name)?.daemon ?? '');
    const trim = (keeper: string) => ({ kind: 'trim', segment, index: 0, keeper: id(keeper), generation: 1 });
    const metz = purger(trim('nancy'));
    const nancy = new HandLog('c').add(daemonGenesis('nancy'), trim('metz'));
    await expect(judged(metz)).resolves.toBeUndefined();
    await expect(judged(metz, nancy)).rejects.toThrow(/trimmed it too/);
  });

  it('of what was never placed makes older receipts worthless', async () => {
    const judge = bench(erasing);
    const swept = new HandLog('b').add(daemonGenesis('metz'), { kind: 'sweep', generation: 1 });
    judge.certify(swept);
    const between = Array.from({ length: 20 }, (_, nth) => logOf(`x${nth}`, 'x'));
    for (const log of between) judge.certify(log);
    const late = new HandLog('a').add(genesis(), place);
    judge.certify(late);
    await expect(judge.verdict({ logs: heldByAll(swept, late) })).rejects.toThrow(/from before it swept/);
  });
});

describe('seals', () => {
  const log = logOf('a', 'x', 'y');
  const report = (hoster: string, size: number, origin = log.origin): Uint8Array => {
    const writer = {
      seed: crypto.sha256(utf8('w')),
      publicKey: crypto.ed25519Public(crypto.sha256(utf8('w'))),
    };
    const checkpoint = signCheckpoint(crypto, log.head(size), writer);
    const body = {
      format: 'vauban/heads/0',
      hoster,
      epoch: 1,
      heads: [],
      seals: [{ origin, notes: [], branches: [{ size, checkpoint }] }],
    };
    const signed = signHeads(crypto, body as unknown as HeadsBody, cosignerOf(hoster).seed);
    return encodeCbor({ ok: true, version: 1, answer: { signed } });
  };

  it('end what can be certified', async () => {
    const judge = bench(seals);
    judge.certify(log, 2);
    for (const name of six) judge.saw(name, 'agency', report(name, 2));
    await expect(judge.verdict({ logs: [] })).resolves.toBeUndefined();
    judge.certify(log, 3);
    await expect(judge.verdict({ logs: [] })).rejects.toThrow(
      /sealed at 2 by 6 hosters, and was certified at 3/,
    );
  });

  it('need a quorum, of hosters that say it themselves, and no liar’s word counts for more', async () => {
    const judge = bench(seals);
    judge.certify(log, 3);
    for (const name of six.slice(0, 5)) judge.saw(name, 'agency', report(name, 2));
    judge.saw('verdun', 'agency', report('metz', 2));
    await expect(judge.verdict({ logs: [] })).resolves.toBeUndefined();
    judge.told({ of: 'lies', hoster: 'verdun', liar: 'false-seals' });
    judge.saw('verdun', 'agency', report('verdun', 3));
    await expect(judge.verdict({ logs: [] })).rejects.toThrow(/certified at 3/);
  });
});

describe('progress', () => {
  it('means that all an honest hoster holds is certified in the end', async () => {
    const judge = bench(progress);
    const log = logOf('a', 'x', 'y');
    judge.certify(log, 2);
    await expect(judge.verdict({ logs: [log.held('metz', 2)] })).resolves.toBeUndefined();
    await expect(judge.verdict({ logs: [log.held('metz')] })).rejects.toThrow(/up to 3, .* up to 2 only/);
  });

  it('is not owed to the log of a hoster that lies', async () => {
    const judge = bench(progress);
    const own = new HandLog('b').add(daemonGenesis('metz'), { kind: 'sweep', generation: 1 });
    judge.certify(own, 1);
    await expect(judge.verdict({ logs: [own.held('nancy')] })).rejects.toThrow(/up to 2/);
    judge.told({ of: 'lies', hoster: 'metz', liar: 'false-custody' });
    await expect(judge.verdict({ logs: [own.held('nancy')] })).resolves.toBeUndefined();
  });
});

describe('what judges read with', () => {
  it('is one form of CBOR, and nothing else', () => {
    for (const value of [0, 23, 24, 70_000, -5, 'é', true, null, [1, [2]], { a: { b: 'c' } }])
      expect(readCbor(encodeCbor(value))).toEqual(value);
    expect(readCbor(encodeCbor(Uint8Array.of(1, 2)))).toEqual(Uint8Array.of(1, 2));
    for (const bad of [
      [],
      [0x18],
      [0x62, 0x61],
      [0x82, 1],
      [0x61, 0xff],
      [0xa1, 1, 1],
      [0, 0],
      [0xd8, 42, 0],
    ])
      expect(readCbor(Uint8Array.from(bad))).toBeUndefined();
    expect(readCbor(new Uint8Array(40).fill(0x81))).toBeUndefined();
  });

  it('computes the same trees whether they grow or are split', () => {
    const entries = Array.from({ length: 20 }, (_, at) => utf8(`entry ${at}`));
    const roots = rootsOf(crypto, entries);
    for (let size = 0; size <= entries.length; size++)
      expect(roots[size]).toBe(rootOf(crypto, entries.slice(0, size)));
    expect(roots[0]).toBe(toBase64(crypto.sha256()));
  });

  it('knows six of nine when two may lie', () => {
    expect(quorumIn(charter)).toBe(6);
  });

  it('ignores what cannot be read', () => {
    const judge = bench(oneHistory);
    expect(judgedHead('x\n1\nnot base64\n')).toBeUndefined();
    const bytes = logOf('a', 'x').append('garbled');
    for (let at = 0; at < bytes.length; at += 7)
      judge.saw(
        'a',
        'b',
        bytes.map((byte, nth) => (nth === at ? byte ^ 255 : byte)),
      );
    judge.saw('a', 'b', bytes.subarray(0, 100));
    judge.saw('a', 'b', encodeCbor({ ok: true, answer: { signed: utf8('x'), cosignature: '— a b' } }));
    expect(judge.evidence.certified).toEqual([]);
    expect(judge.evidence.votes).toEqual([]);
  });
});
