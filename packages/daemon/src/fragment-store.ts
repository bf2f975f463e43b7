// The fragments of one daemon: files, an index over them, and the order of steps that lets a receipt be signed.
// Files beat the index, here and at every start (fragment-recovery.ts). After a failed fsync it only reads.

import {
  assert,
  type Clock,
  type Crypto,
  type DaemonId,
  DISK_RESERVE_FRACTION,
  equalBytes,
  Fault,
  type Files,
  isSlug,
  type Random,
  type Store,
  toHex,
} from '@vauban/core';
import { DiskHealth } from './disk-health.ts';
import {
  assertKey,
  checkFragmentFile,
  directoryOf,
  FRAGMENT_BYTES_MAX,
  type FragmentFacts,
  type FragmentKey,
  type FragmentRecord,
  fileBytes,
  keyText,
  missing,
  pathOf,
  readLeafHashes,
  readPart,
  sameFragment,
  TEMPORARY_SUFFIX,
} from './fragment-file.ts';
import { FragmentIndex } from './fragment-index.ts';
import { recoverFragments } from './fragment-recovery.ts';
import { type FragmentTotals, TotalsCount } from './fragment-totals.ts';
import { FragmentWriter } from './fragment-writer.ts';
import { checkMarker } from './marker.ts';

/** Added to what an upload is said to need: the file system rounds up and keeps its own records. */
const FILE_OVERHEAD_BYTES = 8_192;

export interface FragmentStoreOptions {
  readonly files: Files;
  /** Should be a checked store. Only keys beginning with 'fragment/' and 'missing/' are touched. */
  readonly index: Store;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly daemon: DaemonId;
  /** Fragment bytes this daemon takes at most, besides what the disk allows. */
  readonly capacityBytes?: number;
}

export interface FragmentUpload extends FragmentKey, Omit<FragmentFacts, 'storedAt'> {
  /** Take the bytes although the fragment is there: what is stored was found damaged. */
  readonly replace?: boolean;
}

/** The answer to an upload of what is already stored: no bytes are needed. */
export interface FragmentPresent {
  readonly already: true;
  readonly facts: FragmentFacts;
}

/** What an upload under way will still take. */
type PromisedSpace = Pick<FragmentWriter, 'unwrittenBytes' | 'fragmentBytes'>;

export class FragmentStore {
  readonly #options: FragmentStoreOptions;
  readonly #index: FragmentIndex;
  readonly #totals = new TotalsCount();
  readonly #health = new DiskHealth();
  readonly #writers = new Set<PromisedSpace>();
  readonly #turns = new Map<string, Promise<unknown>>();
  #missing: readonly FragmentKey[] = [];
  #strays: readonly string[] = [];

  private constructor(options: FragmentStoreOptions) {
    this.#options = options;
    this.#index = new FragmentIndex(options.index);
  }

