// What hosters must have known when they admitted an entry that is certified, as far as the logs still tell. Logs of
// different writers have no common order, only dates: what speaks for an entry counts when it may have come first, what
// speaks against it only when it surely did.

import { type Charter, CLOCK_SKEW_MS, type Crypto, ERASE_GRACE_MS } from '@vauban/core';
import {
  type AdmissionView,
  type CharterChain,
  type ClaimName,
  type EntryKind,
  type LogStore,
  type Payload,
  type SegmentFacts,
  segmentFacts,
  storedView,
} from '@vauban/ledger';

/** The entry to be judged. */
export interface JudgedEntry {
  readonly name: ClaimName;
  readonly kind: EntryKind;
  readonly time: number;
  /** Latest generation of its log's erasings before it. */
  readonly generation: number;
}

export interface GroundsOfView {
  readonly crypto: Crypto;
  readonly charters: CharterChain;
  /** Every certified log that can be had. */
  readonly logs: LogStore;
  readonly graceMs?: number | undefined;
}

export function viewAt(grounds: GroundsOfView, entry: JudgedEntry): AdmissionView {
  const { charters, logs } = grounds;
  // A release is dated by its writer, and each hoster counted from when it got it.
  const graceMs = (grounds.graceMs ?? ERASE_GRACE_MS) - 2 * CLOCK_SKEW_MS;
  const view = storedView(logs, { ...grounds, clock: { now: () => entry.time }, graceMs });
  return {
    ...view,
    current: charterAt(charters, entry.time),
    // Revocations are in no log: that there was one, those vouch for who certified the entry.
    isSealed: async () => true,
    generationOf: async () => (entry.kind === 'place' ? 0 : entry.generation),
    segment: async (id) => asOf(await dated(logs, await view.segment(id)), logs, entry),
    payloadReleases: async (name) => dateReleases(logs, await view.payloadReleases(name)),
  };
}

/** Releases count from the date they carry: when this store got them says nothing. */
async function dated(logs: LogStore, facts: SegmentFacts): Promise<SegmentFacts> {
  return { ...facts, releases: await dateReleases(logs, facts.releases) };
}

function dateReleases(logs: LogStore, releases: SegmentFacts['releases']): Promise<SegmentFacts['releases']> {
  return Promise.all(
    releases.map(async (one) => ({
      ...one,
      since: (await logs.stored(one.by.origin, one.by.index)).entry.time,
    })),
  );
}

type Dated = { readonly by: ClaimName; readonly time: number };

async function asOf(facts: SegmentFacts, logs: LogStore, entry: JudgedEntry): Promise<SegmentFacts> {
  const certified = ({ origin, index }: ClaimName) => index < logs.state(origin).certifiedSize;
  const own = ({ origin }: ClaimName) => origin === entry.name.origin;
  const surely = ({ by, time }: Dated) =>
    certified(by) && (own(by) ? by.index < entry.name.index : time < entry.time - CLOCK_SKEW_MS);
  const perhaps = ({ by, time }: Dated) =>
    certified(by) && (own(by) ? by.index < entry.name.index : time <= entry.time + CLOCK_SKEW_MS);
  const places: SegmentFacts['places'][number][] = [];
  for (const place of facts.places) {
    if (!certified(place.claim)) continue;
    // Another place's longer retention speaks against a place or a release; else places speak for an entry.
    const against = entry.kind === 'place' || entry.kind === 'release';
    const { origin, index } = place.claim;
    const { time } = against ? (await logs.stored(origin, index)).entry : { time: 0 };
    if (!against || surely({ by: place.claim, time })) places.push(place);
  }
  // A trim relies on holders; custody is crowded by them.
  const [held, gone] = entry.kind === 'trim' ? [perhaps, surely] : [surely, perhaps];
  return {
    places,
    keeps: facts.keeps.filter(({ claim }) => certified(claim)),
    releases: facts.releases,
    custody: facts.custody.filter(held),
    lost: facts.lost.filter(gone),
    trims: facts.trims.filter(gone),
    // Whoever erased first is shown by the purge itself: every claim it ends has to be released.
    purges: facts.purges.filter(({ by }) => own(by) && by.index < entry.name.index),
  };
}

/** The version in force at a time; the first one for whatever is older. */
export function charterAt(charters: CharterChain, time: number): Charter {
  let found = charters.version(1) as Charter;
  for (let version = 2; version <= charters.current.version; version++) {
    const next = charters.version(version) as Charter;
    if (next.issued <= time) found = next;
  }
  return found;
}

/**
 * What of a payload can be judged by whoever sees its own vault and the daemons' logs only: nothing of other vaults'
 * segments. Null when that is all there is.
 */
export async function seenPart(payload: Payload, logs: LogStore): Promise<Payload | null> {
  const seen = async (segment: Uint8Array) => (await segmentFacts(logs, segment)).places.length > 0;
  if (payload.kind === 'custody' || payload.kind === 'trim')
    return (await seen(payload.segment)) ? payload : null;
  if (payload.kind !== 'purge') return payload;
  const segments: Uint8Array[] = [];
  for (const segment of payload.segments) if (await seen(segment)) segments.push(segment);
  const payloads = payload.payloads.filter(([origin]) => logs.has(origin));
  return { ...payload, segments, payloads };
}
