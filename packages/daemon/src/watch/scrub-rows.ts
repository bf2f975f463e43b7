// What scrubbing keeps over restarts: where it is, and which fragments wait to be made whole. Rows that cannot be read are
// dropped: whatever they said is found again.

import { concat, decodeCbor, encodeCbor, shape, type Store, utf8 } from '@vauban/core';
import * as v from 'valibot';
import type { Log } from '../log.ts';
import { keptOwnRows, readOwnRow } from '../own-rows.ts';
import { type FragmentKey, keyText } from '../fragment-file.ts';

const placeKey = utf8('place');
const damagedPrefix = utf8('damaged/');
const ROW_BYTES_MAX = 256;

const placeSchema = v.strictObject({
  format: v.literal('vauban/scrub-place/0'),
  /** When this pass over all fragments began. */
  startedAt: shape.time(),
  /** The last fragment that was read, segment ‖ index; null at the beginning. */
  after: v.nullable(shape.bytes(33)),
});
export type ScrubPlace = Omit<v.InferOutput<typeof placeSchema>, 'format'>;

const damagedSchema = v.strictObject({
  format: v.literal('vauban/scrub-damaged/0'),
  since: shape.time(),
});

export interface Damaged extends FragmentKey {
  readonly since: number;
}

export class ScrubRows {
  readonly #store: Store;
  readonly #damaged = new Map<string, Damaged>();
  #place: ScrubPlace | undefined;

  private constructor(store: Store) {
    this.#store = store;
  }

  /** Without its place scrubbing begins anew; a damaged fragment is met again. */
  static async open(store: Store, log: Log): Promise<ScrubRows> {
    const rows = new ScrubRows(store);
    const at = { key: placeKey, what: 'place of scrubbing', log };
    const found = await readOwnRow(store, at, (row) => decodeCbor(placeSchema, row, at.what, ROW_BYTES_MAX));
    if (found !== undefined) {
      const { format: _, ...place } = found;
      rows.#place = place;
    }
    const lt = concat(damagedPrefix, new Uint8Array(64).fill(255));
    const of = { range: { gte: damagedPrefix, lt }, what: 'damaged fragment', log };
    const damagedRows = await keptOwnRows(store, of, (row) =>
      decodeCbor(damagedSchema, row, of.what, ROW_BYTES_MAX),
    );
    for (const [key, { since }] of damagedRows) {
      const segment = key.slice(damagedPrefix.length, -1);
      const damaged = { segment, index: key.at(-1) ?? 0, since };
      rows.#damaged.set(keyText(damaged), damaged);
    }
    return rows;
  }

  get place(): ScrubPlace | undefined {
    return this.#place;
  }

  async move(place: ScrubPlace): Promise<void> {
    this.#place = place;
    const value = encodeCbor({ format: 'vauban/scrub-place/0', ...place });
    await this.#store.batch([{ put: placeKey, value }], { sync: false });
  }

  damaged(): readonly Damaged[] {
    return [...this.#damaged.values()];
  }

  isDamaged(key: FragmentKey): boolean {
    return this.#damaged.has(keyText(key));
  }

  async note({ segment, index }: FragmentKey, since: number): Promise<void> {
    const damaged = { segment: segment.slice(), index, since };
    this.#damaged.set(keyText(damaged), damaged);
    const value = encodeCbor({ format: 'vauban/scrub-damaged/0', since });
    await this.#store.batch([{ put: rowKey(damaged), value }], { sync: false });
  }

  async clear(key: FragmentKey): Promise<void> {
    if (this.#damaged.delete(keyText(key))) await this.#store.batch([{ del: rowKey(key) }], { sync: false });
  }
}

function rowKey({ segment, index }: FragmentKey): Uint8Array {
  return concat(damagedPrefix, segment, Uint8Array.of(index));
}
