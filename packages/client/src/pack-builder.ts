// A pack being filled: small objects sealed one after the other, each in its own frames, none crossing the segment.
// When the changes are too many for an entry of their own, they follow as the last object: the pack's index.

import { assert, type Crypto, FRAME_BYTES, type Policy, type Random } from '@vauban/core';
import {
  encodeObjectsIndex,
  encodeObjectsRecord,
  FRAME_TAG_BYTES,
  type IndexPointer,
  newContentId,
  newDataKey,
  type ObjectChange,
  type SealedContent,
  sealedBytes,
  sealFrames,
  segmentKey,
  VAULT_PATH_BYTES_MAX,
} from '@vauban/seal';

/** What a change costs in an index besides its texts and lists, generously; and the index itself. */
const CHANGE_BYTES = 260;
const INDEX_BYTES = 16;
/** A text in an index, for each UTF-16 unit. */
const UNIT_BYTES = 3;
/** A version that a change names; a segment of its content. */
const VERSION_BYTES = 17;
const SEGMENT_BYTES = 44;
/** The most a change may cost besides its path: 256 versions replaced, a link's target of 4,096 bytes. */
const NEXT_CHANGE_BYTES = CHANGE_BYTES + 256 * VERSION_BYTES + 4_096;
/** Below this estimate the changes are tried inline, in the `objects` entry itself. */
const INLINE_BYTES = 40_000;

export interface PackPorts {
  readonly crypto: Crypto;
  readonly random: Random;
}

/** A filled pack: its ciphertext, and how the ledger entry will name the changes. */
export interface FilledPack {
  readonly sealed: Uint8Array;
  /** Changes for the entry itself, their content still to be given the segment id; or where in the pack they are. */
  readonly changes: readonly ObjectChange[];
  readonly index:
    | (Omit<IndexPointer, 'in'> & { readonly in: { readonly offset: number; readonly length: number } })
    | null;
}

export class PackBuilder {
  readonly #ports: PackPorts;
  readonly #bytes: Uint8Array;
  readonly #changes: ObjectChange[] = [];
  #fill = 0;
  /** No less than the index will have. */
  #estimate = INDEX_BYTES;

  /** `bytes`: room for one segment's ciphertext. */
  constructor(ports: PackPorts, bytes: Uint8Array) {
    this.#ports = ports;
    this.#bytes = bytes;
  }

  get empty(): boolean {
    return this.#changes.length === 0;
  }

  /**
   * Whether an object of so many plaintext bytes (0: a record only), and the index it makes longer, still fit, whatever
   * it replaces or points to. Metadata and a content type are not reckoned with before they are added.
   */
  fits(plain: number, path: string): boolean {
    const content = plain === 0 ? 0 : sealedBytes(plain);
    const index = this.#estimate + NEXT_CHANGE_BYTES + UNIT_BYTES * path.length;
    return this.#fill + content + sealedBytes(index) <= this.#bytes.length;
  }

  /** Seals an object into the pack; its place in it is for the change to name. */
  seal(plaintext: Uint8Array): SealedContent {
    const { crypto, random } = this.#ports;
    const content = newContentId(random);
    const key = newDataKey(random);
    const length = sealedBytes(plaintext.length);
    assert(this.#fill + length <= this.#bytes.length, 'what is sealed into a pack fits it');
    const into = this.#bytes.subarray(this.#fill, this.#fill + length);
    sealFrames(crypto, segmentKey(key, { content, segment: 0 }), plaintext, into);
    const offset = this.#fill;
    this.#fill += length;
    return { content, key, in: { pack: null, offset, length } };
  }

  add(change: ObjectChange): void {
    this.#changes.push(change);
    this.#estimate += bytesOf(change);
  }

  /** Ends the pack. Few changes stay out of it; many become its index. */
  finish(): FilledPack {
    const inline = this.#estimate <= INLINE_BYTES && fitsRecord(this.#changes);
    if (inline) return { sealed: this.#bytes.subarray(0, this.#fill), changes: this.#changes, index: null };
    const plain = encodeObjectsIndex(this.#changes);
    const { content, key, in: place } = this.seal(plain);
    const { offset, length } = place as { offset: number; length: number };
    return {
      sealed: this.#bytes.subarray(0, this.#fill),
      changes: this.#changes,
      index: { content, key, size: plain.length, in: { offset, length } },
    };
  }
}

/** An upper bound of a change's bytes in a record or index. */
export function bytesOf(change: ObjectChange): number {
  if (change.kind === 'delete') {
    return CHANGE_BYTES + UNIT_BYTES * change.path.length + VERSION_BYTES * change.versions.length;
  }
  const { path, target = '', contentType = '', meta = {}, parents, content } = change;
  const segments = content !== undefined && 'segments' in content.in ? content.in.segments.length : 0;
  const texts = [path, target, contentType].reduce((sum, text) => sum + UNIT_BYTES * text.length, 0);
  const pairs = Object.entries(meta).reduce(
    (sum, [name, value]) => sum + 16 + UNIT_BYTES * (name.length + value.length),
    0,
  );
  return CHANGE_BYTES + texts + pairs + VERSION_BYTES * parents.length + SEGMENT_BYTES * segments;
}

/** The largest object that goes into a pack under a policy: one that fits an empty one, under any path. */
export function packedBytesMax(policy: Pick<Policy, 'packObjectBytes' | 'segmentFrames'>): number {
  const index = sealedBytes(INDEX_BYTES + NEXT_CHANGE_BYTES + UNIT_BYTES * VAULT_PATH_BYTES_MAX);
  const room = policy.segmentFrames * FRAME_BYTES - index;
  return room <= FRAME_TAG_BYTES ? 0 : Math.min(policy.packObjectBytes, plainRoom(room));
}

/** Plaintext that can be sealed into so many bytes. */
function plainRoom(sealed: number): number {
  return sealed - FRAME_TAG_BYTES * Math.ceil(sealed / FRAME_BYTES);
}

/** Whether changes fit an entry of their own. A pack's name makes each a little longer than null does. */
function fitsRecord(changes: readonly ObjectChange[]): boolean {
  const id = new Uint8Array(32);
  try {
    encodeObjectsRecord({ changes: changes.map((change) => named(change, id)) });
    return true;
  } catch {
    return false;
  }
}

/** The change with its content in the pack of that id. */
export function named(change: ObjectChange, pack: Uint8Array): ObjectChange {
  if (change.kind === 'delete' || change.content === undefined || !('pack' in change.content.in))
    return change;
  if (change.content.in.pack !== null) return change;
  return { ...change, content: { ...change.content, in: { ...change.content.in, pack } } };
}
