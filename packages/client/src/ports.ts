// Everything a client touches outside itself. The Node composition is in `adapters/node-client.ts`.

import type { Clock, Crypto, Files, Network, Random, Store } from '@vauban/core';
import type { PassphraseKdf } from '@vauban/seal';

export interface ClientPorts {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  /** The vault directory. */
  readonly files: Files;
  /** Opens the vault's database; STORE_LOCKED while another process has it. */
  readonly openState: () => Promise<Store>;
  /** A client's network under the given transport key; not started. */
  readonly network: (transportSeed: Uint8Array) => Network;
  /** Wraps new keys. */
  readonly kdf: PassphraseKdf;
  /** Opens keys of this and other machines. */
  readonly kdfs: readonly PassphraseKdf[];
  /** Names this process for others on this machine. */
  readonly owner: string;
  readonly alive: (owner: string) => Promise<boolean>;
}
