// Re-reading a log from the disk: entries, chain, commitments, roots at every signed size, and what is derived from
// entries. Finds silent rot before a reader does; puts derived rows that are gone back, and touches nothing else.

import {
  CompactRange,
  type Crypto,
  daemonIdBytes,
  equalBytes,
  type Fault,
  fromUtf8,
  isFault,
  readableRows,
  type Store,
  type StoreOperation,
} from '@vauban/core';
import { derivedRows } from './append-rows.ts';
import { type Head, readHead } from './checkpoint.ts';
import { hintOf, hintRow } from './holder-index.ts';
import { openStored, type StoredEntry } from './log-record.ts';
import { boundaryKey, decodeRecord, entryKey, type LogState } from './log-rows.ts';
import type { ResolveWriter } from './held-logs.ts';
import type { LogStore } from './log-store.ts';
import { storeCorrupt } from './quarantine.ts';
import { claimsHolder } from './segment-facts.ts';
import { segmentFacts } from './segment-index.ts';
import type { Writer } from './writer.ts';

/** Entries of one read. */
const PAGE = 256;
/** Decoding and hashing an entry costs about what reading so many bytes does. */
const ENTRY_BYTES = 1_024;
const PACE_BYTES = 16_384;

export interface ScrubOptions {
  readonly crypto: Crypto;
  readonly logs: LogStore;
  readonly resolve: ResolveWriter;
  readonly now: number;
  /** Waited for every so many bytes, between signed batches: what keeps a scrub from starving its users. */
  readonly pace: (bytes: number) => Promise<void>;
}

/** What is wrong with the stored log; undefined when it leads to its head. Rejects for what is no damage. */
export async function scrubLog(options: ScrubOptions, origin: string): Promise<Fault | undefined> {
  const state = options.logs.state(origin);
  try {
    await scrub(options, state);
    return undefined;
  } catch (error) {
    if (!isFault(error) || error.code === 'STORE_UNREADABLE' || error.code === 'STORE_FAILED') throw error;
    return error.code === 'STORE_CORRUPT'
      ? error
      : storeCorrupt(
          `${origin} is not what was stored: ${error.message}`,
          { origin, because: error.code },
          error,
        );
  }
}

async function scrub({ crypto, logs, resolve, now, pace }: ScrubOptions, state: LogState): Promise<void> {
  const { origin } = state;
  const heads = await signedHeads(logs.raw, state);
  const range = new CompactRange(crypto);
  let writer: Writer | undefined;
  let opened: StoredEntry[] = [];
  let bytes = 0;
  let nth = 0;
  for (let from = 0; from < state.size; from = range.size) {
    const rows = { gte: entryKey(origin, from), lt: entryKey(origin, Math.min(from + PAGE, state.size)) };
    for await (const [, value] of logs.raw.range(rows)) {
      const record = decodeRecord(value);
      const open = openStored(crypto, record);
      writer ??= resolve(record, origin);
      range.append(open.leafHash);
      opened.push(open);
      bytes += value.length + ENTRY_BYTES;
      const head = heads[nth];
      if (head === undefined || range.size < head.size) continue;
      if (!equalBytes(range.root(), head.root)) throw rotten(origin, head.size);
      const before = { ...state, size: range.size - opened.length };
      const gone = await missingRows(logs.raw, derivedRows({ head, before, opened, writer }, now));
      if (gone.length > 0) await logs.write(gone);
      opened = [];
      nth += 1;
      if (bytes < PACE_BYTES) continue;
      await pace(bytes);
      bytes = 0;
    }
    if (range.size < Math.min(from + PAGE, state.size)) throw rotten(origin, state.size);
  }
  // Entries that no signed head covers are as wrong as those that do not lead to one.
  if (nth < heads.length || opened.length > 0) throw rotten(origin, state.size);
  await pace(bytes);
}

/** Where the log's writer signed, in order, as the rows say. */
async function signedHeads(store: Store, { origin, size }: LogState): Promise<readonly Head[]> {
  const heads: Head[] = [];
  const range = { gt: boundaryKey(origin, 0), lt: boundaryKey(origin, size + 1) };
  for await (const [, value] of store.range(range)) heads.push(readHead(fromUtf8(value)));
  return heads.sort((a, b) => a.size - b.size);
}

/** Those that are not there, or cannot be read. */
export async function missingRows(
  store: Store,
  operations: readonly StoreOperation[],
): Promise<StoreOperation[]> {
  const gone: StoreOperation[] = [];
  for (const operation of operations) {
    if (!('put' in operation)) continue;
    const there = await store.get(operation.put).catch((error: unknown) => {
      if (isFault(error, 'STORE_CORRUPT')) return undefined;
      throw error;
    });
    if (there === undefined) gone.push(operation);
  }
  return gone;
}

/**
 * Removes rows that cannot be read. Only once every log has been healed: by then all they may have held stands
 * elsewhere, and left alone they would end every range they lie in. Returns how many there were.
 */
export async function sweepUnreadable(logs: LogStore): Promise<number> {
  const gone: StoreOperation[] = [];
  const rows = readableRows(logs.raw, {}, (key) => gone.push({ del: key }));
  while ((await rows.next()).done !== true);
  if (gone.length > 0) await logs.write(gone);
  return gone.length;
}

/** Hints that cannot be read are written anew where the logs say the same, and removed where they do not. */
export async function mendHints(logs: LogStore, keys: readonly Uint8Array[]): Promise<void> {
  const mended: StoreOperation[] = [];
  for (const key of keys) {
    const hint = hintOf(key);
    const right = hint !== undefined && claimsHolder(await segmentFacts(logs, hint.segment), hint);
    mended.push(right ? hintRow(daemonIdBytes(hint.daemon), hint.segment) : { del: key });
  }
  if (mended.length > 0) await logs.write(mended);
}

function rotten(origin: string, size: number): Fault {
  return storeCorrupt(`the stored entries of ${origin} do not lead to its head at size ${size}`, {
    origin,
    size,
  });
}
