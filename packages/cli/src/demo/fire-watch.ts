// Reads objects over and over while sites burn, comparing every byte's hash, and keeps the times. Nothing is kept in
// memory between reads: each one asks the hosters.

import { createHash } from 'node:crypto';
import { asFault } from '@vauban/core';
import type { Vault } from '@vauban/client';

export interface WatchResult {
  readonly reads: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  readonly firstFailure: string | undefined;
}

export class FireWatch {
  readonly #vault: Vault;
  readonly #objects: readonly { readonly path: string; readonly sha256: string }[];
  readonly #times: number[] = [];
  readonly #stop = new AbortController();
  #failed = 0;
  #firstFailure: string | undefined;
  #running: Promise<void> | undefined;

  constructor(vault: Vault, objects: readonly { readonly path: string; readonly sha256: string }[]) {
    this.#vault = vault;
    this.#objects = objects;
  }

  start(): void {
    this.#running = this.#run();
  }

  get reads(): number {
    return this.#times.length;
  }

  async end(): Promise<WatchResult> {
    this.#stop.abort();
    await this.#running;
    const sorted = this.#times.toSorted((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
    return {
      reads: sorted.length,
      p50Ms: Math.round(at(0.5)),
      p99Ms: Math.round(at(0.99)),
      failed: this.#failed,
      firstFailure: this.#firstFailure,
    };
  }

  async #run(): Promise<void> {
    for (let nth = 0; !this.#stop.signal.aborted && this.#objects.length > 0; nth++) {
      // A step that shares no factor with most lengths: reads wander over all packs.
      const object = this.#objects[(nth * 7_919) % this.#objects.length] as { path: string; sha256: string };
      const started = performance.now();
      try {
        const hash = createHash('sha256');
        await this.#vault.read(object.path, async (bytes) => {
          hash.update(bytes);
        });
        if (hash.digest('hex') !== object.sha256)
          throw new Error(`${object.path} came back with other bytes`);
      } catch (error) {
        this.#failed += 1;
        this.#firstFailure ??= asFault(error).message;
      }
      this.#times.push(performance.now() - started);
    }
  }
}
