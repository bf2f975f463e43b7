// The network port of one running program: connections made when first needed, requests with deadlines, bulk streams.
// It behaves as the real transport does where the difference could matter: order, deadlines, what a restart looks like.

import {
  asFault,
  assert,
  BULK_IDLE_MS,
  type ByteStream,
  type CallOptions,
  Fault,
  type Network,
  type NetworkHandler,
  type Peer,
} from '@vauban/core';
import type { Program } from '../program.ts';
import type { Connection } from './connection.ts';
import type { Ether } from './ether.ts';
import { askOf } from './request-name.ts';
import { StreamEnd } from './stream.ts';

interface Link {
  readonly connections: Set<Connection>;
  current: Connection | undefined;
}

interface Dial {
  readonly connection: Promise<Connection | undefined>;
  readonly given: { up: boolean };
  waiters: number;
}

/** One call of a caller who may leave before it is done. */
interface Call {
  readonly left: boolean;
  readonly ended: Promise<void>;
}

export interface PartyOptions {
  readonly ether: Ether;
  readonly program: Program;
  /** Peer id. */
  readonly self: string;
  readonly name: string;
  /** Whether others can dial it. */
  readonly listens: boolean;
}

export class Party implements Network {
  readonly self: string;
  readonly name: string;
  readonly program: Program;
  readonly #ether: Ether;
  readonly #listens: boolean;
  readonly #links = new Map<string, Link>();
  readonly #dials = new Map<string, Dial>();
  readonly #streams = new Set<StreamEnd>();
  readonly #traffic = { sentBytes: 0, receivedBytes: 0 };
  #handler: NetworkHandler | undefined;
  #running = false;

  constructor(options: PartyOptions) {
    this.self = options.self;
    this.name = options.name;
    this.program = options.program;
    this.#ether = options.ether;
    this.#listens = options.listens;
  }

  get addresses(): readonly string[] {
    return this.#running && this.#listens ? [`world/${this.self}`] : [];
  }

  get traffic(): { readonly sentBytes: number; readonly receivedBytes: number } {
    return this.#traffic;
  }

  serve(handler: NetworkHandler): void {
    this.#handler = handler;
  }

