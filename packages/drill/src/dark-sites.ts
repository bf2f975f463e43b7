// Which sites the drill itself had put out of reach, and when: by its deeds, not by who answered. A site that falls silent
// without having been struck excuses nothing.

import { REQUEST_DEADLINE_MS } from '@vauban/core';
import type { Done } from './result.ts';
import type { Deed } from './scenario.ts';

/** Deeds after which readers get nothing, or nothing right, from a site; and what ends them. */
const endsWith: { readonly [deed in Deed]?: readonly Deed[] } = {
  burn: [],
  lie: [],
  kill: ['start'],
  stop: ['start'],
  cut: ['rejoin'],
};

export interface Darkness {
  readonly site: string;
  readonly fromMs: number;
  /** Infinite when nothing ended it. */
  readonly toMs: number;
}

/** A site is dark until requests that were sent to it while it was have reached their deadline. */
export function darknessOf(done: readonly Done[]): readonly Darkness[] {
  return done.flatMap(({ deed, sites, atMs }, at) => {
    const enders = endsWith[deed];
    if (enders === undefined) return [];
    return sites.map((site) => {
      const end = done.slice(at + 1).find((one) => enders.includes(one.deed) && one.sites.includes(site));
      const toMs = end === undefined ? Number.POSITIVE_INFINITY : end.endedMs + REQUEST_DEADLINE_MS;
      return { site, fromMs: atMs, toMs };
    });
  });
}

/** The most sites that were dark together at any moment from `fromMs` to `toMs`. */
export function mostDark(
  all: readonly Darkness[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): number {
  const within = all.filter((one) => one.fromMs <= toMs && one.toMs >= fromMs);
  // The number only rises where one begins.
  const moments = [fromMs, ...within.map((one) => one.fromMs).filter((ms) => ms > fromMs)];
  const counts = moments.map(
    (ms) => new Set(within.filter((one) => one.fromMs <= ms && one.toMs >= ms).map(({ site }) => site)).size,
  );
  return Math.max(0, ...counts);
}
