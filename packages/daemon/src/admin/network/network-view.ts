// The document behind the live map: the network as one daemon knows it. Its shape, and nothing else; `/v0` changes by
// addition only, so a field that is here stays.

import type { Language, SiteState, Words } from '@vauban/report';
import type { Mode, Said } from '../admin-ports.ts';

export type { Language, SiteState, Words };

/** Gravest last: `unknown` is what is said when nobody can tell. */
export type RiskLevel = 'none' | 'reduced' | 'critical' | 'unreadable' | 'unknown';

/** The answer to: is any data at risk, and what is being done? */
export interface Risk {
  readonly level: RiskLevel;
  /** Whether any data is at risk. */
  readonly line: Words;
  /** What is being done about it. */
  readonly doing: Words;
  /** What is not known here, and so may be otherwise. */
  readonly unknown: readonly Words[];
}

/**
 * By gravity. `unknown`: not heard, and that may be our own fault. `suspect`: silent, not yet for long enough to be lost.
 */
export const siteStates: readonly SiteState[] = [
  'well',
  'maintenance',
  'draining',
  'read-only',
  'unknown',
  'suspect',
  'lost',
];

export interface SiteView {
  readonly id: string;
  readonly city: string;
  readonly hoster: string;
  readonly hosterName: string;
  /** Degrees, WGS 84. */
  readonly latitude: number;
  readonly longitude: number;
  readonly state: SiteState;
  /** An operator or its hoster said so: it is not waited for. */
  readonly declaredLost: boolean;
  /** How long the longest silent of its daemons has been silent, in milliseconds; null when none is, or nobody knows. */
  readonly silentMs: number | null;
  /** Fragments that the ledger places there; null until they were counted. */
  readonly fragments: number | null;
  /** What its daemons said last they would still take; null when they never said, or are lost. */
  readonly freeBytes: number | null;
  /** Until when it is away on purpose, ms since 1970; null when it is not. */
  readonly maintenanceUntil: number | null;
  readonly daemons: number;
  /** Of its daemons, those that answer. */
  readonly answering: number;
  /** Its fragments that failed an audit of this daemon and are not right yet: once, and twice. */
  readonly suspectFragments: number;
  readonly degradedFragments: number;
}

/** How far segments are from being unreadable, those counted that a quorum certified. */
export interface MarginView {
  readonly segments: number;
  /** Sites that may still be lost, for the worst segment; −1 when one cannot be read now. Null when there is none. */
  readonly worst: number | null;
  /** Sites that the policy of the worst segment promises; null when there is none. */
  readonly promised: number | null;
  /** Segments by the sites that may still be lost. */
  readonly bySites: { readonly [sites: string]: number };
  /** Segments that survive fewer lost sites than their policy promises. */
  readonly below: number;
  /** Segments with too few fragments on sites that answer. */
  readonly unreadable: number;
  /** Segments that lack fragments on sites that count. */
  readonly short: number;
  /** As of when they were counted; null while the first count goes on. Who answers is always as of now. */
  readonly countedAt: number | null;
}

export interface RepairView {
  /** An operator holds it back, where whoever speaks repairs. */
  readonly paused: boolean;
  /** Of these daemons' own part. */
  readonly segments: number;
  readonly bytes: number;
  readonly etaSeconds: number | null;
  readonly doneSegments: number;
  readonly doneBytes: number;
  /** Bytes a second, by the site they come from. */
  readonly rateByLink: { readonly [site: string]: number };
  /** Segments that nobody may or can take a fragment of. */
  readonly homeless: number;
}

export interface AuditView {
  readonly time: number;
  /** Sites. */
  readonly by: string;
  readonly of: string;
  readonly challenged: number;
  readonly failed: number;
  readonly degraded: number;
}

export interface HeadView {
  readonly origin: string;
  readonly writer: 'agency' | 'daemon' | 'operator' | 'unknown';
  /** The agency's name, the daemon's site, the operator. */
  readonly name: string;
  readonly entries: number;
  /** Of them, those that a quorum cosigned, as far as known here. */
  readonly certified: number;
  readonly storedAt: number;
}

export interface NetworkFacts {
  readonly format: 'vauban/network-view/0';
  /** When this was true, ms since 1970. */
  readonly at: number;
  /** Daemons whose own word is in here, of all. */
  readonly answers: number;
  readonly daemons: number;
  /** Who says so; of several, the one that knows most. */
  readonly seenBy: {
    readonly daemon: string;
    readonly hoster: string;
    readonly site: string;
    readonly mode: Mode;
    /** Why it changes nothing; null when it may. */
    readonly readOnly: string | null;
    /** Why its copy of the ledger may be old or damaged; null when it is neither, as far as it knows. */
    readonly behind: string | null;
    readonly diskFailed: boolean;
    readonly startedAt: number;
  };
  readonly charter: {
    readonly name: string;
    readonly version: number;
    readonly expires: number;
    /** Silent for so long a daemon is suspect, and for so long lost. */
    readonly suspectAfterMs: number;
    readonly lostAfterMs: number;
  };
  /** Voting hosters. `quorum`: enough are heard for silences to count and for anything to be certified. */
  readonly hosters: {
    readonly heard: number;
    readonly all: number;
    readonly needed: number;
    readonly quorum: boolean;
  };
  readonly margin: MarginView;
  readonly repair: RepairView;
  readonly sites: readonly SiteView[];
  readonly audits: {
    /** Questions since the daemon was started, by how they ended. */
    readonly passed: number;
    readonly failed: number;
    readonly unanswered: number;
    readonly roundStartedAt: number;
    readonly coveredFragments: number;
    readonly totalFragments: number;
    /** What auditors said last, in the ledger; newest first. */
    readonly last: readonly AuditView[];
  };
  readonly ledger: {
    readonly logs: number;
    readonly entries: number;
    readonly certified: number;
    /** The ones stored last, newest first. */
    readonly heads: readonly HeadView[];
  };
  readonly maintenance: readonly { readonly site: string; readonly city: string; readonly until: number }[];
  /** Drills that were begun and have not ended, as operators say in the ledger. */
  readonly drills: readonly { readonly scenario: string; readonly since: number }[];
  /** What its own hoster should see to. */
  readonly wants: readonly Said[];
}

export interface NetworkView extends NetworkFacts {
  readonly risk: Risk;
}
