// A client's place in the consortium: its copy of the charter, kept up to date, and the hosters it talks to.

import { type Charter, findDaemon, Mutex, type Network, type Peer, votingHosters } from '@vauban/core';
import {
  CharterChain,
  type ReaderOptions,
  type SignedCharter,
  type Voter,
  type LogStore,
} from '@vauban/ledger';
import { type Identity, PeerClient, remoteVoter } from '@vauban/wire';
import { DaemonLinks } from './daemon-links.ts';
import type { ClientPorts } from './ports.ts';

export interface MembershipOptions {
  readonly ports: Pick<ClientPorts, 'crypto' | 'clock' | 'random'>;
  readonly network: Network;
  readonly identity: Identity;
  readonly charter: readonly SignedCharter[];
  /** Called with the longer chain when a newer version came into force. */
  readonly onCharter: (versions: readonly SignedCharter[]) => Promise<void>;
}

export class Membership {
  readonly chain: CharterChain;
  readonly links: DaemonLinks;
  readonly #options: MembershipOptions;
  readonly #catchingUp = new Mutex();
  #pending: Promise<void> = Promise.resolve();
  /** The newest version that `onCharter` has taken. */
  #kept: number;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.chain = CharterChain.from(options.ports.crypto, options.charter);
    this.#kept = this.chain.current.version;
    this.links = new DaemonLinks({
      network: options.network,
      crypto: options.ports.crypto,
      clock: options.ports.clock,
      charter: this.chain.current,
      identity: options.identity,
      onNewerCharter: (peer) => {
        this.#pending = this.#catchUp(peer);
        // Told to whoever waits for it; nobody has to.
        this.#pending.catch(() => undefined);
      },
    });
  }

  get charter(): Charter {
    return this.chain.current;
  }

  /** One voter per voting hoster of the current charter. */
  voters(signal?: AbortSignal): Voter[] {
    const charter = this.chain.current;
    return votingHosters(charter).flatMap((hoster) => {
      const voter = findDaemon(charter, hoster.voter ?? '');
      if (voter === undefined) return [];
      return [remoteVoter(hoster.id, this.links.client(voter.id), signal === undefined ? {} : { signal })];
    });
  }

  reader(logs: LogStore, signal?: AbortSignal): ReaderOptions {
    return {
      ...this.#options.ports,
      charters: this.chain,
      voters: () => this.voters(signal),
      newer: () => this.settled().catch(() => undefined),
      logs,
      ...(signal === undefined ? {} : { signal }),
    };
  }

  /** Resolves when a newer charter that an answer spoke of has been fetched, or could not be. */
  settled(): Promise<void> {
    return this.#pending;
  }

  #catchUp(from: Peer): Promise<void> {
    return this.#catchingUp.run(async () => {
      const { network, ports, identity, onCharter } = this.#options;
      const known = this.chain.current.version;
      const client = new PeerClient(from, {
        network,
        crypto: ports.crypto,
        charterName: this.chain.current.name,
        charterVersion: () => Number.MAX_SAFE_INTEGER,
        identity,
      });
      try {
        const { versions } = await client.ask('charter', { from: known + 1 });
        for (const signed of versions) this.chain.extend(signed);
      } catch {
        // The next answer from someone else names the version again.
      }
      const { version } = this.chain.current;
      if (version !== known) this.links.update(this.chain.current);
      if (version === this.#kept) return;
      await onCharter(this.chain.signedFrom(1));
      this.#kept = version;
    });
  }
}
