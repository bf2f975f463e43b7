// Plots: what members of the consortium and their devices try together, through the same doors as everybody. A plan may
// have one; it is counted among the misfortunes.

import type { Random } from '@vauban/core';
import type { World } from '../world.ts';
import { forkForgotten, forkInTwo, forkOverEpoch } from './fork.ts';
import { conspire } from './ring.ts';

/** No plot goes on for longer: who is not reached by then is left alone. */
const PLOT_MS_MAX = 90_000;

/** `hoster`: the honest one that a plot harms, for those that need one. `helped`: two hosters sign whatever it wants. */
export const plots = {
  ring: { harms: false, helped: false, run: (world: World, of: Of) => conspire(world, of.random) },
  'fork-in-two': { harms: false, helped: true, run: (world: World) => forkInTwo(world) },
  'fork-forgotten': {
    harms: true,
    helped: false,
    run: (world: World, of: Of) => forkForgotten(world, of.hoster),
  },
  'fork-over-epoch': {
    harms: true,
    helped: true,
    run: (world: World, of: Of) => forkOverEpoch(world, of.hoster),
  },
} as const;
export type PlotName = keyof typeof plots;
export const plotNames = Object.keys(plots) as PlotName[];

interface Of {
  readonly random: Random;
  readonly hoster: string;
}

/** Never rejects: a plot that fails is none. */
export async function plot(world: World, name: PlotName, of: Of): Promise<void> {
  const failed = (error: unknown) => world.trace.note('plot', `${name}: ${String(error)}`);
  await Promise.race([plots[name].run(world, of).catch(failed), world.sleep(PLOT_MS_MAX)]);
  world.counters.add(`plot ${name}`);
}
