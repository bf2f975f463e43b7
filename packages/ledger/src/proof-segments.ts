// What opened entries say of segments: places judged by admission, custody by its receipt, ends by losses, erasing and
// the charter. Pure over entries whose inclusion was checked.

import { type Charter, type Crypto, Fault, findDaemon, homeOf, toHex } from '@vauban/core';
import { openAdopted } from './admit-adopt.ts';
import { admitPlace } from './admit-place.ts';
import { effectOf } from './adoption.ts';
import type { CharterChain } from './charter-log.ts';
import type { EntryKind, OpenEntry, Payloads, Place } from './entry.ts';
import { descriptorOf, holdersOf } from './place.ts';
import { malformed } from './proof-evidence.ts';
import type {
  EntryName,
  ProvenFragment,
  ProvenHolding,
  ProvenPlace,
  ProvenSegment,
} from './proof-statement.ts';
import { fragmentBytesOf, verifyReceipt } from './segment.ts';
import { noFacts } from './segment-facts.ts';
import type { Writer } from './writer.ts';

/** Entries shown of one log below one head. */
export interface ProvenLogEntries {
  /** As the statement counts them, from 1. */
  readonly log: number;
  readonly origin: string;
  readonly size: number;
  readonly writer: Writer;
  readonly entries: readonly {
    readonly index: number;
    readonly kind: EntryKind;
    readonly time: number;
    readonly previous: Uint8Array;
    readonly open: OpenEntry | undefined;
  }[];
}

interface Options {
  readonly crypto: Crypto;
  readonly chain: CharterChain;
  /** Version by which daemons have their sites. */
  readonly shown: number;
  readonly at: number;
  readonly segments: readonly Uint8Array[];
  readonly opened: readonly ProvenLogEntries[];
}

interface Start extends EntryName {
  readonly kind: 'place' | 'adopt' | 'custody';
  readonly fragment: number;
  readonly daemon: string;
}

interface End extends EntryName {
  readonly kind: 'lost' | 'trim' | 'purge';
  /** Undefined: every fragment of the segment. */
  readonly fragment: number | undefined;
  readonly daemon: string;
}

/** Everything known of one segment. */
interface Facts {
  readonly places: { readonly stated: ProvenPlace; readonly place: Place; readonly origin: string }[];
  readonly starts: Start[];
  readonly ends: End[];
}

/** Faults: those of admission, RECEIPT_FORGED, CUSTODY_OTHER, PROOF_VOIDED, PROOF_MALFORMED. */
export async function stateSegments(options: Options): Promise<ProvenSegment[]> {
  const facts = new Map<string, Facts>(
    options.segments.map((id) => [toHex(id), { places: [], starts: [], ends: [] }]),
  );
  for (const log of options.opened) {
    for (const { index, time, open } of log.entries) {
      if (open === undefined) continue;
      if (open.payload.kind !== 'genesis' && open.payload.kind !== 'void' && time > options.at) {
        throw malformed(`entry ${index} of ${log.origin} is dated after the proof's date`);
      }
      await collect(options, facts, { log, index, open });
    }
  }
  const stated: ProvenSegment[] = [];
  for (const id of options.segments) stated.push(stateSegment(options, id, facts.get(toHex(id)) as Facts));
  return stated;
}

async function collect(
  options: Options,
  facts: ReadonlyMap<string, Facts>,
  at: { readonly log: ProvenLogEntries; readonly index: number; readonly open: OpenEntry },
): Promise<void> {
  const { log, index, open } = at;
  const { payload } = open;
  const name: EntryName = { log: log.log, index, time: open.entry.time };
  const place = placeIn(open);
  if (place !== undefined) {
    const known = facts.get(toHex(place.segment));
    if (known === undefined) return;
    await checkPlace(options, at, place);
    const voidExcluded = notVoided(log, index);
    const { retainUntil, charter } = place;
    known.places.push({ stated: { ...name, retainUntil, charter, voidExcluded }, place, origin: log.origin });
    const kind = payload.kind === 'adopt' ? 'adopt' : 'place';
    for (const holder of holdersOf(place))
      known.starts.push({ ...name, kind, fragment: holder.index, daemon: holder.daemon });
    return;
  }
  if (payload.kind === 'genesis' || payload.kind === 'void') return;
  // Claims and their end are another document's matter (`proof-deletion`).
  if (payload.kind === 'keep' || payload.kind === 'release' || payload.kind === 'adopt') return;
  if (log.writer.kind !== 'daemon') {
    throw new Fault('integrity', 'RIGHT_MISSING', `only a daemon writes ${payload.kind} entries`, {
      origin: log.origin,
      index,
    });
  }
  const { daemon } = log.writer;
  if (payload.kind === 'custody') {
    const known = facts.get(toHex(payload.segment));
    known?.starts.push({ ...name, kind: 'custody', fragment: payload.index, daemon });
  } else if (payload.kind === 'lost') {
    for (const [segment, fragment] of payload.fragments) {
      facts.get(toHex(segment))?.ends.push({ ...name, kind: 'lost', fragment, daemon });
    }
  } else if (payload.kind === 'trim') {
    facts.get(toHex(payload.segment))?.ends.push({ ...name, kind: 'trim', fragment: payload.index, daemon });
  } else if (payload.kind === 'purge') {
    for (const segment of payload.segments) {
      facts.get(toHex(segment))?.ends.push({ ...name, kind: 'purge', fragment: undefined, daemon });
    }
  }
}

