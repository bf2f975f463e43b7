// A pack being filled: small objects sealed one after the other, each in its own frames, none crossing the segment.
// When the changes are too many for an entry of their own, they follow as the last object: the pack's index.

import { type Crypto, FRAME_BYTES, type Random } from '@vauban/core';
import {
  encodeObjectsIndex,
  encodeObjectsRecord,
  type IndexPointer,
  newContentId,
  newDataKey,
  type ObjectChange,
  type SealedContent,
  sealedBytes,
  sealFrames,
  segmentKey,
} from '@vauban/seal';

/** What a change costs in an index besides its path, generously. */
const CHANGE_BYTES = 260;
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
  #estimate = 0;

  /** `bytes`: room for one segment's ciphertext. */
  constructor(ports: PackPorts, bytes: Uint8Array) {
    this.#ports = ports;
    this.#bytes = bytes;
  }

  get empty(): boolean {
    return this.#changes.length === 0;
  }

  /** Whether an object of so many plaintext bytes (0: a record only), and the index it makes longer, still fit. */
  fits(plain: number, path: string): boolean {
    const content = plain === 0 ? 0 : sealedBytes(plain);
    const index = this.#estimate + CHANGE_BYTES + 4 * path.length;
    return this.#fill + content + sealedBytes(index) + FRAME_BYTES <= this.#bytes.length;
  }

  /** Seals an object into the pack; its place in it is for the change to name. */
  seal(plaintext: Uint8Array): SealedContent {
    const { crypto, random } = this.#ports;
    const content = newContentId(random);
    const key = newDataKey(random);
    const length = sealedBytes(plaintext.length);
    const into = this.#bytes.subarray(this.#fill, this.#fill + length);
    sealFrames(crypto, segmentKey(key, { content, segment: 0 }), plaintext, into);
    const offset = this.#fill;
    this.#fill += length;
    return { content, key, in: { pack: null, offset, length } };
  }

  add(change: ObjectChange): void {
    this.#changes.push(change);
    this.#estimate += CHANGE_BYTES + 4 * change.path.length;
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
