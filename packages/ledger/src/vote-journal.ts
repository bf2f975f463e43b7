// The second memory of a voter: every vote, appended and fsynced to a file of its own before the signature leaves.
// A database restored from an old copy would contradict it; a voter whose two memories disagree must not vote again.

import {
  concat,
  type Crypto,
  decodeCbor,
  encodeCbor,
  equalBytes,
  Fault,
  type Files,
  Mutex,
  type OpenFile,
  replaceFile,
  shape,
  u32be,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';

const JOURNAL_BYTES_MAX = 268_435_456;
/** Rewritten at opening when larger: only the last vote of each log matters. */
const COMPACT_ABOVE_BYTES = 1_048_576;
/** Rewritten while running when it has grown by this since: read in half a second at opening, 40,000 votes of one fsync each. */
const COMPACT_GROWTH_BYTES = 8_388_608;
const CHECK_BYTES = 8;
/** Longest record: a vote of the longest origin. */
const RECORD_BYTES_MAX = 512;

const voteSchema = v.strictTuple([
  v.literal('vauban/vote/0'),
  shape.count(),
  shape.count(),
  shape.text(140),
  shape.count(),
  shape.bytes(32),
]);

export interface Vote {
  readonly epoch: number;
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

interface CountedVote extends Vote {
  readonly counter: number;
}

export class VoteJournal {
  readonly #crypto: Crypto;
  readonly #files: Files;
  readonly #path: string;
  readonly #last: Map<string, CountedVote>;
  readonly #lock = new Mutex();
  readonly #growthBytesMax: number;
  #file: OpenFile;
  #waiting: CountedVote[] = [];
  #grownBytes = 0;
  /** Highest counter given out; `#counter` is the highest on disk. */
  #given: number;
  #counter: number;
  #failure: Fault | undefined;

  private constructor(
    of: {
      readonly crypto: Crypto;
      readonly files: Files;
      readonly path: string;
      readonly growthBytesMax: number;
    },
    file: OpenFile,
    last: Map<string, CountedVote>,
    counter: number,
  ) {
    this.#crypto = of.crypto;
    this.#files = of.files;
    this.#path = of.path;
    this.#growthBytesMax = of.growthBytesMax;
    this.#file = file;
    this.#last = last;
    this.#given = counter;
    this.#counter = counter;
  }

  /** Creates the file together with the voting key. Fails when there is one already. */
  static async create(files: Files, path: string): Promise<void> {
    const file = await files.create(path);
    await file.write(frame(header));
    await file.sync();
    await file.close();
    await files.syncDirectory(directoryOf(path));
  }

  /**
   * Reads all votes; a torn tail was never signed and is cut off. `growthBytesMax`: rewritten when grown by as much.
   * Faults: VOTE_HISTORY_MISSING, VOTE_HISTORY_CORRUPT.
   */
  static async open(
    files: Files,
    path: string,
    crypto: Crypto,
    growthBytesMax: number = COMPACT_GROWTH_BYTES,
  ): Promise<VoteJournal> {
    const bytes = await files.readAll(path, JOURNAL_BYTES_MAX);
    if (bytes === undefined) {
      throw new Fault('refused', 'VOTE_HISTORY_MISSING', `the vote history ${path} is missing`, { path });
    }
    const { votes, tornBytes } = parse(bytes, crypto);
    const last = new Map<string, CountedVote>();
    for (const vote of votes) last.set(vote.origin, vote);
    if (bytes.length > COMPACT_ABOVE_BYTES || tornBytes > 0) {
      await rewrite(files, path, { crypto, votes: [...last.values()] });
    }
    const of = { crypto, files, path, growthBytesMax };
    return new VoteJournal(of, await files.append(path, 'synced'), last, votes.at(-1)?.counter ?? 0);
  }

  /** How many votes this key has cast, durable ones only: what others are told to remember. Only grows. */
  get counter(): number {
    return this.#counter;
  }

  last(origin: string): Vote | undefined {
    return this.#last.get(origin);
  }

  votes(): readonly Vote[] {
    return [...this.#last.values()];
  }

  /**
   * Durable before it resolves; returns the vote's counter. Votes cast while one fsync runs share the next.
   * After a failed write nobody knows what the file holds: every later vote is refused too. Faults: VOTE_HISTORY_FAILED.
   */
  async cast(vote: Vote): Promise<number> {
    const { epoch, origin, size, root } = vote;
    this.#given += 1;
    const counted = { counter: this.#given, epoch, origin, size, root };
    this.#waiting.push(counted);
    await this.#lock.run(() => this.#flush());
    return counted.counter;
  }

  close(): Promise<void> {
    return this.#lock.run(() => this.#file.close());
  }

  /** Closes it for good: its epoch is over, and votes that come too late are refused. */
  retire(): Promise<void> {
    this.#failure ??= new Fault('refused', 'EPOCH_OPENING', 'the epoch of this vote is over', {});
    return this.close();
  }

  async #flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const votes = this.#waiting;
    const newest = votes.at(-1);
    if (newest === undefined) return;
    this.#waiting = [];
    try {
      const bytes = concat(...votes.map((vote) => frame(encodeVote(vote), this.#crypto)));
      await this.#file.write(bytes);
      await this.#file.sync();
      for (const vote of votes) this.#last.set(vote.origin, vote);
      this.#counter = newest.counter;
      this.#grownBytes += bytes.length;
      if (this.#grownBytes > this.#growthBytesMax) await this.#compact();
    } catch (error) {
      this.#failure = new Fault(
        'failure',
        'VOTE_HISTORY_FAILED',
        `the vote history ${this.#path} could not be written: check the disk, then start again`,
        { path: this.#path },
        error,
      );
      throw this.#failure;
    }
  }

  async #compact(): Promise<void> {
    await this.#file.close();
    await rewrite(this.#files, this.#path, { crypto: this.#crypto, votes: [...this.#last.values()] });
    this.#file = await this.#files.append(this.#path, 'synced');
    this.#grownBytes = 0;
  }
}

const header = utf8('vauban/vote-journal/0\n');

function encodeVote(vote: CountedVote): Uint8Array {
  return encodeCbor(['vauban/vote/0', vote.counter, vote.epoch, vote.origin, vote.size, vote.root]);
}

/** u32 length ‖ check ‖ record; the header record has no check. */
function frame(record: Uint8Array, crypto?: Crypto): Uint8Array {
  const check =
    crypto === undefined ? new Uint8Array(CHECK_BYTES) : crypto.sha256(record).subarray(0, CHECK_BYTES);
  return concat(u32be(record.length), check, record);
}

function parse(bytes: Uint8Array, crypto: Crypto): { votes: CountedVote[]; tornBytes: number } {
  const votes: CountedVote[] = [];
  const first = recordAt(bytes, 0);
  if (first === undefined || !equalBytes(first, header)) {
    throw new Fault('integrity', 'VOTE_HISTORY_CORRUPT', 'the vote history has no header', {});
  }
  let at = frameBytes(first);
  while (at < bytes.length) {
    const record = wholeAt(bytes, at, crypto);
    const vote = record === undefined ? undefined : decodeVote(record);
    const follows = vote !== undefined && vote.counter > (votes.at(-1)?.counter ?? 0);
    if (record === undefined ? anyWholeAfter(bytes, at, crypto) : !follows) {
      throw new Fault('integrity', 'VOTE_HISTORY_CORRUPT', `the vote history is damaged at byte ${at}`, {
        at,
      });
    }
    if (record === undefined || vote === undefined) break;
    votes.push(vote);
    at += frameBytes(record);
  }
  return { votes, tornBytes: bytes.length - at };
}

function frameBytes(record: Uint8Array): number {
  return 4 + CHECK_BYTES + record.length;
}

function recordAt(bytes: Uint8Array, at: number): Uint8Array | undefined {
  const start = at + 4 + CHECK_BYTES;
  if (start > bytes.length) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
  if (length > RECORD_BYTES_MAX || start + length > bytes.length) return undefined;
  return bytes.subarray(start, start + length);
}

function wholeAt(bytes: Uint8Array, at: number, crypto: Crypto): Uint8Array | undefined {
  const record = recordAt(bytes, at);
  if (record === undefined) return undefined;
  const check = crypto.sha256(record).subarray(0, CHECK_BYTES);
  return equalBytes(check, bytes.subarray(at + 4, at + 4 + CHECK_BYTES)) ? record : undefined;
}

/** A write that power cut short leaves no whole record behind it; damage in what had been synced does. */
function anyWholeAfter(bytes: Uint8Array, at: number, crypto: Crypto): boolean {
  for (let next = at + 1; next < bytes.length; next++) {
    if (wholeAt(bytes, next, crypto) !== undefined) return true;
  }
  return false;
}

function decodeVote(record: Uint8Array): CountedVote {
  const [, counter, epoch, origin, size, root] = decodeCbor(voteSchema, record, 'vote', RECORD_BYTES_MAX);
  return { counter, epoch, origin, size, root };
}

function rewrite(
  files: Files,
  path: string,
  of: { readonly crypto: Crypto; readonly votes: readonly CountedVote[] },
): Promise<void> {
  const ordered = of.votes.toSorted((a, b) => a.counter - b.counter);
  const frames = ordered.map((vote) => frame(encodeVote(vote), of.crypto));
  return replaceFile(files, path, frame(header), ...frames);
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
