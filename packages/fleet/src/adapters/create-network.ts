// Founding a local network: one real daemon per city, officers and an operator with keys of their own, and the charter
// that names them all. Nothing is started.

import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type DaemonId, type Durations, Fault, replaceFile, slugOf, toHex, utf8 } from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom, openFiles } from '@vauban/core/node';
import { createDaemon, encodeCharterFile, encodeKeyFile, makeKey, type RoleKey } from '@vauban/daemon';
import { CharterChain, signCharter } from '@vauban/ledger';
import { cities, type City } from '../cities.ts';
import { checkSize, foundCharter, type NetworkSize } from '../found-charter.ts';
import { freePorts } from './free-ports.ts';
import { CHARTER_FILE, DAEMONS, OFFICERS, OPERATORS } from './layout.ts';

const OPERATOR = 'crisis-team';

export interface CreateOptions extends NetworkSize {
  /** Fragment bytes each daemon takes at most; 100 GB when left out. */
  readonly capacityBytes?: number;
  /** What differs from the standard: a rehearsal cannot wait fifteen minutes for a loss to be one. */
  readonly durations?: Partial<Durations>;
  /** Of a site, with two ports of the loopback address that nobody uses now; left out: its daemon listens at the first. */
  readonly addressesOf?: (site: string, ports: SitePorts) => DaemonAddresses;
}

export interface SitePorts {
  readonly data: number;
  readonly admin: number;
}

export interface DaemonAddresses {
  /** Multiaddrs. */
  readonly listen: readonly string[];
  /** Those the charter lists; empty when they are the same. */
  readonly announce: readonly string[];
  /** The admin port of a daemon in a container, as its engine publishes it. */
  readonly publishedPort?: number;
}

export interface CreatedNetwork {
  /** Path of the charter file. */
  readonly charter: string;
  /** The text key of the charter, which offline checkers start from. */
  readonly root: string;
  readonly daemons: readonly { readonly id: DaemonId; readonly hoster: string; readonly site: string }[];
}

/** Faults: those of checkSize, DIRECTORY_USED (refused), PORTS_TAKEN. */
export async function createNetwork(directory: string, options: CreateOptions): Promise<CreatedNetwork> {
  checkSize(options);
  const root = resolve(directory);
  if ((await readdir(root).catch(() => [])).length > 0) {
    throw new Fault(
      'refused',
      'DIRECTORY_USED',
      `${directory} is not empty: name a new directory, nothing is ever written over`,
      { directory },
    );
  }
  await mkdir(root, { recursive: true, mode: 0o700 });
  const places = cities.slice(0, options.sites);
  const ports = await freePorts(2 * places.length);
  const daemons = [];
  for (const [nth, city] of places.entries()) {
    const [data, admin] = ports.slice(2 * nth) as [number, number];
    daemons.push(await createSite(root, city, { ports: { data, admin }, ...options }));
  }
  const officers: { readonly id: string; readonly key: RoleKey }[] = [];
  for (const city of places) officers.push(await createKey(root, 'officer', slugOf(city.hoster)));
  const operator = await createKey(root, 'operator', OPERATOR);

  const charter = foundCharter({
    // Receipts and logs carry the name: two networks never share one.
    name: `grand-est-${toHex(nodeRandom.bytes(4))}`,
    publicLines: daemons.map((one) => one.publicLine),
    officers: officers.map(({ id, key }) => ({ id, key: key.publicKey })),
    operators: [{ id: operator.id, key: operator.key.publicKey }],
    k: options.k,
    m: options.m,
    ...(options.code === undefined ? {} : { code: options.code }),
    ...(options.durations === undefined ? {} : { durations: options.durations }),
    now: nodeClock.now(),
    crypto: nodeCrypto,
  });
  const seeds = officers.map(({ id, key }) => ({ id, seed: key.seed }));
  const chain = CharterChain.from(nodeCrypto, [signCharter(nodeCrypto, charter, seeds)]);
  const bytes = encodeCharterFile(chain.signedFrom(1));
  // Each hoster puts the charter beside its configuration, as if it had come by mail; the network's own comes last.
  for (const { site } of daemons) {
    await replaceFile(openFiles(join(root, DAEMONS, site)), CHARTER_FILE, bytes);
  }
  await replaceFile(openFiles(root), CHARTER_FILE, bytes);
  return {
    charter: join(root, CHARTER_FILE),
    root: chain.root,
    daemons: daemons.map(({ id, hoster, site }) => ({ id, hoster, site })),
  };
}

async function createSite(
  root: string,
  city: City,
  of: { readonly ports: SitePorts } & Pick<CreateOptions, 'capacityBytes' | 'addressesOf'>,
): Promise<{
  readonly id: DaemonId;
  readonly hoster: string;
  readonly site: string;
  readonly publicLine: string;
}> {
  const site = slugOf(city.name);
  const addresses = (of.addressesOf ?? onLoopback)(site, of.ports);
  const { daemon, publicLine, facts } = await createDaemon(join(root, DAEMONS, site), {
    hoster: city.hoster,
    site,
    city: city.name,
    country: 'FR',
    address: city.name,
    latitude: city.latitude,
    longitude: city.longitude,
    ...addresses,
    ...(of.capacityBytes === undefined ? {} : { capacityBytes: of.capacityBytes }),
  });
  return { id: daemon, hoster: facts.hoster.id, site, publicLine };
}

const onLoopback = (_: string, { data }: SitePorts): DaemonAddresses => ({
  listen: [`/ip4/127.0.0.1/tcp/${data}`],
  announce: [],
});

async function createKey(
  root: string,
  role: 'officer' | 'operator',
  id: string,
): Promise<{ readonly id: string; readonly key: RoleKey }> {
  const folder = join(root, role === 'officer' ? OFFICERS : OPERATORS);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const key = makeKey(role, { random: nodeRandom, crypto: nodeCrypto });
  await replaceFile(openFiles(folder), `${id}.key`, utf8(encodeKeyFile(key)));
  return { id, key };
}
