// Placements as a network's ledger names them: who holds each fragment of what is stored now, segments that stand alike counted
// together. Read elsewhere and given as data; drawn from here as `placements` draws imagined ones.

import type { Charter, Crypto, DaemonId, Policy } from '@vauban/core';
import { type Keeping, keepingOf } from './codes.ts';
import type { Dice } from './random.ts';
import { type Beginning, type Ground, LOST, SILENT, type Standing, UP } from './ground.ts';
import type { Plans } from './healer.ts';
import { healerOf, type Placement, type Sample } from './placements.ts';

/** Segments that stand on the same daemons, by index. */
export interface HeldPlacement {
  readonly code: Policy['code'];
  readonly k: number;
  readonly m: number;
  /** By fragment index; null where the ledger names nobody who has it. */
  readonly holders: readonly (DaemonId | null)[];
  readonly segments: number;
  /** Of all their fragments together, n of each segment. */
  readonly bytes: number;
}

/** What a network stores, and who is there now. Daemons that are not named answer. */
export interface Held {
  readonly placements: readonly HeldPlacement[];
  /** `lost`: their disks are burnt, or their site was declared lost; `silent`: they do not answer, and may come back. */
  readonly standing: readonly { readonly daemon: DaemonId; readonly is: 'silent' | 'lost' }[];
  /** Why there may be more than was read. */
  readonly gap?: string | null;
}

/** What stands under one code: the k and m of all of it, and how much it is. */
export interface Stock {
  readonly keeping: Keeping;
  readonly placements: readonly HeldPlacement[];
  readonly segments: number;
  /** Before coding. */
  readonly usableBytes: number;
  /** Segments of which fewer than k fragments are left already: no forecast is made of them. */
  readonly lostSegments: number;
  /** Segments by how many fragments beyond k are left now, those on silent daemons included; fullest first. */
  readonly margins: readonly { readonly margin: number; readonly segments: number }[];
}

/** What a network stores under all its codes together, before coding. */
export interface Stored {
  readonly segments: number;
  readonly usableBytes: number;
  readonly lostSegments: number;
  /** Different sets of holders. */
  readonly placements: number;
  /** Daemons that begin as lost, and as silent. */
  readonly lost: number;
  readonly silent: number;
  /** Why there may be more than was read. */
  readonly gap: string | null;
}

export function storedOf({ standing, gap = null }: Held, stocks: readonly Stock[]): Stored {
  const sum = (of: (one: Stock) => number) => stocks.reduce((all, one) => all + of(one), 0);
  const lost = standing.filter(({ is }) => is === 'lost').length;
  return {
    segments: sum((one) => one.segments),
    usableBytes: sum((one) => one.usableBytes),
    lostSegments: sum((one) => one.lostSegments),
    placements: sum((one) => one.placements.length),
    lost,
    silent: standing.length - lost,
    gap,
  };
}

/** Distinct placements beyond which they are drawn instead of all being followed. */
const WHOLE_MAX = 100;

/** By code, that with most bytes first. Segments that are lost already are counted and left out. */
export function stocksOf({ placements, standing }: Held, charter: Charter): readonly Stock[] {
  const known = new Set(charter.daemons.map(({ id }) => id));
  const lost = new Set(standing.flatMap(({ daemon, is }) => (is === 'lost' ? [daemon] : [])));
  const isLeft = (daemon: DaemonId | null) => daemon !== null && known.has(daemon) && !lost.has(daemon);
  const byCode = Map.groupBy(placements, ({ code, k, m }) => `${k}+${m}-${code}`);
  const policy = charter.policies[0]?.name ?? '';
  const stocks = [...byCode].map(([id, all]): Stock => {
    const { code, k, m } = all[0] as HeldPlacement;
    const left = ({ holders }: HeldPlacement) => holders.filter(isLeft).length;
    const kept = all.filter((one) => left(one) >= k);
    const sum = (of: readonly HeldPlacement[]) => of.reduce((many, { segments }) => many + segments, 0);
    const margins = Map.groupBy(kept, (one) => left(one) - k);
    return {
      keeping: { ...keepingOf({ name: policy, code, k, m }), id: `own-${id}` },
      placements: kept,
      segments: sum(kept),
      usableBytes: kept.reduce((bytes, one) => bytes + (one.bytes * k) / (k + m), 0),
      lostSegments: sum(all) - sum(kept),
      margins: [...margins]
        .map(([margin, of]) => ({ margin, segments: sum(of) }))
        .sort((a, b) => b.margin - a.margin),
    };
  });
  stocks.sort((a, b) => b.usableBytes - a.usableBytes);
  return stocks.map((one, at) => (at === 0 ? { ...one, keeping: { ...one.keeping, id: 'own' } } : one));
}

