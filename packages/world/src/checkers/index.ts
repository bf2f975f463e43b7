// Every judge that watches a history.

import type { Charter, Crypto } from '@vauban/core';
import type { Checker } from '../checker.ts';
import { acknowledged } from './acknowledged.ts';
import { certificates } from './certificates.ts';
import { diskFirst, type JudgedDisk } from './disk-first.ts';
import { erasing } from './erasing.ts';
import { Evidence } from './evidence.ts';
import { fixedSeals } from './fixed-seals.ts';
import { heldFragments } from './held-fragments.ts';
import { honestVotes } from './honest-votes.ts';
import { nothingLost } from './nothing-lost.ts';
import { oneHistory } from './one-history.ts';
import { places } from './places.ts';
import { progress } from './progress.ts';
import { readers } from './readers.ts';
import { seals } from './seals.ts';
import { writers } from './writers.ts';

/** Fresh judges for one history. `charter`: the version in force as the officers see it. */
export function newCheckers(
  of: {
    readonly crypto: Crypto;
    readonly charter: () => Charter;
    readonly diskOf?: (hoster: string) => JudgedDisk | undefined;
  },
  evidence: Evidence = new Evidence(of),
): Checker[] {
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
  ];
}
