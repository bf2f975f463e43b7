// What the disks hold of what the ledger says is to be kept: every fragment file of every standing site is read and hashed by
// the drill itself. Nobody's word is asked but the ledger's.

import { findDaemon, type Charter } from '@vauban/core';
import type { LedgerSegment, Stage } from '@vauban/fleet';
import { diskMargins } from '../disk-margins.ts';
import type { DiskCount, SiteState } from '../result.ts';

/** Per site, the fragments whose bytes make a root that the ledger names, as `segment/index`; and the files that make none. */
export interface DiskLook {
  readonly sound: ReadonlyMap<string, ReadonlySet<string>>;
  readonly damaged: number;
}

/** `how`: as in `Stage.walk`. */
export async function lookAtDisks(
  stage: Stage,
  segments: readonly LedgerSegment[],
  how?: 'what changed',
): Promise<DiskLook> {
  const { burnt } = await stage.look();
  const wanted = new Map(segments.map((one) => [one.segment, one.roots]));
  const sound = new Map<string, ReadonlySet<string>>();
  let damaged = 0;
  for (const site of stage.sites) {
    if (burnt.has(site)) continue;
    const here = new Set<string>();
    for await (const { segment, index, root } of stage.walk(site, how)) {
      const roots = wanted.get(segment);
      // What was released may be erased at any moment, and what is not placed yet has no root to be held against.
      if (roots === undefined) continue;
      if (root !== null && roots[index] === root) here.add(`${segment}/${index}`);
      else damaged += 1;
    }
    sound.set(site, here);
  }
  return { sound, damaged };
}

/**
 * `before`: an earlier look. A fragment that a standing site had then, that the ledger still places there and that is
 * neither there nor on any other disk has vanished.
 */
export function countDisks(
  look: DiskLook,
  of: {
    readonly segments: readonly LedgerSegment[];
    readonly charter: Charter;
    /** ms since 1970. */
    readonly now: number;
    readonly sites: { readonly [site: string]: SiteState };
    readonly before?: DiskLook;
  },
): DiskCount {
  const { segments, charter, before } = of;
  const byMargin = new Map<string, number>();
  let fragments = 0;
  for (const { segment, k, roots } of segments) {
    const held = roots.filter((_, index) => somewhere(look, `${segment}/${index}`)).length;
    fragments += held;
    byMargin.set(`${held - k}`, (byMargin.get(`${held - k}`) ?? 0) + 1);
  }
  const vanished: { site: string; fragments: number }[] = [];
  for (const [site, had] of before?.sound ?? []) {
    const has = look.sound.get(site);
    if (has === undefined) continue;
    const placed = placedAt(segments, charter, site);
    const gone = [...had].filter((name) => placed.has(name) && !has.has(name) && !somewhere(look, name));
    if (gone.length > 0) vanished.push({ site, fragments: gone.length });
  }
  return {
    segments: segments.length,
    fragments,
    byMargin: Object.fromEntries(byMargin),
    ...diskMargins({ ...of, sound: look.sound }),
    damaged: look.damaged,
    vanished,
  };
}

function somewhere({ sound }: Pick<DiskLook, 'sound'>, name: string): boolean {
  for (const here of sound.values()) if (here.has(name)) return true;
  return false;
}

function placedAt(segments: readonly LedgerSegment[], charter: Charter, site: string): ReadonlySet<string> {
  const names = segments.flatMap(({ segment, holders }) =>
    holders.flatMap(({ index, daemon }) =>
      findDaemon(charter, daemon)?.site === site ? [`${segment}/${index}`] : [],
    ),
  );
  return new Set(names);
}

/** Whether every segment has all its fragments on one of these disks. */
export function isWhole(sound: DiskLook['sound'], segments: readonly LedgerSegment[]): boolean {
  return segments.every(({ segment, roots }) =>
    roots.every((_, index) => somewhere({ sound }, `${segment}/${index}`)),
  );
}
