// Writers without scruples: a log of any entries, signed by any key, and the delegations that let a device write one.

import { CompactRange } from '@vauban/core';
import { nodeClock, nodeCrypto as crypto, nodeRandom } from '@vauban/core/node';
import {
  type Delegation,
  makeEntry,
  NO_PREVIOUS,
  originOf,
  type Payload,
  type Payloads,
  signCheckpoint,
  signDelegation,
} from '@vauban/ledger';
import type { RequestOf } from '@vauban/wire';
import { peerIdOfSeed } from '@vauban/wire/libp2p';
import { DAY_MS } from './network.ts';

export type WireAppend = RequestOf<'append'>['append'];
type WireRecord = WireAppend['records'][number];

export class Pen {
  readonly origin: string;
  readonly #seed: Uint8Array;
  readonly #charterName: string;
  readonly #records: WireRecord[];
  #previous: Uint8Array;
  readonly #range: CompactRange;

  constructor(charterName: string, seed: Uint8Array, from?: Pen) {
    this.#charterName = charterName;
    this.#seed = seed;
    this.origin = originOf(crypto, charterName, crypto.ed25519Public(seed));
    this.#records = from === undefined ? [] : [...from.#records];
    this.#previous = from === undefined ? NO_PREVIOUS : from.#previous;
    this.#range = new CompactRange(crypto, from === undefined ? undefined : from.#range.snapshot());
  }

  get size(): number {
    return this.#range.size;
  }

  /** The same log from here on twice: what a forking writer keeps. */
  copy(): Pen {
    return new Pen(this.#charterName, this.#seed, this);
  }

  /** The next append with these payloads. */
  write(payloads: readonly Payload[], time: number = nodeClock.now()): WireAppend {
    const oldSize = this.size;
    const records = payloads.map((payload) => {
      const made = makeEntry(crypto, {
        previous: this.#previous,
        time,
        payload,
        salt: nodeRandom.bytes(32),
      });
      this.#previous = made.leafHash;
      this.#range.append(made.leafHash);
      return { entry: made.entry, ...made.salted };
    });
    this.#records.push(...records);
    return { origin: this.origin, oldSize, checkpoint: this.checkpoint(), records };
  }

  checkpoint(): string {
    const head = { origin: this.origin, size: this.size, root: this.#range.root() };
    const publicKey = crypto.ed25519Public(this.#seed);
    return signCheckpoint(crypto, head, { seed: this.#seed, publicKey });
  }

  /** Everything from `oldSize` on, as one append. */
  from(oldSize: number): WireAppend {
    const records = this.#records.slice(oldSize);
    return { origin: this.origin, oldSize, checkpoint: this.checkpoint(), records };
  }
}

/** An agency's root key and the vault its devices write to. */
export interface Agency {
  readonly id: string;
  readonly rootSeed: Uint8Array;
  readonly vault: Uint8Array;
}

export function newAgency(id: string): Agency {
  return { id, rootSeed: nodeRandom.bytes(32), vault: nodeRandom.bytes(32) };
}

export interface Device {
  readonly transportSeed: Uint8Array;
  readonly note: Uint8Array;
  readonly genesis: Payloads['genesis'];
  readonly pen: Pen;
}

/** A new device of the agency; `signedBy` when another key than the agency's signs its delegation. */
export function newDevice(
  charterName: string,
  agency: Agency,
  change: Partial<Delegation> = {},
  signedBy: Uint8Array = agency.rootSeed,
): Device {
  const seed = nodeRandom.bytes(32);
  const transportSeed = nodeRandom.bytes(32);
  const delegation: Delegation = {
    format: 'vauban/delegate/0',
    charter: charterName,
    agency: agency.id,
    deviceKey: crypto.ed25519Public(seed),
    peer: peerIdOfSeed(transportSeed),
    vault: agency.vault,
    policy: 'standard',
    rights: ['write', 'delete'],
    issued: nodeClock.now() - DAY_MS,
    until: nodeClock.now() + 900 * DAY_MS,
    ...change,
  };
  const note = signDelegation(crypto, delegation, signedBy);
  return {
    transportSeed,
    note,
    genesis: { kind: 'genesis', writer: 'device', note, adopts: null },
    pen: new Pen(charterName, seed),
  };
}

export const objects = (text: string): Payloads['objects'] => ({
  kind: 'objects',
  sealed: new TextEncoder().encode(text),
});
export const voidOf = (index: number): Payloads['void'] => ({ kind: 'void', index });
export const keepOf = (...segments: Uint8Array[]): Payloads['keep'] => ({ kind: 'keep', segments });
