// What the demo stores when nothing is named: the project's own installed dependencies, thousands of small files and a
// few large ones, linked into one directory up to a cap. And hashing a tree, to compare what comes back.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, copyFile, lstat, mkdir, opendir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Large enough to show throughput, small enough for three minutes in all. */
const TREE_BYTES_MAX = 200_000_000;

export interface GatheredTree {
  readonly files: number;
  readonly bytes: number;
}

/** Hard-links (or copies) files of `from` into `to`, in order of their paths, until the cap. */
export async function gatherTree(from: string, to: string): Promise<GatheredTree> {
  let files = 0;
  let bytes = 0;
  for await (const path of filesBelow(from, '')) {
    const found = await lstat(join(from, path));
    if (bytes + found.size > TREE_BYTES_MAX) continue;
    const target = join(to, path);
    await mkdir(dirname(target), { recursive: true });
    await link(join(from, path), target).catch(() => copyFile(join(from, path), target));
    files += 1;
    bytes += found.size;
  }
  return { files, bytes };
}

async function* filesBelow(root: string, path: string): AsyncIterable<string> {
  const names: { readonly name: string; readonly directory: boolean; readonly file: boolean }[] = [];
  for await (const one of await opendir(join(root, path))) {
    names.push({ name: one.name, directory: one.isDirectory(), file: one.isFile() });
  }
  names.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, directory, file } of names) {
    const below = path === '' ? name : `${path}/${name}`;
    if (directory) yield* filesBelow(root, below);
    else if (file) yield below;
  }
}

/** SHA-256 (links: their target) of everything below a directory, by path. */
export async function hashTree(root: string): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  await hashInto(root, '', hashes);
  return hashes;
}

async function hashInto(root: string, path: string, hashes: Map<string, string>): Promise<void> {
  for await (const one of await opendir(join(root, path))) {
    const below = path === '' ? one.name : `${path}/${one.name}`;
    if (one.isDirectory()) await hashInto(root, below, hashes);
    else if (one.isSymbolicLink()) hashes.set(below, `link ${await readlink(join(root, below))}`);
    else if (one.isFile()) hashes.set(below, await hashFile(join(root, below)));
  }
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Uint8Array);
  return hash.digest('hex');
}
