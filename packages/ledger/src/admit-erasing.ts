// Admission of `purge`, `sweep` and `trim`: a daemon erases only what a certified one of these lets it. These rules are
// why nothing is erased that somebody was promised (SPEC: admission; what breaks without them: the ledger's model).

import { findDaemon, toHex } from '@vauban/core';
import { type Holder, margin } from '@vauban/placement';
import {
  type AdmissionView,
  admitWriter,
  daemonOf,
  type EntryPlace,
  isCertified,
  refuse,
} from './admission-view.ts';
import type { ClaimName, Payloads } from './entry.ts';
import {
  claimsOf,
  holdersNow,
  type ReleaseFact,
  retainedUntil,
  sameName,
  type SegmentFacts,
} from './segment-facts.ts';

/** Faults: RIGHT_MISSING, GENERATION_OLD, CLAIM_MISSING, CLAIM_HELD, PAYLOAD_HELD, EVIDENCE_MISSING, RETENTION_RUNNING, GRACE_RUNNING. */
export async function admitPurge(
  view: AdmissionView,
  at: EntryPlace,
  purge: Payloads['purge'],
): Promise<void> {
  await admitGeneration(view, at, purge.generation);
  for (const segment of purge.segments) {
    const facts = await view.segment(segment);
    const claims = claimsOf(facts);
    const named = { segment: toHex(segment) };
    // What was never placed is swept: a purge of it would only stop its place from coming.
    if (claims.length === 0) throw refuse('CLAIM_MISSING', 'nobody ever claimed the segment to erase', named);
    for (const { claim } of claims) {
      const releases = facts.releases.filter((one) => sameName(one.of, claim));
      await mustBeReleased(view, releases, { code: 'CLAIM_HELD', facts: { ...named, ...claim } });
    }
    const until = retainedUntil(facts);
    if (until > view.now) {
      throw refuse('RETENTION_RUNNING', 'a policy keeps the segment to erase for longer', {
        ...named,
        until,
      });
    }
  }
  for (const [origin, index] of purge.payloads) {
    const name = { origin, index };
    await mustBeReleased(view, await view.payloadReleases(name), { code: 'PAYLOAD_HELD', facts: name });
  }
}

/** One certified release, no void over it, and older than the grace period by this voter's own clock. */
async function mustBeReleased(
  view: AdmissionView,
  releases: readonly ReleaseFact[],
  otherwise: {
    readonly code: 'CLAIM_HELD' | 'PAYLOAD_HELD';
    readonly facts: Record<string, string | number>;
  },
): Promise<void> {
  const standing = releases.filter(({ voided }) => !voided);
  let since = Number.POSITIVE_INFINITY;
  for (const one of standing) {
    if (await isCertified(view, one.by)) since = Math.min(since, one.since);
  }
  if (since + view.graceMs <= view.now) return;
  const { code, facts } = otherwise;
  if (since !== Number.POSITIVE_INFINITY) {
    const until = since + view.graceMs;
    throw refuse('GRACE_RUNNING', 'what was released lately can still be kept again', { ...facts, until });
  }
  if (standing.length > 0) {
    throw refuse('EVIDENCE_MISSING', 'the release is not known here as certified', facts);
  }
  throw refuse(code, 'something to erase is still held: nobody released it', facts);
}

/** Faults: RIGHT_MISSING, GENERATION_OLD. What may be erased under it is for the daemon to ask the voters. */
export async function admitSweep(
  view: AdmissionView,
  at: EntryPlace,
  sweep: Payloads['sweep'],
): Promise<void> {
  await admitGeneration(view, at, sweep.generation);
}

/**
 * Faults: RIGHT_MISSING, GENERATION_OLD, KEEPER_SELF, UNKNOWN_HOLDER, HOLDER_GONE, COPY_RELIED_ON, CLAIM_MISSING,
 * MARGIN_SHORT, DOMAIN_RULE.
 */
