// The whole ledger checked from outside: whoever shows another copy than the others is named, whatever its place in the
// row, and nobody else is.

import { concat, Fault, memoryStore, type Store, utf8 } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import {
  type Append,
  type CharterChain,
  type HeadsBody,
  LogStore,
  LogWriter,
  openHeads,
  signDelegation,
  signHeads,
  type Voter,
  heldRecord,
} from '@vauban/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LedgerReport, verifyLedger, type VerifyLedgerOptions } from '../src/verify-ledger.ts';
import { cosignerOf } from '../../ledger/test/sample-charter.ts';
import { agencyOf, chainOf, charterOf, HOSTERS, publicOf, seedOf, voterOf } from './consortium.ts';
import { VirtualClock } from './virtual-clock.ts';

const VAULT = new Uint8Array(32).fill(9);
const clock = new VirtualClock();

let charters: CharterChain;
let voters: Voter[];
beforeEach(async () => {
  charters = chainOf(charterOf([agencyOf('metz', publicOf('root metz'))]));
  voters = await Promise.all(HOSTERS.map((hoster) => voterOf(hoster, charters, clock)));
});

/** A device's log over these voters; the same device twice is a writer who signs two histories. */
async function writerOver(some: readonly Voter[], device = 'laptop'): Promise<LogWriter> {
  const note = signDelegation(
    crypto,
    {
      format: 'vauban/delegate/0',
      charter: 'grand-est',
      agency: 'metz',
      deviceKey: publicOf(`device ${device}`),
      peer: `peer-${device}`,
      vault: VAULT,
      policy: 'standard',
      rights: ['write', 'delete'],
      issued: clock.now(),
      until: clock.now() + 86_400_000,
    },
    seedOf('root metz'),
  );
  const logs = await LogStore.open(memoryStore(), crypto);
  const writer = new LogWriter({
    crypto,
    clock,
    random,
    charters,
    voters: () => some,
    logs,
    seed: seedOf(`device ${device}`),
    genesis: { kind: 'genesis', writer: 'device', note, adopts: null },
  });
  await clock.run(writer.start());
  return writer;
}

const append = (writer: LogWriter, ...texts: string[]) =>
  clock.run(writer.append(() => texts.map((text) => ({ kind: 'objects' as const, sealed: utf8(text) }))));

function verify(
  shown: readonly Voter[] = voters,
  how: Partial<Pick<VerifyLedgerOptions, 'copies' | 'memory'>> = {},
): Promise<LedgerReport> {
  const scopes = [{ of: 'all' as const }];
  return clock.run(verifyLedger({ crypto, clock, random, charters, voters: shown, scopes, ...how }));
}

/** All orders of who is asked first. */
const rotations = <One>(list: readonly One[]) =>
  list.map((_, at) => [...list.slice(at), ...list.slice(0, at)]);

/** One voter behaves otherwise. */
const replaced = (hoster: string, change: (voter: Voter) => Partial<Voter>) =>
  voters.map((voter) => (voter.hoster === hoster ? { ...voter, ...change(voter) } : voter));

/** All of them; before one hands out entries, this is done, and may fail. */
const askedFirst = (before: (hoster: string) => unknown) =>
  voters.map((voter) => ({
    ...voter,
    batches: async (...of: Parameters<Voter['batches']>) => {
      before(voter.hoster);
      return voter.batches(...of);
    },
  }));

/** Answers with changed heads, properly signed. */
function showing(voter: Voter, change: (body: HeadsBody) => HeadsBody): Partial<Voter> {
  return {
    heads: async (nonce, scope) => {
      const signed = await voter.heads(nonce, scope);
      const body = openHeads(crypto, charters.current, { hoster: voter.hoster, nonce, scope }, signed);
      return signHeads(crypto, change(body), cosignerOf(voter.hoster).seed);
    },
  };
}

