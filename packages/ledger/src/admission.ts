// Admission: what must hold of an entry before a hoster cosigns it (SPEC: admission). One piece of code, called by the
// daemon and by every verifier afterwards. Pure over a view; reads only. Each kind of rule has a file of its own.

import { CLOCK_SKEW_MS, Fault } from '@vauban/core';
import {
  type AdmissionView,
  admitWriter,
  daemonOf,
  deviceOf,
  type EntryPlace,
  refuse,
} from './admission-view.ts';
import { admitAdopt, admitSuccessor } from './admit-adopt.ts';
import { admitAudit } from './admit-audit.ts';
import { admitKeep, admitRelease } from './admit-claims.ts';
import { admitDrill, admitReadmit, admitSiteWord } from './admit-consortium.ts';
import { admitCustody } from './admit-custody.ts';
import { admitPurge, admitSweep, admitTrim } from './admit-erasing.ts';
import { admitPlace } from './admit-place.ts';
import type { OpenEntry } from './entry.ts';
import type { StoredEntry } from './log-record.ts';
import { PendingFacts } from './pending-facts.ts';
import type { Writer } from './writer.ts';

export { type AdmissionView, admitWriter, type EntryPlace } from './admission-view.ts';

/** Resolves when the entry may be cosigned; rejects with the fault of the first rule it breaks. */
export async function admit(view: AdmissionView, at: EntryPlace, open: OpenEntry): Promise<void> {
  const { payload } = open;
  const aheadMs = open.entry.time - view.now;
  // Nothing follows from the date of these two, and with them a log goes on once its writer's clock is right again.
  const dateless = payload.kind === 'genesis' || payload.kind === 'void';
  if (aheadMs > CLOCK_SKEW_MS && !dateless) {
    const message = `the entry is dated ${Math.round(aheadMs / 60_000)} minutes ahead of this hoster's clock: set the clock of the machine that wrote it`;
    throw refuse('CLOCK_AHEAD', message, { time: open.entry.time, now: view.now });
  }
  switch (payload.kind) {
    case 'genesis':
      admitWriter(view, at.writer);
      if (payload.writer === 'device' && payload.adopts !== null) {
        await admitSuccessor(view, at, payload.adopts);
      }
      return;
    case 'place':
      return admitPlace(view, at, { place: payload, time: open.entry.time });
    case 'keep':
      return admitKeep(view, at, payload);
    case 'objects':
      deviceOf(at, 'write');
      return admitWriter(view, at.writer);
    case 'release':
      return admitRelease(view, at, payload);
    case 'void':
      admitWriter(view, at.writer);
      return admitVoid(at, payload.index);
    case 'custody':
      return admitCustody(view, at, payload);
    case 'lost':
      daemonOf(at);
      return admitWriter(view, at.writer);
    case 'purge':
      return admitPurge(view, at, payload);
    case 'sweep':
      return admitSweep(view, at, payload);
    case 'trim':
      return admitTrim(view, at, payload);
    case 'site-lost':
    case 'maintenance':
      return admitSiteWord(view, at, payload.site);
    case 'drill':
      return admitDrill(view, at);
    case 'readmit':
      return admitReadmit(view, at, payload);
    case 'audit':
      return admitAudit(view, at, payload);
    case 'adopt':
      return admitAdopt(view, at, payload);
  }
}

/** Consecutive entries of one log, above what is certified and above what was admitted before. */
export interface EntriesToAdmit {
  readonly origin: string;
  readonly writer: Writer;
  /** Index of the first. */
  readonly from: number;
  /** One whose payload was erased is not judged: a certificate covers it. */
  readonly entries: readonly StoredEntry[];
}

/**
 * Admits entries in their order, each with the earlier ones in view. What one of them voids is not judged and has no
 * effect. Faults: those of `admit`, with the fact `entry`, its index.
 */
export async function admitEntries(
  view: AdmissionView,
  { origin, writer, from, entries }: EntriesToAdmit,
): Promise<void> {
  const voided = new Set<number>();
  for (const { payload } of entries) if (payload?.kind === 'void') voided.add(payload.index);
  const kinds = new Map(entries.map(({ entry }, nth) => [from + nth, entry.kind]));
  const pending = new PendingFacts(origin, from, kinds);
  const seen = pending.over(view);
  const certified = await view.certifiedSizeOf(origin);
  for (const [nth, open] of entries.entries()) {
    const index = from + nth;
    // A void is judged even when voided itself: it might name what nobody may void.
    if (open.payload === null || (voided.has(index) && open.payload.kind !== 'void')) continue;
    try {
      await admit(seen, { origin, index, writer }, open);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      throw new Fault(error.kind, error.code, error.message, { ...error.facts, entry: index }, error);
    }
    if (open.payload.kind === 'void' && open.payload.index < certified) continue;
    pending.add({ name: { origin, index }, open, writer, now: view.now });
  }
}

/**
 * A void of what is certified is no fault: its writer may not have known, and whatever was signed cannot be unsigned.
 * It has no effect where the certificate is known (`undoneVoids`).
 */
function admitVoid(at: EntryPlace, index: number): void {
  if (index === 0 || index >= at.index) {
    throw refuse('VOID_RANGE', 'a void names an earlier entry of its own log, not the genesis', { index });
  }
}
