// What the logs say about one segment, and what follows from it: who holds its fragments now, which claims are released.
// Pure, and of stored and of merely proposed entries alike; how it is stored is `segment-index`.

import type { Holder } from '@vauban/placement';
import type { ClaimName, Place } from './entry.ts';
import { holdersOf } from './place.ts';

/** A `place`, under the policy its device was delegated. */
export interface PlaceFact {
  readonly claim: ClaimName;
  readonly place: Place;
  readonly policy: string;
  readonly voided: boolean;
}

export interface KeepFact {
  readonly claim: ClaimName;
  readonly vault: Uint8Array;
  readonly voided: boolean;
}

/** That a claim, or an `objects` payload, is given up: only once the entry that says so is certified. */
export interface ReleaseFact {
  /** The claim or the `objects` entry. */
  readonly of: ClaimName;
  readonly by: ClaimName;
  /** When this store got it, by its own clock: a writer may date its entries as it likes. */
  readonly since: number;
  readonly voided: boolean;
}

/** What a daemon's own log says about one fragment. */
export interface HoldingFact {
  readonly by: ClaimName;
  readonly time: number;
  readonly daemon: string;
  readonly index: number;
  readonly voided: boolean;
}

export interface TrimFact extends HoldingFact {
  readonly keeper: string;
}

/** What an auditor says about a fragment that another daemon holds: hearsay, until enough of them agree (`doubted`). */
export interface DoubtFact {
  readonly by: ClaimName;
  readonly time: number;
  readonly auditor: string;
  readonly daemon: string;
  readonly index: number;
  /** False: it was, and is right again. */
  readonly degraded: boolean;
  readonly voided: boolean;
}

/** Voided or not: a void never lifts what was promised by cosigning a purge. */
export interface PurgeFact {
  readonly by: ClaimName;
  readonly daemon: string;
  readonly voided: boolean;
}

export interface SegmentFacts {
  readonly places: readonly PlaceFact[];
  readonly keeps: readonly KeepFact[];
  readonly releases: readonly ReleaseFact[];
  readonly custody: readonly HoldingFact[];
  readonly lost: readonly HoldingFact[];
  readonly trims: readonly TrimFact[];
  readonly purges: readonly PurgeFact[];
  readonly doubts: readonly DoubtFact[];
}

export const noFacts: SegmentFacts = {
  places: [],
  keeps: [],
  releases: [],
  custody: [],
  lost: [],
  trims: [],
  purges: [],
  doubts: [],
};

/** Claims that count: those no void cancels. */
export function claimsOf(facts: SegmentFacts): { readonly claim: ClaimName; readonly vault: Uint8Array }[] {
  const places = facts.places.map(({ claim, place, voided }) => ({ claim, vault: place.vault, voided }));
  return [...places, ...facts.keeps].filter(({ voided }) => !voided);
}

/** Whether each claim that counts was given up, by releases of which `counts` says so: by all of them, or by those certified. */
export function isReleased(facts: SegmentFacts, counts: (by: ClaimName) => boolean): boolean {
  const given = facts.releases.filter(({ by, voided }) => !voided && counts(by));
  const claims = claimsOf(facts);
  return claims.length > 0 && claims.every(({ claim }) => given.some(({ of }) => sameName(of, claim)));
}

/** The time until which no place that counts lets the segment be erased: the latest of them all. */
export function retainedUntil(facts: SegmentFacts): number {
  return facts.places.reduce(
    (until, one) => (one.voided ? until : Math.max(until, one.place.retainUntil)),
    0,
  );
}

/** Whether a place or custody ever named the daemon as holder of the fragment, or of any; entries that were voided count. */
export function claimsHolder(
  facts: SegmentFacts,
  of: { readonly daemon: string; readonly index?: number },
): boolean {
  const named = (one: Holder) =>
    one.daemon === of.daemon && (of.index === undefined || one.index === of.index);
  return facts.custody.some(named) || facts.places.some(({ place }) => holdersOf(place).some(named));
}

export const sameName = (a: ClaimName, b: ClaimName): boolean => a.origin === b.origin && a.index === b.index;

/**
 * Who holds which fragment: what places and custody say, less what is lost, trimmed or purged, in the order of each
 * daemon's own log. Once a daemon has given a fragment up, only a later custody brings it back: places are in other
 * logs, and nothing says which came first. Voided entries do not count. By index, then daemon.
 */
export function holdersNow(facts: SegmentFacts): Holder[] {
  const holders = new Map<string, Holder>();
  for (const { place, voided } of facts.places) {
    if (voided) continue;
    for (const { index, daemon } of holdersOf(place)) holders.set(`${index}/${daemon}`, { index, daemon });
  }
  for (const [key, last] of lastWords(facts)) {
    if (last.holds) holders.set(key, { index: last.fact.index, daemon: last.fact.daemon });
    else holders.delete(key);
  }
  const purged = new Set(facts.purges.filter(({ voided }) => !voided).map(({ daemon }) => daemon));
  return [...holders.values()]
    .filter(({ daemon }) => !purged.has(daemon))
    .sort((a, b) => a.index - b.index || (a.daemon < b.daemon ? -1 : 1));
}

interface Word {
  readonly fact: HoldingFact;
  readonly holds: boolean;
}

/**
 * The last word of each daemon on each fragment. Within a log the index tells; a daemon whose log key was replaced has
 * several logs, and of their last words the one with the later time counts.
 */
function lastWords(facts: SegmentFacts): Map<string, Word> {
  const ofLog = new Map<string, Word>();
  const words = [
    ...facts.custody.map((fact) => ({ fact, holds: true })),
    ...[...facts.lost, ...facts.trims].map((fact) => ({ fact, holds: false })),
  ];
  for (const word of words) {
    const { daemon, index, by, voided } = word.fact;
    if (voided) continue;
    const key = `${index}/${daemon} ${by.origin}`;
    const known = ofLog.get(key);
    if (known === undefined || known.fact.by.index < by.index) ofLog.set(key, word);
  }
  const last = new Map<string, Word>();
  for (const word of ofLog.values()) {
    const key = `${word.fact.index}/${word.fact.daemon}`;
    const known = last.get(key);
    if (known === undefined || known.fact.time < word.fact.time) last.set(key, word);
  }
  return last;
}
