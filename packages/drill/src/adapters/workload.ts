// What agencies do all day, while the network burns: whole objects read and compared with what was stored, new ones stored,
// listings, and holders challenged. Nothing is kept between reads: each asks the hosters anew.

import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { nodeSource, type Vault } from '@vauban/client';
import type { Deal, Operation } from '../result.ts';
import type { Workload as Shape } from '../scenario.ts';

/** Between two operations of one worker: repair is to have a turn on a small machine. */
const THINK_MS = 100;
const LOOK_MS = 1_000;
/** Side by side, when everything is read back. */
const LAST_READERS = 3;
/** A longer retention than this is not waited for: what it keeps is not erased during the drill. */
const RETAINED_MS = 180_000;

export interface Counts {
  /** Files that the drill began with. */
  readonly stored: number;
  readonly reads: number;
  readonly failures: number;
  readonly wrong: number;
}
export const noCounts: Counts = { stored: 0, reads: 0, failures: 0, wrong: 0 };

interface Stored {
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
}

export interface WorkloadOptions {
  readonly vault: Vault;
  readonly shape: Shape;
  /** Vault path that everything is stored below. */
  readonly prefix: string;
  /** A directory for files that are on their way. */
  readonly scratch: string;
  /** ms since the drill's start. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

export class Workload {
  readonly deals: Deal[] = [];
  readonly #options: WorkloadOptions;
  /** Acknowledged and not given up since. */
  #stored: Stored[] = [];
  #storedBytes = 0;
  #written = 0;
  #counts: Counts = noCounts;
  readonly #ended = new AbortController();
  #running: Promise<unknown> | undefined;

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Of the operations that ended. */
  get counts(): Counts {
    return this.#counts;
  }

  /** What the drill begins with; `onStored` after each file. Faults: those of a put. */
  async fill(onStored: () => void): Promise<void> {
    const { files, bytesEach } = this.#options.shape;
    for (let nth = 0; nth < files; nth++) {
      await this.#store(`seed-${nth}`, bytesEach);
      this.#counts = { ...this.#counts, stored: nth + 1 };
      onStored();
    }
  }

