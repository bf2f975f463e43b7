// Deleting and its undoing: tombstones, and with them the claims that nothing needs any more; the same version written
// again, with a new claim on its segments, while that is still possible (docs: undo window is the charter's grace).

import { assert, Fault, isFault, type Policy, toHex } from '@vauban/core';
import { newContentId, type ObjectChange, type ObjectDelete, type ObjectWrite } from '@vauban/seal';
import type { Catalog, CatalogVersion, RemovedVersion } from './catalog.ts';
import { keepEntries, type Releasable, releasable, releaseEntries } from './claims.ts';
import type { Batch } from './committer.ts';
import { withoutFailed } from './failed-holder.ts';
import { bytesOf } from './pack-builder.ts';
import { type CommitOptions, commitOne } from './put.ts';
import type { VaultStateDoor } from './vault-state.ts';

/** Changes of one entry: its record takes 48 KiB, and this is reckoned generously. */
const CHANGES_BYTES = 40_000;
/** Format. Versions that one delete names. */
const VERSIONS_MAX = 256;
/** Entries of claims given up in one append, 50 kB each. */
const RELEASES_AT_ONCE = 8;

export interface RemovalOptions extends Omit<CommitOptions, 'policy' | 'signal'> {
  readonly policy: () => Policy;
  readonly door: VaultStateDoor;
  readonly catalog: Catalog;
  /** Whether this device may give up claims, or only hide. */
  readonly mayRelease: boolean;
}

/** What was given up, and what could not be. */
export interface Released {
  readonly claims: number;
  /** A policy keeps something that nobody needs until then; null when all of it is given up. */
  readonly retainedUntil: number | null;
  readonly mayRelease: boolean;
}

export interface Removed extends Released {
  readonly objects: readonly CatalogVersion[];
  /** Until then `undelete` brings them back, in milliseconds. */
  readonly undoUntil: number;
}

export interface Undoable extends RemovedVersion {
  /** Until then it can be brought back. */
  readonly until: number;
}

/** Deletes what is at a path and below it, and gives up the claims that nothing else needs. Nothing there: nothing done. */
export async function remove(options: RemovalOptions, path: string): Promise<Removed> {
  const { catalog, committer, clock, charter } = options;
  const objects = catalog.below(path);
  const deletes = objects.flatMap(({ write }) => tombstones(catalog, write.path));
  const names = new Set(deletes.flatMap(({ versions }) => versions.map(toHex)));
  const given = await look(options, names);
  const batches = inRecords(deletes).map((changes): Batch => ({ places: [], changes, index: null }));
  const last = batches.pop();
  for (const batch of batches) await committer.commit(batch);
  const released = last === undefined ? nothing(options) : await giveUp(options, given, last);
  const undoUntil = clock.now() + charter().durations.eraseGraceMs;
  return { ...released, objects, undoUntil };
}

/** Gives up what nothing needs and nothing retains any more: what a deletion had to leave, and what failed then. */
export async function tidy(options: RemovalOptions): Promise<Released> {
  return giveUp(options, await look(options), undefined);
}

/** Names every version the path ever had: what is read from a pack that is erased later must not come alive again. */
function tombstones(catalog: Catalog, path: string): ObjectDelete[] {
  const versions = catalog
    .everAt(path)
    .map(({ write }) => write.version)
    .filter((version) => !catalog.isDeleted(version));
  const deletes: ObjectDelete[] = [];
  for (let from = 0; from < versions.length; from += VERSIONS_MAX) {
    deletes.push({ kind: 'delete', path, versions: versions.slice(from, from + VERSIONS_MAX) });
  }
  return deletes;
}

function look(options: RemovalOptions, also?: ReadonlySet<string>): Promise<Releasable> {
  const { catalog, door, vault, clock, mayRelease } = options;
  const unused = mayRelease ? catalog.unused(also) : [];
  if (unused.length === 0) return Promise.resolve({ claims: [], retainedUntil: null });
  return door.within((state) => releasable(state, { vault, unused, now: clock.now() }));
}

const nothing = ({ mayRelease }: RemovalOptions): Released => ({
  claims: 0,
  retainedUntil: null,
  mayRelease,
});

/** Commits `first`, and claims given up with it, in one append as far as that goes. */
async function giveUp(
  options: RemovalOptions,
  given: Releasable,
  first: Batch | undefined,
): Promise<Released> {
  const { committer, mayRelease } = options;
  const { claims, retainedUntil } = given;
  const releases = releaseEntries(claims);
  const none: Batch = { places: [], changes: [], index: null };
  try {
    const together = releases.splice(0, RELEASES_AT_ONCE);
    if (first !== undefined || together.length > 0) {
      await committer.commit({ ...(first ?? none), releases: together });
    }
    while (releases.length > 0) {
      await committer.commit({ ...none, releases: releases.splice(0, RELEASES_AT_ONCE) });
    }
  } catch (error) {
    // This clock is ahead of a hoster's: it is hidden now, and given up by whatever is written next.
    if (!isFault(error, 'RETENTION_RUNNING')) throw error;
    if (first !== undefined) await committer.commit(first);
    return { claims: 0, retainedUntil: Number(error.facts['until']), mayRelease };
  }
  return { claims: claims.length, retainedUntil, mayRelease };
}

