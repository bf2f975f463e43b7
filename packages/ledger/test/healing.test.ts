// A hoster whose rows were lost or changed gets its logs back from the others by itself, votes again, and never on a log
// that it cannot make whole. Every row of its store is damaged in turn.

import {
  checkedStore,
  equalBytes,
  Fault,
  memoryFiles,
  memoryStore,
  type Store,
  toHex,
  utf8,
} from '@vauban/core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  Healer,
  LogStore,
  Mirror,
  openHeads,
  readHead,
  signRootNote,
  VoteJournal,
  type Voter,
} from '../src/index.ts';
import { countedRandom, TestNetwork, VOTES } from './memory-hosters.ts';
import { cosignerOf, crypto, NOW, publicOf, seedOf } from './sample-charter.ts';
import { deviceGenesis, keepOf, objects, Pen, placeOf } from './samples.ts';

type Rows = ReadonlyMap<string, Uint8Array>;
const sync = { sync: true };
const inHex = (rows: Rows) => [...rows].map(([key, value]) => `${key} ${toHex(value)}`);
const hexOf = (text: string) => toHex(utf8(text));
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

async function rowsOf(store: Store): Promise<Map<string, Uint8Array>> {
  const rows = new Map<string, Uint8Array>();
  for await (const [key, value] of store.range({})) rows.set(toHex(key), value);
  return rows;
}

/** A hoster after a start, its disk holding these rows: what a daemon makes of them. */
interface Patient {
  readonly mirror: Mirror;
  readonly healer: Healer;
  readonly raw: Store;
  readonly store: Store;
  readonly told: string[];
}

let net: TestNetwork;
/** What hoster 1 held when it stopped, each value with its hash. */
let sound: Rows;
let plain: Rows;
let laptop: string;

async function start(rows: Rows, of: { others?: readonly Voter[]; doubt?: boolean } = {}): Promise<Patient> {
  const raw = memoryStore();
  await raw.batch(
    [...rows].map(([key, value]) => ({ put: bytesOf(key), value })),
    sync,
  );
  const store = checkedStore(raw, crypto);
  const { charters, clock } = net;
  const hoster = net.hoster(1);
  const files = memoryFiles();
  const votes = await files.create(VOTES);
  await votes.write(hoster.files.bytesOf(VOTES) as Uint8Array);
  const journal = await VoteJournal.open(files, VOTES, crypto);
  const logs = await LogStore.open(store, crypto, 'quarantine');
  const voting = { hoster: hoster.hoster, epoch: 0, cosigner: cosignerOf(hoster.hoster), journal };
  const mirror = new Mirror({ logs, crypto, clock, charters, voting });
  const doubt = (error: unknown) => logs.quarantine.distrust(error as Fault);
  if (of.doubt === true) doubt(new Fault('integrity', 'STORE_UNREADABLE', 'writes were dropped', {}));
  await mirror.checkHistory().catch(doubt);
  const told: string[] = [];
  const others = () => of.others ?? net.hosters.slice(1);
  const log = (_: string, event: string) => void told.push(event);
  const healer = new Healer({ mirror, crypto, charters, clock, random: countedRandom('heal'), others, log });
  return { mirror, healer, raw, store, told };
}

const never = new AbortController().signal;

/** What a daemon does in its first quiet minutes: all that is damaged is found, and healed. */
async function heal({ mirror, healer }: Patient, rounds = 4): Promise<boolean> {
  for (const _ of [...mirror.logs.origins(), 'the rest']) await healer.scrubNext(async () => undefined);
  for (let round = 0; round < rounds; round++) if (await healer.round(never)) return true;
  return false;
}

/** Rows that say the same thing in other bytes after healing: when a release came, when a head was stored. */
const table = (key: string) => Buffer.from(key.slice(0, 4), 'hex').toString();

