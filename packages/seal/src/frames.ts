// Sealing and opening of segments and packed objects: AES-256-GCM frames of 48 KiB (SPEC section 3).
// One key seals one plaintext: sealing two under one key repeats nonces and gives both away.

import { assert, type Crypto, Fault, FRAME_BYTES, utf8 } from '@vauban/core';

export const FRAME_TAG_BYTES = 16;
/** Plaintext of one full frame (core's FRAME_BYTES of ciphertext). */
export const FRAME_PLAIN_BYTES = FRAME_BYTES - FRAME_TAG_BYTES;

const tagsDomain = utf8('vauban/frame-tags/0\n');

/** Where the frames lie that cover a range of plaintext. */
export interface FrameSpan {
  readonly firstFrame: number;
  readonly frames: number;
  /** The frames' place in the sealed bytes of the segment or packed object. */
  readonly sealedOffset: number;
  readonly sealedLength: number;
  /** Plaintext bytes these frames open to. */
  readonly plainLength: number;
  /** Plaintext bytes at their beginning that precede the range. */
  readonly skip: number;
}

/** Sealed length of `plain` > 0 bytes of plaintext. */
export function sealedBytes(plain: number): number {
  return plain + FRAME_TAG_BYTES * frameCount(plain);
}

/** Plaintext length of `sealed` bytes. Fault: IMPOSSIBLE_LENGTH (integrity): no plaintext seals to that many. */
export function plainBytes(sealed: number): number {
  const frames = Math.ceil(sealed / FRAME_BYTES);
  const last = sealed - (frames - 1) * FRAME_BYTES;
  if (!Number.isSafeInteger(sealed) || sealed <= 0 || last <= FRAME_TAG_BYTES) {
    throw new Fault(
      'integrity',
      'IMPOSSIBLE_LENGTH',
      `No plaintext seals to ${sealed} bytes; what was received is not what was stored.`,
      { bytes: sealed },
    );
  }
  return sealed - frames * FRAME_TAG_BYTES;
}

/**
 * Seals a whole segment or packed object into `into` (exactly sealedBytes(plaintext.length) bytes, not overlapping).
 * Returns the digest of its tags, by which a journal recognises that sealing again gave the same ciphertext.
 */
export function sealFrames(
  crypto: Crypto,
  key: Uint8Array,
  plaintext: Uint8Array,
  into: Uint8Array,
): Uint8Array {
  const frames = frameCount(plaintext.length);
  assert(into.length === sealedBytes(plaintext.length), 'the target has exactly the sealed length');
  for (let frame = 0; frame < frames; frame++) {
    const from = frame * FRAME_PLAIN_BYTES;
    sealFrame(
      crypto,
      key,
      { frame, last: frame === frames - 1, plaintext: plaintext.subarray(from, from + FRAME_PLAIN_BYTES) },
      into.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES),
    );
  }
  return tagsDigest(crypto, into);
}

/** Seals one frame of a plaintext that arrives in order. Only the last one may be shorter than FRAME_PLAIN_BYTES. */
export function sealFrame(
  crypto: Crypto,
  key: Uint8Array,
  part: { readonly frame: number; readonly last: boolean; readonly plaintext: Uint8Array },
  into: Uint8Array,
): void {
  const length = part.plaintext.length;
  assert(length > 0 && length <= FRAME_PLAIN_BYTES, 'a frame holds 1 to 49,136 bytes');
  assert(part.last || length === FRAME_PLAIN_BYTES, 'only the last frame is short');
  assert(into.length === length + FRAME_TAG_BYTES, 'the target has exactly the sealed length');
  assert(!overlaps(part.plaintext, into), 'frames are not sealed in place');
  crypto.gcmSealInto(into, key, nonceOf(part.frame, part.last), part.plaintext);
}

/** SHA-256(domain ‖ the 16-byte tags in order) of sealed bytes. */
export function tagsDigest(crypto: Crypto, sealed: Uint8Array): Uint8Array {
  const frames = frameCount(plainBytes(sealed.length));
  const tags = new Uint8Array(frames * FRAME_TAG_BYTES);
  for (let frame = 0; frame < frames; frame++) {
    const end = Math.min((frame + 1) * FRAME_BYTES, sealed.length);
    tags.set(sealed.subarray(end - FRAME_TAG_BYTES, end), frame * FRAME_TAG_BYTES);
  }
  return crypto.sha256(tagsDomain, tags);
}

/**
 * Opens a whole segment or packed object into `into` (exactly plainBytes(sealed.length) bytes, not overlapping).
 * Faults (integrity): IMPOSSIBLE_LENGTH, FRAME_FORGED {frame}; `into` is then all zeros.
 */
