// The daemon's copy of the charter log: what is in force, kept durably, and the cosigning of the next version's draft.

import {
  type Clock,
  concat,
  type Crypto,
  equalBytes,
  Fault,
  Mutex,
  type Store,
  u32be,
  utf8,
  encodeCbor,
} from '@vauban/core';
import {
  CharterChain,
  cosign,
  decodeSignedCharter,
  formatSignature,
  type SignedCharter,
  type VotingRight,
} from '@vauban/ledger';

const prefix = utf8('version/');
const draftKey = utf8('draft');

export class CharterKeeper {
  readonly chain: CharterChain;
  readonly #store: Store;
  readonly #crypto: Crypto;
  readonly #clock: Clock;
  readonly #lock = new Mutex();

  private constructor(chain: CharterChain, store: Store, ports: { crypto: Crypto; clock: Clock }) {
    this.chain = chain;
    this.#store = store;
    this.#crypto = ports.crypto;
    this.#clock = ports.clock;
  }

  /**
   * The longer of the chain given and the chain stored. Faults: CHARTER_OTHER when they do not start from one version,
   * and whatever makes a version invalid.
   */
  static async open(
    given: readonly SignedCharter[],
    store: Store,
    ports: { readonly crypto: Crypto; readonly clock: Clock },
  ): Promise<CharterKeeper> {
    const stored: SignedCharter[] = [];
    for await (const [, value] of store.range({ gte: prefix, lt: utf8('version0') })) {
      stored.push(decodeSignedCharter(value));
    }
    const [longer, shorter] = stored.length > given.length ? [stored, given] : [given, stored];
    const chain = CharterChain.from(ports.crypto, longer);
    for (const [index, signed] of shorter.entries()) {
      if (!equalBytes(signed.body, (longer[index] as SignedCharter).body)) {
        throw new Fault(
          'refused',
          'CHARTER_OTHER',
          `version ${index + 1} of the charter is not the one stored here`,
          {
            version: index + 1,
          },
        );
      }
    }
    const keeper = new CharterKeeper(chain, store, ports);
    for (const [index, signed] of longer.entries())
      if (index >= stored.length) await keeper.#write(index + 1, signed);
    return keeper;
  }

  /** Puts certified versions in force that are not yet. Older and equal ones are skipped. Faults: those of `extend`. */
  adopt(versions: readonly SignedCharter[]): Promise<void> {
    return this.#lock.run(async () => {
      for (const signed of versions) {
        if (signed.certificate === null) continue;
        const { charter } = this.#peek(signed);
        if (charter.version <= this.chain.current.version) continue;
        this.chain.extend(signed);
        await this.#write(charter.version, signed);
      }
    });
  }

  /**
   * Cosigns a valid draft of the next version: one body for one number, remembered durably before signing.
   * Faults: those of `checkDraft`, DRAFT_RIVAL.
   */
  cosignDraft(signed: SignedCharter, voting: VotingRight): Promise<string> {
    return this.#lock.run(async () => {
      const { head, charter } = this.chain.checkDraft(signed);
      const key = concat(draftKey, u32be(charter.version));
      const signedBefore = await this.#store.get(key);
      const hash = this.#crypto.sha256(signed.body);
      if (signedBefore !== undefined && !equalBytes(signedBefore, hash)) {
        throw new Fault(
          'refused',
          'DRAFT_RIVAL',
          `this hoster already cosigned another draft of charter version ${charter.version}`,
          { version: charter.version },
        );
      }
      await this.#store.batch([{ put: key, value: hash }], { sync: true });
      const seconds = Math.floor(this.#clock.now() / 1_000);
      return formatSignature(cosign(this.#crypto, head, voting.cosigner, seconds)).trimEnd();
    });
  }

  #peek(signed: SignedCharter) {
    const known = this.chain.current.version;
    for (let version = 1; version <= known; version++) {
      const [same] = this.chain.signedFrom(version);
      if (same !== undefined && equalBytes(same.body, signed.body)) return { charter: { version } };
    }
    return this.chain.checkDraft(signed);
  }

  async #write(version: number, signed: SignedCharter): Promise<void> {
    const value = encodeCbor({ ...signed, signatures: [...signed.signatures] });
    await this.#store.batch([{ put: concat(prefix, u32be(version)), value }], { sync: true });
  }
}
