// Who holds what of a segment now, and whether each holder proves it: the answer to `where` and the work of `verify`.

import {
  type Charter,
  type Crypto,
  type Fault,
  findDaemon,
  homeOf,
  quorumOf,
  type Random,
  toHex,
} from '@vauban/core';
import { descriptorOf, fragmentBytesOf, holdersOf, type Place } from '@vauban/ledger';
import { margin } from '@vauban/placement';
import type { CurrentHolders, HolderWords } from './current-holders.ts';
import type { DaemonLinks } from './daemon-links.ts';
import { challengeFragment } from './fragment-challenge.ts';
import type { Holder } from './shard-race.ts';

export interface FragmentWhereabouts {
  readonly index: number;
  readonly daemon: string;
  readonly hoster: string;
  readonly site: string;
  /** Hex. */
  readonly root: string;
  /** Named by the place, or by a custody entry: it rebuilt or received the fragment later. */
  readonly by: 'place' | 'custody';
  /** A quorum of hosters records that it lost the fragment, or erased it. */
  readonly gone: boolean;
  /** It has just proven a random leaf. */
  readonly live: boolean;
  readonly problem: Fault | null;
}

export interface Whereabouts {
  readonly place: Place;
  /** By index; first whom the place names. */
  readonly fragments: readonly FragmentWhereabouts[];
  /** How many more sites may be lost, counting only holders that have just proven a leaf; -1: not readable now. */
  readonly survives: number;
}

export interface WhereaboutsOptions {
  readonly charter: Charter;
  readonly links: DaemonLinks;
  readonly holders: CurrentHolders;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly signal?: AbortSignal;
}

/**
 * Challenges everybody who holds a fragment, by the place or by what hosters record since, for a random leaf, all at
 * once. What a holder fails is part of the answer; one whom only liars may have named, and that fails, is not.
 */
export async function whereabouts(options: WhereaboutsOptions, place: Place): Promise<Whereabouts> {
  const { charter, holders, ...ports } = options;
  const words = await holders.all(place.segment, options.signal);
  const toAsk = candidates(place, words);
  const fragments = await Promise.all(
    toAsk.map(async (candidate): Promise<FragmentWhereabouts> => {
      const { index, daemon } = candidate;
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
      const live = answer.result === 'proven';
      return {
        index,
        daemon,
        hoster: home?.hoster.id ?? '',
        site: home?.site.id ?? '',
        root: toHex(root),
        by: candidate.by,
        // Hosters that are behind do not know a new place yet: who proves a leaf holds it.
        gone: words.answers >= quorumOf(charter) && candidate.words <= charter.f && !live,
        live,
        problem: live ? null : answer.fault,
      };
    }),
  );
  const shown = fragments.filter((one, nth) => {
    const { by, words: hosters } = toAsk[nth] as Candidate;
    return one.live || by === 'place' || hosters > charter.f;
  });
  const live = shown.filter((one) => one.live);
  const { sites } = margin(charter, { k: place.k, holders: live, live: () => true });
  return { place, fragments: shown, survives: sites };
}

interface Candidate extends Holder {
  readonly by: FragmentWhereabouts['by'];
  /** How many hosters' words it has. */
  readonly words: number;
}

function candidates(place: Place, { named }: HolderWords): Candidate[] {
  const placed = holdersOf(place);
  const same = (a: Holder, b: Holder) => a.index === b.index && a.daemon === b.daemon;
  const since = named.filter(
    (one) => one.index < place.fragments.length && !placed.some((other) => same(one, other)),
  );
  return [
    ...placed.map((one) => ({
      ...one,
      by: 'place' as const,
      words: named.find((other) => same(one, other))?.by ?? 0,
    })),
    ...since.map(({ index, daemon, by }) => ({ index, daemon, by: 'custody' as const, words: by })),
  ].sort((a, b) => a.index - b.index);
}
