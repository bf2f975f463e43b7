// Which holders are not to be counted on, by what others found when they asked. One auditor proves nothing: it takes so
// many hosters that one of them is honest.

import { type Charter, findDaemon, homeOf } from '@vauban/core';
import type { Holder } from '@vauban/placement';
import { type DoubtFact, holdersNow, type SegmentFacts } from './segment-facts.ts';

/**
 * Those who hold now and of whom auditors of f + 1 or more different hosters, not their own, last said `degraded`. Only an
 * auditor takes its word back: a holder that could would do so by claiming custody again. By index, then daemon. Auditors
 * that the charter no longer lists do not count.
 */
export function doubted(facts: SegmentFacts, charter: Charter, f: number = charter.f): Holder[] {
  if (facts.doubts.length <= f) return [];
  return holdersNow(facts).filter((holder) => hostersAgainst(facts, charter, holder).size > f);
}

function hostersAgainst(facts: SegmentFacts, charter: Charter, holder: Holder): ReadonlySet<string> {
  const about = ({ daemon, index, voided }: Holder & { readonly voided: boolean }) =>
    !voided && daemon === holder.daemon && index === holder.index;
  const own = hosterOf(charter, holder.daemon);
  const against = new Set<string>();
  for (const { auditor, degraded } of lastWords(facts.doubts.filter(about))) {
    const hoster = hosterOf(charter, auditor);
    if (degraded && hoster !== undefined && hoster !== own) against.add(hoster);
  }
  return against;
}

/** Of each auditor: within a log by index; of a daemon whose log key was replaced, by date. */
function lastWords(doubts: readonly DoubtFact[]): Iterable<DoubtFact> {
  const last = new Map<string, DoubtFact>();
  for (const doubt of doubts) {
    const known = last.get(doubt.auditor);
    if (known === undefined || isLater(doubt, known)) last.set(doubt.auditor, doubt);
  }
  return last.values();
}

function isLater(one: DoubtFact, other: DoubtFact): boolean {
  return one.by.origin === other.by.origin ? one.by.index > other.by.index : one.time > other.time;
}

function hosterOf(charter: Charter, id: string): string | undefined {
  const daemon = findDaemon(charter, id);
  return daemon && homeOf(charter, daemon).hoster.id;
}
