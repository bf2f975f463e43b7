// The other hosters, as this daemon reaches them: a client per daemon, and each later charter that one of them speaks of.

import {
  asFault,
  type Clock,
  type Crypto,
  type DaemonId,
  findDaemon,
  type Network,
  votingHosters,
} from '@vauban/core';
import type { Voter } from '@vauban/ledger';
import { CHARTER_DEADLINE_MS, CharterRumours, PeerClient, remoteVoter } from '@vauban/wire';
import type { CharterKeeper } from './charter-keeper.ts';
import type { Log } from './log.ts';

export interface PeersOptions {
  readonly id: DaemonId;
  readonly keeper: CharterKeeper;
  readonly network: Network;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends what is being asked. */
  readonly signal: AbortSignal;
}

export class Peers {
  readonly #options: PeersOptions;
  readonly #clients = new Map<string, PeerClient>();
  readonly #rumours: CharterRumours;
  /** The newest word of a later charter, being followed. Never rejects. */
  #hearing: Promise<void> = Promise.resolve();

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#rumours = new CharterRumours(options.clock);
  }

  /** Every voter of the charter in force but this daemon. */
  voters(): Voter[] {
    const { id, keeper, signal } = this.#options;
    const charter = keeper.chain.current;
    return votingHosters(charter).flatMap((hoster) => {
      const voter = findDaemon(charter, hoster.voter ?? '');
      if (voter === undefined || voter.id === id) return [];
      return [remoteVoter(hoster.id, this.#client(voter), { signal })];
    });
  }

  /** Any daemon of the charter in force but this one; undefined for one it does not list. */
  daemon(id: DaemonId): PeerClient | undefined {
    const daemon = findDaemon(this.#options.keeper.chain.current, id);
    return daemon === undefined || id === this.#options.id ? undefined : this.#client(daemon);
  }

  /** Resolves when the later charter that was spoken of is in force here, or could not be had. Never rejects. */
  newer(): Promise<void> {
    return this.#hearing;
  }

  /** Its connections are gone: it is greeted anew. */
  closed(peer: string): void {
    this.#clients.get(peer)?.forget();
  }

  #client(peer: { readonly peer: string; readonly addresses: readonly string[] }): PeerClient {
    const known = this.#clients.get(peer.peer);
    if (known !== undefined) return known;
    const { network, crypto, keeper } = this.#options;
    const charterVersion = () => keeper.chain.current.version;
    const client = new PeerClient(peer, {
      network,
      crypto,
      charterName: keeper.chain.current.name,
      charterVersion,
      identity: { role: 'daemon' },
      onNewerCharter: (_, version) => {
        const heard = this.#rumours.follow({
          peer: peer.peer,
          version,
          known: charterVersion,
          obtain: () => this.#fetchCharter(client),
        });
        if (heard !== undefined) this.#hearing = heard;
      },
    });
    this.#clients.set(peer.peer, client);
    return client;
  }

  async #fetchCharter(from: PeerClient): Promise<void> {
    const { keeper, log } = this.#options;
    try {
      const wanted = { from: keeper.chain.current.version + 1 };
      const { versions } = await from.ask('charter', wanted, { deadlineMs: CHARTER_DEADLINE_MS });
      await keeper.adopt(versions);
    } catch (error) {
      log('warn', 'charter-fetch', { code: asFault(error).code });
    }
  }
}
