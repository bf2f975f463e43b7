// Checks the tables of a closed LevelDB database by their own checksums. The database trusts them unread when it merges tables,
// and a key that rotted there ends the whole process. Source: LevelDB, doc/table_format.md.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** A byte for the kind of block, and its checksum. */
const TRAILER_BYTES = 5;
const MASK_DELTA = 0xa282ead8;

/**
 * What is wrong with the first damaged table, or undefined. One that ends in no footer is passed over: a crash left it before it
 * was one, or the database says so itself when it opens it.
 */
export async function damagedTable(directory: string): Promise<string | undefined> {
  const names = (await readdir(directory).catch(unlessGone)) ?? [];
  for (const name of names.filter((one) => /\.(?:ldb|sst)$/.test(one)).sort()) {
    // Whoever has the database open may merge tables meanwhile.
    const file = await readFile(join(directory, name)).catch(unlessGone);
    const at = file === undefined ? undefined : damagedBlock(file);
    if (at !== undefined) return `table ${name} is damaged in its block at byte ${at}`;
  }
  return undefined;
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** Where the first block begins that is not what was written; undefined when all are. */
function damagedBlock(file: Buffer): number | undefined {
  const footer = file.length - FOOTER_BYTES;
  if (footer < 0 || file.readBigUInt64LE(file.length - 8) !== MAGIC) return undefined;
  try {
    const from = new Reader(file, footer);
    const handles = [from.handle(), from.handle()];
    for (const one of handles) if (!isSound(file, one)) return one.offset;
    // Of filters, and of rows.
    return handles.flatMap((one) => blocksOf(file, one)).find((one) => !isSound(file, one))?.offset;
  } catch (error) {
    // Handles of the footer have no checksum of their own.
    if (error instanceof RangeError) return footer;
    throw error;
  }
}

/** The handles that such a block holds as values: entries until the restart points. */
function blocksOf(file: Buffer, { offset, size }: Handle): Handle[] {
  const end = offset + size;
  const restarts = file.readUInt32LE(end - 4);
  const entries = end - 4 * (restarts + 1);
  const found: Handle[] = [];
  for (const from = new Reader(file, offset); from.at < entries; ) {
    from.number();
    const rest = from.number();
    const length = from.number();
    from.at += rest;
    const next = from.at + length;
    found.push(from.handle());
    from.at = next;
  }
  return found;
}

function isSound(file: Buffer, { offset, size }: Handle): boolean {
  const end = offset + size + 1;
  if (end + TRAILER_BYTES - 1 > file.length) throw new RangeError('beyond the file');
  const crc = crc32c(file, offset, end);
  const masked = (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
  return masked === file.readUInt32LE(end);
}

class Reader {
  readonly #file: Buffer;
  at: number;

  constructor(file: Buffer, at: number) {
    this.#file = file;
    this.at = at;
  }

  /** A varint; more than a file can have is a RangeError. */
  number(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 42; factor *= 128) {
      const byte = this.#file.readUInt8(this.at++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new RangeError('a number without end');
  }

  handle(): Handle {
    return { offset: this.number(), size: this.number() };
  }
}

/** Of the Castagnoli polynomial, reflected. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** RFC 3720, B.4. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffffffff;
  for (let at = start; at < end; at++)
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] as number)) & 255] as number);
  return (crc ^ 0xffffffff) >>> 0;
}
