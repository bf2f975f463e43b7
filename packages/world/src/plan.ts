// A history as data: what people do, what befalls them, who lies. Running it needs nothing else but the seed, whatever is
// left out of it: that is how a failure is reduced to the faults that matter.

import { Fault } from '@vauban/core';
import type { DiskTrouble } from './disk.ts';
import type { DeviceName } from './founding.ts';
import type { PlotName } from './plots/index.ts';

interface By {
  readonly by: DeviceName;
  /** Not before, in milliseconds of the history; and not before this device's operation before it is done. */
  readonly at: number;
}

export type Operation = By &
  (
    | {
        readonly do: 'put';
        readonly path: string;
        /** Sizes; the bytes are drawn from the seed and the operation's number. Several are a tree. */
        readonly files: readonly number[];
      }
    | { readonly do: 'get' | 'remove' | 'where'; readonly path: string }
    | { readonly do: 'list' | 'get-all' | 'verify' }
    /** Takes the rights of the vault's other device away; its person takes a new one. */
    | { readonly do: 'revoke'; readonly device: DeviceName }
  );

/** A fault strikes so long after operation number `op` was begun for the first time. */
interface When {
  readonly op: number;
  readonly plusMs: number;
}
interface Lasting extends When {
  readonly forMs: number;
}

export type PlannedFault =
  // Machines. Those that are down are switched on again after `forMs`.
  | ({ readonly fault: 'kill' | 'power'; readonly hoster: string } & Lasting)
  | ({ readonly fault: 'blackout' } & Lasting)
  /** No fault, but as trying: officers give every voter a fresh key, and replace one that is gone. */
  | ({ readonly fault: 'epoch' } & When)
  | ({ readonly fault: 'burn'; readonly hoster: string } & When)
  /** Members in league; `hoster` is the one they harm, or '' for nobody. */
  | ({ readonly fault: 'plot'; readonly plot: PlotName; readonly hoster: string } & When)
  /** An image of the disk is taken, and `forMs` later it is what the machine has. */
  | ({ readonly fault: 'stale-hoster'; readonly hoster: string } & Lasting)
  | ({ readonly fault: 'stale-device'; readonly device: DeviceName } & Lasting)
  | ({ readonly fault: 'kill-device' | 'power-device'; readonly device: DeviceName } & When)
  // Looking after what is stored. Its operator declares a site lost that is out of reach for a while; a machine is off, as
  // announced, or for longer than the charter allows; repair is paused; a daemon begins to leave, and stays after all.
  | ({ readonly fault: 'site-lost' | 'maintenance' | 'away' | 'drain'; readonly hoster: string } & Lasting)
  | ({ readonly fault: 'pause' } & Lasting)
  /** No fault either: what was released, uploaded or doubled before is old by now. */
  | ({ readonly fault: 'leap' | 'late-leap' } & When)
  /** Like the late leap, one after the other once people are done, each after everything has healed: a site burns, `declared` lost or noticed. */
  | ({ readonly fault: 'fire'; readonly hoster: string; readonly declared: boolean } & When)
  /** The same, but its daemon hands everything over before it goes. */
  | ({ readonly fault: 'leave'; readonly hoster: string } & When)
  // Wires.
  | ({ readonly fault: 'isolate' | 'slow-peer'; readonly hoster: string } & Lasting)
  /** These machines, and everybody else. */
  | ({ readonly fault: 'partition'; readonly group: readonly string[] } & Lasting)
  | ({ readonly fault: 'one-way'; readonly from: string; readonly to: string } & Lasting)
  | ({ readonly fault: 'half-open'; readonly forgets: string; readonly other: string } & When)
  | ({ readonly fault: 'loss' | 'twice'; readonly oneIn: number } & Lasting)
  | ({ readonly fault: 'delay' | 'overtake'; readonly byMs: number } & Lasting)
  // Disks.
  | ({ readonly fault: 'disk'; readonly machine: string; readonly trouble: DiskTrouble } & Lasting)
  | ({ readonly fault: 'flip'; readonly machine: string; readonly at: FlipAt } & When)
  /** All disks say they have synced, and have not: beyond what is promised, for seeing that it is noticed. */
  | ({ readonly fault: 'lying-disks' } & When)
  // Clocks.
  | ({ readonly fault: 'clock-off'; readonly machine: string; readonly offMs: number } & Lasting)
  | ({ readonly fault: 'clock-stops'; readonly machine: string } & Lasting);

export const hosterFlips = ['fragments', 'votes', 'ledger', 'index'] as const;
export const deviceFlips = ['vault-state', 'vault-files'] as const;
export type FlipAt = (typeof hosterFlips | typeof deviceFlips)[number];

export interface Plan {
  readonly seed: number;
  readonly operations: readonly Operation[];
  readonly faults: readonly PlannedFault[];
  readonly liars: readonly { readonly hoster: string; readonly liar: string }[];
}

/** Faults: PLAN (usage) when it is not one at all; what stands in its lines is believed. */
export function parsePlan(text: string): Plan {
  let plan: Partial<Plan> | null = null;
  try {
    plan = JSON.parse(text) as Partial<Plan>;
  } catch {
    // Told below.
  }
  const lists = [plan?.operations, plan?.faults, plan?.liars];
  if (!Number.isSafeInteger(plan?.seed) || !lists.every((list) => Array.isArray(list))) {
    throw new Fault('usage', 'PLAN', 'a plan is JSON with seed, operations, faults and liars', {});
  }
  return plan as Plan;
}

/** One line per operation, fault and liar, so that a person can take lines away. */
export function formatPlan(plan: Plan): string {
  const lines = (list: readonly unknown[]) => list.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
  return `{
  "seed": ${plan.seed},
  "operations": [\n${lines(plan.operations)}\n  ],
  "faults": [\n${lines(plan.faults)}\n  ],
  "liars": [\n${lines(plan.liars)}\n  ]
}
`;
}

/** The plan with only these of its misfortunes, numbered from 0: faults first, then liars. */
export function only(plan: Plan, misfortunes: readonly number[]): Plan {
  const kept = new Set(misfortunes);
  return {
    ...plan,
    faults: plan.faults.filter((_, nth) => kept.has(nth)),
    liars: plan.liars.filter((_, nth) => kept.has(plan.faults.length + nth)),
  };
}

export function describe(fault: PlannedFault): string {
  const { fault: kind, op, plusMs, ...rest } = fault;
  const facts = Object.entries(rest).map(([key, value]) => `${key} ${String(value)}`);
  return `${kind} after op ${op} + ${plusMs} ms: ${facts.join(', ')}`;
}

/** What a fault is counted as. */
export function kindOf(fault: PlannedFault): string {
  if (fault.fault === 'disk') return `fault disk ${fault.trouble}`;
  if (fault.fault === 'flip') return `fault flip ${fault.at}`;
  if (fault.fault === 'plot') return `fault plot ${fault.plot}`;
  return `fault ${fault.fault}`;
}
