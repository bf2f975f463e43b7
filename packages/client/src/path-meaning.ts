// What a path of the vault stands for on a file system, where a name is a file or a directory but not both.

import { Fault } from '@vauban/core';
import type { Catalog, CatalogVersion } from './catalog.ts';

export interface PathMeaning {
  readonly found: readonly CatalogVersion[];
  /** The one object of exactly that path; else a tree below it. */
  readonly single: boolean;
  /** What a person should know of it. */
  readonly notices: readonly Fault[];
}

/** The file, where the vault has both and nobody asks for the directory. Finds nothing where there is nothing. */
export function meaningOf(catalog: Catalog, path: string, asDirectory: boolean): PathMeaning {
  const all = catalog.below(path);
  const own = all.find(({ write }) => write.path === path);
  if (own === undefined) return { found: all, single: false, notices: [] };
  const inside = all.filter((one) => one !== own);
  if (inside.length > 0 || asDirectory) {
    if (own.write.kind === 'directory') return { found: all, single: false, notices: [] };
    if (asDirectory) return { found: inside, single: false, notices: [] };
  }
  const notices: Fault[] = [];
  if (inside.length > 0) {
    const message = `${path} is also a directory with ${inside.length} objects below it, which is left out: ask for ${path}/ to get that`;
    notices.push(new Fault('failure', 'ALSO_DIRECTORY', message, { path, below: inside.length }));
  }
  const versions = catalog.versions(path).length;
  if (versions > 1) {
    const message = `${path} has ${versions} versions written at once; this is the newest`;
    notices.push(new Fault('failure', 'SIBLINGS', message, { path, versions }));
  }
  return { found: [own], single: true, notices };
}

/** Path of an object below `prefix`, from there. */
export function pathBelow(path: string, prefix: string): string {
  return prefix === '' ? path : path.slice(prefix.length + 1);
}

/** Why no single object stands at the path: IS_DIRECTORY (usage) or NOT_FOUND. */
export function missingAt(catalog: Catalog, path: string): Fault {
  const inside = catalog.below(path).length;
  if (inside > 0) {
    const message = `${path === '' ? 'the top of the vault' : path} is a directory with ${inside} objects below it: name one of them`;
    return new Fault('usage', 'IS_DIRECTORY', message, { path, inside });
  }
  const message = `the vault holds nothing at ${path === '' ? 'its top' : path}`;
  return new Fault('failure', 'NOT_FOUND', message, { path });
}
