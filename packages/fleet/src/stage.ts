// The stage of a drill: what can be done, from outside, to the daemons of one network, wherever they run.

import type { DaemonId } from '@vauban/core';
import type { StagedFaults } from './staged/staged-faults.ts';

export interface BurnResult {
  readonly site: string;
  readonly daemons: readonly { readonly id: DaemonId; readonly hoster: string; readonly site: string }[];
  readonly fragmentsLost: number;
  /** Bytes of fragment files. */
  readonly bytesLost: number;
}

/** A fragment file of one site's disks, its bytes hashed by the reader. */
export interface DiskFragment {
  /** Hex. */
  readonly segment: string;
  readonly index: number;
  /** RFC 6962 root over its leaves, hex; null when the file cannot be read as a fragment. */
  readonly root: string | null;
  readonly bytes: number;
}

/** What is done to fragment files behind a daemon's back. */
export interface DiskDeed {
  /** `rot`: one byte of each is changed. `erase`: they are removed. */
  readonly deed: 'rot' | 'erase';
  /** Of the fragment files, above 0 and at most 1; at least one file, where there is any. */
  readonly share: number;
  readonly seed: number;
}

/** A metric by its whole name, and the label whose values are told apart; without one, all is summed under ''. */
export interface Metered {
  readonly name: string;
  readonly label?: string;
}
export type Readings = ReadonlyMap<string, number>;

export interface Stage {
  /** The network's directory, with the charter and the operators' keys. */
  readonly directory: string;
  readonly kind: 'processes' | 'containers';
  /** Of the charter, burnt ones included, in its order. */
  readonly sites: readonly string[];
  /** Before anything happens: daemons of these sites have to obey `suffer` from here on. Started again where need be. */
  prepare(sites: readonly string[], signal: AbortSignal): Promise<void>;
  /** The same daemons as before the drill, which obey no stage. Those that do not run are not started. */
  restore(signal: AbortSignal): Promise<void>;
  /** What the daemons of a site suffer from here on; only what is named changes. */
  suffer(site: string, faults: Partial<StagedFaults>): Promise<void>;
  /** SIGKILL to all of them at once; disks stay. */
  kill(sites: readonly string[]): Promise<void>;
  /** In order. */
  stop(sites: readonly string[]): Promise<void>;
  /** Starts what stands and does not run; resolves when it serves. */
  start(sites: readonly string[], signal: AbortSignal): Promise<void>;
  burn(site: string): Promise<BurnResult>;
  /** Resolves to the number of files. */
  harm(site: string, deed: DiskDeed): Promise<number>;
  /** What its engineer types when a daemon has come back read-only. */
  readmit(site: string): Promise<void>;
  /**
   * The site's disks themselves, read and hashed; nothing where they burnt. `how` lets files that have not changed since the
   * last walk, by their file system's word, go unread.
   */
  walk(site: string, how?: 'what changed'): AsyncIterable<DiskFragment>;
  /** What a daemon's configuration lets repair take, in bytes per second: the least of all that stand. */
  repairBudgets(): Promise<{ readonly linkBytesPerSecond: number; readonly diskBytesPerSecond: number }>;
  /** Metrics of the site's daemons as they are now, each summed over them; undefined unless all of them answer. */
  meter(site: string, wanted: readonly Metered[]): Promise<readonly Readings[] | undefined>;
  /** Which daemons run, and which sites have burnt. */
  look(): Promise<{ readonly running: ReadonlySet<string>; readonly burnt: ReadonlySet<string> }>;
}
