// The index of what the fragment files hold, so that facts, totals and lists need no file. Two tables:
// 'fragment/' segment ‖ index → facts, and 'missing/' segment ‖ index → nothing: rows whose file was gone at a start.
// The files are the truth; this may be thrown away and is built again from them.

import {
  concat,
  decodeCbor,
  encodeCbor,
  equalBytes,
  type Fault,
  fromHex,
  isFault,
  readableRows,
  SHARDS_MAX,
  type Store,
  type StoreOperation,
  type StoreRange,
  shape,
  slugPattern,
  utf8,
  toHex,
} from '@vauban/core';
import * as v from 'valibot';
import { assertKey, FRAGMENT_BYTES_MAX, type FragmentFacts, type FragmentKey } from './fragment-file.ts';

const fragmentTable = utf8('fragment/');
const missingTable = utf8('missing/');
/** What follows '/' in ASCII. */
const afterSlash = 0x30;
const KEY_BYTES = 33;
const ROW_BYTES_MAX = 512;

const rowSchema = v.strictObject({
  format: v.literal('vauban/fragment-row/0'),
  root: shape.bytes(32),
  bytes: v.pipe(shape.count(FRAGMENT_BYTES_MAX), v.minValue(1)),
  agency: v.pipe(v.string(), v.regex(slugPattern)),
  vault: shape.bytes(32),
  storedAt: shape.time(),
});

function rowKey(table: Uint8Array, key: FragmentKey): Uint8Array {
  assertKey(key);
  return concat(table, key.segment, Uint8Array.of(key.index));
}

function keyOfRow(table: Uint8Array, row: Uint8Array): FragmentKey {
  return {
    segment: row.slice(table.length, table.length + KEY_BYTES - 1),
    index: row[row.length - 1] as number,
  };
}

/** Where a table ends: its name with the byte after '/' in place of '/'. */
function endOf(table: Uint8Array): Uint8Array {
  return concat(table.subarray(0, -1), Uint8Array.of(afterSlash));
}

/** Told of rows that their store finds corrupt. */
export type ToldOfCorrupt = (key: FragmentKey) => void;

export class FragmentIndex {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async get(key: FragmentKey): Promise<FragmentFacts | undefined> {
    const row = await this.#store.get(rowKey(fragmentTable, key));
    return row && decodeRow(row);
  }