async function expectWhole(patient: Patient): Promise<void> {
  const { mirror, store } = patient;
  const rows = await rowsOf(store);
  for (const [key, value] of plain) {
    const found = rows.get(key);
    // A batch's end in the middle of a log only says where it may be cut in two.
    if (table(key) === 'B/' && found === undefined) continue;
    expect(found, `row ${Buffer.from(key, 'hex').toString('latin1')}`).toBeDefined();
    if (!['L/', 'R/'].includes(table(key))) expect(equalBytes(found as Uint8Array, value)).toBe(true);
  }
  for (const key of rows.keys()) expect(plain.has(key), `nothing is added: ${key}`).toBe(true);
  for (const origin of net.hoster(1).mirror.logs.origins()) {
    const { size, certifiedSize, checkpoint } = net.hoster(1).mirror.logs.state(origin);
    expect(mirror.logs.state(origin)).toMatchObject({ size, certifiedSize, checkpoint });
    expect(await mirror.batches(origin, 0)).not.toHaveLength(0);
  }
  await mirror.checkHistory();
}

beforeAll(async () => {
  net = await TestNetwork.of(4);
  const device = await net.startedWriter('laptop');
  laptop = device.origin;
  await device.append(() => [objects('a'), objects('b')]);
  const place = placeOf(net.charters.current);
  await device.append(() => [place]);
  await device.spreadCertificate();
  await device.append(() => [keepOf(place.segment)]);
  // Refused, and voided.
  const alone = [placeOf(net.charters.current, { holders: ['h1'] })];
  await device.append(() => alone).catch(() => undefined);
  await device.append(() => [objects('c')]);
  await device.spreadCertificate();
  const phone = await net.startedWriter('phone');
  await phone.append(() => [objects('d')]);
  await phone.spreadCertificate();
  plain = await rowsOf(net.hoster(1).store);
  const checked = memoryStore();
  await checkedStore(checked, crypto).batch(
    [...plain].map(([key, value]) => ({ put: bytesOf(key), value })),
    sync,
  );
  sound = await rowsOf(checked);
});

describe('each row in turn', () => {
  const harms: readonly [string, (rows: Map<string, Uint8Array>, key: string) => void][] = [
    ['gone', (rows, key) => rows.delete(key)],
    [
      'changed',
      (rows, key) => {
        const bent = (rows.get(key) as Uint8Array).slice();
        bent[0] = (bent[0] as number) ^ 1;
        rows.set(key, bent);
      },
    ],
    [
      'under another key',
      (rows, key) => {
        const value = rows.get(key) as Uint8Array;
        rows.delete(key);
        const bent = bytesOf(key);
        bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 0x10;
        rows.set(toHex(bent), value);
      },
    ],
  ];
  test.each(harms)('%s', async (how, harm) => {
    const tables = new Set<string>();
    let found = 0;
    for (const key of sound.keys()) {
      tables.add(table(key));
      const rows = new Map(sound);
      harm(rows, key);
      const patient = await start(rows);
      expect(await heal(patient), `${how}: ${Buffer.from(key, 'hex').toString('latin1')}`).toBe(true);
      if (patient.told.includes('ledger-healed')) found += 1;
      await expectWhole(patient);
    }
    expect([...tables].sort()).toEqual(['B/', 'E/', 'H/', 'L/', 'S/', 'V/', 'W/']);
    expect(found).toBeGreaterThan(10);
  });

  test('all of them: the whole ledger comes back, and the voter votes', async () => {
    const patient = await start(new Map());
    expect(patient.mirror.logs.quarantine.doubt).toMatchObject({ code: 'VOTE_HISTORY_CONTRADICTS' });
    await expect(patient.mirror.heads(new Uint8Array(32), { of: 'all' }, null)).rejects.toMatchObject({
      code: 'LOG_QUARANTINED',
    });
    expect(await heal(patient)).toBe(true);
    await expectWhole(patient);
    patient.mirror.startVoting();
    const device = new Pen('device tablet');
    const append = device.write([deviceGenesis('tablet'), objects('new')]);
    expect(await patient.mirror.append(append, null)).toMatchObject({ result: 'cosigned' });
  });
});