export function openFrames(crypto: Crypto, key: Uint8Array, sealed: Uint8Array, into: Uint8Array): void {
  openFrameRange(crypto, key, { sealed, firstFrame: 0, plainBytesTotal: plainBytes(sealed.length) }, into);
}

/** The frames that cover `length` > 0 bytes at `offset` of a plaintext of `plainBytes` bytes. Fault: RANGE (usage). */
export function framesFor(range: {
  readonly plainBytes: number;
  readonly offset: number;
  readonly length: number;
}): FrameSpan {
  const { plainBytes: total, offset, length } = range;
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!whole || offset < 0 || length <= 0 || offset + length > total) {
    throw new Fault(
      'usage',
      'RANGE',
      `The range of ${length} bytes at ${offset} is not inside the ${total} bytes there are.`,
      { offset, length, bytes: total },
    );
  }
  const firstFrame = Math.floor(offset / FRAME_PLAIN_BYTES);
  const frames = frameCount(offset + length) - firstFrame;
  const plainOffset = firstFrame * FRAME_PLAIN_BYTES;
  const plainLength = Math.min(total - plainOffset, frames * FRAME_PLAIN_BYTES);
  return {
    firstFrame,
    frames,
    sealedOffset: firstFrame * FRAME_BYTES,
    sealedLength: plainLength + frames * FRAME_TAG_BYTES,
    plainLength,
    skip: offset - plainOffset,
  };
}

/**
 * Opens consecutive frames, from `firstFrame`, of a segment or packed object of `plainBytesTotal` bytes of plaintext
 * (a number from the sealed record, never from a hoster). `into` takes all their plaintext: `plainLength` of the span.
 * Faults (integrity): FRAMES_LENGTH when `sealed` is not a whole number of its frames, FRAME_FORGED {frame}, counted
 * within the whole; `into` is then all zeros.
 */
export function openFrameRange(
  crypto: Crypto,
  key: Uint8Array,
  span: { readonly sealed: Uint8Array; readonly firstFrame: number; readonly plainBytesTotal: number },
  into: Uint8Array,
): void {
  const { sealed, firstFrame, plainBytesTotal } = span;
  const framesTotal = frameCount(plainBytesTotal);
  assert(Number.isSafeInteger(firstFrame) && firstFrame >= 0 && firstFrame < framesTotal, 'the frame exists');
  assert(!overlaps(sealed, into), 'frames are not opened in place');
  const frames = Math.ceil(sealed.length / FRAME_BYTES);
  const end = firstFrame + frames;
  const wanted = end < framesTotal ? end * FRAME_BYTES : sealedBytes(plainBytesTotal);
  if (frames === 0 || sealed.length !== wanted - firstFrame * FRAME_BYTES) {
    throw new Fault(
      'integrity',
      'FRAMES_LENGTH',
      `${sealed.length} bytes from frame ${firstFrame} are not a whole number of the ${framesTotal} frames; what was received is not what was stored.`,
      { bytes: sealed.length, firstFrame, frames: framesTotal },
    );
  }
  assert(
    into.length === sealed.length - frames * FRAME_TAG_BYTES,
    'the target has exactly the plaintext length',
  );
  for (let i = 0; i < frames; i++) {
    const frame = firstFrame + i;
    const opened = crypto.gcmOpenInto(
      into.subarray(i * FRAME_PLAIN_BYTES, (i + 1) * FRAME_PLAIN_BYTES),
      key,
      nonceOf(frame, frame === framesTotal - 1),
      sealed.subarray(i * FRAME_BYTES, (i + 1) * FRAME_BYTES),
    );
    if (!opened) {
      // Frames before this one are genuine, but a caller that mishandles the fault must not take them for the whole.
      into.fill(0);
      throw new Fault(
        'integrity',
        'FRAME_FORGED',
        `Frame ${frame} of ${framesTotal} is not what was sealed: changed, moved, cut, or under another key.`,
        { frame, frames: framesTotal },
      );
    }
  }
}

function frameCount(plain: number): number {
  // Nothing is sealed for nothing: an empty object is its record.
  assert(Number.isSafeInteger(plain) && plain > 0, 'a sealed plaintext has at least one byte');
  return Math.ceil(plain / FRAME_PLAIN_BYTES);
}

/** 11-byte big-endian frame counter ‖ last-frame flag (the STREAM construction, Hoang et al., 2015). */
function nonceOf(frame: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(3, BigInt(frame));
  nonce[11] = last ? 1 : 0;
  return nonce;
}

function overlaps(a: Uint8Array, b: Uint8Array): boolean {
  return (
    a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.length && b.byteOffset < a.byteOffset + a.length
  );
}
