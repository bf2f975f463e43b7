// An agency that works without a pause: puts a file, gets one back, compares. What fails ends the test that waits.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault } from '@vauban/core';
import { inWords } from '../support/command.ts';
import { bytesOf, type TestVault } from '../support/network.ts';

const FILE_BYTES = 60_000;

export class Workload {
  readonly #vault: TestVault;
  readonly #scratch: string;
  #stopping = false;
  #running: Promise<void> | undefined;
  #failure: unknown;
  #count = 0;
  #waiting: {
    readonly count: number;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  constructor(vault: TestVault, scratch: string) {
    this.#vault = vault;
    this.#scratch = scratch;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when so many more puts and gets have been done. */
  ops(more: number): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ count: this.#count + more, resolve, reject });
    });
  }

  /** Ends after the operation under way; rejects with what failed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    if (this.#failure !== undefined) throw asFault(this.#failure);
  }

  async #run(): Promise<void> {
    try {
      for (let nth = 0; !this.#stopping; nth++) {
        await this.#put(nth);
        // An old file: its fragments lie where the charter of its time had them.
        await this.#get(Math.floor(nth / 2));
        this.#count += 1;
        const due = this.#waiting.filter(({ count }) => count <= this.#count);
        this.#waiting = this.#waiting.filter((one) => !due.includes(one));
        for (const { resolve } of due) resolve();
      }
    } catch (error) {
      this.#failure = error;
      for (const { reject } of this.#waiting) reject(error);
    }
  }

  async #put(nth: number): Promise<void> {
    const from = join(this.#scratch, 'work-in');
    await writeFile(from, bytesOf(FILE_BYTES, nth + 1));
    const put = await this.#vault.here('put', from, `work/${nth}`, '--json');
    if (put.code !== 0) throw new Error(inWords(put));
  }

  async #get(nth: number): Promise<void> {
    const to = join(this.#scratch, 'work-out');
    await rm(to, { force: true });
    const got = await this.#vault.here('get', `work/${nth}`, to, '--json');
    if (got.code !== 0) throw new Error(inWords(got));
    if (!(await readFile(to)).equals(bytesOf(FILE_BYTES, nth + 1))) throw new Error(`work/${nth} differs`);
  }
}