describe('while a log is in quarantine', () => {
  const hole = () => {
    const rows = new Map(sound);
    const [key] = [...rows.keys()].filter((one) => one.startsWith(hexOf(`E/${laptop}`)));
    rows.delete(key as string);
    return rows;
  };

  test('it is neither voted on, nor handed out, nor answered for; the others are', async () => {
    const patient = await start(hole(), { others: [] });
    const { mirror } = patient;
    mirror.startVoting();
    expect(await heal(patient)).toBe(false);
    expect(mirror.logs.quarantine.entries().map(([origin]) => origin)).toEqual([laptop]);
    await expect(mirror.batches(laptop, 0)).rejects.toMatchObject({
      kind: 'unreachable',
      code: 'LOG_QUARANTINED',
    });
    const state = net.hoster(1).mirror.logs.state(laptop);
    const { checkpoint, size } = state;
    const append = { origin: laptop, oldSize: size, checkpoint, records: [] };
    await expect(mirror.append(append, null)).rejects.toMatchObject({ code: 'LOG_QUARANTINED' });
    await expect(mirror.adopt(append)).rejects.toMatchObject({ code: 'LOG_QUARANTINED' });
    const nonce = new Uint8Array(32);
    const scope = { of: 'all' } as const;
    const signed = await mirror.heads(nonce, scope, null);
    const body = openHeads(crypto, net.charters.current, { hoster: 'h1', nonce, scope }, signed);
    expect(body.unready).toEqual([laptop]);
    expect(body.heads.map(({ origin }) => origin)).toEqual([net.originOf('phone')]);
    const pen = new Pen('device watch');
    expect(await mirror.append(pen.write([deviceGenesis('watch'), objects('x')]), null)).toMatchObject({
      result: 'cosigned',
    });
    // What depends on every log waits: the damaged one may hold what forbids it.
    const place = placeOf(net.charters.current, { name: 'other' });
    expect(await mirror.append(pen.write([place]), null)).toMatchObject({
      result: 'refused',
      class: 'later',
      fault: { code: 'LEDGER_HEALING' },
    });
  });

  test('a read that meets the damage puts the log there', async () => {
    const { mirror } = await start(hole(), { others: [] });
    expect(mirror.logs.quarantine.size).toBe(0);
    await expect(mirror.batches(laptop, 0)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect(mirror.logs.quarantine.of(laptop)).toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('one other is enough for a hole, q are for a head that is gone', async () => {
    const one = await start(hole(), { others: [net.hoster(2)] });
    expect(await heal(one)).toBe(true);
    const rows = new Map(sound);
    rows.delete(hexOf(`L/${laptop}`));
    const two = await start(rows, { others: net.hosters.slice(1, 3) });
    expect(await heal(two)).toBe(false);
    expect(two.mirror.logs.quarantine.doubt).not.toBeNull();
    const three = await start(rows);
    expect(await heal(three)).toBe(true);
    await expectWhole(three);
  });

  test('what the others hand out is checked like a stranger’s, and nothing of it is written before', async () => {
    const liar: Voter = {
      ...voterOf(2),
      batches: async (origin, from) =>
        (await net.hoster(2).batches(origin, from)).map((batch) => ({
          ...batch,
          records: batch.records.map((record) =>
            'payload' in record ? { ...record, payload: new Uint8Array(3) } : record,
          ),
        })),
    };
    const patient = await start(hole(), { others: [liar] });
    const before = await rowsOf(patient.raw);
    expect(await heal(patient)).toBe(false);
    expect(patient.told).toContain('log-not-healed');
    expect(await rowsOf(patient.raw)).toEqual(before);
    const helped = await start(hole(), { others: [liar, net.hoster(3)] });
    expect(await heal(helped)).toBe(true);
    await expectWhole(helped);
  });
});

describe('what this voter voted', () => {
  test('must be in what it pulls: another history leaves the log in quarantine for good', async () => {
    // The device signed two histories; hoster 1 voted for the one that only it saw.
    const own = await TestNetwork.of(4);
    const pen = new Pen('device laptop');
    const genesis = pen.write([deviceGenesis('laptop')]);
    const fork = pen.copy();
    for (const hoster of own.hosters) await hoster.append(genesis, null);
    await own.hoster(1).append(pen.write([objects('mine')]), null);
    const theirs = fork.write([objects('theirs')]);
    for (const hoster of own.hosters.slice(1)) await hoster.append(theirs, null);
    const before = net;
    net = own;
    try {
      const patient = await start(new Map());
      expect(await heal(patient)).toBe(false);
      expect(patient.mirror.logs.quarantine.of(pen.origin)).toMatchObject({
        code: 'VOTE_HISTORY_CONTRADICTS',
      });
      expect(patient.mirror.logs.has(pen.origin)).toBe(false);
      patient.mirror.startVoting();
      await expect(patient.mirror.append(fork.appendFrom(0), null)).rejects.toMatchObject({
        code: 'LOG_QUARANTINED',
      });
      const phone = new Pen('device phone').write([deviceGenesis('phone')]);
      expect(await patient.mirror.append(phone, null)).toMatchObject({ result: 'cosigned' });
    } finally {
      net = before;
    }
  });

  test('nothing shorter is taken for the whole: it waits until somebody shows it', async () => {
    const own = await TestNetwork.of(4);
    const pen = new Pen('device laptop');
    const genesis = pen.write([deviceGenesis('laptop')]);
    for (const hoster of own.hosters) await hoster.append(genesis, null);
    const more = pen.write([objects('only here yet')]);
    await own.hoster(1).append(more, null);
    const before = net;
    net = own;
    try {
      const patient = await start(new Map());
      expect(await heal(patient)).toBe(false);
      expect(patient.mirror.logs.quarantine.of(pen.origin)).toMatchObject({ code: 'STORE_CORRUPT' });
      await own.hoster(3).append(more, null);
      expect(await heal(patient)).toBe(true);
      const { checkpoint } = patient.mirror.logs.state(pen.origin);
      expect(readHead(checkpoint).size).toBe(2);
    } finally {
      net = before;
    }
  });
});

function revokeOf(device: string): Uint8Array {
  const deviceKey = publicOf(`device ${device}`);
  const body = {
    format: 'vauban/revoke/0',
    charter: 'grand-est',
    agency: 'metz',
    deviceKey,
    issued: NOW,
  } as const;
  return signRootNote(crypto, body, seedOf('root metz'));
}

function voterOf(at: number): Voter {
  const one = net.hoster(at);
  return {
    hoster: one.hoster,
    append: (...of) => one.append(...of),
    heads: (...of) => one.heads(...of),
    batches: (...of) => one.batches(...of),
    certify: (...of) => one.certify(...of),
    putNote: (...of) => one.putNote(...of),
    notes: (...of) => one.notes(...of),
  };
}

describe('a seal', () => {
  test('whose row is lost is written again from its note; whose note is lost, from what the others store', async () => {
    const own = await TestNetwork.of(4);
    const pen = new Pen('device laptop');
    const genesis = pen.write([deviceGenesis('laptop')]);
    for (const hoster of own.hosters) await hoster.append(genesis, null);
    for (const hoster of own.hosters) await hoster.putNote(revokeOf('laptop'));
    const before = net;
    net = own;
    try {
      const checked = memoryStore();
      const held = await rowsOf(own.hoster(1).store);
      await checkedStore(checked, crypto).batch(
        [...held].map(([key, value]) => ({ put: bytesOf(key), value })),
        sync,
      );
      const all = await rowsOf(checked);
      for (const gone of ['Q/', 'N/', 'O/']) {
        for (const how of ['gone', 'changed']) {
          const rows = new Map(all);
          for (const [key, value] of all) {
            if (table(key) !== gone) continue;
            if (how === 'gone') rows.delete(key);
            else
              rows.set(
                key,
                value.map((byte, at) => (at === 0 ? byte ^ 1 : byte)),
              );
          }
          expect(rows).not.toEqual(all);
          // A note that vanished without a trace is missed by nobody: doubt of the whole is what brings it back.
          const patient = await start(rows, { doubt: gone === 'N/' });
          expect(await heal(patient), `${gone} ${how}`).toBe(true);
          expect(inHex(await rowsOf(patient.store)), `${gone} ${how}`).toEqual(inHex(held));
          patient.mirror.startVoting();
          const reply = await patient.mirror.append(pen.copy().write([objects('after')]), null);
          expect(reply).toMatchObject({ result: 'refused', fault: { code: 'LOG_SEALED' } });
        }
      }
    } finally {
      net = before;
    }
  });
});
