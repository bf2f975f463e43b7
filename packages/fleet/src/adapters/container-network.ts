// Founding a network whose daemons run in containers (docker/compose.yaml): the same files as on one machine, with the
// addresses of services, and the ports that the machine itself reaches them at in a file for compose.
// A port that somebody takes before the containers start keeps them from starting: create another network then.

import { access, chown, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Fault } from '@vauban/core';
import { CHARTER_FILE, readNetworkCharter } from './layout.ts';
import { createNetwork, type CreatedNetwork, type CreateOptions, type SitePorts } from './create-network.ts';

/** Beside the charter: what compose fills into docker/compose.yaml (`--env-file`). */
const COMPOSE_ENV_FILE = 'compose.env';
/** What the agency's container sees. */
const AGENCY = 'agency';
/** Of the services of docker/compose.yaml, inside their networks. */
const SERVICE_PORT = 4_001;
/** As many as the compose file has services for. */
const SITES = 9;
/** The account of docker/Dockerfile. */
const IMAGE_ACCOUNT = 10_001;

export interface ContainerNetworkOptions extends Omit<CreateOptions, 'addressesOf'> {
  /** Who creates it: the containers run as this account, or, for root, as an account that is nobody's here. */
  readonly account: { readonly uid: number; readonly gid: number };
  /** The image of all containers; `vauban` when left out. */
  readonly image?: string;
}

/** Faults: SITES_OTHER (usage), those of createNetwork. */
export async function createContainerNetwork(
  directory: string,
  { account, image = 'vauban', ...options }: ContainerNetworkOptions,
): Promise<CreatedNetwork> {
  if (options.sites !== SITES) {
    const message = `docker/compose.yaml has ${SITES} hosters: leave --sites out with --containers`;
    throw new Fault('usage', 'SITES_OTHER', message, { sites: options.sites, wanted: SITES });
  }
  const ports = new Map<string, SitePorts>();
  const created = await createNetwork(directory, {
    ...options,
    addressesOf: (site, free) => {
      ports.set(site, free);
      // The loopback address is for this machine alone. It stands first, since a refusal takes no time, and whoever
      // looks for a service's name where there is none may wait for seconds.
      return {
        listen: [`/ip4/0.0.0.0/tcp/${SERVICE_PORT}`],
        announce: [`/ip4/127.0.0.1/tcp/${free.data}`, `/dns4/${site}/tcp/${SERVICE_PORT}`],
        publishedPort: free.admin,
      };
    },
  });
  const { uid, gid } = account.uid === 0 ? { uid: IMAGE_ACCOUNT, gid: IMAGE_ACCOUNT } : account;
  // And where its volume is mounted: what the engine finds missing it makes as root.
  await mkdir(join(directory, AGENCY, 'data'), { recursive: true, mode: 0o700 });
  await copyFile(join(directory, CHARTER_FILE), join(directory, AGENCY, CHARTER_FILE));
  const lines = [
    // Also what the engine knows the network's containers by.
    `COMPOSE_PROJECT_NAME=${(await readNetworkCharter(directory)).current.name}`,
    `VAUBAN_NETWORK=${resolve(directory)}`,
    `VAUBAN_IMAGE=${image}`,
    `VAUBAN_USER=${uid}:${gid}`,
    ...[...ports].flatMap(([site, { data, admin }]) => [
      `VAUBAN_PORT_${variable(site)}=${data}`,
      `VAUBAN_ADMIN_${variable(site)}=${admin}`,
    ]),
  ];
  await writeFile(join(directory, COMPOSE_ENV_FILE), `${lines.join('\n')}\n`);
  if (account.uid === 0) await giveAway(directory, { uid, gid });
  return created;
}

/** Whether the daemons of this network are containers, and no processes of this machine. */
export async function hasContainers(directory: string): Promise<boolean> {
  return access(join(directory, COMPOSE_ENV_FILE)).then(
    () => true,
    () => false,
  );
}

/** What to type, for compose to do something with the containers of this network; from a checkout. */
export function composeLine(directory: string, what: string): string {
  return `docker-compose --env-file ${join(directory, COMPOSE_ENV_FILE)} --file docker/compose.yaml ${what}`;
}

/** Faults: IN_CONTAINERS (refused), with what to type instead. */
export async function refuseContainers(directory: string, what: string): Promise<void> {
  if (!(await hasContainers(directory))) return;
  const instead = composeLine(directory, what);
  const message = `the daemons of ${directory} run in containers, which compose starts and stops: ${instead}`;
  throw new Fault('refused', 'IN_CONTAINERS', message, { directory, instead });
}

/** A site in the names of docker/compose.yaml's variables. */
function variable(site: string): string {
  return site.toUpperCase().replaceAll('-', '_');
}

async function giveAway(path: string, to: { readonly uid: number; readonly gid: number }): Promise<void> {
  await chown(path, to.uid, to.gid);
  for (const entry of await readdir(path, { recursive: true })) {
    await chown(join(path, entry), to.uid, to.gid);
  }
}
