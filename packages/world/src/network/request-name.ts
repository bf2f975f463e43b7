// What a request asks for, and with which code an answer refuses it, read off their bytes for the trace alone: the text
// after a key in a CBOR map. It decides nothing, so it needs not decode the message.

import { utf8 } from '@vauban/core';

const ASK = keyed('ask');
const CODE = keyed('code');
const TEXT_SHORT = 0x60;
const TEXT_LENGTH_MAX = 23;
/** Keys are sorted by length, so it stands near the front unless a value before it is long. */
const SEARCHED_BYTES = 4_096;
const FAULT_BYTES_MAX = 1_024;

/** `?` when there is none. */
export function askOf(body: Uint8Array): string {
  return textAfter(ASK, body) ?? '?';
}

/** Empty when nothing in it looks like a fault. */
export function refusalOf(answer: Uint8Array): string {
  const code = answer.length > FAULT_BYTES_MAX ? undefined : textAfter(CODE, answer);
  return code === undefined ? '' : ` ${code}`;
}

function textAfter(key: Uint8Array, body: Uint8Array): string | undefined {
  const end = Math.min(body.length - key.length, SEARCHED_BYTES);
  for (let at = 0; at < end; at++) {
    if (!key.every((byte, i) => body[at + i] === byte)) continue;
    const length = (body[at + key.length] ?? 0) - TEXT_SHORT;
    const from = at + key.length + 1;
    // Whatever a liar garbled is shown letter by letter.
    if (length >= 0 && length <= TEXT_LENGTH_MAX)
      return String.fromCharCode(...body.subarray(from, from + length)).replace(/[^\w-]/g, '?');
  }
  return undefined;
}

/** A short text of CBOR. */
function keyed(text: string): Uint8Array {
  return Uint8Array.of(0x60 + text.length, ...utf8(text));
}
