// Admission: what must hold of an entry before a hoster cosigns it (SPEC: admission). One piece of code, called by the
// daemon, by the client before it sends, and by every verifier afterwards. Pure over a view; reads only.

import {
  assert,
  type Charter,
  CLOCK_SKEW_MS,
  type Crypto,
  equalBytes,
  Fault,
  findDaemon,
  FRAME_BYTES,
  homeOf,
  type Policy,
  toHex,
} from '@vauban/core';
import { checkDeclaration, checkDomainRule } from '@vauban/placement';
import type { ClaimName, OpenEntry, Payloads, Place } from './entry.ts';
import { checkDescriptor, fragmentBytesOf, segmentIdOf, verifyReceipt } from './segment.ts';
import { descriptorOf, holdersOf } from './place.ts';
import type { Writer } from './writer.ts';

/** A claim or holder known for a segment. */
export interface SegmentFacts {
  readonly places: readonly { readonly claim: ClaimName; readonly place: Place; readonly voided: boolean }[];
  readonly keeps: readonly {
    readonly claim: ClaimName;
    readonly vault: Uint8Array;
    readonly voided: boolean;
  }[];
  readonly custody: readonly { readonly daemon: string; readonly index: number }[];
  readonly lost: readonly { readonly daemon: string; readonly index: number }[];
}

export interface AdmissionView {
  readonly crypto: Crypto;
  readonly now: number;
  readonly current: Charter;
  charterVersion(version: number): Charter | undefined;
  /** Latest generation this voter cosigned of a daemon's erasing. */
  generationOf(daemon: string): Promise<number>;
  segment(id: Uint8Array): Promise<SegmentFacts>;
  certifiedSizeOf(origin: string): Promise<number>;
}

/** Where an entry stands. */
export interface EntryPlace {
  readonly origin: string;
  readonly index: number;
  readonly writer: Writer;
  /** Highest certified size of this log that the voter knows. */
  readonly certifiedSize: number;
}