  begin(): void {
    const { readers, writers, writeBytes } = this.#options.shape;
    const workers: (() => Promise<void>)[] = [];
    for (let nth = 0; nth < readers; nth++)
      workers.push(() => this.#again(() => this.#readOne(nth), THINK_MS));
    // One device writes one log: its puts come one after another.
    if (writers > 0) workers.push(() => this.#again(() => this.#writeOne(writeBytes), THINK_MS));
    workers.push(() => this.#again(() => this.#lookOver(), LOOK_MS));
    this.#running = Promise.all(workers.map((one) => one()));
  }

  async end(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  /** Every acknowledged object once, each read compared. */
  async readAll(): Promise<{ readonly files: number; readonly whole: number }> {
    const all = [...this.#stored];
    let whole = 0;
    let next = 0;
    const reader = async () => {
      for (let object = all[next++]; object !== undefined; object = all[next++]) {
        if (await this.#read(object)) whole += 1;
      }
    };
    await Promise.all(Array.from({ length: LAST_READERS }, reader));
    return { files: all.length, whole };
  }

  /** Gives up all that the drill stored: it is no longer needed, and erased after its grace like anything else. */
  async removeAll(signal: AbortSignal): Promise<void> {
    const { vault, prefix } = this.#options;
    if (this.#stored.length > 0) await vault.remove(prefix, { signal });
    this.#stored = [];
  }

  /** Gives up this share of the objects, those stored first. */
  async release(share: number): Promise<void> {
    const count = Math.max(1, Math.round(this.#stored.length * share));
    const [given, kept] = [this.#stored.slice(0, count), this.#stored.slice(count)];
    this.#stored = kept;
    const { vault, signal } = this.#options;
    let retainedUntil: number | null = null;
    for (const { path } of given) ({ retainedUntil } = await vault.remove(path, { signal }));
    // A policy may keep for a moment what was only just stored.
    const patience = nodeClock.now() + RETAINED_MS;
    while (retainedUntil !== null && retainedUntil < patience) {
      await nodeClock.sleep(Math.max(100, retainedUntil - nodeClock.now()), signal);
      ({ retainedUntil } = await vault.finishRemoval({ signal }));
    }
  }

  async #again(work: () => Promise<void>, pauseMs: number): Promise<void> {
    const ended = AbortSignal.any([this.#ended.signal, this.#options.signal]);
    while (!ended.aborted) {
      await work();
      await nodeClock.sleep(pauseMs, ended).catch(() => undefined);
    }
  }

  async #readOne(worker: number): Promise<void> {
    // Wanders over all objects, each reader on a way of its own.
    const reads = this.deals.length * 7_919 + worker * 104_729;
    const object = this.#stored[reads % Math.max(1, this.#stored.length)];
    if (object !== undefined) await this.#read(object);
  }

  /** Whether it came back whole. */
  async #read({ path, sha256 }: Stored): Promise<boolean> {
    const hash = createHash('sha256');
    let firstByteMs: number | undefined;
    let whole = false;
    await this.#deal('read', async (since) => {
      await this.#options.vault.read(
        path,
        async (bytes) => {
          firstByteMs ??= since();
          hash.update(bytes);
        },
        { signal: this.#options.signal },
      );
      whole = hash.digest('hex') === sha256;
      return {
        ...(firstByteMs === undefined ? {} : { firstByteMs }),
        ...(whole ? {} : { wrongBytes: true as const }),
      };
    });
    return whole;
  }

  async #writeOne(bytes: number): Promise<void> {
    await this.#deal('write', async () => {
      await this.#store(`write-${this.#written++}`, bytes);
      return {};
    });
  }

  async #lookOver(): Promise<void> {
    const { vault, prefix, signal } = this.#options;
    await this.#deal('list', async () => {
      await vault.list(`${prefix}/`, { signal });
      return {};
    });
    const object = this.#stored[this.deals.length % Math.max(1, this.#stored.length)];
    if (object === undefined) return;
    await this.#deal('verify', async () => {
      await vault.where(object.path, { signal });
      return {};
    });
  }

  /** One operation, however it ends. What the end of the drill cut short is none. */
  async #deal(
    operation: Operation,
    work: (since: () => number) => Promise<Pick<Deal, 'firstByteMs' | 'wrongBytes'>>,
  ): Promise<void> {
    const { now, signal } = this.#options;
    const started = performance.now();
    const since = () => Math.round(performance.now() - started);
    try {
      const found = await work(since);
      this.#note({ operation, atMs: now(), tookMs: since(), ...found });
    } catch (error) {
      if (signal.aborted) return;
      const { kind, code } = asFault(error);
      this.#note({ operation, atMs: now(), tookMs: since(), error: { kind, code } });
    }
  }

  #note(deal: Deal): void {
    this.deals.push(deal);
    const { reads, failures, wrong } = this.#counts;
    this.#counts = {
      ...this.#counts,
      reads: reads + (deal.operation === 'read' ? 1 : 0),
      failures: failures + (deal.error === undefined ? 0 : 1),
      wrong: wrong + (deal.wrongBytes === true ? 1 : 0),
    };
  }

  /** Resolves once it is acknowledged. */
  async #store(name: string, bytes: number): Promise<void> {
    const { vault, prefix, scratch, signal } = this.#options;
    await mkdir(scratch, { recursive: true });
    const file = join(scratch, name);
    const content = randomBytes(bytes);
    await writeFile(file, content);
    try {
      const path = `${prefix}/${name}`;
      const { problems } = await vault.put(nodeSource(file), path, { signal });
      const [problem] = problems;
      if (problem !== undefined) throw problem.fault;
      this.#stored.push({ path, sha256: createHash('sha256').update(content).digest('hex') });
      this.#storedBytes += bytes;
    } finally {
      await rm(file, { force: true });
    }
  }
}