describe('verifying the ledger', () => {
  it('finds nothing where nothing is wrong, and counts what there is', async () => {
    const writer = await writerOver(voters);
    await append(writer, 'one', 'two');
    await append(writer, 'three');
    const other = await writerOver(voters, 'desk');
    await append(other, 'four');
    for (const one of [writer, other]) await clock.run(one.spreadCertificate());
    const report = await verify();
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, logs: 2, entries: 6, certified: 6, silent: [] });
    expect(report.reached).toEqual([...HOSTERS]);
  });

  it('names the one whose copy is another history, whether it is asked first or last', async () => {
    const writer = await writerOver(voters);
    await append(writer, 'one', 'two');
    await append(writer, 'three', 'four', 'five');
    await clock.run(writer.spreadCertificate());
    // Of the same length, shorter and longer; none of its ends need be an end of the others' batches.
    for (const lengths of [[2, 3], [3], [1, 1, 1, 1, 4]]) {
      const liar = await voterOf('h2', charters, clock);
      const lies = await lyingWriter(liar);
      for (const length of lengths) await lies(length);
      for (const order of rotations(replaced('h2', () => ({ ...liar })))) {
        const report = await verify(order);
        expect(report.problems.map(({ hoster, code }) => [hoster, code])).toEqual([['h2', 'FORKED']]);
        expect(report.ok).toBe(false);
        expect(report).toMatchObject({ logs: 1, entries: 6, certified: 6 });
      }
    }
  });

  describe.each(['all', 'heads'] as const)('a device that signed two histories (%s)', (copies) => {
    const sealing = (shown: readonly Voter[], origin: string, hosters: readonly string[]) =>
      shown.map((voter) => {
        const says = (body: HeadsBody) => ({ ...body, seals: [{ origin, branches: [], notes: [] }] });
        return hosters.includes(voter.hoster) ? { ...voter, ...showing(voter, says) } : voter;
      });

    it('is a problem until more hosters than can lie say that it was revoked', async () => {
      const writer = await writerOver(voters);
      await append(writer, 'one', 'two');
      await clock.run(writer.spreadCertificate());
      const other = await voterOf('h2', charters, clock);
      const writes = await lyingWriter(other);
      await writes(4);
      const shown = replaced('h2', () => other);
      for (const order of rotations(shown)) {
        const doubted = await verify(sealing(order, writer.origin, ['h2']), { copies });
        expect(doubted.problems.map(({ hoster, code }) => [hoster, code])).toEqual([['h2', 'FORKED']]);
        const settled = await verify(sealing(order, writer.origin, ['h2', 'h3']), { copies });
        expect(settled).toMatchObject({ ok: true, problems: [], certified: 3 });
      }
    });

    it('is one for ever when both are certified', async () => {
      const others = await Promise.all(HOSTERS.map((hoster) => voterOf(hoster, charters, clock)));
      const [one, two] = [await writerOver(voters), await writerOver(others)];
      await append(one, 'one');
      await append(two, 'two');
      for (const writer of [one, two]) await clock.run(writer.spreadCertificate());
      const shown = replaced('h2', () => others[1] as Voter);
      const report = await verify(sealing(shown, one.origin, ['h1', 'h3', 'h4']), { copies });
      expect(report.problems.map(({ hoster, code }) => [hoster, code])).toEqual([['h2', 'FORKED']]);
    });
  });

  it('is not disturbed by one who is behind, or who got in one batch what others got in two', async () => {
    const [h1, h2, h3, h4] = voters as [Voter, Voter, Voter, Voter];
    const cut = { append: () => Promise.reject(new Error('cut off')) };
    const writer = await writerOver([h1, h2, h3, { ...h4, ...cut }]);
    await append(writer, 'one', 'two');
    await append(writer, 'three');
    const [first, last] = (await h1.batches(writer.origin, 0)) as [Append, Append];
    const joined = { ...last, oldSize: 0, records: [...first.records, ...last.records] };
    const behind = await voterOf('h4', charters, clock);
    await behind.append(first, null);
    expect(await h4.append(joined, null)).toMatchObject({ result: 'cosigned' });
    for (const one of [h4, behind]) {
      for (const order of rotations([h1, h2, h3, one])) {
        expect(await verify(order)).toMatchObject({ problems: [], entries: 4 });
      }
    }
  });

  it('names the one whose entries are not those it signed for', async () => {
    const writer = await writerOver(voters);
    await append(writer, 'one', 'two');
    const flipped = replaced('h3', (voter) => ({
      batches: async (origin, from) =>
        (await voter.batches(origin, from)).map((one) => ({
          ...one,
          records: one.records.map((record, nth) =>
            nth === 1
              ? { ...record, payload: concat(heldRecord(record).payload.slice(0, -1), Uint8Array.of(7)) }
              : record,
          ),
        })),
    }));
    for (const order of rotations(flipped)) {
      const { problems } = await verify(order);
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({ hoster: 'h3', origin: writer.origin });
    }
  });

  it('names the one who signs for more than it hands out, for another size, or for nothing that can be read', async () => {
    const writer = await writerOver(voters);
    await append(writer, 'one');
    const heads = (change: (head: HeadsBody['heads'][number]) => Partial<HeadsBody['heads'][number]>) =>
      replaced('h1', (voter) =>
        showing(voter, (body) => ({
          ...body,
          heads: body.heads.map((head) => ({ ...head, ...change(head) })),
        })),
      );
    for (const lie of [
      heads(({ size }) => ({ size: size + 1 })),
      heads(() => ({ checkpoint: 'nothing' })),
      heads(() => ({ certificate: 'nothing' })),
      heads(({ certificate }) => ({ certificate: `${certificate}`.replace('grand-est/h', 'grand-est/x') })),
    ]) {
      const { problems } = await verify(lie);
      expect(problems.map(({ hoster }) => hoster)).toEqual(['h1']);
    }
  });

  it('names the one whose answer is signed by another, and counts no silent one among those who answered', async () => {
    await append(await writerOver(voters), 'one');
    const [, h2] = voters as [Voter, Voter];
    const odd = replaced('h1', () => ({ heads: (nonce, scope) => h2.heads(nonce, scope) })).map((voter) =>
      voter.hoster === 'h4'
        ? {
            ...voter,
            heads: () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })),
          }
        : voter,
    );
    const report = await verify(odd);
    expect(report.problems.map(({ hoster, code }) => [hoster, code])).toEqual([
      ['h1', 'HEADS_FORGED'],
      ['h4', 'ECONNREFUSED'],
    ]);
    expect(report.reached).toEqual(['h2', 'h3']);
  });

  it.each([
    ['heads', 'heads'],
    ['all', 'heads'],
    ['all', 'batches'],
  ] as const)('accuses nobody who has no word yet (comparing %s, asked for %s)', async (copies, asked) => {
    await append(await writerOver(voters), 'one');
    const opening = () => Promise.reject(new Fault('refused', 'EPOCH_OPENING', 'a new epoch is opening', {}));
    const report = await verify(
      replaced('h2', () => ({ [asked]: opening })),
      { copies },
    );
    expect(report).toMatchObject({ ok: true, problems: [], silent: ['h2'] });
  });

  it('takes the log from the next hoster where one withholds what it handed out before', async () => {
    const writer = await writerOver(voters);
    await append(writer, 'one', 'two');
    await clock.run(writer.spreadCertificate());
    let asked = 0;
    const fickle = askedFirst(() => {
      // The four copies come first, then what is checked is pulled again.
      asked += 1;
      if (asked === 5) throw new Fault('unreachable', 'PEER_UNREACHABLE', 'gone', {});
    });
    const report = await verify(fickle, { copies: 'all' });
    expect(report).toMatchObject({ ok: true, entries: 3, certified: 3, problems: [] });
    expect(asked).toBe(6);
  });

  it('judges what it could get of a log whose end was withheld', async () => {
    const reached = [...voters];
    const writer = await writerOver(reached);
    await append(writer, 'one');
    await clock.run(writer.spreadCertificate());
    // The fourth hoster holds the log, and a certificate, up to here.
    reached.pop();
    await append(writer, 'two');
    await clock.run(writer.spreadCertificate());
    const asked = new Set<string>();
    const leaving = askedFirst((hoster) => {
      if (hoster !== 'h4' && asked.has(hoster))
        throw new Fault('unreachable', 'PEER_UNREACHABLE', 'gone', {});
      asked.add(hoster);
    });
    const report = await verify(leaving, { copies: 'all' });
    expect(report).toMatchObject({ entries: 2, certified: 2, problems: [], silent: ['h1', 'h2', 'h3'] });
  });

  it('is not satisfied when nobody answers', async () => {
    expect(await verify([])).toMatchObject({ ok: false, problems: [], reached: [] });
  });
});

