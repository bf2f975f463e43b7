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
  readonly #paths = new Map<string, readonly CatalogVersion[]>();
  /** Live versions by name: what replaces one may be at another path, and an entry may be applied twice. */
  readonly #live = new Map<string, CatalogVersion>();
  /** Versions that a later write or delete names: they may arrive before what they kill. */
  readonly #dead = new Set<string>();

  /** Applies the changes of one certified `objects` entry. Entries may come in any order, and more than once. */
  apply(changes: readonly ObjectChange[], at: EntryPosition, pack: Uint8Array | null): void {
    for (const change of changes) {
      for (const version of change.kind === 'delete' ? change.versions : change.parents) {
        const name = toHex(version);
        this.#dead.add(name);
        this.#remove(name);
      }
      if (change.kind !== 'delete') this.#add({ write: change, ...at, pack });
    }
  }

  #add(version: CatalogVersion): void {
    const name = toHex(version.write.version);
    if (this.#dead.has(name)) return;
    const known = this.#live.get(name);
    // One version in two entries: an append that was refused for a while and repeated. The last one stands.
    if (known !== undefined && newestFirst(version, known) > 0) return;
    this.#remove(name);
    this.#live.set(name, version);
    const { path } = version.write;
    this.#paths.set(path, [...this.versions(path), version].sort(newestFirst));
  }

  #remove(name: string): void {
    const gone = this.#live.get(name);
    if (gone === undefined) return;
    this.#live.delete(name);
    const { path } = gone.write;
    const left = this.versions(path).filter((one) => one !== gone);
    if (left.length === 0) this.#paths.delete(path);
    else this.#paths.set(path, left);
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

/** Two versions of one entry, at one path: by their names, so that the order is the same everywhere. */
function newestFirst(a: CatalogVersion, b: CatalogVersion): number {
  return (
    b.time - a.time ||
    compareBytes(utf8(b.origin), utf8(a.origin)) ||
    b.index - a.index ||
    compareBytes(b.write.version, a.write.version)
  );
}
