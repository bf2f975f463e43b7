// Revocation: the seal, what a sealed log still takes, and what readers answer about it; taking over what it leaves.
// Long: one story per rule, from the note to the successor.

import { memoryStore } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { type HeadsScope, type Payload, partsOf, readHead, refresh, signRootNote } from '../src/index.ts';
import { collectHeads, openCertificate } from '../src/index.ts';
import { outcomeOf } from './rule-bench.ts';
import { crashStore, TestNetwork } from './memory-hosters.ts';
import { advance, crypto, NOW, publicOf, seedOf } from './sample-charter.ts';
import { adoptOf, delegationOf, deviceGenesis, objects, Pen, placeOf, VAULT, voidOf } from './samples.ts';

const vault: HeadsScope = { of: 'vault', vault: VAULT };

function revokeOf(device: string, root = 'root metz', agency = 'metz'): Uint8Array {
  const deviceKey = publicOf(`device ${device}`);
  const body = { format: 'vauban/revoke/0', charter: 'grand-est', agency, deviceKey, issued: NOW } as const;
  return signRootNote(crypto, body, seedOf(root));
}

function sealedOf(origin: string, checkpoints: readonly string[], issued = NOW): Uint8Array {
  const branches = checkpoints.map((one) => {
    const { size, root } = readHead(one);
    return { size, root };
  });
  const body = {
    format: 'vauban/sealed/0',
    charter: 'grand-est',
    agency: 'metz',
    origin,
    branches,
    issued,
  } as const;
  return signRootNote(crypto, body, seedOf('root metz'));
}

/** What a reader of this store would apply, as texts: sealed records of all that counts. */
async function readAll(net: TestNetwork, store = memoryStore(), onNotice?: (code: string) => void) {
  const reader = await net.reader({ store });
  const origins = await refresh({ ...reader, onNotice: ({ code }) => onNotice?.(code) }, vault);
  const texts = new Set<string>();
  for (const origin of origins) {
    for (const part of await partsOf(reader.logs, crypto, origin)) {
      for (let index = 0; index < part.size; index++) {
        const { payload } = await part.logs.entry(origin, index);
        if (payload.kind === 'objects') texts.add(Buffer.from(payload.sealed).toString());
      }
    }
  }
  return [...texts].sort();
}

