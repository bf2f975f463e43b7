// The daemon's copy of the charter log: what is in force, kept durably, and the cosigning of the next version's draft.

import {
  type Charter,
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
  votingHosters,
  votingKey,
} from '@vauban/core';
import {
  CharterChain,
  cosign,
  decodeSignedCharter,
  formatSignature,
  type SignedCharter,
  type VotingSeat,
} from '@vauban/ledger';

const prefix = utf8('version/');

/** Told when a version opens an epoch. */
export interface EpochWatcher {
  /** At the very moment the version is in force: from here on nothing is signed with keys of the epoch before. */
  fence(): void;
  /** Then, before anything else of the charter changes. Never rejects. */
  enter(): Promise<void>;
}

export class CharterKeeper {
  readonly chain: CharterChain;
  readonly #store: Store;
  readonly #crypto: Crypto;
  readonly #clock: Clock;
  readonly #lock = new Mutex();
  #watcher: EpochWatcher | undefined;

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

  /** One watcher: the daemon's own vote. */
  watchEpochs(watcher: EpochWatcher): void {
    this.#watcher = watcher;
  }

  /** Puts certified versions in force that are not yet. Older and equal ones are skipped. Faults: those of `extend`. */
  adopt(versions: readonly SignedCharter[]): Promise<void> {
    return this.#lock.run(async () => {
      for (const signed of versions) {
        if (signed.certificate === null) continue;
        const { version, epoch } = this.#peek(signed);
        if (version <= this.chain.current.version) continue;
        const opens = epoch !== this.chain.current.epoch;
        // Durable first: a key that is destroyed for an epoch nobody remembers would never be replaced.
        await this.#write(version, signed);
        this.chain.extend(signed);
        if (!opens) continue;
        this.#watcher?.fence();
        await this.#watcher?.enter();
      }
    });
  }

  /**
   * Cosigns a valid draft of the next version: one body for one number, remembered durably before signing.
   * Faults: those of `checkDraft`, DRAFT_RIVAL, VOTING_KEY_OTHER,
   * whatever silences this voter.
   */
  cosignDraft(
    signed: SignedCharter,
    seat: VotingSeat,
    nextKey: (epoch: number) => Promise<Uint8Array | undefined>,
  ): Promise<string> {
    return this.#lock.run(async () => {
      const voting = seat.demand();
      const { head, charter } = this.chain.checkDraft(signed);
      if (charter.epoch !== this.chain.current.epoch) {
        const of = { hoster: voting.hoster, current: this.chain.current, next: charter };
        await checkOwnKey(of, nextKey);
      }
      // In the vote history, like any other vote: the database may be damaged and begun anew.
      const signedBefore = voting.journal.last(head.origin);
      const again = signedBefore?.size === head.size;
      if (again && !equalBytes(signedBefore.root, head.root)) {
        throw new Fault(
          'refused',
          'DRAFT_RIVAL',
          `this hoster already cosigned another draft of charter version ${charter.version}`,
          { version: charter.version },
        );
      }
      if (!again) await voting.journal.cast({ epoch: voting.epoch, ...head });
      seat.demandStill(voting);
      const seconds = Math.floor(this.#clock.now() / 1_000);
      return formatSignature(cosign(this.#crypto, head, voting.cosigner, seconds)).trimEnd();
    });
  }

  /** A version known already, or one that may follow and is certified. */
  #peek(signed: SignedCharter): { readonly version: number; readonly epoch: number } {
    const known = this.chain.current.version;
    for (let version = 1; version <= known; version++) {
      const [same] = this.chain.signedFrom(version);
      if (same !== undefined && equalBytes(same.body, signed.body)) return { version, epoch: 0 };
    }
    return this.chain.checkNext(signed);
  }

  async #write(version: number, signed: SignedCharter): Promise<void> {
    const value = encodeCbor({ ...signed, signatures: [...signed.signatures] });
    await this.#store.batch([{ put: concat(prefix, u32be(version)), value }], { sync: true });
  }
}

/** A voter that goes on is not to wake up with a key it does not have. Faults: VOTING_KEY_OTHER. */
async function checkOwnKey(
  of: { readonly hoster: string; readonly current: Charter; readonly next: Charter },
  nextKey: (epoch: number) => Promise<Uint8Array | undefined>,
): Promise<void> {
  const { hoster, current, next } = of;
  const listed = votingHosters(next).find(({ id }) => id === hoster);
  const before = current.hosters.find(({ id }) => id === hoster);
  // Whoever leaves, or lets another of its daemons vote, has no key of its own in the draft.
  if (listed === undefined || listed.voter !== before?.voter) return;
  const key = votingKey(listed, next.epoch) as Uint8Array;
  const own = await nextKey(next.epoch);
  if (own !== undefined && equalBytes(own, key)) return;
  throw new Fault(
    'refused',
    'VOTING_KEY_OTHER',
    `the draft lists another key for ${hoster} in epoch ${next.epoch} than the one its voter has made: ask the voter for it, and draft anew`,
    { hoster, epoch: next.epoch },
  );
}