/** The place an entry makes, as a `place` or by taking one over from a sealed log. */
export function placeIn({ payload }: OpenEntry): Place | undefined {
  const effect = effectOf(payload);
  return effect.kind === 'place' ? effect : undefined;
}

/**
 * Admission under the version the place names, at the time its entry is dated; facts of other entries left aside. One
 * that was taken over is judged as its own writer's, at its own date.
 */
async function checkPlace(
  { crypto, chain }: Options,
  at: { readonly log: ProvenLogEntries; readonly index: number; readonly open: OpenEntry },
  place: Place,
): Promise<void> {
  const named = chain.version(place.charter);
  if (named === undefined) throw malformed(`it lacks charter version ${place.charter}`);
  const { log, index } = at;
  let {
    open,
    log: { writer },
  } = at;
  if (open.payload.kind === 'adopt' && writer.kind === 'device') {
    const by = { origin: log.origin, device: writer.delegation };
    ({ open, writer } = openAdopted(crypto, chain.versions(), { adopt: open.payload, by }));
  }
  const { time } = open.entry;
  await admitPlace(
    {
      crypto,
      now: Math.max(time, named.issued),
      current: named,
      charterVersion: (version) => chain.version(version),
      generationOf: async () => 0,
      segment: async () => noFacts,
    },
    { origin: log.origin, index, writer },
    { place, time },
  );
}

/** Whether all entries from `index` to the head are shown. Faults: PROOF_VOIDED when one of them cancels it. */
export function notVoided({ origin, size, entries }: ProvenLogEntries, index: number): boolean {
  const later = entries.filter((one) => one.index > index);
  for (const { open } of later) {
    if (open?.payload.kind === 'void' && open.payload.index === index) {
      throw new Fault(
        'integrity',
        'PROOF_VOIDED',
        `entry ${index} of ${origin} was cancelled by its writer`,
        {
          origin,
          index,
        },
      );
    }
  }
  return later.length === size - 1 - index;
}

function stateSegment(options: Options, id: Uint8Array, { places, starts, ends }: Facts): ProvenSegment {
  const first = places[0];
  const segment = toHex(id);
  if (first === undefined) throw malformed(`no entry places the segment ${segment}`);
  const { place } = first;
  checkCustody(options, place, { segment: id, places });
  return {
    segment,
    vault: toHex(place.vault),
    code: place.code,
    k: place.k,
    m: place.m,
    fragmentBytes: fragmentBytesOf(descriptorOf(place)),
    places: places.map(({ stated }) => stated),
    fragments: place.fragments.map(
      ([root], index): ProvenFragment => ({
        index,
        root: toHex(root),
        holdings: holdingsOf(options, {
          starts: starts.filter(({ fragment }) => fragment === index),
          ends: ends.filter(({ fragment }) => fragment === undefined || fragment === index),
        }),
      }),
    ),
  };
}

