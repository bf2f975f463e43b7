// The agency's files on Node's file system. Symbolic links are stored as links and never followed; what is restored is
// written under a temporary name, synced, and renamed, below one directory that no name can leave.

import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, opendir, readlink, rename, rm, symlink, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Fault } from '@vauban/core';
import type {
  LocalEntry,
  LocalReader,
  LocalSource,
  LocalStamp,
  LocalTarget,
  LocalWriter,
} from '../local-tree.ts';

type Stat = Awaited<ReturnType<typeof lstat>>;

/** A file, a link or a directory tree to be put. `name` is resolved by the caller. */
export function nodeSource(root: string): LocalSource {
  return {
    name: root,
    async *walk() {
      const found = await lstat(root).catch((error: unknown) => {
        throw new Fault(
          'usage',
          'SOURCE_MISSING',
          `there is no file or directory ${root}`,
          { source: root },
          error,
        );
      });
      if (!found.isDirectory()) {
        yield await entryOf(root, '', found);
        return;
      }
      yield* walkDirectory(root, '');
    },
    open: (entry) => openReader(entry.path === '' ? root : join(root, entry.path)),
  };
}

async function* walkDirectory(
  root: string,
  path: string,
): AsyncIterable<LocalEntry | { path: string; error: unknown }> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(join(root, path))) names.push(name);
  } catch (error) {
    yield { path, error: unreadable(path, error) };
    return;
  }
  if (names.length === 0 && path !== '') {
    yield await entryOf(join(root, path), path, await lstat(join(root, path)));
    return;
  }
  for (const name of names.sort()) {
    const below = path === '' ? name : `${path}/${name}`;
    try {
      const found = await lstat(join(root, below));
      if (found.isDirectory()) yield* walkDirectory(root, below);
      else if (found.isFile() || found.isSymbolicLink()) yield await entryOf(join(root, below), below, found);
      else
        yield {
          path: below,
          error: new Fault('failure', 'SOURCE_SPECIAL', `${below} is no file, directory or link`, {
            path: below,
          }),
        };
    } catch (error) {
      yield { path: below, error: unreadable(below, error) };
    }
  }
}

async function entryOf(full: string, path: string, found: Stat): Promise<LocalEntry> {
  const kind = found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'symlink' : 'file';
  const entry = { path, kind, mode: Number(found.mode) & 0o7777, ...stampOf(found) } as const;
  if (kind !== 'symlink') return kind === 'directory' ? { ...entry, size: 0 } : entry;
  return { ...entry, size: 0, target: await readlink(full) };
}

function stampOf(found: Stat): LocalStamp {
  return {
    size: Number(found.size),
    modified: Math.trunc(Number(found.mtimeMs)),
    identity: `${found.dev}:${found.ino}:${Number(found.ctimeMs)}`,
  };
}

async function openReader(path: string): Promise<LocalReader> {
  // A link put in the file's place since the walk must not be followed; a pipe must not block.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return {
    async read(into) {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await handle.read(into, done, into.length - done, null);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    async stamp() {
      return stampOf(await handle.stat());
    },
    close: () => handle.close(),
  };
}

function unreadable(path: string, error: unknown): Fault {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  const why =
    { ENOENT: 'it vanished', EACCES: 'permission denied', EPERM: 'permission denied' }[code] ?? code;
  return new Fault(
    'failure',
    'SOURCE_UNREADABLE',
    `${path} cannot be read: ${why}`,
    { path, because: code },
    error,
  );
}

/** Restores one object to exactly this path, which must not exist yet. */
export function nodeTargetFile(path: string): LocalTarget {
  return targetAt(() => path);
}

/** Restores a tree below a directory, made when missing. */
export function nodeTargetDirectory(root: string): LocalTarget {
  return targetAt((path) => {
    const parts = path.split('/');
    if (
      path === '' ||
      parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0'))
    ) {
      throw new Fault('refused', 'PATH_ESCAPES', `${path} would leave the directory that is restored to`, {
        path,
      });
    }
    return join(root, path);
  });
}

function targetAt(place: (path: string) => string): LocalTarget {
  return {
    async file(path, as) {
      const full = place(path);
      await prepare(full);
      return openWriter(full, as);
    },
    async directory(path) {
      await prepare(join(place(path), 'inside'));
    },
    async symlink(path, target) {
      const full = place(path);
      await prepare(full);
      await symlink(target, full).catch((error: unknown) => {
        throw taken(full, error);
      });
    },
  };
}

/** Makes the parent directories; refuses to go through a symbolic link that was put there. */
async function prepare(full: string): Promise<void> {
  await mkdir(dirname(full), { recursive: true });
  const parent = await lstat(dirname(full));
  if (parent.isSymbolicLink()) {
    throw new Fault('refused', 'PATH_ESCAPES', `${dirname(full)} is a symbolic link; it is not followed`, {
      path: full,
    });
  }
}

async function openWriter(
  full: string,
  as: { readonly mode: number; readonly modified: number },
): Promise<LocalWriter> {
  if ((await lstat(full).catch(() => undefined)) !== undefined) throw taken(full);
  const partial = join(dirname(full), `.${basename(full).slice(0, 200)}.vauban-partial`);
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
      while (done < bytes.length) done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
    },
    async commit() {
      await close();
      await chmod(partial, as.mode & 0o777);
      await utimes(partial, as.modified / 1_000, as.modified / 1_000);
      await rename(partial, full);
    },
    async abort() {
      await close();
      await rm(partial, { force: true });
    },
  };
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
