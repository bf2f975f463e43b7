// One fragment over one bulk stream, either way, with everything the other side says checked before it is believed.
// When these promises settle, nothing touches the caller's memory any more: decoding and reuse rely on it.

import {
  BULK_IDLE_MS,
  type ByteStream,
  type Clock,
  type Crypto,
  type Daemon,
  equalBytes,
  Fault,
  isFault,
  LEAF_BYTES,
  merkleRoot,
} from '@vauban/core';
import { fragmentBytesOf, type SegmentDescriptor, verifyReceipt } from '@vauban/ledger';
import { type BulkHeader, type PeerClient, readBulkReply } from '@vauban/wire';
import { orAborted } from './cancellation.ts';

/** Sent at once: large enough to cost little, small enough to show progress on a slow line. */
const WRITE_BYTES = 262_144;
/** Read and checked at once: three leaves, one frame. */
const READ_BYTES = 3 * LEAF_BYTES;
/** A daemon that refuses in mid-upload says why and hangs up; its reason is waited for this long. */
const LAST_WORDS_MS = 250;
const HASH_BYTES = 32;

export interface FragmentOf {
  readonly segment: Uint8Array;
  readonly descriptor: SegmentDescriptor;
  readonly index: number;
}

export interface Receipt {
  readonly generation: number;
  readonly receipt: Uint8Array;
}

const lies = new WeakSet<Fault>();

/** Whether this side found the other's bytes or signature wrong; a daemon that admits damage is honest. */
export function isLie(fault: Fault): boolean {
  return lies.has(fault);
}

function lie(fault: Fault): Fault {
  lies.add(fault);
  return fault;
}

/** Whether the daemon's signature binds exactly this fragment. Faults (integrity): RECEIPT_FORGED. */
export function checkReceipt(
  of: FragmentOf & { crypto: Crypto; charterName: string; daemon: Daemon },
  { generation, receipt }: Receipt,
): void {
  const { crypto, charterName, daemon, segment, descriptor, index } = of;
  const root = descriptor.roots[index] as Uint8Array;
  const bytes = fragmentBytesOf(descriptor);
  const claim = { charterName, segment, index, root, bytes, daemon: daemon.id, generation };
  if (verifyReceipt(crypto, claim, { signature: receipt, receiptKey: daemon.receiptKey })) return;
  const message = `Daemon ${daemon.id} answered with a receipt that its key did not sign for this fragment.`;
  throw lie(new Fault('integrity', 'RECEIPT_FORGED', message, { daemon: daemon.id, index }));
}

/**
 * Sends a fragment and returns the checked receipt. `onProgress` hears of every step the daemon lets happen, with the
 * bytes handed over since the last. Faults: whatever the daemon refuses with, RECEIPT_FORGED, STREAM_ENDED, DEADLINE,
 * PEER_UNREACHABLE, or the signal's reason.
 */
export async function putFragment(
  of: FragmentOf & {
    readonly client: PeerClient;
    readonly crypto: Crypto;
    readonly clock: Clock;
    readonly charterName: string;
    readonly daemon: Daemon;
    readonly bytes: Uint8Array;
    readonly signal: AbortSignal;
    readonly onProgress: (sentBytes: number) => void;
  },
): Promise<Receipt> {
  const { client, clock, descriptor, index, bytes, signal, onProgress } = of;
  const segment = { ...descriptor, roots: [...descriptor.roots] };
  return withStream(client, { bulk: 'put', segment, index }, signal, async (stream) => {
    let reply = await readBulkReply(stream);
    onProgress(0);
    if (reply.reply === 'go') {
      try {
        for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
          const slice = bytes.subarray(at, at + WRITE_BYTES);
          await stream.write(slice);
          onProgress(slice.length);
        }
      } catch (error) {
        await lastWords(stream, clock);
        throw error;
      }
      reply = await readBulkReply(stream);
    }
    if (reply.reply !== 'receipt') throw unexpected(reply.reply, 'put');
    const { generation, receipt } = reply;
    checkReceipt(of, { generation, receipt });
    return { generation, receipt };
  });
}

/** Memory for one run of a fragment's bytes; spans of a read follow each other without gaps. */
export interface Target {
  /** Offset in the fragment, a multiple of the leaf. */
  readonly at: number;
  readonly into: Uint8Array;
}

export interface ReadFacts {
  readonly latencyMs: number;
  readonly bodyMs: number;
}

