// Taking a device's rights away, against mirrors in memory: what it had not finished is taken over once, from every
// branch, and reads as it would have from its own log.

import { Fault, memoryStore, type Store } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import {
  type Delegation,
  LogStore,
  LogWriter,
  originOf,
  type ReaderOptions,
  refresh,
  signRootNote,
  type Voter,
} from '@vauban/ledger';
import { encodeObjectsRecord, type ObjectChange, sealRecord } from '@vauban/seal';
import { beforeEach, describe, expect, it } from 'vitest';
import { deviceNamed, type DevicesPorts, listDevices, revokeDevice } from '../src/devices.ts';
import { Namespace } from '../src/namespace.ts';
import { verifyLedger } from '../src/verify-ledger.ts';
import type { SegmentSource } from '../src/segment-source.ts';
import type { VaultState } from '../src/vault-state.ts';
import { advanced, agencyOf, chainOf, charterOf, HOSTERS, publicOf, seedOf, voterOf } from './consortium.ts';
import { VirtualClock } from './virtual-clock.ts';

const VAULT = crypto.sha256(new Uint8Array([1]));
const SECRET = crypto.sha256(new Uint8Array([2]));
const clock = new VirtualClock();
const charters = chainOf(charterOf([agencyOf('metz', publicOf('root metz'))]));
const device = (name: string) => originOf(crypto, 'grand-est', publicOf(`device ${name}`));

let mirrors: readonly Voter[];
/** Hosters that do not answer. */
let down: readonly string[];

beforeEach(async () => {
  down = [];
  mirrors = await Promise.all(HOSTERS.map((hoster) => voterOf(hoster, charters, clock)));
});

/** The mirrors, of which those that are down fail. */
function voters(): Voter[] {
  const gate =
    <Asked extends unknown[], Answer>(hoster: string, ask: (...asked: Asked) => Promise<Answer>) =>
    async (...asked: Asked) => {
      if (down.includes(hoster)) throw new Fault('unreachable', 'DOWN', `${hoster} is down`, {});
      return ask(...asked);
    };
  return mirrors.map((one) => ({
    hoster: one.hoster,
    append: gate(one.hoster, (...asked: Parameters<Voter['append']>) => one.append(...asked)),
    heads: gate(one.hoster, (...asked: Parameters<Voter['heads']>) => one.heads(...asked)),
    batches: gate(one.hoster, (...asked: Parameters<Voter['batches']>) => one.batches(...asked)),
    certify: gate(one.hoster, (...asked: Parameters<Voter['certify']>) => one.certify(...asked)),
    putNote: gate(one.hoster, (note: Uint8Array) => one.putNote(note)),
    notes: gate(one.hoster, (after: Uint8Array | null) => one.notes(after)),
  }));
}

async function reader(store: Store = memoryStore()): Promise<ReaderOptions> {
  return { crypto, clock, random, charters, voters, logs: await LogStore.open(store, crypto) };
}

/** A device's delegation, known to all, and the writer of its log. */
async function writerOf(name: string, reading: ReaderOptions): Promise<LogWriter> {
  const delegation: Delegation = {
    format: 'vauban/delegate/0',
    charter: 'grand-est',
    agency: 'metz',
    deviceKey: publicOf(`device ${name}`),
    peer: `peer-${name}`,
    vault: VAULT,
    policy: 'standard',
    rights: ['write', 'delete'],
    issued: clock.now() + name.length,
    until: clock.now() + 86_400_000,
  };
  const note = signRootNote(crypto, delegation, seedOf('root metz'));
  for (const one of mirrors) await one.putNote(note);
  const writer = new LogWriter({
    ...reading,
    seed: seedOf(`device ${name}`),
    genesis: { kind: 'genesis', writer: 'device', note, adopts: null },
  });
  await clock.run(writer.start());
  return writer;
}

const file = (path: string): ObjectChange => ({
  kind: 'file',
  path,
  object: random.bytes(16),
  version: random.bytes(16),
  parents: [],
  size: 0,
  sha256: crypto.sha256(),
  modified: 0,
  mode: 0o644,
});

function write(writer: LogWriter, path: string): Promise<unknown> {
  const plain = encodeObjectsRecord({ changes: [file(path)] });
  const record = ({ origin, index }: { origin: string; index: number }) => [
    { kind: 'objects' as const, sealed: sealRecord({ vaultSecret: SECRET, origin, index, random, plain }) },
  ];
  return clock.run(writer.append(record));
}

/** What a machine that knows nothing yet lists. */
async function paths(reading?: ReaderOptions): Promise<string[]> {
  const options = reading ?? (await reader());
  await clock.run(refresh(options, { of: 'vault', vault: VAULT }));
  const namespace = new Namespace({ crypto, vault: VAULT, vaultSecret: SECRET, source: {} as SegmentSource });
  await namespace.follow({ logs: options.logs, indexes: memoryStore() } as unknown as VaultState);
  return namespace.catalog.below('').map(({ write: { path } }) => path);
}

const revocation = signRootNote(
  crypto,
  {
    format: 'vauban/revoke/0',
    charter: 'grand-est',
    agency: 'metz',
    deviceKey: publicOf('device laptop'),
    issued: clock.now(),
  },
  seedOf('root metz'),
);

async function portsOf(reading: ReaderOptions): Promise<DevicesPorts> {
  return { crypto, clock, reader: reading, vault: VAULT, agency: 'metz', own: device('phone') };
}

async function revoke(reading: ReaderOptions, phone: LogWriter, name = device('laptop')) {
  const ports = { ...(await portsOf(reading)), rootSeed: seedOf('root metz'), writer: async () => phone };
  return clock.run(revokeDevice(ports, name));
}

