// The network port over whatever makes authenticated, multiplexed connections (`Host`): which connection to use, shared
// dials, deadlines, limits per peer, and telling a dead connection from a slow peer. Imports no transport.

import type { ByteStream, CallOptions, Clock, Network, NetworkHandler, Peer } from '@vauban/core';
import {
  assert,
  BULK_IDLE_MS,
  type Fault,
  isFault,
  MESSAGE_BYTES_MAX,
  PEER_BULK_STREAMS_MAX,
} from '@vauban/core';
import { BulkStream } from './bulk-stream.ts';
import {
  BULK_PROTOCOL,
  type Host,
  type HostConnection,
  type HostEvents,
  REQUEST_PROTOCOL,
  stopped,
  unreachable,
} from './host.ts';
import { deadlinePassed, type MuxedStream } from './muxed-stream.ts';
import { AnswerChannel, type PeerLoad, RequestChannel } from './request-channel.ts';

/** All addresses of a peer together: seconds where milliseconds are usual, so that one dead address does not decide. */
const DIAL_MS = 8_000;
/** Two cross each other when both sides dial at once, others linger after a crash; the oldest beyond go. */
const PEER_CONNECTIONS_MAX = 4;

/** What misbehaving peers did, for accounts and tests. */
export interface NetworkCounts {
  /** Connections dropped for malformed frames, stray answers or requests the handler rejected. */
  readonly droppedConnections: number;
  /** Bulk streams reset because their peer had too many open. */
  readonly refusedStreams: number;
}

interface Link {
  readonly connections: Set<HostConnection>;
  /** The newest open connection: an older one may be half dead. */
  current: HostConnection | undefined;
  requests: { readonly connection: HostConnection; readonly channel: Promise<RequestChannel> } | undefined;
  /** The same channel once open, for the fast path. */
  channel: RequestChannel | undefined;
  bulkStreams: number;
}

interface Dial {
  readonly connection: Promise<HostConnection>;
  readonly controller: AbortController;
  waiters: number;
}

export class PeerNetwork implements Network {
  readonly self: string;
  readonly #clock: Clock;
  readonly #host: Host;
  readonly #links = new Map<string, Link>();
  readonly #dials = new Map<string, Dial>();
  /** Outlives the connections: who reconnects does not get a second allowance while the first is being served. */
  readonly #loads = new Map<string, PeerLoad>();
  readonly #bulkStreams = new Set<BulkStream>();
  readonly #counts = { droppedConnections: 0, refusedStreams: 0 };
  #handler: NetworkHandler | undefined;
  #running = false;

