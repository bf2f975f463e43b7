// What a staged daemon suffers, at its ports: messages that do not get through or come late, bytes that are not those served, a disk
// that takes nothing; and that without a stage nothing is different.

import { mkdtemp, readFile, rm, stat, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ByteStream,
  type Clock,
  LEAF_BYTES,
  memoryFiles,
  type Network,
  type NetworkHandler,
} from '@vauban/core';
import { encodeRequest } from '@vauban/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { harmFragments, walkFragments, type WalkMemory } from '../src/adapters/fragment-walk.ts';
import { formatFaults, noFaults, parseFaults, type StagedFaults } from '../src/staged/staged-faults.ts';
import { stagedFiles } from '../src/staged/staged-files.ts';
import { stagedNetwork } from '../src/staged/staged-network.ts';

let faults: StagedFaults;
/** What was waited for, in milliseconds. */
let slept: number[];
let aborted: boolean;
beforeEach(() => {
  faults = noFaults;
  slept = [];
  aborted = false;
});

const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: () => () => undefined,
  sleep: async (ms) => {
    slept.push(ms);
  },
};

/** A peer that answers `answer`, and the handler that was given to it. */
function peered(answer: Uint8Array) {
  const written: Uint8Array[] = [];
  const stream: ByteStream = {
    read: async (length) => answer.slice(0, length),
    readInto: async (into) => into.set(answer.subarray(0, into.length)),
    write: async (bytes) => {
      written.push(bytes.slice());
    },
    closeWrite: async () => undefined,
    abort: () => {
      aborted = true;
    },
  };
  let handler: NetworkHandler | undefined;
  const network: Network = {
    self: 'me',
    addresses: ['a'],
    start: async () => undefined,
    stop: async () => undefined,
    serve: (given) => {
      handler = given;
    },
    request: async () => answer,
    bulk: async () => stream,
    traffic: { sentBytes: 7, receivedBytes: 8 },
  };
  const staged = stagedNetwork(network, { clock, faults: () => faults });
  staged.serve({
    request: async () => answer,
    bulk: async (_, theirs) => theirs.write(answer),
    closed: () => undefined,
  });
  return { staged, handler: handler as NetworkHandler, stream, written };
}

const peer = { peer: 'other', addresses: [] };
const call = { deadlineMs: 5_000 };
const leafRequest = encodeRequest({ ask: 'leaf', segment: new Uint8Array(32), index: 0, leaf: 0 });
const leafAnswer = new Uint8Array(LEAF_BYTES + 100).fill(3);

/** At how many places two byte strings of one length differ. */
function differences(left: Uint8Array, right: Uint8Array): number {
  expect(left.length).toBe(right.length);
  return left.filter((byte, at) => byte !== right[at]).length;
}

describe('a staged network', () => {
  it('is the network itself while nothing is staged', async () => {
    const { staged, handler, stream, written } = peered(leafAnswer);
    expect(staged).toMatchObject({
      self: 'me',
      addresses: ['a'],
      traffic: { sentBytes: 7, receivedBytes: 8 },
    });
    expect(await staged.request(peer, new Uint8Array(1), call)).toBe(leafAnswer);
    expect(await (await staged.bulk(peer, call)).read(4)).toEqual(leafAnswer.slice(0, 4));
    expect(await handler.request('p', new Uint8Array(1))).toBe(leafAnswer);
    await handler.bulk('p', stream);
    expect(written).toEqual([leafAnswer]);
    expect(slept).toEqual([]);
  });

  it('lets nothing through when it is cut, in either direction, and ends what flows', async () => {
    const { staged, handler } = peered(leafAnswer);
    const open = await staged.bulk(peer, call);
    faults = { ...noFaults, cut: true };
    const cut = { code: 'PEER_UNREACHABLE', kind: 'unreachable' };
    await expect(staged.request(peer, new Uint8Array(1), call)).rejects.toMatchObject(cut);
    expect(slept).toEqual([5_000]);
    await expect(staged.bulk(peer, call)).rejects.toMatchObject(cut);
    await expect(handler.request('p', new Uint8Array(1))).rejects.toMatchObject(cut);
    expect(aborted).toBe(false);
    await expect(open.read(1)).rejects.toMatchObject(cut);
    expect(aborted).toBe(true);
    faults = noFaults;
    expect(await staged.request(peer, new Uint8Array(1), call)).toBe(leafAnswer);
  });

  it('is late by its delay, once a message and direction', async () => {
    const { staged, handler } = peered(leafAnswer);
    faults = { ...noFaults, delayMs: 300 };
    await staged.request(peer, new Uint8Array(1), call);
    await handler.request('p', new Uint8Array(1));
    expect(slept).toEqual([300, 300]);
  });

  it('changes one byte of each leaf that it serves when it lies, and nothing else', async () => {
    const { staged, handler, stream, written } = peered(leafAnswer);
    faults = { ...noFaults, lies: true };
    expect(differences(await handler.request('p', leafRequest), leafAnswer)).toBe(1);
    // The ledger grows long too, and is not lied about.
    expect(await handler.request('p', encodeRequest({ ask: 'status' }))).toBe(leafAnswer);
    await handler.bulk('p', stream);
    expect(differences(written[0] as Uint8Array, leafAnswer)).toBe(1);
    // What it asks and puts itself is not touched, nor are answers too short for a leaf.
    expect(await staged.request(peer, new Uint8Array(1), call)).toBe(leafAnswer);
    await (await staged.bulk(peer, call)).write(leafAnswer);
    expect(written[1]).toEqual(leafAnswer);
    const short = peered(new Uint8Array(200));
    expect(await short.handler.request('p', leafRequest)).toEqual(new Uint8Array(200));
    expect(leafAnswer.every((byte) => byte === 3)).toBe(true);
  });
});

