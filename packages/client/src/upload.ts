// One large file on its way in: read, sealed and stored segment by segment, several at a time in bounded memory, with
// a journal that lets the next run go on where this one stopped.

import {
  type Charter,
  type Clock,
  type Crypto,
  concat,
  Fault,
  type Policy,
  type Random,
  toHex,
  u32be,
} from '@vauban/core';
import type { Payload } from '@vauban/ledger';
import {
  FRAME_PLAIN_BYTES,
  newContentId,
  newDataKey,
  type SealedContent,
  sealedBytes,
  sealFrames,
  segmentKey,
} from '@vauban/seal';
import type { LocalEntry, LocalSource } from './local-tree.ts';
import type { SegmentWriter } from './segment-writer.ts';
import { type JournalPorts, type StoredSegment, UploadJournal, type UploadStart } from './upload-journal.ts';
import type { Turns } from './turns.ts';

export interface UploadOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charter: () => Charter;
  readonly policy: Policy;
  readonly vault: Uint8Array;
  readonly writer: SegmentWriter;
  /** Bounds the segments in memory, over all uploads of this process. */
  readonly turns: Turns;
  readonly journals: JournalPorts;
  /** Runs while no other process looks for a journal to take over. */
  readonly exclusively: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly progress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

export interface Uploaded {
  readonly content: SealedContent;
  readonly sha256: Uint8Array;
  readonly size: number;
  readonly places: readonly Extract<Payload, { kind: 'place' }>[];
  /** Fragment bytes handed to the network by this run. */
  readonly sentBytes: number;
  /** To be called once the upload is in the ledger. */
  readonly done: () => Promise<void>;
  /** To be called when it could not be written there: the next run goes on from here. */
  readonly later: () => Promise<void>;
}

/** Faults: SOURCE_CHANGED, TOO_FEW_SITES, and what reading or storing says. */
export async function uploadFile(
  options: UploadOptions,
  source: LocalSource,
  of: { readonly entry: LocalEntry; readonly path: string },
): Promise<Uploaded> {
  for (;;) {
    const journal = await openJournal(options, source, of);
    try {
      return await run(options, source, { ...of, journal });
    } catch (error) {
      // Again and again when several runs left journals: each goes, and a new one has spent nothing.
      if (error instanceof KeysSpent) {
        await journal.discard();
        continue;
      }
      if (error instanceof Fault && error.code === 'SOURCE_CHANGED') await journal.discard();
      else await journal.release();
      throw error;
    }
  }
}

/** The source no longer gives the bytes that these keys sealed before: start again with fresh keys. */
class KeysSpent extends Error {}

/** The vault has this file already: what an interrupted upload of it left behind holds keys, and goes. */
export async function forgetUpload(
  options: UploadOptions,
  source: LocalSource,
  of: { readonly entry: LocalEntry; readonly path: string },
): Promise<void> {
  const { exclusively, journals } = options;
  const left = await exclusively(() => UploadJournal.resume(journals, factsOf(options, source, of)));
  await left?.discard();
}

function openJournal(
  options: UploadOptions,
  source: LocalSource,
  of: { readonly entry: LocalEntry; readonly path: string },
): Promise<UploadJournal> {
  const { journals, random } = options;
  const facts = factsOf(options, source, of);
  return options.exclusively(async () => {
    const found = await UploadJournal.resume(journals, facts);
    if (found !== undefined) return found;
    return UploadJournal.begin(journals, {
      ...facts,
      content: newContentId(random),
      key: newDataKey(random),
    });
  });
}

function factsOf(
  { policy }: UploadOptions,
  source: LocalSource,
  { entry, path }: { readonly entry: LocalEntry; readonly path: string },
): Pick<UploadStart, 'source' | 'path' | 'size' | 'modified' | 'policy'> {
  return {
    source: `${source.name}/${entry.path}`,
    path,
    size: entry.size,
    modified: entry.modified,
    policy: policy.name,
  };
}

