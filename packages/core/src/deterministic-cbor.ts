// The one byte form of a value: DAG-CBOR (RFC 8949 section 4.2 with map keys shorter first), written and read in one
// pass. Reading accepts exactly what writing gives, so nobody needs to write again to know. No links, no tags but none.
// A generic library took a fifth of a daemon's time for what every message, entry and row goes through.

/** Deeper than any format of ours, and far from the end of the stack. */
const DEPTH_MAX = 64;
const SCRATCH_BYTES = 65_536;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

let scratch = new Uint8Array(SCRATCH_BYTES);
let view = new DataView(scratch.buffer);
let at = 0;

/** Throws on what has no form: undefined, functions, NaN, infinities, numbers beyond the safe integers, deep nesting. */
export function writeCbor(value: unknown): Uint8Array {
  at = 0;
  write(value, 0);
  const bytes = scratch.slice(0, at);
  if (scratch.length > 16 * SCRATCH_BYTES) {
    scratch = new Uint8Array(SCRATCH_BYTES);
    view = new DataView(scratch.buffer);
  }
  return bytes;
}

function room(bytes: number): void {
  if (at + bytes <= scratch.length) return;
  const grown = new Uint8Array(Math.max(2 * scratch.length, at + bytes));
  grown.set(scratch.subarray(0, at));
  scratch = grown;
  view = new DataView(scratch.buffer);
}

/** A major type with its argument in the shortest form. */
function head(major: number, count: number): void {
  room(9);
  const type = major << 5;
  if (count < 24) scratch[at++] = type | count;
  else if (count < 0x100) {
    scratch[at++] = type | 24;
    scratch[at++] = count;
  } else if (count < 0x1_0000) {
    scratch[at++] = type | 25;
    view.setUint16(at, count);
    at += 2;
  } else if (count < 0x1_0000_0000) {
    scratch[at++] = type | 26;
    view.setUint32(at, count);
    at += 4;
  } else {
    scratch[at++] = type | 27;
    view.setUint32(at, Math.floor(count / 0x1_0000_0000));
    view.setUint32(at + 4, count % 0x1_0000_0000);
    at += 8;
  }
}

function text(value: string): void {
  const length = value.length;
  if (length < 64) {
    // Nearly all are keys and short words of ASCII.
    head(3, length);
    room(length);
    let i = 0;
    for (; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) break;
      scratch[at + i] = code;
    }
    if (i === length) {
      at += length;
      return;
    }
    at -= length < 24 ? 1 : 2;
  }
  const bytes = encoder.encode(value);
  head(3, bytes.length);
  room(bytes.length);
  scratch.set(bytes, at);
  at += bytes.length;
}

function write(value: unknown, depth: number): void {
  if (depth > DEPTH_MAX) throw new TypeError('nested too deeply');
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'number':
      return number(value);
    case 'boolean':
      room(1);
      scratch[at++] = value ? 0xf5 : 0xf4;
      return;
    case 'object':
      break;
    default:
      throw new TypeError(`${typeof value} has no form in CBOR`);
  }
  if (value === null) {
    room(1);
    scratch[at++] = 0xf6;
  } else if (value instanceof Uint8Array) {
    head(2, value.length);
    room(value.length);
    scratch.set(value, at);
    at += value.length;
  } else if (Array.isArray(value)) {
    head(4, value.length);
    for (const item of value) write(item, depth + 1);
  } else {
    const keys = Object.keys(value).sort(byLength);
    head(5, keys.length);
    for (const key of keys) {
      text(key);
      write((value as { readonly [key: string]: unknown })[key], depth + 1);
    }
  }
}

function number(value: number): void {
  if (Number.isSafeInteger(value)) {
    if (value >= 0) head(0, value);
    else head(1, -1 - value);
    return;
  }
  if (!Number.isFinite(value)) throw new TypeError(`${value} has no form in CBOR`);
  room(9);
  scratch[at++] = 0xfb;
  view.setFloat64(at, value);
  at += 8;
}

/** Shorter keys first, in bytes; equally long ones by their bytes. */
function byLength(a: string, b: string): number {
  if (isAscii(a) && isAscii(b)) return a.length - b.length || (a < b ? -1 : 1);
  const [x, y] = [encoder.encode(a), encoder.encode(b)];
  if (x.length !== y.length) return x.length - y.length;
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return (x[i] as number) - (y[i] as number);
  return 0;
}