describe('a staged disk', () => {
  it('takes nothing while it is full, and reads and erases on', async () => {
    const staged = stagedFiles(memoryFiles(), () => faults);
    const file = await staged.create('a');
    await file.write(new Uint8Array(5));
    faults = { ...noFaults, diskFull: true };
    const full = { code: 'ENOSPC' };
    await expect(staged.create('b')).rejects.toMatchObject(full);
    await expect(staged.append('a')).rejects.toMatchObject(full);
    await expect(file.write(new Uint8Array(1))).rejects.toMatchObject(full);
    expect((await staged.space()).freeBytes).toBe(0);
    expect(await staged.read('a', 0, 5)).toEqual(new Uint8Array(5));
    await staged.remove('a');
    faults = noFaults;
    expect((await staged.space()).freeBytes).toBeGreaterThan(0);
    expect(await staged.stat('a')).toBeUndefined();
    await (await staged.create('b')).close();
  });
});

describe('the file of staged faults', () => {
  it('comes back as it was written', () => {
    const some = { cut: true, delayMs: 40, diskFull: true, lies: false };
    expect(parseFaults(formatFaults(some))).toEqual(some);
  });

  it.each([
    '',
    '{}',
    '[]',
    JSON.stringify({ ...noFaults, more: 1 }),
    JSON.stringify({ ...noFaults, delayMs: -1 }),
  ])('is refused when it is %j', (text) => {
    expect(() => parseFaults(text)).toThrow(expect.objectContaining({ code: 'STAGE_MALFORMED' }));
  });
});

describe('fragment files seen from outside', () => {
  let data: string;
  const nameOf = (nth: number) => `${String(nth).padStart(2, '0')}${'ab'.repeat(31)}-${nth}`;
  /** Two leaves and a bit, their 96 bytes of hashes and the trailer. */
  const BYTES = 2 * LEAF_BYTES + 10;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'vauban-walk-'));
    for (let nth = 0; nth < 10; nth++) {
      const folder = join(data, 'fragments', nameOf(nth).slice(0, 2));
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, nameOf(nth)), Buffer.alloc(BYTES + 96 + 224, nth));
    }
    await writeFile(join(data, 'fragments', '00', `${nameOf(0)}.tmp`), 'half');
  });
  afterEach(() => rm(data, { recursive: true }));

  const walked = async (memory?: WalkMemory) => {
    const all = new Map<number, string | null>();
    for await (const { index, root, bytes } of walkFragments(data, memory)) {
      expect(bytes).toBe(BYTES);
      all.set(index, root);
    }
    return all;
  };

  it('are those with a whole name, each with the root of its bytes', async () => {
    const roots = await walked();
    expect([...roots.keys()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(new Set(roots.values()).size).toBe(10);
  });

  it('rot in one byte each, as many as the share says, the same for the same seed', async () => {
    const memory: WalkMemory = new Map();
    const before = await walked(memory);
    expect(await harmFragments(data, { deed: 'rot', share: 0.3, seed: 4 })).toBe(3);
    const after = await walked(memory);
    expect(after).toEqual(await walked());
    const changed = [...before.keys()].filter((index) => before.get(index) !== after.get(index));
    expect(changed).toHaveLength(3);
    const [one = 0] = changed;
    const path = join(data, 'fragments', nameOf(one).slice(0, 2), nameOf(one));
    expect((await stat(path)).size).toBe(BYTES + 96 + 224);
    expect((await readFile(path)).filter((byte) => byte !== one)).toHaveLength(1);
    // The same files again: each is whole once more.
    await harmFragments(data, { deed: 'rot', share: 0.3, seed: 4 });
    expect(await walked(memory)).toEqual(before);
  });

  it('are erased, at least one and never more than there are', async () => {
    expect(await harmFragments(data, { deed: 'erase', share: 0.001, seed: 1 })).toBe(1);
    expect((await walked()).size).toBe(9);
    expect(await harmFragments(data, { deed: 'erase', share: 1, seed: 1 })).toBe(9);
    expect((await walked()).size).toBe(0);
    expect(await harmFragments(data, { deed: 'erase', share: 1, seed: 1 })).toBe(0);
  });
});
