// Restoring objects: segments fetched ahead of the one being written, opened frame by frame, hashed as a whole at the
// end. Nothing unverified is ever given out, and a file appears under its name only when it is whole.

import { asFault, type Crypto, equalBytes, Fault, toHex } from '@vauban/core';
import type { Place } from '@vauban/ledger';
import { openFrames, sealedBytes, segmentKey, type SealedContent } from '@vauban/seal';
import type { CatalogVersion } from './catalog.ts';
import type { LocalTarget } from './local-tree.ts';
import type { FindPlace, SegmentSource } from './segment-source.ts';
import type { Turns } from './turns.ts';

export interface GetOptions {
  readonly crypto: Crypto;
  readonly source: SegmentSource;
  readonly find: FindPlace;
  /** Bounds the segments in memory. */
  readonly turns: Turns;
  readonly progress: (bytes: number) => void;
  readonly signal: AbortSignal;
}

export interface GotObject {
  readonly path: string;
  readonly size: number;
  /** Hex; of files. */
  readonly sha256: string | null;
}

export interface GetResult {
  readonly objects: readonly GotObject[];
  readonly problems: readonly { readonly path: string; readonly fault: Fault }[];
  readonly bytes: number;
}

/** From so many wanted bytes on a pack is read whole: range by range would ask for more leaves than it has. */
const WHOLE_PACK_BYTES = 2 * 1_048_576;
/** Segments of one object on their way at once. */
const AHEAD = 3;

/** Where an object's plaintext goes. */
type Sink = (bytes: Uint8Array) => Promise<void>;

/**
 * Restores versions into the target under the names given. One object that cannot be had is a problem of its own; the
 * others go on. Faults (at once): interruption, and what the target's disk says.
 */
export async function restore(
  options: GetOptions,
  wanted: readonly { readonly version: CatalogVersion; readonly as: string }[],
  target: LocalTarget,
): Promise<GetResult> {
  const objects: GotObject[] = [];
  const problems: { path: string; fault: Fault }[] = [];
  const ordered = byPack(wanted);
  const wantedOfPack = bytesByPack(ordered);
  for (const { version, as } of ordered) {
    options.signal.throwIfAborted();
    const { write } = version;
    try {
      if (write.kind === 'directory') await target.directory(as, write);
      else if (write.kind === 'symlink') await target.symlink(as, write.target ?? '', write);
      else await restoreFile(options, { version, as, wholePack: wholePack(version, wantedOfPack) }, target);
      objects.push({
        path: write.path,
        size: write.size,
        sha256: write.sha256 === undefined ? null : toHex(write.sha256),
      });
    } catch (error) {
      if (options.signal.aborted) throw options.signal.reason;
      problems.push({ path: write.path, fault: asFault(error) });
    }
  }
  objects.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { objects, problems, bytes: objects.reduce((sum, one) => sum + one.size, 0) };
}