describe('a seal', () => {
  test('is in force once the note is stored: nothing more is cosigned, not even what was held', async () => {
    const net = await TestNetwork.of(4);
    const pen = new Pen('device laptop');
    const first = pen.write([deviceGenesis('laptop'), objects('a')]);
    const second = pen.write([objects('b')]);
    const h1 = net.hoster(1);
    expect(await outcomeOf(h1.append(first, null))).toMatchObject({ code: 'cosigned' });
    await h1.putNote(revokeOf('laptop'));
    for (const append of [first, second]) {
      expect(await outcomeOf(h1.append(append, null))).toEqual({
        code: 'LOG_SEALED',
        class: 'never',
        entry: null,
      });
    }
    expect(h1.mirror.logs.state(pen.origin).size).toBe(2);
    await h1.crash();
    expect(await outcomeOf(h1.append(second, null))).toMatchObject({ code: 'LOG_SEALED' });
    // Another device of the agency goes on, and another note changes nothing.
    const phone = new Pen('device phone');
    expect(await outcomeOf(h1.append(phone.write([deviceGenesis('phone')]), null))).toEqual({
      code: 'cosigned',
    });
  });

  test('lets in what a certificate from before covers, and nothing else', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    net.cut(1);
    await writer.append(() => [objects('a')]);
    const { certificate } = await writer.append(() => [objects('b')]);
    net.cut();
    const h1 = net.hoster(1);
    await h1.putNote(revokeOf('laptop'));
    const appends = await net.hoster(2).batches(writer.origin, 0);
    const [all] = [{ ...appends.at(-1), oldSize: 0, records: appends.flatMap(({ records }) => records) }];
    expect(await outcomeOf(h1.append(all as never, null))).toMatchObject({ code: 'LOG_SEALED' });
    expect(await outcomeOf(h1.append(all as never, certificate))).toEqual({ code: 'stored' });
    expect(h1.mirror.logs.state(writer.origin).certifiedSize).toBe(3);
    await h1.mirror.adopt((await net.hoster(2).batches(writer.origin, 0))[0] as never);
    expect(h1.mirror.logs.state(writer.origin).size).toBe(3);
  });

  test('note and seal are one batch: a crash leaves both or neither', async () => {
    const net = await TestNetwork.of(4);
    const h1 = net.hoster(1);
    const pen = new Pen('device laptop');
    await h1.append(pen.write([deviceGenesis('laptop')]), null);
    await h1.putNote(revokeOf('laptop'));
    await h1.crash();
    const { notes } = await h1.notes(null);
    expect(notes.length).toBe(1);
    const { answers } = await collectHeads(
      await net.reader({ voters: [h1, net.hoster(2), net.hoster(3)] }),
      vault,
    );
    expect(answers.find(({ hoster }) => hoster === 'h1')?.seals).toMatchObject([
      { origin: pen.origin, branches: [{ size: 1 }], notes: [crypto.sha256(notes[0] as Uint8Array)] },
    ]);
  });

  test('is reported only when it is durable', async () => {
    const net = await TestNetwork.of(4);
    const h1 = net.hoster(1);
    const done: string[] = [];
    Object.assign(h1.options, { record: (what: string) => done.push(what) });
    h1.store = crashStore([], (what) => done.push(what));
    await h1.open();
    await h1.putNote(revokeOf('laptop'));
    expect(done).toEqual(['batch synced']);
    const scope: HeadsScope = { of: 'origins', origins: [net.originOf('laptop')] };
    h1.mirror.startVoting();
    const { answers } = await collectHeads(await net.reader({ voters: net.hosters.slice(0, 3) }), scope);
    expect(answers.find(({ hoster }) => hoster === 'h1')?.seals).toMatchObject([
      { origin: net.originOf('laptop'), branches: [] },
    ]);
  });

  test.each([
    ['of another agency’s device', () => revokeOf('laptop', 'root thief', 'thief')],
    ['for a device it never had', () => revokeOf('phone')],
  ])('by an agency %s binds no log of others', async (_what, note) => {
    const net = await TestNetwork.of(4);
    advance(net.charters, {
      agencies: [
        ...net.charters.current.agencies,
        {
          ...(net.charters.current.agencies[0] as never as object),
          id: 'thief',
          rootKey: publicOf('root thief'),
        } as never,
      ],
    });
    const pen = new Pen('device laptop');
    await net.hoster(1).putNote(note());
    expect(await outcomeOf(net.hoster(1).append(pen.write([deviceGenesis('laptop')]), null))).toEqual({
      code: 'cosigned',
    });
  });

  test('that came before the log ends it before it begins', async () => {
    const net = await TestNetwork.of(4);
    await net.hoster(1).putNote(revokeOf('laptop'));
    const pen = new Pen('device laptop');
    expect(await outcomeOf(net.hoster(1).append(pen.write([deviceGenesis('laptop')]), null))).toMatchObject({
      code: 'LOG_SEALED',
    });
  });

  test.each([
    ['signed with another key', () => revokeOf('laptop', 'root other'), 'NOTE_FORGED'],
    ['of an unknown agency', () => revokeOf('laptop', 'root metz', 'nobody'), 'AGENCY_UNKNOWN'],
  ])('by a note %s is refused: %s', async (_what, note, code) => {
    const net = await TestNetwork.of(4);
    await expect(net.hoster(1).putNote(note())).rejects.toMatchObject({ kind: 'refused', code });
    expect((await net.hoster(1).notes(null)).notes).toEqual([]);
  });

  test('an agency whose root key was replaced revokes with the new one; what is stored stays in effect', async () => {
    const net = await TestNetwork.of(4);
    const h1 = net.hoster(1);
    const [laptop, phone] = [new Pen('device laptop'), new Pen('device phone')];
    for (const [pen, name] of [
      [laptop, 'laptop'],
      [phone, 'phone'],
    ] as const)
      await h1.append(pen.write([deviceGenesis(name)]), null);
    await h1.putNote(revokeOf('laptop'));
    const agencies = net.charters.current.agencies.map((one) => ({ ...one, rootKey: publicOf('root new') }));
    advance(net.charters, { agencies });
    expect(await outcomeOf(h1.append(laptop.write([objects('a')]), null))).toMatchObject({
      code: 'LOG_SEALED',
    });
    // A log begun under the old key goes on until the new one revokes it; none begins, and the old key says nothing more.
    expect(await outcomeOf(h1.append(phone.write([objects('b')]), null))).toEqual({ code: 'cosigned' });
    const tablet = new Pen('device tablet').write([deviceGenesis('tablet')]);
    expect(await outcomeOf(h1.append(tablet, null))).toMatchObject({ code: 'DELEGATION_FORGED' });
    await expect(h1.putNote(revokeOf('phone'))).rejects.toMatchObject({ code: 'NOTE_FORGED' });
    await h1.putNote(revokeOf('phone', 'root new'));
    expect(await outcomeOf(h1.append(phone.write([objects('c')]), null))).toMatchObject({
      code: 'LOG_SEALED',
    });
  });

  test('the charter that drops a daemon’s or operator’s key seals its log', async () => {
    const net = await TestNetwork.of(4);
    const pen = new Pen('operator crisis');
    const h1 = net.hoster(1);
    const genesis: Payload = { kind: 'genesis', writer: 'operator', operator: 'crisis' };
    expect(await outcomeOf(h1.append(pen.write([genesis]), null))).toEqual({ code: 'cosigned' });
    const next = pen.write([voidOf(0)]);
    advance(net.charters, { operators: [] });
    expect(await outcomeOf(h1.append(next, null))).toMatchObject({ code: 'WRITER_UNKNOWN', class: 'policy' });
    // And a reader is not kept waiting for a certificate that cannot come.
    const reader = await net.reader();
    await refresh(reader, { of: 'origins', origins: [pen.origin] });
    expect(reader.logs.state(pen.origin)).toMatchObject({ size: 1, certifiedSize: 0 });
  });
});

