// One bulk stream from the calling side: opened, worked on, and never left behind. When the promise settles, nothing
// touches the caller's memory any more: decoding and reuse rely on it.

import { BULK_IDLE_MS, type ByteStream, Fault, isFault, orAborted } from '@vauban/core';
import type { BulkHeader } from './bulk.ts';
import type { PeerClient } from './peer-client.ts';

/**
 * Opens, works, and leaves the stream closed in order or, after any failure, cut. Faults: those of `work`, STREAM_ENDED,
 * DEADLINE, PEER_UNREACHABLE, or the signal's reason.
 */
export async function withBulkStream<Result>(
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
      void closed(stream);
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

/** The other side ends too; one that sends on, or stays silent, is cut off: its bytes would lie here unread. */
async function closed(stream: ByteStream): Promise<void> {
  try {
    await stream.closeWrite();
    const ended = await stream.read(1).then(
      () => false,
      (error: unknown) => isFault(error, 'STREAM_ENDED'),
    );
    if (ended) return;
  } catch {
    // It could not be closed in order.
  }
  stream.abort();
}

/** An answer that has its place elsewhere in the conversation. */
export function unexpectedReply(reply: string, asked: BulkHeader['bulk']): Fault {
  return new Fault('refused', 'MALFORMED', `A daemon answered ${reply} to a ${asked}.`, { reply, asked });
}