export async function admitTrim(view: AdmissionView, at: EntryPlace, trim: Payloads['trim']): Promise<void> {
  const { daemon } = await admitGeneration(view, at, trim.generation);
  const { index } = trim;
  const keeper = toHex(trim.keeper);
  const named = { segment: toHex(trim.segment), index, keeper };
  if (keeper === daemon) throw refuse('KEEPER_SELF', 'a daemon cannot rely on the copy it erases', named);
  if (findDaemon(view.current, keeper) === undefined) {
    throw refuse('UNKNOWN_HOLDER', `no daemon ${keeper} in the charter`, named);
  }
  const facts = await trusted(view, await view.segment(trim.segment));
  const holders: Holder[] = [];
  for (const one of holdersNow(facts)) if (!(await view.isLost(one.daemon, 'anybody'))) holders.push(one);
  const holds = (one: string) => holders.some((held) => held.daemon === one && held.index === index);
  for (const one of [daemon, keeper]) {
    if (!holds(one)) {
      throw refuse('HOLDER_GONE', `the daemon ${one} is not known to hold this fragment`, {
        ...named,
        daemon: one,
      });
    }
  }
  // Until that other trim is certified, it and this one could each count on a copy that the other erases.
  for (const other of facts.trims) {
    if (other.index !== index || other.keeper !== daemon || (await isCertified(view, other.by))) continue;
    throw refuse('COPY_RELIED_ON', `the daemon ${other.daemon} is about to erase, relying on this copy`, {
      ...named,
      daemon: other.daemon,
    });
  }
  const left = holders.filter((one) => one.daemon !== daemon || one.index !== index);
  refuseThinned(view, facts, left);
}

/** Full margin, and the domain rule, without the copy to erase. */
function refuseThinned(view: AdmissionView, facts: SegmentFacts, holders: readonly Holder[]): void {
  const places = facts.places.filter(({ voided }) => !voided);
  if (places.length === 0)
    throw refuse('CLAIM_MISSING', 'no certified place of this segment is known here', {});
  for (const { place, policy } of places) {
    const rest = margin(view.current, { k: place.k, holders, live: () => true });
    if (rest.fragments < place.m) {
      throw refuse('MARGIN_SHORT', 'without this copy the segment would not have all its fragments', {
        left: rest.fragments,
        wanted: place.m,
      });
    }
    // A policy that the charter dropped: as if it had asked for as much as the code can bear.
    const { sitesLost } = view.current.policies.find(({ name }) => name === policy) ?? { sitesLost: place.m };
    const survived = Math.min(rest.sites, rest.buildings, rest.hosters);
    if (survived < sitesLost) {
      throw refuse('DOMAIN_RULE', `without this copy, losing ${sitesLost} sites could lose the segment`, {
        survived,
        sitesLost,
      });
    }
  }
}

/**
 * What a trim may count on: places and custody that are certified. What speaks against a holder counts even uncertified
 * and even voided, for it may have been cosigned.
 */
async function trusted(view: AdmissionView, facts: SegmentFacts): Promise<SegmentFacts> {
  const certified = async <Fact>(all: readonly Fact[], nameOf: (fact: Fact) => ClaimName) => {
    const kept: Fact[] = [];
    for (const fact of all) if (await isCertified(view, nameOf(fact))) kept.push(fact);
    return kept;
  };
  const standing = <Fact extends { readonly voided: boolean }>(all: readonly Fact[]) =>
    all.map((fact) => ({ ...fact, voided: false }));
  return {
    ...facts,
    places: await certified(facts.places, ({ claim }) => claim),
    custody: await certified(facts.custody, ({ by }) => by),
    lost: standing(facts.lost),
    trims: standing(facts.trims),
    purges: standing(facts.purges),
  };
}

/** Each erasing of a daemon has a higher number than the one before, so that older receipts can be told apart. */
async function admitGeneration(view: AdmissionView, at: EntryPlace, generation: number) {
  const writer = daemonOf(at);
  admitWriter(view, writer);
  const latest = await view.generationOf(writer.daemon);
  if (generation > latest) return writer;
  throw refuse('GENERATION_OLD', 'each time a daemon erases, its generation rises', {
    daemon: writer.daemon,
    generation,
    latest,
  });
}