describe('devices', () => {
  test('that were revoked or have ended make room for others', async () => {
    const net = await TestNetwork.of(4);
    const h1 = net.hoster(1);
    const noteOf = (name: string, until?: number) =>
      signRootNote(crypto, delegationOf(name, until === undefined ? {} : { until }), seedOf('root metz'));
    for (let nth = 0; nth < 255; nth++) await h1.putNote(noteOf(`d${nth}`));
    await h1.putNote(noteOf('ended', NOW - 1));
    await h1.putNote(noteOf('d255'));
    await expect(h1.putNote(noteOf('d256'))).rejects.toMatchObject({ code: 'DEVICES_MANY' });
    await h1.putNote(noteOf('d3'));
    await h1.putNote(revokeOf('d7'));
    await h1.putNote(noteOf('d256'));
    const seen: Uint8Array[] = [];
    for (let after: Uint8Array | null = null; ; ) {
      const page = await h1.mirror.notes(after, 'metz');
      seen.push(...page.notes);
      if (!page.more) break;
      after = crypto.sha256(page.notes.at(-1) as Uint8Array);
    }
    expect(seen.length).toBe(259);
    expect((await h1.mirror.notes(null, 'nancy')).notes).toEqual([]);
  });
});

describe('a writer whose device was revoked', () => {
  test('stops, voids nothing, and signs nothing in a later run', async () => {
    const net = await TestNetwork.of(4);
    const store = memoryStore();
    const writer = await net.startedWriter('laptop', { store });
    await writer.append(() => [objects('a')]);
    for (const one of net.hosters) await one.putNote(revokeOf('laptop'));
    const refused = { kind: 'refused', code: 'LOG_SEALED' };
    await expect(writer.append(() => [objects('b')])).rejects.toMatchObject(refused);
    const reader = await net.reader({ store });
    // Genesis, what was certified, what was refused: no void.
    expect(reader.logs.state(writer.origin).size).toBe(3);
    await expect(writer.append(() => [objects('c')])).rejects.toMatchObject(refused);
    const again = await net.writer('laptop', { store });
    await expect(again.start()).rejects.toMatchObject(refused);
    await expect((await net.writer('laptop')).start()).rejects.toMatchObject({ kind: expect.any(String) });
  });

  test('is not stopped by a liar alone', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    await net.hoster(1).putNote(revokeOf('laptop'));
    expect((await writer.append(() => [objects('a')])).index).toBe(1);
  });

  test.each([0, 1, 2, 3, 4])(
    'in the middle of an append, sealed at %i hosters before: certified and read, or refused for ever',
    async (before) => {
      const net = await TestNetwork.of(4);
      const writer = await net.startedWriter();
      await writer.append(() => [objects('a')]);
      for (const one of net.hosters.slice(0, before)) await one.putNote(revokeOf('laptop'));
      const appended = await writer
        .append(() => [objects('b')])
        .then(
          ({ certificate }) => certificate,
          () => undefined,
        );
      expect(appended !== undefined).toBe(before <= 1);
      const texts = await readAll(net);
      if (appended !== undefined) {
        expect(openCertificate(crypto, net.charters, appended, publicOf('device laptop')).head.size).toBe(3);
        expect(texts).toEqual(['a', 'b']);
      }
      for (const one of net.hosters.slice(before)) await one.putNote(revokeOf('laptop'));
      await expect(writer.append(() => [objects('c')])).rejects.toMatchObject({ kind: 'refused' });
      // Whatever was read once is read for ever, by everyone.
      const after = await readAll(net);
      expect(after).toEqual(expect.arrayContaining(appended === undefined ? ['a'] : ['a', 'b']));
      net.cut(1);
      expect(await readAll(net)).toEqual(after);
    },
  );
});

