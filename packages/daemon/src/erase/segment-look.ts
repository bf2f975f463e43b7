// What may be erased of one segment, as this daemon's mirror knows it: nothing is decided here that a certificate does not
// have to confirm. Reads only.

import { CLOCK_SKEW_MS, type DaemonId } from '@vauban/core';
import {
  type ClaimName,
  isReleased,
  fragmentBytesOf,
  type HoldingFact,
  holdersNow,
  type PlacedFragment,
  type SegmentFacts,
  segmentFacts,
} from '@vauban/ledger';
import type { FragmentFacts, FragmentKey } from '../fragment-file.ts';
import { mentionsOf } from '../holders.ts';
import type { PlacedSegment } from '../repair/placed-segment.ts';
import type { HealingPlan, Holder } from '@vauban/placement';
import { purgeOf, trimOf } from './erase-entries.ts';
import type { Erasing } from './erasing.ts';
import type { RelyOn } from './keeper-audit.ts';

export interface SegmentLook {
  /** Here, each with what is stored of it. */
  readonly held: readonly (readonly [FragmentKey, FragmentFacts])[];
  /** Erasing them is certified already: a crash, or a refusal, came between. */
  readonly purged: readonly FragmentKey[];
  readonly trimmed: readonly FragmentKey[];
  /** All of the segment may be purged. */
  readonly purgeable: boolean;
  /** Old enough, and no place or custody known here names them. */
  readonly unplaced: readonly FragmentKey[];
  /** Copies beside a keeper whose custody is certified, as the planner and the rules of admission see it now. */
  readonly surplus: readonly RelyOn[];
  /** Copies that nobody would miss if the network could keep its policies without them; as voters would refuse to let them go. */
  readonly kept: number;
}

export type PlanOf = (segment: Uint8Array) => Promise<
  | {
      readonly placed: PlacedSegment;
      readonly plan: HealingPlan;
      /** Without those that enough auditors found wanting. */
      readonly holders: readonly Holder[];
    }
  | undefined
>;

const nothing: SegmentLook = {
  held: [],
  purged: [],
  trimmed: [],
  purgeable: false,
  unplaced: [],
  surplus: [],
  kept: 0,
};

export async function lookAt(erasing: Erasing, planOf: PlanOf, segment: Uint8Array): Promise<SegmentLook> {
  const { id, fragments, mirror, receipts } = erasing.ports;
  const held = await fragments.ofSegment(segment, erasing.corrupt);
  if (held.length === 0) return nothing;
  const keys = held.map(([key]) => key);
  const facts = await segmentFacts(mirror.logs, segment);
  const purged = facts.purges.some(
    ({ by, daemon, voided }) => daemon === id && !voided && erasing.isCertified(by),
  );
  if (purged) return { ...nothing, held, purged: keys };
  if (await isPurgeable(erasing, segment, facts)) return { ...nothing, held, purgeable: true };
  const trimmed = keys.filter(
    (key) => receipts.isWithheld(key) && gaveUp(facts, { id, index: key.index }, erasing.isCertified),
  );
  const mentions = new Set(mentionsOf(mirror.logs, facts, id));
  const { sweepGraceMs } = erasing.ports.charters.current.durations;
  const sweepable = erasing.ports.clock.now() - sweepGraceMs;
  const unplaced = held.flatMap(([key, { storedAt }]) =>
    !mentions.has(key.index) && storedAt <= sweepable && !receipts.isWithheld(key) ? [key] : [],
  );
  const rest = keys.filter((key) => !trimmed.includes(key) && !unplaced.includes(key));
  return {
    ...nothing,
    held,
    trimmed,
    unplaced,
    ...(await surplusOf(erasing, planOf, { segment, facts, keys: rest })),
  };
}

/** Every claim released, by certified entries, and the grace over, here and with voters that heard a little later. */
async function isPurgeable(erasing: Erasing, segment: Uint8Array, facts: SegmentFacts): Promise<boolean> {
  if (!isReleased(facts, (by) => erasing.isCertified(by))) return false;
  const { eraseGraceMs } = erasing.ports.charters.current.durations;
  const slackMs = Math.min(CLOCK_SKEW_MS, Math.ceil(eraseGraceMs / 8));
  const payloadOf = (generation: number) => purgeOf([segment], generation);
  return (await erasing.foretell(payloadOf, { slackMs })) === undefined;
}

/** Its own last word on the fragment is a certified trim. */
function gaveUp(
  facts: SegmentFacts,
  of: { readonly id: DaemonId; readonly index: number },
  isCertified: (by: ClaimName) => boolean,
): boolean {
  const own = ({ daemon, index, voided }: HoldingFact) => !voided && daemon === of.id && index === of.index;
  const trims = facts.trims.filter((one) => own(one) && isCertified(one.by));
  return trims.some((trim) => !facts.custody.some((one) => own(one) && isAfter(one, trim)));
}

function isAfter(one: HoldingFact, other: HoldingFact): boolean {
  return one.by.origin === other.by.origin ? one.by.index > other.by.index : one.time > other.time;
}

async function surplusOf(
  erasing: Erasing,
  planOf: PlanOf,
  of: { readonly segment: Uint8Array; readonly facts: SegmentFacts; readonly keys: readonly FragmentKey[] },
): Promise<Pick<SegmentLook, 'surplus' | 'kept'>> {
  const { segment, facts, keys } = of;
  const { id } = erasing.ports;
  const elsewhere = (all: readonly Holder[]) =>
    keys.filter(({ index }) => all.some((one) => one.index === index && one.daemon !== id));
  const found = elsewhere(holdersNow(facts)).length === 0 ? undefined : await planOf(segment);
  const surplus: RelyOn[] = [];
  let kept = 0;
  if (found === undefined) return { surplus, kept };
  // What lay with a daemon that is gone, given up or found wanting is no second copy.
  const doubled = elsewhere(found.holders.filter(({ daemon }) => erasing.ports.permit.isMember(daemon)));
  for (const { index, daemon, keeper } of found.plan.surplus) {
    if (daemon !== id || !doubled.some((key) => key.index === index)) continue;
    const payloadOf = (generation: number) => trimOf({ segment, index, keeper }, generation);
    const refusal = await erasing.foretell(payloadOf);
    if (refusal !== undefined) {
      if (refusal.code === 'DOMAIN_RULE' || refusal.code === 'MARGIN_SHORT') kept += 1;
      continue;
    }
    const { place } = found.placed;
    const [root] = place.fragments[index] as PlacedFragment;
    surplus.push({ segment, index, root, bytes: fragmentBytesOf(place), keeper });
  }
  // Nothing is to be moved and everybody is there, and still the planner counts on both copies.
  if (found.plan.moves.length === 0 && erasing.ports.permit.refusal() === undefined)
    kept += doubled.filter(({ index }) => !found.plan.surplus.some((one) => one.index === index)).length;
  return { surplus, kept };
}
