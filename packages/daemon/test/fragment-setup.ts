// What the fragment tests share: a disk and an index that crash together, and fragments to put on them.

import {
  type Clock,
  compareBytes,
  type Crypto,
  type FilesCall,
  LEAF_BYTES,
  type MemoryFiles,
  memoryFiles,
  memoryStore,
  merkleRoot,
  type Random,
  type Store,
  type StoreOperation,
} from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { FragmentStore, type FragmentUpload } from '../src/fragment-store.ts';
import { createMarker } from '../src/marker.ts';

export const crypto: Crypto = nodeCrypto;
export const daemon = '0123456789abcdef0123456789abcdef';
export const STORED_AT = 1_767_225_600_000;
export const clock: Clock = {
  now: () => STORED_AT,
  monotonic: () => 0,
  sleep: () => Promise.reject(new Error('nothing here waits')),
  after: () => () => undefined,
};

/** xorshift32: fast, and the same on every machine. */
export function seededRandom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        bytes[i] = state >>> 11;
      }
      return bytes;
    },
  };
}

/** A step on the disk or on the index, in the one order they were made. */
export type Step = FilesCall | { readonly call: 'index'; readonly path: ''; readonly sync: boolean };

/** A disk and an index that fail and crash together. Until something is set, all goes well. */
export class Machine {
  readonly steps: Step[] = [];
  /** Asked before each step; an error makes it fail. */
  fail: (step: Step) => Error | undefined = () => undefined;
  files: MemoryFiles;
  index: Store;
  #durable: Store = memoryStore();
  #generation = 0;

  constructor(capacityBytes = 2 ** 40) {
    const watch = (step: Step) => {
      this.steps.push(step);
      return this.fail(step);
    };
    this.files = memoryFiles({ capacityBytes, fail: watch });
    this.index = this.#mountIndex(memoryStore(), watch);
    this.#watch = watch;
  }

  readonly #watch: (step: Step) => Error | undefined;

  async crash(random?: Random): Promise<void> {
    this.fail = () => undefined;
    this.#generation++;
    this.files = this.files.crash(random);
    const left = memoryStore();
    for await (const [key, value] of this.#durable.range({}))
      await left.batch([{ put: key, value }], { sync: true });
    this.index = this.#mountIndex(left, this.#watch);
    this.steps.splice(0);
  }

  open(options: { readonly capacityBytes?: number } = {}): Promise<FragmentStore> {
    const { files, index } = this;
    return FragmentStore.open({ files, index, crypto, clock, random: seededRandom(7), daemon, ...options });
  }

  #mountIndex(live: Store, watch: (step: Step) => Error | undefined): Store {
    const generation = this.#generation;
    let unsynced: StoreOperation[] = [];
    return {
      ...live,
      batch: async (operations, options) => {
        if (generation !== this.#generation) throw new Error('this index is gone');
        const failure = watch({ call: 'index', path: '', sync: options.sync });
        if (failure !== undefined) throw failure;
        await live.batch(operations, options);
        unsynced.push(...operations);
        if (!options.sync) return;
        await this.#durable.batch(unsynced, options);
        unsynced = [];
      },
    };
  }
}

export async function newMachine(capacityBytes?: number): Promise<Machine> {
  const machine = new Machine(capacityBytes);
  await createMarker(machine.files, daemon);
  return machine;
}

export interface Sample extends FragmentUpload {
  readonly data: Uint8Array;
}

/** A fragment of `bytes`, another one for each seed. Seeds 0 to 255 lie in directories of their own. */
export function sample(bytes: number, seed = 1): Sample {
  const data = seededRandom(seed).bytes(bytes);
  return {
    segment: Uint8Array.of(seed & 255, ...new Uint8Array(31).fill(0x11)),
    index: seed >> 8,
    root: merkleRoot(crypto, crypto.leafHashes(data, LEAF_BYTES)),
    bytes,
    agency: seed % 2 === 0 ? 'archives' : 'hospital',
    vault: new Uint8Array(32).fill(seed),
    data,
  };
}

export async function put(store: FragmentStore, one: Sample, stride = one.bytes): Promise<void> {
  const writer = await store.begin(one);
  if (writer.already) return;
  for (let at = 0; at < one.bytes; at += stride) await writer.write(one.data.subarray(at, at + stride));
  await writer.commit();
}

/** Whether the store has the fragment whole; rejects when it has it in any other state. */
export async function holds(store: FragmentStore, one: Sample): Promise<boolean> {
  if ((await store.get(one)) === undefined) return false;
  await store.verify(one);
  const read = await store.read(one, 0, one.bytes);
  if (compareBytes(read, one.data) !== 0) throw new Error('other bytes than were put');
  return true;
}

/** Names of all files below `fragments/`. */
export async function fragmentFiles(machine: Machine): Promise<string[]> {
  const names: string[] = [];
  for (const directory of await machine.files.list('fragments')) {
    names.push(...(await machine.files.list(`fragments/${directory}`)));
  }
  return names;
}

export function diskFailure(code: 'ENOSPC' | 'EIO'): Error {
  return Object.assign(new Error(`${code}: the test says so`), { code });
}

/** Flips one bit of the stored file. */
export function flip(machine: Machine, path: string, at: number): void {
  const bytes = machine.files.bytesOf(path) as Uint8Array;
  bytes[at] = (bytes[at] as number) ^ 1;
}