describe('a reader of a sealed log', () => {
  /** A fork of which h1 holds the certified beginning, h2 and h3 one branch, h4 the other; then it is revoked. */
  async function sealedFork() {
    const net = await TestNetwork.of(4);
    const pen = new Pen('device laptop');
    const common = pen.write([deviceGenesis('laptop'), objects('common')]);
    const other = pen.copy();
    const left = pen.write([objects('left')]);
    const right = other.write([objects('right')]);
    for (const one of net.hosters) await one.append(common, null);
    for (const at of [2, 3]) await net.hoster(at).append(left, null);
    await net.hoster(4).append(right, null);
    return { net, pen, other, left, right };
  }

  test('finishes the revocation, and answers with all branches of q reports', async () => {
    const { net } = await sealedFork();
    await net.hoster(3).putNote(revokeOf('laptop'));
    const notices: string[] = [];
    const store = memoryStore();
    expect(await readAll(net, store, (code) => notices.push(code))).toEqual(['common', 'left', 'right']);
    expect(notices).toEqual(['FORKED']);
    for (const one of net.hosters) expect((await one.notes(null)).notes.length).toBe(1);
    net.cut(4);
    // What this reader has seen it goes on to know; another sees what q others report.
    expect(await readAll(net, store)).toEqual(['common', 'left', 'right']);
    expect(await readAll(net)).toEqual(['common', 'left']);
  });

  test('has no answer without q reports', async () => {
    const { net } = await sealedFork();
    await net.hoster(3).putNote(revokeOf('laptop'));
    const refusing = async () => {
      throw new Error('its disk is slow');
    };
    for (const at of [1, 2]) net.hoster(at).lie = { putNote: refusing };
    await expect(readAll(net)).rejects.toMatchObject({ kind: 'unreachable', code: 'UNFINISHED' });
  });

  test('follows exactly the branches that an acknowledged note names, several notes together', async () => {
    const { net, pen, left, right } = await sealedFork();
    for (const one of net.hosters) await one.putNote(revokeOf('laptop'));
    await net.hoster(1).putNote(sealedOf(pen.origin, [left.checkpoint]));
    const store = memoryStore();
    const notices: string[] = [];
    expect(await readAll(net, store, (code) => notices.push(code))).toEqual(['common', 'left']);
    expect(notices).toEqual([]);
    for (const one of net.hosters) expect((await one.notes(null)).notes.length).toBe(2);
    for (const one of net.hosters) await one.putNote(sealedOf(pen.origin, [right.checkpoint], NOW + 1));
    expect(await readAll(net, store)).toEqual(['common', 'left', 'right']);
    net.cut(4);
    // The named branch is at h4 alone: no answer is better than a smaller one, but for who has it.
    await expect(readAll(net)).rejects.toMatchObject({ code: 'UNFINISHED' });
    net.cut(1);
    for (const at of [2, 3, 4]) net.hoster(at).lie = { batches: async () => [] };
    expect(await readAll(net, store)).toEqual(['common', 'left', 'right']);
  });

  test('believes no seal without the agency’s note', async () => {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    await writer.append(() => [objects('a')]);
    const lying = await TestNetwork.of(4, { charters: net.charters });
    await lying.hoster(2).putNote(revokeOf('laptop', 'root metz'));
    const liar = net.hoster(2);
    liar.lie = {
      heads: (nonce, scope) => lying.hoster(2).mirror.heads(nonce, scope, null),
      notes: async () => ({ notes: [], more: false }),
    };
    net.cut(1);
    expect(await readAll(net)).toEqual(['a']);
  });
});

