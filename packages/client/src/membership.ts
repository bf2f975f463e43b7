// A client's place in the consortium: its copy of the charter, kept up to date, and the hosters it talks to.

import { type Charter, findDaemon, Mutex, type Network, type Peer, votingHosters } from '@vauban/core';
import {
  CharterChain,
  type ReaderOptions,
  type SignedCharter,
  type Voter,
  type LogStore,
} from '@vauban/ledger';
import { CHARTER_DEADLINE_MS, CharterRumours, type Identity, PeerClient, remoteVoter } from '@vauban/wire';
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
  readonly #rumours: CharterRumours;
  readonly #fetching = new Set<Promise<void>>();
  /** Why the newest version could not be kept, until one is. */
  #unkept: { readonly reason: unknown } | undefined;
  /** The newest version that `onCharter` has taken. */
  #kept: number;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.chain = CharterChain.from(options.ports.crypto, options.charter);
    this.#kept = this.chain.current.version;
    this.#rumours = new CharterRumours(options.ports.clock);
    this.links = new DaemonLinks({
      network: options.network,
      crypto: options.ports.crypto,
      clock: options.ports.clock,
      charter: this.chain.current,
      identity: options.identity,
      onNewerCharter: (peer, version) => {
        const fetching = this.#rumours.follow({
          peer: peer.peer,
          version,
          known: () => this.chain.current.version,
          obtain: () => this.#catchUp(peer),
        });
        if (fetching === undefined) return;
        this.#fetching.add(fetching);
        void fetching.finally(() => this.#fetching.delete(fetching));
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
  async settled(): Promise<void> {
    await Promise.all(this.#fetching);
    // Told to whoever waits for it; nobody has to.
    if (this.#unkept !== undefined) throw this.#unkept.reason;
  }

  /** Never rejects. */
  async #catchUp(from: Peer): Promise<void> {
    const versions = await this.#versionsOf(from);
    // Keeping them is no matter of who showed them: one at a time.
    await this.#catchingUp.run(() => this.#take(versions));
  }

  async #versionsOf(from: Peer): Promise<readonly SignedCharter[]> {
    const { network, ports, identity } = this.#options;
    const client = new PeerClient(from, {
      network,
      crypto: ports.crypto,
      charterName: this.chain.current.name,
      charterVersion: () => Number.MAX_SAFE_INTEGER,
      identity,
    });
    try {
      const wanted = { from: this.chain.current.version + 1 };
      return (await client.ask('charter', wanted, { deadlineMs: CHARTER_DEADLINE_MS })).versions;
    } catch {
      // The next answer from someone else names the version again.
      return [];
    }
  }

  async #take(versions: readonly SignedCharter[]): Promise<void> {
    const known = this.chain.current.version;
    for (const signed of versions) {
      try {
        this.chain.extend(signed);
      } catch {
        // Not valid, or known since from somebody else.
      }
    }
    const { version } = this.chain.current;
    if (version !== known) this.links.update(this.chain.current);
    if (version === this.#kept) return;
    try {
      await this.#options.onCharter(this.chain.signedFrom(1));
      this.#kept = version;
      this.#unkept = undefined;
    } catch (reason) {
      this.#unkept = { reason };
    }
  }
}
