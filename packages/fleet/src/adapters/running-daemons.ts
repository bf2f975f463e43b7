// Which daemons of a network run here: its processes have ids, its containers are the engine's to tell.

import { asFault } from '@vauban/core';
import { ContainerEngine } from './container-engine.ts';
import { hasContainers } from './container-network.ts';
import { type DaemonPlace, readNetworkCharter } from './layout.ts';
import { runningPid } from './processes.ts';

export interface RunningDaemons {
  readonly fleet: 'processes' | 'containers';
  /** In the order of the places; undefined where nobody can tell. */
  readonly runs: readonly (boolean | undefined)[];
  /** Of processes; null in containers, and where none runs. */
  readonly pids: readonly (number | null)[];
  /** Why the engine could not be asked; null when it was, or need not be. */
  readonly engineSilent: string | null;
}

/** `command`: what runs docker; ['docker'] when left out. Faults: those of readNetworkCharter. */
export async function runningDaemons(
  directory: string,
  places: readonly DaemonPlace[],
  command?: readonly string[],
): Promise<RunningDaemons> {
  if (!(await hasContainers(directory))) {
    const found = await Promise.all(places.map(runningPid));
    const pids = found.map((pid) => pid ?? null);
    return { fleet: 'processes', runs: pids.map((pid) => pid !== null), pids, engineSilent: null };
  }
  const { name } = (await readNetworkCharter(directory)).current;
  const known = { fleet: 'containers' as const, pids: places.map(() => null) };
  try {
    const containers = (await new ContainerEngine(name, command).containers()).filter((one) => one.running);
    const running = new Set(containers.map(({ service }) => service));
    return { ...known, runs: places.map(({ facts }) => running.has(facts.site.id)), engineSilent: null };
  } catch (error) {
    return { ...known, runs: places.map(() => undefined), engineSilent: asFault(error).message };
  }
}
