// What a lying hoster is to the world: the machine of a hoster whose ports somebody has wrapped. The daemon inside is the
// real one and knows nothing of it; what it says, keeps and signs is changed on the way out and in.

import type { Charter, Clock, Crypto, Files, Network, Random, Store } from '@vauban/core';
import type { DaemonKeys, VotingKeys } from '@vauban/daemon';
import type { HosterIdentity } from './membership.ts';

/** Everything a daemon touches. `network.serve` is where its handler, and so every answer, passes. */
export interface MachinePorts {
  readonly network: Network;
  readonly files: Files;
  readonly store: Store;
  /** `voting`: of the first epoch. */
  readonly keys: DaemonKeys & {
    readonly voting: { readonly epoch: number; readonly seed: Uint8Array } | null;
  };
  readonly votingKeys: VotingKeys;
}

/** What a liar knows and may use besides the ports. */
export interface LiarSetting {
  readonly identity: HosterIdentity;
  readonly crypto: Crypto;
  /** A stream of its own: its draws shift nobody else's. */
  readonly random: Random;
  /** Of this run of the daemon's program. */
  readonly clock: Clock;
  readonly charter: () => Charter;
  /** Memory that all liars of this history share, and that outlives restarts: they may work together. */
  readonly ring: Map<string, unknown>;
  /** Says that it lied: traced and counted as `lie <name> <what>`. A lie that nobody tells is a counter at zero. */
  readonly did: (what: string) => void;
}

export interface Liar {
  /** Kebab-case, in plans and counters. */
  readonly name: string;
  /** Called at every start of the daemon, with fresh ports; may give back some of them unchanged. */
  readonly wrap: (ports: MachinePorts, setting: LiarSetting) => MachinePorts;
  /**
   * Told too few truths to be counted among those that hold data: its fragments are lost as if its site were. False for
   * a liar that serves what it stores. The plan lets at most f hosters lie, and with dark and burnt sites at most m.
   */
  readonly losesData: boolean;
}
