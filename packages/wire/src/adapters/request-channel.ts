// Both ends of the long-lived stream that carries small requests one way and their answers back. Opening a stream costs
// a round trip and half a millisecond of two processors, so one is shared; answers may overtake each other.

import type { CallOptions, Clock } from '@vauban/core';
import { BULK_IDLE_MS, Fault, isFault, MESSAGE_BYTES_MAX, PEER_REQUESTS_MAX } from '@vauban/core';
import { encodeFrame, FrameDecoder, type RequestFrame } from '../framing.ts';
import { buffersOf, deadlinePassed, type MuxedStream, Outflow } from './muxed-stream.ts';

/** Bodies and unread answers held for one peer: four of the largest; a peer that wants more waits for its own answers. */
const PEER_REQUEST_BYTES_MAX = 4 * MESSAGE_BYTES_MAX;
/** Answers nobody waits for, on one stream. Late ones after a deadline are normal, thousands are an attack. */
const STRAYS_MAX = 1_000;

interface Asked {
  resolve(body: Uint8Array): void;
  reject(error: unknown): void;
  done(): void;
}

/** The asking end. */
export class RequestChannel {
  readonly #peer: string;
  readonly #clock: Clock;
  readonly #stream: MuxedStream;
  readonly #out: Outflow;
  readonly #decoder = new FrameDecoder();
  readonly #asked = new Map<number, Asked>();
  readonly #misbehaved: (reason: Fault) => void;
  #nextId = 0;
  #strays = 0;
  #ended = false;

  constructor(options: {
    stream: MuxedStream;
    peer: string;
    clock: Clock;
    /** The peer sent what no correct peer sends. */
    misbehaved(reason: Fault): void;
  }) {
    this.#peer = options.peer;
    this.#clock = options.clock;
    this.#stream = options.stream;
    this.#misbehaved = (reason) => options.misbehaved(reason);
    this.#out = new Outflow({ ...options, idleMs: BULK_IDLE_MS });
    options.stream.addEventListener('message', (event) => this.#arrived(event.data));
    options.stream.addEventListener('remoteCloseWrite', () => this.end());
    options.stream.addEventListener('close', () => this.end());
    if (options.stream.status !== 'open' || options.stream.remoteWriteStatus === 'closed') this.end();
  }

  get usable(): boolean {
    return !this.#ended;
  }

  /** Sends one request. `late` is called, with the fault already given to the caller, when the deadline passes. */
  ask(body: Uint8Array, options: CallOptions & { late(): void }): Promise<Uint8Array> {
    const { deadlineMs, signal } = options;
    if (this.#ended) return Promise.reject(this.#gone());
    return new Promise((resolve, reject) => {
      const id = this.#freeId();
      const giveUp = (error: unknown) => {
        const asked = this.#asked.get(id);
        if (asked === undefined) return;
        this.#asked.delete(id);
        asked.done();
        asked.reject(error);
      };
      const cancel = this.#clock.after(deadlineMs, () => {
        giveUp(deadlinePassed({ peer: this.#peer, what: 'it did not answer a request', deadlineMs }));
        options.late();
      });
      const aborted = () => giveUp(signal?.reason);
      signal?.addEventListener('abort', aborted, { once: true });
      this.#asked.set(id, {
        resolve,
        reject,
        done: () => {
          cancel();
          signal?.removeEventListener('abort', aborted);
        },
      });
      try {
        this.#out.send(encodeFrame({ id, body }));
      } catch {
        giveUp(this.#gone());
      }
    });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const each of asked) {
      each.done();
      each.reject(this.#gone());
    }
  }

  /** Closes the stream; whatever was asked fails. */
  abort(reason: Fault): void {
    this.end();
    this.#stream.abort(reason);
  }

  #freeId(): number {
    while (this.#asked.has(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0;
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    return id;
  }

  #gone(): Fault {
    return new Fault(
      'unreachable',
      'PEER_UNREACHABLE',
      `The connection with peer ${this.#peer} was lost before it answered; the next request dials it again.`,
      { peer: this.#peer },
    );
  }

  #arrived(data: Uint8Array | Iterable<Uint8Array>): void {
    if (this.#ended) return;
    for (const buffer of buffersOf(data)) this.#decoder.push(buffer);
    try {
      for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
        const asked = this.#asked.get(frame.id);
        if (asked === undefined) {
          this.#stray();
          continue;
        }
        this.#asked.delete(frame.id);
        asked.done();
        asked.resolve(frame.body);
      }
    } catch (error) {
      this.#misbehaved(error as Fault);
    }
  }

  #stray(): void {
    this.#strays += 1;
    if (this.#strays > STRAYS_MAX) {
      throw new Fault('refused', 'STRAY_ANSWERS', `Peer ${this.#peer} answers what nobody asked.`, {
        peer: this.#peer,
      });
    }
  }
}

