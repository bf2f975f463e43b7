// The file port in memory, with what a real disk does when power fails: unsynced bytes are dropped or torn, and names
// whose directory was not synced go back to what they were. For tests and the seeded simulator, which records every
// call, makes any of them fail, and crashes at will. What may break it: promising more than POSIX does.

import { assert, Fault } from './fault.ts';
import type { Files, FileStat, OpenFile } from './ports/files.ts';
import { type Random, randomBelow } from './ports/random.ts';

/** One call on the port, before it is carried out. `to` for renames, `bytes` for writes and reads. */
export interface FilesCall {
  readonly call: keyof Files | 'write' | 'sync' | 'close';
  readonly path: string;
  readonly to?: string;
  readonly bytes?: number;
}

export interface MemoryFilesOptions {
  /** Size of the disk; writes beyond it fail with ENOSPC. Default 1 TiB. */
  readonly capacityBytes?: number;
  /** Told of each call, in order, before `fail` is asked. */
  readonly record?: (call: FilesCall) => void;
  /**
   * An error makes the call fail with it. A failing write leaves half its bytes; after a failing sync the file reads
   * as before, but what it did not have on disk will never get there, even if a later sync succeeds (as on Linux).
   */
  readonly fail?: (call: FilesCall) => Error | undefined;
}

export interface MemoryFiles extends Files {
  /**
   * Power failure and restart. Answers the disk as the restarted machine finds it; every call on this one, and on
   * files opened through it, rejects with CRASHED from now on. Without `random` all that was not synced is gone.
   * With it each unsynced tail is torn at a random point (perhaps with zeros in place of bytes), and each unsynced
   * directory is found as it was or as it had become: both happen, so code must bear both.
   */
  crash(random?: Random): MemoryFiles;
  /** The file's own memory, for a test that flips bits; undefined when there is no such file. */
  bytesOf(path: string): Uint8Array | undefined;
  /** A disk of its own with the same files, as an image taken now and written back would have them: all durable. */
  image(options?: MemoryFilesOptions): MemoryFiles;
}

/** An error as Node's file system throws them. */
export function diskError(
  code: 'ENOSPC' | 'EIO' | 'ENOENT' | 'EEXIST' | 'ENOTDIR' | 'EISDIR',
  path = '',
): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

const PAGE_BYTES = 4_096;

class MemoryFile {
  bytes = new Uint8Array(0);
  length = 0;
  /** Bytes from the start that survive a crash. */
  syncedLength = 0;
  /** Ranges that a failed sync left out: they survive as zeros. */
  readonly holes: [from: number, to: number][] = [];
  /** Names it has now; without one it takes no space. */
  links = 1;

  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.bytes.length, this.length + bytes.length));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  crash(random: Random | undefined): void {
    const unsynced = this.length - this.syncedLength;
    if (random !== undefined && unsynced > 0) {
      this.length = this.syncedLength + randomBelow(random, unsynced + 1);
      // A file's size can reach the disk before its bytes do.
      const written = this.syncedLength + randomBelow(random, unsynced + 1);
      if (written < this.length) this.bytes.fill(0, written, this.length);
    } else {
      this.length = this.syncedLength;
    }
    for (const [from, to] of this.holes.splice(0)) this.bytes.fill(0, from, Math.min(to, this.length));
    this.syncedLength = this.length;
  }
}

class MemoryDirectory {
  names = new Map<string, Entry>();
  /** What a crash goes back to. */
  durable = new Map<string, Entry>();
}

type Entry = MemoryFile | MemoryDirectory;

export function memoryFiles(options: MemoryFilesOptions = {}): MemoryFiles {
  return mount(new MemoryDirectory(), options);
}

