// One machine's disk: its files and its database, which lose power together. What is mounted on it takes virtual time
// for what a real disk takes time for, making things durable; and it has the troubles of real disks, when it is told to.

import {
  diskError,
  type Files,
  type FilesCall,
  type MemoryFiles,
  memoryFiles,
  type Random,
  randomBelow,
  type Store,
  toHex,
} from '@vauban/core';
import { CrashStore } from './crash-store.ts';
import { FragmentNames, type FragmentsHeard } from './fragment-names.ts';
import type { Program } from './program.ts';
import type { Trace } from './trace.ts';

/** A sync takes this long at least, and up to so much more. */
const SYNC_MS_MIN = 0.2;
const SYNC_MS_SPREAD = 2.5;
/** One in so many waits for something else on the disk. */
const SLOW_ONE_IN = 50;
const SLOW_MS = 40;
/** A disk that fails to read or write does so for one call in so many: enough to hit, not enough to look dead. */
const FAILS_ONE_IN = 4;

/** `full`: ENOSPC. `unreadable`, `unwritable`: EIO now and then. `unsynced`: fsync fails. `slow`: every sync waits. */
export const diskTroubles = ['full', 'unreadable', 'unwritable', 'unsynced', 'slow'] as const;
export type DiskTrouble = (typeof diskTroubles)[number];
const SLOW_DISK_MS = 400;

export interface DiskOptions {
  readonly name: string;
  readonly random: Random;
  readonly trace: Trace;
  readonly capacityBytes: number;
  /** Told of fragments that come and go. */
  readonly heard?: FragmentsHeard | undefined;
}

/** What an image holds; never mounted itself. */
export interface DiskImage {
  readonly files: MemoryFiles;
  readonly store: CrashStore;
}

export class Disk {
  readonly #options: DiskOptions;
  readonly #troubles = new Map<DiskTrouble, number>();
  readonly #fragments: FragmentNames;
  #store = new CrashStore();
  #files: MemoryFiles;
  /** Says it has synced, and has not: what the worst controllers do. For finding out that the checkers notice. */
  lies = false;

  constructor(options: DiskOptions) {
    this.#options = options;
    const unheard = { came: () => undefined, went: () => undefined };
    this.#fragments = new FragmentNames(options.heard ?? unheard);
    this.#files = memoryFiles(this.#mount());
  }

  /** For whoever sets the machine up or looks at it from outside: takes no time. */
  get bare(): Files {
    return this.#files;
  }

  get troubled(): boolean {
    return this.#troubles.size > 0;
  }