/** The laptop's key used a second time: this hoster alone gets, and keeps, another history of so many entries. */
async function lyingWriter(liar: Voter): Promise<(entries: number) => Promise<void>> {
  // Three more of the liar's kind give it the certificates it needs to go on; none of them is ever shown.
  const hidden = await Promise.all(
    HOSTERS.filter((hoster) => hoster !== liar.hoster).map((hoster) => voterOf(hoster, charters, clock)),
  );
  const uncertified: Voter = {
    ...liar,
    certify: async () => undefined,
    putNote: async () => undefined,
    notes: async () => ({ notes: [], more: false }),
    append: (one) => liar.append(one, null),
  };
  const writer = await writerOver([uncertified, ...hidden]);
  let nth = 0;
  return async (entries) => {
    await append(writer, ...Array.from({ length: entries }, () => `a lie ${nth++}`));
  };
}

describe('comparing heads instead of copies', () => {
  beforeEach(async () => {
    for (const device of ['laptop', 'desk']) {
      const writer = await writerOver(voters, device);
      await append(writer, 'one', 'two');
      await append(writer, 'three');
      await clock.run(writer.spreadCertificate());
    }
  });

  const counted = () => {
    const pulled: string[] = [];
    return { pulled, shown: askedFirst((hoster) => pulled.push(hoster)) };
  };
  const byHeads = (shown: readonly Voter[], memory?: Store) =>
    verify(shown, { copies: 'heads', ...(memory === undefined ? {} : { memory }) });

  it('finds the same as reading every copy, and pulls each log once', async () => {
    const { pulled, shown } = counted();
    const report = await byHeads(shown);
    expect(report).toEqual(await verify());
    expect(report.ok).toBe(true);
    expect(report.logs).toBe(2);
    expect(pulled).toHaveLength(2);
  });

  it('a hoster that shows another history is named', async () => {
    const [first] = voters as [Voter];
    const h1 = first.hoster;
    const odd = replaced(h1, (voter) =>
      showing(voter, (body) => ({
        ...body,
        heads: body.heads.map((one) => ({ ...one, size: one.size + 1 })),
      })),
    );
    const report = await byHeads(odd);
    expect(new Set(report.problems.map(({ hoster }) => hoster))).toEqual(new Set([h1]));
  });

  it('what was verified before is neither pulled nor admitted again; what came since is', async () => {
    const memory = memoryStore();
    const before = await byHeads(voters, memory);
    const second = counted();
    expect(await byHeads(second.shown, memory)).toEqual(before);
    expect(second.pulled).toEqual([]);
    const writer = await writerOver(voters, 'tablet');
    await append(writer, 'new');
    const third = counted();
    const report = await byHeads(third.shown, memory);
    expect(report).toMatchObject({ ok: true, logs: before.logs + 1 });
    expect(third.pulled).toHaveLength(1);
  });

  it('what was certified once and is no longer shown is a rollback', async () => {
    const memory = memoryStore();
    await byHeads(voters, memory);
    const forgetful = voters.map((voter) => ({
      ...voter,
      ...showing(voter, (body) => ({ ...body, heads: body.heads.slice(1) })),
    }));
    const { ok, problems } = await byHeads(forgetful, memory);
    expect(ok).toBe(false);
    expect(problems.map(({ code }) => code)).toContain('ROLLBACK');
  });
});
