// The bytes of one fragment file: fragment, leaf hashes, trailer (SPEC.md, "Fragment file"), its name, and how the whole
// is checked. A change here orphans every stored fragment: it needs a new version and a migration.

import {
  assert,
  concat,
  type Crypto,
  equalBytes,
  FRAME_BYTES,
  Fault,
  type Files,
  fromHex,
  fromUtf8,
  isSlug,
  LEAF_BYTES,
  merkleRoot,
  SEGMENT_FRAMES_MAX,
  SHARDS_MAX,
  toHex,
  u32be,
  u64be,
  utf8,
} from '@vauban/core';

/** Names one fragment: a segment id, 32 bytes, and the shard's index in it. */
export interface FragmentKey {
  readonly segment: Uint8Array;
  readonly index: number;
}

export interface FragmentFacts {
  /** RFC 6962 root over the fragment's leaves, 32 bytes. */
  readonly root: Uint8Array;
  readonly bytes: number;
  readonly agency: string;
  /** Vault id, 32 bytes. */
  readonly vault: Uint8Array;
  /** When this daemon took it, milliseconds since 1970. */
  readonly storedAt: number;
}

export type FragmentRecord = FragmentKey & FragmentFacts;

export const FRAGMENTS_DIRECTORY = 'fragments';
export const TEMPORARY_SUFFIX = '.tmp';
export const TRAILER_BYTES = 224;
/** A segment of the largest size with k = 1: no fragment is longer. */
export const FRAGMENT_BYTES_MAX = SEGMENT_FRAMES_MAX * FRAME_BYTES;

const HASH_BYTES = 32;
const AGENCY_BYTES_MAX = 40;
const domain = utf8('vauban/fragment/0\n');
/** Fields by offset; SPEC.md has the table. */
const at = {
  index: 18,
  bytes: 20,
  leaves: 28,
  segment: 32,
  root: 64,
  vault: 96,
  storedAt: 128,
  agency: 136,
  hash: 192,
};
/** Leaves read at once when a file is checked: 1 MiB. */
const CHECK_LEAVES = 64;

export function leafCount(bytes: number): number {
  return Math.ceil(bytes / LEAF_BYTES);
}

/** Length of the whole file of a fragment of `bytes`. */
export function fileBytes(bytes: number): number {
  return bytes + HASH_BYTES * leafCount(bytes) + TRAILER_BYTES;
}

/** The 256 directories, by the first two hex digits of the segment id, so that none grows too large. */
export function directoryOf(segment: Uint8Array): string {
  return `${FRAGMENTS_DIRECTORY}/${toHex(segment.subarray(0, 1))}`;
}

export function pathOf({ segment, index }: FragmentKey): string {
  return `${directoryOf(segment)}/${toHex(segment)}-${index}`;
}

/** The key a file name stands for; undefined for any other name. */
export function keyOfName(name: string): FragmentKey | undefined {
  const [, hex, digits] = /^([0-9a-f]{64})-(0|[1-9][0-9]{0,2})$/.exec(name) ?? [];
  if (hex === undefined || Number(digits) >= SHARDS_MAX) return undefined;
  return { segment: fromHex(hex) as Uint8Array, index: Number(digits) };
}

/** Programmers' mistakes only: whoever takes keys and facts from the network has checked them. */
export function assertKey({ segment, index }: FragmentKey): void {
  assert(segment.length === HASH_BYTES, 'a segment id has 32 bytes');
  assert(Number.isInteger(index) && index >= 0 && index < SHARDS_MAX, `fragment index ${index}`);
}

export function encodeTrailer(crypto: Crypto, record: FragmentRecord): Uint8Array {
  const agency = utf8(record.agency);
  const trailer = new Uint8Array(TRAILER_BYTES);
  trailer.set(domain, 0);
  new DataView(trailer.buffer).setUint16(at.index, record.index);
  trailer.set(u64be(record.bytes), at.bytes);
  trailer.set(u32be(leafCount(record.bytes)), at.leaves);
  trailer.set(record.segment, at.segment);
  trailer.set(record.root, at.root);
  trailer.set(record.vault, at.vault);
  trailer.set(u64be(record.storedAt), at.storedAt);
  trailer[at.agency] = agency.length;
  trailer.set(agency, at.agency + 1);
  trailer.set(crypto.sha256(trailer.subarray(0, at.hash)), at.hash);
  return trailer;
}

/** Undefined unless encoding the answer gives the same bytes, hash included. */
export function decodeTrailer(crypto: Crypto, trailer: Uint8Array): FragmentRecord | undefined {
  if (trailer.length !== TRAILER_BYTES) return undefined;
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.length);
  const bytes = Number(view.getBigUint64(at.bytes));
  const storedAt = Number(view.getBigUint64(at.storedAt));
  const agencyBytes = trailer[at.agency] as number;
  if (bytes < 1 || bytes > FRAGMENT_BYTES_MAX || !Number.isSafeInteger(storedAt)) return undefined;
  if (view.getUint16(at.index) >= SHARDS_MAX || agencyBytes > AGENCY_BYTES_MAX) return undefined;
  let agency: string;
  try {
    agency = fromUtf8(trailer.subarray(at.agency + 1, at.agency + 1 + agencyBytes));
  } catch {
    return undefined;
  }
  if (!isSlug(agency)) return undefined;
  const record = {
    segment: trailer.slice(at.segment, at.segment + HASH_BYTES),
    index: view.getUint16(at.index),
    root: trailer.slice(at.root, at.root + HASH_BYTES),
    bytes,
    agency,
    vault: trailer.slice(at.vault, at.vault + HASH_BYTES),
    storedAt,
  };
  return equalBytes(encodeTrailer(crypto, record), trailer) ? record : undefined;
}

