// Admission of `custody`: a daemon says that it holds one more fragment, and where the root it checked stands.

import { assert, equalBytes, findDaemon, homeOf, toHex } from '@vauban/core';
import {
  type AdmissionView,
  admitWriter,
  daemonOf,
  type EntryPlace,
  refuse,
  refusePurged,
} from './admission-view.ts';
import type { Payloads, Place } from './entry.ts';
import { holdersNow, sameName, type SegmentFacts } from './segment-facts.ts';
import { fragmentBytesOf, verifyReceipt } from './segment.ts';

/**
 * Faults: RIGHT_MISSING, EVIDENCE_MISSING, CUSTODY_OTHER, SEGMENT_PURGED, GENERATION_OLD, RECEIPT_FORGED,
 * CUSTODY_CROWDED, those of admitWriter.
 */
export async function admitCustody(
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
  const placed = known.places.find(({ claim, voided }) => !voided && sameName(claim, custody.place))?.place;
  const wanted = placed?.fragments[index];
  if (placed === undefined || wanted === undefined || !equalBytes(wanted[0], root)) {
    throw refuse('CUSTODY_OTHER', 'the place does not name this fragment with this root', {
      segment: toHex(segment),
      index,
    });
  }
  refusePurged(known, segment);
  const latest = await view.generationOf(daemon);
  if (custody.generation < latest) {
    throw refuse('GENERATION_OLD', 'the receipt was given before its daemon erased', {
      daemon,
      generation: custody.generation,
      latest,
    });
  }
  const holder = findDaemon(view.current, daemon);
  assert(holder !== undefined, 'an admitted daemon is in the charter');
  const claim = { ...custody, charterName: view.current.name, daemon };
  const signed = { signature: custody.receipt, receiptKey: holder.receiptKey };
  if (custody.bytes !== fragmentBytesOf(placed) || !verifyReceipt(view.crypto, claim, signed)) {
    throw refuse('RECEIPT_FORGED', 'the custody carries no valid receipt of its daemon', { daemon, index });
  }
  await refuseCrowded(view, known, { daemon, index, placed });
}

/** At most m distinct fragments on the site, and fewer than k at the hoster; what lay on a lost site is not there. */
async function refuseCrowded(
  view: AdmissionView,
  known: SegmentFacts,
  { daemon, index, placed }: { readonly daemon: string; readonly index: number; readonly placed: Place },
): Promise<void> {
  const holder = findDaemon(view.current, daemon);
  assert(holder !== undefined, 'an admitted daemon is in the charter');
  const home = homeOf(view.current, holder);
  const onSite = new Set<number>();
  const atHoster = new Set<number>();
  for (const one of [...holdersNow(known), { daemon, index }]) {
    const other = findDaemon(view.current, one.daemon);
    const own = one.daemon === daemon;
    if (other === undefined || (!own && (await view.isLost(one.daemon, 'certified')))) continue;
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
