// The dry run: what the loss of some sites would mean, from placement alone. Nothing is asked, nothing is touched. Plans are
// those of `placement`, which every daemon makes for itself.

import { assert, type Charter, type CodeName, type Crypto, type DaemonId, fromHex } from '@vauban/core';
import { type HealingPlan, type Holder, margin, planHealing } from '@vauban/placement';
import { readShares } from './repair-cost.ts';
import type { Preview } from './result.ts';

/** Named in a preview; all are counted. */
const NAMED_MAX = 100;

export interface PreviewedSegment {
  /** Hex. */
  readonly segment: string;
  /** Name of a policy of the charter. */
  readonly policy: string;
  readonly code: CodeName;
  readonly k: number;
  readonly m: number;
  /** Of one fragment. */
  readonly bytes: number;
  readonly holders: readonly Holder[];
}

export interface PreviewOptions {
  readonly charter: Charter;
  readonly crypto: Crypto;
  /** ms since 1970. */
  readonly now: number;
  readonly segments: readonly PreviewedSegment[];
  /** Sites that would be lost together. */
  readonly sites: readonly string[];
  /** Daemons that do not answer already. */
  readonly silent?: ReadonlySet<DaemonId>;
  /** Of a daemon. What the charter gives it, less the fragments known here, unless said. */
  readonly freeBytes?: (daemon: DaemonId) => number;
  /** Of a daemon's configuration: read from one other site, and written to its disk, for repair. */
  readonly budgets: { readonly linkBytesPerSecond: number; readonly diskBytesPerSecond: number };
  /** Paths that a segment holds bytes of; left out without a vault. */
  readonly objectsOf?: (segment: string) => readonly string[];
}

/**
 * Cost: one plan for each segment, about a millisecond for those that lose fragments. The time is that of the longest line
 * or fullest disk, with nobody else to serve, from the moment the sites are taken for lost; fragments that no daemon can
 * take are left out of it.
 */
export function preview(options: PreviewOptions): Preview {
  const { charter, segments, sites, budgets, objectsOf } = options;
  const siteOf = new Map(charter.daemons.map(({ id, site }) => [id, site]));
  const gone = new Set(charter.daemons.filter(({ site }) => sites.includes(site)).map(({ id }) => id));
  const lost = (daemon: DaemonId) => gone.has(daemon) || options.silent?.has(daemon) === true;
  const freeBytes = options.freeBytes ?? freeByCharter(options);
  const byMargin = new Map<number, number>();
  const atRisk: string[] = [];
  const objects = new Set<string>();
  const work = new Work(siteOf);
  let segmentsAtRisk = 0;
  for (const one of segments) {
    const left = margin(charter, {
      k: one.k,
      holders: one.holders,
      live: (daemon) => !lost(daemon),
    }).fragments;
    byMargin.set(left, (byMargin.get(left) ?? 0) + 1);
    if (left < 0) {
      segmentsAtRisk += 1;
      if (atRisk.length < NAMED_MAX) atRisk.push(one.segment);
      for (const path of objectsOf?.(one.segment) ?? []) objects.add(path);
      continue;
    }
    // What stands whole without those sites has nothing to be rebuilt.
    if (!one.holders.some(({ daemon }) => lost(daemon))) continue;
    work.add(one, planOf(options, one, { lost, freeBytes }), lost);
  }
  return {
    sites,
    segments: segments.length,
    byMargin: Object.fromEntries([...byMargin].sort(([a], [b]) => a - b)),
    atRisk,
    segmentsAtRisk,
    objectsAtRisk: objectsOf === undefined ? null : [...objects].sort().slice(0, NAMED_MAX),
    objectsAtRiskCount: objectsOf === undefined ? null : objects.size,
    fragmentsToRebuild: work.fragments,
    bytesToMove: Math.round(work.bytes),
    expectedSeconds: work.fragments === 0 ? null : work.secondsAt(budgets),
  };
}

function planOf(
  { charter, crypto, now }: PreviewOptions,
  { segment, policy: name, k, m, bytes, holders }: PreviewedSegment,
  of: { readonly lost: (daemon: DaemonId) => boolean; readonly freeBytes: (daemon: DaemonId) => number },
): HealingPlan {
  const policy = charter.policies.find((one) => one.name === name) ?? charter.policies[0];
  assert(policy !== undefined, 'a charter under which something is stored has a policy');
  const id = fromHex(segment);
  assert(id !== undefined, `segment ${segment}`);
  return planHealing({
    charter,
    crypto,
    now,
    segment: id,
    k,
    m,
    policy,
    fragmentBytes: bytes,
    holders,
    standing: (daemon) => (of.lost(daemon) ? 'lost' : 'up'),
    takes: (daemon) => (of.lost(daemon) ? undefined : { freeBytes: of.freeBytes(daemon) }),
  });
}

/** What all plans together move, over which lines and to which disks. */
class Work {
  readonly #siteOf: ReadonlyMap<DaemonId, string>;
  /** `daemon site` → bytes that this daemon reads from that site. */
  readonly #links = new Map<string, number>();
  readonly #disks = new Map<DaemonId, number>();
  fragments = 0;
  bytes = 0;

  constructor(siteOf: ReadonlyMap<DaemonId, string>) {
    this.#siteOf = siteOf;
  }

  add(
    { code, k, m, bytes, holders }: PreviewedSegment,
    { moves }: HealingPlan,
    lost: (daemon: DaemonId) => boolean,
  ): void {
    const live = holders.filter(({ daemon }) => !lost(daemon));
    const source = (index: number) => live.find((one) => one.index === index)?.daemon;
    const up = [...new Set(live.map(({ index }) => index))];
    const byHome = new Map<DaemonId, number[]>();
    for (const { index, homes, how } of moves) {
      const [home] = homes;
      if (home === undefined) continue;
      this.fragments += 1;
      this.#disks.set(home, (this.#disks.get(home) ?? 0) + bytes);
      if (how === 'copy') this.#read(home, source(index), bytes);
      else byHome.set(home, [...(byHome.get(home) ?? []), index]);
    }
    for (const [home, wanted] of byHome) {
      for (const [index, share] of readShares({ code, k, m, lost: wanted, up })) {
        this.#read(home, source(index), share * bytes);
      }
    }
  }

  secondsAt({ linkBytesPerSecond, diskBytesPerSecond }: PreviewOptions['budgets']): number {
    const most = (all: Iterable<number>) => Math.max(0, ...all);
    return Math.ceil(
      Math.max(
        most(this.#links.values()) / linkBytesPerSecond,
        most(this.#disks.values()) / diskBytesPerSecond,
      ),
    );
  }

  /** What lies on the own disk costs no line. */
  #read(home: DaemonId, from: DaemonId | undefined, bytes: number): void {
    if (from === undefined || from === home) return;
    this.bytes += bytes;
    const link = `${home} ${this.#siteOf.get(from) ?? ''}`;
    this.#links.set(link, (this.#links.get(link) ?? 0) + bytes);
  }
}

function freeByCharter({ charter, segments }: PreviewOptions): (daemon: DaemonId) => number {
  const held = new Map<DaemonId, number>();
  for (const { holders, bytes } of segments)
    for (const { daemon } of holders) held.set(daemon, (held.get(daemon) ?? 0) + bytes);
  const free = new Map(
    charter.daemons.map(({ id, capacityBytes }) => [id, capacityBytes - (held.get(id) ?? 0)]),
  );
  return (daemon) => Math.max(0, free.get(daemon) ?? 0);
}
