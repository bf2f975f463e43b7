// Voting hosters through changes of epoch, each with its own view of the charter: who has heard of a version is up to the
// test. Keys are functions of hoster and epoch; a liar keeps them all.

import {
  type Charter,
  type Clock,
  concat,
  type Crypto,
  memoryFiles,
  memoryStore,
  toHex,
  votingHosters,
} from '@vauban/core';
import {
  type Append,
  type AppendReply,
  CharterChain,
  type HeadsAnswer,
  type HeadsBody,
  type HeadsScope,
  LogStore,
  Mirror,
  openHeads,
  readinessSources,
  shortOf,
  type SignedCharter,
  signHeads,
  takeOver,
  VoteJournal,
  type Voter,
} from '../src/index.ts';
import { countedRandom, testClock } from './memory-hosters.ts';
import {
  certified,
  chainOf,
  cosignerOf,
  crypto as plain,
  daemonOf,
  opened,
  publicOf,
  signed,
} from './sample-charter.ts';

/** Signatures are functions of their input: a schedule that repeats another costs nothing anew. */
export const crypto: Crypto = (() => {
  const made = new Map<string, Uint8Array>();
  const verified = new Map<string, boolean>();
  const known = <Value>(
    memory: Map<string, Value>,
    parts: readonly Uint8Array[],
    make: () => Value,
  ): Value => {
    const key = toHex(plain.sha256(concat(...parts)));
    const value = memory.get(key) ?? make();
    memory.set(key, value);
    return value;
  };
  return {
    ...plain,
    ed25519Sign: (seed, message) => known(made, [seed, message], () => plain.ed25519Sign(seed, message)),
    ed25519Verify: (signature, message, key) =>
      known(verified, [signature, key, message], () => plain.ed25519Verify(signature, message, key)),
  };
})();

/** One voter enters in the place of another: the next version of the chain. */
export function replacing(chain: CharterChain, of: { enter?: string; leave?: string }): SignedCharter {
  const epoch = chain.current.epoch + 1;
  const next = opened(chain, epoch);
  const hosters = next.hosters.map((one) => {
    if (one.id === of.enter) {
      const votingKeys = [{ epoch, key: publicOf(`voting ${one.id} ${epoch}`) }];
      return { ...one, voter: daemonOf(one.id), votingSince: epoch, votingKeys };
    }
    return one.id === of.leave ? { ...one, voter: null, votingSince: 0, votingKeys: [] } : one;
  });
  return certified(chain, signed({ ...next, hosters }));
}

/** The same, but for one hoster that does not vote yet. */
export function without(charter: Charter, id: string): Charter {
  const hosters = charter.hosters.map((one) =>
    one.id === id ? { ...one, voter: null, votingSince: 0, votingKeys: [] } : one,
  );
  return { ...charter, hosters };
}

/** A chain that is in force somewhere, version by version, for hosters to hear of. */
export function history(
  first: Charter,
  moves: readonly { enter?: string; leave?: string }[],
): SignedCharter[] {
  const chain = chainOf(first);
  for (const of of moves) chain.extend(replacing(chain, of));
  return chain.signedFrom(1);
}

/** How a hoster departs from the rules, to show what they are for. */
export interface Careless {
  /** Votes at once when it enters, without reading. */
  readonly unread?: boolean;
}

export class EpochHoster implements Voter {
  readonly hoster: string;
  readonly charters: CharterChain;
  readonly mirror: Mirror;
  readonly #careless: Careless;
  readonly #files = memoryFiles();
  down = false;
  /** What it makes of its own signed heads, as a liar. */
  lie: ((body: HeadsBody) => Partial<HeadsBody>) | undefined;

  private constructor(of: { hoster: string; charters: CharterChain; mirror: Mirror; careless: Careless }) {
    this.hoster = of.hoster;
    this.charters = of.charters;
    this.mirror = of.mirror;
    this.#careless = of.careless;
  }

  static async of(
    hoster: string,
    first: SignedCharter,
    of: { clock?: Clock; careless?: Careless } = {},
  ): Promise<EpochHoster> {
    const { clock = testClock(), careless = {} } = of;
    const charters = new CharterChain(crypto, first);
    const logs = await LogStore.open(memoryStore(), crypto);
    const mirror = new Mirror({ logs, crypto, clock, charters, voting: null });
    const one = new EpochHoster({ hoster, charters, mirror, careless });
    await one.#enter('ready');
    return one;
  }

  get epoch(): number {
    return this.charters.current.epoch;
  }

  /** Hears of the next version; opens its epoch when it has one. */
  async adopt(version: SignedCharter): Promise<void> {
    const before = this.epoch;
    const wasReady = this.mirror.silent === null;
    this.charters.extend(version);
    if (this.epoch === before) return;
    this.mirror.seat.fence();
    const since = votingHosters(this.charters.current).find(({ id }) => id === this.hoster)?.votingSince;
    const entered = since === this.epoch && this.#careless.unread !== true;
    await this.#enter(entered || (!wasReady && since !== this.epoch) ? 'unready' : 'ready');
  }

