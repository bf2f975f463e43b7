// The network port between parties of one process, on a virtual clock, with the bad days of real ones: peers that are
// dead, stopped, slow, or cut off in the middle of a stream.

import {
  type ByteStream,
  type CallOptions,
  type Clock,
  Fault,
  type Network,
  type NetworkHandler,
  type Peer,
} from '@vauban/core';

/** Bytes in flight one way before a writer has to wait. */
const WINDOW_BYTES = 262_144;

interface Condition {
  dead: boolean;
  stopped: boolean;
  /** Before every answer and every stream. */
  latencyMs: number;
  bytesPerMs: number;
}

export class MemoryHub {
  readonly clock: Clock;
  readonly #handlers = new Map<string, NetworkHandler>();
  readonly #conditions = new Map<string, Condition>();
  readonly #wakers = new Map<string, (() => void)[]>();
  readonly #streams = new Set<{ readonly peer: string; readonly stream: MemoryStream }>();
  readonly bulkOpened = new Map<string, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Streams that neither side has ended. */
  get openStreams(): number {
    return this.#streams.size;
  }

  condition(peer: string): Condition {
    let known = this.#conditions.get(peer);
    if (known === undefined) {
      known = { dead: false, stopped: false, latencyMs: 1, bytesPerMs: Number.POSITIVE_INFINITY };
      this.#conditions.set(peer, known);
    }
    return known;
  }

  /** SIGKILL: streams break, calls are refused. */
  kill(peer: string): void {
    this.condition(peer).dead = true;
    this.cut(peer);
    this.#wake(peer);
  }

  /** SIGSTOP: connections stay, nothing moves. */
  stop(peer: string): void {
    this.condition(peer).stopped = true;
  }

  revive(peer: string): void {
    const condition = this.condition(peer);
    condition.dead = false;
    condition.stopped = false;
    this.#wake(peer);
  }

  cut(peer: string): void {
    for (const one of this.#streams) if (one.peer === peer) one.stream.abort();
  }

  /** Resolves when the peer's process may run. */
  running(peer: string): Promise<void> {
    const condition = this.condition(peer);
    if (!condition.stopped || condition.dead) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#wakers.get(peer) ?? [];
      waiting.push(() => resolve(this.running(peer)));
      this.#wakers.set(peer, waiting);
    });
  }

  join(self: string): Network {
    return {
      self,
      addresses: [],
      traffic: { sentBytes: 0, receivedBytes: 0 },
      start: async () => undefined,
      stop: async () => undefined,
      serve: (handler) => void this.#handlers.set(self, handler),
      request: (peer, body, options) => this.#request(self, peer, { body, options }),
      bulk: (peer, options) => this.#bulk(self, peer, options),
    };
  }

  #wake(peer: string): void {
    const waiting = this.#wakers.get(peer) ?? [];
    this.#wakers.delete(peer);
    for (const wake of waiting) wake();
  }

  async #request(
    self: string,
    { peer }: Peer,
    call: { body: Uint8Array; options: CallOptions },
  ): Promise<Uint8Array> {
    return this.#bounded(peer, call.options, async () => {
      await this.#reach(peer);
      const answer = await (this.#handlers.get(peer) as NetworkHandler).request(self, call.body);
      await this.#reach(peer);
      return answer;
    });
  }

  async #bulk(self: string, { peer }: Peer, options: CallOptions): Promise<ByteStream> {
    await this.#bounded(peer, options, () => this.#reach(peer));
    const there = new Pipe();
    const back = new Pipe();
    const near = new MemoryStream({ hub: this, reads: back, writes: there, idleMs: options.deadlineMs });
    const far = new MemoryStream({ hub: this, reads: there, writes: back, idleMs: 60_000, paces: peer });
    const entry = { peer, stream: near };
    this.#streams.add(entry);
    this.bulkOpened.set(peer, (this.bulkOpened.get(peer) ?? 0) + 1);
    const abort = () => near.abort();
    options.signal?.addEventListener('abort', abort, { once: true });
    near.onEnd = () => {
      this.#streams.delete(entry);
      options.signal?.removeEventListener('abort', abort);
    };
    far.onEnd = near.onEnd;
    void (this.#handlers.get(peer) as NetworkHandler).bulk(self, far).then(
      () => far.closeWrite(),
      () => far.abort(),
    );
    return near;
  }

  async #reach(peer: string): Promise<void> {
    await this.clock.sleep(this.condition(peer).latencyMs);
    await this.running(peer);
    if (!this.condition(peer).dead && this.#handlers.has(peer)) return;
    throw new Fault('unreachable', 'PEER_UNREACHABLE', `Nobody answers at ${peer}.`, { peer });
  }

  #bounded<Result>(peer: string, options: CallOptions, work: () => Promise<Result>): Promise<Result> {
    options.signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const aborted = () => leave(() => reject(options.signal?.reason));
      const leave = (how: () => void) => {
        cancel();
        options.signal?.removeEventListener('abort', aborted);
        how();
      };
      const late = new Fault('unreachable', 'DEADLINE', `Peer ${peer} let the deadline pass.`, { peer });
      const cancel = this.clock.after(options.deadlineMs, () => leave(() => reject(late)));
      options.signal?.addEventListener('abort', aborted, { once: true });
      work().then(
        (result) => leave(() => resolve(result)),
        (error: unknown) => leave(() => reject(error)),
      );
    });
  }
}