  async start(): Promise<void> {
    assert(!this.#running, 'the network has been started already');
    this.#running = true;
    if (this.#listens) this.#ether.listen(this);
  }

  async stop(): Promise<void> {
    this.#running = false;
    this.#ether.deafen(this);
    for (const stream of this.#streams) stream.abort();
    for (const connection of this.#connections()) connection.close(this, 'stopped');
  }

  /** The program is gone: its machine hangs up for it, or is dark itself. */
  vanish(how: 'killed' | 'powerless'): void {
    this.#ether.deafen(this);
    if (how === 'powerless' && this.#listens) this.#ether.darken(this.self);
    for (const connection of this.#connections()) {
      if (how === 'powerless') connection.die();
      else connection.close(this, 'the program ended');
    }
  }

  async request(peer: Peer, body: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    const asked = body.slice();
    let used: { readonly connection: Connection; readonly before: number } | undefined;
    const late = () => {
      // Nothing at all came from the other side: the connection is taken for dead, and the next call dials anew.
      if (used?.connection.received(this) !== used?.before) return;
      used?.connection.close(this, 'nothing came within a deadline');
    };
    return this.#within(peer, { ...options, late }, async (call) => {
      const connection = await this.#connect(peer, call);
      used = { connection, before: connection.received(this) };
      return this.#exchange(connection, asked);
    });
  }

  async bulk(peer: Peer, options: CallOptions): Promise<ByteStream> {
    options.signal?.throwIfAborted();
    return this.#within(peer, { ...options, late: () => undefined }, async (call) => {
      const connection = await this.#connect(peer, call);
      if (call.left) throw unreachable(peer, 'nobody waits for this stream');
      const mine = new StreamEnd({ party: this, connection, idleMs: options.deadlineMs });
      this.#streams.add(mine);
      const there = connection.other(this);
      connection.send(this, { body: new Uint8Array(0), what: 'stream open' }, () =>
        there.#serveBulk(connection, { mine, from: this.self }),
      );
      options.signal?.addEventListener('abort', () => mine.abort(), { once: true });
      return mine;
    });
  }

  /** Its connections with that machine are gone for this side alone. */
  halfClose(name: string): number {
    const hit = this.#connections().filter((one) => one.other(this).name === name);
    for (const connection of hit) connection.forget(this);
    return hit.length;
  }

  accept(connection: Connection): void {
    const peer = connection.other(this).self;
    const link = this.#links.get(peer) ?? { connections: new Set(), current: undefined };
    this.#links.set(peer, link);
    link.connections.add(connection);
    link.current = connection;
  }

  closed(connection: Connection): void {
    const peer = connection.other(this).self;
    const link = this.#links.get(peer);
    if (link === undefined || !link.connections.delete(connection)) return;
    if (link.current === connection) link.current = [...link.connections].at(-1);
    if (link.connections.size > 0) return;
    this.#links.delete(peer);
    this.#handler?.closed(peer);
  }

  /** Milliseconds a byte takes to that machine when one of the two is slow. */
  msPerByte(to: Party): number | undefined {
    const rate = this.#ether.weather.dribble(this.name, to.name);
    return rate === undefined ? undefined : 1 / rate;
  }

  left(stream: StreamEnd): void {
    this.#streams.delete(stream);
  }

  count(of: { readonly sentBytes?: number; readonly receivedBytes?: number }): void {
    this.#traffic.sentBytes += of.sentBytes ?? 0;
    this.#traffic.receivedBytes += of.receivedBytes ?? 0;
  }

  #connections(): Connection[] {
    return [...this.#links.values()].flatMap(({ connections }) => [...connections]);
  }

  /** The connection in use, or one that all who ask meanwhile share. */
  async #connect(peer: Peer, call: Call): Promise<Connection> {
    const current = this.#links.get(peer.peer)?.current;
    if (current !== undefined) return current;
    if (!this.#running) throw unreachable(peer, 'this side has stopped');
    let dial = this.#dials.get(peer.peer);
    if (dial === undefined) {
      const given = { up: false };
      dial = { given, waiters: 0, connection: this.#ether.dial(this, peer.peer, given) };
      this.#dials.set(peer.peer, dial);
      void dial.connection.then((connection) => {
        if (this.#dials.get(peer.peer) === dial) this.#dials.delete(peer.peer);
        if (connection !== undefined) this.accept(connection);
      });
    }
    const mine = dial;
    mine.waiters += 1;
    void call.ended.then(() => {
      mine.waiters -= 1;
      if (mine.waiters > 0) return;
      mine.given.up = true;
      if (this.#dials.get(peer.peer) === mine) this.#dials.delete(peer.peer);
    });
    const connection = await mine.connection;
    if (connection === undefined) throw unreachable(peer, 'nobody answers there');
    return connection;
  }

  #exchange(connection: Connection, body: Uint8Array): Promise<Uint8Array> {
    const there = connection.other(this);
    const name = askOf(body);
    return new Promise((resolve, reject) => {
      const peer = { peer: there.self, addresses: [] };
      const forget = connection.onClose(this, (reason) => reject(unreachable(peer, reason)));
      connection.send(this, { body, what: `ask ${name}`, loose: true }, () => {
        there
          .#answer(this.self, body)
          .then((answer) =>
            connection.send(there, { body: answer, what: `answer ${name}`, loose: true }, () => {
              forget();
              resolve(answer.slice());
            }),
          )
          .catch((error: unknown) => connection.close(there, asFault(error).code));
      });
      if (!this.#ether.weather.doubles) return;
      // Asked once more by whoever was not sure that it got through; nobody waits for the second answer.
      connection.send(this, { body, what: `ask ${name} again`, loose: true }, () => {
        there.#answer(this.self, body).catch(() => undefined);
      });
    });
  }

  async #answer(from: string, body: Uint8Array): Promise<Uint8Array> {
    if (this.#handler === undefined)
      throw new Fault('refused', 'SERVES_NOTHING', 'nobody serves requests here');
    return (await this.#handler.request(from, body.slice())).slice();
  }

  #serveBulk(connection: Connection, of: { readonly mine: StreamEnd; readonly from: string }): void {
    const end = new StreamEnd({ party: this, connection, idleMs: BULK_IDLE_MS });
    end.peer = of.mine;
    of.mine.peer = end;
    this.#streams.add(end);
    const handler = this.#handler;
    if (handler === undefined) {
      end.abort();
      return;
    }
    handler.bulk(of.from, end).then(
      () => end.finish(),
      () => end.abort(),
    );
  }

  /** `work`, bounded by the call's deadline and signal. */
  #within<Result>(
    peer: Peer,
    options: CallOptions & { readonly late: () => void },
    work: (call: Call) => Promise<Result>,
  ): Promise<Result> {
    const { deadlineMs, signal, late } = options;
    return new Promise((resolve, reject) => {
      let end: () => void = () => undefined;
      const call = {
        left: false,
        ended: new Promise<void>((ended) => {
          end = ended;
        }),
      };
      const leave = () => {
        call.left = true;
        cancel();
        signal?.removeEventListener('abort', abort);
        end();
      };
      const cancel = this.program.after(deadlineMs, () => {
        leave();
        late();
        const message = `${peer.peer} let ${deadlineMs} ms pass without an answer.`;
        reject(new Fault('unreachable', 'DEADLINE', message, { deadlineMs }));
      });
      const abort = () => {
        leave();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      work(call).then(
        (result) => {
          leave();
          resolve(result);
        },
        (error: unknown) => {
          leave();
          reject(error);
        },
      );
    });
  }
}

function unreachable(peer: Peer, why: string): Fault {
  return new Fault('unreachable', 'PEER_UNREACHABLE', `Peer ${peer.peer} cannot be reached: ${why}.`, {});
}