describe('taking over', () => {
  async function ready() {
    const net = await TestNetwork.of(4);
    const h1 = net.hoster(1);
    const old = new Pen('device laptop');
    const place = placeOf(net.charters.current);
    await h1.append(old.write([deviceGenesis('laptop'), objects('a'), place, voidOf(1)]), null);
    const pen = new Pen('device phone');
    await h1.append(pen.write([deviceGenesis('phone')]), null);
    const adopt = (payload: Payload, from = pen) => h1.append(from.copy().write([payload]), null);
    return { net, h1, old, pen, place, adopt };
  }

  test('a place or a record of a sealed log is admitted, also where that log was never seen', async () => {
    const { net, old, pen: next, h1 } = await ready();
    await h1.putNote(revokeOf('laptop'));
    const both = next.write([adoptOf(old, 1), adoptOf(old, 2)]);
    expect(await outcomeOf(h1.append(both, null))).toEqual({ code: 'cosigned' });
    const h2 = net.hoster(2);
    await h2.putNote(revokeOf('laptop'));
    const pen = new Pen('device phone');
    expect(await outcomeOf(h2.append(pen.write([deviceGenesis('phone'), adoptOf(old, 2)]), null))).toEqual({
      code: 'cosigned',
    });
  });

  test('an adopted place is a claim under the name of the adopt entry', async () => {
    const { old, adopt, h1, place, pen } = await ready();
    await h1.putNote(revokeOf('laptop'));
    await adopt(adoptOf(old, 2));
    const facts = await h1.mirror.view().segment(place.segment);
    expect(facts.places.map(({ claim }) => claim)).toEqual(
      expect.arrayContaining([
        { origin: old.origin, index: 2 },
        { origin: pen.origin, index: 1 },
      ]),
    );
    expect(await h1.mirror.view().claim({ origin: pen.origin, index: 1 })).toMatchObject({
      segments: [place.segment],
    });
  });

  const refusals: [string, string, string, (old: Pen) => Payload][] = [
    ['of a void', 'ADOPT_KIND', 'never', (old) => adoptOf(old, 3)],
    ['of the genesis', 'ADOPT_KIND', 'never', (old) => adoptOf(old, 0)],
    ['at another index', 'ADOPT_UNPROVEN', 'never', (old) => adoptOf(old, 1, { index: 2 })],
    ['with another branch', 'ADOPT_UNPROVEN', 'never', (old) => adoptOf(old, 1, { branch: VAULT })],
    ['without a proof', 'ADOPT_UNPROVEN', 'never', (old) => adoptOf(old, 1, { proof: [] })],
    [
      'with a payload that the entry does not commit to',
      'COMMIT_MISMATCH',
      'never',
      (old) =>
        adoptOf(old, 1, {
          record: { ...adoptOf(old, 1).record, salt: VAULT },
        }),
    ],
    [
      'of a head its writer did not sign',
      'LOG_SIGNATURE',
      'never',
      (old) => adoptOf(old, 1, { checkpoint: new Pen('device phone', old).checkpoint() }),
    ],
    [
      'under another device’s delegation',
      'ORIGIN_OTHER',
      'never',
      (old) => adoptOf(old, 1, { note: (deviceGenesis('tablet') as { note: Uint8Array }).note }),
    ],
    [
      'under a forged delegation',
      'DELEGATION_FORGED',
      'never',
      (old) =>
        adoptOf(old, 1, { note: (deviceGenesis('laptop', {}, 'root x') as { note: Uint8Array }).note }),
    ],
    [
      'from another vault',
      'VAULT_OTHER',
      'never',
      (old) =>
        adoptOf(old, 1, {
          note: (deviceGenesis('laptop', { vault: crypto.sha256(VAULT) }) as { note: Uint8Array }).note,
        }),
    ],
  ];

  test.each(refusals)('%s is refused: %s', async (_what, code, kind, payload) => {
    const { old, adopt, h1 } = await ready();
    await h1.putNote(revokeOf('laptop'));
    expect(await outcomeOf(adopt(payload(old)))).toEqual({ code, class: kind, entry: 1 });
  });

  test('from a log that is not sealed waits for the revocation', async () => {
    const { old, adopt } = await ready();
    expect(await outcomeOf(adopt(adoptOf(old, 1)))).toEqual({
      code: 'EVIDENCE_MISSING',
      class: 'later',
      entry: 1,
    });
  });

  test('from its own log is refused', async () => {
    const { old, adopt, h1 } = await ready();
    await h1.putNote(revokeOf('laptop'));
    const own = new Pen('device phone');
    own.write([deviceGenesis('phone'), objects('x')]);
    expect(await outcomeOf(adopt(adoptOf(own, 1)))).toMatchObject({ code: 'ADOPT_OTHER' });
    expect(old.size).toBe(4);
  });

  test('twice in one log is refused, unless the first was voided', async () => {
    const { old, pen, h1 } = await ready();
    await h1.putNote(revokeOf('laptop'));
    const twice = pen.copy().write([adoptOf(old, 1), adoptOf(old, 1)]);
    expect(await outcomeOf(h1.append(twice, null))).toEqual({
      code: 'ADOPTED_ALREADY',
      class: 'policy',
      entry: 2,
    });
    expect(await outcomeOf(h1.append(pen.write([adoptOf(old, 1)]), null))).toEqual({ code: 'cosigned' });
    const again = pen.copy().write([adoptOf(old, 1)]);
    expect(await outcomeOf(h1.append(again, null))).toMatchObject({ code: 'ADOPTED_ALREADY' });
    expect(await outcomeOf(h1.append(pen.write([voidOf(1), adoptOf(old, 1)]), null))).toEqual({
      code: 'cosigned',
    });
  });

  test('a place is judged under the charter it names, not under today’s', async () => {
    const { net, old, adopt, h1 } = await ready();
    await h1.putNote(revokeOf('laptop'));
    const policies = net.charters.current.policies.map((one) => ({
      ...one,
      minSurvives: 0,
      retentionMs: one.retentionMs * 9,
    }));
    advance(net.charters, { policies });
    expect(await outcomeOf(adopt(adoptOf(old, 2)))).toEqual({ code: 'cosigned' });
  });
});

