// Admission of what is said about whole sites: by an operator of any, by a daemon of its own hoster's; of a daemon's word
// that it is back; and of an operator's that a drill begins and ends.

import { findDaemon, homeOf } from '@vauban/core';
import { type AdmissionView, admitWriter, daemonOf, type EntryPlace, refuse } from './admission-view.ts';
import type { Payloads } from './entry.ts';

/** `site-lost` and `maintenance`. Faults: RIGHT_MISSING, SITE_UNKNOWN, SITE_OTHER, those of admitWriter. */
export async function admitSiteWord(view: AdmissionView, at: EntryPlace, site: string): Promise<void> {
  const { writer } = at;
  if (writer.kind === 'device') {
    throw refuse('RIGHT_MISSING', 'only operators and daemons speak about sites', { origin: at.origin });
  }
  admitWriter(view, writer);
  const { current } = view;
  const named = current.sites.find(({ id }) => id === site);
  if (named === undefined) {
    throw refuse('SITE_UNKNOWN', `there is no site ${site} in the charter`, {
      site,
      version: current.version,
    });
  }
  if (writer.kind === 'operator') return;
  const daemon = findDaemon(current, writer.daemon);
  const hoster = daemon && homeOf(current, daemon).hoster.id;
  if (hoster === named.hoster) return;
  throw refuse('SITE_OTHER', `the site ${site} is of another hoster: ask it, or an operator`, {
    site,
    hoster: named.hoster,
  });
}

/** A drill is begun and ended by an operator. Faults: RIGHT_MISSING, those of admitWriter. */
export async function admitDrill(view: AdmissionView, { writer, origin }: EntryPlace): Promise<void> {
  if (writer.kind !== 'operator') throw refuse('RIGHT_MISSING', 'only operators stage drills', { origin });
  admitWriter(view, writer);
}

/** Faults: RIGHT_MISSING, EVIDENCE_MISSING, READMIT_OTHER, those of admitWriter. */
export async function admitReadmit(
  view: AdmissionView,
  at: EntryPlace,
  { losses }: Payloads['readmit'],
): Promise<void> {
  const { daemon } = daemonOf(at);
  admitWriter(view, at.writer);
  const site = findDaemon(view.current, daemon)?.site;
  for (const [origin, index] of losses) {
    const lost = await view.siteLost({ origin, index });
    if (lost === undefined) {
      throw refuse('EVIDENCE_MISSING', 'the loss that is answered is not known here', { origin, index });
    }
    if (lost === site) continue;
    throw refuse('READMIT_OTHER', 'a daemon answers only for losses of its own site', { origin, index });
  }
}