function isAscii(key: string): boolean {
  for (let i = 0; i < key.length; i++) if (key.charCodeAt(i) > 127) return false;
  return true;
}

/** Throws an Error that says what is wrong with anything but the one form of one value. */
export function readCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  reader.assertEnd();
  return value;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  assertEnd(): void {
    if (this.#at !== this.#bytes.length) throw wrong('bytes after the value');
  }

  value(depth: number): unknown {
    if (depth > DEPTH_MAX) throw wrong('nested too deeply');
    const first = this.#byte();
    const major = first >> 5;
    if (major === 7) return this.#simple(first);
    const count = this.#count(first & 31);
    switch (major) {
      case 0:
        return count;
      case 1:
        if (count >= Number.MAX_SAFE_INTEGER) throw wrong('a number beyond the safe integers');
        return -1 - count;
      case 2:
        return this.#take(count).slice();
      case 3:
        return this.#text(count);
      case 4: {
        // Each item takes a byte at least: nothing is allocated on a promise.
        if (count > this.#bytes.length - this.#at) throw wrong('it ends too early');
        const items: unknown[] = [];
        for (let i = 0; i < count; i++) items.push(this.value(depth + 1));
        return items;
      }
      case 5:
        return this.#map(count, depth);
      default:
        throw wrong('a tag');
    }
  }

  #map(count: number, depth: number): { [key: string]: unknown } {
    const map: { [key: string]: unknown } = {};
    let [before, beforeLength] = [0, -1];
    for (let i = 0; i < count; i++) {
      const first = this.#byte();
      if (first >> 5 !== 3) throw wrong('a key that is no text');
      const length = this.#count(first & 31);
      const from = this.#at;
      const key = this.#text(length);
      if (length < beforeLength || (length === beforeLength && !this.#ascends(before, from, length))) {
        throw wrong('keys out of order');
      }
      [before, beforeLength] = [from, length];
      if (key === '__proto__') throw wrong('a key that no map of ours has');
      map[key] = this.value(depth + 1);
    }
    return map;
  }

  #ascends(a: number, b: number, length: number): boolean {
    for (let i = 0; i < length; i++) {
      const difference = (this.#bytes[b + i] as number) - (this.#bytes[a + i] as number);
      if (difference !== 0) return difference > 0;
    }
    return false;
  }

  #simple(first: number): unknown {
    if (first === 0xf4) return false;
    if (first === 0xf5) return true;
    if (first === 0xf6) return null;
    if (first !== 0xfb) throw wrong('a simple value or float of another size');
    const from = this.#at;
    this.#take(8);
    const value = this.#view.getFloat64(from);
    if (!Number.isFinite(value) || Number.isSafeInteger(value)) throw wrong('a float that has another form');
    return value;
  }

  #text(length: number): string {
    const bytes = this.#take(length);
    if (length < 24) {
      let value = '';
      for (let i = 0; ; i++) {
        if (i === length) return value;
        const code = bytes[i] as number;
        if (code > 127) break;
        value += String.fromCharCode(code);
      }
    }
    try {
      return decoder.decode(bytes);
    } catch {
      throw wrong('text that is not UTF-8');
    }
  }

  #count(info: number): number {
    if (info < 24) return info;
    const from = this.#at;
    if (info === 24) {
      const count = this.#byte();
      if (count < 24) throw wrong('a number not in its shortest form');
      return count;
    }
    if (info === 25) {
      this.#take(2);
      const count = this.#view.getUint16(from);
      if (count < 0x100) throw wrong('a number not in its shortest form');
      return count;
    }
    if (info === 26) {
      this.#take(4);
      const count = this.#view.getUint32(from);
      if (count < 0x1_0000) throw wrong('a number not in its shortest form');
      return count;
    }
    if (info !== 27) throw wrong('a length that is not given');
    this.#take(8);
    const high = this.#view.getUint32(from);
    if (high === 0) throw wrong('a number not in its shortest form');
    const count = high * 0x1_0000_0000 + this.#view.getUint32(from + 4);
    if (!Number.isSafeInteger(count)) throw wrong('a number beyond the safe integers');
    return count;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw wrong('it ends too early');
    this.#at += 1;
    return byte;
  }

  #take(length: number): Uint8Array {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw wrong('it ends too early');
    this.#at = from + length;
    return this.#bytes.subarray(from, this.#at);
  }
}

function wrong(detail: string): Error {
  return new Error(detail);
}
