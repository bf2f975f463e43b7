// A network of nine sites as one daemon sees it, all well unless a test says otherwise.

import type { NetworkFacts, NetworkView, SiteView } from '../src/admin/network/network-view.ts';
import { riskOf } from '../src/admin/network/risk.ts';

const NOW = 1_800_000_060_000;
const cities = [
  ['strasbourg', 'Strasbourg', 48.5734, 7.7521, 'cigogne'],
  ['metz', 'Metz', 49.1193, 6.1757, 'mirabelle'],
  ['nancy', 'Nancy', 48.6921, 6.1844, 'bergamote'],
  ['reims', 'Reims', 49.2583, 4.0317, 'libellule'],
  ['mulhouse', 'Mulhouse', 47.7508, 7.3359, 'houblon'],
  ['colmar', 'Colmar', 48.0794, 7.3585, 'quetsche'],
  ['troyes', 'Troyes', 48.2973, 4.0744, 'heron'],
  ['epinal', 'Épinal', 48.1724, 6.4494, 'myrtille'],
  ['charleville-mezieres', 'Charleville-Mézières', 49.7621, 4.7261, 'ardoise'],
] as const;

export type Changed = { readonly [Field in keyof NetworkFacts]?: Partial<NetworkFacts[Field]> };

/** `sites`: what is otherwise, by site. */
export function factsOf(
  changed: Omit<Changed, 'sites'> = {},
  sites: { readonly [site: string]: Partial<SiteView> } = {},
): NetworkFacts {
  const well: NetworkFacts = {
    format: 'vauban/network-view/0',
    at: NOW,
    answers: 1,
    daemons: 9,
    seenBy: {
      daemon: '0'.repeat(32),
      hoster: 'mirabelle',
      site: 'metz',
      mode: 'serving',
      readOnly: null,
      behind: null,
      diskFailed: false,
      startedAt: NOW - 3_600_000,
    },
    charter: {
      name: 'grand-est',
      version: 3,
      expires: NOW + 86_400_000,
      suspectAfterMs: 30_000,
      lostAfterMs: 900_000,
    },
    hosters: { heard: 9, all: 9, needed: 6, quorum: true },
    margin: {
      segments: 63,
      worst: 3,
      promised: 3,
      bySites: { '3': 63 },
      below: 0,
      unreadable: 0,
      short: 0,
      countedAt: NOW - 1_000,
    },
    repair: {
      paused: false,
      segments: 0,
      bytes: 0,
      etaSeconds: 0,
      doneSegments: 0,
      doneBytes: 0,
      rateByLink: {},
      homeless: 0,
    },
    sites: cities.map(([id, city, latitude, longitude, hoster]) => ({
      id,
      city,
      hoster,
      hosterName: `Hébergeur ${hoster}`,
      latitude,
      longitude,
      state: 'well',
      declaredLost: false,
      silentMs: null,
      fragments: 63,
      freeBytes: 67_000_000_000,
      maintenanceUntil: null,
      daemons: 1,
      answering: 1,
      suspectFragments: 0,
      degradedFragments: 0,
      ...sites[id],
    })),
    audits: {
      passed: 40,
      failed: 0,
      unanswered: 1,
      roundStartedAt: NOW - 3_600_000,
      coveredFragments: 40,
      totalFragments: 63,
      last: [{ time: NOW - 60_000, by: 'metz', of: 'nancy', challenged: 230, failed: 0, degraded: 0 }],
    },
    ledger: {
      logs: 2,
      entries: 129,
      certified: 129,
      heads: [
        {
          origin: `grand-est/${'ab'.repeat(32)}`,
          writer: 'agency',
          name: 'Ville de Metz',
          entries: 127,
          certified: 127,
          storedAt: NOW - 5_000,
        },
      ],
    },
    maintenance: [],
    drills: [],
    wants: [],
  };
  const merged = Object.entries(well).map(([field, value]) => {
    const other = changed[field as keyof typeof changed];
    if (other === undefined) return [field, value];
    const isRecord = typeof value === 'object' && !Array.isArray(value);
    return [field, isRecord ? { ...value, ...(other as object) } : other];
  });
  return Object.fromEntries(merged) as NetworkFacts;
}

export function viewOf(...of: Parameters<typeof factsOf>): NetworkView {
  const facts = factsOf(...of);
  return { ...facts, risk: riskOf(facts) };
}
