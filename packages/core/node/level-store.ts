// The store port on LevelDB. One process holds a database at a time: a second one gets STORE_LOCKED.

import { open, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Level } from 'level';
import { Fault, isFault, type Store } from '../src/index.ts';
import { damagedTable } from './level-tables.ts';
import { keepOwner, keepOwners } from './owner.ts';

export interface LevelStoreOptions {
  /** Memory for recent writes before they become a table; small databases want little. */
  readonly writeBufferBytes?: number;
  readonly cacheBytes?: number;
  /** Told when a read meets a table that the database cannot read (STORE_UNREADABLE), each time. */
  readonly onUnreadable?: (fault: Fault) => void;
}

/** What LevelDB on a disk has beyond the part that it shares with browsers. */
interface Compactable {
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>;
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
    if (cause?.code === 'LEVEL_LOCKED') throw locked(directory, error);
    const why = cause?.message ?? (error as Error).message;
    throw new Fault(
      'integrity',
      'STORE_UNREADABLE',
      `the database ${directory} cannot be opened: ${why}`,
      { directory },
      error,
    );
  }
  try {
    await keepOwner(directory);
    await keepOwners(directory);
  } catch (error) {
    await level.close();
    throw error;
  }
  /** A table that the database itself cannot read: what it says from here on, and what it leaves out, is not to be trusted. */
  const unreadable = (error: unknown): unknown => {
    if ((error as { code?: unknown }).code !== 'LEVEL_CORRUPTION') return error;
    const fault = cannotRead(directory, (error as Error).message, error);
    options.onUnreadable?.(fault);
    return fault;
  };
  const checked = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      throw unreadable(error);
    }
  };
  return {
    async get(key) {
      const value = await checked(level.get(key));
      return value === undefined ? undefined : plain(value);
    },
    batch: (operations, { sync }) =>
      checked(
        level.batch(
          operations.map((operation) =>
            'put' in operation
              ? { type: 'put', key: operation.put, value: operation.value }
              : { type: 'del', key: operation.del },
          ),
          { sync },
        ),
      ),
    async *range(range) {
      try {
        for await (const [key, value] of level.iterator({ ...range, limit: range.limit ?? -1 })) {
          yield [plain(key), plain(value)] as const;
        }
      } catch (error) {
        throw unreadable(error);
      }
    },
    /** Tables keep what newer ones overwrite until both are merged, and a lone table is never merged: hence twice. */
    async compact({ gte, lt }) {
      const compactable = level as unknown as Compactable;
      await checked(compactable.compactRange(gte, lt));
      for await (const [key, value] of level.iterator({ gte, lt }))
        await checked(level.batch([{ type: 'put', key, value }], { sync: true }));
      await checked(compactable.compactRange(gte, lt));
    },
    async close() {
      await level.close();
      await keepOwners(directory);
    },
  };
}

/** LevelDB's binding hands out Buffers, whose slices share memory and whose JSON is not ours. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function cannotRead(directory: string, why: string, cause: unknown): Fault {
  return new Fault(
    'integrity',
    'STORE_UNREADABLE',
    `the database ${directory} cannot be read: ${why}`,
    { directory },
    cause,
  );
}

function locked(directory: string, cause: unknown): Fault {
  return new Fault(
    'refused',
    'STORE_LOCKED',
    `${directory} is open in another process`,
    { directory },
    cause,
  );
}

/** Takes the lock for a moment and opens nothing: there must be no database, and there is one. Faults: STORE_LOCKED. */
async function refuseLocked(directory: string): Promise<void> {
  const level = new Level(directory, { createIfMissing: false, errorIfExists: true });
  await level.open().catch((error: unknown) => {
    if ((error as { cause?: { code?: string } }).cause?.code === 'LEVEL_LOCKED')
      throw locked(directory, error);
  });
  await level.close();
}

export interface FoundStore {
  readonly store: Store;
  /** Where a database that could not be opened was moved to. */
  readonly aside?: string;
  /** What is wrong with what was opened: it may lack its newest writes, or everything. */
  readonly damage?: Fault;
}

/**
 * Opens a database whose content can be had again elsewhere. One that cannot be opened is moved aside, never deleted:
 * it is evidence, and a new one takes its place; so is one with a damaged table, which would end the process when LevelDB
 * merges it. All tables are read for that, before it is opened. LevelDB drops damaged writes of its newest log and says so in a file
 * only; here that is damage too. Faults: STORE_LOCKED; and STORE_UNREADABLE when the new one cannot be opened either.
 */
export async function findLevelStore(
  directory: string,
  options: LevelStoreOptions = {},
): Promise<FoundStore> {
  try {
    const damaged = await damagedTable(directory);
    if (damaged !== undefined) {
      // Not under the feet of a process that has it open.
      await refuseLocked(directory);
      throw cannotRead(directory, damaged, undefined);
    }
    const store = await openLevelStore(directory, options);
    const why = await droppedAtOpening(directory);
    if (why === undefined) return { store };
    return { store, damage: cannotRead(directory, `writes of its newest log were lost (${why})`, undefined) };
  } catch (error) {
    if (!isFault(error, 'STORE_UNREADABLE')) throw error;
    const aside = await setLevelStoreAside(directory);
    return { store: await openLevelStore(directory, options), aside, damage: error };
  }
}

/** Moves a closed database away, to a name with the time in it; its directory is durable under the new name. */
export async function setLevelStoreAside(directory: string): Promise<string> {
  const time = new Date().toISOString().replaceAll(/[-:.]/g, '');
  for (let nth = 0; ; nth++) {
    const aside = `${directory}.damaged-${time}${nth === 0 ? '' : `-${nth}`}`;
    if ((await stat(aside).catch(() => undefined)) !== undefined) continue;
    await rename(directory, aside);
    const parent = await open(dirname(directory), 'r');
    try {
      await parent.sync();
    } finally {
      await parent.close();
    }
    return aside;
  }
}

/** LevelDB's own log of this opening, which is all it says about what it dropped. */
async function droppedAtOpening(directory: string): Promise<string | undefined> {
  const said = await readFile(join(directory, 'LOG'), 'utf8').catch(() => '');
  return /dropping \d+ bytes; .*/.exec(said)?.[0];
}
