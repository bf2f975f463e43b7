// A second reader of deterministic CBOR (RFC 8949), for the judges alone: what they read was perhaps written by a liar,
// and must not be read by the code they judge. Answers undefined for anything it does not know.

import { fromUtf8 } from '@vauban/core';

export type Cbor =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly Cbor[]
  | { readonly [key: string]: Cbor };

const DEPTH_MAX = 16;
const BAD: unique symbol = Symbol('not CBOR');

/** The one value these bytes are; undefined when they are none, or more than one. */
export function readCbor(bytes: Uint8Array): Cbor | undefined {
  const at = { offset: 0 };
  const value = item(bytes, at, 0);
  return value === BAD || at.offset !== bytes.length ? undefined : value;
}

/** A field of a map; undefined for everything else. */
export function field(value: Cbor | undefined, key: string): Cbor | undefined {
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function listOf(value: Cbor | undefined): readonly Cbor[] {
  return Array.isArray(value) ? value : [];
}

export function bytesOf(value: Cbor | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

export function textOf(value: Cbor | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A number or text as it is written in names; '?' for everything else. */
export function wordOf(value: Cbor | undefined): string {
  return typeof value === 'number' || typeof value === 'string' ? `${value}` : '?';
}

export function numberOf(value: Cbor | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function isMap(value: Cbor | undefined): value is { readonly [key: string]: Cbor } {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

function item(bytes: Uint8Array, at: { offset: number }, depth: number): Cbor | typeof BAD {
  const first = bytes[at.offset];
  if (first === undefined || depth > DEPTH_MAX) return BAD;
  at.offset += 1;
  const major = first >> 5;
  const low = first & 31;
  if (major === 7) return low === 20 ? false : low === 21 ? true : low === 22 ? null : BAD;
  const length = argument(bytes, at, low);
  if (length === undefined) return BAD;
  switch (major) {
    case 0:
      return length;
    case 1:
      return -1 - length;
    case 2:
    case 3: {
      const part = bytes.subarray(at.offset, at.offset + length);
      if (part.length !== length) return BAD;
      at.offset += length;
      return major === 2 ? part : text(part);
    }
    case 4:
      return list(bytes, at, { length, depth });
    case 5:
      return map(bytes, at, { length, depth });
    default:
      return BAD;
  }
}

/** The number that follows the first byte: itself, or 1, 2, 4 or 8 bytes. */
function argument(bytes: Uint8Array, at: { offset: number }, low: number): number | undefined {
  if (low < 24) return low;
  const width = [1, 2, 4, 8][low - 24];
  if (width === undefined || at.offset + width > bytes.length) return undefined;
  let value = 0;
  for (let i = 0; i < width; i++) value = 256 * value + (bytes[at.offset + i] as number);
  at.offset += width;
  return Number.isSafeInteger(value) ? value : undefined;
}

function text(bytes: Uint8Array): string | typeof BAD {
  try {
    return fromUtf8(bytes);
  } catch {
    return BAD;
  }
}

interface Size {
  readonly length: number;
  readonly depth: number;
}

function list(bytes: Uint8Array, at: { offset: number }, { length, depth }: Size): Cbor | typeof BAD {
  const items: Cbor[] = [];
  for (let i = 0; i < length; i++) {
    const value = item(bytes, at, depth + 1);
    if (value === BAD) return BAD;
    items.push(value);
  }
  return items;
}

function map(bytes: Uint8Array, at: { offset: number }, { length, depth }: Size): Cbor | typeof BAD {
  const entries: [string, Cbor][] = [];
  for (let i = 0; i < length; i++) {
    const key = item(bytes, at, depth + 1);
    const value = item(bytes, at, depth + 1);
    if (typeof key !== 'string' || value === BAD) return BAD;
    entries.push([key, value]);
  }
  return Object.fromEntries(entries);
}
