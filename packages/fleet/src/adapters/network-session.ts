// Talking to a network's daemons as its operator or as one of its officers, each call with a deadline.

import {
  asFault,
  type Charter,
  type DaemonId,
  Fault,
  findDaemon,
  type Network,
  votingHosters,
} from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom } from '@vauban/core/node';
import type { CharterChain, Voter } from '@vauban/ledger';
import { type AnswerOf, type Ask, PeerClient, remoteVoter, type RequestOf } from '@vauban/wire';
import { libp2pNetwork } from '@vauban/wire/libp2p';
import { networkRoot, readKeys, readNetworkCharter } from './layout.ts';

export interface SessionOptions {
  readonly as: 'operator' | 'officer';
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** Loopback daemons answer in milliseconds, busy ones in a second or two. */
const DEADLINE_MS = 5_000;

export class NetworkSession {
  /** The chain of the charter file; `catchUp` adds what the daemons know beyond it. */
  readonly chain: CharterChain;
  readonly #network: Network;
  readonly #identity: {
    readonly role: 'operator' | 'officer';
    readonly id: string;
    readonly seed: Uint8Array;
  };
  readonly #options: SessionOptions;
  readonly #clients = new Map<DaemonId, PeerClient>();

  private constructor(
    chain: CharterChain,
    identity: { readonly role: 'operator' | 'officer'; readonly id: string; readonly seed: Uint8Array },
    options: SessionOptions,
  ) {
    this.chain = chain;
    this.#identity = identity;
    this.#options = options;
    this.#network = libp2pNetwork({ transportSeed: nodeRandom.bytes(32), listen: [], clock: nodeClock });
  }

  /** Faults: NETWORK_MISSING, NO_KEYS (refused), those of readCharter. Nothing is dialled yet. */
  static async open(directory: string, options: SessionOptions): Promise<NetworkSession> {
    const root = await networkRoot(directory);
    const chain = await readNetworkCharter(root);
    const [first] = await readKeys(root, options.as);
    if (first === undefined) {
      throw new Fault('refused', 'NO_KEYS', `${directory} holds no ${options.as}'s key`, { directory });
    }
    return NetworkSession.with(chain, { id: first.id, seed: first.key.seed }, options);
  }

  /** The same for a key and a charter that lie anywhere. */
  static async with(
    chain: CharterChain,
    key: { readonly id: string; readonly seed: Uint8Array },
    options: SessionOptions,
  ): Promise<NetworkSession> {
    const session = new NetworkSession(chain, { role: options.as, ...key }, options);
    await session.#network.start();
    return session;
  }

  get charter(): Charter {
    return this.chain.current;
  }

  /** Faults: PEER_UNREACHABLE, DEADLINE, and whatever the daemon refuses. */
  ask<const Name extends Ask>(
    daemon: DaemonId,
    name: Name,
    body: Omit<RequestOf<Name>, 'ask'>,
    deadlineMs: number = this.#options.deadlineMs ?? DEADLINE_MS,
  ): Promise<AnswerOf<Name>> {
    return this.#client(daemon).ask(name, body, { ...this.#call(), deadlineMs });
  }

  /** The voting hosters under the session's charter, but for the daemons in `without`. */
  voters(without: ReadonlySet<DaemonId> = new Set()): Voter[] {
    return votingHosters(this.charter).flatMap((hoster) => {
      const { voter } = hoster;
      return voter === null || without.has(voter)
        ? []
        : [remoteVoter(hoster.id, this.#client(voter), this.#call())];
    });
  }

  /** Takes over charter versions the daemons know and the file does not. Unreachable daemons are passed over. */
  async catchUp(): Promise<void> {
    const from = this.chain.current.version + 1;
    const answers = await Promise.all(
      this.charter.daemons.map(({ id }) =>
        this.ask(id, 'charter', { from }).then(
          ({ versions }) => versions,
          () => [],
        ),
      ),
    );
    for (const versions of answers) {
      for (const signed of versions.slice(this.chain.current.version + 1 - from)) {
        try {
          this.chain.extend(signed);
        } catch (error) {
          if (asFault(error).kind === 'failure') throw error;
          break; // One daemon's wrong bytes; the others are asked too.
        }
      }
    }
  }

  async close(): Promise<void> {
    await this.#network.stop();
  }

  #call() {
    const { deadlineMs = DEADLINE_MS, signal } = this.#options;
    return { deadlineMs, ...(signal === undefined ? {} : { signal }) };
  }

  #client(daemon: DaemonId): PeerClient {
    let client = this.#clients.get(daemon);
    if (client === undefined) {
      const listed = findDaemon(this.charter, daemon);
      if (listed === undefined) {
        throw new Fault('refused', 'DAEMON_UNKNOWN', `the charter does not list daemon ${daemon}`, {
          daemon,
        });
      }
      client = new PeerClient(
        { peer: listed.peer, addresses: listed.addresses },
        {
          network: this.#network,
          crypto: nodeCrypto,
          charterName: this.charter.name,
          charterVersion: () => this.charter.version,
          identity: this.#identity,
        },
      );
      this.#clients.set(daemon, client);
    }
    return client;
  }
}
