// What the admin plane asks of a daemon, and what it answers with: the shapes of its documents (openapi.ts says the same
// to the outside). Whoever looks after the fragments fills in `CarePorts`, one function at a time.

import type { Fact } from '@vauban/core';
import type { AnswerOf } from '@vauban/wire';
import type { LogLevel } from '../log.ts';
import type { SignedAccount } from './account-file.ts';
import type { NetworkView } from './network/network-view.ts';

export interface Said {
  readonly code: string;
  readonly message: string;
  readonly facts: { readonly [key: string]: Fact };
}

export type Mode = 'starting' | 'serving' | 'read-only' | 'draining' | 'drained';

export interface AdminStatus {
  readonly daemon: string;
  readonly hoster: string;
  readonly site: string;
  readonly mode: Mode;
  readonly charter: { readonly name: string; readonly version: number; readonly expires: number };
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly holds: {
    readonly fragments: number;
    readonly bytes: number;
    /** What it would still take. */
    readonly freeBytes: number;
    readonly capacityBytes: number;
    readonly agencies: readonly { readonly agency: string; readonly name: string; readonly bytes: number }[];
  };
  readonly ledger: {
    readonly logs: number;
    readonly entries: number;
    readonly uncertified: number;
    /** Why this hoster does not vote now, or null. */
    readonly silent: Said | null;
  };
  readonly doing: readonly Activity[];
  /** What wants a human, the gravest first. */
  readonly wants: readonly Said[];
  readonly peers: readonly PeersOfSite[];
  readonly drain: DrainState | null;
  readonly refusedMessages: number;
  readonly logLevel: LogLevel;
}

/** Something under way, in a few words; `done` of `total` when that is known. */
export interface Activity {
  readonly what: string;
  readonly text: string;
  readonly done?: number;
  readonly total?: number;
}

/** How many of a site's daemons, this one left out, are up, silent (suspect), lost. */
export interface PeersOfSite {
  readonly hoster: string;
  readonly site: string;
  readonly up: number;
  readonly silent: number;
  readonly lost: number;
}

export interface Check {
  readonly ok: boolean;
  readonly message: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: {
    readonly identity: Check;
    readonly disk: Check;
    readonly ledger: Check;
    readonly peers: Check;
  };
}

/** Where repair stands, as far as this daemon knows: what the wire says too. */
export type Healing = AnswerOf<'healing'>;

export interface DrainState {
  readonly draining: boolean;
  readonly fragmentsLeft: number;
  readonly bytesLeft: number;
  readonly etaSeconds: number | null;
  /** Nothing is lost when this daemon is switched off for good. */
  readonly safeToStop: boolean;
  /** What it waits for now, in words; null when it just goes on. */
  readonly waitsFor: string | null;
}

export interface Readmission {
  readonly readOnly: boolean;
  /** `site-lost` entries that were answered. */
  readonly losses: number;
}

/** Counters only grow while the daemon runs. Labels are sites, never peers. What is left out is not told. */
export interface CareMetrics {
  readonly segmentsByMargin: { readonly [margin: string]: number };
  readonly repairBytesLeft: number;
  readonly repairPaused: boolean;
  readonly repairedFragments: number;
  readonly repairBytesBySite: { readonly [site: string]: number };
  readonly audits?: {
    readonly passed: number;
    readonly failed: number;
    readonly unanswered: number;
    readonly bytes: number;
    /** Fragments asked about in this period, of those that are this daemon's to ask about. */
    readonly coveredFragments: number;
    readonly totalFragments: number;
  };
  readonly scrub?: {
    readonly readBytes: number;
    /** Of this round, 0 to 1. */
    readonly progress: number;
    readonly damagedFragments: number;
  };
}

/** What looks after the fragments: each function is asked for only when it is there. */
export interface CarePorts {
  peers(): readonly PeersOfSite[];
  /** Why it takes no new fragments although its disk would; null when it does. */
  readOnly(): Said | null;
  doing(): readonly Activity[];
  /** Beyond the alerts of its status. */
  wants(): readonly Said[];
  healing(): Promise<Healing>;
  drainState(): Promise<DrainState>;
  drain(cancel: boolean): Promise<DrainState>;
  readmit(): Promise<Readmission>;
  metrics(): CareMetrics;
}

/** Everything /metrics is made of. */
export interface MetricFacts {
  readonly hoster: string;
  readonly site: string;
  readonly now: number;
  readonly startedAt: number;
  readonly fragments: number;
  readonly missingFragments: number;
  readonly strayFiles: number;
  readonly bytesByAgency: { readonly [agency: string]: number };
  readonly capacityBytes: number;
  readonly freeBytes: number;
  readonly diskFreeBytes: number;
  readonly diskSizeBytes: number;
  readonly diskFailed: boolean;
  readonly logs: number;
  readonly entries: number;
  readonly uncertified: number;
  readonly quarantinedLogs: number;
  readonly caughtUp: boolean;
  /** Has a seat, and yet casts no vote. */
  readonly voterSilent: boolean;
  readonly alertsByCode: { readonly [code: string]: number };
  readonly refusedMessages: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly charterVersion: number;
  readonly charterExpires: number;
  readonly peers: readonly PeersOfSite[];
  readonly readOnly: boolean;
  readonly draining: boolean;
  readonly drainBytesLeft: number;
  /** Undefined while nothing looks after the fragments. */
  readonly care: CareMetrics | undefined;
}

/** What the handler of requests needs. Every function may reject with a fault, which is then the answer. */
export interface AdminPorts {
  status(): Promise<AdminStatus>;
  ready(): Promise<Readiness>;
  metrics(): Promise<MetricFacts>;
  healing(): Promise<Healing>;
  /** All sites, as this daemon knows them. */
  network(): Promise<NetworkView>;
  /** What runs in the browser on the live map. */
  mapScript(): string;
  drainState(): Promise<DrainState>;
  drain(cancel: boolean): Promise<DrainState>;
  readmit(): Promise<Readmission>;
  logLevel(): LogLevel;
  setLogLevel(level: LogLevel): void;
  /** Of a month such as 2026-03, or of the present one, which is drawn up anew. Faults: ACCOUNT_NONE, USAGE. */
  account(month: string | undefined): Promise<SignedAccount>;
  /** Faults (refused): TOKEN_MALFORMED, TOKEN_EXPIRED, TOKEN_FORGED. */
  scopeOf(token: string): Promise<TokenScope>;
}

/** `operate` may do what `read` may, and change things. */
export type TokenScope = 'read' | 'operate';
