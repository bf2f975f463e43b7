// Who may ask what of a real daemon: every role against every message and both bulk verbs, each allowed or refused with
// its exact fault. What a peer is does not outlive its delegation, its key or its place in the charter.

import { encodeCbor } from '@vauban/core';
import { nodeClock, nodeRandom } from '@vauban/core/node';
import { charterOrigin, readDelegation, readHead, signRootNote } from '@vauban/ledger';
import { credentialMessage, decodeAnswer, type Identity, readBulkReply, type Request } from '@vauban/wire';
import { nodeCrypto as crypto } from '@vauban/core/node';
import { readKey } from '@vauban/daemon';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Caller, outcomeOf } from './caller.ts';
import { Consortium } from './consortium.ts';
import { type Device, newAgency, newDevice, objects, Pen } from './pen.ts';
import type { TestSegment } from './segment.ts';

let it: Consortium;
/** The archives' log, certified, and a fragment of theirs that site 0 holds. */
let own: Device;
let certificate: string;
let held: TestSegment;
/** A log of the hospital. */
let theirs: Device;
const callers: Caller[] = [];

beforeAll(async () => {
  it = await Consortium.open();
  own = it.device();
  own.pen.write([own.genesis, objects('a')]);
  certificate = await it.certify(own.pen);
  held = it.segment('held');
  await it.courier.upload(0, held, 0);
  theirs = it.device({}, it.hospital);
  await it.mustBring(theirs.pen.write([theirs.genesis]));
});
afterAll(async () => {
  await Promise.all(callers.map((one) => one.close()));
  await it?.close();
});

async function open(identity: Identity, transportSeed?: Uint8Array): Promise<Caller> {
  const caller = await Caller.open(it.network, identity, transportSeed);
  callers.push(caller);
  return caller;
}

function asDevice({ note, transportSeed }: Pick<Device, 'note' | 'transportSeed'>): Promise<Caller> {
  return open({ role: 'device', note }, transportSeed);
}

async function member(role: 'operator' | 'officer'): Promise<Identity> {
  const folder = join(it.network.root, `${role}s`);
  const name = (await readdir(folder)).find((one) => one.endsWith('.key')) ?? '';
  const { seed } = await readKey(join(folder, name), role);
  return { role, id: name.replace(/\.key$/, ''), seed };
}

const roles = {
  'a daemon': () => open({ role: 'daemon' }, it.spare.transportSeed),
  'a device of the agency': () => asDevice(it.device()),
  'a device that may only delete': () => asDevice(it.device({ rights: ['delete'] })),
  'a device of another agency': () => asDevice(it.device({}, it.hospital)),
  'a device of a suspended agency': () => asDevice(it.device({}, it.frozen)),
  'an officer': async () => open(await member('officer')),
  'an operator': async () => open(await member('operator')),
  'a device whose delegation ended': () => asDevice(it.device({ until: nodeClock.now() - 1 })),
  'a device with another’s delegation': () =>
    asDevice({ note: it.device().note, transportSeed: nodeRandom.bytes(32) }),
  'a device with a forged delegation': () =>
    asDevice(newDevice(it.charter.name, it.archives, {}, it.hospital.rootSeed)),
  'a device of another charter': () => asDevice(it.device({ charter: 'grand-ouest' })),
  'a device of no agency': () => asDevice(newDevice(it.charter.name, newAgency('nobody'))),
  'a stranger that says it is a daemon': () => open({ role: 'daemon' }),
  'a stranger that says it is an officer': () =>
    open({ role: 'officer', id: it.charter.officers[0]?.id ?? '', seed: nodeRandom.bytes(32) }),
  'a stranger that says it is an operator': () =>
    open({ role: 'operator', id: it.charter.operators[0]?.id ?? '', seed: nodeRandom.bytes(32) }),
} satisfies { [role: string]: () => Promise<Caller> };
type Role = keyof typeof roles;

const nonce = () => nodeRandom.bytes(32);
const NOBODYS = new Uint8Array(32);

