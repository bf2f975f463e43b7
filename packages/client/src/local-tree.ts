// The agency's own files, as a port: what is put, and where it is restored to. Adapters never follow symbolic links.

/** What tells whether a file is still the one that was looked at: size, times, and the file's own number. */
export interface LocalStamp {
  readonly size: number;
  /** Milliseconds. */
  readonly modified: number;
  /** Opaque; equal as long as nobody replaced or wrote the file. */
  readonly identity: string;
}

export interface LocalEntry extends LocalStamp {
  /** '/'-separated, below what was walked; '' for a single file. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  /** Symlinks: where to. */
  readonly target?: string;
}

export interface LocalReader {
  /** Fills `into` unless the file ends first; the number of bytes read. */
  read(into: Uint8Array): Promise<number>;
  stamp(): Promise<LocalStamp>;
  close(): Promise<void>;
}

export interface LocalSource {
  /** Names what is put, for journals and messages. */
  readonly name: string;
  /**
   * Files, symlinks and empty directories, in order of their paths. What cannot be looked at is given as an error
   * instead, and the walk goes on. Faults (at once): SOURCE_MISSING.
   */
  walk(): AsyncIterable<LocalEntry | { readonly path: string; readonly error: unknown }>;
  open(entry: LocalEntry): Promise<LocalReader>;
}

export interface LocalWriter {
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the file appear under its name, with mode and time, whole. */
  commit(): Promise<void>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

/** Permission bits, and the time of the last change in milliseconds since 1970. */
export interface Restored {
  readonly mode: number;
  readonly modified: number;
}

/** What is restored stays below one directory (or is one file); names that would leave it are refused. */
export interface LocalTarget {
  file(path: string, as: Restored): Promise<LocalWriter>;
  /** '' is the directory that is restored to itself. One that exists is left as it is. */
  directory(path: string, as: Restored): Promise<void>;
  symlink(path: string, target: string, as: Restored): Promise<void>;
}
