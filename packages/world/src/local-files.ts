// The agency's own files in memory, as the client walks and restores them.

import { toHex } from '@vauban/core';
import type { Crypto } from '@vauban/core';
import type { LocalEntry, LocalSource, LocalStamp, LocalTarget } from '@vauban/client';

export interface LocalFile {
  /** '' for a single file. */
  readonly path: string;
  /** Absent: an empty directory. */
  readonly bytes?: Uint8Array;
}

const MODE = 0o644;
const MODIFIED = 1_780_000_000_000;

/** What is put: the files given, in order of their paths. */
export function localSource(name: string, files: readonly LocalFile[]): LocalSource {
  const stampOf = (bytes: Uint8Array): LocalStamp => ({
    size: bytes.length,
    modified: MODIFIED,
    identity: name,
  });
  return {
    name,
    async *walk() {
      for (const { path, bytes } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
        yield {
          path,
          kind: bytes === undefined ? 'directory' : 'file',
          mode: MODE,
          ...stampOf(bytes ?? new Uint8Array(0)),
        } satisfies LocalEntry;
      }
    },
    async open({ path }) {
      const bytes = files.find((one) => one.path === path)?.bytes ?? new Uint8Array(0);
      let at = 0;
      return {
        async read(into) {
          const part = bytes.subarray(at, at + into.length);
          into.set(part);
          at += part.length;
          return part.length;
        },
        stamp: async () => stampOf(bytes),
        close: async () => undefined,
      };
    },
  };
}

/** What a restored path turned out to be: the hex SHA-256 of a file, or the word for something else. */
export type Content = string;
const DIRECTORY: Content = 'directory';

export function contentOf(crypto: Crypto, { bytes }: LocalFile): Content {
  return bytes === undefined ? DIRECTORY : toHex(crypto.sha256(bytes));
}

/** Collects what is restored, by path. */
export function localTarget(
  crypto: Crypto,
): LocalTarget & { readonly restored: ReadonlyMap<string, Content> } {
  const restored = new Map<string, Content>();
  return {
    restored,
    async file(path) {
      const hasher = crypto.sha256Stream();
      return {
        async write(bytes) {
          hasher.update(bytes);
        },
        async commit() {
          restored.set(path, toHex(hasher.digest()));
        },
        abort: async () => undefined,
      };
    },
    async directory(path) {
      restored.set(path, DIRECTORY);
    },
    async symlink(path, target) {
      restored.set(path, `symlink ${target}`);
    },
  };
}
