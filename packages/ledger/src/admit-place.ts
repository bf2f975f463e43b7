// Admission of a `place`: code, receipts, holders, retention, and what erasing forbids (SPEC: admission).

import {
  BACKDATING_MS,
  type Charter,
  type Crypto,
  equalBytes,
  findDaemon,
  FRAME_BYTES,
  homeOf,
  isCodedBy,
  type Policy,
  toHex,
} from '@vauban/core';
import { checkDeclaration, checkDomainRule } from '@vauban/placement';
import {
  type AdmissionView,
  admitWriter,
  deviceOf,
  type EntryPlace,
  refuse,
  refusePurged,
} from './admission-view.ts';
import type { Place } from './entry.ts';
import { descriptorOf, holdersOf } from './place.ts';
import { checkDescriptor, fragmentBytesOf, receiptDigest, segmentIdOf } from './segment.ts';

/** What judging a place looks at: little enough for whoever has a proof and nothing else. */
export type PlaceView = Pick<
  AdmissionView,
  'crypto' | 'now' | 'current' | 'charterVersion' | 'generationOf' | 'segment' | 'receiptsHold'
>;

/** Faults: those of SPEC's rows about `place`. */
export async function admitPlace(
  view: PlaceView,
  at: EntryPlace,
  of: { place: Place; time: number },
): Promise<void> {
  const { place } = of;
  const device = deviceOf(at, 'write');
  admitWriter(view, at.writer);
  const named = view.charterVersion(place.charter);
  if (named === undefined) {
    throw refuse('CHARTER_AHEAD', `the place names charter version ${place.charter}, unknown here`, {
      named: place.charter,
      known: view.current.version,
    });
  }
  if (!equalBytes(place.vault, device.vault)) {
    throw refuse('VAULT_OTHER', 'the place is for another vault than the one delegated to this device', {
      segment: toHex(place.segment),
    });
  }
  checkDescriptor(descriptorOf(place));
  if (!equalBytes(segmentIdOf(view.crypto, descriptorOf(place)), place.segment)) {
    throw refuse('SEGMENT_ID', 'the segment id is not that of the fragments named', {
      segment: toHex(place.segment),
    });
  }
  for (const charter of named === view.current ? [named] : [named, view.current]) {
    const policy = policyOf(charter, device.policy);
    checkCode(place, policy);
    if (charter === named && view.receiptsHold?.(place) !== true) checkReceipts(view.crypto, charter, place);
    checkHolders(view, charter, { place, policy });
    if (place.retainUntil < of.time + policy.retentionMs) {
      throw refuse('RETENTION_SHORT', `policy ${policy.name} keeps fragments longer than this place says`, {
        retainUntil: place.retainUntil,
        wanted: of.time + policy.retentionMs,
      });
    }
    if (place.retainUntil < view.now - BACKDATING_MS + policy.retentionMs) {
      throw refuse(
        'RETENTION_BACKDATED',
        `the place is dated so far back that it would be kept shorter than policy ${policy.name} says; place it anew`,
        { time: of.time, now: view.now, retainUntil: place.retainUntil },
      );
    }
  }
  for (const holder of place.fragments) {
    if (holder.length === 1) continue;
    const latest = await view.generationOf(toHex(holder[1]));
    if (holder[2] < latest) {
      throw refuse('GENERATION_OLD', 'a receipt was given before the daemon erased; ask for a fresh one', {
        daemon: toHex(holder[1]),
        generation: holder[2],
        latest,
      });
    }
  }
  const known = await view.segment(place.segment);
  refusePurged(known, place.segment);
  for (const other of known.places) {
    if (!other.voided && other.place.retainUntil > place.retainUntil) {
      throw refuse('RETENTION_SHORTENED', 'an earlier place keeps this segment longer', {
        retainUntil: place.retainUntil,
        earlier: other.place.retainUntil,
      });
    }
  }
}

