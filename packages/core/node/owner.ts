// What root makes in a directory of another account belongs to that account: a daemon or an operator that does not run as
// root could not read its own directory any more. For every other account the system sees to it.

import { lchown, lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Gives what was just made at `path` to the account and group of the directory that it is in. */
export async function keepOwner(path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await lstat(dirname(resolve(path)));
  if (uid === 0) return;
  const found = await lstat(path);
  // Never through a link, nor what has another name: in a directory of its own, the other account decides where one leads.
  const links = found.isDirectory() ? 1 : found.nlink;
  if (found.uid === 0 && links === 1) await lchown(path, uid, gid);
}

/** The same for root's files in a directory, whoever made them for it; what is removed meanwhile is passed over. */
export async function keepOwners(directory: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  if ((await lstat(directory)).uid === 0) return;
  for (const name of await readdir(directory)) {
    await keepOwner(join(directory, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** A directory and those above it that are missing, open to their account alone. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined || process.geteuid?.() !== 0) return;
  const made = [];
  for (let at = resolve(path); at !== dirname(resolve(first)); at = dirname(at)) made.unshift(at);
  for (const one of made) await keepOwner(one);
}
