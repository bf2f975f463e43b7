// A segment as the logs know it: what it is, under which policy, who holds it now, and which certified claim a new holder
// may name. What nobody claims, or what is being erased, is not there for repair.

import {
  type Charter,
  CLOCK_SKEW_MS,
  type Crypto,
  type DaemonId,
  findDaemon,
  homeOf,
  LEAF_BYTES,
  type Policy,
} from '@vauban/core';
import { layoutOf, type SegmentLayout } from '@vauban/erasure';
import {
  type ClaimName,
  descriptorOf,
  fragmentBytesOf,
  genesisOf,
  type HeldLogs,
  holdersNow,
  isReleased,
  type Place,
  readDelegation,
  type SegmentFacts,
  segmentFacts,
} from '@vauban/ledger';
import type { Holder } from '@vauban/placement';

export interface PlacedSegment {
  readonly segment: Uint8Array;
  readonly place: Place;
  /** The claim whose roots are believed; the certified one, where there is one. */
  readonly claim: ClaimName;
  /** Size of a certified head of the claim's log that covers it; undefined while there is none. */
  readonly certifiedSize: number | undefined;
  readonly policy: Policy;
  readonly agency: string;
  readonly fragmentBytes: number;
  readonly facts: SegmentFacts;
  /** Its agency gave it up: it is kept for as long as that can be undone. */
  readonly released: boolean;
  readonly holders: readonly Holder[];
}

/** Undefined when nobody placed it, or a purge of it is known that its writer has not taken back. */
export async function placedSegment(
  of: { readonly logs: HeldLogs; readonly crypto: Crypto; readonly charter: Charter },
  segment: Uint8Array,
): Promise<PlacedSegment | undefined> {
  const { logs, charter } = of;
  const facts = await segmentFacts(logs, segment);
  if (facts.purges.some(({ voided }) => !voided)) return undefined;
  const standing = facts.places.filter(({ voided }) => !voided);
  const isCertified = (name: ClaimName) => name.index < logs.state(name.origin).certifiedSize;
  const covers = ({ claim }: { readonly claim: ClaimName }) => isCertified(claim);
  const chosen = standing.find(covers) ?? standing[0];
  if (chosen === undefined) return undefined;
  const { place, claim } = chosen;
  return {
    segment,
    place,
    claim,
    certifiedSize: covers(chosen) ? logs.state(claim.origin).certifiedSize : undefined,
    policy: charter.policies.find(({ name }) => name === chosen.policy) ?? policyGone(charter, place),
    agency: await agencyOf(logs, claim.origin),
    fragmentBytes: fragmentBytesOf(descriptorOf(place)),
    facts,
    released: isReleased(facts, isCertified),
    holders: holdersNow(facts),
  };
}

/** After so long it is tried once more. */
const LEFT_ALONE_MS = 86_400_000;

/**
 * Given up by its agency, and since then this daemon, or daemons of more than f hosters, took back a custody of it: so many
 * voters promised a purge that no holder is added, though the purge is not certified. A new claim lifts that.
 */
export function isBeingErased(
  { released, facts }: Pick<PlacedSegment, 'released' | 'facts'>,
  of: { readonly charter: Charter; readonly id: DaemonId; readonly now: number },
): boolean {
  if (!released) return false;
  const { charter, id, now } = of;
  const since = Math.max(...facts.releases.map((one) => one.since), now - LEFT_ALONE_MS);
  const tried = facts.custody.filter(({ voided, time }) => voided && time + CLOCK_SKEW_MS >= since);
  const hosters = tried.flatMap(({ daemon }) => {
    const member = findDaemon(charter, daemon);
    return member === undefined ? [] : [homeOf(charter, member).hoster.id];
  });
  return tried.some(({ daemon }) => daemon === id) || new Set(hosters).size > charter.f;
}

/** Where its cells lie in its fragments; the padding of the last stripe counts as bytes of the segment. */
export function layoutOfPlace(place: Place): SegmentLayout {
  const { code, k, m, cellBytes } = place;
  return layoutOf({ code, k, m, cellBytes, segmentBytes: k * fragmentBytesOf(descriptorOf(place)) });
}

/** Leaves of a fragment of so many bytes. */
export function leavesOf(fragmentBytes: number): number {
  return Math.ceil(fragmentBytes / LEAF_BYTES);
}

/** A log's first entry never changes. */
const agencies = new WeakMap<HeldLogs, Map<string, string>>();

async function agencyOf(logs: HeldLogs, origin: string): Promise<string> {
  const known = agencies.get(logs) ?? new Map<string, string>();
  agencies.set(logs, known);
  const before = known.get(origin);
  if (before !== undefined) return before;
  const first = await logs.record(origin, 0);
  const genesis = first && genesisOf(first);
  const agency = genesis?.writer === 'device' ? readDelegation(genesis.note).agency : '';
  if (first !== undefined) known.set(origin, agency);
  return agency;
}

/** A policy the charter dropped still has segments: whoever is a member may go on holding them. */
function policyGone(charter: Charter, { code, k, m, cellBytes }: Place): Policy {
  const countries = charter.hosters.flatMap(({ declaration: { seat, law, data } }) => [seat, law, data]);
  return {
    name: 'gone',
    code,
    k,
    m,
    sitesLost: m,
    minSurvives: m,
    cellBytes,
    segmentFrames: 1,
    packObjectBytes: 0,
    retentionMs: 0,
    sovereignty: {
      countries: [...new Set(countries)],
      foreignShareLargestMax: 100,
      foreignShareTotalMax: 100,
      foreignVetoAllowed: true,
    },
  };
}
