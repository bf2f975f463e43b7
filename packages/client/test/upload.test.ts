// Interrupted uploads: whatever dies and whatever changes meanwhile, no key and nonce ever seal two plaintexts that leave
// the machine, and what was stored is not sent again. A recorder stands in for the daemons.

import {
  type Charter,
  type Crypto,
  Fault,
  FRAME_BYTES,
  memoryFiles,
  type MemoryFiles,
  toHex,
  u32be,
  utf8,
} from '@vauban/core';
import { nodeCrypto, nodeRandom as random } from '@vauban/core/node';
import { FRAME_PLAIN_BYTES, openFrames, segmentKey } from '@vauban/seal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LocalEntry, LocalSource } from '../src/local-tree.ts';
import type { SegmentWriter, StoreSegment, WrittenSegment } from '../src/segment-writer.ts';
import { Turns } from '../src/turns.ts';
import { forgetUpload, type Uploaded, uploadFile, type UploadOptions } from '../src/upload.ts';
import { policyOf } from './segment-setup.ts';
import { VirtualClock } from './virtual-clock.ts';

const POLICY = policyOf({ segmentFrames: 1 });
const VAULT = new Uint8Array(32).fill(4);
const MODIFIED = 1_760_000_000_000;

/** Remembers what each key and nonce sealed. */
class SealingCrypto {
  readonly sealedBy = new Map<string, { readonly keyAndNonce: string; readonly plain: string }>();
  readonly crypto: Crypto = {
    ...nodeCrypto,
    gcmSealInto: (into, key, nonce, plaintext) => {
      nodeCrypto.gcmSealInto(into, key, nonce, plaintext);
      this.sealedBy.set(digest(into), { keyAndNonce: toHex(key) + toHex(nonce), plain: digest(plaintext) });
    },
  };
}

const digest = (bytes: Uint8Array) => toHex(nodeCrypto.sha256(bytes));

type Act = (nth: number) => Promise<void>;

/** The hosters' side: all ciphertext that ever left, and what it was sealed with. */
class Outside {
  readonly sealing = new SealingCrypto();
  readonly left = new Map<string, string>();
  readonly segments = new Map<string, Uint8Array>();
  stores = 0;
  sent = 0;

  /** Fails when one key and nonce has sealed two plaintexts. */
  take(sealed: Uint8Array): void {
    for (let at = 0; at < sealed.length; at += FRAME_BYTES) {
      const frame = this.sealing.sealedBy.get(digest(sealed.subarray(at, at + FRAME_BYTES)));
      if (frame === undefined) throw new Error('bytes that nobody sealed left the machine');
      expect(this.left.get(frame.keyAndNonce) ?? frame.plain).toBe(frame.plain);
      this.left.set(frame.keyAndNonce, frame.plain);
    }
  }

  /** `act` is called with the count of segments before each is stored, after its bytes left. */
  writer(act: Act = async () => undefined, life = { ended: false }): SegmentWriter {
    let nth = 0;
    const store = async (of: StoreSegment): Promise<WrittenSegment> => {
      of.signal?.throwIfAborted();
      if (life.ended) await new Promise(() => undefined);
      this.stores += 1;
      const segment = nodeCrypto.sha256(of.sealed);
      const known = of.known !== undefined && this.segments.has(toHex(segment));
      if (!known) this.take(of.sealed);
      this.segments.set(toHex(segment), of.sealed.slice());
      const sentBytes = known ? 0 : of.sealed.length;
      this.sent += sentBytes;
      const mine = nth;
      nth += 1;
      await act(mine);
      const roots = [segment, segment];
      const descriptor = {
        vault: VAULT,
        code: 'rs' as const,
        k: 1,
        m: 1,
        cellBytes: 49_152,
        stripes: 1,
        lastCellBytes: 49_152,
        roots,
      };
      return {
        segment,
        descriptor,
        k: 1,
        m: 1,
        fragments: roots.map((root) => [root]),
        sentBytes,
        problems: [],
      };
    };
    return { store } as unknown as SegmentWriter;
  }
}

