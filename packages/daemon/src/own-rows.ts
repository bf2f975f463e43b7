// Rows of a daemon's bookkeeping about its own work. One that rotted is taken for absent, and said: whatever it told is found
// out again, and no start fails for it. Not for what only this daemon knows, such as its keys, its log or its vote.

import { asFault, isFault, readableRows, type Store, type StoreRange } from '@vauban/core';
import type { Log } from './log.ts';

/** `decode` may fault with MALFORMED or TOO_LARGE. */
export async function readOwnRow<Row>(
  store: Pick<Store, 'get'>,
  of: { readonly key: Uint8Array; readonly what: string; readonly log: Log },
  decode: (row: Uint8Array) => Row,
): Promise<Row | undefined> {
  try {
    const row = await store.get(of.key);
    return row === undefined ? undefined : decode(row);
  } catch (error) {
    if (!isRot(error)) throw error;
    of.log('warn', 'own-row-unreadable', { what: of.what, code: asFault(error).code });
    return undefined;
  }
}

/** Those of a range that can be read, and the keys of the others, which may say something by themselves. */
export async function readOwnRows<Row>(
  store: Store,
  of: { readonly range: Pick<StoreRange, 'gte' | 'lt'>; readonly what: string; readonly log: Log },
  decode: (row: Uint8Array) => Row,
): Promise<{
  readonly rows: readonly (readonly [Uint8Array, Row])[];
  readonly rotted: readonly Uint8Array[];
}> {
  const rows: [Uint8Array, Row][] = [];
  const rotted: Uint8Array[] = [];
  for await (const [key, row] of readableRows(store, of.range, (bad) => void rotted.push(bad.slice()))) {
    try {
      rows.push([key.slice(), decode(row)]);
    } catch (error) {
      if (!isRot(error)) throw error;
      rotted.push(key.slice());
    }
  }
  if (rotted.length > 0) of.log('warn', 'own-row-unreadable', { what: of.what, rows: rotted.length });
  return { rows, rotted };
}

/** Those that can be read; the others are deleted, for nothing but what they said would be of use. */
export async function keptOwnRows<Row>(
  ...[store, of, decode]: Parameters<typeof readOwnRows<Row>>
): Promise<readonly (readonly [Uint8Array, Row])[]> {
  const { rows, rotted } = await readOwnRows(store, of, decode);
  const gone = rotted.map((del) => ({ del }));
  if (gone.length > 0) await store.batch(gone, { sync: false });
  return rows;
}

function isRot(error: unknown): boolean {
  return isFault(error, 'STORE_CORRUPT') || isFault(error, 'MALFORMED') || isFault(error, 'TOO_LARGE');
}
