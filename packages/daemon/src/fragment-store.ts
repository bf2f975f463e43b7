// The fragments of one daemon: files, an index over them, and the order of steps that lets a receipt be signed.
// Files beat the index, here and at every start (fragment-recovery.ts). After a failed fsync it only reads.

import {
  assert,
  type Clock,
  type Crypto,
  type DaemonId,
  DISK_RESERVE_FRACTION,
  Fault,
  type Files,
  isSlug,
  type Random,
  type Store,
  toHex,
} from '@vauban/core';
import { DiskHealth } from './disk-health.ts';
import { type Agreement, type AgreementParts, agreeDirectory } from './fragment-agreement.ts';
import { diskFull, otherFragment } from './fragment-faults.ts';
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
import { FragmentIndex, type ToldOfCorrupt } from './fragment-index.ts';
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

/** Whether fragments may be taken in or erased now; why not otherwise. */
export interface StoreRules {
  refusal(): Fault | undefined;
  eraseRefusal(): Fault | undefined;
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
  #rules: StoreRules = { refusal: () => undefined, eraseRefusal: () => undefined };
  readonly #missing = new Map<string, FragmentKey>();
  /** The same as a list, until it changes. */
  #missingList: readonly FragmentKey[] | undefined;
  /** Counted since the start though their rows could not be read any more: how long they were nobody knows. */
  readonly #unread = new Set<string>();
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
    store.#nowMissing(found.missing);
    store.#strays = found.strays;
    return store;
  }

  /** From now on. */
  obey(rules: StoreRules): void {
    this.#rules = rules;
  }

  /** Rows whose file was gone at a start, this or an earlier one, until `forgetMissing`. */
  get missing(): readonly FragmentKey[] {
    this.#missingList ??= [...this.#missing.values()];
    return this.#missingList;
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
   * READ_ONLY, DRAINING, TOO_LARGE, FRAGMENT_OTHER when another fragment is stored under this key; (failure) DISK_FAILED, WRITE_FAILED.
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
      // What is made whole again belongs to whom the ledger says, whoever brought it first.
      const { agency: before } = replace ? record : present;
      if (!sameFragment({ ...present, agency: before }, { ...record, storedAt: 0 }))
        throw otherFragment(record, present);
      // Whoever removed the file behind the index's back gets it again.
      const whole = (await this.#options.files.stat(pathOf(record)))?.bytes === fileBytes(bytes);
      if (whole && !replace) return { already: true, facts: present };
    }
    // What it already answers for may always be made whole again.
    const refusal = present === undefined ? this.#rules.refusal() : undefined;
    if (refusal !== undefined) throw refusal;
    return this.#openWriter(record, present?.bytes ?? 0);
  }

  async get(key: FragmentKey): Promise<FragmentFacts | undefined> {
    return this.#index.get(key);
  }

  /** All that is stored of a segment; with `corrupt`, all of which the index can be read. */
  ofSegment(segment: Uint8Array, corrupt?: ToldOfCorrupt): Promise<[FragmentKey, FragmentFacts][]> {
    return this.#index.listSegment(segment, corrupt);
  }

  /** Does at once, while the fragment is here and nobody erases it, what relies on its being here. Faults: FRAGMENT_MISSING. */
  whileHeld<Result>(key: FragmentKey, work: () => Result): Promise<Result> {
    return this.#inTurn(key, async () => {
      await this.#facts(key);
      return work();
    });
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
   * Erases, durably; false, and nothing done, when it is not there or `spare` says so at the last moment. The row goes
   * first: a crash in between brings the fragment back whole at the next start, never a loss that nobody certified.
   * Faults: DISK_FAILED, WRITE_FAILED, READ_ONLY, CLOCK_BEHIND.
   */
  remove(key: FragmentKey, spare: () => boolean = () => false): Promise<boolean> {
    const { files } = this.#options;
    return this.#inTurn(key, async () => {
      this.#health.assertWritable();
      const refusal = this.#rules.eraseRefusal();
      if (refusal !== undefined) throw refusal;
      const facts = await this.#index.get(key);
      if (facts === undefined || spare()) return false;
      await this.#health.durable('index', () => this.#index.remove(key));
      this.#totals.subtract(facts);
      await this.#health.attempt('remove', () => files.remove(pathOf(key)));
      await this.#health.durable('fsync of the directory', () =>
        files.syncDirectory(directoryOf(key.segment)),
      );
      return true;
    });
  }

  /** Makes rows and files of one of the 256 directories agree, as a start does. Faults: DISK_FAILED, those of the disk. */
  async agree(digits: string): Promise<Agreement> {
    const inTurn: AgreementParts['inTurn'] = (key, work) => this.#inTurn(key, work);
    const parts = { index: this.#index, totals: this.#totals, health: this.#health, inTurn };
    const found = await agreeDirectory({ ...this.#options, ...parts }, digits);
    this.#nowMissing(found.unreadable);
    for (const key of found.unreadable) this.#unread.add(keyText(key));
    for (const key of found.rewritten) this.#noLongerMissing(key);
    // A file that could not be read, and now can: it was taken in beside what it counted already.
    for (const [key, facts] of found.rewritten.length > 0 ? found.rows : [])
      if (this.#unread.delete(keyText(key))) this.#totals.subtract(facts);
    return found;
  }

  /** What cannot be made whole again is missing from now on, until that is certified. Faults: DISK_FAILED. */
  giveUp(key: FragmentKey): Promise<void> {
    return this.#inTurn(key, async () => {
      const facts = await this.#index.get(key);
      await this.#health.durable('index', () => this.#index.markMissing([key]));
      if (facts !== undefined) this.#totals.subtract(facts);
      this.#nowMissing([{ segment: key.segment.slice(), index: key.index }]);
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
  list(...of: Parameters<FragmentIndex['list']>): AsyncIterable<[FragmentKey, FragmentFacts]> {
    return this.#index.list(...of);
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
      // Whatever bears its name is the same fragment.
      if (!this.#unread.delete(keyText(record))) this.#totals.add(facts);
      this.#noLongerMissing(record);
    });
  }

  #nowMissing(keys: readonly FragmentKey[]): void {
    for (const key of keys) this.#missing.set(keyText(key), key);
    this.#missingList = undefined;
  }

  #noLongerMissing(key: FragmentKey): void {
    if (this.#missing.delete(keyText(key))) this.#missingList = undefined;
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
