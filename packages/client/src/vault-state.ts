// What a vault remembers between commands: its logs and their certificates, and pack indexes already fetched. One process has it open at a
// time, and only for moments: uploads and downloads run outside, so two commands can work on one vault together.

import {
  asFault,
  type Clock,
  type Crypto,
  isFault,
  Mutex,
  prefixedStore,
  type Store,
  utf8,
  checkedStore,
} from '@vauban/core';
import { LogStore } from '@vauban/ledger';
import { certifiedSizes, KeptCertificates } from './kept-certificates.ts';

/** Another command holds the state for the length of an append; a minute of waiting means something else is wrong. */
const WAIT_MAX_MS = 60_000;
const WAIT_STEP_MS = 40;

export interface VaultState {
  readonly logs: LogStore;
  /** Ciphertext of pack indexes, by where they lie: needs no network twice. */
  readonly indexes: Store;
  /** Every certificate that was the newest of its log when the state was left. */
  readonly certificates: KeptCertificates;
  /** Groups of segments that need no look for claims to release, until when. */
  readonly released: Store;
}

export class VaultStateDoor {
  readonly #open: () => Promise<Store>;
  readonly #ports: { readonly clock: Clock; readonly crypto: Crypto };
  readonly #lock = new Mutex();

  constructor(open: () => Promise<Store>, ports: { readonly clock: Clock; readonly crypto: Crypto }) {
    this.#open = open;
    this.#ports = ports;
  }

  /** Runs with the state open and nobody else inside. Faults: STORE_LOCKED after a minute. */
  within<Result>(work: (state: VaultState) => Promise<Result>): Promise<Result> {
    return this.#lock.run(async () => {
      const inner = await this.#wait();
      try {
        const store = checkedStore(inner, this.#ports.crypto);
        const logs = await LogStore.open(prefixedStore(store, utf8('ledger/')), this.#ports.crypto);
        const certificates = new KeptCertificates(prefixedStore(store, utf8('certificate/')));
        const before = certifiedSizes(logs);
        const result = await work({
          logs,
          indexes: prefixedStore(store, utf8('index/')),
          certificates,
          released: prefixedStore(store, utf8('released/')),
        });
        await certificates.keep(logs, before);
        return result;
      } finally {
        await inner.close();
      }
    });
  }

  async #wait(): Promise<Store> {
    const { clock } = this.#ports;
    const end = clock.monotonic() + WAIT_MAX_MS;
    for (;;) {
      try {
        return await this.#open();
      } catch (error) {
        if (!isFault(error, 'STORE_LOCKED') || clock.monotonic() > end) throw asFault(error);
        await clock.sleep(WAIT_STEP_MS);
      }
    }
  }
}
