// Calling one daemon: introduces itself once per connection, sends typed requests, notices newer charters.

import {
  type ByteStream,
  type Crypto,
  isFault,
  type Network,
  type Peer,
  REQUEST_DEADLINE_MS,
} from '@vauban/core';
import { type BulkHeader, writeBulkHeader } from './bulk.ts';
import {
  type AnswerOf,
  type Ask,
  type Credential,
  credentialMessage,
  decodeAnswer,
  encodeRequest,
  type RequestOf,
} from './messages.ts';

/** How the caller proves who it is. */
export type Identity =
  | { readonly role: 'daemon' }
  | { readonly role: 'device'; readonly note: Uint8Array }
  | { readonly role: 'operator' | 'officer'; readonly id: string; readonly seed: Uint8Array };

export interface PeerClientOptions {
  readonly network: Network;
  readonly crypto: Crypto;
  readonly charterName: string;
  /** Highest charter version known here. */
  readonly charterVersion: () => number;
  readonly identity: Identity;
  /** Called when an answer names a higher charter version than known. */
  readonly onNewerCharter?: (peer: Peer, version: number) => void;
}

export interface AskOptions {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

type Plain<Name extends Ask> = Omit<RequestOf<Name>, 'ask'>;

export class PeerClient {
  readonly peer: Peer;
  readonly #options: PeerClientOptions;
  /** Settles when the daemon accepted the introduction; started anew after a refusal or a lost connection. */
  #hello: Promise<void> | undefined;

  constructor(peer: Peer, options: PeerClientOptions) {
    this.peer = peer;
    this.#options = options;
  }

  /** Faults: PEER_UNREACHABLE, DEADLINE, and whatever the daemon refuses. */
  ask<const Name extends Ask>(
    name: Name,
    body: Plain<Name>,
    options: AskOptions = {},
  ): Promise<AnswerOf<Name>> {
    return this.askEncoded(
      name,
      encodeRequest({ ask: name, ...body } as unknown as RequestOf<Name>),
      options,
    );
  }

  /** The same for whoever asks many daemons the same: `request` is the encoded request. */
  async askEncoded<const Name extends Ask>(
    name: Name,
    request: Uint8Array,
    options: AskOptions = {},
  ): Promise<AnswerOf<Name>> {
    for (let attempt = 0; ; attempt++) {
      await this.#introduce(options);
      try {
        return await this.#send(name, request, options);
      } catch (error) {
        // The daemon restarted or dropped the connection: it does not know us any more.
        if (!isFault(error, 'HELLO_MISSING') || attempt > 0) throw error;
        this.#hello = undefined;
      }
    }
  }

  /** Opens a bulk stream and sends its header. */
  async bulk(header: BulkHeader, options: AskOptions = {}): Promise<ByteStream> {
    await this.#introduce(options);
    const stream = await this.#options.network.bulk(this.peer, callOptions(options));
    try {
      await writeBulkHeader(stream, header);
      return stream;
    } catch (error) {
      stream.abort();
      throw error;
    }
  }

  /** Forget the introduction: the next call makes it again. */
  forget(): void {
    this.#hello = undefined;
  }

  #introduce(options: AskOptions): Promise<void> {
    if (this.#hello === undefined) {
      const hello = this.#sayHello(options);
      hello.catch(() => {
        if (this.#hello === hello) this.#hello = undefined;
      });
      this.#hello = hello;
    }
    return this.#hello;
  }

  async #sayHello(options: AskOptions): Promise<void> {
    const { charterName, charterVersion } = this.#options;
    // Shared by every call that waits for it: one caller's abort must not fail the others.
    const { signal: _, ...shared } = options;
    const request = encodeRequest({
      ask: 'hello',
      format: 'vauban/wire/0',
      charter: charterName,
      version: charterVersion(),
      credential: this.#credential(),
    });
    await this.#send('hello', request, shared);
  }

  #credential(): Credential {
    const { identity, crypto, charterName: charter, network } = this.#options;
    if (identity.role === 'daemon' || identity.role === 'device') return identity;
    const { role, id, seed } = identity;
    const message = credentialMessage({ charter, caller: network.self, called: this.peer.peer, role, id });
    return { role, id, signature: crypto.ed25519Sign(seed, message) };
  }

  async #send<const Name extends Ask>(
    name: Name,
    request: Uint8Array,
    options: AskOptions,
  ): Promise<AnswerOf<Name>> {
    const { network, charterVersion, onNewerCharter } = this.#options;
    const bytes = await network.request(this.peer, request, callOptions(options));
    // A refusal names its sender's version too: a voter that left, or waits for an epoch, says nothing else.
    const heard = (version: number) => {
      if (version > charterVersion()) onNewerCharter?.(this.peer, version);
    };
    return decodeAnswer(name, bytes, heard).answer;
  }
}

function callOptions({ deadlineMs, signal }: AskOptions) {
  return { deadlineMs: deadlineMs ?? REQUEST_DEADLINE_MS, ...(signal === undefined ? {} : { signal }) };
}
