// Gathering a proof's evidence from a reader's own copy of the logs: which entries speak of the segments, which
// certificate covers each soonest, and the audit paths. Reads the store, writes nothing.

import { type Charter, type Crypto, Fault, toHex } from '@vauban/core';
import type { CharterChain } from './charter-log.ts';
import { openCertificate, readHead } from './checkpoint.ts';
import { type ClaimName, decodeEntry, leafHashOf, type OpenEntry } from './entry.ts';
import { genesisOf, type HeldLogs } from './held-logs.ts';
import { fewestCosignatures, provenCharters } from './proof-charter.ts';
import type { ProofEntry, ProofEvidence, ProofHead } from './proof-evidence.ts';
import { AuditPaths } from './proof-paths.ts';
import { placeIn } from './proof-segments.ts';
import { openRootNote } from './root-note.ts';
import { isVoided, releasesOf, segmentEntries } from './segment-index.ts';
import { type Writer, writerUnder } from './writer.ts';

/** Later entries shown so that none of them can be a void: a proof grows by at most about 40 kB for it. */
const TAIL_MAX = 256;
/** Entries read at once. */
const PAGE = 512;

export interface GatherOptions {
  readonly crypto: Crypto;
  readonly logs: HeldLogs;
  readonly charters: CharterChain;
  readonly segments: readonly Uint8Array[];
  /** State as of this moment, in milliseconds: entries dated later are left out. */
  readonly at: number;
  readonly label?: string;
  /** Where fragments stood, unless it is about what was given up and erased. */
  readonly about?: 'deletion';
  /** A certified head that covers an entry, the smaller the better; the newest known unless told. */
  readonly covering?: (of: ClaimName) => Promise<Covered | undefined>;
}

export interface Covered {
  readonly size: number;
  readonly certificate: string;
}

/**
 * Evidence of where the segments' fragments stood. Faults: NOTHING_RECORDED when a segment was not placed by then, or
 * its place is not certified; STORE_CORRUPT.
 */
export async function gatherEvidence(options: GatherOptions): Promise<ProofEvidence> {
  const { crypto, charters, at } = options;
  const wanted = await entriesAbout(options);
  const heads: ProofHead[] = [];
  let versions = versionAt(charters, at);
  for (const origin of [...wanted.keys()].sort()) {
    const opened = wanted.get(origin) as Map<number, OpenEntry>;
    const writer = await writerOfLog(options, origin);
    if (writer === undefined) continue;
    versions = Math.max(versions, writer.version);
    for (const open of opened.values()) {
      versions = Math.max(versions, placeIn(open)?.charter ?? 0, noteVersion(options, open));
    }
    const byHead = await byFirstHead(
      options,
      origin,
      [...opened.keys()].sort((a, b) => a - b),
    );
    const paths = await auditPaths(options, origin, byHead);
    for (const [nth, { covered, indexes }] of byHead.entries()) {
      const certificate = fewestCosignatures(crypto, charters, {
        certificate: covered.certificate,
        writerKey: writer.writer.key,
      });
      const { epoch } = openCertificate(crypto, charters, certificate, writer.writer.key);
      versions = Math.max(versions, firstVersionOf(charters, epoch));
      const path = paths[nth] as AuditPaths;
      heads.push(await headOf(options, { origin, certificate, indexes, opened, path }));
    }
  }
  return {
    at,
    label: options.label ?? null,
    segments: options.segments,
    charters: provenCharters(crypto, charters, versions),
    heads,
  };
}

/** Certified, uncancelled entries about the segments, dated by then; by log and index. */
async function entriesAbout(options: GatherOptions): Promise<Map<string, Map<number, OpenEntry>>> {
  const { logs, at } = options;
  const found = new Map<string, Map<number, OpenEntry>>();
  const add = ({ origin, index }: ClaimName, open: OpenEntry) => {
    const ofLog = found.get(origin) ?? new Map<number, OpenEntry>();
    found.set(origin, ofLog.set(index, open));
  };
  for (const segment of options.segments) {
    let places = 0;
    for await (const { origin, index } of segmentEntries(logs.store, segment)) {
      if (index >= logs.state(origin).certifiedSize || (await isVoided(logs.store, { origin, index })))
        continue;
      const open = await logs.entry(origin, index);
      const place = placeIn(open);
      const claimsOnly = ['keep', 'adopt'].includes(open.payload.kind) && place === undefined;
      if (open.entry.time > at || (claimsOnly && options.about !== 'deletion')) continue;
      // What others say of a fragment is no part of who held it.
      if (open.payload.kind === 'audit') continue;
      if (place !== undefined) places += 1;
      add({ origin, index }, open);
      if (options.about !== 'deletion' || (place === undefined && !claimsOnly)) continue;
      const release = await releaseOf(options, { origin, index });
      if (release !== undefined) add(release.name, release.open);
    }
    if (places === 0) {
      throw new Fault(
        'failure',
        'NOTHING_RECORDED',
        `no certified entry dated by ${new Date(at).toISOString()} places the segment ${toHex(segment)}: choose a later date`,
        { segment: toHex(segment), at },
      );
    }
  }
  return found;
}

