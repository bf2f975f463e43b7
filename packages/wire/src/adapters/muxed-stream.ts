// What this package needs of a multiplexed stream, and writing to it with back-pressure. May be broken by a change in
// when the muxer says "drain": `drained` below trusts the stream's state, never the event alone, because the muxer
// announces a drain of the socket to every stream, also to those whose own window is used up.

import type { Clock } from '@vauban/core';
import { Fault } from '@vauban/core';

/** The part of a libp2p stream that is used; a structural type, so that one file alone imports libp2p. */
export interface MuxedStream {
  readonly status: string;
  readonly remoteWriteStatus: string;
  readonly writableNeedsDrain: boolean;
  readonly writeBufferLength: number;
  readonly readBufferLength: number;
  send(bytes: Uint8Array): boolean;
  close(options?: { signal?: AbortSignal }): Promise<void>;
  abort(error: Error): void;
  pause(): void;
  resume(): void;
  addEventListener(
    type: 'message',
    listener: (event: { readonly data: Uint8Array | Iterable<Uint8Array> }) => void,
  ): void;
  addEventListener(type: 'drain' | 'close' | 'remoteCloseWrite', listener: () => void): void;
}

/** The buffers of one arrival, without copying. */
export function buffersOf(data: Uint8Array | Iterable<Uint8Array>): Iterable<Uint8Array> {
  return data instanceof Uint8Array ? [data] : data;
}

export function streamEnded(peer: string, how: string): Fault {
  return new Fault('unreachable', 'STREAM_ENDED', `The stream with peer ${peer} ended: ${how}.`, { peer });
}

export function deadlinePassed(options: { peer: string; what: string; deadlineMs: number }): Fault {
  const { peer, what, deadlineMs } = options;
  return new Fault(
    'unreachable',
    'DEADLINE',
    `Peer ${peer} let ${Math.round(deadlineMs)} ms pass: ${what}. It may be overloaded or cut off; try again or another peer.`,
    { peer, deadlineMs },
  );
}

/**
 * One slice of a long write: four full noise messages (65,519 bytes of plaintext each) less the 12 bytes of the yamux
 * header, so that no slice ends in a tiny fifth message.
 */
const WRITE_SLICE_BYTES = 4 * 65_519 - 12;

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/** The writing half of a stream. */
export class Outflow {
  readonly #stream: MuxedStream;
  readonly #peer: string;
  readonly #clock: Clock;
  readonly #idleMs: number;
  #waiters: Waiter[] = [];
  #cancelTimer: (() => void) | undefined;
  #ended = false;

  constructor(options: { stream: MuxedStream; peer: string; clock: Clock; idleMs: number }) {
    this.#stream = options.stream;
    this.#peer = options.peer;
    this.#clock = options.clock;
    this.#idleMs = options.idleMs;
    // The muxer's own listener (registered first) continues in a microtask; looking two microtasks later finds the
    // outcome, and lets queued frames of small requests go ahead of the next slice of a long write.
    options.stream.addEventListener('drain', () => {
      if (this.#waiters.length > 0) queueMicrotask(() => queueMicrotask(() => this.#look()));
    });
    options.stream.addEventListener('close', () => this.end('the peer or the connection closed it'));
  }

  /** True when every byte sent has left for the transport, encrypted: nothing refers to the sender's memory any more. */
  get drained(): boolean {
    return !this.#stream.writableNeedsDrain && this.#stream.writeBufferLength === 0;
  }

  /** Hands bytes over without waiting; they must not change until `flushed`. Faults: STREAM_ENDED. */
  send(bytes: Uint8Array): void {
    if (this.#ended) throw streamEnded(this.#peer, 'it was closed before this write');
    try {
      this.#stream.send(bytes);
    } catch (error) {
      throw streamEnded(this.#peer, `it takes no more bytes (${(error as Error).message})`);
    }
  }

  /** Resolves when `drained`. Faults: STREAM_ENDED, or DEADLINE (which aborts the stream) without progress for `idleMs`. */
  flushed(): Promise<void> {
    if (this.#ended)
      return Promise.reject(streamEnded(this.#peer, 'it was closed before the bytes had left'));
    if (this.drained) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#cancelTimer === undefined) this.#arm();
    });
  }

  /** Sends all of `bytes` slice by slice, each when the one before has left. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += WRITE_SLICE_BYTES) {
      if (!this.drained) await this.flushed();
      this.send(bytes.subarray(at, at + WRITE_SLICE_BYTES));
    }
    if (!this.drained) await this.flushed();
  }

  end(how: string): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#waiters.length > 0) this.#fail(streamEnded(this.#peer, how));
  }

  #look(): void {
    if (this.#waiters.length === 0 || !this.drained) return;
    this.#cancel();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.resolve();
  }

  #arm(): void {
    const before = this.#stream.writeBufferLength;
    this.#cancelTimer = this.#clock.after(this.#idleMs, () => {
      this.#cancelTimer = undefined;
      if (this.#waiters.length === 0) return;
      if (this.#stream.writeBufferLength < before) {
        this.#arm();
        return;
      }
      const fault = deadlinePassed({ peer: this.#peer, what: 'it takes no bytes', deadlineMs: this.#idleMs });
      this.#fail(fault);
      this.#ended = true;
      this.#stream.abort(fault);
    });
  }

  #fail(fault: Fault): void {
    this.#cancel();
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(fault);
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
