// What an `objects` entry says: writes and deletes of a batch, or a pointer to an index that says them. The rules here
// hold for what is written and for what is read; the bytes are in objects-codec.ts (SPEC section 5).

import { assert, encodeCbor, FRAME_BYTES, Fault, SEGMENT_FRAMES_MAX, utf8 } from '@vauban/core';
import { changeOfWire, malformed, recordOfWire, wireOfChange, wireOfPointer } from './objects-codec.ts';
import { FRAME_PLAIN_BYTES, sealedBytes } from './frames.ts';
import { RECORD_PLAIN_BYTES_MAX } from './record.ts';
import { printable, validateVaultPath } from './vault-path.ts';

/** Where sealed bytes lie: in segments of their own, or among others in one pack. */
export type ContentPlace =
  /** `id`: 32 bytes; `bytes`: plaintext in that segment. */
  | { readonly segments: readonly { readonly id: Uint8Array; readonly bytes: number }[] }
  /** `pack`: 32-byte segment id, or null in an index for the segment the index itself lies in; bytes are sealed bytes. */
  | { readonly pack: Uint8Array | null; readonly offset: number; readonly length: number };

export interface SealedContent {
  /** 16 random bytes; with the segment index it makes the segment key. */
  readonly content: Uint8Array;
  /** The 32-byte data key. */
  readonly key: Uint8Array;
  readonly in: ContentPlace;
}

export interface ObjectWrite {
  readonly kind: 'file' | 'directory' | 'symlink';
  /** A vault path (validateVaultPath). */
  readonly path: string;
  /** 16 random bytes that stay with the object through renames. */
  readonly object: Uint8Array;
  /** 16 random bytes that name this version. */
  readonly version: Uint8Array;
  /** The versions this one replaces. */
  readonly parents: readonly Uint8Array[];
  /** Plaintext bytes of a file; 0 for the others. */
  readonly size: number;
  /** SHA-256 of a file's plaintext. */
  readonly sha256?: Uint8Array;
  /** Milliseconds since 1970; negative before. */
  readonly modified: number;
  /** POSIX permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly contentType?: string;
  /** Where a symlink points: any text; whoever restores it decides what it may point to. */
  readonly target?: string;
  readonly meta?: { readonly [name: string]: string };
  /** Of every file with size > 0, and of nothing else. */
  readonly content?: SealedContent;
}

export interface ObjectDelete {
  readonly kind: 'delete';
  readonly path: string;
  /** Only these versions are gone; a concurrent write survives. */
  readonly versions: readonly Uint8Array[];
}

export type ObjectChange = ObjectWrite | ObjectDelete;

/** Points to an index: a sealed object whose plaintext is encodeObjectsIndex(changes), `size` bytes. */
export type IndexPointer = SealedContent & { readonly size: number };

/** The plaintext of the sealed record of one `objects` entry. */
export type ObjectsRecord = { readonly changes: readonly ObjectChange[] } | { readonly index: IndexPointer };

/** An index is held in memory whole, decoded at some five times its size. */
export const OBJECTS_INDEX_BYTES_MAX = 64 * 1024 * 1024;
export const OBJECTS_INDEX_CHANGES_MAX = 1_000_000;

// A version replaces its siblings; more of them than an agency may have devices is no accident.
const versionsMax = 256;
// HTTP servers commonly take 8 KiB of headers; S3 allows 2 KiB of user metadata.
const metaBytesMax = 8192;
const textBytesMax = { contentType: 255, target: 4096 } as const;
const segmentPlainBytesMax = SEGMENT_FRAMES_MAX * FRAME_PLAIN_BYTES;
const packBytesMax = SEGMENT_FRAMES_MAX * FRAME_BYTES;
// What a Date can hold, in milliseconds either side of 1970.
const timeMax = 8.64e15;

/**
 * Faults: TOO_LARGE (refused) above 48 KiB: put the changes in an index; VAULT_PATH, OBJECT_CHANGE (usage) {path, rule}.
 */
