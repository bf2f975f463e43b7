// What a drill found: everything its report, its JSON and its verdict are made of. Times are ms since the drill's start.

import type { FaultKind } from '@vauban/core';
import type { Words } from '@vauban/report';
import type { Deed, Scenario } from './scenario.ts';

export const phases = ['healthy', 'event', 'degraded', 'repair', 'full-margin'] as const;
export type PhaseName = (typeof phases)[number];

export interface Phase {
  readonly name: PhaseName;
  readonly fromMs: number;
  readonly toMs: number;
}

export const operations = ['read', 'write', 'list', 'verify'] as const;
export type Operation = (typeof operations)[number];

/** One operation of the workload that ended. */
export interface Deal {
  readonly operation: Operation;
  /** When it ended. */
  readonly atMs: number;
  readonly tookMs: number;
  /** Of a read: until its first bytes. */
  readonly firstByteMs?: number;
  /** Of the typed fault, when it failed. Its kind says whether the promise covers it. */
  readonly error?: { readonly kind: FaultKind; readonly code: string };
  /** Bytes came back that are not those stored: never allowed. */
  readonly wrongBytes?: true;
}

/** The network as it was seen once a second. */
export interface Sample {
  /** When the look began. */
  readonly atMs: number;
  /** When the look had its last answer. */
  readonly endedMs: number;
  /** Of the segment that lacks most: fragments that the ledger names on no site that answers. Null while nobody could say. */
  readonly lacking: number | null;
  /** Of the worst segment: distinct fragments on sites that answer, minus k. Null while nobody could say. */
  readonly worstMargin: number | null;
  readonly segmentsToRepair: number;
  readonly bytesToGo: number;
  /** Bytes a second, by the site they come from. */
  readonly rateByLink: { readonly [site: string]: number };
  /** Rebuilt by all daemons since the drill began. */
  readonly repairedFragments: number;
  readonly repairedBytes: number;
  /** Entries of all logs, as the best informed daemon has them. */
  readonly ledgerEntries: number;
  readonly sites: { readonly [site: string]: SiteState };
}
export type SiteState = 'up' | 'silent' | 'burnt' | 'lost' | 'maintenance' | 'read-only';

export interface Event {
  readonly atMs: number;
  readonly what: Words;
}

/** A step that was carried out, with the sites it fell on. */
export interface Done {
  readonly deed: Deed;
  readonly sites: readonly string[];
  readonly atMs: number;
  readonly endedMs: number;
}

/** Disks that came back after their site had been silent: from their start on, to whatever was done to the site next, or the end. */
export interface Return {
  readonly site: string;
  readonly atMs: number;
  readonly untilMs: number;
  /** How long nobody had heard the site. */
  readonly awayMs: number;
  /** Fragment files on its disks before it was started, and how many of these were gone at `untilMs`. */
  readonly files: number;
  readonly erased: number;
}

/** What the disks hold of the certified segments, walked and hashed by the drill itself. */
export interface DiskCount {
  /** Certified segments that nobody has released. */
  readonly segments: number;
  readonly fragments: number;
  /** Segments by margin: distinct fragments whose bytes make the ledger's root, minus k. */
  readonly byMargin: { readonly [margin: string]: number };
  /**
   * Of the worst segment: how many sites, buildings or hosters, whichever are fewest, may be lost on top of those that are; −1
   * when it cannot be read. Null without segments.
   */
  readonly survives: number | null;
  /** What the sites that are left allow the worst segment at best. Null without segments. */
  readonly best: number | null;
  /** Segments that survive less than the sites that are left allow them. */
  readonly belowBest: number;
  /** Files on the disks whose bytes do not make the root they are named after. */
  readonly damaged: number;
  /** Fragments that the ledger counts on a standing disk, and that it has not, or damaged. */
  readonly missing: number;
  /** Fragments whose files a standing disk had before, is to have still by the ledger, and has no more. */
  readonly vanished: readonly { readonly site: string; readonly fragments: number }[];
}

export interface Promised {
  /** A slug: `acknowledged-data-reads`, … */
  readonly name: string;
  readonly title: Words;
  readonly kept: boolean;
  readonly detail: Words;
}

/** What is foreseen from placement alone, before anything burns. */
export interface Preview {
  readonly sites: readonly string[];
  readonly segments: number;
  /** Segments by the margin that is left at the worst moment, all named sites gone together. */
  readonly byMargin: { readonly [margin: string]: number };
  /** Segments that would be unreadable then, hex; the first hundred. */
  readonly atRisk: readonly string[];
  readonly segmentsAtRisk: number;
  /** Paths of the drill's own vault (or the one that was given) that these hold, the first hundred; null without a vault. */
  readonly objectsAtRisk: readonly string[] | null;
  /** All of them. */
  readonly objectsAtRiskCount: number | null;
  readonly fragmentsToRebuild: number;
  /** Over links, by the repair planner's codes. */
  readonly bytesToMove: number;
  /** By the link and disk budgets of the daemons' configuration; null when nothing is to be moved. */
  readonly expectedSeconds: number | null;
}

export interface DrillResult {
  /** Hex, 16 bytes. */
  readonly drill: string;
  readonly scenario: Scenario;
  /** SHA-256 of the scenario file, hex. */
  readonly scenarioDigest: string;
  readonly seed: number;
  readonly operator: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly network: {
    readonly name: string;
    readonly charterVersion: number;
    /** Of the policy that the drill's files are stored under. */
    readonly k: number;
    readonly m: number;
    /** Voting sites that have to answer before anything is certified. */
    readonly quorum: number;
    readonly sites: readonly {
      readonly id: string;
      readonly city: string;
      readonly hoster: string;
      readonly latitude: number;
      readonly longitude: number;
      readonly votes: boolean;
    }[];
  };
  readonly environment: {
    readonly vauban: string;
    readonly node: string;
    readonly system: string;
    readonly processors: string;
    readonly memoryBytes: number;
    readonly fleet: 'processes' | 'containers';
  };
  /** Names as in the charter's text. */
  readonly durations: readonly {
    readonly name: string;
    readonly charterMs: number;
    readonly drillMs: number;
  }[];
  readonly preview: Preview;
  readonly phases: readonly Phase[];
  readonly events: readonly Event[];
  readonly done: readonly Done[];
  readonly returns: readonly Return[];
  readonly samples: readonly Sample[];
  readonly deals: readonly Deal[];
  readonly storedBytes: number;
  /**
   * The last look: every file whose storing was acknowledged, before or during the drill, and not given up; and how many of
   * them were read back whole, hash compared, after the last step.
   */
  readonly readBack: { readonly files: number; readonly whole: number };
  readonly disksBefore: DiskCount;
  readonly disksAfter: DiskCount;
  /** Every fragment was on a sound disk again, spread as well as can be, within the time that the scenario allows. */
  readonly healed: boolean;
  /** From the first incident (`first-incident`) to the margin's return; null when it never fell, or did not return. */
  readonly toFullMarginMs: number | null;
  /**
   * Left the sockets of all daemons, by their own counters, read right before the drill stopped each and in the end. What a daemon
   * sent that fell without the drill's doing, since it was read last, is not in it.
   */
  readonly sentBytes: number;
  /** Read for repair, by the site it came from; counted in the same way. */
  readonly repairBytesFrom: { readonly [site: string]: number };
  /** Sites whose daemons did not answer when their counters were to be read: these sums lack a part of theirs. */
  readonly unread: readonly string[];
  readonly aborted: Words | null;
  readonly promises: readonly Promised[];
}
