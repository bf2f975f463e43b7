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
  type OpenFile,
  shape,
  u32be,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';

const JOURNAL_BYTES_MAX = 268_435_456;
/** Rewritten at opening when larger: only the last vote of each log matters. */
const COMPACT_ABOVE_BYTES = 1_048_576;
const CHECK_BYTES = 8;

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
  readonly #file: OpenFile;
  readonly #last: Map<string, CountedVote>;
  #counter: number;

  private constructor(crypto: Crypto, file: OpenFile, last: Map<string, CountedVote>, counter: number) {
    this.#crypto = crypto;
    this.#file = file;
    this.#last = last;
    this.#counter = counter;
  }

  /** Creates the file together with the voting key. Fails when there is one already. */
  static async create(files: Files, path: string): Promise<void> {
    const file = await files.create(path);
    await file.write(frame(header));
    await file.sync();
    await file.close();
    await files.syncDirectory('');
  }

  /**
   * Reads all votes; a torn last record was never signed and is cut off.
   * Faults: VOTE_HISTORY_MISSING, VOTE_HISTORY_CORRUPT.
   */
  static async open(files: Files, path: string, crypto: Crypto): Promise<VoteJournal> {
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
    return new VoteJournal(crypto, await files.append(path), last, votes.at(-1)?.counter ?? 0);
  }

  /** How many votes this key has cast: only grows. */
  get counter(): number {
    return this.#counter;
  }

  last(origin: string): Vote | undefined {
    return this.#last.get(origin);
  }

  votes(): readonly Vote[] {
    return [...this.#last.values()];
  }

  /** Durable before it resolves; returns the vote's counter. */
  async cast(vote: Vote): Promise<number> {
    const counted = { ...vote, counter: this.#counter + 1 };
    this.#counter = counted.counter;
    await this.#file.write(frame(encodeVote(counted), this.#crypto));
    await this.#file.sync();
    this.#last.set(vote.origin, counted);
    return counted.counter;
  }

  async close(): Promise<void> {
    await this.#file.close();
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let nth = 0; at < bytes.length; nth++) {
    const start = at + 4 + CHECK_BYTES;
    const end = start <= bytes.length ? start + view.getUint32(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) break;
    const record = bytes.subarray(start, end);
    const whole =
      nth === 0
        ? equalBytes(record, header)
        : equalBytes(crypto.sha256(record).subarray(0, CHECK_BYTES), bytes.subarray(at + 4, start));
    if (!whole) {
      if (end === bytes.length && nth > 0) break;
      throw new Fault('integrity', 'VOTE_HISTORY_CORRUPT', `the vote history is damaged at byte ${at}`, {
        at,
      });
    }
    if (nth > 0) votes.push(decodeVote(record));
    at = end;
  }
  if (at === 0) throw new Fault('integrity', 'VOTE_HISTORY_CORRUPT', 'the vote history has no header', {});
  return { votes, tornBytes: bytes.length - at };
}

function decodeVote(record: Uint8Array): CountedVote {
  const [, counter, epoch, origin, size, root] = decodeCbor(voteSchema, record, 'vote', 512);
  return { counter, epoch, origin, size, root };
}

async function rewrite(
  files: Files,
  path: string,
  of: { readonly crypto: Crypto; readonly votes: readonly CountedVote[] },
): Promise<void> {
  const temporary = `${path}.new`;
  await files.remove(temporary);
  const file = await files.create(temporary);
  await file.write(frame(header));
  const ordered = of.votes.toSorted((a, b) => a.counter - b.counter);
  for (const vote of ordered) await file.write(frame(encodeVote(vote), of.crypto));
  await file.sync();
  await file.close();
  await files.rename(temporary, path);
  await files.syncDirectory('');
}
