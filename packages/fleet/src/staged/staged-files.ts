// A daemon's disk as a drill stages it: full. Nothing is created and nothing grows; what is there reads, and can be removed.

import type { Files, OpenFile } from '@vauban/core';
import type { StagedFaults } from './staged-faults.ts';

export function stagedFiles(files: Files, faults: () => StagedFaults): Files {
  const room = (path: string) => {
    if (faults().diskFull)
      throw Object.assign(new Error(`no space left on the staged disk: ${path}`), { code: 'ENOSPC' });
  };
  const staged = (path: string, file: OpenFile): OpenFile => ({
    async write(bytes) {
      room(path);
      await file.write(bytes);
    },
    sync: () => file.sync(),
    close: () => file.close(),
  });
  return {
    async create(path) {
      room(path);
      return staged(path, await files.create(path));
    },
    async append(path, how) {
      room(path);
      return staged(path, await files.append(path, how));
    },
    rename: (from, to) => files.rename(from, to),
    syncDirectory: (path) => files.syncDirectory(path),
    async makeDirectory(path) {
      room(path);
      await files.makeDirectory(path);
    },
    remove: (path) => files.remove(path),
    read: (path, offset, length) => files.read(path, offset, length),
    readAll: (path, bytesMax) => files.readAll(path, bytesMax),
    stat: (path) => files.stat(path),
    list: (path) => files.list(path),
    async space() {
      const { freeBytes, totalBytes } = await files.space();
      return { freeBytes: faults().diskFull ? 0 : freeBytes, totalBytes };
    },
  };
}
