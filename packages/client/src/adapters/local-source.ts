// What is put, on Node's file system: files, links and empty directories. Symbolic links are stored as links and never
// followed; what cannot be stored is told by name, and the walk goes on.

import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@vauban/core';
import type { LocalEntry, LocalReader, LocalSource, LocalStamp } from '../local-tree.ts';
import { reasonOf } from './disk-reason.ts';

type Stat = Awaited<ReturnType<typeof lstat>>;

/** A file, a link or a directory tree to be put. `name` is resolved by the caller. */
export function nodeSource(root: string): LocalSource {
  return {
    name: root,
    async *walk() {
      const found = await lstat(root).catch((error: NodeJS.ErrnoException) => {
        const why = error.code === 'ENOENT' || error.code === 'ENOTDIR' ? '' : ` (${reasonOf(error)})`;
        throw new Fault(
          'usage',
          'SOURCE_MISSING',
          `there is no file or directory ${root}${why}`,
          { source: root },
          error,
        );
      });
      if (found.isDirectory()) yield* walkDirectory(root, '', found);
      else yield await entryOrProblem(root, '', found);
    },
    open: (entry) => openReader(entry.path === '' ? root : join(root, entry.path), entry),
  };
}

type Problem = { readonly path: string; readonly error: unknown };

async function* walkDirectory(root: string, path: string, found: Stat): AsyncIterable<LocalEntry | Problem> {
  let names: Buffer[];
  try {
    names = await readdir(join(root, path), { encoding: 'buffer' });
  } catch (error) {
    yield { path, error: unreadable(join(root, path), error) };
    return;
  }
  if (names.length === 0) {
    yield await entryOrProblem(join(root, path), path, found);
    return;
  }
  for (const raw of names.sort((a, b) => a.compare(b))) {
    const name = raw.toString('utf8');
    const below = path === '' ? name : `${path}/${name}`;
    if (!isUtf8(raw)) {
      yield { path: below, error: foreignName(join(root, path), 'a name', raw) };
      continue;
    }
    try {
      const inside = await lstat(join(root, below));
      if (inside.isDirectory()) yield* walkDirectory(root, below, inside);
      else yield await entryOrProblem(join(root, below), below, inside);
    } catch (error) {
      yield { path: below, error: unreadable(join(root, below), error) };
    }
  }
}

async function entryOrProblem(full: string, path: string, found: Stat): Promise<LocalEntry | Problem> {
  if (found.isFile() || found.isDirectory() || found.isSymbolicLink()) {
    return entryOf(full, path, found).catch((error: unknown) => ({ path, error: unreadable(full, error) }));
  }
  const what = found.isFIFO() ? 'a named pipe' : found.isSocket() ? 'a socket' : 'a device';
  const message = `${full} is ${what}: only files, directories and links can be stored`;
  return { path, error: new Fault('failure', 'SOURCE_SPECIAL', message, { path: full }) };
}

/** Names in a vault are text. Another one is told byte by byte, so that its owner finds it. */
function foreignName(at: string, what: 'a name' | 'a target', raw: Buffer): Fault {
  const name = [...raw]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
  const where = what === 'a name' ? join(at, name) : `${at} -> ${name}`;
  const message = `${where} has ${what} that is not UTF-8 text: rename it, then put it again`;
  return new Fault('failure', 'SOURCE_NAME', message, { at, name });
}

async function entryOf(full: string, path: string, found: Stat): Promise<LocalEntry> {
  const kind = found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'symlink' : 'file';
  const entry = { path, kind, mode: Number(found.mode) & 0o7777, ...stampOf(found) } as const;
  if (kind !== 'symlink') return kind === 'directory' ? { ...entry, size: 0 } : entry;
  const target = await readlink(full, { encoding: 'buffer' });
  if (!isUtf8(target)) throw foreignName(full, 'a target', target);
  return { ...entry, size: 0, target: target.toString('utf8') };
}

function stampOf(found: Stat): LocalStamp {
  return {
    size: Number(found.size),
    // A microsecond more: times before 1970 come back from the system a few nanoseconds early.
    modified: Math.floor(Number(found.mtimeMs) + 0.001),
    identity: `${fileOf(found)}:${Number(found.ctimeMs)}`,
  };
}

/** The file's own number, whatever it is called. */
function fileOf(found: Stat): string {
  return `${found.dev}:${found.ino}`;
}

async function openReader(path: string, looked: LocalStamp): Promise<LocalReader> {
  // A link put in the file's place since the walk must not be followed; a pipe must not block.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  // Another file under the same name, perhaps through a link put in the place of a directory above it.
  const found = await handle.stat();
  if (!found.isFile() || !looked.identity.startsWith(`${fileOf(found)}:`)) {
    await handle.close();
    const message = `${path} was replaced since it was looked at; it was not stored`;
    throw new Fault('failure', 'SOURCE_CHANGED', message, { path });
  }
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
  if (error instanceof Fault) return error;
  const because = (error as NodeJS.ErrnoException).code ?? 'unknown';
  const message = `${path} cannot be read: ${reasonOf(error)}`;
  return new Fault('failure', 'SOURCE_UNREADABLE', message, { path, because }, error);
}