const contents = new Map<string, Uint8Array>();
/** Bytes of a version of the file: always the same, and other ones for another version. */
function contentOf(version: number, size: number): Uint8Array {
  const name = `${version} ${size}`;
  const known = contents.get(name);
  if (known !== undefined) return known;
  const content = new Uint8Array(size);
  for (let at = 0; at < size; at += 32) {
    content.set(nodeCrypto.sha256(u32be(version), u32be(at)).subarray(0, size - at), at);
  }
  contents.set(name, content);
  return content;
}

const entryOf = (size: number): LocalEntry => ({
  path: 'plan.pdf',
  kind: 'file',
  mode: 0o644,
  size,
  modified: MODIFIED,
  identity: 'the same',
});

function sourceOf(content: Uint8Array, stamp: Partial<{ size: number; modified: number }> = {}): LocalSource {
  return {
    name: '/srv/files',
    walk: async function* () {
      yield entryOf(content.length);
    },
    open: async () => {
      let at = 0;
      return {
        read: async (into) => {
          const part = content.subarray(at, at + into.length);
          into.set(part);
          at += part.length;
          return part.length;
        },
        stamp: async () => ({ size: content.length, modified: MODIFIED, identity: 'the same', ...stamp }),
        close: async () => undefined,
      };
    },
  };
}

interface Machine {
  readonly files: MemoryFiles;
  readonly dead: Set<string>;
}

/** One process's upload of this content, with the same size and times whatever the content is. */
function upload(
  outside: Outside,
  machine: Machine,
  of: {
    owner: string;
    content: Uint8Array;
    act?: Act;
    size?: number;
  } & Partial<UploadOptions>,
): Promise<Uploaded> {
  const { owner, content, act, size = content.length, ...more } = of;
  return uploadFile({ ...optionsOf(outside, machine, owner, act), ...more }, sourceOf(content), {
    entry: entryOf(size),
    path: 'plans/plan.pdf',
  });
}

function optionsOf(outside: Outside, { files, dead }: Machine, owner: string, act?: Act): UploadOptions {
  return {
    crypto: outside.sealing.crypto,
    clock: new VirtualClock(),
    random,
    charter: () => ({ version: 1 }) as Charter,
    policy: POLICY,
    vault: VAULT,
    writer: outside.writer(act),
    turns: new Turns({ max: 3, bytesEach: FRAME_BYTES }),
    journals: {
      files,
      random,
      vaultSecret: new Uint8Array(32).fill(42),
      owner,
      alive: async (name) => !dead.has(name),
    },
    exclusively: (work) => work(),
    progress: () => undefined,
    signal: new AbortController().signal,
  };
}

const machineOf = (files = memoryFiles()): Machine => ({ files, dead: new Set() });

/** What a reader gets of it. */
function readBack(outside: Outside, { content: { content, key, in: place }, size }: Uploaded): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const [segment, { id, bytes }] of (
    place as { segments: { id: Uint8Array; bytes: number }[] }
  ).segments.entries()) {
    const sealed = outside.segments.get(toHex(id)) as Uint8Array;
    openFrames(nodeCrypto, segmentKey(key, { content, segment }), sealed, whole.subarray(at, at + bytes));
    at += bytes;
  }
  expect(at).toBe(size);
  return whole;
}

/** Runs until that many segments left, the last of them (or all) unanswered, and then dies without another word. */
async function killedAfter(
  outside: Outside,
  machine: Machine,
  of: { owner: string; content: Uint8Array; segments: number; stored?: boolean },
): Promise<void> {
  const life = { ended: false };
  await new Promise<void>((dies, fails) => {
    const act = async (nth: number) => {
      if (nth < of.segments - 1 && of.stored !== false) return;
      if (nth === of.segments - 1) {
        life.ended = true;
        dies();
      }
      await new Promise(() => undefined);
    };
    const options = { ...optionsOf(outside, machine, of.owner), writer: outside.writer(act, life) };
    upload(outside, machine, { ...of, ...options }).then(() => fails(new Error('it ended')), fails);
  });
  // What was in its hands comes to rest: nothing of it runs beside the next one.
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  machine.dead.add(of.owner);
}

const SIZE = 4 * FRAME_PLAIN_BYTES + 1_000;

