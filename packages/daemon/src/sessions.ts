// Who is on the other side: what each connected peer introduced itself as, and what that allows. A peer that neither
// the charter nor a delegation knows gets no further than its first message.

import { type Crypto, Fault, findDaemon, homeOf } from '@vauban/core';
import { type CharterChain, type Delegation, openDelegation } from '@vauban/ledger';
import { credentialMessage, type RequestOf } from '@vauban/wire';

export type Session =
  | { readonly role: 'daemon'; readonly daemon: string; readonly hoster: string }
  | { readonly role: 'device'; readonly delegation: Delegation }
  | { readonly role: 'operator' | 'officer'; readonly id: string };

export class Sessions {
  readonly #crypto: Crypto;
  readonly #charters: CharterChain;
  readonly #self: string;
  readonly #known = new Map<string, Session>();

  constructor(options: { readonly crypto: Crypto; readonly charters: CharterChain; readonly self: string }) {
    this.#crypto = options.crypto;
    this.#charters = options.charters;
    this.#self = options.self;
  }

  /**
   * Checks an introduction. Faults: CHARTER_OTHER, STRANGER (no daemon, delegation or key of the charter),
   * AGENCY_UNKNOWN, DELEGATION_FORGED, DELEGATION_EXPIRED, DELEGATION_OTHER (made for another peer).
   */
  introduce(from: string, hello: RequestOf<'hello'>, now: number): Session {
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
    const session = this.#check(from, hello.credential, now);
    this.#known.set(from, session);
    return session;
  }

  #check(from: string, credential: RequestOf<'hello'>['credential'], now: number): Session {
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
      if (delegation.until <= now) {
        throw new Fault('refused', 'DELEGATION_EXPIRED', "the device's delegation ended", {
          until: delegation.until,
        });
      }
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

  /** Faults: HELLO_MISSING, and STRANGER when a newer charter dropped the daemon or key. */
  of(from: string): Session {
    const session = this.#known.get(from);
    if (session === undefined) {
      throw new Fault('refused', 'HELLO_MISSING', 'the first message of a connection is hello', {
        peer: from,
      });
    }
    if (session.role === 'daemon' && findDaemon(this.#charters.current, session.daemon) === undefined) {
      this.#known.delete(from);
      throw stranger(from);
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
