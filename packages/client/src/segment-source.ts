// Reading sealed content wherever it lies: its own segments, or a range of a pack. Packs that are read whole are kept
// for a moment, so that restoring a tree fetches each pack once.

import { FRAME_BYTES, toHex } from '@vauban/core';
import { descriptorOf, fragmentBytesOf, holdersOf, type Place } from '@vauban/ledger';
import type { SealedContent } from '@vauban/seal';
import type { SegmentReader } from './segment-reader.ts';

export type FindPlace = (segment: Uint8Array) => Promise<Place>;

/** Packs kept: one being read, one before it. */
const PACKS_KEPT = 2;

export class SegmentSource {
  readonly #reader: SegmentReader;
  readonly #packs = new Map<string, Promise<Uint8Array>>();

  constructor(reader: SegmentReader) {
    this.#reader = reader;
  }

  /** Sealed bytes of an index or packed object. Faults: FRAGMENTS_MISSING, PLACE_MISSING. */
  async content(
    of: Pick<SealedContent, 'in'>,
    length: number,
    find: FindPlace,
    options: { readonly wholePack?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<Uint8Array> {
    if ('segments' in of.in) throw new Error('content in segments of its own is read segment by segment');
    const { pack, offset } = of.in;
    if (pack === null) throw new Error('the pack is named before it is read');
    if (options.wholePack === true) {
      const whole = await this.#whole(pack, find);
      return whole.subarray(offset, offset + length);
    }
    const into = new Uint8Array(length);
    await this.segment(await find(pack), {
      offset,
      into,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return into;
  }

  /** Fills `into` with ciphertext of a segment from `offset` on. Faults: FRAGMENTS_MISSING. */
  async segment(
    place: Place,
    range: { readonly offset: number; readonly into: Uint8Array; readonly signal?: AbortSignal },
  ): Promise<void> {
    await this.#reader.read({
      place: { descriptor: descriptorOf(place), holders: holdersOf(place) },
      offset: range.offset,
      length: range.into.length,
      into: range.into,
      ...(range.signal === undefined ? {} : { signal: range.signal }),
    });
  }

  #whole(pack: Uint8Array, find: FindPlace): Promise<Uint8Array> {
    const name = toHex(pack);
    const known = this.#packs.get(name);
    if (known !== undefined) return known;
    const fetched = find(pack).then(async (place) => {
      const into = new Uint8Array(place.k * fragmentBytesOf(place));
      await this.segment(place, { offset: 0, into });
      return into;
    });
    fetched.catch(() => this.#packs.delete(name));
    this.#packs.set(name, fetched);
    for (const [oldest] of this.#packs) {
      if (this.#packs.size <= PACKS_KEPT) break;
      this.#packs.delete(oldest);
    }
    return fetched;
  }

  /** Forgets packs kept, so that the next read asks the hosters again. */
  forget(): void {
    this.#packs.clear();
  }
}

/** Ciphertext room of one segment under a policy. */
export function segmentBytesOf(policy: { readonly segmentFrames: number }): number {
  return policy.segmentFrames * FRAME_BYTES;
}
