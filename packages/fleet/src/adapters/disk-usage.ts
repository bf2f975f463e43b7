// What daemons really take from the disk: allocated blocks, not file lengths.

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DAEMONS, networkRoot } from './layout.ts';

/** POSIX counts allocated space in units of 512 bytes, whatever the file system's own. */
const BLOCK_BYTES = 512;

/** Bytes allocated below all daemon directories of a network. What vanishes meanwhile is not counted. */
export async function allocatedBytes(directory: string): Promise<number> {
  return allocatedBelow(join(await networkRoot(directory), DAEMONS));
}

async function allocatedBelow(path: string): Promise<number> {
  const found = await lstat(path).catch(ifGone);
  if (found === undefined) return 0;
  let bytes = found.blocks * BLOCK_BYTES;
  if (!found.isDirectory()) return bytes;
  const names = (await readdir(path).catch(ifGone)) ?? [];
  for (const below of await Promise.all(names.map((name) => allocatedBelow(join(path, name)))))
    bytes += below;
  return bytes;
}

function ifGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
