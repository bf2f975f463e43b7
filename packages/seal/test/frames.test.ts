// Frames: sizes, the ciphertext itself (against another implementation), and everything a hoster could do to it.

import { gcm } from '@noble/ciphers/aes.js';
import { concat, FRAME_BYTES, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { describe, expect, it } from 'vitest';
import {
  FRAME_PLAIN_BYTES,
  framesFor,
  openFrameRange,
  openFrames,
  plainBytes,
  sealedBytes,
  sealFrame,
  sealFrames,
  tagsDigest,
} from '../src/index.ts';
import { bytesOf, counting, faultOf, flipped, pattern } from './support.ts';

const key = counting(0x40, 32);

function sealed(plain: Uint8Array, under = key): Uint8Array {
  const into = new Uint8Array(sealedBytes(plain.length));
  sealFrames(nodeCrypto, under, plain, into);
  return into;
}

/** The code of the fault and the frame it names; checks that no plaintext was left behind. */
function refusal(bytes: Uint8Array, under = key): string {
  const into = new Uint8Array(Math.max(0, bytes.length - 16 * Math.ceil(bytes.length / FRAME_BYTES))).fill(7);
  const fault = faultOf(() => openFrames(nodeCrypto, under, bytes, into));
  expect(fault.kind).toBe('integrity');
  if (fault.code === 'FRAME_FORGED') expect(into.every((byte) => byte === 0)).toBe(true);
  return `${fault.code} ${fault.facts.frame ?? ''}`.trim();
}

const full = pattern(FRAME_PLAIN_BYTES);
const three = pattern(2 * FRAME_PLAIN_BYTES + 1000);

describe('sizes', () => {
  it('match the worked sizes of the design', () => {
    expect(sealedBytes(1)).toBe(17);
    expect(sealedBytes(100_000)).toBe(100_048);
    expect(sealedBytes(324 * FRAME_PLAIN_BYTES)).toBe(15_925_248);
    expect(sealedBytes(20_000_000 - 324 * FRAME_PLAIN_BYTES)).toBe(4_081_280);
  });

  it('turn back exactly where a plaintext exists, and nowhere else', () => {
    for (const plain of [1, 2, 49_135, 49_136, 49_137, 98_271, 98_272, 98_273, 15_920_064]) {
      expect(plainBytes(sealedBytes(plain))).toBe(plain);
    }
    for (const impossible of [
      0,
      1,
      15,
      16,
      FRAME_BYTES + 1,
      FRAME_BYTES + 16,
      2 * FRAME_BYTES + 16,
      -1,
      17.5,
      Number.NaN,
      2 ** 60,
    ]) {
      expect(faultOf(() => plainBytes(impossible)).code).toBe('IMPOSSIBLE_LENGTH');
    }
  });

  it('of nothing are a programming error: empty objects are records only', () => {
    expect(() => sealedBytes(0)).toThrow(/at least one byte/);
    expect(() => sealFrames(nodeCrypto, key, new Uint8Array(0), new Uint8Array(0))).toThrow(
      /at least one byte/,
    );
  });
});

describe('sealing', () => {
  it.each([
    1,
    100,
    FRAME_PLAIN_BYTES - 1,
    FRAME_PLAIN_BYTES,
    FRAME_PLAIN_BYTES + 1,
    2 * FRAME_PLAIN_BYTES,
    130_000,
  ])('gives AES-256-GCM frames as another implementation does: %i bytes', (length) => {
    const plain = pattern(length);
    const frames: Uint8Array[] = [];
    for (let from = 0; from < length; from += FRAME_PLAIN_BYTES) {
      const nonce = new Uint8Array(12);
      nonce[10] = frames.length;
      nonce[11] = from + FRAME_PLAIN_BYTES >= length ? 1 : 0;
      frames.push(gcm(key, nonce).encrypt(plain.subarray(from, from + FRAME_PLAIN_BYTES)));
    }
    const expected = concat(...frames);
    const into = new Uint8Array(sealedBytes(length));
    const digest = sealFrames(nodeCrypto, key, plain, into);
    expect(Buffer.compare(into, expected)).toBe(0);
    const tags = frames.map((frame) => frame.subarray(-16));
    expect(digest).toEqual(nodeCrypto.sha256(utf8('vauban/frame-tags/0\n'), ...tags));
    expect(tagsDigest(nodeCrypto, into)).toEqual(digest);
    const opened = new Uint8Array(length);
    openFrames(nodeCrypto, key, into, opened);
    expect(Buffer.compare(opened, plain)).toBe(0);
  });

  it('frame by frame gives the bytes of sealing at once', () => {
    const into = new Uint8Array(sealedBytes(three.length));
    for (let frame = 0; frame < 3; frame++) {
      const plaintext = three.subarray(frame * FRAME_PLAIN_BYTES, (frame + 1) * FRAME_PLAIN_BYTES);
      sealFrame(
        nodeCrypto,
        key,
        { frame, last: frame === 2, plaintext },
        into.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES),
      );
    }
    expect(Buffer.compare(into, sealed(three))).toBe(0);
  });

  it('counts frames in eleven big-endian bytes: frame 65,793 has nonce …010101', () => {
    const into = new Uint8Array(17);
    sealFrame(nodeCrypto, key, { frame: 0x010101, last: true, plaintext: Uint8Array.of(5) }, into);
    expect(into).toEqual(gcm(key, bytesOf('000000000000000001010101')).encrypt(Uint8Array.of(5)));
  });

  it('has another digest for another plaintext or key', () => {
    const into = new Uint8Array(17);
    const digests = [
      sealFrames(nodeCrypto, key, Uint8Array.of(1), into),
      sealFrames(nodeCrypto, key, Uint8Array.of(2), into),
      sealFrames(nodeCrypto, counting(0, 32), Uint8Array.of(1), into),
    ].map((digest) => digest.join());
    expect(new Set(digests).size).toBe(3);
  });

  it('refuses, as programming errors, wrong targets, short middle frames and work in place', () => {
    const buffer = new Uint8Array(200);
    expect(() => sealFrames(nodeCrypto, key, pattern(10), buffer)).toThrow(/sealed length/);
    expect(() => sealFrames(nodeCrypto, key, buffer.subarray(0, 100), buffer.subarray(50, 166))).toThrow(
      /in place/,
    );
    expect(() =>
      sealFrame(nodeCrypto, key, { frame: 0, last: false, plaintext: pattern(10) }, new Uint8Array(26)),
    ).toThrow(/only the last/);
    expect(() => openFrames(nodeCrypto, key, sealed(pattern(10)), new Uint8Array(11))).toThrow(
      /plaintext length/,
    );
    const whole = sealed(pattern(10));
    expect(() => openFrames(nodeCrypto, key, whole, whole.subarray(0, 10))).toThrow(/in place/);
  });
});