/** Everything that can be asked, as a peer would that means it. */
const asks = {
  charter: (caller) => caller.ask(0, 'charter', { from: 1 }),
  'charter-offer': (caller) => {
    const [, second] = it.charters.signedFrom(1);
    if (second === undefined) throw new Error('a second version');
    return caller.ask(0, 'charter-offer', { signed: { ...second, signatures: [...second.signatures] } });
  },
  append: (caller) => caller.ask(0, 'append', { append: own.pen.from(0), certificate: null }),
  'heads by name': (caller) =>
    caller.ask(0, 'heads', { nonce: nonce(), scope: { of: 'origins', origins: [own.pen.origin] } }),
  'heads of the vault': (caller) =>
    caller.ask(0, 'heads', { nonce: nonce(), scope: { of: 'vault', vault: it.archives.vault } }),
  'heads of everything': (caller) => caller.ask(0, 'heads', { nonce: nonce(), scope: { of: 'all' } }),
  batches: (caller) => caller.ask(0, 'batches', { origin: own.pen.origin, from: 0 }),
  certify: (caller) => caller.ask(0, 'certify', { origin: own.pen.origin, certificate }),
  note: (caller) => caller.ask(0, 'note', { note: own.note }),
  notes: (caller) => caller.ask(0, 'notes', { after: null }),
  receipt: (caller) => caller.ask(0, 'receipt', { segment: held.wire, index: 0 }),
  leaf: (caller) => caller.ask(0, 'leaf', { segment: held.id, index: 0, leaf: 0 }),
  status: (caller) => caller.ask(0, 'status', {}),
  ping: (caller) => caller.ask(0, 'ping', {}),
  holders: (caller) => caller.ask(0, 'holders', { segments: [held.id] }),
  healing: (caller) => caller.ask(0, 'healing', {}),
  'repair-pause': (caller) => caller.ask(0, 'repair-pause', { paused: false }),
  'bulk put': (caller) => caller.upload(0, held, 0),
  'bulk get': (caller) => caller.download(0, held, 0),
} satisfies { [ask: string]: (caller: Caller) => Promise<unknown> };
type AskName = keyof typeof asks;

const all = (code: string) => Object.fromEntries(Object.keys(asks).map((ask) => [ask, code]));

/** What devices leave to members. */
const noDevice = {
  'heads of everything': 'NOT_ALLOWED',
  ping: 'NOT_ALLOWED',
  healing: 'NOT_ALLOWED',
  'repair-pause': 'NOT_ALLOWED',
};

/** And what is another agency's. */
const nobodyHere = {
  ...noDevice,
  'heads by name': 'NOT_YOURS',
  'heads of the vault': 'NOT_YOURS',
  batches: 'NOT_YOURS',
  receipt: 'VAULT_OTHER',
  leaf: 'NOT_YOURS',
  'bulk put': 'VAULT_OTHER',
  'bulk get': 'NOT_YOURS',
};

/** What is not `ok`. */
const expected: { readonly [role in Role]: { readonly [ask in AskName]?: string } } = {
  'a daemon': {
    receipt: 'NOT_ALLOWED',
    'repair-pause': 'NOT_ALLOWED',
    'bulk put': 'RIGHT_MISSING',
  },
  'a device of the agency': noDevice,
  'a device that may only delete': {
    ...noDevice,
    receipt: 'RIGHT_MISSING',
    'bulk put': 'RIGHT_MISSING',
  },
  'a device of another agency': nobodyHere,
  'a device of a suspended agency': nobodyHere,
  'an officer': {
    append: 'NOT_ALLOWED',
    note: 'NOT_ALLOWED',
    notes: 'NOT_ALLOWED',
    receipt: 'NOT_ALLOWED',
    leaf: 'NOT_ALLOWED',
    ping: 'NOT_ALLOWED',
    holders: 'NOT_ALLOWED',
    'repair-pause': 'NOT_ALLOWED',
    'bulk put': 'RIGHT_MISSING',
    'bulk get': 'NOT_ALLOWED',
  },
  'an operator': {
    note: 'NOT_ALLOWED',
    notes: 'NOT_ALLOWED',
    receipt: 'NOT_ALLOWED',
    ping: 'NOT_ALLOWED',
    'bulk put': 'RIGHT_MISSING',
    'bulk get': 'NOT_ALLOWED',
  },
  'a device whose delegation ended': all('DELEGATION_EXPIRED'),
  'a device with another’s delegation': all('DELEGATION_OTHER'),
  'a device with a forged delegation': all('DELEGATION_FORGED'),
  'a device of another charter': all('CHARTER_OTHER'),
  'a device of no agency': all('AGENCY_UNKNOWN'),
  'a stranger that says it is a daemon': all('STRANGER'),
  'a stranger that says it is an officer': all('STRANGER'),
  'a stranger that says it is an operator': all('STRANGER'),
};

