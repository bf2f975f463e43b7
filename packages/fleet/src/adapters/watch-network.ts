// Asks every daemon of a local network, through its admin socket, how it sees the network, and puts the answers together.

import { asFault, Fault } from '@vauban/core';
import { askAdmin, type NetworkView } from '@vauban/daemon';
import { overviewOf } from '../network-overview.ts';
import { composeLine, hasContainers } from './container-network.ts';
import { type DaemonPlace, localPlaces } from './layout.ts';

/** One that is merely busy answers in a second; one that hangs must not hold up the others' words for long. */
const ASK_MS = 3_000;

export interface WatchedNetwork {
  readonly view: NetworkView;
  /** Daemons that said nothing, and why. */
  readonly silent: readonly { readonly site: string; readonly code: string; readonly message: string }[];
}

/** Faults: NETWORK_MISSING (usage), DAEMONS_ELSEWHERE (refused), NETWORK_SILENT (unreachable) when no daemon answers. */
export async function watchedNetwork(
  directory: string,
  options: { readonly signal: AbortSignal },
): Promise<WatchedNetwork> {
  const places = await localPlaces(directory);
  const asked = await Promise.all(places.map((place) => viewOf(place, options.signal)));
  options.signal.throwIfAborted();
  const views = asked.flatMap((one) => (one instanceof Fault ? [] : [one]));
  const silent = asked.flatMap((one, nth) => {
    const site = places[nth]?.facts.site.id ?? '';
    return one instanceof Fault ? [{ site, code: one.code, message: one.message }] : [];
  });
  const [first, ...others] = views;
  if (first === undefined) {
    const start = (await hasContainers(directory))
      ? composeLine(directory, 'up --detach')
      : `vauban network start ${directory}`;
    const message = `none of the ${places.length} daemons answers: start them with ${start}`;
    throw new Fault('unreachable', 'NETWORK_SILENT', message, { daemons: places.length });
  }
  const silentSites = silent.map(({ site }) => site);
  return { view: overviewOf([first, ...others], silentSites), silent };
}

async function viewOf({ config, burnt }: DaemonPlace, signal: AbortSignal): Promise<NetworkView | Fault> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]);
    const view = (await askAdmin(config, {
      method: 'GET',
      path: '/v0/network',
      signal: within,
    })) as NetworkView;
    if (view.format === 'vauban/network-view/0') return view;
    return new Fault('failure', 'VIEW_OTHER', 'it speaks another version', { format: String(view.format) });
  } catch (error) {
    // Its data need not lie here, so whoever answers has not burnt.
    if (burnt) return new Fault('unreachable', 'SITE_BURNT', 'it has burnt', {}, error);
    return asFault(error);
  }
}
