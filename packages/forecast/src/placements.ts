// Placements drawn as the network itself draws them, by `choose`: a sample that stands for all segments (SPEC, sampling).

import { type Charter, type Crypto, Fault, isFault, type Policy } from '@vauban/core';
import { choose } from '@vauban/placement';
import type { Keeping } from './codes.ts';
import type { Dice } from './random.ts';
import type { Ground } from './ground.ts';
import { Healer, type HealerGround, type Plans } from './healer.ts';

/** Segments that stand on the same daemons. */
export interface Placement {
  /** Daemon number by fragment index. */
  readonly holders: Int32Array;
  /** By index, 1 where nobody has the fragment when futures begin: it is to be rebuilt as if its holder had lost it. */
  readonly gone?: Uint8Array;
  /** Of all segments; 0 to 1. Shares of the placements of one future add up to 1. */
  readonly share: number;
  readonly healer: Pick<Healer, 'plan'>;
}

/** Placements that stand for all segments of a network. */
export interface Sample {
  readonly placements: readonly Placement[];
  /** Whether these are all placements in use. Otherwise others may lose a segment where none of these does. */
  readonly isWhole: boolean;
}

/** So many draws for each different placement found are taken to have found all. */
const DRAWS_EACH = 3;

/** In a larger network a placement sees its holders and so many others, drawn, as those who could take its fragments. */
const WHOLE_MAX = 40;
const CANDIDATES = 16;

/** Draws placements of one way of keeping on one network; the same set of holders is the same placement. */
export class Placements {
  readonly #keeping: Keeping;
  readonly #charter: Charter;
  readonly #policy: Policy;
  readonly #crypto: Crypto;
  readonly #now: number;
  readonly #numberOf: ReadonlyMap<string, number>;
  readonly #live: ReadonlyMap<string, { readonly freeBytes: number }>;
  readonly #known = new Map<string, Placement>();
  readonly #plans: Plans = new Map();

  /** `now` in ms since 1970: whose declaration has ended gets nothing. */
  constructor(o: {
    readonly ground: Ground;
    readonly keeping: Keeping;
    readonly crypto: Crypto;
    readonly now: number;
  }) {
    this.#keeping = o.keeping;
    this.#crypto = o.crypto;
    this.#now = o.now;
    const { charter } = o.ground;
    this.#charter = o.keeping.isZoned === true ? inThirds(charter) : charter;
    this.#policy = policyFor(o.keeping, charter);
    this.#numberOf = new Map(charter.daemons.map(({ id }, at) => [id, at]));
    this.#live = new Map(
      charter.daemons.map(({ id, capacityBytes }) => [id, { freeBytes: Math.max(1, capacityBytes) }]),
    );
  }

  /** Whether the network has places enough. */
  get fits(): boolean {
    try {
      this.#chosen(new Uint8Array(32));
      return true;
    } catch (error) {
      if (isFault(error, 'TOO_FEW_SITES')) return false;
      throw error;
    }
  }

  /** All placements, where `draws` are enough to find them; otherwise undefined. Faults: TOO_FEW_SITES. */
  whole(dice: Dice, draws: number): Sample | undefined {
    const counts = new Map<Placement, number>();
    for (let nth = 0; nth < draws; nth++) {
      const placement = this.#draw(dice);
      counts.set(placement, (counts.get(placement) ?? 0) + 1);
      if (counts.size * DRAWS_EACH > draws) return undefined;
    }
    const placements = [...counts].map(([one, count]) => ({ ...one, share: count / draws }));
    return { placements, isWhole: true };
  }

  /** So many placements, drawn as segments are: each stands for an equal share. Faults: TOO_FEW_SITES. */
  sample(dice: Dice, count: number): Sample {
    const placements = Array.from({ length: count }, () => ({ ...this.#draw(dice), share: 1 / count }));
    return { placements, isWhole: false };
  }

  #draw(dice: Dice): Placement {
    const segment = dice.bytes(32);
    const holders = Int32Array.from(
      this.#chosen(segment).map((id) => this.#numberOf.get(id) as number),
    ).sort();
    const key = holders.join(' ');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const about = {
      charter: this.#charter,
      keeping: this.#keeping,
      crypto: this.#crypto,
      now: this.#now,
      plans: this.#plans,
    };
    const placement: Placement = { holders, share: 1, healer: healerOf({ holders, segment, dice }, about) };
    this.#known.set(key, placement);
    return placement;
  }

  #chosen(seed: Uint8Array): readonly string[] {
    const { daemons } = choose({
      charter: this.#charter,
      policy: this.#policy,
      live: this.#live,
      fragmentBytesOf: () => 1,
      seed,
      now: this.#now,
      crypto: this.#crypto,
    });
    const n = this.#keeping.k + this.#keeping.m;
    if (daemons.length === n) return daemons;
    // `choose` falls back to a smaller k where sites are few; that would be another way of keeping.
    const facts = { wanted: n, found: daemons.length };
    throw new Fault(
      'refused',
      'TOO_FEW_SITES',
      `${n} places are needed, and there are ${daemons.length}`,
      facts,
    );
  }
}