async function restoreFile(
  options: GetOptions,
  of: { readonly version: CatalogVersion; readonly as: string; readonly wholePack: boolean },
  target: LocalTarget,
): Promise<void> {
  const { mode, modified } = of.version.write;
  const writer = await target.file(of.as, { mode, modified });
  try {
    await readObject(options, of, (bytes) => {
      options.progress(bytes.length);
      return writer.write(bytes);
    });
    await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/**
 * Streams an object's plaintext in order and checks its hash. Faults: FRAGMENTS_MISSING, FRAME_FORGED,
 * CONTENT_MISMATCH (integrity).
 */
export async function readObject(
  options: GetOptions,
  of: { readonly version: CatalogVersion; readonly wholePack: boolean },
  sink: Sink,
): Promise<void> {
  const { write } = of.version;
  const { content } = write;
  const hasher = options.crypto.sha256Stream();
  const hashed: Sink = (bytes) => {
    hasher.update(bytes);
    return sink(bytes);
  };
  if (content !== undefined) {
    if ('segments' in content.in) await readSegments(options, content, hashed);
    else await readPacked(options, { ...of, content }, hashed);
  }
  if (write.sha256 !== undefined && !equalBytes(hasher.digest(), write.sha256)) {
    throw new Fault(
      'integrity',
      'CONTENT_MISMATCH',
      `${write.path} does not have the content it was stored with`,
      {
        path: write.path,
      },
    );
  }
}

async function readPacked(
  options: GetOptions,
  of: { readonly version: CatalogVersion; readonly content: SealedContent; readonly wholePack: boolean },
  sink: Sink,
): Promise<void> {
  const { crypto, source, find, signal } = options;
  const { content, version } = of;
  const size = version.write.size;
  const place = 'pack' in content.in ? { ...content.in, pack: content.in.pack ?? version.pack } : content.in;
  const sealed = await source.content({ in: place }, sealedBytes(size), find, {
    wholePack: of.wholePack,
    signal,
  });
  const plain = new Uint8Array(size);
  openFrames(crypto, segmentKey(content.key, { content: content.content, segment: 0 }), sealed, plain);
  await sink(plain);
}

async function readSegments(options: GetOptions, content: SealedContent, sink: Sink): Promise<void> {
  const { crypto, source, find, turns, signal } = options;
  const segments = 'segments' in content.in ? content.in.segments : [];
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const bring = async (nth: number) => {
    const { id, bytes } = segments[nth] as { id: Uint8Array; bytes: number };
    // Before anything is waited for, so that the turns come in the order of the segments: whoever is read next never
    // waits for those read later.
    const turn = await turns.take(both);
    try {
      const place: Place = await find(id);
      const sealed = turn.room(sealedBytes(bytes));
      await source.segment(place, { offset: 0, into: sealed, signal: both });
      return { turn, sealed, bytes };
    } catch (error) {
      turn.giveBack();
      throw error;
    }
  };
  const underWay: Promise<Awaited<ReturnType<typeof bring>>>[] = [];
  let next = 0;
  let plain = new Uint8Array(0);
  try {
    for (let nth = 0; nth < segments.length; nth++) {
      while (next < segments.length && next < nth + AHEAD) {
        const started = bring(next);
        started.catch(() => undefined);
        underWay.push(started);
        next += 1;
      }
      const { turn, sealed, bytes } = await (underWay[nth] as Promise<Awaited<ReturnType<typeof bring>>>);
      if (plain.length < bytes) plain = new Uint8Array(bytes);
      const into = plain.subarray(0, bytes);
      try {
        openFrames(crypto, segmentKey(content.key, { content: content.content, segment: nth }), sealed, into);
      } finally {
        turn.giveBack();
      }
      await sink(into);
    }
  } catch (error) {
    stop.abort(error);
    for (const started of underWay.splice(0))
      await started.then(
        ({ turn }) => turn.giveBack(),
        () => undefined,
      );
    throw error;
  }
}

/** Objects of one pack together, in the order they lie in it: each pack is fetched once. */
function byPack<Wanted extends { readonly version: CatalogVersion }>(wanted: readonly Wanted[]): Wanted[] {
  const key = ({ version }: Wanted): readonly [string, number] => {
    const pack = packOf(version);
    const place = version.write.content?.in;
    return [pack ?? '', place !== undefined && 'offset' in place ? place.offset : 0];
  };
  return wanted.toSorted((a, b) => {
    const [packA, offsetA] = key(a);
    const [packB, offsetB] = key(b);
    return packA === packB ? offsetA - offsetB : packA < packB ? -1 : 1;
  });
}

function packOf({ write, pack }: CatalogVersion): string | undefined {
  const place = write.content?.in;
  if (place === undefined || 'segments' in place) return undefined;
  const named = place.pack ?? pack;
  return named === null ? undefined : toHex(named);
}

function bytesByPack(wanted: readonly { readonly version: CatalogVersion }[]): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const { version } of wanted) {
    const pack = packOf(version);
    if (pack !== undefined) bytes.set(pack, (bytes.get(pack) ?? 0) + version.write.size);
  }
  return bytes;
}

function wholePack(version: CatalogVersion, wanted: ReadonlyMap<string, number>): boolean {
  const pack = packOf(version);
  return pack !== undefined && (wanted.get(pack) ?? 0) > WHOLE_PACK_BYTES;
}