function mount(root: MemoryDirectory, options: MemoryFilesOptions): MemoryFiles {
  const { capacityBytes = 2 ** 40 } = options;
  let dead = false;
  let usedBytes = 0;
  const recount = (directory: MemoryDirectory) => {
    for (const entry of directory.names.values()) {
      if (entry instanceof MemoryDirectory) recount(entry);
      else usedBytes += allocated(entry.length);
    }
  };
  recount(root);

  const alive = () => {
    if (dead) throw new Fault('interrupted', 'CRASHED', 'the machine these files were on has crashed');
  };
  const begin = (call: FilesCall): Error | undefined => {
    alive();
    options.record?.(call);
    // The hook may be where a test crashes the machine.
    const failure = options.fail?.(call);
    alive();
    return failure;
  };
  const enter = (call: FilesCall) => {
    const failure = begin(call);
    if (failure !== undefined) throw failure;
  };
  const find = (path: string): Entry | undefined => {
    let entry: Entry | undefined = root;
    for (const name of split(path)) {
      if (!(entry instanceof MemoryDirectory)) return undefined;
      entry = entry.names.get(name);
    }
    return entry;
  };
  const parentOf = (path: string): readonly [MemoryDirectory, string] => {
    const names = split(path);
    const name = names.pop();
    assert(name !== undefined, 'a path with a name');
    const directory = find(names.join('/'));
    if (!(directory instanceof MemoryDirectory)) throw diskError('ENOENT', path);
    return [directory, name];
  };
  const unlink = (entry: Entry | undefined) => {
    if (entry instanceof MemoryFile && --entry.links === 0) usedBytes -= allocated(entry.length);
  };
  const open = (path: string, file: MemoryFile): OpenFile => {
    let closed = false;
    const use = () => assert(!closed, `${path} is open`);
    return {
      async write(bytes) {
        use();
        const grow = (added: Uint8Array) => {
          const before = allocated(file.length);
          file.append(added);
          if (file.links > 0) usedBytes += allocated(file.length) - before;
        };
        const failure = begin({ call: 'write', path, bytes: bytes.length });
        const room =
          capacityBytes - usedBytes - allocated(file.length + bytes.length) + allocated(file.length);
        if (failure !== undefined || room < 0) {
          const half = bytes.subarray(0, bytes.length >> 1);
          if (allocated(file.length + half.length) - allocated(file.length) <= capacityBytes - usedBytes)
            grow(half);
          throw failure ?? diskError('ENOSPC', path);
        }
        grow(bytes);
      },
      async sync() {
        use();
        const failure = begin({ call: 'sync', path });
        if (failure !== undefined) {
          if (file.syncedLength < file.length) file.holes.push([file.syncedLength, file.length]);
          throw failure;
        }
        file.syncedLength = file.length;
      },
      async close() {
        use();
        closed = true;
        enter({ call: 'close', path });
      },
    };
  };

  return {
    async create(path) {
      enter({ call: 'create', path });
      const [directory, name] = parentOf(path);
      if (directory.names.has(name)) throw diskError('EEXIST', path);
      const file = new MemoryFile();
      directory.names.set(name, file);
      return open(path, file);
    },
    async append(path) {
      enter({ call: 'append', path });
      const [directory, name] = parentOf(path);
      const file = directory.names.get(name) ?? new MemoryFile();
      if (file instanceof MemoryDirectory) throw diskError('EISDIR', path);
      directory.names.set(name, file);
      return open(path, file);
    },
    async rename(from, to) {
      enter({ call: 'rename', path: from, to });
      const [source, name] = parentOf(from);
      const [target, newName] = parentOf(to);
      const entry = source.names.get(name);
      if (entry === undefined) throw diskError('ENOENT', from);
      const replaced = target.names.get(newName);
      if (replaced === entry) return;
      if (replaced instanceof MemoryDirectory) throw diskError('EISDIR', to);
      unlink(replaced);
      source.names.delete(name);
      target.names.set(newName, entry);
    },
    async syncDirectory(path) {
      enter({ call: 'syncDirectory', path });
      const directory = find(path);
      if (directory === undefined) throw diskError('ENOENT', path);
      if (!(directory instanceof MemoryDirectory)) throw diskError('ENOTDIR', path);
      directory.durable = new Map(directory.names);
    },
    async makeDirectory(path) {
      enter({ call: 'makeDirectory', path });
      let directory = root;
      for (const name of split(path)) {
        const entry = directory.names.get(name) ?? new MemoryDirectory();
        if (!(entry instanceof MemoryDirectory)) throw diskError('EEXIST', path);
        directory.names.set(name, entry);
        directory = entry;
      }
    },
    async remove(path) {
      enter({ call: 'remove', path });
      const entry = find(path);
      if (entry === undefined) return;
      if (entry instanceof MemoryDirectory) throw diskError('EISDIR', path);
      const [directory, name] = parentOf(path);
      directory.names.delete(name);
      unlink(entry);
    },
    async read(path, offset, length) {
      enter({ call: 'read', path, bytes: length });
      const file = find(path);
      if (file === undefined) throw new Fault('failure', 'FILE_MISSING', `${path} is missing`, { path });
      if (file instanceof MemoryDirectory) throw diskError('EISDIR', path);
      if (offset + length > file.length) {
        throw new Fault('failure', 'FILE_SHORT', `${path} ends before byte ${offset + length}`, { path });
      }
      return file.bytes.slice(offset, offset + length);
    },
    async readAll(path, bytesMax) {
      enter({ call: 'readAll', path });
      const file = find(path);
      if (file === undefined) return undefined;
      if (file instanceof MemoryDirectory) throw diskError('EISDIR', path);
      if (file.length > bytesMax) {
        throw new Fault(
          'failure',
          'TOO_LARGE',
          `${path} has ${file.length} bytes, at most ${bytesMax} are expected`,
          { path, bytes: file.length, bytesMax },
        );
      }
      return file.bytes.slice(0, file.length);
    },
    async stat(path): Promise<FileStat | undefined> {
      enter({ call: 'stat', path });
      const entry = find(path);
      if (entry === undefined) return undefined;
      const bytes = entry instanceof MemoryFile ? entry.length : PAGE_BYTES;
      return { bytes, allocatedBytes: allocated(bytes) };
    },
    async list(path) {
      enter({ call: 'list', path });
      const entry = find(path);
      if (entry instanceof MemoryFile) throw diskError('ENOTDIR', path);
      return [...(entry?.names.keys() ?? [])].sort();
    },
    async space() {
      enter({ call: 'space', path: '' });
      return { freeBytes: Math.max(0, capacityBytes - usedBytes), totalBytes: capacityBytes };
    },
    crash(random) {
      alive();
      dead = true;
      restart(root, random);
      return mount(root, options);
    },
    bytesOf(path) {
      const file = find(path);
      return file instanceof MemoryFile ? file.bytes.subarray(0, file.length) : undefined;
    },
    image(others = options) {
      alive();
      return mount(copyOf(root, new Map()), others);
    },
  };
}