  /** Durable when it resolves. A fragment that is there is no longer missing. */
  async put(key: FragmentKey, facts: FragmentFacts): Promise<void> {
    const { root, bytes, agency, vault, storedAt } = facts;
    const row = { format: 'vauban/fragment-row/0', root, bytes, agency, vault, storedAt };
    await this.#write([
      { put: rowKey(fragmentTable, key), value: encodeCbor(row) },
      { del: rowKey(missingTable, key) },
    ]);
  }

  /** Durable when it resolves. */
  async remove(key: FragmentKey): Promise<void> {
    await this.#write([{ del: rowKey(fragmentTable, key) }]);
  }

  /** Moves rows to the other table, in one durable step. */
  async markMissing(keys: readonly FragmentKey[]): Promise<void> {
    await this.#write(
      keys.flatMap((key) => [
        { del: rowKey(fragmentTable, key) },
        { put: rowKey(missingTable, key), value: new Uint8Array(0) },
      ]),
    );
  }

  async forgetMissing(key: FragmentKey): Promise<void> {
    await this.#write([{ del: rowKey(missingTable, key) }]);
  }

  async missing(): Promise<FragmentKey[]> {
    for (;;) {
      try {
        const keys: FragmentKey[] = [];
        for await (const [row] of this.#store.range({ gte: missingTable, lt: endOf(missingTable) })) {
          keys.push(keyOfRow(missingTable, row));
        }
        return keys;
      } catch (error) {
        // The row says nothing beyond its key: write it again.
        await this.#write([{ put: corruptRow(error, missingTable), value: new Uint8Array(0) }]);
      }
    }
  }

  /**
   * In order of segment, then index; from just after `after`, or from the start. Ends with the fault of a corrupt row, unless
   * somebody wants to be told of it: then goes on behind it.
   */
  async *list(
    after?: FragmentKey,
    limit = Number.MAX_SAFE_INTEGER,
    corrupt?: ToldOfCorrupt,
  ): AsyncGenerator<[FragmentKey, FragmentFacts]> {
    const range = {
      ...(after === undefined ? { gte: fragmentTable } : { gt: rowKey(fragmentTable, after) }),
      lt: endOf(fragmentTable),
      limit,
    };
    let left = limit;
    for await (const [row, value] of this.#rows(range, corrupt)) {
      if (left-- <= 0) return;
      yield [keyOfRow(fragmentTable, row), decodeRow(value)];
      if (left === 0) return;
    }
  }

  /** The rows of one segment. Faults as `list`. */
  async listSegment(segment: Uint8Array, corrupt?: ToldOfCorrupt): Promise<[FragmentKey, FragmentFacts][]> {
    const rows: [FragmentKey, FragmentFacts][] = [];
    const gte = rowKey(fragmentTable, { segment, index: 0 });
    const lt = concat(fragmentTable, segment, Uint8Array.of(255, 255));
    for await (const [row, value] of this.#rows({ gte, lt }, corrupt)) {
      rows.push([keyOfRow(fragmentTable, row), decodeRow(value)]);
    }
    return rows;
  }

  #rows(range: Omit<StoreRange, 'reverse'>, corrupt?: ToldOfCorrupt): ReturnType<Store['range']> {
    if (corrupt === undefined) return this.#store.range(range);
    return readableRows(this.#store, range, (_, fault) =>
      corrupt(keyOfRow(fragmentTable, corruptRow(fault, fragmentTable))),
    );
  }

  /** The first directory from this one on that has rows; undefined when none has. A corrupt row counts as one. */
  async nextDirectory(digits: string): Promise<string | undefined> {
    const from = concat(fragmentTable, fromHex(digits) as Uint8Array);
    const named = (row: Uint8Array) => toHex(row.subarray(fragmentTable.length, fragmentTable.length + 1));
    try {
      for await (const [row] of this.#store.range({ gte: from, lt: endOf(fragmentTable), limit: 1 }))
        return named(row);
      return undefined;
    } catch (error) {
      return named(corruptRow(error, fragmentTable));
    }
  }

  /** The rows of one of the 256 directories, and the keys of those that cannot be read; nothing is changed. */
  async readDirectory(digits: string): Promise<{
    readonly rows: readonly (readonly [FragmentKey, FragmentFacts])[];
    readonly corrupt: readonly FragmentKey[];
  }> {
    const rows: [FragmentKey, FragmentFacts][] = [];
    const corrupt: FragmentKey[] = [];
    const found = (_: Uint8Array, fault: Fault) =>
      void corrupt.push(keyOfRow(fragmentTable, corruptRow(fault, fragmentTable)));
    for await (const [row, value] of readableRows(this.#store, directoryRange(digits), found)) {
      rows.push([keyOfRow(fragmentTable, row), decodeRow(value)]);
    }
    return { rows, corrupt };
  }

  /**
   * The rows of one of the 256 directories, by the first two hex digits of the segment id. A row that its store finds
   * corrupt becomes missing: if its file is there, the recovery takes that in as the truth.
   */
  async listDirectory(digits: string): Promise<[FragmentKey, FragmentFacts][]> {
    const range = directoryRange(digits);
    for (;;) {
      try {
        const rows: [FragmentKey, FragmentFacts][] = [];
        for await (const [row, value] of this.#store.range(range)) {
          rows.push([keyOfRow(fragmentTable, row), decodeRow(value)]);
        }
        return rows;
      } catch (error) {
        await this.markMissing([keyOfRow(fragmentTable, corruptRow(error, fragmentTable))]);
      }
    }
  }

  async #write(operations: readonly StoreOperation[]): Promise<void> {
    if (operations.length > 0) await this.#store.batch(operations, { sync: true });
  }
}

function directoryRange(digits: string): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  const first = fromHex(digits) as Uint8Array;
  const last = Uint8Array.of(...first, ...new Uint8Array(31).fill(255), SHARDS_MAX);
  return { gte: concat(fragmentTable, first), lt: concat(fragmentTable, last) };
}

/** The key of the row of `table` that a checked store found corrupt; any other error is thrown again. */
function corruptRow(error: unknown, table: Uint8Array): Uint8Array {
  const hex = isFault(error, 'STORE_CORRUPT') ? error.facts.key : undefined;
  const row = typeof hex === 'string' ? fromHex(hex) : undefined;
  if (row?.length !== table.length + KEY_BYTES || !equalBytes(row.subarray(0, table.length), table))
    throw error;
  return row;
}

function decodeRow(row: Uint8Array): FragmentFacts {
  const { format: _, ...facts } = decodeCbor(rowSchema, row, 'fragment row', ROW_BYTES_MAX);
  return facts;
}
