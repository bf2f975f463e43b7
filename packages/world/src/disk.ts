// One machine's disk: its files and its database, which lose power together. What is mounted on it takes virtual time
// for what a real disk takes time for: making things durable.

import {
  type Files,
  type MemoryFiles,
  memoryFiles,
  type Random,
  randomBelow,
  type Store,
} from '@vauban/core';
import { CrashStore } from './crash-store.ts';
import type { Program } from './program.ts';
import type { Trace } from './trace.ts';

/** A sync takes this long at least, and up to so much more. */
const SYNC_MS_MIN = 0.2;
const SYNC_MS_SPREAD = 2.5;
/** One in so many waits for something else on the disk. */
const SLOW_ONE_IN = 50;
const SLOW_MS = 40;

export interface DiskOptions {
  readonly name: string;
  readonly random: Random;
  readonly trace: Trace;
  readonly capacityBytes: number;
  /** Says it has synced, and has not: what the worst controllers do. For finding out that the checkers notice. */
  readonly lies: boolean;
}

export class Disk {
  readonly #options: DiskOptions;
  readonly #store = new CrashStore();
  #files: MemoryFiles;

  constructor(options: DiskOptions) {
    this.#options = options;
    this.#files = memoryFiles({ capacityBytes: options.capacityBytes });
  }

  /** For whoever sets the machine up, before any program runs on it: takes no time. */
  get bare(): Files {
    return this.#files;
  }

  /** Power fails: unsynced bytes and names are lost, torn, or there after all. No program may be running on it. */
  cut(): void {
    this.#files = this.#files.crash(this.#options.random);
    this.#store.cut(this.#options.random);
  }

  files(program: Program): Files {
    const files = this.#files;
    const { lies } = this.#options;
    const wait = () => program.pause(this.#syncMs());
    const note = (what: string) => this.#options.trace.note(this.#options.name, what);
    const timed = (path: string, file: Awaited<ReturnType<Files['create']>>) => ({
      write: (bytes: Uint8Array) => file.write(bytes),
      async sync() {
        await wait();
        if (!lies) await file.sync();
        note(`disk sync ${path}`);
      },
      close: () => file.close(),
    });
    return {
      create: async (path) => timed(path, await files.create(path)),
      append: async (path) => timed(path, await files.append(path)),
      rename: (from, to) => files.rename(from, to),
      async syncDirectory(path) {
        await wait();
        if (!lies) await files.syncDirectory(path);
        note(`disk sync ${path}/`);
      },
      makeDirectory: (path) => files.makeDirectory(path),
      remove: (path) => files.remove(path),
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
      honest: !this.#options.lies,
      sync: () => program.pause(this.#syncMs()),
      synced: (bytes) => this.#options.trace.note(this.#options.name, `store sync ${bytes} B`),
    });
  }

  #syncMs(): number {
    const { random } = this.#options;
    const usual = SYNC_MS_MIN + (SYNC_MS_SPREAD * randomBelow(random, 1_000)) / 1_000;
    return randomBelow(random, SLOW_ONE_IN) === 0 ? usual + SLOW_MS : usual;
  }
}
