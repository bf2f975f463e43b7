// Which segments a daemon was ever named as a holder of: what is lost with it is listed without looking at all there is.
// Rows `H/` are hints: written in one batch with the place or custody that names the daemon, and never taken back, so they
// say at least as much as `holdersNow`. A hint that rots away says nothing wrong: it is made anew, and nothing is doubted.

import {
  concat,
  daemonIdBytes,
  readableRows,
  type Store,
  type StoreOperation,
  toHex,
  utf8,
} from '@vauban/core';

const hintPrefix = utf8('H/');
const DAEMON_BYTES = 16;
const SEGMENT_BYTES = 32;
const SEGMENT_AT = hintPrefix.length + DAEMON_BYTES;
const KEY_BYTES = SEGMENT_AT + SEGMENT_BYTES;
const nothing = new Uint8Array(0);

/** The row that says so; `daemon` in 16 bytes. */
export function hintRow(daemon: Uint8Array, segment: Uint8Array): StoreOperation {
  const put = new Uint8Array(KEY_BYTES);
  put.set(hintPrefix);
  put.set(daemon, hintPrefix.length);
  put.set(segment, SEGMENT_AT);
  return { put, value: nothing };
}

/** Whether a row is a hint, by its key. */
export function isHint(key: Uint8Array): boolean {
  return key[0] === hintPrefix[0] && key[1] === hintPrefix[1];
}

/**
 * Segments that a daemon (hex id) was ever named as a holder of, by a place or by its own custody, voided or not; ascending,
 * those after `after`. Not all of them are still with it: `holdersNow` says which. Costs what there is to list.
 */
export async function* segmentsHeldBy(
  store: Store,
  daemon: string,
  after?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const start = concat(hintPrefix, daemonIdBytes(daemon));
  const from = after === undefined ? { gte: start } : { gt: concat(start, after) };
  const lt = concat(start, new Uint8Array(SEGMENT_BYTES + 1).fill(255));
  // What cannot be read still says by its key all that it ever said.
  let damaged: Uint8Array[] = [];
  const rows = readableRows(store, { ...from, lt }, (key) => void damaged.push(key));
  for await (const [key] of rows) {
    for (const one of [...damaged, key]) if (one.length === KEY_BYTES) yield one.slice(SEGMENT_AT);
    damaged = [];
  }
  for (const one of damaged) if (one.length === KEY_BYTES) yield one.slice(SEGMENT_AT);
}

/** What a hint's key says; undefined for a key that is none. */
export function hintOf(
  key: Uint8Array,
): { readonly daemon: string; readonly segment: Uint8Array } | undefined {
  if (!isHint(key) || key.length !== KEY_BYTES) return undefined;
  return { daemon: toHex(key.subarray(hintPrefix.length, SEGMENT_AT)), segment: key.slice(SEGMENT_AT) };
}
