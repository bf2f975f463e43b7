// How new the vault's memory is: brings log and catalog up to the newest certified heads before a verb answers, says when
// that could not be confirmed, and settles what this device itself left unfinished.

import { asFault, Fault } from '@vauban/core';
import { type LogStore, refresh } from '@vauban/ledger';
import type { Membership } from './membership.ts';
import type { Namespace } from './namespace.ts';
import type { VaultDevice } from './vault-device.ts';
import type { VaultStateDoor } from './vault-state.ts';

export interface SyncPorts {
  readonly vault: Uint8Array;
  readonly membership: Membership;
  readonly device: VaultDevice;
  readonly door: VaultStateDoor;
  readonly namespace: Namespace;
  readonly onNotice: (fault: Fault) => void;
}

export interface Freshness {
  readonly signal?: AbortSignal;
  /** Answer from what was certified when last seen, without asking a quorum. */
  readonly stale?: boolean;
}

export class Sync {
  readonly #ports: SyncPorts;

  constructor(ports: SyncPorts) {
    this.#ports = ports;
  }

  /** What the hosters say, read into the opened state. */
  reading(logs: LogStore, signal?: AbortSignal) {
    const { membership, onNotice } = this.#ports;
    return { ...membership.reader(logs, signal), onNotice };
  }

  /** Brings the catalog up to the newest certified heads. Faults: QUORUM_UNREACHABLE, UNFINISHED, ROLLBACK, FORKED. */
  refresh(signal?: AbortSignal): Promise<void> {
    const { vault, door, namespace } = this.#ports;
    return door.within(async (state) => {
      await refresh(this.reading(state.logs, signal), { of: 'vault', vault });
      await namespace.follow(state);
    });
  }

  /** The newest, or what was certified when last seen where that is asked for. Faults: as `refresh`. */
  async fresh({ stale, signal }: Freshness): Promise<void> {
    if (stale === true) await this.#lastSeen();
    else await this.refresh(signal);
    await this.#ports.membership.settled();
  }

  /** The newest when a quorum answers; otherwise what was certified when last seen, which is said. */
  async follow(freshness: Freshness): Promise<void> {
    try {
      await this.fresh(freshness);
    } catch (error) {
      const fault = asFault(error);
      if (fault.kind !== 'unreachable') throw error;
      await this.#lastSeen();
      const message = `whether this is the newest could not be confirmed: ${fault.message}`;
      this.#ports.onNotice(new Fault('unreachable', 'NOT_CONFIRMED', message, { because: fault.code }));
    }
  }

  /** That something is missing may be said only when a quorum confirmed the newest heads. */
  async confirmed(missing: Fault, { stale, signal }: Freshness): Promise<Fault> {
    if (stale === true) return missing;
    try {
      await this.refresh(signal);
      return missing;
    } catch (error) {
      return asFault(error);
    }
  }

  /** What a crash left of this device's own log. */
  finishOwn(): Promise<void> {
    const { door, device, namespace } = this.#ports;
    return door.within(async (state) => {
      await device.finishOwn(state);
      await namespace.follow(state);
    });
  }

  spreadCertificate(): Promise<void> {
    const { door, device } = this.#ports;
    return door.within((state) => device.spreadCertificate(state));
  }

  #lastSeen(): Promise<void> {
    const { door, namespace } = this.#ports;
    return door.within((state) => namespace.follow(state));
  }
}
