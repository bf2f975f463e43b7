// Hosters in memory that keep devices' notes and hand the charter out, and machines to have a vault on.

import { asFault, Fault, memoryFiles, memoryStore } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import { type CharterChain, openDelegation, type SignedCharter } from '@vauban/ledger';
import { type PassphraseKdf, scryptKdf } from '@vauban/seal';
import { decodeRequest, encodeAnswer, encodeFaultAnswer } from '@vauban/wire';
import type { ClientPorts } from '../src/ports.ts';
import { openAgencyLine } from '../src/vault-config.ts';
import { advanced, agencyOf, chainOf, charterOf, HOSTERS } from './consortium.ts';
import { MemoryHub } from './memory-network.ts';
import { VirtualClock } from './virtual-clock.ts';

const kdf: PassphraseKdf = { ...scryptKdf, defaults: { memoryKiB: 16, passes: 1, lanes: 1 } };
export const passphrase = 'correct horse';

/** The hosters, and machines to have a vault on. */
export class Region {
  readonly clock = new VirtualClock();
  readonly hub = new MemoryHub(this.clock);
  readonly chain: CharterChain = chainOf(charterOf());
  readonly notes = new Map<string, Uint8Array>();
  /** Answers notes with what nobody can read. */
  liar: string | undefined;
  #machines = 0;

  constructor() {
    for (const hoster of HOSTERS) {
      const peer = `peer-${hoster}`;
      const { id: daemon } = this.chain.current.daemons.find((one) => one.peer === peer) as { id: string };
      this.hub.join(peer).serve({
        request: async (_, body) => {
          const { version } = this.chain.current;
          const request = decodeRequest(body);
          try {
            if (request.ask === 'hello') return encodeAnswer<'hello'>({ version, daemon, hoster }, version);
            if (request.ask === 'charter') {
              return encodeAnswer<'charter'>({ versions: this.chain.signedFrom(request.from) }, version);
            }
            if (request.ask !== 'note') throw new Fault('refused', 'NOT_HERE', request.ask);
            if (hoster === this.liar) return new Uint8Array(3);
            openDelegation(crypto, this.chain.current, request.note);
            this.notes.set(hoster, request.note);
            return encodeAnswer<'note'>({ stored: true }, version);
          } catch (error) {
            return encodeFaultAnswer(asFault(error), version);
          }
        },
        bulk: async () => undefined,
        closed: () => undefined,
      });
    }
  }

  get charter(): SignedCharter[] {
    return this.chain.signedFrom(1);
  }

  /** Puts the agency of a public line in force. */
  admit(line: string): void {
    const { id, rootKey } = openAgencyLine(crypto, line);
    const { agencies } = this.chain.current;
    this.chain.extend(advanced(this.chain, { agencies: [...agencies, agencyOf(id, rootKey)] }));
  }

  /** Puts another root key of an agency in force, by its public line. */
  replaceRoot(line: string): void {
    const { id, rootKey } = openAgencyLine(crypto, line);
    const agencies = this.chain.current.agencies.map((one) => (one.id === id ? { ...one, rootKey } : one));
    this.chain.extend(advanced(this.chain, { agencies }));
  }

  machine(): ClientPorts {
    const name = `machine ${this.#machines++}`;
    return {
      crypto,
      clock: this.clock,
      random,
      files: memoryFiles(),
      openState: async () => memoryStore(),
      network: () => this.hub.join(name),
      kdf,
      kdfs: [kdf],
      owner: name,
      alive: async () => false,
    };
  }

  run<Result>(work: Promise<Result>): Promise<Result> {
    return this.clock.run(work);
  }
}
