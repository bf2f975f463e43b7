// The network as all daemons that answer know it: the view of the one that knows most, with every other's own word on
// itself, and what each rebuilds added up.

import { type NetworkFacts, type NetworkView, riskOf, type SiteView } from '@vauban/daemon';

const AUDITS_MAX = 10;

/** `views`: one or more, of different daemons. `silentSites`: where a daemon did not answer whoever asks. */
export function overviewOf(
  views: readonly [NetworkView, ...NetworkView[]],
  silentSites: readonly string[],
): NetworkView {
  const base = views.reduce((best, one) => (knows(one) > knows(best) ? one : best));
  const facts: NetworkFacts = {
    ...base,
    answers: views.length,
    sites: base.sites.map((site) => siteOf(site, views, silentSites)),
    repair: repairOf(views),
    audits: auditsOf(views, base),
    wants: views.flatMap(({ seenBy: { site }, wants }) =>
      wants.map((want) => ({ ...want, facts: { ...want.facts, site } })),
    ),
  };
  return { ...facts, risk: riskOf(facts) };
}

/** Whose word to take: one that hears a quorum, then one whose ledger is in order, has counted, hears most, holds most. */
function knows({ hosters, seenBy, margin, ledger }: NetworkView): number {
  const order = [hosters.quorum, seenBy.behind === null, margin.countedAt !== null].map(Number);
  const [quorum = 0, sound = 0, has = 0] = order;
  return (
    (((quorum * 2 + sound) * 2 + has) * 1_000 + hosters.heard) * 1e9 + Math.min(1e9 - 1, ledger.certified)
  );
}

/** What a daemon says of itself counts more than what others heard of it, unless they know that it is not counted on. */
function siteOf(site: SiteView, views: readonly NetworkView[], silentSites: readonly string[]): SiteView {
  const own = views.flatMap((view) =>
    view.seenBy.site === site.id ? view.sites.filter(({ id }) => id === site.id) : [],
  );
  const [first] = own;
  if (first !== undefined && own.length === site.daemons) {
    const { state, freeBytes } = first;
    // One daemon speaks for its site; of several each knows only itself.
    return site.daemons === 1 && !site.declaredLost ? { ...site, state, freeBytes, answering: 1 } : site;
  }
  if (site.state === 'well' && silentSites.includes(site.id)) return { ...site, state: 'suspect' };
  return site;
}

function repairOf(views: readonly NetworkView[]): NetworkFacts['repair'] {
  const all = views.map(({ repair }) => repair);
  const busy = all.filter(({ segments }) => segments > 0);
  const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + of(one), 0);
  const etas = busy.flatMap(({ etaSeconds }) => etaSeconds ?? []);
  const rateByLink: Record<string, number> = {};
  // What came in the last half minute says nothing of now when the end is reached.
  for (const [site, bytes] of busy.flatMap((one) => Object.entries(one.rateByLink))) {
    rateByLink[site] = (rateByLink[site] ?? 0) + bytes;
  }
  return {
    paused: all.every(({ paused }) => paused),
    segments: sum((one) => one.segments),
    bytes: sum((one) => one.bytes),
    // Of the slowest that knows; while none knows, nobody does.
    etaSeconds: busy.length === 0 ? 0 : etas.length === 0 ? null : Math.max(...etas),
    doneSegments: sum((one) => one.doneSegments),
    doneBytes: sum((one) => one.doneBytes),
    rateByLink,
    homeless: Math.max(...all.map(({ homeless }) => homeless)),
  };
}

function auditsOf(views: readonly NetworkView[], base: NetworkView): NetworkFacts['audits'] {
  const all = views.map(({ audits }) => audits);
  const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    passed: sum((one) => one.passed),
    failed: sum((one) => one.failed),
    unanswered: sum((one) => one.unanswered),
    roundStartedAt: base.audits.roundStartedAt,
    coveredFragments: sum((one) => one.coveredFragments),
    totalFragments: sum((one) => one.totalFragments),
    last: base.audits.last.slice(0, AUDITS_MAX),
  };
}
