// How far the network's repair is: what every daemon says of its own part, added up.

import { type Charter, type DaemonId, quorumOf, votingHosters } from '@vauban/core';
import type { AnswerOf } from '@vauban/wire';

type Healing = AnswerOf<'healing'>;

export interface DaemonHealing extends Healing {
  readonly id: DaemonId;
  readonly site: string;
}

export interface HealingOverview {
  /** All daemons that answer are told to repair nothing. */
  readonly paused: boolean;
  /** Sites of those that are, when not all are. */
  readonly pausedSites: readonly string[];
  readonly segmentsToRepair: number;
  /** Segments by their margin now. */
  readonly byMargin: { readonly [margin: string]: number };
  readonly bytesToGo: number;
  /** Bytes a second now, by the site they come from; of none once nothing is to be repaired. */
  readonly rateByLink: { readonly [site: string]: number };
  /**
   * Of the daemon that takes longest. One that knows nothing to go by yet is taken to be as fast as the others are on
   * average; null while none of them knows, or one that has something to repair is paused.
   */
  readonly etaSeconds: number | null;
  readonly doneSegments: number;
  readonly doneBytes: number;
  readonly daemons: readonly DaemonHealing[];
  readonly hosters: HeardHosters;
  /** What these have to repair is not in the sums. */
  readonly silent: readonly SilentDaemon[];
}

/**
 * Hosters with a vote, and those of them whose voting daemon answered. Below `needed` nothing is certified, and daemons may
 * have taken no silence for a loss: that nothing is to be repaired is then no good news.
 */
export interface HeardHosters {
  readonly answered: number;
  readonly all: number;
  readonly needed: number;
}

export function heardHosters(charter: Charter, answered: ReadonlySet<DaemonId>): HeardHosters {
  const voting = votingHosters(charter);
  return {
    answered: voting.filter(({ voter }) => voter !== null && answered.has(voter)).length,
    all: voting.length,
    needed: quorumOf(charter),
  };
}

/** A daemon that did not do what it was asked, and why. */
export interface SilentDaemon {
  readonly id: DaemonId;
  readonly site: string;
  readonly code: string;
  readonly message: string;
}

export function addUpHealing(
  daemons: readonly DaemonHealing[],
  silent: readonly SilentDaemon[],
  hosters: HeardHosters,
): HealingOverview {
  const sum = (of: (one: Healing) => number) => daemons.reduce((total, one) => total + of(one), 0);
  const paused = daemons.filter((one) => one.paused);
  const all = daemons.length > 0 && paused.length === daemons.length;
  const segmentsToRepair = sum((one) => one.segmentsToRepair);
  return {
    paused: all,
    pausedSites: all ? [] : [...new Set(paused.map(({ site }) => site))],
    segmentsToRepair,
    byMargin: together(daemons.map((one) => one.byMargin)),
    bytesToGo: sum((one) => one.bytesToGo),
    // What came in the last half minute says nothing of now when the end is reached.
    rateByLink: segmentsToRepair === 0 ? {} : together(daemons.map((one) => one.rateByLink)),
    etaSeconds: longestOf(daemons.filter((one) => one.segmentsToRepair > 0)),
    doneSegments: sum((one) => one.doneSegments),
    doneBytes: sum((one) => one.doneBytes),
    daemons,
    hosters,
    silent,
  };
}

function longestOf(busy: readonly Healing[]): number | null {
  if (busy.some(({ paused }) => paused)) return null;
  const rates = busy.flatMap(({ bytesToGo, etaSeconds: eta }) =>
    eta === null || eta === 0 ? [] : [bytesToGo / eta],
  );
  const mean = rates.reduce((total, rate) => total + rate, 0) / rates.length;
  let longest = 0;
  for (const { bytesToGo, etaSeconds } of busy) {
    const eta = etaSeconds ?? Math.ceil(bytesToGo / mean);
    // No rates, no mean.
    if (!Number.isFinite(eta)) return null;
    longest = Math.max(longest, eta);
  }
  return longest;
}

function together(parts: readonly { readonly [name: string]: number }[]): { [name: string]: number } {
  const sums = new Map<string, number>();
  for (const [name, value] of parts.flatMap((part) => Object.entries(part))) {
    sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return Object.fromEntries(sums);
}