describe('an upload', () => {
  it('is stored whole, and its journal is gone when it is in the ledger', async () => {
    const outside = new Outside();
    const machine = machineOf();
    for (const size of [1, FRAME_PLAIN_BYTES, FRAME_PLAIN_BYTES + 1, SIZE]) {
      const content = contentOf(1, size);
      const uploaded = await upload(outside, machine, { owner: 'first', content });
      expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
      expect(toHex(uploaded.sha256)).toBe(digest(content));
      expect(uploaded.places).toHaveLength(Math.ceil(size / FRAME_PLAIN_BYTES));
      expect((await machine.files.list('uploads')).length).toBe(2);
      await uploaded.done();
      expect(await machine.files.list('uploads')).toEqual([]);
    }
  });

  it('killed and run again unchanged sends the same ciphertext, and nothing that was stored', async () => {
    const outside = new Outside();
    const machine = machineOf();
    const content = contentOf(1, SIZE);
    await killedAfter(outside, machine, { owner: 'first', content, segments: 3 });
    const before = new Set(outside.segments.keys());
    expect(before.size).toBe(3);
    const uploaded = await upload(outside, machine, { owner: 'second', content });
    expect(outside.segments.size).toBe(5);
    // Two were stored with their receipts; the third had left, its receipt had not come.
    expect(uploaded.sentBytes).toBe(outside.sent - 3 * FRAME_BYTES);
    expect(uploaded.sentBytes).toBe(2 * FRAME_BYTES + 1_016);
    expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
  });

  it('killed and run again with other bytes under the same size and time uses other keys', async () => {
    const outside = new Outside();
    const machine = machineOf();
    await killedAfter(outside, machine, { owner: 'first', content: contentOf(1, SIZE), segments: 3 });
    const keys = new Set(outside.left.keys());
    const changed = contentOf(2, SIZE);
    const uploaded = await upload(outside, machine, { owner: 'second', content: changed });
    expect(Buffer.from(readBack(outside, uploaded)).equals(changed)).toBe(true);
    const fresh = [...outside.left.keys()].filter((key) => !keys.has(key));
    expect(fresh).toHaveLength(5);
  });

  it('uses other keys also when several processes left journals of it', async () => {
    const outside = new Outside();
    const machine = machineOf();
    const content = contentOf(1, SIZE);
    const alive = new Set<string>();
    for (const owner of ['first', 'second', 'third']) {
      await killedAfter(outside, machine, { owner, content, segments: 2 });
      // They ran at the same time: none could take over from the others.
      machine.dead.clear();
      alive.add(owner);
    }
    for (const owner of alive) machine.dead.add(owner);
    const changed = contentOf(2, SIZE);
    const uploaded = await upload(outside, machine, { owner: 'fourth', content: changed });
    expect(Buffer.from(readBack(outside, uploaded)).equals(changed)).toBe(true);
    await uploaded.done();
    expect(await machine.files.list('uploads')).toEqual([]);
  });

  it('of a file that changes while it is read is not stored, and its keys are not used again', async () => {
    for (const stamp of [{ modified: MODIFIED + 1 }, { size: SIZE + 1 }]) {
      const outside = new Outside();
      const machine = machineOf();
      const options = optionsOf(outside, machine, 'first');
      const of = { entry: entryOf(SIZE), path: 'plans/plan.pdf' };
      const content = contentOf(1, SIZE);
      await expect(uploadFile(options, sourceOf(content, stamp), of)).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
      });
      expect(await machine.files.list('uploads')).toEqual([]);
      for (const length of [SIZE - 1, SIZE + 1]) {
        await expect(uploadFile(options, sourceOf(contentOf(1, length)), of)).rejects.toMatchObject({
          code: 'SOURCE_CHANGED',
        });
      }
      expect(await machine.files.list('uploads')).toEqual([]);
    }
  });

  it('that the hosters fail ends with their fault, gives all memory back, and is gone on with', async () => {
    const outside = new Outside();
    const machine = machineOf();
    const content = contentOf(1, SIZE);
    const turns = new Turns({ max: 2, bytesEach: FRAME_BYTES });
    const act = async (nth: number) => {
      if (nth === 3) throw new Fault('failure', 'TOO_FEW_SITES', 'three sites burn');
    };
    await expect(upload(outside, machine, { owner: 'first', content, act, turns })).rejects.toMatchObject({
      code: 'TOO_FEW_SITES',
    });
    const { signal } = new AbortController();
    await Promise.all([turns.take(signal), turns.take(signal)]);
    const uploaded = await upload(outside, machine, { owner: 'first', content });
    expect(uploaded.sentBytes).toBeLessThanOrEqual(FRAME_BYTES + 1_016);
    expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
  });

  it('sends nothing that its journal could not note first', async () => {
    let full = false;
    let writes = 0;
    const files = memoryFiles({
      fail: ({ call }) => {
        if (call === 'write') writes += 1;
        return full && call === 'write' && writes > 5 ? new Error('the disk is full') : undefined;
      },
    });
    const outside = new Outside();
    const machine = machineOf(files);
    full = true;
    await expect(upload(outside, machine, { owner: 'first', content: contentOf(1, SIZE) })).rejects.toThrow(
      'the disk is full',
    );
    const left = outside.stores;
    expect(left).toBeLessThan(5);
    full = false;
    const changed = contentOf(2, SIZE);
    const uploaded = await upload(outside, machine, { owner: 'first', content: changed });
    expect(Buffer.from(readBack(outside, uploaded)).equals(changed)).toBe(true);
  });

  it('sends nothing before the journal says on the disk what it is', async () => {
    const files = memoryFiles();
    const { create } = files;
    let synced = 0;
    files.create = async (path) => {
      const file = await create(path);
      const { sync } = file;
      file.sync = async () => {
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
        await sync();
        synced += 1;
      };
      return file;
    };
    const outside = new Outside();
    const act = async (nth: number) => {
      // The first line says what is uploaded, then there is one for each segment before it leaves.
      expect(synced).toBeGreaterThanOrEqual(nth + 2);
    };
    const turns = new Turns({ max: 9, bytesEach: FRAME_BYTES });
    await upload(outside, machineOf(files), { owner: 'first', content: contentOf(1, SIZE), act, turns });
    expect(outside.stores).toBe(5);
  });

  it('of segments larger than the buffers at hand works all the same', async () => {
    const outside = new Outside();
    const turns = new Turns({ max: 1, bytesEach: 1_000 });
    const content = contentOf(1, SIZE);
    const uploaded = await upload(outside, machineOf(), { owner: 'first', content, turns });
    expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
  });

  it('that the vault has already is forgotten with its keys', async () => {
    const outside = new Outside();
    const machine = machineOf();
    const content = contentOf(1, SIZE);
    await killedAfter(outside, machine, { owner: 'first', content, segments: 2 });
    await forgetUpload(optionsOf(outside, machine, 'second'), sourceOf(content), {
      entry: entryOf(SIZE),
      path: 'plans/plan.pdf',
    });
    expect(await machine.files.list('uploads')).toEqual([]);
  });
});