export function encodeObjectsRecord(record: ObjectsRecord): Uint8Array {
  if ('index' in record) {
    const broken = brokenPointer(record.index);
    assert(broken === undefined, `index pointer: ${broken}`);
    return capped(encodeCbor([0, 1, wireOfPointer(record.index)]), RECORD_PLAIN_BYTES_MAX, 'objects record');
  }
  return encodeChanges(record.changes, false, RECORD_PLAIN_BYTES_MAX, 'objects record');
}

/** Faults (refused): MALFORMED, TOO_LARGE. */
export function decodeObjectsRecord(bytes: Uint8Array): ObjectsRecord {
  const record = recordOfWire(bytes, 'objects record', RECORD_PLAIN_BYTES_MAX);
  if ('changes' in record) return { changes: readChanges(record.changes, false, 'objects record') };
  const broken = brokenPointer(record.index);
  if (broken) throw malformed('objects record', `index pointer: ${broken}`);
  return record;
}

/** The plaintext of an index: up to 64 MiB and a million changes. Faults as encodeObjectsRecord. */
export function encodeObjectsIndex(changes: readonly ObjectChange[]): Uint8Array {
  return encodeChanges(changes, true, OBJECTS_INDEX_BYTES_MAX, 'objects index');
}

/** Faults (refused): MALFORMED, TOO_LARGE. */
export function decodeObjectsIndex(bytes: Uint8Array): readonly ObjectChange[] {
  const record = recordOfWire(bytes, 'objects index', OBJECTS_INDEX_BYTES_MAX);
  if ('index' in record) throw malformed('objects index', 'an index points to no other');
  return readChanges(record.changes, true, 'objects index');
}

function encodeChanges(
  changes: readonly ObjectChange[],
  inIndex: boolean,
  bytesMax: number,
  what: string,
): Uint8Array {
  assert(changes.length > 0, 'a batch has at least one change');
  if (changes.length > OBJECTS_INDEX_CHANGES_MAX)
    throw tooLarge(what, changes.length, OBJECTS_INDEX_CHANGES_MAX);
  for (const change of changes) {
    validateVaultPath(change.path);
    const rule = brokenRule(change, inIndex);
    if (rule) {
      const path = printable(change.path);
      throw new Fault('usage', 'OBJECT_CHANGE', `${path} cannot be recorded: ${rule}.`, { path, rule });
    }
  }
  return capped(encodeCbor([0, 0, changes.map(wireOfChange)]), bytesMax, what);
}

function readChanges(wires: readonly unknown[], inIndex: boolean, what: string): readonly ObjectChange[] {
  if (wires.length === 0) throw malformed(what, 'no changes');
  if (wires.length > OBJECTS_INDEX_CHANGES_MAX) throw tooLarge(what, wires.length, OBJECTS_INDEX_CHANGES_MAX);
  return wires.map((wire, at) => {
    const change = changeOfWire(wire, `${what}, change ${at}`);
    const rule = brokenPath(change.path) ?? brokenRule(change, inIndex);
    if (rule) throw malformed(what, `change ${at}: ${rule}`);
    return change;
  });
}

function brokenPath(path: string): string | undefined {
  try {
    validateVaultPath(path);
    return undefined;
  } catch (error) {
    return (error as Fault).message;
  }
}