/** Resolves when the entry may be cosigned; rejects with the fault of the first rule it breaks. */
export async function admit(view: AdmissionView, at: EntryPlace, open: OpenEntry): Promise<void> {
  if (open.entry.time > view.now + CLOCK_SKEW_MS) {
    throw refuse('CLOCK_AHEAD', 'the entry is dated in the future', { time: open.entry.time, now: view.now });
  }
  const { payload } = open;
  switch (payload.kind) {
    case 'genesis':
      return admitWriter(view, at.writer);
    case 'place':
      return admitPlace(view, at, { place: payload, time: open.entry.time });
    case 'keep':
      return admitKeep(view, at, payload);
    case 'objects':
      deviceOf(at, 'write');
      return admitWriter(view, at.writer);
    case 'void':
      admitWriter(view, at.writer);
      return admitVoid(at, payload.index);
    case 'custody':
      return admitCustody(view, at, payload);
    case 'lost':
      daemonOf(at);
      return admitWriter(view, at.writer);
  }
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

async function admitPlace(
  view: AdmissionView,
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
    if (charter === named) checkReceipts(view.crypto, charter, place);
    checkHolders(view, charter, { place, policy });
    if (place.retainUntil < of.time + policy.retentionMs) {
      throw refuse('RETENTION_SHORT', `policy ${policy.name} keeps fragments longer than this place says`, {
        retainUntil: place.retainUntil,
        wanted: of.time + policy.retentionMs,
      });
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
  const { k, m, cellBytes } = place;
  if (m !== policy.m || k > policy.k || m > k || cellBytes !== policy.cellBytes) {
    throw refuse(
      'CODE_OTHER',
      `policy ${policy.name} asks for m = ${policy.m}, m ≤ k ≤ ${policy.k} and its cell size`,
      {
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
  const bytes = fragmentBytesOf(place);
  for (const [index, fragment] of place.fragments.entries()) {
    if (fragment.length === 1) continue;
    const [root, daemonBytes, generation, signature] = fragment;
    const daemon = toHex(daemonBytes);
    const holder = findDaemon(charter, daemon);
    if (holder === undefined)
      throw refuse('UNKNOWN_HOLDER', `no daemon ${daemon} in the charter`, { daemon, index });
    const claim = {
      charterName: charter.name,
      segment: place.segment,
      index,
      root,
      bytes,
      daemon,
      generation,
    };
    if (!verifyReceipt(crypto, claim, { signature, receiptKey: holder.receiptKey })) {
      throw refuse('RECEIPT_FORGED', `fragment ${index} carries no valid receipt of its daemon`, {
        daemon,
        index,
      });
    }
  }
}

function checkHolders(view: AdmissionView, charter: Charter, of: { place: Place; policy: Policy }): void {
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

async function admitKeep(view: AdmissionView, at: EntryPlace, keep: Payloads['keep']): Promise<void> {
  const device = deviceOf(at, 'write');
  admitWriter(view, at.writer);
  for (const segment of keep.segments) {
    const known = await view.segment(segment);
    const own = [...known.places.map((one) => ({ ...one, vault: one.place.vault })), ...known.keeps].filter(
      (one) => !one.voided && equalBytes(one.vault, device.vault),
    );
    let certified = false;
    for (const { claim } of own) certified ||= claim.index < (await view.certifiedSizeOf(claim.origin));
    if (!certified && own.length > 0) {
      throw refuse('EVIDENCE_MISSING', 'the claim on the segment to keep is not known here as certified', {
        segment: toHex(segment),
      });
    }
    if (!certified) {
      throw refuse('CLAIM_MISSING', 'this vault has no certified claim on the segment to keep', {
        segment: toHex(segment),
      });
    }
  }
}

function admitVoid(at: EntryPlace, index: number): void {
  if (index === 0 || index >= at.index) {
    throw refuse('VOID_RANGE', 'a void names an earlier entry of its own log, not the genesis', { index });
  }
  if (index < at.certifiedSize) {
    throw refuse('VOID_CERTIFIED', 'a certified entry cannot be voided', {
      index,
      certifiedSize: at.certifiedSize,
    });
  }
}

async function admitCustody(
  view: AdmissionView,
  at: EntryPlace,
  custody: Payloads['custody'],
): Promise<void> {
  const { daemon } = daemonOf(at);
  admitWriter(view, at.writer);
  const { segment, index, root } = custody;
  if (
    (await view.certifiedSizeOf(custody.place.origin)) < custody.size ||
    custody.place.index >= custody.size
  ) {
    throw refuse('EVIDENCE_MISSING', 'the certified head that covers the place is not known here', {
      origin: custody.place.origin,
      size: custody.size,
    });
  }
  const known = await view.segment(segment);
  const placed = known.places.find(
    ({ claim, voided }) =>
      !voided && claim.origin === custody.place.origin && claim.index === custody.place.index,
  )?.place;
  const wanted = placed?.fragments[index];
  if (placed === undefined || wanted === undefined || !equalBytes(wanted[0], root)) {
    throw refuse('CUSTODY_OTHER', 'the place does not name this fragment with this root', {
      segment: toHex(segment),
      index,
    });
  }
  const holder = findDaemon(view.current, daemon);
  assert(holder !== undefined, 'an admitted daemon is in the charter');
  const claim = { ...custody, charterName: view.current.name, daemon };
  const signed = { signature: custody.receipt, receiptKey: holder.receiptKey };
  if (custody.bytes !== fragmentBytesOf(placed) || !verifyReceipt(view.crypto, claim, signed)) {
    throw refuse('RECEIPT_FORGED', 'the custody carries no valid receipt of its daemon', { daemon, index });
  }
  const gone = new Set(known.lost.map((one) => `${one.daemon}/${one.index}`));
  const held = [...holdersOf(placed), ...known.custody, { daemon, index }].filter(
    (one) => (one.daemon === daemon && one.index === index) || !gone.has(`${one.daemon}/${one.index}`),
  );
  const home = homeOf(view.current, holder);
  const onSite = new Set<number>();
  const atHoster = new Set<number>();
  for (const one of held) {
    const other = findDaemon(view.current, one.daemon);
    if (other === undefined) continue;
    const there = homeOf(view.current, other);
    if (there.site.id === home.site.id) onSite.add(one.index);
    if (there.hoster.id === home.hoster.id) atHoster.add(one.index);
  }
  if (onSite.size > placed.m || atHoster.size >= placed.k) {
    throw refuse('CUSTODY_CROWDED', 'the site or hoster would hold too many fragments of the segment', {
      onSite: onSite.size,
      atHoster: atHoster.size,
      m: placed.m,
      k: placed.k,
    });
  }
}

function deviceOf(at: EntryPlace, right: 'write' | 'delete') {
  if (at.writer.kind !== 'device' || !at.writer.delegation.rights.includes(right)) {
    throw refuse('RIGHT_MISSING', `the writer of ${at.origin} has no right to ${right}`, {
      origin: at.origin,
      right,
    });
  }
  return at.writer.delegation;
}

function daemonOf(at: EntryPlace) {
  if (at.writer.kind !== 'daemon') {
    throw refuse('RIGHT_MISSING', 'only a daemon writes this kind of entry', { origin: at.origin });
  }
  return at.writer;
}

function policyOf(charter: Charter, name: string): Policy {
  const policy = charter.policies.find((one) => one.name === name);
  if (policy === undefined)
    throw refuse('POLICY_OTHER', `no policy ${name} in the charter`, { policy: name });
  return policy;
}

function refuse(code: string, message: string, facts: Fault['facts']): Fault {
  return new Fault('refused', code, message, facts);
}