/** What one peer has in flight here, over all its connections. */
export interface PeerLoad {
  requests: number;
  bytes: number;
  /** Streams that stopped reading because of it; each looks again when something is done. */
  readonly waiting: Set<() => void>;
}

export interface AnswerChannelOptions {
  stream: MuxedStream;
  peer: string;
  clock: Clock;
  load: PeerLoad;
  answer(body: Uint8Array): Promise<Uint8Array>;
  /** The handler rejected, the peer sent nonsense, or it stopped in the middle of a frame: drop the connection. */
  broken(reason: unknown): void;
}

/** The answering end: serves frames until the stream ends, and stops reading while the peer has too much in flight. */
export class AnswerChannel {
  readonly #stream: MuxedStream;
  readonly #clock: Clock;
  readonly #out: Outflow;
  readonly #load: PeerLoad;
  readonly #answer: (body: Uint8Array) => Promise<Uint8Array>;
  readonly #broken: (reason: unknown) => void;
  readonly #decoder = new FrameDecoder();
  #paused = false;
  #ended = false;
  #remoteEnded = false;
  #inFlight = 0;
  #cancelStall: (() => void) | undefined;
  readonly #serve = (): void => this.#serveFrames();

  /** Answers what comes on the stream until it ends; lives by the stream's events. */
  static serve(options: AnswerChannelOptions): AnswerChannel {
    return new AnswerChannel(options);
  }

  private constructor(options: AnswerChannelOptions) {
    this.#stream = options.stream;
    this.#clock = options.clock;
    this.#load = options.load;
    this.#answer = (body) => options.answer(body);
    this.#broken = (error) => options.broken(error);
    this.#out = new Outflow({ ...options, idleMs: BULK_IDLE_MS });
    options.stream.addEventListener('message', (event) => {
      if (this.#ended) return;
      for (const buffer of buffersOf(event.data)) this.#decoder.push(buffer);
      this.#serve();
    });
    options.stream.addEventListener('remoteCloseWrite', () => {
      this.#remoteEnded = true;
      this.#cancelStall?.();
      this.#closeWhenIdle();
    });
    options.stream.addEventListener('close', () => this.#end());
  }

  #serveFrames(): void {
    try {
      while (!this.#ended && this.#mayTake()) {
        const frame = this.#decoder.next();
        if (frame === undefined) break;
        void this.#take(frame);
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#setPaused(!this.#mayTake());
    this.#watchStall();
  }

  #mayTake(): boolean {
    return this.#load.requests < PEER_REQUESTS_MAX && this.#load.bytes < PEER_REQUEST_BYTES_MAX;
  }

  async #take(frame: RequestFrame): Promise<void> {
    let heldBytes = frame.body.length;
    this.#inFlight += 1;
    this.#load.requests += 1;
    this.#load.bytes += heldBytes;
    try {
      const body = await this.#answer(frame.body).catch((error: unknown) => this.#fail(error));
      if (body === undefined || this.#ended) return;
      const bytes = encodeFrame({ id: frame.id, body });
      this.#load.bytes += bytes.length - heldBytes;
      heldBytes = bytes.length;
      this.#out.send(bytes);
      if (!this.#out.drained) await this.#out.flushed();
    } catch (error) {
      // An answer that found the stream closed is nobody's fault; anything else costs the connection.
      if (!isFault(error, 'STREAM_ENDED')) this.#fail(error);
    } finally {
      this.#inFlight -= 1;
      this.#load.requests -= 1;
      this.#load.bytes -= heldBytes;
      if (!this.#ended) this.#serve();
      for (const look of Array.from(this.#load.waiting)) look();
      this.#closeWhenIdle();
    }
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused || this.#ended) return;
    this.#paused = paused;
    if (paused) this.#load.waiting.add(this.#serve);
    else this.#load.waiting.delete(this.#serve);
    try {
      if (paused) this.#stream.pause();
      else this.#stream.resume();
    } catch {
      // Closing already: nothing more will arrive.
    }
  }

  /** A frame that was begun must go on arriving; between frames the stream may rest for ever. */
  #watchStall(): void {
    this.#cancelStall?.();
    this.#cancelStall = undefined;
    if (this.#ended || this.#paused || this.#remoteEnded || this.#decoder.pendingBytes === 0) return;
    this.#cancelStall = this.#clock.after(BULK_IDLE_MS, () =>
      this.#fail(new Fault('unreachable', 'DEADLINE', 'A peer stopped in the middle of a request.')),
    );
  }

  #closeWhenIdle(): void {
    if (!this.#remoteEnded || this.#inFlight > 0 || this.#ended || this.#paused) return;
    this.#end();
    this.#stream.close().catch(() => this.#stream.abort(new Error('could not be closed in order')));
  }

  #fail(error: unknown): undefined {
    this.#end();
    this.#broken(error);
  }

  #end(): void {
    this.#ended = true;
    this.#load.waiting.delete(this.#serve);
    this.#cancelStall?.();
    this.#cancelStall = undefined;
  }
}
