// How one placement heals, asked of `placement` itself and remembered: the same losses are met again and again in a
// simulation, and a plan takes a thousand times as long as an event.

import type { Charter, Crypto, DaemonId } from '@vauban/core';
import { planHealing, type Standing } from '@vauban/placement';
import type { Keeping } from './codes.ts';
import { isAlone } from './ground.ts';

/** What a plan depends on, besides who is there. */
export interface HealerGround {
  /** The network, or the part of it that may take fragments of this placement. */
  readonly charter: Charter;
  /** Numbers of the charter's daemons, in its order. */
  readonly members: readonly number[];
  readonly keeping: Pick<Keeping, 'k' | 'm'>;
  /** Names the segment; 32 bytes. */
  readonly segment: Uint8Array;
  readonly crypto: Crypto;
  /** ms since 1970, for declarations. */
  readonly now: number;
}

/** The network's state as a daemon that plans believes it to be. */
export interface Believed {
  /** 0 up, 1 silent, 2 lost; by daemon number. */
  readonly standing: (daemon: number) => 0 | 1 | 2;
  /** Daemon number by fragment index; −1 where it is known to be gone. */
  readonly holder: (index: number) => number;
}

/** Plans made so far, by what they were made for; healers of one way of keeping on one network may share them. */
export type Plans = Map<string, Int32Array>;

/** More than a segment has fragments, and than a plan sees daemons. */
const INDICES = 256;
const MEMBERS = 8_192;

const PLANS_MAX = 200_000;
const ANSWERS_MAX = 5_000;
/** Of wider codes hardly a state comes twice with the same names. */
const ANSWERED_MAX = 16;
const STANDINGS: readonly Standing[] = ['up', 'silent', 'lost'];
/** Room is not simulated: whoever is up can take. */
const FREE_BYTES = 2 ** 40;
/** Holds one fragment more than there is, for ever, and takes none: see `planned`. */
const PHANTOM = 'f'.repeat(32);

export class Healer {
  readonly #ground: HealerGround;
  readonly #charter: Charter;
  readonly #plans: Plans;
  /** Answers by the question as it was asked: cheaper to look up than the form in which plans are shared. */
  readonly #answers = new Map<string, Int32Array>();
  readonly #positionOf: ReadonlyMap<DaemonId, number>;
  readonly #n: number;
  /** Whether daemons differ in nothing but their names. */
  readonly #isSymmetric: boolean;
  /** Scratch of `remembered`: members by place, indices with their holders' places, roles, by daemon, and the key. */
  readonly #places: Int32Array;
  readonly #order: Int32Array;
  readonly #roles: Float64Array;
  readonly #at: Int32Array;
  readonly #key: Uint16Array;
  /** Which of equal daemons comes first, so that not all segments prefer the same one. */
  readonly #turn: number;

  constructor(ground: HealerGround, plans: Plans = new Map()) {
    this.#ground = ground;
    const { k, m } = ground.keeping;
    this.#n = k + m;
    this.#charter = k === 1 ? withPhantom(ground.charter) : ground.charter;
    this.#positionOf = new Map(ground.charter.daemons.map(({ id }, at) => [id, at]));
    this.#isSymmetric = isSymmetric(ground.charter);
    this.#plans = this.#isSymmetric ? plans : new Map();
    const { members } = ground;
    this.#places = new Int32Array(members.length);
    this.#order = new Int32Array(this.#n);
    this.#roles = new Float64Array(members.length);
    this.#at = new Int32Array(Math.max(...members) + 1);
    this.#key = new Uint16Array(members.length + this.#n);
    this.#turn = (((ground.segment[0] ?? 0) << 8) | (ground.segment[1] ?? 0)) % ground.members.length;
  }

