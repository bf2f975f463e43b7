// Whoever calls daemons in these tests: a peer of its own on loopback, honest about nothing but its transport key.

import { type ByteStream, isFault, type Peer } from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom } from '@vauban/core/node';
import {
  type AnswerOf,
  type Ask,
  type BulkHeader,
  decodeAnswer,
  encodeRequest,
  type Identity,
  PeerClient,
  readBulkReply,
  type Request,
  type RequestOf,
  writeBulkHeader,
} from '@vauban/wire';
import { libp2pNetwork } from '@vauban/wire/libp2p';
import type { TestNetwork } from './network.ts';
import type { TestSegment } from './segment.ts';

const DEADLINE = { deadlineMs: 20_000 };

export class Caller {
  readonly #of: TestNetwork;
  readonly #network: ReturnType<typeof libp2pNetwork>;
  readonly #identity: Identity;
  readonly #clients = new Map<number, PeerClient>();

  private constructor(of: TestNetwork, identity: Identity, transportSeed: Uint8Array) {
    this.#of = of;
    this.#identity = identity;
    this.#network = libp2pNetwork({ transportSeed, listen: [], clock: nodeClock });
  }

  static async open(of: TestNetwork, identity: Identity, transportSeed?: Uint8Array): Promise<Caller> {
    const caller = new Caller(of, identity, transportSeed ?? nodeRandom.bytes(32));
    await caller.#network.start();
    return caller;
  }

  get self(): string {
    return this.#network.self;
  }

  close(): Promise<void> {
    return this.#network.stop();
  }

  /** Introduces itself first, as a well-behaved peer does. */
  ask<const Name extends Ask>(
    at: number,
    name: Name,
    body: Omit<RequestOf<Name>, 'ask'>,
  ): Promise<AnswerOf<Name>> {
    return this.#client(at).ask(name, body, DEADLINE);
  }

  /** One message without an introduction. */
  async blurt<const Name extends Ask>(at: number, request: RequestOf<Name>): Promise<AnswerOf<Name>> {
    return decodeAnswer(request.ask, await this.send(at, encodeRequest(request as Request))).answer;
  }

  /** Any bytes, as one message. */
  send(at: number, bytes: Uint8Array): Promise<Uint8Array> {
    return this.#network.request(this.#peer(at), bytes, DEADLINE);
  }

  bulk(at: number, header: BulkHeader): Promise<ByteStream> {
    return this.#client(at).bulk(header, DEADLINE);
  }

  /** A bulk stream without an introduction. */
  async blurtBulk(at: number, header: BulkHeader): Promise<ByteStream> {
    const stream = await this.#network.bulk(this.#peer(at), DEADLINE);
    await writeBulkHeader(stream, header);
    return stream;
  }

  /** Stores one fragment; `bytes` when others than the right ones are to be sent. Undefined bytes: none were wanted. */
  async upload(
    at: number,
    segment: TestSegment,
    index: number,
    bytes: Uint8Array | undefined = segment.fragments[index],
  ): Promise<{ readonly generation: number; readonly receipt: Uint8Array; readonly sent: boolean }> {
    const stream = await this.bulk(at, { bulk: 'put', segment: segment.wire, index });
    try {
      let reply = await readBulkReply(stream);
      const sent = reply.reply === 'go';
      if (sent) {
        await stream.write(bytes ?? new Uint8Array(0));
        await stream.closeWrite();
        reply = await readBulkReply(stream);
      }
      if (reply.reply !== 'receipt') throw new Error(`${reply.reply} in place of a receipt`);
      return { generation: reply.generation, receipt: reply.receipt, sent };
    } finally {
      stream.abort();
    }
  }

  /** Reads one whole fragment. */
  async download(at: number, segment: TestSegment, index: number): Promise<Uint8Array> {
    const length = segment.fragmentBytes;
    const stream = await this.bulk(at, { bulk: 'get', segment: segment.id, index, runs: [[0, length]] });
    try {
      const reply = await readBulkReply(stream);
      if (reply.reply !== 'found') throw new Error(`${reply.reply} in place of a fragment`);
      await stream.read(32 * Math.ceil(length / 16_384));
      return await stream.read(length);
    } finally {
      stream.abort();
    }
  }

  #peer(at: number): Peer {
    const { home } = this.#of.site(at);
    const listed = this.#of.charter.daemons.find((one) => one.id === home.daemon);
    if (listed === undefined) throw new Error('a daemon of the charter');
    return { peer: listed.peer, addresses: listed.addresses };
  }

  #client(at: number): PeerClient {
    const known = this.#clients.get(at);
    if (known !== undefined) return known;
    const client = new PeerClient(this.#peer(at), {
      network: this.#network,
      crypto: nodeCrypto,
      charterName: this.#of.charter.name,
      charterVersion: () => this.#of.charter.version,
      identity: this.#identity,
    });
    this.#clients.set(at, client);
    return client;
  }
}

export interface Outcome {
  readonly code: string;
  /** Of a refused append; undefined when the call failed instead. */
  readonly class?: 'never' | 'later' | 'policy';
}

/** What became of it, good or bad, in a word. */
export async function outcomeOf(tried: Promise<unknown>): Promise<Outcome> {
  try {
    const answer = (await tried) as AnswerOf<'append'> | undefined;
    if (answer?.result === 'refused') return { code: answer.fault.code, class: answer.class };
    return { code: typeof answer?.result === 'string' ? answer.result : 'ok' };
  } catch (error) {
    if (isFault(error)) return { code: error.code };
    throw error;
  }
}
