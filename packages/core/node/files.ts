// The file port on Node's file system, below one root directory.

import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, type Files, Fault, type OpenFile } from '../src/index.ts';
import { keepOwner, makeDirectory } from './owner.ts';

const { O_CREAT, O_EXCL, O_WRONLY, O_APPEND, O_DSYNC } = constants;

export function openFiles(root: string): Files {
  const at = (path: string) => {
    assert(!path.startsWith('/') && !path.split('/').includes('..'), `path below the root: ${path}`);
    return join(root, path);
  };
  const openAt = async (path: string, flags: number): Promise<OpenFile> => {
    const handle = await open(at(path), flags, 0o600);
    await keepOwner(at(path));
    return {
      async write(bytes) {
        let written = 0;
        while (written < bytes.length) {
          written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
        }
      },
      sync: async () => {
        if ((flags & O_DSYNC) === 0) await handle.sync();
      },
      close: () => handle.close(),
    };
  };
  return {
    create: (path) => openAt(path, O_CREAT | O_EXCL | O_WRONLY),
    append: (path, how) => openAt(path, O_CREAT | O_APPEND | O_WRONLY | (how === 'synced' ? O_DSYNC : 0)),
    rename: (from, to) => rename(at(from), at(to)),
    async syncDirectory(path) {
      const handle = await open(at(path), constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    makeDirectory: (path) => makeDirectory(at(path)),
    remove: (path) => rm(at(path), { force: true }),
    async read(path, offset, length) {
      const handle = await open(at(path), constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        throw new Fault('failure', 'FILE_MISSING', `${path} is missing`, { path }, error);
      });
      try {
        return await bytesOf(handle, { path, offset, length });
      } finally {
        await handle.close();
      }
    },
    // Of one file from beginning to end: between two looks at the path another may have taken its place.
    async readAll(path, bytesMax) {
      const handle = await open(at(path), constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
      if (handle === undefined) return undefined;
      try {
        const { size } = await handle.stat();
        if (size > bytesMax) {
          const message = `${path} has ${size} bytes, at most ${bytesMax} are expected`;
          throw new Fault('failure', 'TOO_LARGE', message, { path, bytes: size, bytesMax });
        }
        return await bytesOf(handle, { path, offset: 0, length: size });
      } finally {
        await handle.close();
      }
    },
    async stat(path) {
      try {
        const found = await stat(at(path));
        return { bytes: found.size, allocatedBytes: found.blocks * 512 };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async list(path) {
      try {
        return (await readdir(at(path))).sort();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    async space() {
      const found = await statfs(root);
      return { freeBytes: found.bavail * found.bsize, totalBytes: found.blocks * found.bsize };
    },
  };
}

/** Faults: FILE_SHORT. */
async function bytesOf(
  handle: FileHandle,
  { path, offset, length }: { readonly path: string; readonly offset: number; readonly length: number },
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) {
      throw new Fault('failure', 'FILE_SHORT', `${path} ends before byte ${offset + length}`, { path });
    }
    done += bytesRead;
  }
  return bytes;
}