/**
 * Reads whole leaves of a fragment into the targets, each leaf checked against the fragment's root before `onProgress`
 * hears of it. Faults (integrity): LEAF_LIST_WRONG, LEAF_WRONG {leaf}, FRAGMENT_LENGTH_WRONG; whatever the daemon
 * refuses with; STREAM_ENDED, DEADLINE, PEER_UNREACHABLE, or the signal's reason.
 */
export async function getFragment(
  of: FragmentOf & {
    readonly client: PeerClient;
    readonly crypto: Crypto;
    readonly clock: Clock;
    readonly targets: readonly Target[];
    readonly signal: AbortSignal;
    readonly onProgress: (readBytes: number) => void;
  },
): Promise<ReadFacts> {
  const { client, crypto, clock, segment, descriptor, index, targets, signal, onProgress } = of;
  const offset = targets[0]?.at ?? 0;
  const length = targets.reduce((sum, one) => sum + one.into.length, 0);
  const startedAt = clock.monotonic();
  return withStream(client, { bulk: 'get', segment, index, offset, length }, signal, async (stream) => {
    const reply = await readBulkReply(stream);
    if (reply.reply !== 'found') throw unexpected(reply.reply, 'get');
    const fragmentBytes = fragmentBytesOf(descriptor);
    if (reply.bytes !== fragmentBytes) {
      throw wrong('FRAGMENT_LENGTH_WRONG', `says it has ${reply.bytes} bytes, not ${fragmentBytes}`, index);
    }
    const hashes = await stream.read(HASH_BYTES * Math.ceil(fragmentBytes / LEAF_BYTES));
    const latencyMs = clock.monotonic() - startedAt;
    onProgress(0);
    if (!equalBytes(merkleRoot(crypto, hashes), descriptor.roots[index] as Uint8Array)) {
      throw wrong('LEAF_LIST_WRONG', 'came with leaf hashes that do not make its root', index);
    }
    for (const { at, into } of targets) {
      for (let done = 0; done < into.length; done += READ_BYTES) {
        const view = into.subarray(done, done + READ_BYTES);
        await stream.readInto(view);
        checkLeaves(crypto, { hashes, firstLeaf: (at + done) / LEAF_BYTES, view, index });
        onProgress(view.length);
      }
    }
    return { latencyMs, bodyMs: clock.monotonic() - startedAt - latencyMs };
  });
}

function checkLeaves(
  crypto: Crypto,
  of: { hashes: Uint8Array; firstLeaf: number; view: Uint8Array; index: number },
): void {
  const found = crypto.leafHashes(of.view, LEAF_BYTES);
  for (let i = 0; i < found.length; i += HASH_BYTES) {
    const wanted = of.firstLeaf * HASH_BYTES + i;
    if (equalBytes(found.subarray(i, i + HASH_BYTES), of.hashes.subarray(wanted, wanted + HASH_BYTES)))
      continue;
    const leaf = of.firstLeaf + i / HASH_BYTES;
    throw wrong('LEAF_WRONG', `has other bytes in leaf ${leaf} than its root says`, of.index, leaf);
  }
}

/** Opens, works, and leaves the stream closed in order or, after any failure, cut. */
async function withStream<Result>(
  client: PeerClient,
  header: BulkHeader,
  signal: AbortSignal,
  work: (stream: ByteStream) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    const opening = client.bulk(header, { deadlineMs: BULK_IDLE_MS, signal });
    const stream = await orAborted(opening, signal, (late) => late.abort());
    const abort = () => stream.abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      const result = await work(stream);
      stream.closeWrite().catch(abort);
      return result;
    } catch (error) {
      abort();
      // What breaks because of the abort is the abort.
      signal.throwIfAborted();
      // It restarted since it was told who calls; it says so before anything else.
      if (!isFault(error, 'HELLO_MISSING') || attempt > 0) throw error;
      client.forget();
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

/** Throws the fault the daemon sent before it hung up, if there is one. */
async function lastWords(stream: ByteStream, clock: Clock): Promise<void> {
  const cancel = clock.after(LAST_WORDS_MS, () => stream.abort());
  try {
    await readBulkReply(stream);
  } catch (error) {
    if (error instanceof Fault && error.kind !== 'unreachable') throw error;
  } finally {
    cancel();
  }
}

function unexpected(reply: string, asked: string): Fault {
  return new Fault('refused', 'MALFORMED', `A daemon answered ${reply} to a ${asked}.`, { reply, asked });
}

function wrong(code: string, how: string, index: number, leaf?: number): Fault {
  const facts = { index, ...(leaf !== undefined && { leaf }) };
  return lie(new Fault('integrity', code, `Fragment ${index} as sent ${how}.`, facts));
}