  constructor(options: { self: string; clock: Clock; host(events: HostEvents): Host }) {
    this.self = options.self;
    this.#clock = options.clock;
    this.#host = options.host({
      opened: (connection) => this.#opened(connection),
      closed: (connection) => this.#closed(connection),
      requests: (stream, connection) => this.#serveRequests(stream, connection),
      bulk: (stream, connection) => this.#serveBulk(stream, connection),
    });
  }

  get addresses(): readonly string[] {
    return this.#running ? this.#host.addresses : [];
  }

  get traffic(): { readonly sentBytes: number; readonly receivedBytes: number } {
    return this.#host.traffic;
  }

  get counts(): NetworkCounts {
    return { ...this.#counts };
  }

  serve(handler: NetworkHandler): void {
    this.#handler = handler;
  }

  async start(): Promise<void> {
    assert(!this.#running, 'the network has been started already');
    await this.#host.start();
    this.#running = true;
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    for (const dial of this.#dials.values()) dial.controller.abort();
    for (const stream of Array.from(this.#bulkStreams)) stream.abort();
    for (const link of this.#links.values()) link.channel?.abort(stopped());
    await this.#host.stop();
  }

  async request(peer: Peer, body: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    assert(
      body.length <= MESSAGE_BYTES_MAX,
      `a request of ${body.length} bytes exceeds ${MESSAGE_BYTES_MAX}`,
    );
    options.signal?.throwIfAborted();
    const startedAt = this.#clock.monotonic();
    const link = this.#links.get(peer.peer);
    const open =
      link?.requests?.connection === link?.current && link?.channel?.usable ? link.channel : undefined;
    const channel = open ?? (await this.#openChannel(peer, { options, startedAt }));
    const connection = this.#links.get(peer.peer)?.requests?.connection;
    const before = connection?.receivedBytes;
    return channel.ask(body, {
      ...options,
      deadlineMs: Math.max(1, options.deadlineMs - (this.#clock.monotonic() - startedAt)),
      late: () => this.#dropIfSilent(connection, before),
    });
  }

  async bulk(peer: Peer, options: CallOptions): Promise<ByteStream> {
    options.signal?.throwIfAborted();
    const startedAt = this.#clock.monotonic();
    const connection = await this.#bounded(this.#connection(peer), { peer, options, startedAt });
    const before = connection?.receivedBytes;
    const leave = new AbortController();
    const opening = this.#open(connection, { protocol: BULK_PROTOCOL, signal: leave.signal });
    let stream: MuxedStream;
    try {
      stream = await this.#bounded(opening, { peer, options, startedAt });
    } catch (error) {
      leave.abort();
      opening.then(
        (late) => late.abort(new Error('nobody waits for this stream')),
        () => undefined,
      );
      if (isFault(error, 'DEADLINE')) this.#dropIfSilent(connection, before);
      throw error;
    }
    const bulk = this.#track(stream, { peer: peer.peer, idleMs: options.deadlineMs });
    const { signal } = options;
    if (signal) {
      const abort = () => bulk.abort();
      signal.addEventListener('abort', abort, { once: true });
      stream.addEventListener('close', () => signal.removeEventListener('abort', abort));
    }
    return bulk;
  }

  #opened(connection: HostConnection): void {
    if (!connection.open) return;
    const { peer } = connection;
    let link = this.#links.get(peer);
    if (link === undefined) {
      link = {
        connections: new Set(),
        current: undefined,
        requests: undefined,
        channel: undefined,
        bulkStreams: 0,
      };
      this.#links.set(peer, link);
    }
    link.connections.add(connection);
    link.current = connection;
    if (link.connections.size > PEER_CONNECTIONS_MAX) {
      const [oldest] = link.connections;
      oldest?.abort(new Error('too many connections with one peer'));
    }
  }

  #closed(connection: HostConnection): void {
    const { peer } = connection;
    const link = this.#links.get(peer);
    if (link === undefined || !link.connections.delete(connection)) return;
    if (link.current === connection) link.current = [...link.connections].at(-1);
    if (link.requests?.connection === connection) {
      link.channel?.end();
      link.requests = undefined;
      link.channel = undefined;
    }
    if (link.connections.size > 0) return;
    this.#links.delete(peer);
    // The library notes each peer it has met; ids are free to make, so its notes must not outlive the connection.
    this.#host.forget(peer);
    const load = this.#loads.get(peer);
    if (load?.requests === 0) this.#loads.delete(peer);
    this.#handler?.closed(peer);
  }

  /** The open connection with a peer, or a new one; calls that come while one is dialled share it. */
  #connection(peer: Peer): Promise<HostConnection> {
    const current = this.#links.get(peer.peer)?.current;
    if (current?.open) return Promise.resolve(current);
    let dial = this.#dials.get(peer.peer);
    if (dial === undefined) {
      const controller = new AbortController();
      dial = { controller, waiters: 0, connection: this.#dial(peer, controller) };
      this.#dials.set(peer.peer, dial);
      const ended = () => this.#dials.delete(peer.peer);
      dial.connection.then(ended, ended);
    }
    return dial.connection;
  }

  async #dial(peer: Peer, controller: AbortController): Promise<HostConnection> {
    const cancel = this.#clock.after(DIAL_MS, () => controller.abort());
    try {
      if (!this.#running) throw stopped();
      if (peer.addresses.length === 0) throw new Error('no address of it is known.');
      return await this.#host.dial(peer, controller.signal);
    } catch (error) {
      throw unreachable(peer, error);
    } finally {
      cancel();
    }
  }

  async #openChannel(peer: Peer, call: { options: CallOptions; startedAt: number }): Promise<RequestChannel> {
    const connection = this.#links.get(peer.peer)?.current;
    const before = connection?.receivedBytes;
    try {
      return await this.#bounded(this.#channel(peer), { peer, ...call });
    } catch (error) {
      if (isFault(error, 'DEADLINE')) this.#dropIfSilent(connection, before);
      throw error;
    }
  }

  async #channel(peer: Peer): Promise<RequestChannel> {
    const connection = await this.#connection(peer);
    const link = this.#links.get(peer.peer);
    if (link === undefined) throw unreachable(peer, new Error('it closed the connection at once.'));
    if (link.requests?.connection === connection && (link.channel?.usable ?? true))
      return link.requests.channel;
    const opening = this.#open(connection, { protocol: REQUEST_PROTOCOL }).then(
      (stream) => {
        const misbehaved = (reason: Fault) => this.#drop(connection, reason);
        const channel = new RequestChannel({ stream, peer: peer.peer, clock: this.#clock, misbehaved });
        if (link.requests === mine) link.channel = channel;
        return channel;
      },
      (error) => {
        if (link.requests === mine) link.requests = undefined;
        throw error;
      },
    );
    const mine = { connection, channel: opening };
    link.requests = mine;
    link.channel = undefined;
    return opening;
  }

  async #open(
    connection: HostConnection,
    options: { protocol: string; signal?: AbortSignal },
  ): Promise<MuxedStream> {
    const { protocol, signal } = options;
    try {
      return await connection.newStream(protocol, signal);
    } catch (error) {
      throw unreachable({ peer: connection.peer, addresses: [] }, error);
    }
  }

  #serveRequests(stream: MuxedStream, connection: HostConnection): void {
    const { peer } = connection;
    const handler = this.#handler;
    if (handler === undefined || !this.#links.has(peer)) {
      stream.abort(new Error('nobody serves requests here'));
      return;
    }
    AnswerChannel.serve({
      stream,
      peer,
      clock: this.#clock,
      load: this.#load(peer),
      answer: (body) => handler.request(peer, body),
      broken: (reason) => this.#drop(connection, reason),
    });
  }

  #load(peer: string): PeerLoad {
    const known = this.#loads.get(peer);
    if (known) return known;
    const load: PeerLoad = { requests: 0, bytes: 0, waiting: new Set() };
    load.waiting.add(() => {
      if (load.requests === 0 && !this.#links.has(peer)) this.#loads.delete(peer);
    });
    this.#loads.set(peer, load);
    return load;
  }

  #serveBulk(stream: MuxedStream, connection: HostConnection): void {
    const { peer } = connection;
    const handler = this.#handler;
    const link = this.#links.get(peer);
    if (handler === undefined || link === undefined || link.bulkStreams >= PEER_BULK_STREAMS_MAX) {
      this.#counts.refusedStreams += 1;
      stream.abort(new Error('no more bulk streams are taken from this peer'));
      return;
    }
    link.bulkStreams += 1;
    stream.addEventListener('close', () => {
      link.bulkStreams -= 1;
    });
    const bulk = this.#track(stream, { peer, idleMs: BULK_IDLE_MS });
    void Promise.resolve()
      .then(() => handler.bulk(peer, bulk))
      .then(
        () => bulk.finish(),
        () => bulk.abort(),
      );
  }

  #track(stream: MuxedStream, options: { peer: string; idleMs: number }): BulkStream {
    const bulk = new BulkStream({ stream, clock: this.#clock, ...options });
    this.#bulkStreams.add(bulk);
    stream.addEventListener('close', () => this.#bulkStreams.delete(bulk));
    return bulk;
  }

  #drop(connection: HostConnection, reason: unknown): void {
    if (!connection.open) return;
    this.#counts.droppedConnections += 1;
    connection.abort(reason instanceof Error ? reason : new Error(String(reason)));
  }

  /** A connection from which nothing came during a whole deadline is taken for dead, so that the next call dials anew. */
  #dropIfSilent(connection: HostConnection | undefined, before: number | undefined): void {
    if (connection === undefined || connection.receivedBytes !== before) return;
    connection.abort(new Error('nothing came from the peer within a deadline'));
  }

  /** Waits for `work` within what is left of a call's deadline; what it waits for goes on for others. */
  #bounded<Result>(
    work: Promise<Result>,
    call: { peer: Peer; options: CallOptions; startedAt: number },
  ): Promise<Result> {
    const { peer, options, startedAt } = call;
    const { deadlineMs, signal } = options;
    const dial = this.#dials.get(peer.peer);
    if (dial) dial.waiters += 1;
    return new Promise<Result>((resolve, reject) => {
      let left = false;
      const leave = () => {
        if (left) return;
        left = true;
        cancel();
        signal?.removeEventListener('abort', aborted);
        if (dial === undefined) return;
        dial.waiters -= 1;
        // A dial nobody waits for any more is given up.
        if (dial.waiters === 0 && this.#dials.get(peer.peer) === dial) dial.controller.abort();
      };
      const cancel = this.#clock.after(
        Math.max(1, deadlineMs - (this.#clock.monotonic() - startedAt)),
        () => {
          leave();
          reject(deadlinePassed({ peer: peer.peer, what: 'no connection or stream was made', deadlineMs }));
        },
      );
      const aborted = () => {
        leave();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', aborted, { once: true });
      work.then(
        (result) => {
          leave();
          resolve(result);
        },
        (error) => {
          leave();
          reject(error);
        },
      );
    });
  }
}
