// What admission may look at, and who an entry is from. No rules but one: what a writer may write at all.

import { type Charter, type Crypto, equalBytes, Fault, findDaemon, toHex } from '@vauban/core';
import type { Adopt } from './adoption.ts';
import type { VotingSets } from './checkpoint.ts';
import type { ClaimName, EntryKind, Place } from './entry.ts';
import type { ReleaseFact, SegmentFacts } from './segment-facts.ts';
import type { KnownClaim } from './segment-index.ts';
import type { Writer } from './writer.ts';

/** A voter's knowledge at one moment. What it holds counts, certified or not, unless a rule asks for a certificate. */
export interface AdmissionView {
  readonly crypto: Crypto;
  readonly now: number;
  /** How long after a release nothing may be erased yet. */
  readonly graceMs: number;
  readonly current: Charter;
  charterVersion(version: number): Charter | undefined;
  /** Latest generation held of a daemon's erasing; with `before`, not counting that entry and what follows in its log. */
  generationOf(daemon: string, before?: ClaimName): Promise<number>;
  segment(id: Uint8Array): Promise<SegmentFacts>;
  /** A claim by its name; undefined when there is no such entry here, or it claims nothing. */
  claim(name: ClaimName): Promise<KnownClaim | undefined>;
  /** Kind of an entry; undefined when it is not here. */
  kindOf(name: ClaimName): Promise<EntryKind | undefined>;
  /** Releases of the payload of an `objects` entry. */
  payloadReleases(name: ClaimName): Promise<readonly ReleaseFact[]>;
  certifiedSizeOf(origin: string): Promise<number>;
  /** The site that a `site-lost` entry names; null for another entry, undefined when it is not here. */
  siteLost(name: ClaimName): Promise<string | null | undefined>;
  /** Whether the daemon's site was declared lost and it has not come back: by anybody, or by a certified entry. */
  isLost(daemon: string, by: 'anybody' | 'certified'): Promise<boolean>;
  /** Root that the log's writer signed at a size; undefined when it is not here, or signed nothing there. */
  signedRoot(origin: string, size: number): Promise<Uint8Array | undefined>;
  /** Voting sets of all epochs, by which certificates are judged. */
  readonly epochs: VotingSets;
  /** The writer of a log; undefined when the log is not here. */
  writerOf(origin: string): Promise<Writer | undefined>;
  /** Whether the agency's revocation of the log's device is stored here. */
  isSealed(log: { readonly origin: string; readonly agency: string }): Promise<boolean>;
  /** True for a place whose receipts were found right, under the charter version it names, before it came here. */
  receiptsHold?(place: Place): boolean;
  /** Index of an earlier `adopt` of the same entry in the log that no void cancels; undefined when there is none. */
  adoptedAt(by: ClaimName, adopt: Adopt): Promise<number | undefined>;
}

/** Where an entry stands. */
export interface EntryPlace {
  readonly origin: string;
  readonly index: number;
  readonly writer: Writer;
}

/**
 * Whether this writer may write at all now. Faults: DELEGATION_EXPIRED, AGENCY_UNKNOWN, AGENCY_SUSPENDED, POLICY_OTHER,
 * CHARTER_EXPIRED, WRITER_UNKNOWN.
 */
export function admitWriter(view: Pick<AdmissionView, 'now' | 'current'>, writer: Writer): void {
  if (writer.kind !== 'device') return admitMember(view.current, writer);
  const { agency: id, until, policy } = writer.delegation;
  if (until <= view.now) {
    throw refuse('DELEGATION_EXPIRED', `the device's delegation ended; renew it from the agency's words`, {
      until,
    });
  }
  const agency = view.current.agencies.find((one) => one.id === id);
  if (agency === undefined)
    throw refuse('AGENCY_UNKNOWN', `the agency ${id} is not in the charter`, { agency: id });
  if (agency.suspended) throw refuse('AGENCY_SUSPENDED', `the agency ${id} is suspended`, { agency: id });
  if (!agency.policies.includes(policy)) {
    throw refuse('POLICY_OTHER', `the agency ${id} may not use the policy ${policy}`, { agency: id, policy });
  }
  if (view.current.expires <= view.now) {
    throw refuse('CHARTER_EXPIRED', `charter version ${view.current.version} expired without renewal`, {
      version: view.current.version,
      expires: view.current.expires,
    });
  }
}

/** A daemon's or operator's log ends with the charter version that drops or replaces its key. */
function admitMember(current: Charter, writer: Exclude<Writer, { readonly kind: 'device' }>): void {
  const key =
    writer.kind === 'daemon'
      ? findDaemon(current, writer.daemon)?.logKey
      : current.operators.find((one) => one.id === writer.operator)?.key;
  if (key !== undefined && equalBytes(key, writer.key)) return;
  const id = writer.kind === 'daemon' ? writer.daemon : writer.operator;
  throw refuse('WRITER_UNKNOWN', `the charter no longer lists this key of the ${writer.kind} ${id}`, {
    kind: writer.kind,
    id,
    version: current.version,
  });
}

export function deviceOf(at: EntryPlace, right: 'write' | 'delete') {
  if (at.writer.kind !== 'device' || !at.writer.delegation.rights.includes(right)) {
    throw refuse('RIGHT_MISSING', `the writer of ${at.origin} has no right to ${right}`, {
      origin: at.origin,
      right,
    });
  }
  return at.writer.delegation;
}

export function daemonOf(at: EntryPlace) {
  if (at.writer.kind !== 'daemon') {
    throw refuse('RIGHT_MISSING', 'only a daemon writes this kind of entry', { origin: at.origin });
  }
  return at.writer;
}

/** Whether an entry lies under a certificate known here. */
export async function isCertified(view: AdmissionView, name: ClaimName): Promise<boolean> {
  return name.index < (await view.certifiedSizeOf(name.origin));
}

/** Whoever cosigned a purge refuses what would hold on to the segment, even when that purge was voided since. */
export function refusePurged(facts: SegmentFacts, segment: Uint8Array): void {
  const [purge] = facts.purges;
  if (purge === undefined) return;
  throw refuse('SEGMENT_PURGED', 'the segment is being erased, or is erased already; upload its bytes anew', {
    segment: toHex(segment),
    daemon: purge.daemon,
  });
}

export function refuse(code: string, message: string, facts: Fault['facts']): Fault {
  return new Fault('refused', code, message, facts);
}
