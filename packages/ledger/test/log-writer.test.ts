// The writer against voters in memory: quorums, crashes, catching up, refusals and voids.
// Long: one story each, and they share their beginnings.

import { APPEND_ENTRIES_MAX, diskError, Fault, memoryStore, type Store } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  isVoided,
  LogStore,
  openCertificate,
  readHead,
  refresh,
  segmentFacts,
  signHeads,
} from '../src/index.ts';
import { crashStore, type TestHoster, TestNetwork } from './memory-hosters.ts';
import { chainOf, cosignerOf, crypto, DAY_MS, NOW, publicOf, sampleCharter } from './sample-charter.ts';
import { deviceGenesis, keepOf, objects, placeOf } from './samples.ts';

const cosigned = (one: TestHoster) =>
  one.seen.filter(({ reply }) => reply.result === 'cosigned').map(({ checkpoint }) => checkpoint);

describe('quorum', () => {
  test.each([
    [9, 6],
    [4, 3],
    [3, 2],
  ])('an append of %i voters comes back with %i cosignatures', async (voters, needed) => {
    const net = await TestNetwork.of(voters);
    const writer = await net.startedWriter();
    const { certificate, index, origin } = await writer.append(() => [
      placeOf(net.charters.current),
      objects('a'),
    ]);
    const opened = openCertificate(crypto, net.charters, certificate, publicOf('device laptop'));
    expect({ origin, index, size: opened.head.size }).toEqual({
      origin: net.originOf('laptop'),
      index: 1,
      size: 3,
    });
    expect(opened.cosigners.length).toBe(needed);
  });

  test.each([
    [9, 3],
    [4, 1],
    [3, 1],
  ])(
    'of %i voters %i may be unreachable, and no more; healed, the same bytes are finished',
    async (voters, spare) => {
      const net = await TestNetwork.of(voters);
      const writer = await net.startedWriter();
      const downs = Array.from({ length: spare }, (_, at) => at + 1);
      net.cut(...downs);
      await writer.append(() => [objects('first')]);
      net.cut(...downs, spare + 1);
      const lost = writer.append(() => [objects('second')]);
      await expect(lost).rejects.toMatchObject({
        kind: 'unreachable',
        code: 'QUORUM_UNREACHABLE',
        facts: { silent: [...downs, spare + 1].map((at) => `h${at}`) },
      });
      const before = cosigned(net.hoster(voters)).at(-1) ?? '';
      expect(readHead(before).size).toBe(3);
      net.cut();
      await writer.append(() => [objects('third')]);
      for (const one of net.hosters) {
        const same = one.seen.filter(({ checkpoint }) => readHead(checkpoint).size === 3);
        expect(new Set(same.map(({ checkpoint }) => checkpoint))).toEqual(new Set([before]));
        expect(same.length).toBeGreaterThan(0);
      }
    },
  );

  test('a voter that missed many batches is brought up to date, also under a certificate', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    net.cut(1);
    for (let nth = 0; nth < 12; nth++) await writer.append(() => [objects(`missed ${nth}`)]);
    net.cut(2);
    await writer.append(() => [objects('with one')]);
    const late = net.hoster(1);
    expect(late.mirror.logs.state(writer.origin).size).toBe(14);
    const how = late.seen.map(({ reply }) => reply.result);
    expect(how[0]).toBe('conflict');
    expect(how.filter((result) => result === 'stored').length).toBe(12);
    expect(how.at(-1)).toBe('cosigned');
    // Under a certificate nothing was judged, and only the head was signed.
    expect(cosigned(late).map((one) => readHead(one).size)).toEqual([14]);
  });

  test('one refusing voter and three silent ones do not void anything', async () => {
    const net = await TestNetwork.of(9);
    const writer = await net.startedWriter();
    await writer.append(() => [objects('first')]);
    net.cut(1, 2, 3);
    net.hoster(4).lie = {
      append: async () => ({ result: 'refused', class: 'policy', index: null, fault: refusedBy('h4') }),
    };
    await expect(writer.append(() => [objects('second')])).rejects.toMatchObject({
      code: 'QUORUM_UNREACHABLE',
    });
    net.cut();
    await writer.append(() => [objects('third')]);
    expect(net.hoster(9).mirror.logs.state(writer.origin).size).toBe(4);
  });

  test('a voter that forges its cosignature does not count', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    const liar = net.hoster(2);
    liar.lie = {
      append: async (append, certificate) => {
        const reply = await net.hoster(1).mirror.append(append, certificate);
        return reply;
      },
    };
    net.cut(4);
    await expect(writer.append(() => [objects('a')])).rejects.toMatchObject({
      code: 'QUORUM_UNREACHABLE',
      facts: { silent: expect.arrayContaining(['h2', 'h4']) },
    });
  });

  test('a voter that keeps naming other sizes is given up', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    await writer.append(() => [objects('a')]);
    let asked = 0;
    net.hoster(2).lie = {
      append: async () => ({ result: 'conflict', size: asked++ % 2, checkpoint: null }),
    };
    net.cut(4);
    await expect(writer.append(() => [objects('b')])).rejects.toMatchObject({ code: 'QUORUM_UNREACHABLE' });
    expect(asked).toBeLessThan(20);
  });

  test('a voter that says it holds more than was written stops nobody', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    net.hoster(2).lie = { append: async () => ({ result: 'conflict', size: 99, checkpoint: null }) };
    expect((await writer.append(() => [objects('a')])).index).toBe(1);
  });

  test.each([0, APPEND_ENTRIES_MAX + 1])('%i entries are no append', async (entries) => {
    const net = await TestNetwork.of(3);
    const writer = await net.startedWriter();
    const tried = writer.append(() => Array.from({ length: entries }, () => objects('a')));
    await expect(tried).rejects.toMatchObject({ code: 'APPEND_TOO_LARGE' });
    expect((await writer.append(() => [objects('a')])).index).toBe(1);
  });

  test('appends asked for at once keep their order', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    const names = Array.from({ length: 10 }, (_, nth) => `entry ${nth}`);
    const indexes = await Promise.all(
      names.map(async (name) => (await writer.append(() => [objects(name)])).index),
    );
    expect(indexes).toEqual(names.map((_, nth) => nth + 1));
  });
});

