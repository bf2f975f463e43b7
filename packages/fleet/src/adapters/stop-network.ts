// Stopping: every daemon is asked to end in order, and cut when it does not. Or cut at once.

import { type DaemonId, Fault } from '@vauban/core';
import { refuseContainers } from './container-network.ts';
import { daemonPlaces, type DaemonPlace } from './layout.ts';
import { forgetPid, runningPid, signalDaemon, waitGone } from './processes.ts';

/** A daemon gives itself five seconds; a stopped (SIGSTOP) one never answers. */
const IN_ORDER_MS = 8_000;
const CUT_MS = 5_000;

export interface StoppedNetwork {
  readonly stopped: readonly DaemonId[];
  /** Those that had to be killed. */
  readonly killed: readonly DaemonId[];
}

/** Ends this network's processes and no others. Safe to call again. Faults: NETWORK_MISSING, IN_CONTAINERS (refused). */
export async function stopNetwork(directory: string): Promise<StoppedNetwork> {
  await refuseContainers(directory, 'stop');
  const places = await daemonPlaces(directory);
  const stopped: DaemonId[] = [];
  const killed: DaemonId[] = [];
  await Promise.all(
    places.map(async (place) => {
      const how = await stopDaemon(place);
      if (how === 'stopped') stopped.push(place.id);
      if (how === 'killed') killed.push(place.id);
    }),
  );
  return { stopped: stopped.sort(), killed: killed.sort() };
}

/** What became of its process. */
export async function stopDaemon(place: DaemonPlace): Promise<'stopped' | 'killed' | 'absent'> {
  const pid = await runningPid(place);
  if (pid === undefined) return 'absent';
  const process = { pid, config: place.config };
  await signalDaemon(process, 'SIGTERM');
  if (await waitGone(process, IN_ORDER_MS)) return 'stopped';
  await signalDaemon(process, 'SIGKILL');
  await waitGone(process, CUT_MS);
  await forgetPid(place);
  return 'killed';
}

/** SIGKILL, and gone when this resolves. Faults: STILL_RUNNING. */
export async function killDaemon(place: DaemonPlace): Promise<void> {
  const pid = await runningPid(place);
  if (pid === undefined) return;
  const process = { pid, config: place.config };
  await signalDaemon(process, 'SIGKILL');
  if (!(await waitGone(process, CUT_MS))) {
    const site = place.facts.site.id;
    throw new Fault('failure', 'STILL_RUNNING', `process ${pid} of ${site} did not end`, { pid, site });
  }
  await forgetPid(place);
}