async function run(
  options: UploadOptions,
  source: LocalSource,
  of: { readonly entry: LocalEntry; readonly path: string; readonly journal: UploadJournal },
): Promise<Uploaded> {
  const { crypto, policy, turns, signal } = options;
  const { entry, journal } = of;
  const plainMax = policy.segmentFrames * FRAME_PLAIN_BYTES;
  const segments = Math.ceil(entry.size / plainMax);
  const stored: (StoredSegment | undefined)[] = new Array(segments).fill(undefined);
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const underWay: Promise<void>[] = [];
  let sentBytes = 0;
  const hasher = crypto.sha256Stream();
  const reader = await source.open(entry);
  const plain = new Uint8Array(Math.min(plainMax, entry.size));
  try {
    for (let segment = 0; segment < segments; segment++) {
      const turn = await turns.take(stop);
      try {
        const bytes = plain.subarray(0, Math.min(plainMax, entry.size - segment * plainMax));
        if ((await reader.read(bytes)) < bytes.length) throw changed(of.path);
        hasher.update(bytes);
        const sealed = turn.room(sealedBytes(bytes.length));
        const key = segmentKey(journal.start.key, { content: journal.start.content, segment });
        const tags = sealFrames(crypto, key, bytes, sealed);
        if (!journal.agrees(segment, tags)) throw new KeysSpent();
        const before = journal.stored.get(segment);
        if (!journal.sealed.has(segment)) await journal.noteSealed(segment, tags);
        const storing = store(options, { journal, segment, sealed, before, signal: stop })
          .then(({ sentBytes: sent, ...result }) => {
            stored[segment] = result;
            sentBytes += sent;
            options.progress(bytes.length);
          })
          .catch((error: unknown) => {
            failed.abort(error);
            throw error;
          })
          .finally(() => turn.giveBack());
        storing.catch(() => undefined);
        underWay.push(storing);
      } catch (error) {
        turn.giveBack();
        throw error;
      }
    }
    const beyond = await reader.read(plain.subarray(0, 1));
    const now = await reader.stamp();
    if (beyond > 0 || now.size !== entry.size || now.modified !== entry.modified) throw changed(of.path);
    await Promise.all(underWay);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(underWay);
    throw failed.signal.reason instanceof Fault && !(error instanceof Fault) && !(error instanceof KeysSpent)
      ? failed.signal.reason
      : error;
  } finally {
    await reader.close();
  }
  const whole = stored as StoredSegment[];
  return {
    content: {
      content: journal.start.content,
      key: journal.start.key,
      in: {
        segments: whole.map(({ segment: id }, nth) => ({
          id,
          bytes: Math.min(plainMax, entry.size - nth * plainMax),
        })),
      },
    },
    sha256: hasher.digest(),
    size: entry.size,
    sentBytes,
    places: whole.map((one) => placePayload(options, one)),
    done: () => journal.discard(),
    later: () => journal.release(),
  };
}

async function store(
  options: UploadOptions,
  of: {
    readonly journal: UploadJournal;
    readonly segment: number;
    readonly sealed: Uint8Array;
    readonly before: StoredSegment | undefined;
    readonly signal: AbortSignal;
  },
): Promise<StoredSegment & { readonly sentBytes: number }> {
  const { writer, vault, policy, crypto } = options;
  const { journal, segment, sealed, before } = of;
  const seed = crypto.sha256(concat(journal.start.content, u32be(segment)));
  const result = await writer.store({
    vault,
    policy,
    sealed,
    seed,
    ...(before === undefined ? {} : { known: before }),
    signal: of.signal,
  });
  const now = { segment: result.segment, descriptor: result.descriptor, fragments: result.fragments };
  if (before === undefined || toHex(before.segment) !== toHex(now.segment))
    await journal.noteStored(segment, now);
  return { ...now, sentBytes: result.sentBytes };
}

/** What the ledger says of a stored segment. */
export function placePayload(
  options: Pick<UploadOptions, 'charter' | 'vault'>,
  of: StoredSegment,
): Extract<Payload, { kind: 'place' }> {
  const { code, k, m, cellBytes, stripes, lastCellBytes } = of.descriptor;
  return {
    kind: 'place',
    segment: of.segment,
    charter: options.charter().version,
    vault: options.vault,
    code,
    k,
    m,
    cellBytes,
    stripes,
    lastCellBytes,
    // Counted from when the entry is written, which the committer alone knows.
    retainUntil: 0,
    fragments: of.fragments.map((fragment) => fragment),
  };
}

function changed(path: string): Fault {
  return new Fault('failure', 'SOURCE_CHANGED', `${path} changed while it was read; it was not stored`, {
    path,
  });
}
