// Reduces what went wrong in a failing history to what matters: misfortunes are taken away as long as it still fails
// (delta debugging, Zeller and Hildebrandt 2002), in halves first, then one by one.

import { runHistory, WorldFailure } from './history.ts';
import { only, type Plan } from './plan.ts';
import type { Ground } from './world.ts';

export interface Shrunk {
  /** What is left, by number in the plan given: faults first, then liars. */
  readonly misfortunes: readonly number[];
  readonly plan: Plan;
  readonly failure: WorldFailure;
  readonly runs: number;
}

/** `expired` ends the search early, with the smallest failing plan so far. */
export async function shrink(of: {
  readonly plan: Plan;
  readonly failure: WorldFailure;
  readonly ground: Ground;
  readonly expired: () => boolean;
}): Promise<Shrunk> {
  const { plan, ground, expired } = of;
  let runs = 0;
  let failure = of.failure;
  const fails = async (misfortunes: readonly number[]): Promise<boolean> => {
    runs += 1;
    try {
      await runHistory({ plan: only(plan, misfortunes), ground });
      return false;
    } catch (error) {
      if (!(error instanceof WorldFailure)) throw error;
      failure = error;
      return true;
    }
  };
  let left = Array.from({ length: plan.faults.length + plan.liars.length }, (_, nth) => nth);
  for (let parts = 2; left.length > 0 && !expired(); ) {
    const size = Math.ceil(left.length / parts);
    let smaller: number[] | undefined;
    for (let from = 0; from < left.length && smaller === undefined && !expired(); from += size) {
      const without = [...left.slice(0, from), ...left.slice(from + size)];
      if (await fails(without)) smaller = without;
    }
    if (smaller !== undefined) {
      left = smaller;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(left.length, 2 * parts);
  }
  return { misfortunes: left, plan: only(plan, left), failure, runs };
}
