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

/** A version that was deleted, and not merely replaced: what undoing a deletion brings back. */
export interface RemovedVersion {
  readonly version: CatalogVersion;
  /** The deletion's date, by its writer: milliseconds. */
  readonly deletedAt: number;
}

/** Segments that stand and fall together: a pack, or those of one object's content. */
export interface SegmentGroup {
  /** Names it in this vault. */
  readonly key: string;
  readonly segments: readonly Uint8Array[];
  /** How many versions ever used it. */
  readonly users: number;
}

export class Catalog {
  readonly #paths = new Map<string, readonly CatalogVersion[]>();
  /** Live versions by name: what replaces one may be at another path, and an entry may be applied twice. */
  readonly #live = new Map<string, CatalogVersion>();
  /** Versions that a later write or delete names: they may arrive before what they kill. */
  readonly #dead = new Set<string>();
  /** Every version that was ever seen, and where. */
  readonly #known = new Map<string, CatalogVersion>();
  readonly #knownAt = new Map<string, Set<string>>();
  /** When a delete first named a version. */
  readonly #deleted = new Map<string, number>();
  /** Versions that a write replaces. */
  readonly #replaced = new Set<string>();
  readonly #groups = new Map<string, { segments: readonly Uint8Array[]; users: Set<string> }>();

  /** Applies the changes of one certified `objects` entry. Entries may come in any order, and more than once. */
  apply(changes: readonly ObjectChange[], at: EntryPosition, pack: Uint8Array | null): void {
    for (const change of changes) {
      for (const version of change.kind === 'delete' ? change.versions : change.parents) {
        const name = toHex(version);
        this.#dead.add(name);
        if (change.kind !== 'delete') this.#replaced.add(name);
        else this.#deleted.set(name, Math.min(at.time, this.#deleted.get(name) ?? at.time));
        this.#remove(name);
      }
      if (change.kind !== 'delete') this.#add({ write: change, ...at, pack });
    }
  }

  #add(version: CatalogVersion): void {
    const name = toHex(version.write.version);
    this.#note(name, version);
    if (this.#dead.has(name)) return;
    const known = this.#live.get(name);
    // One version in two entries: an append that was refused for a while and repeated. The last one stands.
    if (known !== undefined && newestFirst(version, known) > 0) return;
    this.#remove(name);
    this.#live.set(name, version);
    const { path } = version.write;
    this.#paths.set(path, [...this.versions(path), version].sort(newestFirst));
  }

  #note(name: string, version: CatalogVersion): void {
    const known = this.#known.get(name);
    if (known === undefined || newestFirst(version, known) < 0) this.#known.set(name, version);
    const { path } = version.write;
    const names = this.#knownAt.get(path) ?? new Set();
    this.#knownAt.set(path, names.add(name));
    for (const [key, segments] of groupsOf(version)) {
      const group = this.#groups.get(key) ?? { segments, users: new Set() };
      group.users.add(name);
      this.#groups.set(key, group);
    }
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

  /** Every version a path ever had that is known, in no order. */
  everAt(path: string): readonly CatalogVersion[] {
    return [...(this.#knownAt.get(path) ?? [])].map((name) => this.#known.get(name) as CatalogVersion);
  }

  /** Paths at a prefix and below it that ever had a version. */
  everBelow(prefix: string): readonly string[] {
    const under = prefix === '' ? '' : `${prefix}/`;
    return [...this.#knownAt.keys()].filter((path) => path === prefix || path.startsWith(under));
  }

  /** Whether a delete names the version. */
  isDeleted(version: Uint8Array): boolean {
    return this.#deleted.has(toHex(version));
  }

  /** What a path's deletion took away, greatest first: empty while something is there. */
  removed(path: string): readonly RemovedVersion[] {
    if (this.get(path) !== undefined) return [];
    return this.everAt(path)
      .flatMap((version): RemovedVersion[] => {
        const name = toHex(version.write.version);
        const deletedAt = this.#deleted.get(name);
        return deletedAt === undefined || this.#replaced.has(name) ? [] : [{ version, deletedAt }];
      })
      .sort((a, b) => newestFirst(a.version, b.version));
  }

  /**
   * What no version needs any more: neither a live one, nor one that was replaced by such, step by step. `also`: names
   * of versions about to be deleted.
   */
  unused(also: ReadonlySet<string> = new Set()): SegmentGroup[] {
    const kept = this.#kept(also);
    const found = new Map<string, SegmentGroup>();
    for (const name of [...this.#dead, ...also]) {
      const version = this.#known.get(name);
      if (version === undefined || kept.has(name)) continue;
      for (const [key] of groupsOf(version)) {
        if (found.has(key)) continue;
        const { segments, users } = this.#groups.get(key) as { segments: Uint8Array[]; users: Set<string> };
        if ([...users].every((one) => !kept.has(one))) found.set(key, { key, segments, users: users.size });
      }
    }
    return [...found.values()];
  }

  /** Live versions and what they replaced, up to what was deleted. */
  #kept(also: ReadonlySet<string>): ReadonlySet<string> {
    const gone = (name: string) => also.has(name) || this.#deleted.has(name);
    const kept = new Set<string>();
    const next = [...this.#live.keys()].filter((name) => !gone(name));
    for (let name = next.pop(); name !== undefined; name = next.pop()) {
      if (kept.has(name)) continue;
      kept.add(name);
      for (const parent of this.#known.get(name)?.write.parents ?? []) {
        const before = toHex(parent);
        if (!gone(before)) next.push(before);
      }
    }
    return kept;
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

/** What a version needs to be read: its content, and the pack whose index describes it. */
function groupsOf({ write, pack }: CatalogVersion): readonly (readonly [string, readonly Uint8Array[]])[] {
  const groups: [string, readonly Uint8Array[]][] = [];
  const place = write.content?.in;
  if (place !== undefined && 'segments' in place) {
    const segments = place.segments.map(({ id }) => id);
    groups.push([`content ${toHex((write.content as { content: Uint8Array }).content)}`, segments]);
  }
  const packs = [pack, place !== undefined && 'pack' in place ? place.pack : null];
  for (const one of packs) if (one !== null) groups.push([`pack ${toHex(one)}`, [one]]);
  return groups;
}

/** Every segment that one of the versions needs, once. */
export function neededBy(versions: readonly CatalogVersion[]): Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  for (const version of versions) {
    for (const [, segments] of groupsOf(version)) for (const id of segments) found.set(toHex(id), id);
  }
  return [...found.values()];
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
