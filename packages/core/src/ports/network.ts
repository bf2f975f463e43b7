// The network port: authenticated peers, small requests matched to answers, and bulk byte streams.
// Every call has a deadline. A peer id proves possession of a transport key, nothing more: who may do what is decided above.

/** Where a peer is: its id (the text form of its transport key) and addresses to try in order. */
export interface Peer {
  readonly peer: string;
  readonly addresses: readonly string[];
}

export interface CallOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** One direction-agnostic byte stream. Reads are exact; a stream that ends early rejects with STREAM_ENDED. */
export interface ByteStream {
  /** Exactly `length` bytes, or a fault within the stream's idle deadline. The view is the reader's to keep. */
  read(length: number): Promise<Uint8Array>;
  /** Like `read`, but into the caller's memory. */
  readInto(into: Uint8Array): Promise<void>;
  /** Resolves when the transport has taken the bytes (back-pressure); the bytes may be reused afterwards. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more writes from here; the other side's reads end. */
  closeWrite(): Promise<void>;
  /** Ends both directions at once, without ceremony. Safe to call twice. */
  abort(): void;
}

export interface NetworkHandler {
  /** Answers one request; a rejection aborts the connection to that peer. */
  request(from: string, body: Uint8Array): Promise<Uint8Array>;
  /** Owns the stream until it resolves or rejects. */
  bulk(from: string, stream: ByteStream): Promise<void>;
  /** The last connection with a peer is gone: forget what it introduced itself as. */
  closed(from: string): void;
}

export interface Network {
  /** The own peer id. */
  readonly self: string;
  /** Addresses this side can be dialled at, once started; empty for a client. */
  readonly addresses: readonly string[];
  start(): Promise<void>;
  stop(): Promise<void>;
  serve(handler: NetworkHandler): void;
  /** Faults: PEER_UNREACHABLE, DEADLINE, STREAM_ENDED. */
  request(peer: Peer, body: Uint8Array, options: CallOptions): Promise<Uint8Array>;
  /** Opens a bulk stream; `deadlineMs` is the idle deadline of every read and write on it. */
  bulk(peer: Peer, options: CallOptions): Promise<ByteStream>;
  /** Bytes sent and received on sockets since the start, for accounts and tests. */
  readonly traffic: { readonly sentBytes: number; readonly receivedBytes: number };
}
