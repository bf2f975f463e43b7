// The vault's namespace, derived from its own logs and nothing else. Versions name the versions they replace, so the
// entries of several devices commute: two that did not know of each other are siblings, and both stay.

import { compareBytes, toHex, utf8 } from '@vauban/core';
import type { ObjectChange, ObjectWrite } from '@vauban/seal';

/** One live version of a path. */
export interface CatalogVersion {
  readonly write: ObjectWrite;
  /** The writer's time of the entry, and where it stands: the order among siblings. */
  readonly time: number;
  readonly origin: string;
  readonly index: number;
  /** The segment that a change in a pack's own index means by "this segment". */
  readonly pack: Uint8Array | null;
}

export interface EntryPosition {
  readonly time: number;
  readonly origin: string;
  readonly index: number;
}

export class Catalog {
  readonly #paths = new Map<string, CatalogVersion[]>();
  /** Versions that a later write or delete names: they may arrive before what they kill. */
  readonly #dead = new Set<string>();

  /** Applies the changes of one certified `objects` entry. */
  apply(changes: readonly ObjectChange[], at: EntryPosition, pack: Uint8Array | null): void {
    for (const change of changes) {
      const killed = change.kind === 'delete' ? change.versions : change.parents;
      for (const version of killed) this.#dead.add(toHex(version));
      if (change.kind !== 'delete' && !this.#dead.has(toHex(change.version))) {
        const siblings = this.#paths.get(change.path) ?? [];
        siblings.push({ write: change, ...at, pack });
        this.#paths.set(change.path, siblings);
      }
      const live = this.#paths.get(change.path)?.filter(({ write }) => !this.#dead.has(toHex(write.version)));
      if (live === undefined) continue;
      if (live.length === 0) this.#paths.delete(change.path);
      else this.#paths.set(change.path, live.toSorted(newestFirst));
    }
  }

  /** The greatest (writer time, origin, index) of a path's live versions. */
  get(path: string): CatalogVersion | undefined {
    return this.#paths.get(path)?.[0];
  }

  /** All live versions of a path, greatest first. */
  versions(path: string): readonly CatalogVersion[] {
    return this.#paths.get(path) ?? [];
  }

  get size(): number {
    return this.#paths.size;
  }

  /** Current versions at a path and below it ('' is everything), by path. */
  below(prefix: string): CatalogVersion[] {
    const under = prefix === '' ? '' : `${prefix}/`;
    const found: CatalogVersion[] = [];
    for (const [path, [current]] of this.#paths) {
      if (current !== undefined && (path === prefix || path.startsWith(under))) found.push(current);
    }
    return found.sort((a, b) => compareBytes(utf8(a.write.path), utf8(b.write.path)));
  }

  /** Current versions whose path begins with the text, by path. */
  startingWith(prefix: string): CatalogVersion[] {
    return this.below('').filter(({ write }) => write.path.startsWith(prefix));
  }
}

function newestFirst(a: CatalogVersion, b: CatalogVersion): number {
  return b.time - a.time || compareBytes(utf8(b.origin), utf8(a.origin)) || b.index - a.index;
}
