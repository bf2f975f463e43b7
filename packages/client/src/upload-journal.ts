// What lets an interrupted upload of a large file go on: which keys it used, and for each segment first the digest of
// its ciphertext tags (before a byte leaves: the same key must never seal other bytes), then its receipts.
// A journal is sealed like any record of the vault: it holds data keys.

import {
  codeNames,
  concat,
  decodeCbor,
  encodeCbor,
  equalBytes,
  Fault,
  type Files,
  Mutex,
  type OpenFile,
  type Random,
  replaceFile,
  shape,
  toHex,
  u32be,
} from '@vauban/core';
import type { PlacedFragment, SegmentDescriptor } from '@vauban/ledger';
import { openRecord, sealRecord } from '@vauban/seal';
import * as v from 'valibot';

const DIRECTORY = 'uploads';
/** A terabyte in default segments needs 70,000 pairs of lines of about 2 KiB. */
const JOURNAL_BYTES_MAX = 268_435_456;
const LINE_BYTES_MAX = 49_193;

const startSchema = v.strictObject({
  source: shape.text(8_192),
  path: shape.text(4_096),
  size: shape.count(),
  modified: v.pipe(v.number(), v.safeInteger()),
  policy: shape.text(40),
  content: shape.bytes(16),
  key: shape.bytes(32),
});
/** What an upload is of, and the keys it began with. */
export type UploadStart = v.InferOutput<typeof startSchema>;

const holder = v.union([
  v.strictTuple([shape.bytes(32)]),
  v.strictTuple([shape.bytes(32), shape.bytes(16), shape.count(), shape.bytes(64)]),
]);

const lineSchema = v.variant('line', [
  v.strictObject({ line: v.literal('start'), start: startSchema }),
  v.strictObject({ line: v.literal('sealed'), segment: shape.count(), tags: shape.bytes(32) }),
  v.strictObject({
    line: v.literal('stored'),
    segment: shape.count(),
    id: shape.bytes(32),
    vault: shape.bytes(32),
    code: v.picklist(codeNames),
    k: shape.count(),
    m: shape.count(),
    cellBytes: shape.count(),
    stripes: shape.count(),
    lastCellBytes: shape.count(),
    fragments: v.array(holder),
  }),
]);
type Line = v.InferOutput<typeof lineSchema>;

/** A segment with all its receipts: ready to be placed. */
export interface StoredSegment {
  readonly segment: Uint8Array;
  readonly descriptor: SegmentDescriptor;
  readonly fragments: readonly PlacedFragment[];
}

export interface JournalPorts {
  readonly files: Files;
  readonly random: Random;
  readonly vaultSecret: Uint8Array;
  /** Names this process so that others can tell whether it still runs. */
  readonly owner: string;
  readonly alive: (owner: string) => Promise<boolean>;
}

export class UploadJournal {
  readonly start: UploadStart;
  readonly sealed: ReadonlyMap<number, Uint8Array>;
  readonly stored: ReadonlyMap<number, StoredSegment>;
  readonly #ports: JournalPorts;
  readonly #id: string;
  readonly #file: OpenFile;
  readonly #writing = new Mutex();
  #lines: number;
  #failure: Fault | undefined;

  private constructor(
    ports: JournalPorts,
    of: { id: string; file: OpenFile; lines: readonly Line[]; start: UploadStart },
  ) {
    this.#ports = ports;
    this.#id = of.id;
    this.#file = of.file;
    this.#lines = of.lines.length;
    this.start = of.start;
    const sealed = new Map<number, Uint8Array>();
    const stored = new Map<number, StoredSegment>();
    for (const line of of.lines) {
      if (line.line === 'sealed') sealed.set(line.segment, line.tags);
      if (line.line === 'stored') stored.set(line.segment, storedOf(line));
    }
    this.sealed = sealed;
    this.stored = stored;
  }

  static async begin(ports: JournalPorts, start: UploadStart): Promise<UploadJournal> {
    const { files, random, owner } = ports;
    const id = toHex(random.bytes(16));
    await files.makeDirectory(DIRECTORY);
    await writeOwner(files, id, owner);
    const file = await files.create(`${DIRECTORY}/${id}`);
    const journal = new UploadJournal(ports, { id, file, lines: [], start });
    await journal.#append({ line: 'start', start });
    await files.syncDirectory(DIRECTORY);
    await files.syncDirectory('');
    return journal;
  }

  /**
   * The journal of an interrupted upload of the same source to the same path, taken over from a process that is gone;
   * undefined when there is none. To be called by one process at a time.
   */
  static async resume(
    ports: JournalPorts,
    wanted: Pick<UploadStart, 'source' | 'path' | 'size' | 'modified' | 'policy'>,
  ): Promise<UploadJournal | undefined> {
    const { files, owner } = ports;
    for (const id of await files.list(DIRECTORY)) {
      if (!/^[0-9a-f]{32}$/.test(id)) continue;
      const other = await files.readAll(ownerPath(id), 1_024);
      const held = other !== undefined && (await ports.alive(new TextDecoder().decode(other)));
      if (held) continue;
      const read = await readLines(ports, id);
      const first = read?.lines[0];
      if (read === undefined || first?.line !== 'start') {
        await remove(files, id);
        continue;
      }
      const { start } = first;
      if (start.source !== wanted.source || start.path !== wanted.path) continue;
      if (
        start.size !== wanted.size ||
        start.modified !== wanted.modified ||
        start.policy !== wanted.policy
      ) {
        await remove(files, id);
        continue;
      }
      await writeOwner(files, id, owner);
      // A torn last line goes, so that what is appended next can be read.
      if (read.torn) await replaceFile(files, `${DIRECTORY}/${id}`, read.whole);
      const file = await files.append(`${DIRECTORY}/${id}`);
      // A process that was killed may have written lines that are not on the disk yet; they are believed from here on.
      await file.sync();
      return new UploadJournal(ports, { id, file, lines: read.lines, start });
    }
    return undefined;
  }

