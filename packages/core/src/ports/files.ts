// The file port: just the calls whose order decides whether a receipt is true.
// Paths are '/'-separated and relative to the root the adapter was opened on; '..' is refused by adapters.

export interface OpenFile {
  /** Appends; resolves when the operating system has the bytes (not when they are durable). */
  write(bytes: Uint8Array): Promise<void>;
  /** fsync. After a failure the file must be considered lost: close, re-read, never retry as if it had worked. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileStat {
  readonly bytes: number;
  /** Bytes the disk gave it: blocks × 512. */
  readonly allocatedBytes: number;
}

export interface Files {
  /** Creates a file that must not exist yet (mode 0600). */
  create(path: string): Promise<OpenFile>;
  /**
   * Opens for appending, creating it when missing (mode 0600). Of a file whose every write is synced at once, `synced` lets
   * the system do both in one call; `sync` is asked for all the same, and then has nothing left to do.
   */
  append(path: string, how?: 'synced'): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  /** fsync of a directory: what makes a creation, a rename or a removal in it durable. '' is the root. */
  syncDirectory(path: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Exactly `length` bytes from `offset`; a shorter file or a missing one is a FILE_MISSING or FILE_SHORT fault. */
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** The whole file, at most `bytesMax`; undefined when missing. */
  readAll(path: string, bytesMax: number): Promise<Uint8Array | undefined>;
  stat(path: string): Promise<FileStat | undefined>;
  /** Names in a directory, sorted; empty when the directory is missing. */
  list(path: string): Promise<string[]>;
  /** Space on the file system that holds the root. */
  space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>;
}
