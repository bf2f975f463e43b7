// Sending one fragment over one bulk stream, and whether the receipt that comes back is one. Reading fragments, which
// daemons do too, is the wire's.

import { type ByteStream, type Clock, type Crypto, type Daemon, Fault } from '@vauban/core';
import { fragmentBytesOf, type SegmentDescriptor, verifyReceipt } from '@vauban/ledger';
import { lie, type PeerClient, readBulkReply, unexpectedReply, withBulkStream } from '@vauban/wire';

/** Sent at once: large enough to cost little, small enough to show progress on a slow line. */
const WRITE_BYTES = 262_144;
/** A daemon that refuses in mid-upload says why and hangs up; its reason is waited for this long. */
const LAST_WORDS_MS = 250;

export interface FragmentOf {
  readonly segment: Uint8Array;
  readonly descriptor: SegmentDescriptor;
  readonly index: number;
}

export interface Receipt {
  readonly generation: number;
  readonly receipt: Uint8Array;
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
  return withBulkStream(client, { bulk: 'put', segment, index }, signal, async (stream) => {
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
    if (reply.reply !== 'receipt') throw unexpectedReply(reply.reply, 'put');
    const { generation, receipt } = reply;
    checkReceipt(of, { generation, receipt });
    return { generation, receipt };
  });
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
