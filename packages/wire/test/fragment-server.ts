// A daemon over the real network that hands out one fragment, and lies about it when told to; and whoever reads it.

import { asFault, type ByteStream, Fault, LEAF_BYTES, merkleRoot, type NetworkHandler } from '@vauban/core';
import { nodeClock, nodeCrypto as crypto } from '@vauban/core/node';
import {
  decodeRequest,
  encodeAnswer,
  type FragmentRead,
  type KnownFragment,
  PeerClient,
  readBulkHeader,
  readFragment,
  type Run,
  type Target,
  writeBulkFault,
  writeBulkReply,
} from '../src/index.ts';
import { peerOf, startClient, startNetwork, type TestNetwork } from './libp2p-fixture.ts';

/** A fragment with its bytes. */
export interface WholeFragment extends KnownFragment {
  readonly data: Uint8Array;
}

export function fragmentOf(bytes: number, seed = 1): WholeFragment {
  const data = new Uint8Array(bytes);
  for (let at = 0, state = seed; at < bytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[at] = state >>> 24;
  }
  const root = merkleRoot(crypto, crypto.leafHashes(data, LEAF_BYTES));
  return { segment: new Uint8Array(32).fill(seed), index: 3, root, bytes, data };
}

export interface Asked {
  readonly runs: readonly Run[];
}

/** Answers a get: what an honest daemon does, unless told otherwise. */
export type Serve = (stream: ByteStream, asked: Asked, fragment: WholeFragment) => Promise<void>;

export async function sendHashes(stream: ByteStream, { data, bytes }: WholeFragment): Promise<void> {
  await writeBulkReply(stream, { reply: 'found', bytes });
  await stream.write(crypto.leafHashes(data, LEAF_BYTES));
}

export async function sendRuns(stream: ByteStream, { runs }: Asked, data: Uint8Array): Promise<void> {
  for (const [offset, length] of runs) await stream.write(data.subarray(offset, offset + length));
}

export const honest: Serve = async (stream, asked, fragment) => {
  await sendHashes(stream, fragment);
  await sendRuns(stream, asked, fragment.data);
};

export interface Reading {
  readonly near: TestNetwork;
  readonly far: TestNetwork;
  readonly client: PeerClient;
  /** What was asked for, stream by stream. */
  readonly asked: Asked[];
  /** Lengths `onProgress` was told. */
  readonly progress: number[];
  readonly read: (
    targets: readonly Target[],
    change?: Partial<FragmentRead>,
  ) => ReturnType<typeof readFragment>;
}

/** A reader and a server of the fragment, introduced to one another. */
export async function startReading(fragment: WholeFragment, serve: Serve = honest): Promise<Reading> {
  const asked: Asked[] = [];
  const handler: Partial<NetworkHandler> = {
    request: async (_, body) => {
      if (decodeRequest(body).ask !== 'hello') throw new Error('only a hello is answered here');
      return encodeAnswer<'hello'>({ version: 1, daemon: '', hoster: '' }, 1);
    },
    bulk: async (_, stream) => {
      try {
        const header = await readBulkHeader(stream);
        if (header.bulk !== 'get') throw new Fault('refused', 'NOT_HERE', 'only reads are served here');
        asked.push(header);
        await serve(stream, header, fragment);
      } catch (error) {
        if (asFault(error).kind === 'unreachable') throw error;
        await writeBulkFault(stream, asFault(error));
      }
    },
  };
  const far = await startNetwork({ handler });
  const near = await startClient();
  const client = new PeerClient(peerOf(far), {
    network: near,
    crypto,
    charterName: 'grand-est',
    charterVersion: () => 1,
    identity: { role: 'daemon' },
  });
  const progress: number[] = [];
  const read: Reading['read'] = (targets, change = {}) =>
    readFragment({
      client,
      crypto,
      clock: nodeClock,
      fragment,
      targets,
      signal: new AbortController().signal,
      onProgress: (bytes) => void progress.push(bytes),
      ...change,
    });
  return { near, far, client, asked, progress, read };
}

/** Memory for these runs of leaves of the fragment: its end may be shorter. */
export function targetsOf(
  { bytes }: KnownFragment,
  leaves: readonly (readonly [number, number])[],
): Target[] {
  return leaves.map(([first, count]) => {
    const at = first * LEAF_BYTES;
    return { at, into: new Uint8Array(Math.min(count * LEAF_BYTES, bytes - at)) };
  });
}

/** Whether every target holds the fragment's bytes. */
export function areRight(targets: readonly Target[], { data }: WholeFragment): boolean {
  return targets.every(({ at, into }) => Buffer.compare(into, data.subarray(at, at + into.length)) === 0);
}
