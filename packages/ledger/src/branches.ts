// Histories of one log side by side. A log store holds one; each other one that its writer signed is kept whole in a
// store of its own below it (`K/`), with a row that says up to which heads the log counts (`U/`), and a proof (`F/`).

import {
  concat,
  type Crypto,
  decodeCbor,
  encodeCbor,
  prefixedStore,
  shape,
  type Store,
  type StoreOperation,
  u32be,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import { type Head, readHead } from './checkpoint.ts';
import { leafHashOf } from './entry.ts';
import { forkProof } from './fork-proof.ts';
import { BRANCHES_MAX } from './heads.ts';
import { LogStore } from './log-store.ts';

const countsSchema = v.strictObject({
  /** `forked`: two histories were seen. `sealing`: as q hosters report. `sealed`: as root notes say, for good. */
  state: v.picklist(['forked', 'sealing', 'sealed']),
  /** Stores below this one that hold a history, numbered from 0. */
  slots: shape.count(BRANCHES_MAX),
  /** Heads up to which entries count. */
  heads: v.pipe(
    v.array(v.strictObject({ size: shape.count(), root: shape.bytes(32) })),
    v.maxLength(2 * BRANCHES_MAX),
  ),
  /** Root notes that were taken into account, by hash. */
  notes: v.pipe(v.array(shape.bytes(32)), v.maxLength(BRANCHES_MAX)),
});

/** What a reader knows of a log that is forked or sealed. */
export type LogCounts = v.InferOutput<typeof countsSchema>;
type BranchHead = Pick<Head, 'size' | 'root'>;

function countsKey(origin: string): Uint8Array {
  return concat(utf8('U/'), utf8(origin));
}

function forkKey(origin: string): Uint8Array {
  return concat(utf8('F/'), utf8(origin));
}

export async function countsOf(store: Store, origin: string): Promise<LogCounts | undefined> {
  const row = await store.get(countsKey(origin));
  return row === undefined ? undefined : decodeCbor(countsSchema, row, 'log counts', 65_536);
}

export function countsRow(origin: string, counts: LogCounts): StoreOperation {
  return { put: countsKey(origin), value: encodeCbor(counts) };
}

/** The store of one history besides the main one. */
export function slotOf(
  logs: LogStore,
  crypto: Crypto,
  at: { origin: string; slot: number },
): Promise<LogStore> {
  return LogStore.open(prefixedStore(logs.store, slotPrefix(at)), crypto);
}

/** Empties a store of one history. */
export async function clearSlot(logs: LogStore, at: { origin: string; slot: number }): Promise<void> {
  const prefix = slotPrefix(at);
  const gone: StoreOperation[] = [];
  const range = { gte: prefix, lt: concat(prefix, new Uint8Array(64).fill(255)) };
  for await (const [key] of logs.store.range(range)) gone.push({ del: key });
  if (gone.length > 0) await logs.write(gone);
}

function slotPrefix({ origin, slot }: { origin: string; slot: number }): Uint8Array {
  return concat(utf8(`K/${origin} `), u32be(slot));
}

/** All histories of a log at hand, the main one first. */
export async function historiesOf(logs: LogStore, crypto: Crypto, origin: string): Promise<LogStore[]> {
  const slots = (await countsOf(logs.store, origin))?.slots ?? 0;
  const found = [logs];
  for (let slot = 0; slot < slots; slot++) found.push(await slotOf(logs, crypto, { origin, slot }));
  return found;
}

/** Whether two of the histories part: neither is the beginning of the other. */
export async function areParted(histories: readonly LogStore[], origin: string): Promise<boolean> {
  const [main, ...others] = histories;
  for (const other of others) {
    const [one, two] = [main && tipOf(main, origin), tipOf(other, origin)];
    if (main === undefined || one === undefined || two === undefined) continue;
    if (!(await main.holds(origin, two)) && !(await other.holds(origin, one))) return true;
  }
  return false;
}

/** Entries [0, size) of a log in one store; those from `certifiedSize` on are known, not certified. */
export interface LogPart {
  readonly logs: LogStore;
  /** Distinguishes the parts of one log. */
  readonly slot: number;
  readonly size: number;
  readonly certifiedSize: number;
}

/**
 * What counts of a log: its certified entries, and those of all branches while it is forked or sealed. `place`, `keep`
 * and `objects` count in every part; `release` and `purge` only below `certifiedSize`.
 */
export async function partsOf(logs: LogStore, crypto: Crypto, origin: string): Promise<LogPart[]> {
  const counts = await countsOf(logs.store, origin);
  const parts: LogPart[] = [];
  for (const [slot, one] of (await historiesOf(logs, crypto, origin)).entries()) {
    const { certifiedSize } = one.state(origin);
    let size = certifiedSize;
    for (const head of counts?.heads ?? []) {
      if (head.size > size && (await one.holds(origin, head))) size = head.size;
    }
    if (size > 0) parts.push({ logs: one, slot, size, certifiedSize });
  }
  return parts;
}

/** Every store that holds entries of these logs: for whoever looks up a segment wherever it was placed. */
export async function storesOf(
  logs: LogStore,
  crypto: Crypto,
  origins: readonly string[],
): Promise<LogStore[]> {
  const stores = [logs];
  for (const origin of origins) stores.push(...(await historiesOf(logs, crypto, origin)).slice(1));
  return stores;
}

/** Leaf hashes of the first `size` entries, 32 bytes each, end to end. */
export async function leavesOf(
  logs: LogStore,
  crypto: Crypto,
  of: { readonly origin: string; readonly size: number },
): Promise<Uint8Array> {
  const leaves = new Uint8Array(of.size * 32);
  for (let from = 0; from < of.size; from += 512) {
    const records = await logs.records(of.origin, from, Math.min(of.size, from + 512));
    for (const [nth, { entry }] of records.entries())
      leaves.set(leafHashOf(crypto, entry), (from + nth) * 32);
  }
  return leaves;
}

/** Proves that two histories at hand part, and keeps the proof. Undefined when one continues the other. */
export async function keepForkProof(
  store: Store,
  crypto: Crypto,
  of: {
    readonly origin: string;
    readonly writer: Uint8Array;
    readonly histories: readonly [LogStore, LogStore];
  },
): Promise<Uint8Array | undefined> {
  const known = await store.get(forkKey(of.origin));
  if (known !== undefined) return known;
  const sides = [];
  for (const logs of of.histories) {
    const { size, checkpoint } = logs.state(of.origin);
    sides.push({ checkpoint, leaves: await leavesOf(logs, crypto, { origin: of.origin, size }) });
  }
  const proof = forkProof(
    crypto,
    of.writer,
    sides as unknown as readonly [(typeof sides)[0], (typeof sides)[0]],
  );
  if (proof !== undefined) await store.batch([{ put: forkKey(of.origin), value: proof }], { sync: true });
  return proof;
}

/** Keeps a proof that was checked. */
export function keepProof(logs: LogStore, origin: string, proof: Uint8Array): Promise<void> {
  return logs.write([{ put: forkKey(origin), value: proof }]);
}

/** The kept proof that a log's writer signed two histories, for anyone to check (`checkForkProof`). */
export function forkProofOf(store: Store, origin: string): Promise<Uint8Array | undefined> {
  return store.get(forkKey(origin));
}

/** The head a store holds of a log, as its writer signed it. */
function tipOf(logs: LogStore, origin: string): BranchHead | undefined {
  const { size, checkpoint } = logs.state(origin);
  return size === 0 ? undefined : { size, root: readHead(checkpoint).root };
}
