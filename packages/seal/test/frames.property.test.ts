// Any range of any object opens to its bytes; any damage to what was fetched for it does not.

import { FRAME_BYTES } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  FRAME_PLAIN_BYTES,
  framesFor,
  openFrameRange,
  plainBytes,
  sealedBytes,
  sealFrames,
} from '../src/index.ts';
import { counting, faultOf, flipped, pattern } from './support.ts';

const key = counting(9, 32);
const whole = pattern(4 * FRAME_PLAIN_BYTES);

const lengths = fc.oneof(
  fc.integer({ min: 1, max: whole.length }),
  fc
    .integer({ min: 1, max: 4 })
    .chain((frames) =>
      fc
        .integer({ min: -2, max: 2 })
        .map((beside) => Math.min(whole.length, frames * FRAME_PLAIN_BYTES + beside)),
    ),
);
const ranges = lengths.chain((total) =>
  fc.nat(total - 1).chain((offset) =>
    fc.record({
      total: fc.constant(total),
      offset: fc.constant(offset),
      length: fc.integer({ min: 1, max: total - offset }),
    }),
  ),
);

it('ranges open to the bytes asked for, and one flipped bit is refused naming its frame', () => {
  fc.assert(
    fc.property(ranges, fc.nat(), ({ total, offset, length }, where) => {
      const plain = whole.subarray(0, total);
      const sealed = new Uint8Array(sealedBytes(total));
      sealFrames(nodeCrypto, key, plain, sealed);
      const span = framesFor({ plainBytes: total, offset, length });
      expect(span.skip).toBeLessThan(FRAME_PLAIN_BYTES);
      expect(span.sealedOffset + span.sealedLength).toBeLessThanOrEqual(sealed.length);
      const part = sealed.subarray(span.sealedOffset, span.sealedOffset + span.sealedLength);
      const into = new Uint8Array(span.plainLength);
      openFrameRange(
        nodeCrypto,
        key,
        { sealed: part, firstFrame: span.firstFrame, plainBytesTotal: total },
        into,
      );
      expect(
        Buffer.compare(into.subarray(span.skip, span.skip + length), plain.subarray(offset, offset + length)),
      ).toBe(0);

      const bit = where % (8 * part.length);
      const fault = faultOf(() =>
        openFrameRange(
          nodeCrypto,
          key,
          { sealed: flipped(part, bit), firstFrame: span.firstFrame, plainBytesTotal: total },
          into,
        ),
      );
      expect(fault.facts.frame).toBe(span.firstFrame + Math.floor(bit / 8 / FRAME_BYTES));
      expect(into.every((byte) => byte === 0)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it('sizes turn back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (plain) => {
      expect(plainBytes(sealedBytes(plain))).toBe(plain);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (sealed) => {
      let plain: number;
      try {
        plain = plainBytes(sealed);
      } catch {
        expect((sealed - 1) % FRAME_BYTES).toBeLessThan(16);
        return;
      }
      expect(sealedBytes(plain)).toBe(sealed);
    }),
  );
});