/** An append is answered, not just allowed. */
const allowed = (ask: AskName) => (ask === 'append' ? 'cosigned' : 'ok');

test.each(Object.keys(roles) as Role[])('%s', async (role) => {
  const caller = await roles[role]();
  const found: { [ask: string]: string } = {};
  const wanted: { [ask: string]: string } = {};
  for (const ask of Object.keys(asks) as AskName[]) {
    found[ask] = (await outcomeOf(asks[ask](caller))).code;
    wanted[ask] = expected[role][ask] ?? allowed(ask);
  }
  expect(found).toEqual(wanted);
});

describe('before an introduction', () => {
  const hello = (caller: Caller, credential: Extract<Request, { ask: 'hello' }>['credential']) =>
    caller.blurt<'hello'>(0, {
      ask: 'hello',
      format: 'vauban/wire/0',
      charter: it.charter.name,
      version: 1,
      credential,
    });
  const messages = (): readonly Request[] => [
    { ask: 'charter', from: 1 },
    { ask: 'heads', nonce: nonce(), scope: { of: 'all' } },
    { ask: 'batches', origin: own.pen.origin, from: 0 },
    { ask: 'append', append: own.pen.from(0), certificate: null },
    { ask: 'certify', origin: own.pen.origin, certificate },
    { ask: 'note', note: own.note },
    { ask: 'notes', after: null },
    { ask: 'receipt', segment: held.wire, index: 0 },
    { ask: 'leaf', segment: held.id, index: 0, leaf: 0 },
    { ask: 'status' },
    { ask: 'ping' },
    { ask: 'holders', segments: [held.id] },
    { ask: 'healing' },
    { ask: 'repair-pause', paused: true },
  ];

  test.each(['a first message that is no hello', 'what follows a hello that was refused'])(
    '%s gets nowhere',
    async (which) => {
      const { transportSeed } = it.device();
      const caller = await open({ role: 'daemon' }, transportSeed);
      if (which.startsWith('what')) {
        expect(await outcomeOf(hello(caller, { role: 'daemon' }))).toEqual({ code: 'STRANGER' });
      }
      for (const message of messages()) {
        expect(await outcomeOf(caller.blurt(0, message))).toEqual({ code: 'HELLO_MISSING' });
      }
      for (const bulk of ['put', 'get'] as const) {
        const stream = await caller.blurtBulk(
          0,
          bulk === 'put'
            ? { bulk, segment: held.wire, index: 0 }
            : { bulk, segment: held.id, index: 0, runs: [[0, 1_024]] },
        );
        expect(await outcomeOf(readBulkReply(stream))).toEqual({ code: 'HELLO_MISSING' });
      }
    },
  );

  test('a stranger’s long message is not even read; a short one that is nonsense is', async () => {
    const caller = await open({ role: 'daemon' });
    const nonsense = (length: number) =>
      outcomeOf(
        caller.send(0, encodeCbor(new Uint8Array(length))).then((bytes) => decodeAnswer('status', bytes)),
      );
    expect(await nonsense(100)).toEqual({ code: 'MALFORMED' });
    expect(await nonsense(100_000)).toEqual({ code: 'HELLO_MISSING' });
  });

  test('a hello for another charter is refused', async () => {
    const { note, transportSeed } = it.device();
    const caller = await open({ role: 'device', note }, transportSeed);
    const request = { ask: 'hello', format: 'vauban/wire/0', charter: 'grand-ouest', version: 1 } as const;
    const credential = { role: 'device', note } as const;
    expect(await outcomeOf(caller.blurt<'hello'>(0, { ...request, credential }))).toEqual({
      code: 'CHARTER_OTHER',
    });
  });

  test('an officer’s proof for one daemon, or one connection, opens no other', async () => {
    const identity = await member('officer');
    if (identity.role !== 'officer') throw new Error('an officer');
    const caller = await open(identity);
    const prove = (called: string, self: string) => {
      const of = { charter: it.charter.name, caller: self, called, role: 'officer', id: identity.id };
      return crypto.ed25519Sign(identity.seed, credentialMessage(of));
    };
    const peerOf = (at: number) => it.charter.daemons[at]?.peer ?? '';
    const tell = (signature: Uint8Array) =>
      outcomeOf(hello(caller, { role: 'officer', id: identity.id, signature }));
    expect(await tell(prove(peerOf(1), caller.self))).toEqual({ code: 'STRANGER' });
    expect(await tell(prove(peerOf(0), peerOf(1)))).toEqual({ code: 'STRANGER' });
    expect(await tell(prove(peerOf(0), caller.self))).toEqual({ code: 'ok' });
  });
});