describe('opening refuses', () => {
  it('each single flipped bit of a short object', () => {
    const bytes = sealed(pattern(100));
    for (let bit = 0; bit < 8 * bytes.length; bit++)
      expect(refusal(flipped(bytes, bit))).toBe('FRAME_FORGED 0');
  });

  it('a flipped bit anywhere in three frames, naming the frame', () => {
    const bytes = sealed(three);
    for (const at of [0, 1, 24_000, FRAME_BYTES - 17, FRAME_BYTES - 16, FRAME_BYTES - 1]) {
      for (const frame of [0, 1])
        expect(refusal(flipped(bytes, 8 * (frame * FRAME_BYTES + at) + 3))).toBe(`FRAME_FORGED ${frame}`);
    }
    for (const at of [2 * FRAME_BYTES, bytes.length - 17, bytes.length - 1]) {
      expect(refusal(flipped(bytes, 8 * at + 7))).toBe('FRAME_FORGED 2');
    }
  });

  it('frames in another order, left out, or given twice', () => {
    const bytes = sealed(three);
    const frames = [0, 1, 2].map((frame) => bytes.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES));
    const [first, second, last] = frames as [Uint8Array, Uint8Array, Uint8Array];
    expect(refusal(concat(second, first, last))).toBe('FRAME_FORGED 0');
    expect(refusal(concat(first, last))).toBe('FRAME_FORGED 1');
    expect(refusal(concat(second, last))).toBe('FRAME_FORGED 0');
    expect(refusal(last)).toBe('FRAME_FORGED 0');
    expect(refusal(concat(first, first, second, last))).toBe('FRAME_FORGED 1');
    expect(refusal(concat(last, first, second))).toBe('FRAME_FORGED 0');
  });

  it('a frame of another object, or of the same place in another segment', () => {
    const other = sealed(three, counting(0, 32));
    const bytes = sealed(three);
    bytes.set(other.subarray(FRAME_BYTES, 2 * FRAME_BYTES), FRAME_BYTES);
    expect(refusal(bytes)).toBe('FRAME_FORGED 1');
  });

  it('truncation: at every length of a short object, at frame borders and beside them', () => {
    const short = sealed(pattern(100));
    for (let length = 0; length < short.length; length++) {
      expect(refusal(short.subarray(0, length))).toBe(length <= 16 ? 'IMPOSSIBLE_LENGTH' : 'FRAME_FORGED 0');
    }
    const bytes = sealed(three);
    expect(refusal(bytes.subarray(0, bytes.length - 1))).toBe('FRAME_FORGED 2');
    expect(refusal(bytes.subarray(0, 2 * FRAME_BYTES))).toBe('FRAME_FORGED 1');
    expect(refusal(bytes.subarray(0, FRAME_BYTES))).toBe('FRAME_FORGED 0');
    expect(refusal(bytes.subarray(0, FRAME_BYTES + 16))).toBe('IMPOSSIBLE_LENGTH');
    expect(refusal(bytes.subarray(1))).toBe('FRAME_FORGED 0');
  });

  it('extension: by bytes, by zeros, by another whole frame after the last', () => {
    expect(refusal(concat(sealed(pattern(100)), new Uint8Array(1)))).toBe('FRAME_FORGED 0');
    const one = sealed(full);
    expect(refusal(concat(one, new Uint8Array(17)))).toBe('FRAME_FORGED 0');
    expect(refusal(concat(one, one))).toBe('FRAME_FORGED 0');
  });

  it('another key', () => {
    expect(refusal(sealed(full), counting(0x41, 32))).toBe('FRAME_FORGED 0');
  });
});