  /**
   * Checks the marker, then makes index and files agree. Faults: MARKER_MISSING, MARKER_OTHER, MARKER_MALFORMED,
   * and whatever the disk throws: a store that cannot recover does not open.
   */
  static async open(options: FragmentStoreOptions): Promise<FragmentStore> {
    const { files, crypto, daemon } = options;
    await checkMarker(files, daemon);
    const store = new FragmentStore(options);
    const found = await recoverFragments({ files, crypto, index: store.#index, totals: store.#totals });
    store.#missing = found.missing;
    store.#strays = found.strays;
    return store;
  }

  /** Rows whose file was gone at a start, this or an earlier one, until `forgetMissing`. */
  get missing(): readonly FragmentKey[] {
    return this.#missing;
  }

  /** Paths of files among the fragments that are no whole fragment. Left alone, and counted nowhere. */
  get strays(): readonly string[] {
    return this.#strays;
  }

  /** DISK_FAILED once an fsync has failed: from then on only reads. */
  get failure(): Fault | undefined {
    return this.#health.failure;
  }

  /**
   * Opens a writer, or says that the fragment is already there. The caller has checked that the roots make up the
   * segment id. Faults (refused): DISK_FULL (class `later`) when the disk's reserve or the capacity would be touched,
   * TOO_LARGE, FRAGMENT_OTHER when another fragment is stored under this key; (failure) DISK_FAILED, WRITE_FAILED.
   */
  async begin(upload: FragmentUpload): Promise<FragmentWriter | FragmentPresent> {
    const { segment, index, root, bytes, agency, vault, replace = false } = upload;
    assertKey(upload);
    assert(
      root.length === 32 && vault.length === 32 && isSlug(agency),
      'root, vault and agency of a fragment',
    );
    if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > FRAGMENT_BYTES_MAX) {
      throw new Fault(
        'refused',
        'TOO_LARGE',
        `a fragment has 1 to ${FRAGMENT_BYTES_MAX} bytes, not ${bytes}`,
        { what: 'fragment', bytes, bytesMax: FRAGMENT_BYTES_MAX },
      );
    }
    this.#health.assertWritable();
    const record = {
      segment: segment.slice(),
      index,
      root: root.slice(),
      bytes,
      agency,
      vault: vault.slice(),
    };
    const present = await this.#index.get(record);
    if (present !== undefined) {
      if (!sameFragment(present, { ...record, storedAt: 0 })) throw otherFragment(record, present);
      // Whoever removed the file behind the index's back gets it again.
      const whole = (await this.#options.files.stat(pathOf(record)))?.bytes === fileBytes(bytes);
      if (whole && !replace) return { already: true, facts: present };
    }
    return this.#openWriter(record, present?.bytes ?? 0);
  }

  async get(key: FragmentKey): Promise<FragmentFacts | undefined> {
    return this.#index.get(key);
  }

  /**
   * Hashes of the fragment's leaves, 32 bytes each, end to end; checked against the root.
   * Faults: FRAGMENT_MISSING, FRAGMENT_DAMAGED.
   */
  async leafHashes(key: FragmentKey): Promise<Uint8Array> {
    const facts = await this.#facts(key);
    return readLeafHashes(this.#options, { ...key, ...facts });
  }

  /**
   * Raw fragment bytes, unchecked: whoever receives them hashes them.
   * Faults: FRAGMENT_MISSING, FRAGMENT_DAMAGED, RANGE_OUTSIDE.
   */
  async read(key: FragmentKey, offset: number, length: number): Promise<Uint8Array> {
    const { bytes } = await this.#facts(key);
    const counts = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
    if (!counts || offset + length > bytes) {
      throw new Fault(
        'refused',
        'RANGE_OUTSIDE',
        `bytes ${offset} to ${offset + length} were asked of a fragment of ${bytes}`,
        { offset, length, bytes },
      );
    }
    return readPart(this.#options.files, key, { offset, length });
  }

  /** Reads the whole file and checks every byte. Faults: FRAGMENT_MISSING, FRAGMENT_DAMAGED (part, first bad leaf). */
  async verify(key: FragmentKey): Promise<void> {
    await checkFragmentFile(this.#options, key, await this.#facts(key));
  }

  /**
   * Erases, durably; nothing when it is not there. The row goes first: a crash in between brings the fragment back
   * whole at the next start, never a loss that nobody certified. Faults: DISK_FAILED, WRITE_FAILED.
   */
  async remove(key: FragmentKey): Promise<void> {
    const { files } = this.#options;
    await this.#inTurn(key, async () => {
      this.#health.assertWritable();
      const facts = await this.#index.get(key);
      if (facts === undefined) return;
      await this.#health.durable('index', () => this.#index.remove(key));
      this.#totals.subtract(facts);
      await this.#health.attempt('remove', () => files.remove(pathOf(key)));
      await this.#health.durable('fsync of the directory', () =>
        files.syncDirectory(directoryOf(key.segment)),
      );
    });
  }

  /** Called once the loss is certified. */
  async forgetMissing(key: FragmentKey): Promise<void> {
    await this.#health.durable('index', () => this.#index.forgetMissing(key));
    this.#noLongerMissing(key);
  }

  totals(): FragmentTotals {
    return this.#totals.read();
  }

  /** In order of segment, then index; at most `limit`, from just after `after` or from the start. */
  list(after: FragmentKey | undefined, limit: number): AsyncIterable<[FragmentKey, FragmentFacts]> {
    return this.#index.list(after, limit);
  }

  async #facts(key: FragmentKey): Promise<FragmentFacts> {
    const facts = await this.#index.get(key);
    if (facts === undefined) throw missing(key);
    return facts;
  }

  async #openWriter(
    record: Omit<FragmentRecord, 'storedAt'>,
    replacedBytes: number,
  ): Promise<FragmentWriter> {
    const { files, crypto, clock, random } = this.#options;
    const space = await files.space();
    // No await from here until the writer is counted: two uploads must not be promised the same space.
    this.#assertRoom(record.bytes, replacedBytes, space);
    const temporary = `${pathOf(record)}.${toHex(random.bytes(8))}${TEMPORARY_SUFFIX}`;
    const promised = { unwrittenBytes: fileBytes(record.bytes), fragmentBytes: record.bytes };
    this.#writers.add(promised);
    try {
      const file = await this.#health.attempt('create', () => files.create(temporary));
      const writer = new FragmentWriter({
        files,
        crypto,
        health: this.#health,
        record,
        file,
        temporary,
        now: () => clock.now(),
        place: (whole) => this.#place(whole, temporary),
        release: () => this.#writers.delete(writer),
      });
      this.#writers.add(writer);
      return writer;
    } finally {
      this.#writers.delete(promised);
    }
  }