/** Custody of a segment: its place is in the proof, with this root at this index, and its daemon signed for it. */
function checkCustody(
  { crypto, chain, opened }: Options,
  place: Place,
  of: { readonly segment: Uint8Array; readonly places: Facts['places'] },
): void {
  for (const { origin, writer, entries } of opened) {
    for (const { index, open } of entries) {
      if (open?.payload.kind !== 'custody' || writer.kind !== 'daemon') continue;
      const custody: Payloads['custody'] = open.payload;
      if (toHex(custody.segment) !== toHex(of.segment)) continue;
      const root = place.fragments[custody.index]?.[0];
      const based = of.places.some(
        (one) => one.origin === custody.place.origin && one.stated.index === custody.place.index,
      );
      if (root === undefined || !based || toHex(root) !== toHex(custody.root)) {
        throw new Fault('integrity', 'CUSTODY_OTHER', `entry ${index} of ${origin} is of another fragment`, {
          origin,
          index,
        });
      }
      const { daemon } = writer;
      const { charter } = lastListing(chain, chain.current.version, daemon);
      const receiptKey = findDaemon(charter, daemon)?.receiptKey as Uint8Array;
      const claim = { ...custody, charterName: charter.name, daemon };
      if (
        custody.bytes !== fragmentBytesOf(place) ||
        !verifyReceipt(crypto, claim, { signature: custody.receipt, receiptKey })
      ) {
        throw new Fault(
          'integrity',
          'RECEIPT_FORGED',
          `entry ${index} of ${origin} carries no valid receipt`,
          { origin, index },
        );
      }
    }
  }
}

/**
 * Who held one fragment from when until when. Places first: they are in other logs than what a daemon says of itself,
 * and once it has given a fragment up only its own later custody brings it back.
 */
function holdingsOf(
  options: Options,
  { starts, ends }: { readonly starts: readonly Start[]; readonly ends: readonly End[] },
): ProvenHolding[] {
  const open = new Map<string, Start>();
  const held: { readonly since: Start; readonly end: End | undefined }[] = [];
  const begin = (start: Start) => {
    if (!open.has(start.daemon)) open.set(start.daemon, start);
  };
  for (const start of starts.filter(({ kind }) => kind !== 'custody').sort(byTime)) begin(start);
  const own: (Start | End)[] = [...starts.filter(({ kind }) => kind === 'custody'), ...ends];
  for (const event of own.sort(byOwnLog(options.opened))) {
    const since = open.get(event.daemon);
    if (isStart(event)) begin(event);
    else if (since !== undefined) {
      held.push({ since, end: event });
      open.delete(event.daemon);
    }
  }
  for (const since of open.values()) held.push({ since, end: undefined });
  return held.sort((a, b) => byTime(a.since, b.since)).map((one) => holdingOf(options, one));
}

function byTime(a: EntryName, b: EntryName): number {
  return a.time - b.time || a.log - b.log || a.index - b.index;
}

/** Within a log by index; logs by the time of their genesis: one follows the other when a key is replaced. */
function byOwnLog(opened: readonly ProvenLogEntries[]) {
  const begun = new Map<string, number>();
  for (const { origin, entries } of opened) {
    const [first] = entries;
    if (first?.index === 0) begun.set(origin, first.time);
  }
  const logOf = (name: EntryName) => opened[name.log - 1] as ProvenLogEntries;
  return (a: EntryName, b: EntryName): number => {
    const [one, other] = [logOf(a).origin, logOf(b).origin];
    if (one === other) return a.index - b.index;
    return (begun.get(one) ?? 0) - (begun.get(other) ?? 0) || (one < other ? -1 : 1);
  };
}

function isStart(event: Start | End): event is Start {
  return event.kind === 'place' || event.kind === 'adopt' || event.kind === 'custody';
}

function holdingOf(
  { chain, shown }: Options,
  { since, end }: { readonly since: Start; readonly end: End | undefined },
): ProvenHolding {
  const { charter, dropped } = lastListing(chain, shown, since.daemon);
  const daemon = findDaemon(charter, since.daemon);
  if (daemon === undefined) throw malformed(`no charter version lists the daemon ${since.daemon}`);
  const { site, hoster } = homeOf(charter, daemon);
  const name = ({ log, index, time }: EntryName): EntryName => ({ log, index, time });
  return {
    daemon: since.daemon,
    hoster: hoster.id,
    hosterName: hoster.name,
    site: site.id,
    city: site.city,
    country: site.country,
    building: site.building,
    address: site.address,
    version: charter.version,
    since: { ...name(since), kind: since.kind },
    until:
      end !== undefined
        ? { ...name(end), kind: end.kind }
        : dropped === undefined
          ? null
          : { kind: 'charter', version: dropped.version, time: dropped.issued },
  };
}

/** The newest version up to `shown` that lists the daemon, and the next one, which does not. */
function lastListing(
  chain: CharterChain,
  shown: number,
  daemon: string,
): { readonly charter: Charter; readonly dropped: Charter | undefined } {
  for (let version = shown; version >= 1; version--) {
    const charter = chain.version(version) as Charter;
    if (findDaemon(charter, daemon) === undefined) continue;
    return { charter, dropped: version === shown ? undefined : chain.version(version + 1) };
  }
  return { charter: chain.version(shown) as Charter, dropped: undefined };
}