describe('a device whose agency took its rights away', () => {
  const revocation = ({ note }: Device, agency: typeof it.archives) => {
    const { deviceKey } = readDelegation(note);
    const about = { charter: it.charter.name, agency: agency.id, issued: nodeClock.now() };
    return signRootNote(crypto, { format: 'vauban/revoke/0', ...about, deviceKey }, agency.rootSeed);
  };

  test('is let in nowhere, at once; other agencies see nothing of it, and have no say in it', async () => {
    const device = it.device();
    const caller = await asDevice(device);
    const other = await asDevice(it.device({}, it.hospital));
    const status = () => outcomeOf(caller.ask(0, 'status', {}));
    expect(await status()).toEqual({ code: 'ok' });
    // Another agency speaks of the same key: nothing comes of it.
    await other.ask(0, 'note', { note: revocation(device, it.hospital) });
    expect(await outcomeOf((await asDevice(device)).ask(0, 'status', {}))).toEqual({ code: 'ok' });

    const note = revocation(device, it.archives);
    await other.ask(0, 'note', { note });
    expect(await status()).toEqual({ code: 'DEVICE_REVOKED' });
    expect(await outcomeOf((await asDevice(device)).ask(0, 'status', {}))).toEqual({
      code: 'DEVICE_REVOKED',
    });
    const notesOf = async (asked: Caller) => (await asked.ask(0, 'notes', { after: null })).notes;
    const mine = await notesOf(await asDevice(it.device()));
    expect(mine.some((one) => Buffer.compare(one, note) === 0)).toBe(true);
    expect((await notesOf(other)).some((one) => Buffer.compare(one, note) === 0)).toBe(false);
  });
});