interface Disk {
  readonly files: Files;
  readonly crypto: Crypto;
}

/**
 * Bytes of a fragment's file as they lie there. Faults: FRAGMENT_MISSING when the file is gone, FRAGMENT_DAMAGED
 * (integrity) when it is too short or the disk cannot read it.
 */
export async function readPart(
  files: Files,
  key: FragmentKey,
  range: { readonly offset: number; readonly length: number },
): Promise<Uint8Array> {
  try {
    return await files.read(pathOf(key), range.offset, range.length);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'FILE_MISSING') throw missing(key);
    if (code === 'FILE_SHORT') throw damaged(key, 'length');
    if (code === 'EIO') throw damaged(key, 'unreadable');
    throw error;
  }
}

/** Leaf hashes, end to end, checked against the root. Faults: as `readPart`. */
export async function readLeafHashes(
  { files, crypto }: Disk,
  of: FragmentKey & Pick<FragmentFacts, 'root' | 'bytes'>,
): Promise<Uint8Array> {
  const hashes = await readPart(files, of, { offset: of.bytes, length: HASH_BYTES * leafCount(of.bytes) });
  if (!equalBytes(merkleRoot(crypto, hashes), of.root)) throw damaged(of, 'leaf hashes');
  return hashes;
}

/**
 * Reads the whole file and checks every byte of it: leaves against hashes, hashes against the root, the trailer against
 * its own hash and `expected`. Answers what the trailer says. Faults: as `readPart`; FRAGMENT_DAMAGED names the part
 * and, for bytes, the first bad leaf.
 */
export async function checkFragmentFile(
  disk: Disk,
  key: FragmentKey,
  expected?: FragmentFacts,
): Promise<FragmentRecord> {
  const { files, crypto } = disk;
  const length = (await files.stat(pathOf(key)))?.bytes;
  if (length === undefined) throw missing(key);
  if (length < TRAILER_BYTES) throw damaged(key, 'length');
  const trailer = await readPart(files, key, { offset: length - TRAILER_BYTES, length: TRAILER_BYTES });
  const record = decodeTrailer(crypto, trailer);
  if (record === undefined || record.index !== key.index || !equalBytes(record.segment, key.segment)) {
    throw damaged(key, 'trailer');
  }
  if (length !== fileBytes(record.bytes)) throw damaged(key, 'length');
  if (expected !== undefined && !sameFragment(record, expected)) throw damaged(key, 'trailer');
  const hashes = await readLeafHashes(disk, record);
  for (let leaf = 0; leaf < leafCount(record.bytes); leaf += CHECK_LEAVES) {
    const offset = leaf * LEAF_BYTES;
    const run = Math.min(CHECK_LEAVES * LEAF_BYTES, record.bytes - offset);
    const found = crypto.leafHashes(await readPart(files, key, { offset, length: run }), LEAF_BYTES);
    for (let i = 0; i < found.length; i += HASH_BYTES) {
      const stored = hashes.subarray(leaf * HASH_BYTES + i, leaf * HASH_BYTES + i + HASH_BYTES);
      if (!equalBytes(found.subarray(i, i + HASH_BYTES), stored)) {
        throw damaged(key, 'bytes', leaf + i / HASH_BYTES);
      }
    }
  }
  return record;
}

/** The same but for when it was stored: two uploads of one fragment differ in that. */
export function sameFragment(a: FragmentFacts, b: FragmentFacts): boolean {
  return (
    a.bytes === b.bytes && a.agency === b.agency && equalBytes(a.root, b.root) && equalBytes(a.vault, b.vault)
  );
}

type DamagedPart = 'length' | 'trailer' | 'leaf hashes' | 'bytes' | 'unreadable';

export function damaged(key: FragmentKey, part: DamagedPart, leaf?: number): Fault {
  return new Fault(
    'integrity',
    'FRAGMENT_DAMAGED',
    `fragment ${key.index} of segment ${toHex(key.segment)} is damaged on this disk (${part})`,
    { segment: toHex(key.segment), index: key.index, part, ...(leaf === undefined ? {} : { leaf }) },
  );
}

export function missing(key: FragmentKey): Fault {
  return new Fault(
    'failure',
    'FRAGMENT_MISSING',
    `fragment ${key.index} of segment ${toHex(key.segment)} is not on this disk`,
    { segment: toHex(key.segment), index: key.index },
  );
}

/** A key as text, for maps. */
export function keyText({ segment, index }: FragmentKey): string {
  return toHex(concat(segment, Uint8Array.of(index)));
}
