// Setting up one daemon: keys, an empty data directory with its marker, a configuration, and the public line for the
// consortium's officers. Never overwrites: a key that is written over is a hoster's promise that nobody can keep.

import {
  type Clock,
  type Crypto,
  type DaemonId,
  daemonIdOf,
  type Declaration,
  Fault,
  type Files,
  isSlug,
  type Random,
  slugOf,
  utf8,
} from '@vauban/core';
import { type DaemonConfig, formatConfig, isAddress } from './config.ts';
import { encodeKeyFile, makeKey, type RoleKey } from './keys.ts';
import { createMarker } from './marker.ts';
import { type DaemonFacts, makePublicLine } from './public-line.ts';
import { standardRepairLimits } from './repair/pace.ts';
import { votingKeyFiles } from './voting-keys.ts';

const CONFIG_PATH = 'daemon.toml';
/** Voting keys belong to an epoch; the first charter has this one. */
export const FIRST_EPOCH = 1;
const DECLARATION_MS = 365 * 86_400_000;
const DEFAULT_CAPACITY_BYTES = 100_000_000_000;

export interface InitOptions {
  /** Names as people write them; their slugs become the charter's ids. */
  readonly hoster: string;
  readonly site: string;
  readonly city?: string;
  /** ISO 3166-1, two letters. */
  readonly country?: string;
  /** What burns together; the site itself when left out. */
  readonly building?: string;
  readonly address?: string;
  /** Degrees, WGS 84. */
  readonly latitude?: number;
  readonly longitude?: number;
  /** Multiaddrs. */
  readonly listen?: readonly string[];
  readonly announce?: readonly string[];
  readonly capacityBytes?: number;
  /** For a daemon in a container: the admin port, which its engine publishes on the machine's loopback address. */
  readonly publishedPort?: number;
  /** What differs from a company of the site's country without foreign owners. */
  readonly declaration?: Partial<Declaration>;
  /** The hoster's identity key, when it has one: then this daemon is a further one, without a vote. */
  readonly identity?: RoleKey;
}

export interface InitPorts {
  /** The new daemon's directory, and the data directory `data` below it. */
  readonly home: Files;
  readonly data: Files;
  readonly crypto: Crypto;
  readonly random: Random;
  readonly clock: Clock;
  readonly peerIdOfSeed: (seed: Uint8Array) => string;
}

export interface NewDaemon {
  readonly daemon: DaemonId;
  readonly publicLine: string;
  readonly facts: DaemonFacts;
}

/** Faults: DAEMON_EXISTS (refused), INIT_VALUE (usage). */
export async function initDaemon(options: InitOptions, ports: InitPorts): Promise<NewDaemon> {
  const { home, data, crypto } = ports;
  const place = placeOf(options);
  if ((await home.stat(CONFIG_PATH)) !== undefined || (await home.list('keys')).length > 0) {
    throw new Fault(
      'refused',
      'DAEMON_EXISTS',
      `there is a daemon in this directory already (${CONFIG_PATH} or keys): choose another directory, or remove this one if nothing in it is needed`,
      {},
    );
  }
  const identity = options.identity ?? makeKey('identity', ports);
  const transport = makeKey('transport', ports);
  const receipt = makeKey('receipt', ports);
  const log = makeKey('log', ports);
  const voting = options.identity === undefined ? makeKey(`voting-${FIRST_EPOCH}`, ports) : undefined;
  const id = daemonIdOf(crypto, receipt.publicKey);
  const reachable = place.announce.length > 0 ? place.announce : place.listen;
  const facts: DaemonFacts = {
    format: 'vauban/daemon-facts/0',
    hoster: { id: place.hoster, name: options.hoster, identityKey: identity.publicKey },
    site: place.site,
    daemon: {
      id,
      receiptKey: receipt.publicKey,
      logKey: log.publicKey,
      peer: ports.peerIdOfSeed(transport.seed),
      addresses: [...reachable],
      capacityBytes: place.capacityBytes,
    },
    voting: voting === undefined ? null : { epoch: FIRST_EPOCH, key: voting.publicKey },
    declaration: declarationOf(options, ports.clock.now()),
  };
  const publicLine = makePublicLine(crypto, facts, identity.seed);

  await home.makeDirectory('keys');
  const keys = [transport, receipt, log];
  if (options.identity === undefined) keys.unshift(identity);
  for (const key of keys) await writeNew(home, `keys/${key.role}.key`, encodeKeyFile(key));
  await home.syncDirectory('keys');
  await home.makeDirectory('data');
  await createMarker(data, id);
  if (voting !== undefined) {
    const { random } = ports;
    const kept = votingKeyFiles({ files: home, directory: 'keys', data, crypto, random });
    await kept.create(FIRST_EPOCH, voting);
  }
  // Last: a directory with a configuration is a daemon.
  await writeNew(home, 'public-line.txt', `${publicLine}\n`);
  await writeNew(home, CONFIG_PATH, formatConfig(configOf(place)));
  await home.syncDirectory('');
  return { daemon: id, publicLine, facts };
}

