// A byte range of one object: only the frames that cover it are fetched and opened. Each frame authenticates itself
// and its position; the hash of the whole object says nothing about a part and is not asked.

import { Fault } from '@vauban/core';
import { framesFor, openFrameRange, type SealedContent, segmentKey } from '@vauban/seal';
import type { CatalogVersion } from './catalog.ts';
import type { GetOptions } from './get.ts';

/** Plaintext bytes, from the object's beginning. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** A range inside one sealed plaintext: a segment's, or a packed object's. */
interface SealedPart extends ByteRange {
  readonly content: SealedContent;
  /** Which of the content's segments; 0 in a pack. */
  readonly nth: number;
  /** Plaintext bytes of that segment or packed object. */
  readonly plainBytes: number;
  readonly id: Uint8Array;
  /** Where its ciphertext begins in the segment that holds it. */
  readonly at: number;
}

/**
 * Streams a range in order, segment by segment. Faults: RANGE (usage), FRAGMENTS_MISSING, FRAME_FORGED,
 * PLACE_MISSING.
 */
export async function readRange(
  options: GetOptions,
  of: { readonly version: CatalogVersion; readonly range: ByteRange },
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const { crypto, source, find, turns, signal } = options;
  for (const part of partsOf(of.version, of.range)) {
    const span = framesFor(part);
    const turn = await turns.take(signal);
    const plain = new Uint8Array(span.plainLength);
    try {
      const sealed = turn.room(span.sealedLength);
      await source.segment(await find(part.id), {
        offset: part.at + span.sealedOffset,
        into: sealed,
        signal,
      });
      const key = segmentKey(part.content.key, { content: part.content.content, segment: part.nth });
      const { firstFrame } = span;
      openFrameRange(crypto, key, { sealed, firstFrame, plainBytesTotal: part.plainBytes }, plain);
    } finally {
      turn.giveBack();
    }
    await sink(plain.subarray(span.skip, span.skip + part.length));
  }
}

function partsOf(version: CatalogVersion, { offset, length }: ByteRange): readonly SealedPart[] {
  const { content, size, path } = version.write;
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!whole || offset + length > size) {
    throw new Fault(
      'usage',
      'RANGE',
      `the range of ${length} bytes at ${offset} is not inside the ${size} bytes of ${path}`,
      { offset, length, bytes: size },
    );
  }
  if (content === undefined || length === 0) return [];
  if ('offset' in content.in) {
    const id = content.in.pack ?? version.pack;
    if (id === null) throw new Error('the pack is named before it is read');
    return [{ content, nth: 0, plainBytes: size, id, at: content.in.offset, offset, length }];
  }
  const parts: SealedPart[] = [];
  let begin = 0;
  for (const [nth, { id, bytes }] of content.in.segments.entries()) {
    const from = Math.max(offset, begin);
    const to = Math.min(offset + length, begin + bytes);
    if (from < to) {
      parts.push({ content, nth, plainBytes: bytes, id, at: 0, offset: from - begin, length: to - from });
    }
    begin += bytes;
  }
  return parts;
}
