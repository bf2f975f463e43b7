// What a scenario is: what is done to which sites and when, what the drill asks of the network meanwhile, and what it
// changes of the charter's durations. Read from TOML by `scenario-file`.

import type { Durations } from '@vauban/core';
import type { Words } from '@vauban/report';

/** Deeds that a stage can do to a site, or an operator can say of it. */
export const deeds = [
  /** Daemons killed, disks and keys gone. */
  'burn',
  /** SIGKILL; disks stay. */
  'kill',
  /** An orderly stop. */
  'stop',
  /** Starts what stands and does not run. */
  'start',
  /** Stopped in order and started again, one site after another, a maintenance announced for each. */
  'restart-each',
  /** No network; the daemon goes on running. `rejoin` ends it. */
  'cut',
  'rejoin',
  /** Every message of the site takes `delay` longer; 0 ends it. */
  'slow',
  /** Bytes of `share` of its fragment files are changed on the disk. */
  'rot',
  /** It serves wrong bytes of what it holds, and states no loss. */
  'lie',
  /** Its disk takes nothing more. `empty-disk` ends it. */
  'fill',
  'empty-disk',
  /** A purge job that should not run: `share` of its fragment files are erased behind its daemon's back. */
  'late-purge',
  /**
   * The drill's agency gives up `share` of its files, those stored first: once the graces are over, daemons may erase what
   * they hold of them. Names no site. Files can be given up a minute after they were stored: it waits for that.
   */
  'release',
  /** Words of the operator. */
  'declare-lost',
  'maintenance',
  /** What the hoster's engineer types when a silent site is back. */
  'readmit',
] as const;
export type Deed = (typeof deeds)[number];

/**
 * When a step is due: at once; `after` so many ms since the step before; or once the network is at a stage: `repairing` when
 * a daemon has rebuilt a first fragment since the first deed, `healed` when the margin is back at the best that survives.
 */
export type When = { readonly afterMs: number } | { readonly once: 'repairing' | 'healed' };

export interface Step {
  readonly when: When;
  readonly deed: Deed;
  /**
   * Site ids, or places in the draw: `@1` is the first site that the seed draws among those that stand,
   * `@2` the second, …; `@voting` the first drawn that votes; `@all` every site that stands. Sites that any step names are
   * not drawn. Empty for `release`.
   */
  readonly sites: readonly string[];
  /** Of fragment files (or, for `release`, of the drill's files), above 0 and at most 1; for `rot` and `late-purge`. */
  readonly share?: number;
  /** For `slow`; 0 ends it. */
  readonly delayMs?: number;
  /** For `maintenance`, from when the step is due. */
  readonly forMs?: number;
}

export interface Workload {
  /** Stored before anything happens. */
  readonly files: number;
  readonly bytesEach: number;
  /** Side by side, over and over: reading a whole object and comparing its hash; storing a new one; listing; verifying. */
  readonly readers: number;
  readonly writers: number;
  readonly writeBytes: number;
}

export interface Scenario {
  /** A slug. */
  readonly name: string;
  readonly title: Words;
  readonly story: Words;
  /** Where the drill makes a network of its own. */
  readonly network: { readonly sites: number; readonly k: number; readonly m: number };
  /** What the drill changes in the charter while it runs; the report prints both. */
  readonly durations: Partial<Durations>;
  readonly workload: Workload;
  /** The drill aborts below this margin (fragments beyond k, of the worst segment); null: it never does. */
  readonly abortBelow: number | null;
  /** Watched before the first step. */
  readonly healthyMs: number;
  readonly steps: readonly Step[];
  /** Within this after the last step the margin has to be back at the best that survives. */
  readonly healWithinMs: number;
  /** Watched after that. */
  readonly fullMarginMs: number;
  /** Sites that are beyond the promise (more than m lost together): the drill shows what BROKEN looks like. */
  readonly sabotage: boolean;
}
