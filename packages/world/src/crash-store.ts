// The ordered store on a simulated disk: what no synced batch followed may be lost when power fails, in the order it
// was written, a batch whole or not at all. One program has it open at a time.

import {
  compareBytes,
  Fault,
  Mutex,
  type Random,
  randomBelow,
  type Store,
  type StoreOperation,
  type StoreRange,
} from '@vauban/core';
import type { Program } from './program.ts';

/** What a mounted store waits for, tells of, and may fail with. */
export interface StoreTiming {
  /** Until a synced batch is on the disk. */
  readonly sync: () => Promise<void>;
  readonly synced: (bytes: number) => void;
  /** False on a disk that says it has synced and has not. */
  readonly honest: boolean;
  /** An error makes a read or a batch fail with it; what a failed batch wrote may be there after a crash, or not. */
  readonly fails: (call: 'read' | 'write' | 'sync') => Error | undefined;
}

type Row = readonly [key: Uint8Array, value: Uint8Array];

export class CrashStore {
  /** Sorted by key. Rows are never changed, only replaced: images share them. */
  #live: Row[] = [];
  #durable: Row[] = [];
  /** Batches since the last sync, in order; the last one may not be visible yet. */
  #unsynced: (readonly StoreOperation[])[] = [];
  #underWay: readonly StoreOperation[] | undefined;
  #owner: Program | undefined;

  /** Faults: STORE_LOCKED while another living program has it open. */
  open(program: Program, timing: StoreTiming): Store {
    if (this.#owner?.alive) {
      throw new Fault('refused', 'STORE_LOCKED', `the store is open in ${this.#owner.name}`, {});
    }
    // What a program handed to the system before it was killed is there, though no sync vouches for it.
    if (this.#underWay !== undefined) apply(this.#live, this.#underWay);
    this.#underWay = undefined;
    this.#owner = program;
    const writing = new Mutex();
    const enter = (call: 'read' | 'write' | 'sync') => {
      const failure = timing.fails(call);
      if (failure !== undefined) throw failure;
    };
    return {
      get: async (key) => {
        enter('read');
        const { at, found } = locate(this.#live, key);
        return found ? this.#live[at]?.[1].slice() : undefined;
      },
      batch: (operations, { sync }) => writing.run(() => this.#write(copy(operations), sync, timing)),
      range: (range) => {
        const rows = this.#live.slice(...bounds(this.#live, range));
        if (range.reverse === true) rows.reverse();
        return give(rows.slice(0, range.limit), () => enter('read'));
      },
      close: async () => {
        await writing.run(async () => undefined);
        if (this.#owner === program) this.#owner = undefined;
      },
    };
  }

  /** Power fails: of what was not synced, some beginning is left. */
  cut(random: Random): void {
    const kept = this.#unsynced.slice(0, randomBelow(random, this.#unsynced.length + 1));
    for (const operations of kept) apply(this.#durable, operations);
    this.#live = [...this.#durable];
    this.#unsynced = [];
    this.#underWay = undefined;
  }

  /** Whether a row would be there after a power cut now. */
  durable(key: Uint8Array): boolean {
    return locate(this.#durable, key).found;
  }

  /** What there is now, durable, on another disk. */
  image(): CrashStore {
    const image = new CrashStore();
    image.#live = [...this.#live];
    image.#durable = [...this.#live];
    return image;
  }

  /** One bit of one value, among those whose key begins so, turns over. Answers the key; undefined when there is none. */
  flip(random: Random, prefix: Uint8Array): Uint8Array | undefined {
    const [from, to] = bounds(this.#live, { gte: prefix, lt: after(prefix) });
    if (from === to) return undefined;
    const [key, value] = this.#live[from + randomBelow(random, to - from)] as Row;
    if (value.length === 0) return undefined;
    const flipped = value.slice();
    const bit = randomBelow(random, 8 * value.length);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    for (const rows of [this.#live, this.#durable]) {
      const { at, found } = locate(rows, key);
      if (found) rows[at] = [key, flipped];
    }
    return key;
  }

  async #write(operations: readonly StoreOperation[], sync: boolean, timing: StoreTiming): Promise<void> {
    const refused = timing.fails('write');
    if (refused !== undefined) throw refused;
    this.#unsynced.push(operations);
    if (sync) {
      this.#underWay = operations;
      await timing.sync();
      this.#underWay = undefined;
      const failure = timing.fails('sync');
      if (failure !== undefined) throw failure;
    }
    apply(this.#live, operations);
    if (!sync || !timing.honest) return;
    for (const batch of this.#unsynced) apply(this.#durable, batch);
    this.#unsynced = [];
    timing.synced(operations.reduce((sum, one) => sum + ('put' in one ? one.value.length : 0), 0));
  }
}

function bounds(rows: readonly Row[], range: StoreRange): [from: number, to: number] {
  const { gte, gt, lt } = range;
  const above = gt === undefined ? 0 : locate(rows, gt).at + (locate(rows, gt).found ? 1 : 0);
  return [
    Math.max(above, gte === undefined ? 0 : locate(rows, gte).at),
    lt === undefined ? rows.length : locate(rows, lt).at,
  ];
}

/** The first key that begins otherwise. */
function after(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice();
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}

/** Rows as they were when asked for. By hand: an async generator costs three turns for each row. */
function give(rows: readonly Row[], enter: () => void): AsyncIterable<[Uint8Array, Uint8Array]> {
  return {
    [Symbol.asyncIterator]() {
      let at = -1;
      return {
        next: async () => {
          if (at < 0) enter();
          at += 1;
          const row = rows[at];
          return row === undefined
            ? { done: true, value: undefined }
            : { done: false, value: [row[0].slice(), row[1].slice()] };
        },
      };
    },
  };
}

function copy(operations: readonly StoreOperation[]): StoreOperation[] {
  return operations.map((one) =>
    'put' in one ? { put: one.put.slice(), value: one.value.slice() } : { del: one.del.slice() },
  );
}

function apply(rows: Row[], operations: readonly StoreOperation[]): void {
  for (const one of operations) {
    const { at, found } = locate(rows, 'put' in one ? one.put : one.del);
    if ('put' in one) rows.splice(at, found ? 1 : 0, [one.put, one.value]);
    else if (found) rows.splice(at, 1);
  }
}

function locate(rows: readonly Row[], key: Uint8Array): { at: number; found: boolean } {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareBytes((rows[middle] as Row)[0], key);
    if (order === 0) return { at: middle, found: true };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return { at: low, found: false };
}
