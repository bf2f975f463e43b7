// A daemon's network as a drill stages it: cut off, slow, or telling lies about fragments. All at the port: the daemon above
// knows nothing of it, and the sockets below are real.

import {
  type ByteStream,
  type Clock,
  Fault,
  LEAF_BYTES,
  type Network,
  type NetworkHandler,
} from '@vauban/core';
import { decodeRequest } from '@vauban/wire';
import type { StagedFaults } from './staged-faults.ts';

/** What comes while the network is cut is held so long, as packets are that nobody answers. */
const HELD_MS = 30_000;

export interface StagedOptions {
  readonly clock: Clock;
  /** As they are at this moment. */
  readonly faults: () => StagedFaults;
}

export function stagedNetwork(network: Network, options: StagedOptions): Network {
  const { clock, faults } = options;
  /** Before a message leaves or is taken: waits as long as it is late; rejects when it does not get through. */
  const pass = async (patienceMs: number, signal?: AbortSignal) => {
    const { cut, delayMs } = faults();
    if (cut) {
      await clock.sleep(patienceMs, signal);
      throw new Fault('unreachable', 'PEER_UNREACHABLE', 'the network is cut', {});
    }
    if (delayMs > 0) await clock.sleep(delayMs, signal);
  };
  return {
    get self() {
      return network.self;
    },
    get addresses() {
      return network.addresses;
    },
    get traffic() {
      return network.traffic;
    },
    start: () => network.start(),
    stop: () => network.stop(),
    serve: (handler) => network.serve(stagedHandler(handler, { pass, faults })),
    async request(peer, body, call) {
      await pass(call.deadlineMs, call.signal);
      return network.request(peer, body, call);
    },
    async bulk(peer, call) {
      await pass(call.deadlineMs, call.signal);
      return stagedStream(await network.bulk(peer, call), { pass, lies: () => false });
    },
  };
}

type Pass = (patienceMs: number, signal?: AbortSignal) => Promise<void>;

function stagedHandler(
  handler: NetworkHandler,
  { pass, faults }: { readonly pass: Pass; readonly faults: () => StagedFaults },
): NetworkHandler {
  return {
    async request(from, body) {
      await pass(HELD_MS);
      const answer = await handler.request(from, body);
      return faults().lies && asksForLeaf(body) && answer.length > LEAF_BYTES ? bent(answer) : answer;
    },
    async bulk(from, stream) {
      await pass(HELD_MS);
      await handler.bulk(from, stagedStream(stream, { pass, lies: () => faults().lies }));
    },
    closed: (from) => handler.closed(from),
  };
}

/** Words on the ledger stay true: only fragments are lied about. */
function asksForLeaf(body: Uint8Array): boolean {
  try {
    return decodeRequest(body).ask === 'leaf';
  } catch {
    return false;
  }
}

/** The shortest write that is taken for fragment bytes: headers are far shorter. */
const FRAGMENT_WRITE_BYTES = 4_096;

function stagedStream(
  stream: ByteStream,
  { pass, lies }: { readonly pass: Pass; readonly lies: () => boolean },
): ByteStream {
  /** A cut ends what flows at that moment. */
  const flow = async () => {
    try {
      await pass(0);
    } catch (error) {
      stream.abort();
      throw error;
    }
  };
  return {
    async read(length) {
      await flow();
      return stream.read(length);
    },
    async readInto(into) {
      await flow();
      return stream.readInto(into);
    },
    async write(bytes) {
      await flow();
      return stream.write(lies() && bytes.length >= FRAGMENT_WRITE_BYTES ? bent(bytes) : bytes);
    },
    closeWrite: () => stream.closeWrite(),
    abort: () => stream.abort(),
  };
}

/** The same bytes but for one in the middle. */
function bent(bytes: Uint8Array): Uint8Array {
  const lie = bytes.slice();
  const middle = bytes.length >> 1;
  lie[middle] = (lie[middle] as number) ^ 1;
  return lie;
}
