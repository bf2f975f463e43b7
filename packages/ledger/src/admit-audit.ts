// Admission of `audit`: what a daemon says about fragments of a competitor is taken down if it may have asked for them at
// all. That it is true nobody checks here: one auditor's word is hearsay.

import { equalBytes, findDaemon, homeOf, LEAF_BYTES, toHex } from '@vauban/core';
import { type AdmissionView, admitWriter, daemonOf, type EntryPlace, refuse } from './admission-view.ts';
import type { Payloads } from './entry.ts';
import { claimsHolder, type SegmentFacts } from './segment-facts.ts';
import { fragmentBytesOf } from './segment.ts';

type Audit = Payloads['audit'];

/** Faults: RIGHT_MISSING, UNKNOWN_HOLDER, AUDIT_OWN, EVIDENCE_MISSING, AUDIT_OTHER, HOLDER_GONE, those of admitWriter. */
export async function admitAudit(view: AdmissionView, at: EntryPlace, audit: Audit): Promise<void> {
  const { daemon: auditor } = daemonOf(at);
  admitWriter(view, at.writer);
  const daemon = toHex(audit.daemon);
  refuseOwn(view, auditor, daemon);
  await admitHead(view, audit.head);
  const named = [
    ...[...audit.failed, ...audit.degraded].map(([segment, index, leaf]) => ({ segment, index, leaf })),
    ...audit.restored.map(([segment, index]) => ({ segment, index, leaf: 0 })),
  ];
  const known = new Map<string, SegmentFacts>();
  for (const { segment, index, leaf } of named) {
    const id = toHex(segment);
    const facts = known.get(id) ?? standing(await view.segment(segment));
    known.set(id, facts);
    const place = facts.places[0]?.place;
    if (place === undefined || !claimsHolder(facts, { daemon, index })) {
      throw refuse('HOLDER_GONE', `the daemon ${daemon} is not known to hold this fragment`, {
        segment: id,
        index,
        daemon,
      });
    }
    const leaves = Math.ceil(fragmentBytesOf(place) / LEAF_BYTES);
    if (leaf < leaves) continue;
    throw refuse('AUDIT_OTHER', 'the fragment has no such leaf', { segment: id, index, leaf, leaves });
  }
}

/** Nobody judges its own house. */
function refuseOwn(view: AdmissionView, auditor: string, audited: string): void {
  const { current } = view;
  const [by, of] = [findDaemon(current, auditor), findDaemon(current, audited)];
  if (of === undefined) {
    throw refuse('UNKNOWN_HOLDER', `no daemon ${audited} in the charter`, { daemon: audited });
  }
  if (by !== undefined && homeOf(current, by).hoster.id !== homeOf(current, of).hoster.id) return;
  throw refuse('AUDIT_OWN', 'a daemon audits what other hosters hold', { daemon: audited });
}

/** Where the writer signed at that size, its root is compared; where entries came joined, nobody signed here. */
async function admitHead(view: AdmissionView, { origin, size, root }: Audit['head']): Promise<void> {
  if (size === 0 || (await view.certifiedSizeOf(origin)) < size) {
    throw refuse(
      'EVIDENCE_MISSING',
      'the head that the audit is derived from is not known here as certified',
      {
        origin,
        size,
      },
    );
  }
  const signed = await view.signedRoot(origin, size);
  if (signed === undefined || equalBytes(signed, root)) return;
  throw refuse('AUDIT_OTHER', 'the audit is derived from a head that its log never had', { origin, size });
}

/** What was given back since counts too: the auditor may not have heard. What was voided does not. */
function standing(facts: SegmentFacts): SegmentFacts {
  const stands = ({ voided }: { readonly voided: boolean }) => !voided;
  return { ...facts, places: facts.places.filter(stands), custody: facts.custody.filter(stands) };
}
