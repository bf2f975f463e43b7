// Admission of what a vault says of its hold on segments: `keep` takes it, `release` gives it up (SPEC: admission).

import { equalBytes, RELEASE_SEGMENTS_MAX, toHex } from '@vauban/core';
import {
  type AdmissionView,
  admitWriter,
  deviceOf,
  type EntryPlace,
  isCertified,
  refuse,
  refusePurged,
} from './admission-view.ts';
import type { ClaimName, Payloads } from './entry.ts';
import { claimsOf, retainedUntil } from './segment-facts.ts';

/**
 * A claim that was released serves as well as another: until a purge is cosigned, that is how a deletion is undone.
 * Faults: RIGHT_MISSING, SEGMENT_PURGED, EVIDENCE_MISSING, CLAIM_MISSING, those of admitWriter.
 */
export async function admitKeep(view: AdmissionView, at: EntryPlace, keep: Payloads['keep']): Promise<void> {
  const device = deviceOf(at, 'write');
  admitWriter(view, at.writer);
  for (const segment of keep.segments) {
    const known = await view.segment(segment);
    refusePurged(known, segment);
    const own = claimsOf(known).filter(({ vault }) => equalBytes(vault, device.vault));
    let certified = false;
    for (const { claim } of own) certified ||= await isCertified(view, claim);
    if (certified) continue;
    if (own.length > 0) {
      throw refuse('EVIDENCE_MISSING', 'the claim on the segment to keep is not known here as certified', {
        segment: toHex(segment),
      });
    }
    throw refuse('CLAIM_MISSING', 'this vault has no certified claim on the segment to keep', {
      segment: toHex(segment),
    });
  }
}

/**
 * Whether the entry counts as a release once it is certified. A claim that a void cancelled may be released too: not
 * every voter need know of the void. Faults: RIGHT_MISSING, RELEASE_RANGE, RELEASE_TOO_LARGE, EVIDENCE_MISSING,
 * CLAIM_MISSING, RETENTION_RUNNING, those of admitWriter.
 */
export async function admitRelease(
  view: AdmissionView,
  at: EntryPlace,
  release: Payloads['release'],
): Promise<void> {
  const device = deviceOf(at, 'delete');
  admitWriter(view, at.writer);
  for (const index of release.objects) {
    const kind = index < at.index ? await view.kindOf({ origin: at.origin, index }) : undefined;
    if (kind === 'objects') continue;
    throw refuse('RELEASE_RANGE', `entry ${index} is no earlier \`objects\` entry of this log`, { index });
  }
  let segments = 0;
  for (const [origin, index] of release.claims) {
    const claim = { origin, index };
    const known = await certifiedClaim(view, claim);
    if (!equalBytes(known.vault, device.vault)) throw noClaim(claim);
    segments += known.segments.length;
    if (segments > RELEASE_SEGMENTS_MAX) {
      throw refuse('RELEASE_TOO_LARGE', `one release gives up at most ${RELEASE_SEGMENTS_MAX} segments`, {
        segments,
      });
    }
    await refuseRetained(view, claim, known.segments);
  }
}

async function certifiedClaim(view: AdmissionView, claim: ClaimName) {
  const known = await view.claim(claim);
  if (!(await isCertified(view, claim))) {
    throw refuse('EVIDENCE_MISSING', 'the claim to release is not known here as certified', { ...claim });
  }
  if (known === undefined) throw noClaim(claim);
  return known;
}

const noClaim = (claim: ClaimName) =>
  refuse('CLAIM_MISSING', 'what is to be released is no claim of this vault', { ...claim });

/** A place is kept as long as it says itself; a kept segment as long as any of its places says. */
async function refuseRetained(
  view: AdmissionView,
  claim: ClaimName,
  segments: readonly Uint8Array[],
): Promise<void> {
  for (const segment of segments) {
    const facts = await view.segment(segment);
    const own = facts.places.find(
      (one) => one.claim.origin === claim.origin && one.claim.index === claim.index,
    );
    const until = own?.place.retainUntil ?? retainedUntil(facts);
    if (until <= view.now) continue;
    throw refuse('RETENTION_RUNNING', 'the policy keeps this segment for longer; release it afterwards', {
      segment: toHex(segment),
      until,
    });
  }
}
