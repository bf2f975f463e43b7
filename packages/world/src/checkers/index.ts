// Every judge that watches a history.

import type { Charter, Crypto } from '@vauban/core';
import type { Checker } from '../checker.ts';
import { acknowledged } from './acknowledged.ts';
import { audits } from './audits.ts';
import { certificates } from './certificates.ts';
import { custodyFirst } from './custody-first.ts';
import { diskFirst, type JudgedDisk } from './disk-first.ts';
import { erased } from './erased.ts';
import { erasing } from './erasing.ts';
import { Evidence } from './evidence.ts';
import { fixedSeals } from './fixed-seals.ts';
import { heldFragments } from './held-fragments.ts';
import { honestVotes } from './honest-votes.ts';
import { margins } from './margins.ts';
import { nothingLost } from './nothing-lost.ts';
import { oneHistory } from './one-history.ts';
import { places } from './places.ts';
import { progress } from './progress.ts';
import { readOnly } from './read-only.ts';
import { readers } from './readers.ts';
import { seals } from './seals.ts';
import { type Budget, traffic } from './traffic.ts';
import { writers } from './writers.ts';

interface FragmentDisk {
  readonly durableFragment: (path: string) => boolean;
}

/** Fresh judges for one history. `charter`: the version in force as the officers see it. */
export function newCheckers(
  of: {
    readonly crypto: Crypto;
    readonly charter: () => Charter;
    readonly diskOf?: (hoster: string) => (JudgedDisk & FragmentDisk) | undefined;
    /** True time: what has gone by on walls counts. */
    readonly now?: () => number;
    readonly budget?: Omit<Budget, 'now'>;
  },
  evidence: Evidence = new Evidence(of),
): Checker[] {
  const now = of.now ?? (() => 0);
  const { diskOf } = of;
  return [
    { name: 'evidence', saw: (message) => evidence.saw(message) },
    acknowledged(),
    oneHistory(evidence),
    nothingLost(evidence),
    honestVotes(evidence),
    places(evidence),
    heldFragments(evidence),
    erasing(evidence),
    seals(evidence),
    fixedSeals(evidence),
    progress(evidence),
    readers(evidence),
    writers(evidence),
    certificates(evidence),
    diskFirst(evidence, of.diskOf ?? (() => undefined)),
    ...(diskOf === undefined
      ? []
      : [custodyFirst(evidence, (hoster, path) => diskOf(hoster)?.durableFragment(path) ?? true)]),
    ...(of.now === undefined ? [] : [erased(evidence, now), audits(evidence, { now })]),
    ...(of.budget === undefined ? [] : [traffic({ ...of.budget, now })]),
    readOnly(),
    margins(evidence),
  ];
}
