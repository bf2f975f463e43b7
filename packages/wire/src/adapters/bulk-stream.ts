// The port's ByteStream over one multiplexed stream: exact reads with one copy, back-pressure both ways, idle deadlines.
// Held in memory at most: what is read ahead here, one arrival, and one receive window inside the muxer.

import type { ByteStream, Clock } from '@vauban/core';
import { assert, type Fault } from '@vauban/core';
import { ByteQueue } from '../framing.ts';
import { buffersOf, deadlinePassed, type MuxedStream, Outflow, streamEnded } from './muxed-stream.ts';

/** Bytes read ahead of the reader; beyond it the stream is paused and the sender runs into its window. */
const READ_AHEAD_BYTES = 262_144;
/** How long a served stream waits for the other side to finish too, and how much it throws away meanwhile. */
const LINGER_MS = 2_000;
const LINGER_BYTES = 1_048_576;

interface Reader {
  readonly into: Uint8Array;
  filled: number;
  resolve(): void;
  reject(error: unknown): void;
}

export class BulkStream implements ByteStream {
  readonly #stream: MuxedStream;
  readonly #out: Outflow;
  readonly #peer: string;
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #queue = new ByteQueue();
  #reader: Reader | undefined;
  #cancelTimer: (() => void) | undefined;
  #progressAt = 0;
  #paused = false;
  #waking = false;
  #remoteEnded = false;
  #fault: Fault | undefined;
  #lastWrite: Promise<void> | undefined;
  #discard: { bytesLeft: number; ended(): void } | undefined;

