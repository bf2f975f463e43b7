// What is restored, on Node's file system: written under a temporary name, it appears whole under its own, below one
// directory that no name and no link can leave. Nothing that exists is touched.

import { createHash } from 'node:crypto';
import { chmod, link, lstat, lutimes, mkdir, open, rename, rm, symlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault } from '@vauban/core';
import type { LocalTarget, LocalWriter, Restored } from '../local-tree.ts';
import { reasonOf } from './disk-reason.ts';

/** Restores one object to exactly this path, which must not exist yet. */
export function nodeTargetFile(path: string): LocalTarget {
  return targetAt({ place: () => path, top: path, root: dirname(path) });
}

/** Restores a tree below a directory, made when missing. */
export function nodeTargetDirectory(root: string): LocalTarget {
  return targetAt({
    root,
    top: root,
    place: (path) => {
      const parts = path.split('/');
      if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))) {
        const message = `${path} would leave the directory that is restored to`;
        throw new Fault('refused', 'PATH_ESCAPES', message, { path });
      }
      return join(root, path);
    },
  });
}

/** `place` says where a path goes, `top` where '' goes as a directory; what is made lies below `root`. */
function targetAt(of: {
  readonly place: (path: string) => string;
  readonly top: string;
  readonly root: string;
}): LocalTarget {
  const { place, top, root } = of;
  const made = new Set<string>();
  const guarded = <Result>(full: string, work: () => Promise<Result>): Promise<Result> =>
    work().catch((error: unknown) => {
      throw unwritable(full, error);
    });
  return {
    file(path, as) {
      const full = place(path);
      return guarded(full, async () => {
        await prepare(root, dirname(full), made);
        return openWriter(full, as);
      });
    },
    directory(path, as) {
      const full = path === '' ? top : place(path);
      return guarded(full, async () => {
        const fresh = (await lstat(full).catch(() => undefined)) === undefined;
        await prepare(root, full, made);
        // Somebody's own directory keeps what its owner gave it.
        if (!fresh) return;
        await chmod(full, as.mode & 0o777);
        await utimes(full, seconds(as.modified), seconds(as.modified));
      });
    },
    symlink(path, target, as) {
      const full = place(path);
      return guarded(full, async () => {
        await prepare(root, dirname(full), made);
        await symlink(target, full);
        await lutimes(full, seconds(as.modified), seconds(as.modified));
      });
    },
  };
}

/**
 * Makes the directories from the root down, one by one: a symbolic link on the way, put there by the tree itself or by
 * somebody else, is refused and never gone through. The root itself is the user's own choice.
 */
async function prepare(root: string, directory: string, made: Set<string>): Promise<void> {
  const known = made.has(directory);
  if (directory === root || !directory.startsWith(root === '/' ? root : `${root}/`)) {
    if (known) return;
    await mkdir(directory, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? taken(directory, error) : error;
    });
  } else {
    await prepare(root, dirname(directory), made);
    // One that was made may have been swapped since: it is looked at each time.
    if (!known)
      await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      });
    const found = await lstat(directory);
    if (found.isSymbolicLink()) {
      const message = `${directory} is a symbolic link, and restoring goes through none; nothing was written there`;
      throw new Fault('refused', 'PATH_ESCAPES', message, { path: directory });
    }
    if (!found.isDirectory()) throw taken(directory);
  }
  made.add(directory);
}

async function openWriter(full: string, as: Restored): Promise<LocalWriter> {
  if ((await lstat(full).catch(() => undefined)) !== undefined) throw taken(full);
  // Short whatever the name's length, and of this process alone: two restores at once must not write into one file.
  const hash = createHash('sha256').update(basename(full)).digest('hex').slice(0, 16);
  const partial = join(dirname(full), `.${hash}-${process.pid}.vauban-partial`);
  await rm(partial, { force: true });
  const handle = await open(partial, 'wx', 0o600);
  let closed = false;
  const close = async () => {
    if (!closed) await handle.close();
    closed = true;
  };
  return {
    async write(bytes) {
      let done = 0;
      while (done < bytes.length) {
        const { bytesWritten } = await handle
          .write(bytes, done, bytes.length - done)
          .catch((error: unknown) => {
            throw unwritable(full, error);
          });
        done += bytesWritten;
      }
    },
    async commit() {
      try {
        await handle.chmod(as.mode & 0o777);
        await handle.utimes(seconds(as.modified), seconds(as.modified));
        await close();
        await appear(partial, full);
      } catch (error) {
        throw unwritable(full, error);
      }
    },
    async abort() {
      await close();
      await rm(partial, { force: true });
    },
  };
}

/** Gives the file its name unless somebody else has taken it meanwhile, which renaming would overwrite. */
async function appear(partial: string, full: string): Promise<void> {
  try {
    await link(partial, full);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Some file systems have no hard links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    await rename(partial, full);
    return;
  }
  await rm(partial, { force: true });
}

/**
 * Times are doubles of seconds: half a microsecond more, so that cutting them off never loses the last millisecond.
 * Numbers before 1970 would be taken for no time at all, and only they have to be dates.
 */
function seconds(ms: number): number | Date {
  return ms < 0 ? new Date(ms) : ms / 1_000 + 5e-7;
}

function unwritable(full: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const because = (error as NodeJS.ErrnoException).code ?? 'unknown';
  if (because === 'EEXIST') return taken(full, error);
  const message = `${full} cannot be written: ${reasonOf(error)}`;
  return new Fault('failure', 'TARGET_UNWRITABLE', message, { path: full, because }, error);
}

function taken(full: string, cause?: unknown): Fault {
  return new Fault(
    'refused',
    'TARGET_EXISTS',
    `${full} exists already; nothing is overwritten`,
    { path: full },
    cause,
  );
}
