// Where things lie in a local network's directory:
//   charter.cbor           every version of the charter, as hosters and agencies get it
//   daemons/<site>/        one daemon each, exactly as `daemon init` leaves it, with daemon.log and daemon.pid
//   officers/<hoster>.key  operators/<name>.key

import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DaemonId, Fault } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { type DaemonFacts, openPublicLine, readCharter, readKey, type RoleKey } from '@vauban/daemon';
import type { CharterChain } from '@vauban/ledger';

export const CHARTER_FILE = 'charter.cbor';
export const DAEMONS = 'daemons';
export const OFFICERS = 'officers';
export const OPERATORS = 'operators';

/** One daemon of the network on this machine. */
export interface DaemonPlace {
  readonly id: DaemonId;
  readonly facts: DaemonFacts;
  readonly directory: string;
  readonly config: string;
  readonly log: string;
  readonly pidFile: string;
  /** Fragments and ledger; absent once the site has burnt. */
  readonly data: string;
  readonly keys: string;
  readonly burnt: boolean;
}

/** The absolute path of a network directory. Faults: NETWORK_MISSING (usage). */
export async function networkRoot(directory: string): Promise<string> {
  const missing = () =>
    new Fault(
      'usage',
      'NETWORK_MISSING',
      `${directory} is not the directory of a network (no ${CHARTER_FILE} in it): make one with vauban network create ${directory}`,
      { directory },
    );
  const root = await realpath(directory).catch(() => undefined);
  if (root === undefined || !(await exists(join(root, CHARTER_FILE)))) throw missing();
  return root;
}

export function charterPath(directory: string): string {
  return join(directory, CHARTER_FILE);
}

/** Faults: NETWORK_MISSING, and those of readCharter. */
export async function readNetworkCharter(directory: string): Promise<CharterChain> {
  return readCharter(charterPath(await networkRoot(directory)));
}

/** Every daemon set up below the directory, in the order of the charter. */
export async function daemonPlaces(directory: string): Promise<DaemonPlace[]> {
  const root = await networkRoot(directory);
  const names = await readdir(join(root, DAEMONS)).catch(() => []);
  const places: DaemonPlace[] = [];
  for (const name of names) {
    const home = join(root, DAEMONS, name);
    const line = await readFile(join(home, 'public-line.txt'), 'utf8').catch(() => undefined);
    if (line === undefined) continue;
    const facts = openPublicLine(nodeCrypto, line);
    places.push({
      id: facts.daemon.id,
      facts,
      directory: home,
      config: join(home, 'daemon.toml'),
      log: join(home, 'daemon.log'),
      pidFile: join(home, 'daemon.pid'),
      data: join(home, 'data'),
      keys: join(home, 'keys'),
      burnt: !(await exists(join(home, 'data'))),
    });
  }
  const { daemons } = (await readNetworkCharter(root)).current;
  const rank = (place: DaemonPlace) => daemons.findIndex((one) => one.id === place.id);
  return places.sort((a, b) => rank(a) - rank(b));
}

/** The same, of which there has to be one. Faults: NETWORK_MISSING (usage), DAEMONS_ELSEWHERE (refused). */
export async function localPlaces(directory: string): Promise<DaemonPlace[]> {
  const places = await daemonPlaces(directory);
  if (places.length > 0) return places;
  const message = `no daemon of this network is to be seen from here: ask them over the network, with vauban repair status --network ${directory}`;
  throw new Fault('refused', 'DAEMONS_ELSEWHERE', message, { directory });
}

/** Whether this directory holds officers' keys, so that the charter can be changed from here. */
export async function hasOfficers(directory: string): Promise<boolean> {
  return (await keyNames(join(directory, OFFICERS))).length > 0;
}

/** Keys of officers or operators, by name. Faults: those of readKey. */
export async function readKeys(
  directory: string,
  role: 'officer' | 'operator',
): Promise<{ readonly id: string; readonly key: RoleKey }[]> {
  const folder = join(directory, role === 'officer' ? OFFICERS : OPERATORS);
  return Promise.all(
    (await keyNames(folder)).map(async (id) => ({ id, key: await readKey(join(folder, `${id}.key`), role) })),
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function keyNames(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((name) => /^([a-z0-9-]+)\.key$/.exec(name)?.[1] ?? []).sort();
}