const refusedBy = (hoster: string) => new Fault('refused', 'DOMAIN_RULE', `refused by ${hoster}`, {});

describe('crashes', () => {
  test('persisted before it is sent: after a crash in between, the identical bytes are sent', async () => {
    const net = await TestNetwork.of(4);
    const disk = crashStore();
    const first = await net.startedWriter('laptop', { store: disk });
    await first.append(() => [objects('certified')]);
    net.cut(1, 2, 3, 4);
    await expect(first.append(() => [objects('in flight')])).rejects.toMatchObject({
      code: 'QUORUM_UNREACHABLE',
    });
    const held = await LogStore.open(disk.crash(), crypto);
    const { checkpoint } = held.state(first.origin);
    expect(readHead(checkpoint).size).toBe(3);

    net.cut();
    const again = await net.writer('laptop', { store: disk.crash() });
    await again.start();
    for (const one of net.hosters) expect(cosigned(one).at(-1)).toBe(checkpoint);
    expect((await again.append(() => [objects('after')])).index).toBe(3);
  });

  test('a crash before the batch is synced leaves nothing, and nothing was sent', async () => {
    const net = await TestNetwork.of(4);
    const disk = crashStore();
    const failing: Store = {
      ...disk,
      batch: async () => {
        throw diskError('EIO');
      },
    };
    const writer = await net.startedWriter('laptop', { store: failing });
    await expect(writer.append(() => [objects('a')])).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(net.hosters.flatMap(({ seen }) => seen)).toEqual([]);
    // Nobody knows what the disk holds: no second tree of that size is signed.
    await expect(writer.append(() => [objects('b')])).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  test('nothing is signed before the heads were read', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.writer();
    await expect(writer.append(() => [objects('a')])).rejects.toThrow('reads the heads');
    net.cut(1, 2);
    await expect(writer.start()).rejects.toMatchObject({ code: 'QUORUM_UNREACHABLE' });
    await expect(writer.append(() => [objects('a')])).rejects.toThrow('reads the heads');
  });

  test.each([
    ['lost', async (_old: Store) => memoryStore()],
    ['an old copy', async (old: Store) => old],
  ])('write-ahead state that is %s: the key never signs again', async (_what, bring) => {
    const net = await TestNetwork.of(4);
    const disk = crashStore();
    const writer = await net.startedWriter('laptop', { store: disk });
    await writer.append(() => [objects('a')]);
    const old = disk.crash();
    await writer.append(() => [objects('b')]);
    const second = await net.writer('laptop', { store: await bring(old) });
    await expect(second.start()).rejects.toMatchObject({ kind: 'integrity', code: 'WRITER_STATE_LOST' });
    await expect(second.append(() => [objects('c')])).rejects.toMatchObject({ code: 'WRITER_STATE_LOST' });
  });

  test('an old copy that has pulled the rest from the hosters is not the latest: the key never signs again', async () => {
    const net = await TestNetwork.of(4);
    const disk = crashStore();
    const writer = await net.startedWriter('laptop', { store: disk });
    await writer.append(() => [objects('a')]);
    const old = disk.crash();
    await writer.append(() => [objects('b')]);
    await refresh(await net.reader({ store: old }), { of: 'origins', origins: [writer.origin] });
    const lost = { kind: 'integrity', code: 'WRITER_STATE_LOST' };
    await expect((await net.writer('laptop', { store: old })).start()).rejects.toMatchObject(lost);
    // Nor in a later run, though nobody answers.
    net.cut(1, 2, 3, 4);
    await expect((await net.writer('laptop', { store: old })).start()).rejects.toMatchObject(lost);
    const again = await net.writer('laptop', { store: old });
    await expect(again.append(() => [objects('c')])).rejects.toThrow('reads the heads of its log');
  });

  test.each([
    ['ahead', 2],
    ['as far', 1],
  ])('a copy of the machine that finds the other %s stops for good', async (_what, appends) => {
    const net = await TestNetwork.of(4);
    const disk = crashStore();
    const one = await net.startedWriter('laptop', { store: disk });
    await one.append(() => [objects('common')]);
    const copy = await net.startedWriter('laptop', { store: disk.crash() });
    const certificates = [];
    for (let nth = 0; nth < appends; nth++)
      certificates.push((await one.append(() => [objects(`${nth}`)])).certificate);
    const lost = expect.objectContaining({ kind: 'integrity', code: 'WRITER_STATE_LOST' });
    await expect(copy.append(() => [objects('other')])).rejects.toEqual(lost);
    await expect(copy.append(() => [objects('other')])).rejects.toEqual(lost);
    // No void, no larger tree: the copy signed one tree only, and nobody signed it.
    const heads = net.hosters.flatMap((each) => cosigned(each)).map((each) => readHead(each));
    for (const size of new Set(heads.map((head) => head.size))) {
      const roots = heads
        .filter((head) => head.size === size)
        .map(({ root }) => Buffer.from(root).toString('hex'));
      expect(new Set(roots).size).toBe(1);
    }
    expect((await one.append(() => [objects('goes on')])).index).toBe(2 + appends);
  });

  test('a single voter that cries fork stops nobody', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    const fault = new Fault('refused', 'FORKED', 'not true', {});
    net.hoster(1).lie = { append: async () => ({ result: 'refused', class: 'never', index: null, fault }) };
    net.cut(2);
    await expect(writer.append(() => [objects('a')])).rejects.toMatchObject({ code: 'QUORUM_UNREACHABLE' });
    net.cut();
    expect((await writer.append(() => [objects('b')])).index).toBe(2);
  });

  test('a head that the writer never signed does not kill its key', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.writer();
    net.cut(4);
    net.hoster(2).lie = {
      heads: async (nonce, scope) =>
        signHeads(
          crypto,
          {
            format: 'vauban/heads/0',
            charter: 'grand-est',
            version: 1,
            epoch: 0,
            hoster: 'h2',
            starting: false,
            nonce,
            scope,
            counter: 0,
            counterSignature: new Uint8Array(64),
            yourCounter: null,
            seals: [],
            forks: [],
            next: null,
            unready: [],
            heads: [
              {
                origin: writer.origin,
                size: 70,
                checkpoint: `${writer.origin}\n70\n${Buffer.alloc(32).toString('base64')}\n\n— ${writer.origin} AAAAAAAAAAA=\n`,
                certificate: null,
              },
            ],
          },
          cosignerOf('h2').seed,
        ),
    };
    await writer.start();
    expect((await writer.append(() => [objects('a')])).index).toBe(1);
  });
});