describe('whatever dies and changes', () => {
  const run = fc.record({
    version: fc.integer({ min: 1, max: 2 }),
    segments: fc.integer({ min: 1, max: 5 }),
    stored: fc.boolean(),
    powerCut: fc.constantFrom('none', 'clean', 'torn'),
  });

  it('no key and nonce seals two plaintexts that leave, and the last run stores the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(run, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 2 }),
        async (runs, last) => {
          const outside = new Outside();
          let machine = machineOf();
          for (const [nth, { version, segments, stored, powerCut }] of runs.entries()) {
            // With nothing answered only as many as there are turns leave.
            const most = stored ? segments : Math.min(3, segments);
            await killedAfter(outside, machine, {
              owner: `process ${nth}`,
              content: contentOf(version, SIZE),
              segments: most,
              stored,
            });
            const { dead } = machine;
            if (powerCut !== 'none') {
              machine = { files: machine.files.crash(powerCut === 'torn' ? random : undefined), dead };
              // After a power cut nobody runs, and a torn name is nobody's.
              dead.has = () => true;
            }
          }
          const content = contentOf(last, SIZE);
          const uploaded = await upload(outside, machine, { owner: 'last', content });
          expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('is told by the recorder when keys are used again', () => {
    const outside = new Outside();
    const sealWith = (plain: Uint8Array) => {
      const into = new Uint8Array(plain.length + 16);
      outside.sealing.crypto.gcmSealInto(into, new Uint8Array(32), new Uint8Array(12), plain);
      return into;
    };
    const [a, b] = [sealWith(utf8('a')), sealWith(utf8('b'))];
    outside.take(a);
    outside.take(a);
    expect(() => outside.take(b)).toThrow();
  });
});
