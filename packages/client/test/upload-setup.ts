// Uploads by processes that die, over a recorder in place of the daemons: it knows what each key and nonce has sealed.

import {
  type Charter,
  type Crypto,
  FRAME_BYTES,
  memoryFiles,
  type MemoryFiles,
  toHex,
  u32be,
} from '@vauban/core';
import { nodeCrypto, nodeRandom as random } from '@vauban/core/node';
import { FRAME_PLAIN_BYTES, openFrames, segmentKey } from '@vauban/seal';
import { expect } from 'vitest';
import type { LocalEntry, LocalSource } from '../src/local-tree.ts';
import type { SegmentWriter, StoreSegment, WrittenSegment } from '../src/segment-writer.ts';
import { Turns } from '../src/turns.ts';
import { type Uploaded, uploadFile, type UploadOptions } from '../src/upload.ts';
import { policyOf } from './segment-setup.ts';
import { VirtualClock } from './virtual-clock.ts';

const POLICY = policyOf({ segmentFrames: 1 });
const VAULT = new Uint8Array(32).fill(4);
export const MODIFIED = 1_760_000_000_000;

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

export const digest = (bytes: Uint8Array) => toHex(nodeCrypto.sha256(bytes));

type Act = (nth: number) => Promise<void>;

/** The hosters' side: all ciphertext that ever left, and what it was sealed with. */
export class Outside {
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
      const before = this.left.get(frame.keyAndNonce) ?? frame.plain;
      if (before !== frame.plain) throw new Error('one key and nonce sealed two plaintexts that left');
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
export function contentOf(version: number, size: number): Uint8Array {
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

export const entryOf = (size: number): LocalEntry => ({
  path: 'plan.pdf',
  kind: 'file',
  mode: 0o644,
  size,
  modified: MODIFIED,
  identity: 'the same',
});

export function sourceOf(
  content: Uint8Array,
  stamp: Partial<{ size: number; modified: number }> = {},
): LocalSource {
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

export interface Machine {
  readonly files: MemoryFiles;
  readonly dead: Set<string>;
}

/** One process's upload of this content, with the same size and times whatever the content is. */
export function upload(
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

export function optionsOf(
  outside: Outside,
  { files, dead }: Machine,
  owner: string,
  act?: Act,
): UploadOptions {
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

export const machineOf = (files = memoryFiles()): Machine => ({ files, dead: new Set() });

/** What a reader gets of it. */
export function readBack(
  outside: Outside,
  { content: { content, key, in: place }, size }: Uploaded,
): Uint8Array {
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
export async function killedAfter(
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

export const SIZE = 4 * FRAME_PLAIN_BYTES + 1_000;