describe('a successor log', () => {
  async function certifiedOld() {
    const net = await TestNetwork.of(4);
    const writer = await net.startedWriter();
    const { certificate } = await writer.append(() => [objects('a')]);
    for (const one of net.hosters) await one.certify(writer.origin, certificate);
    const { origin, size, root } = readHead(certificate);
    const begin = (adopts: object | null, device = 'phone', of = {}) => {
      const genesis = { ...deviceGenesis(device, of), adopts } as never as Payload;
      return outcomeOf(net.hoster(1).append(new Pen(`device ${device}`).write([genesis]), null));
    };
    return { net, certificate, head: { origin, size, root, certificate }, begin };
  }

  test('names the certified head it starts from', async () => {
    const { begin, head } = await certifiedOld();
    expect(await begin(head)).toEqual({ code: 'cosigned' });
  });

  test.each([
    ['of another size', { size: 1 }, 'ADOPT_UNPROVEN', 'never'],
    ['of another root', { root: VAULT }, 'ADOPT_UNPROVEN', 'never'],
    ['of a log not known', { origin: `grand-est/${'ab'.repeat(32)}` }, 'EVIDENCE_MISSING', 'later'],
  ])('a head %s is refused: %s', async (_what, change, code, kind) => {
    const { begin, head } = await certifiedOld();
    expect(await begin({ ...head, ...change })).toEqual({ code, class: kind, entry: 0 });
  });

  test('an uncertified head is refused', async () => {
    const { begin, head, net } = await certifiedOld();
    const certificate = net.hoster(1).mirror.logs.state(head.origin).checkpoint;
    expect(await begin({ ...head, certificate })).toMatchObject({
      code: 'CERTIFICATE_SHORT',
      class: 'never',
    });
  });

  test('a log of another vault is not succeeded', async () => {
    const { begin, head } = await certifiedOld();
    expect(await begin(head, 'tablet', { vault: crypto.sha256(VAULT) })).toMatchObject({
      code: 'VAULT_OTHER',
    });
  });
});