function checkCode(place: Place, policy: Policy): void {
  const { code, k, m, cellBytes } = place;
  if (m !== policy.m || k > policy.k || m > k || !isCodedBy(policy, place)) {
    throw refuse(
      'CODE_OTHER',
      `policy ${policy.name} asks for ${policy.code} with m = ${policy.m}, m ≤ k ≤ ${policy.k} and its cell size (rs below one stripe of clay)`,
      {
        code,
        k,
        m,
        cellBytes,
        policy: policy.name,
      },
    );
  }
  const leastBytes = (place.stripes - 1) * cellBytes * k;
  if (leastBytes >= policy.segmentFrames * FRAME_BYTES) {
    throw refuse(
      'SEGMENT_TOO_LARGE',
      `policy ${policy.name} allows ${policy.segmentFrames} frames in a segment`,
      {
        bytes: leastBytes,
        segmentFrames: policy.segmentFrames,
      },
    );
  }
}

function checkReceipts(crypto: Crypto, charter: Charter, place: Place): void {
  for (const { daemon, index, check } of receiptsOf(crypto, charter, place)) {
    if (check === undefined)
      throw refuse('UNKNOWN_HOLDER', `no daemon ${daemon} in the charter`, { daemon, index });
    if (!crypto.ed25519Verify(check.signature, check.message, check.publicKey)) {
      throw refuse('RECEIPT_FORGED', `fragment ${index} carries no valid receipt of its daemon`, {
        daemon,
        index,
      });
    }
  }
}

/** A signature to be checked, wherever there is a processor for it. */
export interface SignatureCheck {
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** All that has to hold for the receipts of a place to be right; undefined where a holder is not in the charter. */
export function receiptChecksOf(
  crypto: Crypto,
  charter: Charter,
  place: Place,
): readonly SignatureCheck[] | undefined {
  const checks: SignatureCheck[] = [];
  for (const { check } of receiptsOf(crypto, charter, place)) {
    if (check === undefined) return undefined;
    checks.push(check);
  }
  return checks;
}

function* receiptsOf(
  crypto: Crypto,
  charter: Charter,
  place: Place,
): Generator<{
  readonly daemon: string;
  readonly index: number;
  readonly check: SignatureCheck | undefined;
}> {
  const bytes = fragmentBytesOf(place);
  for (const [index, fragment] of place.fragments.entries()) {
    if (fragment.length === 1) continue;
    const [root, daemonBytes, generation, signature] = fragment;
    const daemon = toHex(daemonBytes);
    const publicKey = findDaemon(charter, daemon)?.receiptKey;
    const { segment } = place;
    const claim = { charterName: charter.name, segment, index, root, bytes, daemon, generation };
    const check =
      publicKey === undefined ? undefined : { signature, message: receiptDigest(crypto, claim), publicKey };
    yield { daemon, index, check };
  }
}

function checkHolders(view: PlaceView, charter: Charter, of: { place: Place; policy: Policy }): void {
  const { place, policy } = of;
  const holders = holdersOf(place);
  const survives = holders.length - place.k;
  if (survives < policy.minSurvives) {
    throw refuse(
      'MARGIN_SHORT',
      `${holders.length} receipts for k = ${place.k}: policy ${policy.name} wants more`,
      {
        receipts: holders.length,
        k: place.k,
        minSurvives: policy.minSurvives,
      },
    );
  }
  const rule = { k: place.k, m: place.m, sitesLost: policy.sitesLost, holders };
  const broken = checkDomainRule(charter, rule);
  if (broken !== undefined) throw broken;
  for (const { daemon } of holders) {
    const holder = findDaemon(charter, daemon);
    if (holder === undefined)
      throw refuse('UNKNOWN_HOLDER', `no daemon ${daemon} in the charter`, { daemon });
    const refused = checkDeclaration(homeOf(charter, holder).hoster, policy.sovereignty, view.now);
    if (refused !== undefined) throw refused;
  }
}

function policyOf(charter: Charter, name: string): Policy {
  const policy = charter.policies.find((one) => one.name === name);
  if (policy === undefined)
    throw refuse('POLICY_OTHER', `no policy ${name} in the charter`, { policy: name });
  return policy;
}
