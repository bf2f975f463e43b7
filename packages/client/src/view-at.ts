// What hosters must have known when they admitted an entry that is certified, as far as the logs still tell. Logs of
// different writers have no common order, only dates: what speaks for an entry counts when it may have come first, what
// speaks against it only when it surely did.

import { type Charter, CLOCK_SKEW_MS, type Crypto } from '@vauban/core';
import {
  type AdmissionView,
  type CharterChain,
  type ClaimName,
  consortiumFacts,
  type EntryKind,
  isLostDaemon,
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
}

export function viewAt(grounds: GroundsOfView, entry: JudgedEntry): AdmissionView {
  const { charters, logs } = grounds;
  const view = storedView(logs, { ...grounds, clock: { now: () => entry.time } });
  const current = charterAt(charters, entry.time);
  return {
    ...view,
    current,
    // A release is dated by its writer, and each hoster counted from when it got it.
    graceMs: current.durations.eraseGraceMs - 2 * CLOCK_SKEW_MS,
    // Revocations are in no log: that there was one, those vouch for who certified the entry.
    isSealed: async () => true,
    generationOf: async () => (entry.kind === 'place' ? 0 : entry.generation),
    segment: async (id) => asOf(await dated(logs, await view.segment(id)), logs, entry),
    payloadReleases: async (name) => dateReleases(logs, await view.payloadReleases(name)),
    isLost: async (daemon, by) => {
      const { losses, readmits } = await consortiumFacts(logs);
      const before = (
        { time, certified }: { readonly time: number; readonly certified: boolean },
        skewMs: number,
      ) => certified && time <= entry.time + skewMs;
      // A loss speaks against a trim, a return for it; of custody it is the other way round.
      const lossSkewMs = by === 'anybody' ? -CLOCK_SKEW_MS : CLOCK_SKEW_MS;
      const known = {
        losses: losses.filter((one) => before(one, lossSkewMs)),
        readmits: readmits.filter((one) => before(one, -lossSkewMs)),
      };
      return isLostDaemon(known, current, daemon);
    },
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
  // A trim relies on holders, and an audit is about one; custody is crowded by them.
  const relies = entry.kind === 'trim' || entry.kind === 'audit';
  const [held, gone] = relies ? [perhaps, surely] : [surely, perhaps];
  return {
    places,
    keeps: facts.keeps.filter(({ claim }) => certified(claim)),
    releases: facts.releases,
    custody: facts.custody.filter(held),
    lost: facts.lost.filter(gone),
    trims: facts.trims.filter(gone),
    // Whoever erased first is shown by the purge itself: every claim it ends has to be released.
    purges: facts.purges.filter(({ by }) => own(by) && by.index < entry.name.index),
    doubts: facts.doubts.filter(perhaps),
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
  if (payload.kind === 'readmit') {
    return { ...payload, losses: payload.losses.filter(([origin]) => logs.has(origin)) };
  }
  if (payload.kind === 'audit') {
    if (!logs.has(payload.head.origin)) return null;
    const found = async <Finding extends readonly [Uint8Array, ...unknown[]]>(all: readonly Finding[]) => {
      const kept: Finding[] = [];
      for (const one of all) if (await seen(one[0])) kept.push(one);
      return kept;
    };
    const { failed, degraded, restored } = payload;
    return {
      ...payload,
      failed: await found(failed),
      degraded: await found(degraded),
      restored: await found(restored),
    };
  }
  if (payload.kind !== 'purge') return payload;
  const segments: Uint8Array[] = [];
  for (const segment of payload.segments) if (await seen(segment)) segments.push(segment);
  const payloads = payload.payloads.filter(([origin]) => logs.has(origin));
  return { ...payload, segments, payloads };
}