describe('a revoked device', () => {
  it('leaves an unfinished append behind, which is taken over once', async () => {
    const laptop = await writerOf('laptop', await reader());
    const mine = await reader();
    const phone = await writerOf('phone', mine);
    await write(laptop, 'finished');
    await laptop.spreadCertificate();
    await write(phone, 'other');
    down = HOSTERS.slice(1);
    await expect(write(laptop, 'unfinished')).rejects.toMatchObject({ kind: 'unreachable' });
    down = [];
    // Two hosters have heard of a revocation that somebody began: the others alone cannot finish the append.
    for (const one of mirrors.slice(2)) await one.putNote(revocation);
    expect(await revoke(mine, phone)).toMatchObject({
      device: device('laptop'),
      branches: 1,
      adopted: 1,
      skipped: [],
    });
    expect(await paths()).toEqual(['finished', 'other', 'unfinished']);
    await expect(write(laptop, 'too late')).rejects.toMatchObject({ code: 'LOG_SEALED' });
    await phone.spreadCertificate();
    const scopes = [{ of: 'vault' as const, vault: VAULT }];
    const verified = await clock.run(
      verifyLedger({ crypto, clock, random, charters, voters: voters(), scopes }),
    );
    expect(verified.problems).toEqual([]);
    expect(await revoke(mine, phone)).toMatchObject({ adopted: 0, skipped: [] });
    const listed = await clock.run(listDevices(await portsOf(mine)));
    expect(listed.map(({ own, revoked, sealed }) => [own, revoked, sealed])).toEqual([
      [true, false, false],
      [false, true, true],
    ]);
  });

  it('that wrote two histories leaves both behind, and both are taken over', async () => {
    const store = memoryStore();
    const one = await reader(store);
    const laptop = await writerOf('laptop', one);
    await write(laptop, 'common');
    // The machine's disk, copied.
    const copy = memoryStore();
    const rows = [];
    for await (const [key, value] of store.range({})) rows.push({ put: key, value });
    await copy.batch(rows, { sync: true });
    const twin = await writerOf('laptop', await reader(copy));
    const [h1] = HOSTERS;
    down = HOSTERS.slice(1);
    await expect(write(laptop, 'left')).rejects.toMatchObject({ kind: 'unreachable' });
    down = [h1, ...HOSTERS.slice(2)];
    await expect(write(twin, 'right')).rejects.toMatchObject({ kind: 'unreachable' });
    down = [];
    const mine = await reader();
    const phone = await writerOf('phone', mine);
    // Which q hosters answer decides what of the unfinished is seen; both are asked here.
    const result = await revoke({ ...mine, voters: () => voters().slice(0, 3) }, phone);
    expect(result).toMatchObject({ branches: 2, adopted: 2, skipped: [] });
    expect(await paths()).toEqual(['common', 'left', 'right']);
    down = [h1];
    expect(await paths(mine)).toEqual(['common', 'left', 'right']);
  });

  it('of a former root key is told apart, and what no root key ever signed is left out', async () => {
    await writerOf('laptop', await reader());
    await writerOf('phone', await reader());
    const made = signRootNote(
      crypto,
      {
        format: 'vauban/revoke/0',
        charter: 'grand-est',
        agency: 'metz',
        deviceKey: publicOf('device phone'),
        issued: 0,
      },
      seedOf('root of a liar'),
    );
    const lying = voters().map((one) => ({
      ...one,
      notes: async (after: Uint8Array | null) => {
        const { notes, more } = await one.notes(after);
        return { notes: one.hoster === 'h1' ? [made, ...notes] : notes, more };
      },
    }));
    const chain = chainOf(charterOf([agencyOf('metz', publicOf('root metz'))]));
    const listed = async () => {
      const mine = { ...(await reader()), charters: chain, voters: () => lying };
      return (await clock.run(listDevices(await portsOf(mine)))).map(({ origin, revoked, formerRoot }) => [
        origin,
        revoked,
        formerRoot,
      ]);
    };
    const both = ['phone', 'laptop'].map(device);
    expect(await listed()).toEqual(both.map((origin) => [origin, false, false]));
    chain.extend(advanced(chain, { agencies: [agencyOf('metz', publicOf('root new'))] }));
    expect(await listed()).toEqual(both.map((origin) => [origin, false, true]));
  });

  it('without q hosters is not revoked, and nothing is said to be', async () => {
    const mine = await reader();
    await writerOf('laptop', await reader());
    const phone = await writerOf('phone', mine);
    down = HOSTERS.slice(1);
    await expect(revoke(mine, phone)).rejects.toMatchObject({ code: 'QUORUM_UNREACHABLE' });
  });
});

describe('naming a device', () => {
  const line = (number: string, own = false) => ({
    origin: `grand-est/${number}`,
    issued: 0,
    until: 1,
    revoked: false,
    formerRoot: false,
    sealed: false,
    entries: 1,
    own,
  });
  const devices = [line('abc1'), line('abd2'), line('ffff', true)];

  it('takes the beginning of its number, or all of it', () => {
    for (const name of ['abc', 'ABC1', 'grand-est/abc1']) {
      expect(deviceNamed(devices, name).origin).toBe('grand-est/abc1');
    }
  });

  it.each([
    ['ab', 'DEVICE_UNKNOWN'],
    ['', 'DEVICE_UNKNOWN'],
    ['e', 'DEVICE_UNKNOWN'],
    ['ffff', 'DEVICE_OWN'],
  ])('%s is refused: %s', (name, code) => {
    expect(() => deviceNamed(devices, name)).toThrow(expect.objectContaining({ kind: 'usage', code }));
  });
});