interface PlaceFacts {
  readonly hoster: string;
  readonly site: DaemonFacts['site'];
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  readonly capacityBytes: number;
  readonly publishedPort: number | undefined;
}

function placeOf(options: InitOptions): PlaceFacts {
  const site = slugOf(options.site);
  const country = options.country ?? 'FR';
  if (!/^[A-Z]{2}$/.test(country)) throw wrong('country', country, 'two capital letters such as FR');
  const listen = options.listen ?? ['/ip4/127.0.0.1/tcp/4001'];
  const announce = options.announce ?? [];
  for (const [what, list] of Object.entries({ listen, announce })) {
    const bad = list.find((one) => !isAddress(one));
    if (bad !== undefined) throw wrong(what, bad, 'an address such as /ip4/192.0.2.7/tcp/4001');
    if (list.length > 8) throw wrong(what, String(list.length), 'at most 8 addresses');
  }
  if (listen.length === 0) throw wrong('listen', '', 'at least one address');
  const everywhere = listen.find((one) => /^\/ip4\/0\.0\.0\.0\/|^\/ip6\/::\//.test(one));
  if (everywhere !== undefined && announce.length === 0) {
    throw new Fault(
      'usage',
      'INIT_VALUE',
      `listening on ${everywhere} says nothing of where others find this daemon: add --announce with its public address`,
      { setting: 'announce', value: everywhere },
    );
  }
  const capacityBytes = options.capacityBytes ?? DEFAULT_CAPACITY_BYTES;
  if (!Number.isSafeInteger(capacityBytes) || capacityBytes < 1) {
    throw wrong('capacity', String(capacityBytes), 'a size such as 100GB');
  }
  return {
    hoster: named('hoster', options.hoster, 80),
    site: {
      id: named('site', options.site, 80),
      city: checkText('city', options.city ?? options.site, 80),
      country,
      building: options.building === undefined ? site : named('building', options.building, 80),
      address: checkText('address', options.address ?? '', 200),
      latitude: microdegrees('latitude', options.latitude ?? 0, 90),
      longitude: microdegrees('longitude', options.longitude ?? 0, 180),
    },
    listen,
    announce,
    capacityBytes,
    publishedPort: options.publishedPort,
  };
}

function configOf(place: PlaceFacts): DaemonConfig {
  const { hoster, listen, announce, capacityBytes, publishedPort } = place;
  return {
    hoster,
    site: place.site.id,
    capacityBytes,
    charter: 'charter.cbor',
    keys: 'keys',
    data: 'data',
    pid: 'daemon.pid',
    listen,
    announce,
    logLevel: 'info',
    adminSocket: 'admin.sock',
    adminListen: publishedPort === undefined ? null : `127.0.0.1:${publishedPort}`,
    adminPublished: publishedPort !== undefined,
    repairLinkBytes: standardRepairLimits.linkBytesPerSecond,
    repairDiskBytes: standardRepairLimits.diskBytesPerSecond,
  };
}

function declarationOf(options: InitOptions, now: number): Declaration {
  const country = options.country ?? 'FR';
  return {
    seat: country,
    law: country,
    data: country,
    foreignShareLargest: 0,
    foreignShareTotal: 0,
    foreignVeto: false,
    certifications: [],
    validFrom: now,
    validUntil: now + DECLARATION_MS,
    signedBy: options.hoster,
    ...options.declaration,
  };
}

function named(setting: string, name: string, lengthMax: number): string {
  const slug = slugOf(checkText(setting, name, lengthMax));
  if (!isSlug(slug)) throw wrong(setting, name, 'a name with at least one letter or digit');
  return slug;
}

function checkText(setting: string, text: string, lengthMax: number): string {
  if (text.length > lengthMax || /\p{Cc}/u.test(text)) {
    throw wrong(setting, text.slice(0, 40), `one line of at most ${lengthMax} characters`);
  }
  return text;
}

function microdegrees(setting: string, degrees: number, max: number): number {
  if (!Number.isFinite(degrees) || Math.abs(degrees) > max) {
    throw wrong(setting, String(degrees), `degrees between -${max} and ${max}`);
  }
  return Math.round(degrees * 1_000_000);
}

function wrong(setting: string, value: string, expected: string): Fault {
  return new Fault(
    'usage',
    'INIT_VALUE',
    `${setting} is ${JSON.stringify(value)}, but should be ${expected}`,
    {
      setting,
      value,
      expected,
    },
  );
}

async function writeNew(files: Files, path: string, text: string): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(utf8(text));
    await file.sync();
  } finally {
    await file.close();
  }
}