function copyOf(directory: MemoryDirectory, copied: Map<MemoryFile, MemoryFile>): MemoryDirectory {
  const copy = new MemoryDirectory();
  for (const [name, entry] of directory.names) {
    if (entry instanceof MemoryDirectory) {
      copy.names.set(name, copyOf(entry, copied));
      continue;
    }
    const file = copied.get(entry) ?? new MemoryFile();
    // A second name of one file.
    if (copied.has(entry)) file.links += 1;
    else file.append(entry.bytes.subarray(0, entry.length));
    file.syncedLength = file.length;
    copied.set(entry, file);
    copy.names.set(name, file);
  }
  copy.durable = new Map(copy.names);
  return copy;
}

function restart(root: MemoryDirectory, random: Random | undefined): void {
  const files = new Set<MemoryFile>();
  const visit = (directory: MemoryDirectory) => {
    const wrote = random !== undefined && randomBelow(random, 2) === 1;
    if (wrote) directory.durable = new Map(directory.names);
    else directory.names = new Map(directory.durable);
    for (const entry of directory.names.values()) {
      if (entry instanceof MemoryDirectory) {
        visit(entry);
      } else {
        // A rename between directories of which only one was written can leave two names.
        if (!files.has(entry)) entry.links = 0;
        files.add(entry);
        entry.links++;
      }
    }
  };
  visit(root);
  for (const file of files) file.crash(random);
}

function allocated(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

function split(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  assert(!path.startsWith('/') && !names.includes('..'), `path below the root: ${path}`);
  return names;
}