  async #enter(standing: 'ready' | 'unready'): Promise<void> {
    const { current } = this.charters;
    const votes = votingHosters(current).some(({ id }) => id === this.hoster);
    if (!votes) return this.mirror.seat.take(null, 'ready');
    const path = `votes-${current.epoch}`;
    await VoteJournal.create(this.#files, path);
    const journal = await VoteJournal.open(this.#files, path, crypto);
    const cosigner = cosignerOf(this.hoster, current.epoch);
    this.mirror.seat.take({ hoster: this.hoster, epoch: current.epoch, cosigner, journal }, standing);
  }

  /** One attempt to take over what the voters before it hold, asking whoever is up. */
  async becomeReady(others: readonly Voter[]): Promise<boolean> {
    if (this.mirror.silent?.code !== 'VOTER_UNREADY') return false;
    const { needed, hosters } = readinessSources(this.charters, this.hoster);
    const nonce = countedRandom(`nonce ${this.hoster}`).bytes(32);
    const scope = { of: 'all' } as const;
    const answers: HeadsAnswer[] = [];
    for (const voter of others.filter(({ hoster }) => hosters.has(hoster))) {
      try {
        const asked = { hoster: voter.hoster, nonce, scope };
        const body = openHeads(crypto, this.charters.current, asked, await voter.heads(nonce, scope));
        if (!body.starting) answers.push({ voter, body });
      } catch {
        // It is down, of another epoch, or has nothing to say.
      }
    }
    const forked = new Set<string>();
    const taken: HeadsAnswer[] = [];
    const ports = {
      mirror: this.mirror,
      crypto,
      clock: testClock(),
      random: countedRandom(),
      charters: this.charters,
    };
    for (const answer of answers)
      if (await takeOver(ports, answer, { forked, stop: () => false })) taken.push(answer);
    if (taken.length < needed) return false;
    this.mirror.seat.makeReady([...forked, ...shortOf(taken, needed)]);
    return true;
  }

  async append(append: Append, certificate: string | null): Promise<AppendReply> {
    this.#reach();
    return this.mirror.append(append, certificate);
  }

  async heads(nonce: Uint8Array, scope: HeadsScope): Promise<Uint8Array> {
    this.#reach();
    const honest = await this.mirror.heads(nonce, scope, null);
    if (this.lie === undefined) return honest;
    const asked = { hoster: this.hoster, nonce, scope };
    const body = openHeads(crypto, this.charters.current, asked, honest);
    return signHeads(crypto, { ...body, ...this.lie(body) }, cosignerOf(this.hoster, this.epoch).seed);
  }

  async batches(origin: string, from: number) {
    this.#reach();
    return this.mirror.batches(origin, from);
  }

  async certify(origin: string, certificate: string): Promise<void> {
    this.#reach();
    await this.mirror.certify(origin, certificate);
  }

  async putNote(note: Uint8Array): Promise<void> {
    this.#reach();
    await this.mirror.putNote(note);
  }

  async notes(after: Uint8Array | null) {
    this.#reach();
    return this.mirror.notes(after, null);
  }

  #reach(): void {
    if (this.down) throw new Error(`${this.hoster} does not answer`);
  }
}

/** Votes as anyone could collect them: what could be made a certificate of, and whether two contradict each other. */
export class VoteCount {
  readonly #votes = new Map<string, Set<string>>();
  readonly #sets: CharterChain;
  readonly #liars: readonly string[];

  /** `liars` sign everything with every key they ever had. */
  constructor(versions: readonly SignedCharter[], liars: readonly string[]) {
    this.#sets = CharterChain.from(crypto, versions);
    this.#liars = liars;
  }

  /** Counts a reply to `what` of one log and size. */
  take(what: string, reply: AppendReply): void {
    if (reply.result !== 'cosigned') return;
    const [, name = ''] = reply.cosignature.split(' ');
    const [, hoster = '', epoch = ''] = name.split('/');
    this.add(what, hoster, Number(epoch));
  }

  add(what: string, hoster: string, epoch: number): void {
    const key = `${what} ${epoch}`;
    this.#votes.set(key, (this.#votes.get(key) ?? new Set()).add(hoster));
  }

  /** Whether a quorum of some one epoch signed it. */
  isCertified(what: string): boolean {
    for (let epoch = 0; ; epoch++) {
      const charter = this.#sets.ofEpoch(epoch);
      if (charter === undefined) return false;
      const set = votingHosters(charter).map(({ id }) => id);
      const signers = new Set([...(this.#votes.get(`${what} ${epoch}`) ?? []), ...this.#liars]);
      const needed = Math.floor((set.length + charter.f) / 2) + 1;
      if (set.filter((id) => signers.has(id)).length >= needed) return true;
    }
  }
}