describe('ranges', () => {
  const bytes = sealed(three);

  function range(offset: number, length: number): Uint8Array {
    const span = framesFor({ plainBytes: three.length, offset, length });
    const into = new Uint8Array(span.plainLength);
    const part = bytes.subarray(span.sealedOffset, span.sealedOffset + span.sealedLength);
    openFrameRange(
      nodeCrypto,
      key,
      { sealed: part, firstFrame: span.firstFrame, plainBytesTotal: three.length },
      into,
    );
    return into.subarray(span.skip, span.skip + length);
  }

  it('open the frames that cover them and no others', () => {
    expect(framesFor({ plainBytes: three.length, offset: 0, length: 1 })).toEqual({
      firstFrame: 0,
      frames: 1,
      sealedOffset: 0,
      sealedLength: FRAME_BYTES,
      plainLength: FRAME_PLAIN_BYTES,
      skip: 0,
    });
    expect(
      framesFor({ plainBytes: three.length, offset: FRAME_PLAIN_BYTES - 1, length: FRAME_PLAIN_BYTES + 2 }),
    ).toEqual({
      firstFrame: 0,
      frames: 3,
      sealedOffset: 0,
      sealedLength: bytes.length,
      plainLength: three.length,
      skip: FRAME_PLAIN_BYTES - 1,
    });
    expect(framesFor({ plainBytes: three.length, offset: three.length - 1, length: 1 })).toEqual({
      firstFrame: 2,
      frames: 1,
      sealedOffset: 2 * FRAME_BYTES,
      sealedLength: 1016,
      plainLength: 1000,
      skip: 999,
    });
  });

  it.each([
    [0, 1],
    [FRAME_PLAIN_BYTES - 1, 2],
    [FRAME_PLAIN_BYTES, FRAME_PLAIN_BYTES],
    [2 * FRAME_PLAIN_BYTES - 1, 1001],
    [0, three.length],
  ])('give the bytes at %i, %i long', (offset, length) => {
    expect(Buffer.compare(range(offset, length), three.subarray(offset, offset + length))).toBe(0);
  });

  it.each([
    [-1, 1],
    [0, 0],
    [three.length, 1],
    [0, three.length + 1],
    [0.5, 1],
    [0, Number.NaN],
  ])('outside the object are refused: %d, %d', (offset, length) => {
    expect(faultOf(() => framesFor({ plainBytes: three.length, offset, length })).code).toBe('RANGE');
  });

  it('are refused when the frames are others than asked for', () => {
    function code(part: Uint8Array, firstFrame: number, plainBytesTotal = three.length): string {
      const into = new Uint8Array(Math.max(0, part.length - 16 * Math.ceil(part.length / FRAME_BYTES))).fill(
        7,
      );
      const fault = faultOf(() =>
        openFrameRange(nodeCrypto, key, { sealed: part, firstFrame, plainBytesTotal }, into),
      );
      if (fault.code === 'FRAME_FORGED') expect(into.every((byte) => byte === 0)).toBe(true);
      return `${fault.code} ${fault.facts.frame ?? ''}`.trim();
    }
    const second = bytes.subarray(FRAME_BYTES, 2 * FRAME_BYTES);
    expect(code(second, 0)).toBe('FRAME_FORGED 0');
    expect(code(bytes.subarray(0, FRAME_BYTES), 1)).toBe('FRAME_FORGED 1');
    expect(code(second.subarray(1), 1)).toBe('FRAMES_LENGTH');
    expect(code(new Uint8Array(0), 1)).toBe('FRAMES_LENGTH');
    expect(code(second, 2)).toBe('FRAMES_LENGTH');
    expect(code(bytes.subarray(FRAME_BYTES), 2)).toBe('FRAMES_LENGTH');
    expect(code(bytes.subarray(FRAME_BYTES, bytes.length - 1), 1)).toBe('FRAMES_LENGTH');
    // A record that lies about the size makes an honest last frame a forged middle one, and the other way round.
    expect(code(second, 1, 2 * FRAME_PLAIN_BYTES)).toBe('FRAME_FORGED 1');
    expect(code(bytes.subarray(2 * FRAME_BYTES), 2, three.length + 1)).toBe('FRAMES_LENGTH');
  });
});