/** A certified entry, dated by then, that gives a claim up; undefined while nothing does. */
async function releaseOf({ logs, at }: GatherOptions, claim: ClaimName) {
  for (const { by, voided } of await releasesOf(logs.store, claim)) {
    if (voided || by.index >= logs.state(by.origin).certifiedSize) continue;
    const open = await logs.entry(by.origin, by.index);
    if (open.entry.time <= at) return { name: by, open };
  }
  return undefined;
}

/** The first version that confirms the device whose entry an `adopt` takes over; 0 for other entries. */
function noteVersion({ crypto, charters }: GatherOptions, { payload }: OpenEntry): number {
  if (payload.kind !== 'adopt') return 0;
  return firstConfirming(charters, (charter) => openRootNote(crypto, charter, payload.note));
}

function firstConfirming(charters: CharterChain, confirm: (charter: Charter) => unknown): number {
  const nth = charters.versions().findIndex((charter) => {
    try {
      confirm(charter);
      return true;
    } catch {
      return false;
    }
  });
  return nth + 1;
}

/** A log's writer and the first charter version, from the one it would be sought under, that confirms it. */
async function writerOfLog(
  { crypto, logs, charters }: GatherOptions,
  origin: string,
): Promise<{ readonly writer: Writer; readonly version: number } | undefined> {
  const genesis = await logs.record(origin, 0);
  if (genesis === undefined) return undefined;
  const named = { origin, payload: genesisOf(genesis) };
  const writer = writerUnder(crypto, charters.versions(), named);
  const version = firstConfirming(charters, (charter) => writerUnder(crypto, [charter], named));
  return { writer, version };
}

/** Indexes by the smallest certified head that covers them; the genesis goes with the first. */
async function byFirstHead(
  { logs, covering }: GatherOptions,
  origin: string,
  indexes: readonly number[],
): Promise<{ readonly covered: Covered; readonly indexes: readonly number[] }[]> {
  const groups: { covered: Covered; indexes: number[] }[] = [];
  for (const index of indexes) {
    const last = groups.at(-1);
    if (last !== undefined && index < last.covered.size) {
      last.indexes.push(index);
      continue;
    }
    const { certifiedSize: size, certificate } = logs.state(origin);
    const covered = (await covering?.({ origin, index })) ?? { size, certificate: certificate ?? '' };
    groups.push({ covered, indexes: groups.length === 0 && index > 0 ? [0, index] : [index] });
  }
  return groups;
}

/** One tree per head, all from one reading of the log. */
async function auditPaths(
  { crypto, logs }: GatherOptions,
  origin: string,
  byHead: readonly { readonly covered: Covered }[],
): Promise<AuditPaths[]> {
  const size = byHead.at(-1)?.covered.size ?? 0;
  const leaves = new Uint8Array(size * 32);
  for (let from = 0; from < size; from += PAGE) {
    const records = await logs.records(origin, from, Math.min(size, from + PAGE));
    for (const [nth, { entry }] of records.entries())
      leaves.set(leafHashOf(crypto, entry), (from + nth) * 32);
  }
  return byHead.map(({ covered }) => new AuditPaths(crypto, leaves.subarray(0, covered.size * 32)));
}

async function headOf(
  { logs, about: subject }: GatherOptions,
  of: {
    readonly origin: string;
    readonly certificate: string;
    readonly indexes: readonly number[];
    readonly opened: ReadonlyMap<number, OpenEntry>;
    readonly path: AuditPaths;
  },
): Promise<ProofHead> {
  const { origin, path } = of;
  const { size } = readHead(of.certificate);
  const about = new Set(of.indexes);
  const isAnchor = subject === 'deletion' ? endsClaimOrCopy : isPlace;
  const anchor = of.indexes.find((index) => {
    const open = of.opened.get(index);
    return open !== undefined && isAnchor(open);
  });
  const shown = new Set(about);
  if (anchor !== undefined && size - anchor <= TAIL_MAX) {
    for (let index = anchor; index < size; index++) shown.add(index);
  }
  const entries: ProofEntry[] = [];
  for (const index of [...shown].sort((a, b) => a - b)) {
    const [record] = await logs.records(origin, index, index + 1);
    if (record === undefined) continue;
    const { entry } = record;
    // Which entry a void cancels is in its payload.
    const opens = about.has(index) || decodeEntry(entry).kind === 'void';
    const opened = opens && 'payload' in record ? { salt: record.salt, payload: record.payload } : null;
    entries.push({
      index,
      entry,
      opened,
      path: opens || !shown.has(index + 1) ? path.of(index) : null,
    });
  }
  return { certificate: of.certificate, entries };
}

const isPlace = (open: OpenEntry): boolean => placeIn(open) !== undefined;

/** What a proof of deletion rests on, and a void could cancel. */
export const endsClaimOrCopy = ({ payload }: OpenEntry): boolean =>
  payload.kind === 'release' || payload.kind === 'purge';

/** The newest version issued by then. */
function versionAt(charters: CharterChain, at: number): number {
  let found = 1;
  for (const { version, issued } of charters.versions()) if (issued <= at) found = Math.max(found, version);
  return found;
}

function firstVersionOf(charters: CharterChain, epoch: number): number {
  return charters.versions().find((charter: Charter) => charter.epoch === epoch)?.version ?? 1;
}