/** The sentence of the rule that a change breaks. */
function brokenRule(change: ObjectChange, inIndex: boolean): string | undefined {
  if (change.kind === 'delete') {
    if (change.versions.length === 0) return 'a delete names the versions it removes';
    return brokenIds(change.versions);
  }
  const { kind, content, size } = change;
  if (change.object.length !== 16 || change.version.length !== 16) return 'ids have 16 bytes';
  const broken = brokenIds(change.parents) ?? brokenTexts(change);
  if (broken) return broken;
  if (!isWhole(change.mode, 0o7777)) return 'the mode is outside 0 to 07777 (octal)';
  if (!Number.isSafeInteger(change.modified) || Math.abs(change.modified) > timeMax) {
    return 'the time is no whole number of milliseconds that a calendar holds';
  }
  if (!isWhole(size, Number.MAX_SAFE_INTEGER)) return 'the size is no whole number of bytes';
  if ((kind === 'symlink') !== (change.target !== undefined))
    return 'a symlink, and nothing else, has a target';
  if (kind !== 'file' && (size !== 0 || change.sha256)) return 'only files have a size and a hash';
  if (change.sha256 && change.sha256.length !== 32) return 'a SHA-256 has 32 bytes';
  if (size > 0 !== (content !== undefined)) return 'a file has content exactly when it is not empty';
  return content && brokenContent(content, size, inIndex);
}

function brokenPointer(pointer: IndexPointer): string | undefined {
  if (!isWhole(pointer.size, OBJECTS_INDEX_BYTES_MAX) || pointer.size === 0) return 'impossible size';
  return brokenContent(pointer, pointer.size, false);
}

function brokenContent(sealed: SealedContent, size: number, inIndex: boolean): string | undefined {
  if (sealed.content.length !== 16) return 'a content id has 16 bytes';
  if (sealed.key.length !== 32) return 'a data key has 32 bytes';
  if ('segments' in sealed.in) {
    let bytes = 0;
    for (const segment of sealed.in.segments) {
      if (segment.id.length !== 32) return 'a segment id has 32 bytes';
      if (!isWhole(segment.bytes, segmentPlainBytesMax) || segment.bytes === 0)
        return 'impossible segment length';
      bytes += segment.bytes;
    }
    return bytes === size ? undefined : 'the segments do not add up to the size';
  }
  const { pack, offset, length } = sealed.in;
  if (pack === null && !inIndex) return 'only in an index may the pack go unnamed';
  if (pack !== null && pack.length !== 32) return 'a segment id has 32 bytes';
  if (size > segmentPlainBytesMax || length !== sealedBytes(size))
    return 'the length in the pack is not that of the size';
  if (!isWhole(offset, packBytesMax - length)) return 'it reaches beyond the pack';
  return undefined;
}

function brokenIds(ids: readonly Uint8Array[]): string | undefined {
  if (ids.length > versionsMax) return `more than ${versionsMax} versions`;
  if (ids.some((id) => id.length !== 16)) return 'ids have 16 bytes';
  if (ids.length > 1 && new Set(ids.map((id) => id.join())).size !== ids.length)
    return 'a version is named twice';
  return undefined;
}

function brokenTexts(change: ObjectWrite): string | undefined {
  for (const name of ['contentType', 'target'] as const) {
    const text = change[name];
    if (text === undefined) continue;
    if (text === '' || text.includes('\0') || !text.isWellFormed()) return `the ${name} is no proper text`;
    if (utf8(text).length > textBytesMax[name]) return `the ${name} exceeds ${textBytesMax[name]} bytes`;
  }
  let metaBytes = 0;
  for (const [name, value] of Object.entries(change.meta ?? {})) {
    if (name === '' || !name.isWellFormed() || !value.isWellFormed()) return 'metadata is no proper text';
    metaBytes += utf8(name).length + utf8(value).length;
  }
  return metaBytes > metaBytesMax ? `the metadata exceeds ${metaBytesMax} bytes` : undefined;
}

function isWhole(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max;
}

function capped(bytes: Uint8Array, bytesMax: number, what: string): Uint8Array {
  if (bytes.length > bytesMax) throw tooLarge(what, bytes.length, bytesMax);
  // Plain again, as the encoder may return a Node Buffer, whose slices are views.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function tooLarge(what: string, found: number, max: number): Fault {
  return new Fault('refused', 'TOO_LARGE', `The ${what} of ${found} exceeds ${max}.`, { what, found, max });
}
