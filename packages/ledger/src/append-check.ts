// What can be checked of an append from bytes alone: order, chain, commitments, root, log signature, and that a payload
// which is left out was erased. The same code takes entries in, heals a damaged log and verifies a pulled copy.

import {
  type Charter,
  CompactRange,
  type CompactRangeSnapshot,
  type Crypto,
  equalBytes,
  Fault,
} from '@vauban/core';
import { type Head, openCheckpoint } from './checkpoint.ts';
import type { ClaimName } from './entry.ts';
import { type LogRecord, openStored, payloadWithheld, type StoredEntry } from './log-record.ts';
import type { LogState } from './log-rows.ts';
import { checkOrigin, type Writer } from './writer.ts';

/** Entries a writer (or anyone on its behalf) brings: bytes from `oldSize` up to the checkpoint's size. */
export interface Append {
  readonly origin: string;
  readonly oldSize: number;
  readonly checkpoint: string;
  readonly records: readonly LogRecord[];
}

/** An append whose bytes are in order. */
export interface CheckedAppend {
  readonly head: Head;
  readonly before: LogState;
  readonly opened: readonly StoredEntry[];
  readonly records: readonly LogRecord[];
  readonly frontier: CompactRangeSnapshot;
  readonly lastLeaf: Uint8Array;
  readonly writer: Writer;
  readonly checkpoint: string;
}

export interface AppendGround {
  readonly crypto: Crypto;
  readonly charter: Pick<Charter, 'name'>;
  /** The state the append extends: its `oldSize` is this size. */
  readonly before: LogState;
  readonly writer: Writer;
  /** Whether a certified purge that is known here lists the entry. */
  readonly erased: (of: ClaimName, purge: ClaimName) => Promise<boolean>;
  /** Asked once the head is known to be signed, before the costly checks. May fault. */
  readonly afford?: ((writer: Writer) => void) | undefined;
}

/**
 * Faults: MALFORMED, TOO_LARGE, ORIGIN_OTHER, LOG_SIGNATURE, CHAIN_BROKEN, ROOT_MISMATCH, COMMIT_MISMATCH,
 * GENESIS_MISPLACED, PAYLOAD_WITHHELD.
 */
export async function checkAppend(ground: AppendGround, append: Append): Promise<CheckedAppend> {
  const { crypto, charter, before, writer } = ground;
  const { origin } = append;
  // The log's first append showed whose name it bears; the writer is the one that its stored genesis names.
  if (before.size === 0) checkOrigin(crypto, charter.name, origin, writer);
  const head = openCheckpoint(crypto, append.checkpoint, writer.key);
  if (head.origin !== origin || head.size !== before.size + append.records.length) {
    throw wrong('MALFORMED', 'the checkpoint is not of the log and size the append ends at', origin);
  }
  ground.afford?.(writer);
  const range = new CompactRange(crypto, before.frontier);
  let lastLeaf = before.lastLeaf;
  const opened: StoredEntry[] = [];
  for (const record of append.records) {
    const open = openStored(crypto, record);
    if (!equalBytes(open.entry.previous, lastLeaf)) {
      throw wrong('CHAIN_BROKEN', `entry ${range.size} does not follow the one before it`, origin);
    }
    if ((open.entry.kind === 'genesis') !== (range.size === 0)) {
      throw wrong('GENESIS_MISPLACED', 'a log has one genesis, and it comes first', origin);
    }
    if (open.payload === null) await checkErased(ground, { origin, index: range.size }, open);
    range.append(open.leafHash);
    lastLeaf = open.leafHash;
    opened.push(open);
  }
  if (!equalBytes(range.root(), head.root)) {
    throw wrong('ROOT_MISMATCH', 'the checkpoint is not the root of these entries', origin);
  }
  const { records, checkpoint } = append;
  return { head, before, opened, records, frontier: range.snapshot(), lastLeaf, writer, checkpoint };
}

async function checkErased(
  ground: AppendGround,
  of: ClaimName,
  open: Extract<StoredEntry, { readonly payload: null }>,
): Promise<void> {
  if (open.entry.kind === 'objects' && (await ground.erased(of, open.erased))) return;
  throw payloadWithheld(of, open.erased);
}

/** The state after a checked append, for whoever goes on without storing it. */
export function stateAfter(checked: CheckedAppend): LogState {
  const { before, head, frontier, lastLeaf, checkpoint } = checked;
  return { ...before, size: head.size, frontier, lastLeaf, checkpoint };
}

export function wrong(code: string, message: string, origin: string): Fault {
  return new Fault('refused', code, `${message} (log ${origin})`, { origin });
}
