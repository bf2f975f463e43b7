// Bytes that arrive in any cut, and the frames of the request stream inside them. Pure.
// Format of a frame: u32 big-endian body length ‖ u32 big-endian id ‖ body. The length is checked before anything is
// kept for it, so a peer can make this side hold at most what it has really sent.

import { assert, Fault, MESSAGE_BYTES_MAX } from '@vauban/core';

/** Format. u32 length and u32 id. */
const FRAME_HEADER_BYTES = 8;

/** Arrivals below this size are copied together: a peer that sends single bytes must not cost an object for each. */
const SMALL_BYTES = 1_024;
const SLAB_BYTES = 16_384;

/** A first-in first-out list of buffers, read by exact lengths with one copy. */
export class ByteQueue {
  #buffers: Uint8Array[] = [];
  #slab: Uint8Array | undefined;
  #slabUsed = 0;
  #lastIsSlab = false;
  #byteLength = 0;

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Keeps `bytes` itself when it is large; the caller must not change it afterwards. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (bytes.length < SMALL_BYTES) this.#pushSmall(bytes);
    else {
      this.#buffers.push(bytes);
      this.#lastIsSlab = false;
    }
    this.#byteLength += bytes.length;
  }

  /** Fills all of `into`; there must be that much. */
  takeInto(into: Uint8Array): void {
    assert(into.length <= this.#byteLength, 'more bytes were taken than the queue holds');
    let filled = 0;
    while (filled < into.length) {
      const head = this.#buffers[0] as Uint8Array;
      const wanted = into.length - filled;
      if (head.length <= wanted) {
        into.set(head, filled);
        filled += head.length;
        this.#buffers.shift();
        if (this.#buffers.length === 0) this.#lastIsSlab = false;
      } else {
        into.set(head.subarray(0, wanted), filled);
        filled += wanted;
        this.#buffers[0] = head.subarray(wanted);
      }
    }
    this.#byteLength -= into.length;
  }

  take(length: number): Uint8Array {
    const into = new Uint8Array(length);
    this.takeInto(into);
    return into;
  }

  clear(): void {
    this.#buffers = [];
    this.#lastIsSlab = false;
    this.#byteLength = 0;
  }

  #pushSmall(bytes: Uint8Array): void {
    if (this.#buffers.length === 0) this.#slabUsed = 0;
    if (this.#slab === undefined || this.#slabUsed + bytes.length > SLAB_BYTES) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#slabUsed = 0;
      this.#lastIsSlab = false;
    }
    this.#slab.set(bytes, this.#slabUsed);
    const end = this.#slabUsed + bytes.length;
    if (this.#lastIsSlab) {
      const last = this.#buffers.length - 1;
      const start = this.#slabUsed - (this.#buffers[last] as Uint8Array).length;
      this.#buffers[last] = this.#slab.subarray(start, end);
    } else {
      this.#buffers.push(this.#slab.subarray(this.#slabUsed, end));
      this.#lastIsSlab = true;
    }
    this.#slabUsed = end;
  }
}

export interface RequestFrame {
  readonly id: number;
  readonly body: Uint8Array;
}

/** One frame as one buffer; copies the body, which the caller may reuse at once. */
export function encodeFrame(frame: RequestFrame): Uint8Array {
  const { id, body } = frame;
  assert(body.length <= MESSAGE_BYTES_MAX, `a message of ${body.length} bytes exceeds ${MESSAGE_BYTES_MAX}`);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  view.setUint32(4, id);
  bytes.set(body, FRAME_HEADER_BYTES);
  return bytes;
}

/** Takes bytes in any cut and gives whole frames, one at a time, when asked. */
export class FrameDecoder {
  readonly #queue = new ByteQueue();
  readonly #header = new Uint8Array(FRAME_HEADER_BYTES);
  readonly #view = new DataView(this.#header.buffer);
  #bodyBytes: number | undefined;

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Bytes held that are not part of a frame already given. */
  get pendingBytes(): number {
    return this.#queue.byteLength + (this.#bodyBytes === undefined ? 0 : FRAME_HEADER_BYTES);
  }

  /** The next whole frame, or undefined until more bytes come. Faults: FRAME_TOO_LONG. */
  next(): RequestFrame | undefined {
    if (this.#bodyBytes === undefined) {
      if (this.#queue.byteLength < FRAME_HEADER_BYTES) return undefined;
      this.#queue.takeInto(this.#header);
      const length = this.#view.getUint32(0);
      if (length > MESSAGE_BYTES_MAX) {
        throw new Fault(
          'refused',
          'FRAME_TOO_LONG',
          `A frame announces ${length} bytes; at most ${MESSAGE_BYTES_MAX} are allowed.`,
          { length, max: MESSAGE_BYTES_MAX },
        );
      }
      this.#bodyBytes = length;
    }
    if (this.#queue.byteLength < this.#bodyBytes) return undefined;
    const body = this.#queue.take(this.#bodyBytes);
    this.#bodyBytes = undefined;
    return { id: this.#view.getUint32(4), body };
  }
}
