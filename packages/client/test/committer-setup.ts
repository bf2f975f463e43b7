// A committer over a log of its own in place of the ledger: it takes appends one at a time, when the test lets it, and
// refuses what the test says.

import { memoryStore } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import type { LogWriter, Payload } from '@vauban/ledger';
import { decodeObjectsRecord, type ObjectChange, openRecord } from '@vauban/seal';
import { expect } from 'vitest';
import { type Batch, Committer, type CommitterOptions } from '../src/committer.ts';
import { VaultStateDoor } from '../src/vault-state.ts';
import { VirtualClock } from './virtual-clock.ts';

const SECRET = new Uint8Array(32).fill(1);
const ORIGIN = 'test/log';

export class TestLog {
  readonly appends: (readonly Payload[])[] = [];
  readonly waiting: (() => void)[] = [];
  /** Appends wait here until the test opens it. */
  gate: Promise<void> = Promise.resolve();
  refuse: (payloads: readonly Payload[]) => Error | undefined = () => undefined;
  entries: { readonly index: number; readonly payload: Payload }[] = [];
  #next = 1;
  busy = false;

  async append(payloadsAt: (at: { origin: string; index: number }) => readonly Payload[]): Promise<void> {
    if (this.busy) throw new Error('two appends at once');
    this.busy = true;
    try {
      const payloads = payloadsAt({ origin: ORIGIN, index: this.#next });
      this.appends.push(payloads);
      await this.gate;
      const refusal = this.refuse(payloads);
      // What was refused is voided: both take an index.
      const first = this.#next;
      this.#next += refusal === undefined ? payloads.length : 2 * payloads.length;
      if (refusal !== undefined) throw refusal;
      this.entries.push(...payloads.map((payload, nth) => ({ index: first + nth, payload })));
    } finally {
      this.busy = false;
    }
  }

  /** Kinds of what was certified, with the paths of the records, each opened where it lies. */
  get told(): string[] {
    return this.entries.map(({ index, payload }) => {
      if (payload.kind !== 'objects') return payload.kind;
      const plain = openRecord({ vaultSecret: SECRET, origin: ORIGIN, index, sealed: payload.sealed });
      const record = decodeObjectsRecord(plain);
      return 'changes' in record ? record.changes.map(({ path }) => path).join() : 'index';
    });
  }
}

export function setup(
  of: {
    committed?: () => Promise<void>;
    open?: () => Promise<void>;
    freshReceipts?: CommitterOptions['freshReceipts'];
    retainUntil?: () => number;
  } = {},
) {
  const log = new TestLog();
  const store = memoryStore();
  const door = new VaultStateDoor(
    async () => {
      await of.open?.();
      return store;
    },
    { clock: new VirtualClock(), crypto },
  );
  const committer = new Committer({
    crypto,
    random,
    vaultSecret: SECRET,
    door,
    writer: async () => log as unknown as LogWriter,
    freshReceipts: of.freshReceipts ?? (async (claims) => claims),
    retainUntil: of.retainUntil ?? (() => 0),
    committed: of.committed ?? (async () => undefined),
  });
  return { log, committer, door };
}

export const change = (path: string): ObjectChange => ({
  kind: 'delete',
  path,
  versions: [new Uint8Array(16)],
});
export function place(fragments = 9): Batch['places'][number] {
  return {
    kind: 'place',
    segment: random.bytes(32),
    charter: 1,
    vault: new Uint8Array(32),
    code: 'rs',
    k: 6,
    m: 3,
    cellBytes: 147_456,
    stripes: 18,
    lastCellBytes: 147_456,
    retainUntil: 1_760_000_000_000,
    fragments: Array.from({ length: fragments }, () => [
      new Uint8Array(32),
      new Uint8Array(16),
      0,
      new Uint8Array(64),
    ]),
  };
}
export const batch = (path: string, places: readonly Batch['places'][number][] = []): Batch => ({
  places,
  changes: [change(path)],
  index: null,
});

export function gate(log: TestLog): () => void {
  let open: () => void = () => undefined;
  log.gate = new Promise((resolve) => {
    open = resolve;
  });
  return open;
}

export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !condition(); i++) await new Promise((resolve) => setImmediate(resolve));
  expect(condition()).toBe(true);
}