  constructor(options: { stream: MuxedStream; peer: string; clock: Clock; idleMs: number }) {
    this.#stream = options.stream;
    this.#peer = options.peer;
    this.#clock = options.clock;
    this.#idleMs = options.idleMs;
    this.#out = new Outflow(options);
    this.#stream.addEventListener('message', (event) => this.#arrived(event.data));
    this.#stream.addEventListener('remoteCloseWrite', () => this.#noMore());
    this.#stream.addEventListener('close', () => this.#noMore());
    if (this.#stream.remoteWriteStatus === 'closed' || this.#stream.status !== 'open')
      this.#remoteEnded = true;
  }

  async read(length: number): Promise<Uint8Array> {
    assert(Number.isSafeInteger(length) && length >= 0, 'a read has a length of zero or more bytes');
    const into = new Uint8Array(length);
    await this.readInto(into);
    return into;
  }

  readInto(into: Uint8Array): Promise<void> {
    assert(this.#reader === undefined, 'one read at a time: the one before has not ended');
    if (this.#fault) return Promise.reject(this.#fault);
    if (this.#queue.byteLength >= into.length) {
      this.#queue.takeInto(into);
      if (this.#paused && this.#queue.byteLength <= READ_AHEAD_BYTES / 2) this.#resume();
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const reader: Reader = { into, filled: this.#queue.byteLength, resolve, reject };
      this.#queue.takeInto(into.subarray(0, reader.filled));
      this.#reader = reader;
      // May deliver what the muxer held back at once, and so satisfy the reader.
      if (this.#paused) this.#resume();
      if (this.#reader !== reader) return;
      if (this.#remoteEnded) this.#failReader(this.#endedEarly());
      else {
        this.#progressAt = this.#clock.monotonic();
        this.#arm(this.#idleMs);
      }
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#fault) return Promise.reject(this.#fault);
    const before = this.#lastWrite;
    const mine = before === undefined ? this.#out.write(bytes) : before.then(() => this.#out.write(bytes));
    this.#lastWrite = mine;
    const settled = () => {
      if (this.#lastWrite === mine) this.#lastWrite = undefined;
    };
    mine.then(settled, settled);
    return mine;
  }

  async closeWrite(): Promise<void> {
    if (this.#fault) throw this.#fault;
    await this.#lastWrite;
    const patience = new AbortController();
    const cancel = this.#clock.after(this.#idleMs, () => patience.abort());
    try {
      await this.#stream.close({ signal: patience.signal });
    } catch (error) {
      throw streamEnded(this.#peer, `it could not be closed in order (${(error as Error).message})`);
    } finally {
      cancel();
    }
  }

  abort(): void {
    this.fail(streamEnded(this.#peer, 'this side aborted it'));
  }

  /** Like `abort`, with the fault that pending and later calls shall get. */
  fail(fault: Fault): void {
    if (this.#fault) return;
    this.#fault = fault;
    this.#queue.clear();
    this.#failReader(fault);
    this.#out.end('this side aborted it');
    this.#stream.abort(fault);
    this.#discard?.ended();
  }

  /** The end of a served stream: answers leave, then the other side has a moment to end its half too. */
  async finish(): Promise<void> {
    try {
      await this.closeWrite();
      if (this.#stream.status !== 'open' || this.#remoteEnded) return;
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(LINGER_MS, () => this.abort());
        const ended = () => {
          cancel();
          resolve();
        };
        this.#discard = { bytesLeft: LINGER_BYTES - this.#queue.byteLength, ended };
        this.#queue.clear();
        if (this.#paused) this.#resume();
      });
    } catch {
      // Nothing more to save: the peer is gone or does not read.
    }
    // A stream closed on both sides is gone already; anything else is cut off, once what arrived has been dropped.
    this.abort();
  }

  #arrived(data: Uint8Array | Iterable<Uint8Array>): void {
    if (this.#fault) return;
    for (const buffer of buffersOf(data)) {
      if (this.#discard) this.#throwAway(buffer.length);
      else this.#keep(buffer);
    }
    if (!this.#waking) this.#pauseWhenAhead();
  }

  #pauseWhenAhead(): void {
    if (this.#reader !== undefined || this.#paused || this.#queue.byteLength <= READ_AHEAD_BYTES) return;
    this.#paused = true;
    try {
      this.#stream.pause();
    } catch {
      // Closing already: nothing more will arrive.
    }
  }

  #keep(buffer: Uint8Array): void {
    const reader = this.#reader;
    if (reader === undefined) {
      this.#queue.push(buffer);
      return;
    }
    const used = Math.min(reader.into.length - reader.filled, buffer.length);
    reader.into.set(used === buffer.length ? buffer : buffer.subarray(0, used), reader.filled);
    reader.filled += used;
    this.#progressAt = this.#clock.monotonic();
    if (reader.filled < reader.into.length) return;
    this.#reader = undefined;
    this.#cancel();
    reader.resolve();
    if (used < buffer.length) this.#queue.push(buffer.subarray(used));
  }

  #throwAway(byteLength: number): void {
    if (this.#discard === undefined) return;
    this.#discard.bytesLeft -= byteLength;
    if (this.#discard.bytesLeft < 0) this.abort();
  }

  /**
   * What the muxer held back arrives inside the call, and the sender's next window is granted after it: a pause in
   * between would be forgotten by the muxer's window, and one window after the other pile up behind a paused stream.
   */
  #resume(): void {
    this.#paused = false;
    this.#waking = true;
    try {
      this.#stream.resume();
    } catch {
      // Closing already: what was held back has been delivered, and no window update is due any more.
    } finally {
      this.#waking = false;
    }
    this.#pauseWhenAhead();
  }

  #noMore(): void {
    if (this.#remoteEnded) return;
    this.#remoteEnded = true;
    // What a paused stream still holds is delivered by the next read.
    if (!this.#paused && this.#reader) this.#failReader(this.#endedEarly());
    this.#discard?.ended();
  }

  #endedEarly(): Fault {
    return streamEnded(this.#peer, 'the other side sent fewer bytes than expected');
  }

  #failReader(fault: Fault): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#cancel();
    reader?.reject(fault);
  }

  #arm(ms: number): void {
    this.#cancelTimer = this.#clock.after(ms, () => {
      const idleFor = this.#clock.monotonic() - this.#progressAt;
      if (idleFor + 1 < this.#idleMs) this.#arm(this.#idleMs - idleFor);
      else {
        this.fail(deadlinePassed({ peer: this.#peer, what: 'it sends no bytes', deadlineMs: this.#idleMs }));
      }
    });
  }

  #cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
