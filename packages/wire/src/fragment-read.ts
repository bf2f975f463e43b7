// Reading leaves of one fragment over one bulk stream, for clients and for daemons that repair: nothing the other side
// sends is believed before its leaves have been checked against the fragment's root.

import { assert, type Clock, type Crypto, equalBytes, Fault, LEAF_BYTES, merkleRoot } from '@vauban/core';
import { joinedRuns, readBulkReply } from './bulk.ts';
import { unexpectedReply, withBulkStream } from './bulk-call.ts';
import { lie } from './lies.ts';
import type { PeerClient } from './peer-client.ts';

/** Read and checked at once: three leaves, one frame. */
const READ_BYTES = 3 * LEAF_BYTES;
const HASH_BYTES = 32;

/** What is known of a fragment before anybody is asked for it. */
export interface KnownFragment {
  /** Segment id, 32 bytes. */
  readonly segment: Uint8Array;
  readonly index: number;
  /** RFC 6962 root over its leaves, 32 bytes. */
  readonly root: Uint8Array;
  /** Its length. */
  readonly bytes: number;
}

/** Memory for one run of a fragment's bytes. */
export interface Target {
  /** Offset in the fragment, a multiple of the leaf. */
  readonly at: number;
  /** Whole leaves, but for the fragment's end. */
  readonly into: Uint8Array;
}

export interface ReadFacts {
  readonly latencyMs: number;
  readonly bodyMs: number;
}

export interface FragmentRead {
  readonly client: PeerClient;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly fragment: KnownFragment;
  /** Ascending, without overlap; gaps are neither read nor sent. */
  readonly targets: readonly Target[];
  readonly signal: AbortSignal;
  /** Hears 0 when the list of leaf hashes has come, then the length of each stretch that was checked. */
  readonly onProgress?: (readBytes: number) => void;
}

/**
 * Reads whole leaves of a fragment into the targets, each leaf checked against the fragment's root before `onProgress`
 * hears of it. Faults (integrity, each a lie): LEAF_LIST_WRONG, LEAF_WRONG {leaf}, FRAGMENT_LENGTH_WRONG; whatever the
 * daemon refuses with; STREAM_ENDED, DEADLINE, PEER_UNREACHABLE, or the signal's reason.
 */
export async function readFragment(of: FragmentRead): Promise<ReadFacts> {
  const { client, crypto, clock, fragment, targets, signal, onProgress } = of;
  assertTargets(fragment, targets);
  const { segment, index, root, bytes } = fragment;
  const runs = joinedRuns(targets.map(({ at, into }) => [at, into.length] as const));
  const startedAt = clock.monotonic();
  return withBulkStream(client, { bulk: 'get', segment, index, runs }, signal, async (stream) => {
    const reply = await readBulkReply(stream);
    if (reply.reply !== 'found') throw unexpectedReply(reply.reply, 'get');
    if (reply.bytes !== bytes) {
      throw wrong('FRAGMENT_LENGTH_WRONG', `says it has ${reply.bytes} bytes, not ${bytes}`, { index });
    }
    const hashes = await stream.read(HASH_BYTES * Math.ceil(bytes / LEAF_BYTES));
    const latencyMs = clock.monotonic() - startedAt;
    onProgress?.(0);
    if (!equalBytes(merkleRoot(crypto, hashes), root)) {
      throw wrong('LEAF_LIST_WRONG', 'came with leaf hashes that do not make its root', { index });
    }
    for (const { at, into } of targets) {
      for (let done = 0; done < into.length; done += READ_BYTES) {
        const view = into.subarray(done, done + READ_BYTES);
        await stream.readInto(view);
        checkLeaves(crypto, { hashes, firstLeaf: (at + done) / LEAF_BYTES, view, index });
        onProgress?.(view.length);
      }
    }
    return { latencyMs, bodyMs: clock.monotonic() - startedAt - latencyMs };
  });
}

function assertTargets({ bytes }: KnownFragment, targets: readonly Target[]): void {
  assert(targets.length > 0, 'something is to be read');
  let before = 0;
  for (const { at, into } of targets) {
    const end = at + into.length;
    assert(at % LEAF_BYTES === 0 && at >= before, 'targets ascend, and begin with leaves');
    assert(into.length > 0 && end <= bytes, 'targets lie in the fragment');
    assert(end === bytes || end % LEAF_BYTES === 0, 'targets end with leaves');
    before = end;
  }
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
    throw wrong('LEAF_WRONG', `has other bytes in leaf ${leaf} than its root says`, {
      index: of.index,
      leaf,
    });
  }
}

function wrong(code: string, how: string, facts: { readonly index: number; readonly leaf?: number }): Fault {
  return lie(new Fault('integrity', code, `Fragment ${facts.index} as sent ${how}.`, { ...facts }));
}