/** One direction: bytes in flight, and who waits for them. */
class Pipe {
  readonly parts: Uint8Array[] = [];
  byteLength = 0;
  ended = false;
  broken = false;
  changed: (() => void)[] = [];

  change(): void {
    for (const call of this.changed.splice(0)) call();
  }

  takeInto(into: Uint8Array): void {
    for (let filled = 0; filled < into.length; ) {
      const part = this.parts[0] as Uint8Array;
      const used = Math.min(part.length, into.length - filled);
      into.set(part.subarray(0, used), filled);
      filled += used;
      if (used === part.length) this.parts.shift();
      else this.parts[0] = part.subarray(used);
    }
    this.byteLength -= into.length;
  }
}

class MemoryStream implements ByteStream {
  onEnd: () => void = () => undefined;
  readonly #o: { hub: MemoryHub; reads: Pipe; writes: Pipe; idleMs: number; paces?: string };

  constructor(options: { hub: MemoryHub; reads: Pipe; writes: Pipe; idleMs: number; paces?: string }) {
    this.#o = options;
  }

  async read(length: number): Promise<Uint8Array> {
    const into = new Uint8Array(length);
    await this.readInto(into);
    return into;
  }

  async readInto(into: Uint8Array): Promise<void> {
    const { reads } = this.#o;
    await this.#pace(0);
    for (let filled = 0; filled < into.length; ) {
      if (reads.broken) throw ended();
      const taken = Math.min(reads.byteLength, into.length - filled);
      reads.takeInto(into.subarray(filled, filled + taken));
      filled += taken;
      if (taken > 0) reads.change();
      if (filled === into.length) return;
      if (reads.ended) throw ended();
      await this.#wait(reads);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    const { writes } = this.#o;
    await this.#pace(bytes.length);
    for (let at = 0; at < bytes.length; ) {
      if (writes.broken) throw ended();
      const taken = Math.min(WINDOW_BYTES - writes.byteLength, bytes.length - at);
      if (taken > 0) {
        writes.parts.push(bytes.slice(at, at + taken));
        writes.byteLength += taken;
        at += taken;
        writes.change();
      } else await this.#wait(writes);
    }
  }

  async closeWrite(): Promise<void> {
    const { reads, writes } = this.#o;
    writes.ended = true;
    writes.change();
    if (reads.ended) this.onEnd();
  }

  abort(): void {
    for (const pipe of [this.#o.reads, this.#o.writes]) {
      pipe.broken = true;
      pipe.change();
    }
    this.onEnd();
  }

  /** A served stream moves only while its process runs, and as fast as its line. */
  async #pace(bytes: number): Promise<void> {
    const { hub, paces } = this.#o;
    if (paces === undefined) return;
    await hub.running(paces);
    const ms = bytes / hub.condition(paces).bytesPerMs;
    if (ms > 0) await hub.clock.sleep(ms);
    await hub.running(paces);
  }

  #wait(pipe: Pipe): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#o.hub.clock.after(this.#o.idleMs, () => {
        this.abort();
        reject(new Fault('unreachable', 'DEADLINE', 'Nothing moves on the stream.'));
      });
      pipe.changed.push(() => {
        cancel();
        resolve();
      });
    });
  }
}

function ended(): Fault {
  return new Fault('unreachable', 'STREAM_ENDED', 'The stream ended early.');
}
