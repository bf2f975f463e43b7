// Who is on the other side: what each connected peer introduced itself as, and what that allows. A peer that neither
// the charter nor a delegation knows gets no further than its first message.

import { type Crypto, equalBytes, Fault, homeOf } from '@vauban/core';
import { type CharterChain, type Delegation, openDelegation } from '@vauban/ledger';
import { credentialMessage, type RequestOf } from '@vauban/wire';

export type Session =
  | { readonly role: 'daemon'; readonly daemon: string; readonly hoster: string }
  | { readonly role: 'device'; readonly delegation: Delegation }
  | { readonly role: 'operator' | 'officer'; readonly id: string };

type Credential = RequestOf<'hello'>['credential'];

interface Known {
  readonly session: Session;
  readonly credential: Credential;
  /** The charter version it was last checked under. */
  readonly version: number;
}

export class Sessions {
  readonly #crypto: Crypto;
  readonly #charters: CharterChain;
  readonly #self: string;
  readonly #now: () => number;
  readonly #revoked: (delegation: Delegation) => Promise<boolean>;
  readonly #known = new Map<string, Known>();

  constructor(options: {
    readonly crypto: Crypto;
    readonly charters: CharterChain;
    readonly self: string;
    readonly now: () => number;
    /** Whether the agency took a device's rights away. */
    readonly revoked: (delegation: Delegation) => Promise<boolean>;
  }) {
    this.#crypto = options.crypto;
    this.#charters = options.charters;
    this.#self = options.self;
    this.#now = options.now;
    this.#revoked = options.revoked;
  }

  /**
   * Checks an introduction. Faults: CHARTER_OTHER, STRANGER (no daemon, delegation or key of the charter),
   * AGENCY_UNKNOWN, DELEGATION_FORGED, DELEGATION_EXPIRED, DELEGATION_OTHER (made for another peer),
   * DEVICE_REVOKED.
   */
  async introduce(from: string, hello: RequestOf<'hello'>): Promise<Session> {
    const charter = this.#charters.current;
    if (hello.charter !== charter.name) {
      throw new Fault(
        'refused',
        'CHARTER_OTHER',
        `this daemon belongs to ${charter.name}, not to ${hello.charter}`,
        {
          expected: charter.name,
          found: hello.charter,
        },
      );
    }
    const session = this.#remember(from, hello.credential);
    if (session.role === 'device' && (await this.#revoked(session.delegation))) {
      this.#known.delete(from);
      const { agency } = session.delegation;
      throw new Fault('refused', 'DEVICE_REVOKED', `the agency ${agency} took this device’s rights away`, {
        agency,
      });
    }
    return session;
  }

  /** Ends the sessions of a device whose rights were just taken away. */
  forgetDevice(agency: string, deviceKey: Uint8Array): void {
    for (const [from, { session }] of this.#known) {
      const gone =
        session.role === 'device' &&
        session.delegation.agency === agency &&
        equalBytes(session.delegation.deviceKey, deviceKey);
      if (gone) this.#known.delete(from);
    }
  }

  #remember(from: string, credential: Credential): Session {
    // Whoever fails to show who it is now is no longer who it was.
    this.#known.delete(from);
    const session = this.#check(from, credential);
    this.#known.set(from, { session, credential, version: this.#charters.current.version });
    return session;
  }

  #check(from: string, credential: Credential): Session {
    const charter = this.#charters.current;
    if (credential.role === 'daemon') {
      const daemon = charter.daemons.find((one) => one.peer === from);
      if (daemon === undefined) throw stranger(from);
      return { role: 'daemon', daemon: daemon.id, hoster: homeOf(charter, daemon).hoster.id };
    }
    if (credential.role === 'device') {
      const delegation = openDelegation(this.#crypto, charter, credential.note);
      if (delegation.peer !== from) {
        throw new Fault('refused', 'DELEGATION_OTHER', 'the delegation was made for another device', {
          peer: from,
        });
      }
      if (delegation.until <= this.#now()) throw expired(delegation);
      return { role: 'device', delegation };
    }
    const { role, id, signature } = credential;
    const key = (role === 'operator' ? charter.operators : charter.officers).find(
      (one) => one.id === id,
    )?.key;
    const message = credentialMessage({ charter: charter.name, caller: from, called: this.#self, role, id });
    if (key === undefined || !this.#crypto.ed25519Verify(signature, message, key)) throw stranger(from);
    return { role, id };
  }

  /** Whether this peer has introduced itself. */
  knows(from: string): boolean {
    return this.#known.has(from);
  }

  /** Faults: HELLO_MISSING, and those of `introduce` when time or a newer charter has ended what the peer was. */
  of(from: string): Session {
    const known = this.#known.get(from);
    if (known === undefined) {
      throw new Fault('refused', 'HELLO_MISSING', 'the first message of a connection is hello', {
        peer: from,
      });
    }
    const { session, credential, version } = known;
    if (version !== this.#charters.current.version) return this.#remember(from, credential);
    if (session.role === 'device' && session.delegation.until <= this.#now()) {
      this.#known.delete(from);
      throw expired(session.delegation);
    }
    return session;
  }

  forget(from: string): void {
    this.#known.delete(from);
  }
}

function stranger(peer: string): Fault {
  return new Fault('refused', 'STRANGER', 'neither the charter nor a delegation knows this peer', { peer });
}

function expired({ until }: Delegation): Fault {
  return new Fault('refused', 'DELEGATION_EXPIRED', "the device's delegation ended", { until });
}