/** Plans for one placement: where the network is large, with its holders and some others, drawn, as all there are. */
export function healerOf(
  {
    holders,
    segment,
    dice,
  }: { readonly holders: Int32Array; readonly segment: Uint8Array; readonly dice: Dice },
  about: Omit<HealerGround, 'members' | 'segment'> & { readonly plans: Plans },
): Healer {
  const { charter, plans } = about;
  const members = membersOf(holders, charter.daemons.length, dice);
  const seen = members.length === charter.daemons.length ? charter : part(charter, members);
  return new Healer({ ...about, charter: seen, members, segment }, plans);
}

function membersOf(holders: Int32Array, daemons: number, dice: Dice): readonly number[] {
  if (daemons <= WHOLE_MAX) return Array.from({ length: daemons }, (_, at) => at);
  const members = new Set(holders);
  const wanted = Math.min(daemons, members.size + CANDIDATES);
  while (members.size < wanted) members.add(dice.below(daemons));
  return [...members].sort((a, b) => a - b);
}

/**
 * `choose` takes codes a charter may have: 2 ≤ k, m ≤ k. Others are placed as the widest of so many fragments, which asks
 * for as many places, each in a building and at a hoster of its own.
 */
function policyFor({ k, m, id }: Keeping, charter: Charter): Policy {
  const n = k + m;
  const placedK = Math.max(k, Math.ceil(n / 2), 2);
  const own = charter.policies[0] as Policy;
  const placedM = n - placedK;
  const sitesLost = id === 'own' ? own.sitesLost : placedM;
  return { ...own, k: placedK, m: placedM, sitesLost, minSurvives: placedM };
}

/** Each third of the sites, from west to east, as one building of one hoster: so no two fragments stand in one. */
function inThirds(charter: Charter): Charter {
  const byLongitude = charter.sites.toSorted((a, b) => a.longitude - b.longitude || (a.id < b.id ? -1 : 1));
  const thirdOf = new Map(
    byLongitude.map(({ id }, at) => [id, `third-${Math.floor((at * 3) / byLongitude.length) + 1}`]),
  );
  const names = [...new Set(thirdOf.values())];
  const like = charter.hosters[0] as Charter['hosters'][number];
  return {
    ...charter,
    hosters: names.map((id) => ({ ...like, id })),
    sites: charter.sites.map((site) => {
      const third = thirdOf.get(site.id) as string;
      return { ...site, hoster: third, building: third };
    }),
  };
}

function part(charter: Charter, members: readonly number[]): Charter {
  const daemons = members.map((at) => charter.daemons[at] as Charter['daemons'][number]);
  const sites = new Set(daemons.map(({ site }) => site));
  const kept = charter.sites.filter(({ id }) => sites.has(id));
  const hosters = new Set(kept.map(({ hoster }) => hoster));
  return { ...charter, daemons, sites: kept, hosters: charter.hosters.filter(({ id }) => hosters.has(id)) };
}
