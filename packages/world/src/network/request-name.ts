// What a request asks for, read off its bytes for the trace alone: the text after the key "ask" in its CBOR map. It
// decides nothing, so it needs not decode the message.

import { fromUtf8, utf8 } from '@vauban/core';

/** CBOR: a text of three bytes, and "ask". */
const KEY = Uint8Array.of(0x63, ...utf8('ask'));
const TEXT_SHORT = 0x60;
const TEXT_LENGTH_MAX = 23;
/** Keys are sorted by length, so it stands near the front unless a value before it is long. */
const SEARCHED_BYTES = 4_096;

/** `?` when there is none. */
export function askOf(body: Uint8Array): string {
  const end = Math.min(body.length - KEY.length, SEARCHED_BYTES);
  for (let at = 0; at < end; at++) {
    if (!KEY.every((byte, i) => body[at + i] === byte)) continue;
    const length = (body[at + KEY.length] ?? 0) - TEXT_SHORT;
    const from = at + KEY.length + 1;
    if (length >= 0 && length <= TEXT_LENGTH_MAX) return fromUtf8(body.subarray(from, from + length));
  }
  return '?';
}
