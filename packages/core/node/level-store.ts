// The store port on LevelDB. One process holds a database at a time: a second one gets STORE_LOCKED.

import { Level } from 'level';
import { Fault, type Store } from '../src/index.ts';

export interface LevelStoreOptions {
  /** Memory for recent writes before they become a table; small databases want little. */
  readonly writeBufferBytes?: number;
  readonly cacheBytes?: number;
}

/** Opens or creates. Faults: STORE_LOCKED, STORE_UNREADABLE. */
export async function openLevelStore(directory: string, options: LevelStoreOptions = {}): Promise<Store> {
  const level = new Level<Uint8Array, Uint8Array>(directory, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    // Ciphertext and hashes do not compress.
    compression: false,
    writeBufferSize: options.writeBufferBytes ?? 4 << 20,
    cacheSize: options.cacheBytes ?? 8 << 20,
  });
  try {
    await level.open();
  } catch (error) {
    const cause = (error as { cause?: { code?: string; message?: string } }).cause;
    if (cause?.code === 'LEVEL_LOCKED') {
      throw new Fault(
        'refused',
        'STORE_LOCKED',
        `${directory} is open in another process`,
        { directory },
        error,
      );
    }
    throw new Fault(
      'integrity',
      'STORE_UNREADABLE',
      `the database ${directory} cannot be opened: ${cause?.message ?? (error as Error).message}`,
      { directory },
      error,
    );
  }
  return {
    async get(key) {
      const value = await level.get(key);
      return value === undefined ? undefined : plain(value);
    },
    batch: (operations, { sync }) =>
      level.batch(
        operations.map((operation) =>
          'put' in operation
            ? { type: 'put', key: operation.put, value: operation.value }
            : { type: 'del', key: operation.del },
        ),
        { sync },
      ),
    async *range(range) {
      for await (const [key, value] of level.iterator({ ...range, limit: range.limit ?? -1 })) {
        yield [plain(key), plain(value)] as const;
      }
    },
    close: () => level.close(),
  };
}

/** LevelDB's binding hands out Buffers, whose slices share memory and whose JSON is not ours. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