  /** Durable before it resolves. To be called before the first byte of that segment's ciphertext leaves. */
  noteSealed(segment: number, tags: Uint8Array): Promise<void> {
    return this.#append({ line: 'sealed', segment, tags });
  }

  noteStored(segment: number, of: StoredSegment): Promise<void> {
    const { vault, code, k, m, cellBytes, stripes, lastCellBytes } = of.descriptor;
    const form = { vault, code, k, m, cellBytes, stripes, lastCellBytes };
    return this.#append({
      line: 'stored',
      segment,
      id: of.segment,
      ...form,
      fragments: [...of.fragments],
    });
  }

  /** Whether re-sealing gave the ciphertext the journal knows, or knows nothing of. */
  agrees(segment: number, tags: Uint8Array): boolean {
    const known = this.sealed.get(segment);
    return known === undefined || equalBytes(known, tags);
  }

  /** Leaves the journal for a later run; one that could not be written is of no more use. */
  async release(): Promise<void> {
    if (this.#failure !== undefined) return this.discard();
    await this.#file.close();
    await this.#ports.files.remove(ownerPath(this.#id));
  }

  /** The upload is in the ledger, or its keys must not be used again. */
  async discard(): Promise<void> {
    await this.#file.close();
    await remove(this.#ports.files, this.#id);
  }

  /** One line after the other, each on the disk before the next: a crash tears the last one only. */
  #append(line: Line): Promise<void> {
    return this.#writing.run(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      const { random, vaultSecret } = this.#ports;
      const sealed = sealRecord({
        vaultSecret,
        origin: originOfJournal(this.#id),
        index: this.#lines,
        random,
        plain: encodeCbor(line),
      });
      this.#lines += 1;
      try {
        await this.#file.write(concat(u32be(sealed.length), sealed));
        await this.#file.sync();
      } catch (error) {
        // Half a line may be there: what came after it could never be read.
        const why = error instanceof Error ? error.message : String(error);
        const message = `the upload journal in the vault directory could not be written: ${why}`;
        this.#failure = new Fault('failure', 'JOURNAL_FAILED', message, {}, error);
        throw this.#failure;
      }
    });
  }
}

function storedOf(line: Extract<Line, { line: 'stored' }>): StoredSegment {
  const { vault, code, k, m, cellBytes, stripes, lastCellBytes, fragments } = line;
  const roots = fragments.map(([root]) => root);
  return {
    segment: line.id,
    descriptor: { vault, code, k, m, cellBytes, stripes, lastCellBytes, roots },
    fragments,
  };
}

interface ReadLines {
  readonly lines: readonly Line[];
  /** The bytes of those lines. */
  readonly whole: Uint8Array;
  readonly torn: boolean;
}

/** Undefined when more than a last line is damaged: lines that are missing may have been about bytes that left. */
async function readLines(ports: JournalPorts, id: string): Promise<ReadLines | undefined> {
  const path = `${DIRECTORY}/${id}`;
  if (((await ports.files.stat(path))?.bytes ?? 0) > JOURNAL_BYTES_MAX) return undefined;
  const bytes = (await ports.files.readAll(path, JOURNAL_BYTES_MAX)) ?? new Uint8Array(0);
  const lines: Line[] = [];
  let at = 0;
  while (at < bytes.length) {
    const next = at + 4 <= bytes.length ? readLine(ports, { id, index: lines.length, bytes, at }) : undefined;
    if (next === undefined) break;
    lines.push(next.line);
    at = next.end;
  }
  if (!isTorn(bytes.subarray(at))) return undefined;
  return { lines, whole: bytes.subarray(0, at), torn: at < bytes.length };
}

/**
 * Whether this is what a crash leaves of one line, which was about bytes that had not left this machine: its beginning,
 * perhaps with zeros in place of bytes. Anything else is damage.
 */
function isTorn(rest: Uint8Array): boolean {
  if (rest.length <= 4) return true;
  const length = new DataView(rest.buffer, rest.byteOffset, 4).getUint32(0);
  if (rest.length > 4 + LINE_BYTES_MAX) return false;
  return 4 + length >= rest.length || rest.subarray(4).every((byte) => byte === 0);
}

function readLine(
  { vaultSecret }: JournalPorts,
  of: { readonly id: string; readonly index: number; readonly bytes: Uint8Array; readonly at: number },
): { readonly line: Line; readonly end: number } | undefined {
  const { id, index, bytes, at } = of;
  const length = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
  const end = at + 4 + length;
  if (length > LINE_BYTES_MAX || end > bytes.length) return undefined;
  try {
    const sealed = bytes.subarray(at + 4, end);
    const plain = openRecord({ vaultSecret, origin: originOfJournal(id), index, sealed });
    return { line: decodeCbor(lineSchema, plain, 'upload journal', LINE_BYTES_MAX), end };
  } catch {
    return undefined;
  }
}

/** Record keys are bound to a log's name; no log is called this. */
function originOfJournal(id: string): string {
  return `upload-journal/${id}`;
}

function ownerPath(id: string): string {
  return `${DIRECTORY}/${id}.owner`;
}

async function writeOwner(files: Files, id: string, owner: string): Promise<void> {
  await files.remove(ownerPath(id));
  const file = await files.create(ownerPath(id));
  await file.write(new TextEncoder().encode(owner));
  await file.close();
}

async function remove(files: Files, id: string): Promise<void> {
  await files.remove(`${DIRECTORY}/${id}`);
  await files.remove(ownerPath(id));
}