/** What was deleted and can still be brought back: paths that begin with the text, in order. */
export function undoable(
  options: Pick<RemovalOptions, 'catalog' | 'charter' | 'clock'>,
  prefix: string,
): Undoable[] {
  const { catalog, charter, clock } = options;
  const graceMs = charter().durations.eraseGraceMs;
  const now = clock.now();
  return catalog
    .everBelow('')
    .filter((path) => path.startsWith(prefix))
    .flatMap((path) => catalog.removed(path).slice(0, 1))
    .map((one) => ({ ...one, until: one.deletedAt + graceMs }))
    .filter(({ until }) => until > now)
    .sort((a, b) => (a.version.write.path < b.version.write.path ? -1 : 1));
}

/**
 * Brings back what was deleted at a path and below it, as far as that is possible; resolves with what came back. Faults:
 * NOT_DELETED, UNDO_OVER {deletedAt, until}.
 */
export async function undelete(
  options: RemovalOptions,
  path: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly Undoable[]> {
  const { catalog, charter, clock } = options;
  const paths = catalog.everBelow(path);
  const removed = paths.flatMap((one) => catalog.removed(one).slice(0, 1));
  if (removed.length === 0) {
    const message =
      catalog.below(path).length > 0
        ? `${path} is there: nothing was deleted`
        : `nothing was ever deleted at ${path}`;
    throw new Fault('refused', 'NOT_DELETED', message, { path });
  }
  const graceMs = charter().durations.eraseGraceMs;
  const back = removed
    .map((one) => ({ ...one, until: one.deletedAt + graceMs }))
    .filter(({ until }) => until > clock.now());
  if (back.length === 0)
    throw undoOver(path, { deletedAt: Math.max(...removed.map((one) => one.deletedAt)), graceMs });
  try {
    await writeAgain(options, back, signal);
  } catch (error) {
    // Hosters counted from when they got the deletion, by clocks of their own.
    if (!isFault(error, 'SEGMENT_PURGED')) throw error;
    throw undoOver(path, { deletedAt: Math.max(...back.map((one) => one.deletedAt)), graceMs });
  }
  return back;
}

async function writeAgain(
  options: RemovalOptions,
  back: readonly RemovedVersion[],
  signal: AbortSignal,
): Promise<void> {
  const { catalog, committer, random } = options;
  const kept = new Set<string>();
  // Claimed anew in any case: another device may be giving the old claim up at this moment.
  const keepOnce = (segments: readonly Uint8Array[]) => {
    const [first] = segments;
    if (first === undefined || kept.has(toHex(first))) return [];
    kept.add(toHex(first));
    return keepEntries(segments);
  };
  const writes = back.map(({ version }): ObjectWrite => {
    const { path } = version.write;
    const parents = catalog.removed(path).map((one) => one.version.write.version);
    return { ...inItsPack(version), version: newContentId(random), parents: parents.slice(0, VERSIONS_MAX) };
  });
  for (const changes of inRecords(writes)) {
    const [first] = changes;
    const places = changes.flatMap((one) => keepOnce(contentSegments(one)));
    if (changes.length > 1 || first === undefined) await committer.commit({ places, changes, index: null });
    else {
      const committing = { ...options, policy: options.policy(), signal };
      await withoutFailed(options.writer, () => commitOne(committing, { change: first, claims: places }));
    }
  }
}

/** The write, its content's pack named: an index need not name the one it lies in. */
function inItsPack({ write, pack }: CatalogVersion): ObjectWrite {
  const { content } = write;
  if (content === undefined || 'segments' in content.in || content.in.pack !== null) return write;
  assert(pack !== null, 'an index lies in a pack');
  return { ...write, content: { ...content, in: { ...content.in, pack } } };
}

function contentSegments({ content }: ObjectWrite): readonly Uint8Array[] {
  if (content === undefined) return [];
  if ('segments' in content.in) return content.in.segments.map(({ id }) => id);
  return content.in.pack === null ? [] : [content.in.pack];
}

/** In order, as many to an entry as its record takes. */
function inRecords<Change extends ObjectChange>(changes: readonly Change[]): Change[][] {
  const records: Change[][] = [];
  let bytes = 0;
  for (const change of changes) {
    const record = records.at(-1);
    bytes += bytesOf(change);
    if (record !== undefined && bytes <= CHANGES_BYTES) record.push(change);
    else {
      records.push([change]);
      bytes = bytesOf(change);
    }
  }
  return records;
}

function undoOver(path: string, of: { readonly deletedAt: number; readonly graceMs: number }): Fault {
  const until = of.deletedAt + of.graceMs;
  const message = `${path} was deleted on ${new Date(of.deletedAt).toISOString()} and could be brought back until ${new Date(until).toISOString()}`;
  return new Fault('refused', 'UNDO_OVER', message, { path, deletedAt: of.deletedAt, until });
}