  /** By index, the number of the daemon that is to take the fragment, −1 where nothing moves. Not to be changed. */
  plan(believed: Believed): Int32Array {
    if (this.#isSymmetric && this.#n > ANSWERED_MAX) return this.#found(believed);
    let key = '';
    for (const member of this.#ground.members) key += believed.standing(member);
    for (let index = 0; index < this.#n; index++) key += String.fromCharCode(believed.holder(index) + 1);
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const homes = this.#found(believed);
    if (this.#answers.size >= ANSWERS_MAX) this.#answers.clear();
    this.#answers.set(key, homes);
    return homes;
  }

  #found(believed: Believed): Int32Array {
    const { members } = this.#ground;
    const key = this.#remembered(believed);
    const [places, order] = [this.#places, this.#order];
    let planned = this.#plans.get(key);
    if (planned === undefined) {
      planned = this.#planned({
        standing: (place) => believed.standing(members[places[place] as number] as number),
        holder: (nth) => Math.floor((order[nth] as number) / INDICES) - 1,
      });
      if (this.#plans.size >= PLANS_MAX) this.#plans.clear();
      this.#plans.set(key, planned);
    }
    const homes = new Int32Array(this.#n).fill(-1);
    for (let nth = 0; nth < this.#n; nth++) {
      const place = planned[nth] as number;
      if (place >= 0) homes[(order[nth] as number) % INDICES] = members[places[place] as number] as number;
    }
    return homes;
  }

  /**
   * The question in the form in which it is remembered, as a key: indices, which are alike, in the order of their holders; and
   * where daemons are alike too, these by standing and by how many fragments they hold. Leaves in `places` which member stands
   * where, and in `order` each index with its holder's place. Flat and without garbage: it is asked for every plan.
   */
  #remembered(believed: Believed): string {
    const { members } = this.#ground;
    const many = members.length;
    const [roles, places, order, at] = [this.#roles, this.#places, this.#order, this.#at];
    at.fill(0);
    for (let index = 0; index < this.#n; index++) {
      const holder = believed.holder(index);
      if (holder >= 0) at[holder] = (at[holder] as number) + 1;
    }
    for (let nth = 0; nth < many; nth++) {
      const member = this.#isSymmetric ? (nth - this.#turn + many) % many : nth;
      const daemon = members[member] as number;
      const role = believed.standing(daemon) * INDICES + (at[daemon] as number);
      roles[nth] = role * MEMBERS + member;
      if (this.#isSymmetric) roles[nth] = (role * MEMBERS + nth) * MEMBERS + member;
    }
    if (this.#isSymmetric) roles.sort();
    const key = this.#key;
    at.fill(0);
    for (let place = 0; place < many; place++) {
      const role = roles[place] as number;
      const member = role % MEMBERS;
      places[place] = member;
      at[members[member] as number] = place + 1;
      key[place] = Math.floor(role / (this.#isSymmetric ? MEMBERS * MEMBERS : MEMBERS));
    }
    for (let index = 0; index < this.#n; index++) {
      const holder = believed.holder(index);
      order[index] = (holder < 0 ? 0 : (at[holder] as number)) * INDICES + index;
    }
    order.sort();
    for (let nth = 0; nth < this.#n; nth++) key[many + nth] = Math.floor((order[nth] as number) / INDICES);
    return String.fromCharCode(...key);
  }

  /**
   * Charters know no k = 1, since voters admit fewer than k fragments per hoster. Copies are planned as k = 2 with a further
   * fragment that is always there, on a phantom: any one copy then rebuilds, and no hoster gets two.
   */
  #planned(asked: Believed): Int32Array {
    const { keeping, segment, crypto, now, charter } = this.#ground;
    const holders = Array.from({ length: this.#n }, (_, index) => ({
      index,
      daemon: charter.daemons[asked.holder(index)]?.id,
    })).filter((one): one is { index: number; daemon: DaemonId } => one.daemon !== undefined);
    const isCopies = keeping.k === 1;
    if (isCopies) holders.push({ index: this.#n, daemon: PHANTOM });
    const { moves } = planHealing({
      charter: this.#charter,
      now,
      policy: charter.policies[0] as Charter['policies'][number],
      k: isCopies ? 2 : keeping.k,
      m: isCopies ? this.#n - 1 : keeping.m,
      fragmentBytes: 1,
      standing: (daemon) => {
        const place = this.#positionOf.get(daemon);
        return place === undefined ? 'up' : (STANDINGS[asked.standing(place)] as Standing);
      },
      takes: (daemon) => (daemon === PHANTOM ? undefined : { freeBytes: FREE_BYTES }),
      crypto,
      segment,
      holders,
    });
    const homes = new Int32Array(this.#n).fill(-1);
    for (const { index, homes: line } of moves) {
      const [first] = line;
      if (first !== undefined && index < this.#n) homes[index] = this.#positionOf.get(first) ?? -1;
    }
    return homes;
  }
}

/** Each on a site, in a building and at a hoster of its own (`isAlone`), all of one size. */
function isSymmetric(charter: Charter): boolean {
  return isAlone(charter) && new Set(charter.daemons.map(({ capacityBytes }) => capacityBytes)).size === 1;
}

function withPhantom(charter: Charter): Charter {
  const name = 'phantom of a copy';
  const like = {
    hoster: charter.hosters[0] as Charter['hosters'][number],
    site: charter.sites[0] as Charter['sites'][number],
    daemon: charter.daemons[0] as Charter['daemons'][number],
  };
  return {
    ...charter,
    hosters: [...charter.hosters, { ...like.hoster, id: name }],
    sites: [...charter.sites, { ...like.site, id: name, hoster: name, building: name }],
    daemons: [...charter.daemons, { ...like.daemon, id: PHANTOM, site: name }],
  };
}