describe('what a suspended agency may still do', () => {
  test('read, but not store', async () => {
    // Stored while in good standing.
    const segment = it.segment('before the suspension', {}, it.hospital);
    const device = it.device({}, it.hospital);
    const caller = await asDevice(device);
    const { receipt } = await caller.upload(0, segment, 0);
    await it.mustBring(device.pen.write([device.genesis]));
    await it.network.enact((charter) => ({
      ...charter,
      agencies: charter.agencies.map((one) =>
        one.id === it.hospital.id ? { ...one, suspended: true } : one,
      ),
    }));
    expect(await caller.download(0, segment, 0)).toEqual(segment.fragments[0]);
    const may = {
      leaf: () => caller.ask(0, 'leaf', { segment: segment.id, index: 0, leaf: 0 }),
      heads: () =>
        caller.ask(0, 'heads', { nonce: nonce(), scope: { of: 'vault', vault: it.hospital.vault } }),
      batches: () => caller.ask(0, 'batches', { origin: device.pen.origin, from: 0 }),
      note: () => caller.ask(0, 'note', { note: it.device({}, it.hospital).note }),
      receipt: () => caller.ask(0, 'receipt', { segment: segment.wire, index: 0 }),
      put: () => caller.upload(0, segment, 1),
      'put again': () => caller.upload(0, segment, 0),
      append: () => caller.ask(0, 'append', { append: device.pen.write([objects('b')]), certificate: null }),
    };
    const found: { [ask: string]: string } = {};
    for (const [ask, tried] of Object.entries(may)) found[ask] = (await outcomeOf(tried())).code;
    const suspended = 'AGENCY_SUSPENDED';
    expect(found).toEqual({
      leaf: 'ok',
      heads: 'ok',
      batches: 'ok',
      note: 'ok',
      receipt: suspended,
      put: suspended,
      'put again': suspended,
      append: suspended,
    });
    expect(receipt).toHaveLength(64);
  });
});

describe('what a peer was, it is no longer', () => {
  test('once its delegation ended, on the same connection', async () => {
    const { clock } = it.network.site(1);
    const caller = await asDevice(it.device({ until: nodeClock.now() + 3_600_000 }));
    const segment = it.segment('in time');
    await caller.upload(1, segment, 1);
    clock.aheadMs = 2 * 3_600_000;
    expect(await outcomeOf(caller.ask(1, 'status', {}))).toEqual({ code: 'DELEGATION_EXPIRED' });
    expect(await outcomeOf(caller.upload(1, segment, 2))).toMatchObject({ code: 'HELLO_MISSING' });
    clock.aheadMs = 0;
  });

  test('once the charter drops its agency, its key, or the daemon', async () => {
    const device = await asDevice(it.device({}, it.small));
    const operator = await open(await member('operator'));
    const daemon = await open({ role: 'daemon' }, it.foreign.transportSeed);
    const everyone = { device, operator, daemon };
    for (const caller of Object.values(everyone)) await caller.ask(0, 'status', {});
    await it.network.enact((charter) => ({
      ...charter,
      agencies: charter.agencies.filter(({ id }) => id !== it.small.id),
      operators: [],
      daemons: charter.daemons.filter(({ id }) => id !== it.foreign.id),
    }));
    const found: { [who: string]: string } = {};
    for (const [who, caller] of Object.entries(everyone)) {
      found[who] = (await outcomeOf(caller.ask(0, 'status', {}))).code;
    }
    expect(found).toEqual({ device: 'AGENCY_UNKNOWN', operator: 'STRANGER', daemon: 'STRANGER' });
    await it.courier.ask(0, 'status', {});
  });
});

test('a log named like the charter’s takes no entries, and a log nobody wrote is empty', async () => {
  const pen = new Pen(it.charter.name, nodeRandom.bytes(32));
  const append = { ...pen.write([objects('a')]), origin: charterOrigin(it.charter.name) };
  expect(await outcomeOf(it.bring(append))).toMatchObject({ code: 'MALFORMED' });
  const { batches } = await it.courier.ask(0, 'batches', { origin: pen.origin, from: 0 });
  expect(batches).toEqual([]);
  const mine = await it.courier.ask(0, 'batches', { origin: own.pen.origin, from: 0 });
  expect(readHead(mine.batches[0]?.checkpoint ?? '').size).toBe(2);
  expect(await outcomeOf(it.courier.ask(0, 'leaf', { segment: NOBODYS, index: 0, leaf: 0 }))).toEqual({
    code: 'FRAGMENT_MISSING',
  });
});
