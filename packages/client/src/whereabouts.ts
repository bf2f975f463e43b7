// Who holds what of a segment, and whether each holder proves it now: the answer to `where` and the work of `verify`.

import { type Charter, type Crypto, type Fault, findDaemon, homeOf, type Random, toHex } from '@vauban/core';
import { descriptorOf, fragmentBytesOf, holdersOf, type Place } from '@vauban/ledger';
import { margin } from '@vauban/placement';
import type { DaemonLinks } from './daemon-links.ts';
import { challengeFragment } from './fragment-challenge.ts';

export interface FragmentWhereabouts {
  readonly index: number;
  readonly daemon: string;
  readonly hoster: string;
  readonly site: string;
  /** Hex. */
  readonly root: string;
  /** It has just proven a random leaf. */
  readonly live: boolean;
  readonly problem: Fault | null;
}

export interface Whereabouts {
  readonly place: Place;
  readonly fragments: readonly FragmentWhereabouts[];
  /** How many more sites may be lost, counting only holders that have just proven a leaf; -1: not readable now. */
  readonly survives: number;
}

export interface WhereaboutsOptions {
  readonly charter: Charter;
  readonly links: DaemonLinks;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly signal?: AbortSignal;
}

/** Challenges every holder of a place for a random leaf, all at once. What a holder fails is part of the answer. */
export async function whereabouts(options: WhereaboutsOptions, place: Place): Promise<Whereabouts> {
  const { charter, ...ports } = options;
  const fragments = await Promise.all(
    holdersOf(place).map(async ({ index, daemon }): Promise<FragmentWhereabouts> => {
      const holder = findDaemon(charter, daemon);
      const home = holder === undefined ? undefined : homeOf(charter, holder);
      const root = (place.fragments[index] as Place['fragments'][number])[0];
      const answer = await challengeFragment({
        ...ports,
        segment: place.segment,
        index,
        daemon,
        root,
        fragmentBytes: fragmentBytesOf(descriptorOf(place)),
      });
      return {
        index,
        daemon,
        hoster: home?.hoster.id ?? '',
        site: home?.site.id ?? '',
        root: toHex(root),
        live: answer.result === 'proven',
        problem: answer.result === 'proven' ? null : answer.fault,
      };
    }),
  );
  const alive = new Set(fragments.filter(({ live }) => live).map(({ daemon }) => daemon));
  const { sites } = margin(charter, {
    k: place.k,
    holders: holdersOf(place),
    live: (daemon) => alive.has(daemon),
  });
  return { place, fragments, survives: sites };
}