interface Class {
  readonly placement: Placement;
  readonly segments: number;
  /** Fragments gone when futures begin. */
  readonly missing: number;
}

/** Draws from what is stored under one code. */
export class HeldPlacements {
  readonly #classes: readonly Class[];
  readonly #segments: number;

  /** `now` in ms since 1970. */
  constructor(o: {
    readonly ground: Ground;
    readonly stock: Stock;
    readonly crypto: Crypto;
    readonly now: number;
    readonly dice: Dice;
  }) {
    const { ground, stock, dice } = o;
    const plans: Plans = new Map();
    const numbered = numberedBy(ground);
    const alike = new Map<string, Numbered & { segments: number }>();
    for (const one of stock.placements) {
      const { segments } = one;
      const numbers = numbered(one);
      const key = `${numbers.holders.join(' ')}|${numbers.gone.join('')}`;
      const known = alike.get(key);
      if (known === undefined) alike.set(key, { ...numbers, segments });
      else known.segments += segments;
    }
    const about = { ...o, keeping: stock.keeping, charter: ground.charter, plans };
    this.#classes = [...alike.values()].map(({ holders, gone, segments }) => ({
      placement: {
        holders,
        gone,
        share: 1,
        healer: healerOf({ holders, segment: dice.bytes(32), dice }, about),
      },
      segments,
      missing: missingOf({ holders, gone }, ground.standing),
    }));
    this.#segments = stock.segments;
  }

  /** All placements, where they are few enough to follow each. */
  get whole(): Sample | undefined {
    if (this.#classes.length > WHOLE_MAX) return undefined;
    const placements = this.#classes.map(({ placement, segments }) => ({
      ...placement,
      share: segments / this.#segments,
    }));
    return { placements, isWhole: true };
  }

  /**
   * So many, or a few more: at least one of each number of missing fragments, however rare, and the others in proportion to
   * their segments; within such a stratum by segments, each standing for an equal share of it.
   */
  sample(dice: Dice, count: number): Sample {
    const strata = [...Map.groupBy(this.#classes, ({ missing }) => missing).values()];
    const placements = strata.flatMap((stratum) => {
      const segments = stratum.reduce((sum, one) => sum + one.segments, 0);
      const draws = Math.max(1, Math.round((count * segments) / this.#segments));
      const share = segments / this.#segments / draws;
      return Array.from({ length: draws }, () => ({ ...drawn(stratum, dice.unit() * segments), share }));
    });
    return { placements, isWhole: false };
  }
}

function drawn(stratum: readonly Class[], at: number): Placement {
  let left = at;
  for (const { placement, segments } of stratum) {
    left -= segments;
    if (left < 0) return placement;
  }
  return (stratum.at(-1) as Class).placement;
}

/** Who is there, by daemon number. */
interface Present {
  readonly charter: Charter;
  readonly standing: readonly Standing[];
}

interface Numbered {
  readonly holders: Int32Array;
  readonly gone: Uint8Array;
}

/** A fragment that nobody has is to be rebuilt as if a daemon that is there, and holds no other as long as there is one, had lost it. */
function numberedBy({ charter, standing }: Present): (placement: HeldPlacement) => Numbered {
  const numberOf = new Map(charter.daemons.map(({ id }, at) => [id, at]));
  const up = standing.flatMap((is, at) => (is === UP ? [at] : []));
  return ({ holders }) => {
    const numbers = holders.map((id) => (id === null ? -1 : (numberOf.get(id) ?? -1)));
    const holding = new Set(numbers);
    const free = up.filter((at) => !holding.has(at));
    const places = free.length > 0 ? free : up.length > 0 ? up : [0];
    let next = 0;
    return {
      holders: Int32Array.from(numbers, (at) => (at >= 0 ? at : (places[next++ % places.length] as number))),
      gone: Uint8Array.from(numbers, (at) => (at >= 0 ? 0 : 1)),
    };
  };
}

function missingOf({ holders, gone }: Numbered, standing: readonly Standing[]): number {
  return holders.filter((at, index) => gone[index] === 1 || standing[at] === LOST).length;
}

/** How futures of a stock begin: who is there, and whose share of the bytes is how large. */
export function beginningOf({ placements }: Stock, { standing }: Held, charter: Charter): Beginning {
  const isOf = new Map<DaemonId, Standing>(
    standing.map(({ daemon, is }) => [daemon, is === 'lost' ? LOST : SILENT]),
  );
  const present = { charter, standing: charter.daemons.map(({ id }) => isOf.get(id) ?? UP) };
  const numbered = numberedBy(present);
  const shareOf = new Float64Array(charter.daemons.length);
  const all = placements.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const one of placements) {
    const { holders } = numbered(one);
    for (const at of holders) shareOf[at] = (shareOf[at] as number) + one.bytes / holders.length / all;
  }
  return { standing: present.standing, shareOf };
}