  #assertRoom(
    bytes: number,
    replacedBytes: number,
    space: { readonly freeBytes: number; readonly totalBytes: number },
  ): void {
    const { capacityBytes = Number.POSITIVE_INFINITY } = this.#options;
    let unwrittenBytes = 0;
    let comingBytes = 0;
    for (const writer of this.#writers) {
      unwrittenBytes += writer.unwrittenBytes + FILE_OVERHEAD_BYTES;
      comingBytes += writer.fragmentBytes;
    }
    const reserveBytes = Math.ceil(space.totalBytes * DISK_RESERVE_FRACTION);
    const neededBytes = fileBytes(bytes) + FILE_OVERHEAD_BYTES;
    const freeBytes = space.freeBytes - unwrittenBytes;
    if (freeBytes - neededBytes < reserveBytes) {
      throw diskFull('reserve', `${freeBytes} bytes are free, of which ${reserveBytes} are kept free`, {
        neededBytes,
        freeBytes,
        reserveBytes,
      });
    }
    const heldBytes = this.#totals.bytes + comingBytes - replacedBytes;
    if (heldBytes + bytes > capacityBytes) {
      throw diskFull('capacity', `${heldBytes} of the ${capacityBytes} bytes it offers are taken`, {
        neededBytes: bytes,
        heldBytes,
        capacityBytes,
      });
    }
  }

  async #place(record: FragmentRecord, temporary: string): Promise<void> {
    const { files } = this.#options;
    const { segment, index, ...facts } = record;
    await this.#inTurn(record, async () => {
      const before = await this.#index.get(record);
      await this.#health.attempt('rename', () => files.rename(temporary, pathOf(record)));
      await this.#health.durable('fsync of the directory', () => files.syncDirectory(directoryOf(segment)));
      await this.#health.durable('index', () => this.#index.put({ segment, index }, facts));
      if (before !== undefined) this.#totals.subtract(before);
      this.#totals.add(facts);
      this.#noLongerMissing(record);
    });
  }

  #noLongerMissing(key: FragmentKey): void {
    const text = keyText(key);
    if (this.#missing.some((one) => keyText(one) === text)) {
      this.#missing = this.#missing.filter((one) => keyText(one) !== text);
    }
  }

  /** One change at a time per fragment: its row must describe the file that bears its name. */
  #inTurn<Result>(key: FragmentKey, work: () => Promise<Result>): Promise<Result> {
    const text = keyText(key);
    const mine = (this.#turns.get(text) ?? Promise.resolve()).then(work);
    const settled = mine
      .catch(() => undefined)
      .then(() => {
        if (this.#turns.get(text) === settled) this.#turns.delete(text);
      });
    this.#turns.set(text, settled);
    return mine;
  }
}

function diskFull(
  reason: 'reserve' | 'capacity',
  why: string,
  facts: Readonly<Record<string, number>>,
): Fault {
  return new Fault(
    'refused',
    'DISK_FULL',
    `this daemon takes no more fragments now: ${why}; another daemon may take it, or this one later`,
    { class: 'later', reason, ...facts },
  );
}

function otherFragment(wanted: FragmentKey & { readonly root: Uint8Array }, present: FragmentFacts): Fault {
  const why = equalBytes(wanted.root, present.root) ? 'another length, agency or vault' : 'another root';
  return new Fault(
    'refused',
    'FRAGMENT_OTHER',
    `fragment ${wanted.index} of segment ${toHex(wanted.segment)} is stored here with ${why}`,
    {
      segment: toHex(wanted.segment),
      index: wanted.index,
      wanted: toHex(wanted.root),
      stored: toHex(present.root),
    },
  );
}
