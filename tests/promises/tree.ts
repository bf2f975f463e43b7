// A directory tree as a plain document: what stands at each path, with the bytes' digest. For comparing two of them.

import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Path to what is there: a file's SHA-256 and mode, a link's target, or an empty directory. */
export async function treeOf(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const walk = async (path: string) => {
    const names = await readdir(join(root, path));
    if (names.length === 0) found[path] = 'empty directory';
    for (const name of names.sort()) {
      const below = join(path, name);
      const full = join(root, below);
      const stat = await lstat(full);
      if (stat.isDirectory()) await walk(below);
      else if (stat.isSymbolicLink()) found[below] = `link to ${await readlink(full)}`;
      else found[below] = `${(stat.mode & 0o777).toString(8)} ${sha256(await readFile(full))}`;
    }
  };
  await walk('');
  return found;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