  /** From now on, until the answer is called. */
  trouble(what: DiskTrouble): () => void {
    this.#troubles.set(what, (this.#troubles.get(what) ?? 0) + 1);
    return () => {
      const left = (this.#troubles.get(what) ?? 0) - 1;
      if (left > 0) this.#troubles.set(what, left);
      else this.#troubles.delete(what);
    };
  }

  /** Power fails: unsynced bytes and names are lost, torn, or there after all. No program may be running on it. */
  cut(): void {
    this.#files = this.#files.crash(this.#options.random);
    this.#store.cut(this.#options.random);
    this.#fragments.cut();
  }

  /** Whether a fragment's file would be there, whole, after a power cut now. */
  durableFragment(path: string): boolean {
    return this.#fragments.durable(path);
  }

  /** Whether a row of the store would be there after a power cut now. */
  durable(key: Uint8Array): boolean {
    return this.#store.durable(key);
  }

  holds(path: string): boolean {
    return this.#files.bytesOf(path) !== undefined;
  }

  image(): DiskImage {
    return { files: this.#files.image({}), store: this.#store.image() };
  }

  /** Becomes what the image was. No program may be running on it. */
  restore(image: DiskImage): void {
    this.#files = image.files.image(this.#mount());
    this.#store = image.store.image();
    this.#fragments.replaced();
  }

  /** One bit at rest turns over: in a file below the path, or in a database value below the key. Says where. */
  async flip(random: Random, at: { readonly path: string } | { readonly key: Uint8Array }) {
    if ('key' in at) {
      const key = this.#store.flip(random, at.key);
      return key === undefined ? undefined : `key ${toHex(key)}`;
    }
    const paths = await this.#filesBelow(at.path);
    const path = paths[randomBelow(random, Math.max(1, paths.length))];
    const bytes = path === undefined ? undefined : this.#files.bytesOf(path);
    if (path === undefined || bytes === undefined || bytes.length === 0) return undefined;
    const bit = randomBelow(random, 8 * bytes.length);
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    return path;
  }

  files(program: Program): Files {
    const files = this.#files;
    const wait = () => program.pause(this.#syncMs());
    const note = (what: string) => this.#options.trace.note(this.#options.name, what);
    const timed = (path: string, file: Awaited<ReturnType<Files['create']>>) => ({
      write: (bytes: Uint8Array) => {
        this.#fragments.written(path);
        return file.write(bytes);
      },
      sync: async () => {
        await wait();
        if (!this.lies) {
          await file.sync();
          this.#fragments.synced(path);
        }
        note(`disk sync ${path}`);
      },
      close: () => file.close(),
    });
    return {
      create: async (path) => timed(path, await files.create(path)),
      append: async (path) => timed(path, await files.append(path)),
      rename: async (from, to) => {
        const there = this.holds(to);
        await files.rename(from, to);
        this.#fragments.renamed(from, to, there);
      },
      syncDirectory: async (path) => {
        await wait();
        if (!this.lies) {
          await files.syncDirectory(path);
          this.#fragments.directorySynced(path);
        }
        note(`disk sync ${path}/`);
      },
      makeDirectory: (path) => files.makeDirectory(path),
      remove: async (path) => {
        await files.remove(path);
        this.#fragments.removed(path);
      },
      read: (path, offset, length) => files.read(path, offset, length),
      readAll: (path, bytesMax) => files.readAll(path, bytesMax),
      stat: (path) => files.stat(path),
      list: (path) => files.list(path),
      space: () => files.space(),
    };
  }

  /** Faults: STORE_LOCKED. */
  store(program: Program): Store {
    return this.#store.open(program, {
      honest: !this.lies,
      sync: () => program.pause(this.#syncMs()),
      synced: (bytes) => this.#options.trace.note(this.#options.name, `store sync ${bytes} B`),
      fails: (call) => this.#fails(call, 'store'),
    });
  }

  /** The path itself when it is a file. */
  async #filesBelow(path: string): Promise<string[]> {
    if (this.#files.bytesOf(path) !== undefined) return [path];
    const found: string[] = [];
    for (const name of await this.#files.list(path)) {
      found.push(...(await this.#filesBelow(path === '' ? name : `${path}/${name}`)));
    }
    return found;
  }

  #mount() {
    return {
      capacityBytes: this.#options.capacityBytes,
      fail: ({ call, path }: FilesCall) => {
        if (this.#troubles.size === 0) return undefined;
        if (call === 'write' || call === 'create') return this.#fails('write', path);
        if (call === 'read' || call === 'readAll') return this.#fails('read', path);
        if (call === 'sync' || call === 'syncDirectory') return this.#fails('sync', path);
        return undefined;
      },
    };
  }

  #fails(call: 'read' | 'write' | 'sync', path: string): Error | undefined {
    if (this.#troubles.size === 0) return undefined;
    const has = (what: DiskTrouble) => this.#troubles.has(what);
    const now = () => randomBelow(this.#options.random, FAILS_ONE_IN) === 0;
    const { trace, name } = this.#options;
    if (call === 'write' && has('full')) {
      trace.note(name, `disk full ${path}`);
      return diskError('ENOSPC', path);
    }
    const failing = { read: 'unreadable', write: 'unwritable', sync: 'unsynced' } as const;
    if (!has(failing[call]) || (call !== 'sync' && !now())) return undefined;
    trace.note(name, `disk fails to ${call} ${path}`);
    return diskError('EIO', path);
  }

  #syncMs(): number {
    const { random } = this.#options;
    const usual = SYNC_MS_MIN + (SYNC_MS_SPREAD * randomBelow(random, 1_000)) / 1_000;
    const waits = randomBelow(random, SLOW_ONE_IN) === 0 ? SLOW_MS : 0;
    return usual + waits + (this.#troubles.has('slow') ? SLOW_DISK_MS : 0);
  }
}
