// Who holds the fragments of some segments, as this daemon's mirror knows it: index and daemon, nothing of whose they are.

import { type ClaimName, holdersNow, holdersOf as placedHolders, type LogStore } from '@vauban/ledger';
import { type SegmentFacts, segmentFacts } from '@vauban/ledger';
import { type AnswerOf, HOLDERS_MAX } from '@vauban/wire';

/**
 * In the order of `segments`. A daemon that asks hears of every mention of itself that may still count, given up and voided
 * ones too: what nobody mentions may be swept.
 */
export async function holdersOf(
  logs: LogStore,
  segments: readonly Uint8Array[],
  asker?: string,
): Promise<AnswerOf<'holders'>> {
  const answer: AnswerOf<'holders'>['segments'] = [];
  for (const segment of segments) {
    const facts = await segmentFacts(logs, segment);
    const own = asker === undefined ? [] : mentionsOf(logs, facts, asker);
    const others = holdersNow(facts).filter(({ daemon }) => asker === undefined || daemon !== asker);
    const holders = [...own.map((index) => ({ index, daemon: asker as string })), ...others];
    answer.push({
      segment,
      holders: holders.slice(0, HOLDERS_MAX).map(({ index, daemon }) => [index, daemon]),
    });
  }
  return { segments: answer };
}

/**
 * Indices of a segment for which a place or a custody names the daemon, whatever it said of them later. A voided entry
 * still counts until a certificate covers it together with its void: until then it may be certified without that.
 */
export function mentionsOf(
  logs: Pick<LogStore, 'state'>,
  facts: SegmentFacts,
  daemon: string,
): readonly number[] {
  const dead = (by: ClaimName, voided: boolean) => voided && by.index < logs.state(by.origin).certifiedSize;
  const placed = facts.places.flatMap(({ claim, place, voided }) =>
    dead(claim, voided) ? [] : placedHolders(place).filter((one) => one.daemon === daemon),
  );
  const taken = facts.custody.filter((one) => one.daemon === daemon && !dead(one.by, one.voided));
  return [...new Set([...placed, ...taken].map(({ index }) => index))].sort((a, b) => a - b);
}