describe('refusals', () => {
  /** Hosters of two minds: those in `strict` know a charter that no longer lets h4's daemon hold anything. */
  async function divided(voters: number, strict: number[]) {
    const net = await TestNetwork.of(voters);
    for (const at of strict) {
      // Their clock is past the end of every declaration.
      const one = net.hoster(at);
      Object.assign(one.options, { clock: { ...net.clock, now: () => NOW + 40 * DAY_MS } });
      await one.open();
      one.mirror.startVoting();
    }
    return net;
  }

  test('what too many refuse is voided; the log goes on, and the place does not count', async () => {
    const net = await divided(4, [1, 2]);
    const writer = await net.startedWriter();
    await writer.append(() => [objects('before')]);
    const place = placeOf(net.charters.current);
    await expect(writer.append(() => [place, objects('names it')])).rejects.toMatchObject({
      kind: 'refused',
      code: 'DECLARATION_EXPIRED',
      facts: { class: 'policy', refusedBy: ['h1', 'h2'], entry: 2 },
    });
    const after = await writer.append(() => [objects('after')]);
    expect(after.index).toBe(6);
    for (const one of net.hosters) {
      const { logs } = one.mirror;
      expect(logs.state(writer.origin).size).toBe(7);
      const facts = await segmentFacts(logs, place.segment);
      expect(facts.places.map(({ voided }) => voided)).toEqual([true]);
      expect(await isVoided(logs.store, { origin: writer.origin, index: 3 })).toBe(true);
      expect(await isVoided(logs.store, { origin: writer.origin, index: 1 })).toBe(false);
    }
    // Those who had accepted it first and those who had not hold the same log.
    const roots = net.hosters.map(({ mirror }) => readHead(mirror.logs.state(writer.origin).checkpoint).root);
    for (const root of roots) expect(root).toEqual(roots[0]);
  });

  test('what too few refuse is certified by the others', async () => {
    const net = await divided(4, [1]);
    const writer = await net.startedWriter();
    const place = placeOf(net.charters.current);
    const { certificate } = await writer.append(() => [place]);
    expect(
      openCertificate(crypto, net.charters, certificate, publicOf('device laptop')).cosigners,
    ).not.toContain('h1');
    // The one that refused stores it under the certificate.
    await writer.append(() => [objects('next')]);
    await expect.poll(() => net.hoster(1).mirror.logs.state(writer.origin).size).toBe(3);
  });

  test('a device whose clock was ahead for a while voids what it dated then, and goes on at once', async () => {
    const net = await TestNetwork.of(4);
    const clock = { ...net.clock, now: () => net.clock.now() + DAY_MS };
    const writer = await net.startedWriter('laptop', { options: { clock } });
    const refused = { code: 'CLOCK_AHEAD', facts: { class: 'policy' } };
    for (const text of ['tomorrow', 'tomorrow again'])
      await expect(writer.append(() => [objects(text)])).rejects.toMatchObject(refused);
    clock.now = () => net.clock.now();
    const { index } = await writer.append(() => [objects('today')]);
    expect(index).toBe(5);
    const { store } = net.hoster(1).mirror.logs;
    const voided = await Promise.all(
      [1, 2, 3, 4, 5].map((at) => isVoided(store, { origin: writer.origin, index: at })),
    );
    expect(voided).toEqual([true, false, true, false, false]);
  });

  test('voters that are only starting are waited for: nothing is voided', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    await writer.append(() => [objects('a')]);
    for (const at of [1, 2]) await net.hoster(at).open();
    const refused = writer.append(() => [objects('b')]);
    await expect(refused).rejects.toMatchObject({ code: 'VOTER_STARTING', facts: { class: 'later' } });
    for (const at of [1, 2]) net.hoster(at).mirror.startVoting();
    expect((await writer.append(() => [objects('c')])).index).toBe(3);
    expect(net.hoster(1).mirror.logs.state(writer.origin).size).toBe(4);
  });

  test('a spent budget is waited for; voids have a reserve', async () => {
    const net = await TestNetwork.of(4, {
      budgets: { bytesPerDay: 2_000, checksPerDay: 1_000, voidsPerDay: 1 },
    });
    const writer = await net.startedWriter();
    await writer.append(() => [objects('x'.repeat(900))]);
    await expect(writer.append(() => [objects('y'.repeat(1_500))])).rejects.toMatchObject({
      code: 'BUDGET_SPENT',
      facts: { class: 'later' },
    });
    net.clock.time += DAY_MS;
    expect((await writer.append(() => [objects('z')])).index).toBe(3);
  });

  test('a genesis that is refused does not make the log grow at each try', async () => {
    const charters = chainOf(
      sampleCharter(4, { agencies: sampleCharter(4).agencies.map((one) => ({ ...one, suspended: true })) }),
    );
    const net = await TestNetwork.of(4, { charters });
    const disk = memoryStore();
    const writer = await net.startedWriter('laptop', { store: disk });
    for (let nth = 0; nth < 3; nth++) {
      await expect(writer.append(() => [objects('a')])).rejects.toMatchObject({ code: 'AGENCY_SUSPENDED' });
    }
    const held = await LogStore.open(disk, crypto);
    expect(held.state(writer.origin).size).toBe(3);
  });

  test('a keep may follow its place at once: the certificate travels ahead of it', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    const place = placeOf(net.charters.current);
    await writer.append(() => [place]);
    expect((await writer.append(() => [keepOf(place.segment)])).index).toBe(2);
  });

  test('a hoster without a vote in the charter changes no count', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter('laptop', {
      options: { genesis: deviceGenesis('laptop', { until: NOW - 1 }) },
    });
    net.cut(4);
    await expect(writer.append(() => [objects('a')])).rejects.toMatchObject({ code: 'DELEGATION_EXPIRED' });
    expect(net.charters.current.hosters.length).toBe(5);
  });
});
