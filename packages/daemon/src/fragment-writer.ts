// One fragment on its way in. Bytes go to a temporary file and are hashed as they pass; only a fragment whose root is the
// expected one gets its name. The order of the steps in `commit` is what makes a receipt true: do not reorder them.

import {
  assert,
  CompactRange,
  type Crypto,
  concat,
  equalBytes,
  Fault,
  type Files,
  LEAF_BYTES,
  type OpenFile,
  toHex,
} from '@vauban/core';
import type { DiskHealth } from './disk-health.ts';
import { encodeTrailer, type FragmentRecord, fileBytes, leafCount } from './fragment-file.ts';

const HASH_BYTES = 32;

export interface FragmentWriterParts {
  readonly files: Files;
  readonly crypto: Crypto;
  readonly health: DiskHealth;
  /** What the fragment has to be. */
  readonly record: Omit<FragmentRecord, 'storedAt'>;
  readonly file: OpenFile;
  readonly temporary: string;
  readonly now: () => number;
  /** Gives the durable file its name and the index its row. */
  readonly place: (record: FragmentRecord) => Promise<void>;
  /** Called once, when the writer is done for, well or not. */
  readonly release: () => void;
}

export class FragmentWriter {
  readonly already = false;
  readonly #parts: FragmentWriterParts;
  readonly #hashes: Uint8Array;
  readonly #tree: CompactRange;
  /** The beginning of a leaf whose end has not come yet. */
  readonly #leaf = new Uint8Array(LEAF_BYTES);
  #leafFill = 0;
  #written = 0;
  #state: 'open' | 'busy' | 'done' = 'open';
  #fileOpen = true;

  constructor(parts: FragmentWriterParts) {
    this.#parts = parts;
    this.#hashes = new Uint8Array(HASH_BYTES * leafCount(parts.record.bytes));
    this.#tree = new CompactRange(parts.crypto);
  }

  /** What this upload will still take from the disk. */
  get unwrittenBytes(): number {
    return fileBytes(this.#parts.record.bytes) - this.#written;
  }

  get fragmentBytes(): number {
    return this.#parts.record.bytes;
  }

  /**
   * Appends; one call at a time. The bytes may be reused once it resolves. Any fault ends the writer and leaves nothing
   * behind: FRAGMENT_LENGTH, DISK_FULL, WRITE_FAILED, DISK_FAILED.
   */
  async write(bytes: Uint8Array): Promise<void> {
    const { record, health, file } = this.#parts;
    await this.#step(async () => {
      if (this.#written + bytes.length > record.bytes) throw this.#wrongLength(this.#written + bytes.length);
      await health.attempt('write', () => {
        const written = file.write(bytes);
        // Hashed while the operating system copies.
        this.#hash(bytes);
        return written;
      });
      this.#written += bytes.length;
    });
  }

  /**
   * Checks, then makes durable: write, fsync, rename, fsync of the directory, index. A receipt may be signed once it
   * resolves. Any fault leaves nothing behind: ROOT_MISMATCH (integrity), and those of `write`. After DISK_FAILED the
   * fragment may turn up whole at the next start.
   */
  async commit(): Promise<void> {
    const { crypto, health, file, place, now } = this.#parts;
    await this.#step(async () => {
      const record = { ...this.#parts.record, storedAt: now() };
      if (this.#written !== record.bytes) throw this.#wrongLength(this.#written);
      this.#endLeaves();
      const root = this.#tree.root();
      if (!equalBytes(root, record.root)) throw rootMismatch(record, root);
      const end = concat(this.#hashes, encodeTrailer(crypto, record));
      await health.attempt('write', () => file.write(end));
      await health.durable('fsync of the fragment', () => file.sync());
      this.#fileOpen = false;
      await health.attempt('close', () => file.close());
      await place(record);
      this.#end();
    });
  }

  /** Gives up; nothing stays. Safe at any time but during another call, and twice. */
  async abort(): Promise<void> {
    if (this.#state === 'done') return;
    assert(this.#state === 'open', 'one call at a time on a fragment writer');
    await this.#discard();
  }

  async #step(work: () => Promise<void>): Promise<void> {
    assert(
      this.#state === 'open',
      `a fragment writer takes one call at a time, and none after its end (${this.#state})`,
    );
    this.#state = 'busy';
    try {
      await work();
      if (this.#state === 'busy') this.#state = 'open';
    } catch (error) {
      await this.#discard();
      throw error;
    }
  }

  #end(): void {
    this.#state = 'done';
    this.#parts.release();
  }

  /** The failure that led here is what counts: whatever fails now leaves a temporary file, which the next start removes. */
  async #discard(): Promise<void> {
    const { file, files, temporary } = this.#parts;
    this.#end();
    if (this.#fileOpen) await file.close().catch(() => undefined);
    this.#fileOpen = false;
    await files.remove(temporary).catch(() => undefined);
  }

  #hash(bytes: Uint8Array): void {
    let rest = bytes;
    if (this.#leafFill > 0) {
      const taken = rest.subarray(0, LEAF_BYTES - this.#leafFill);
      this.#leaf.set(taken, this.#leafFill);
      this.#leafFill += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#leafFill < LEAF_BYTES) return;
      this.#append(this.#leaf);
    }
    const whole = rest.length - (rest.length % LEAF_BYTES);
    this.#append(rest.subarray(0, whole));
    this.#leaf.set(rest.subarray(whole));
    this.#leafFill = rest.length - whole;
  }

  #endLeaves(): void {
    this.#append(this.#leaf.subarray(0, this.#leafFill));
    this.#leafFill = 0;
  }

  /** Whole leaves, or the last short one. */
  #append(leaves: Uint8Array): void {
    const hashes = this.#parts.crypto.leafHashes(leaves, LEAF_BYTES);
    this.#hashes.set(hashes, HASH_BYTES * this.#tree.size);
    for (let i = 0; i < hashes.length; i += HASH_BYTES) this.#tree.append(hashes.subarray(i, i + HASH_BYTES));
  }

  #wrongLength(got: number): Fault {
    const { bytes, segment, index } = this.#parts.record;
    return new Fault(
      'refused',
      'FRAGMENT_LENGTH',
      `fragment ${index} of segment ${toHex(segment)} was announced with ${bytes} bytes, ${got} came`,
      { segment: toHex(segment), index, wanted: bytes, got },
    );
  }
}

function rootMismatch({ segment, index, root: wanted }: FragmentRecord, got: Uint8Array): Fault {
  return new Fault(
    'integrity',
    'ROOT_MISMATCH',
    `the bytes sent for fragment ${index} of segment ${toHex(segment)} do not have the root that was announced`,
    { segment: toHex(segment), index, wanted: toHex(wanted), got: toHex(got) },
  );
}
