// What the network port needs of the library that makes connections, and how its failures are told.

import type { Peer } from '@vauban/core';
import { Fault } from '@vauban/core';
import type { MuxedStream } from './muxed-stream.ts';

/** Format. Protocol names on the wire. */
export const REQUEST_PROTOCOL = '/vauban/request/0';
export const BULK_PROTOCOL = '/vauban/bulk/0';

/** One connection with one proven peer. */
export interface HostConnection {
  readonly peer: string;
  readonly open: boolean;
  /** Bytes taken from its socket so far. */
  readonly receivedBytes: number;
  newStream(protocol: string, signal?: AbortSignal): Promise<MuxedStream>;
  abort(error: Error): void;
}

export interface HostEvents {
  opened(connection: HostConnection): void;
  closed(connection: HostConnection): void;
  /** The peer opened a stream of one of the two protocols. */
  requests(stream: MuxedStream, connection: HostConnection): void;
  bulk(stream: MuxedStream, connection: HostConnection): void;
}

/** What makes the connections. */
export interface Host {
  readonly addresses: readonly string[];
  readonly traffic: { readonly sentBytes: number; readonly receivedBytes: number };
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Tries the addresses in order; `opened` has been called when it resolves. */
  dial(peer: Peer, signal: AbortSignal): Promise<HostConnection>;
  /** The last connection with a peer is gone. */
  forget(peer: string): void;
}

export function stopped(): Fault {
  return new Fault('unreachable', 'PEER_UNREACHABLE', 'The network of this process is not running.');
}

export function unreachable(peer: Peer, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const at = peer.addresses.length === 0 ? '' : ` at ${peer.addresses.join(', ')}`;
  const reasons = error instanceof AggregateError ? error.errors.map(firstLine).join(' ') : firstLine(error);
  return new Fault(
    'unreachable',
    'PEER_UNREACHABLE',
    `Peer ${peer.peer} cannot be reached${at}: ${reasons}`,
    { peer: peer.peer, addresses: peer.addresses },
    error,
  );
}

export function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n')[0] as string;
}
