// The composition root of a daemon process: real clock, disks, sockets and keys, from one configuration file.
// Everything that decides anything lives elsewhere.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asFault, Fault, isFault, type Files, type Network, type Startable } from '@vauban/core';
import type { SignedCharter } from '@vauban/ledger';
import {
  findLevelStore,
  nodeClock,
  nodeCrypto,
  nodeRandom,
  openFiles,
  setLevelStoreAside,
} from '@vauban/core/node';
import { libp2pNetwork } from '@vauban/wire/libp2p';
import { careView } from '../admin/care-view.ts';
import { adminHandler } from '../admin/handler.ts';
import { AdminPlane } from '../admin/plane.ts';
import { Daemon } from '../daemon.ts';
import { type LogControl, logControl } from '../log.ts';
import { checkMarker } from '../marker.ts';
import { adminPublicKey } from './admin-key.ts';
import { type AdminServer, startAdminServer } from './admin-server.ts';
import { publishedAddress } from './published-address.ts';
import { checkAgainstCharter, type DaemonHome, openHome, readCharter } from './home.ts';
import { mapScript } from './map-script.ts';

/** A daemon that takes longer to close in order is cut. */
const STOP_MS = 5_000;
/** The index, ledger and charter of one daemon, in the data directory. */
const STORE_DIRECTORY = 'store';
/** Databases that one run sets aside and begins anew. */
const SET_ASIDE_MAX = 3;

export interface RunOptions {
  /** Path of the configuration file. */
  readonly config: string;
  /** Takes one line of the log, a JSON document. */
  readonly log: (line: string) => void;
  /** Called once, when the daemon serves. */
  readonly ready: (facts: { readonly daemon: string; readonly addresses: readonly string[] }) => void;
  /** Aborts to stop in order. */
  readonly stop: AbortSignal;
  /** What the daemon sees of its disk and its network, in place of what is there: how a drill stages faults. */
  readonly staged?: {
    readonly files: (files: Files) => Files;
    readonly network: (network: Network) => Network;
  };
}

/**
 * Runs a daemon until `stop` aborts. Rejects when it cannot start: those of openHome, readCharter, checkAgainstCharter,
 * STORE_LOCKED, LISTEN_FAILED, Daemon.start; and with STOP_SLOW when it did not stop in order within five seconds.
 */
export async function runDaemon(options: RunOptions): Promise<void> {
  const home = await openHome(options.config);
  const { config } = home;
  const chain = await readCharter(config.charter);
  checkAgainstCharter(home, chain);
  const disk = openFiles(config.data);
  const files = options.staged?.files(disk) ?? disk;
  // Before the database is opened: opening creates it, and an unmounted disk must stay as empty as it is.
  await checkMarker(files, home.daemon);
  const logs = logControl(config.logLevel, { now: () => nodeClock.now(), write: options.log });
  const { log } = logs;
  const charter = chain.signedFrom(1);
  let damage: Fault | undefined;
  for (let setAside = 0; ; setAside++) {
    const unreadable = await runOnce(options, { home, charter, files, logs, damage });
    if (unreadable === undefined) return;
    // A disk that ruins one database after another is no place to begin yet another.
    if (setAside >= SET_ASIDE_MAX) throw unreadable;
    damage = unreadable;
    const aside = await setLevelStoreAside(join(config.data, STORE_DIRECTORY));
    log('error', 'store-set-aside', { message: unreadable.message, aside });
  }
}

interface Ground {
  readonly home: DaemonHome;
  readonly charter: readonly SignedCharter[];
  readonly files: Files;
  readonly logs: LogControl;
  /** Why the database before was set aside, when one was: this one begins empty. */
  readonly damage: Fault | undefined;
}

/** Runs until it is stopped; or until its database turns out to be unreadable, which is then the result. */
async function runOnce(options: RunOptions, ground: Ground): Promise<Fault | undefined> {
  const { home, charter, files, logs } = ground;
  const { config, keys } = home;
  const { log } = logs;
  let unreadable: Fault | undefined;
  const ended = new AbortController();
  const found = await findLevelStore(join(config.data, STORE_DIRECTORY), {
    onUnreadable: (fault) => {
      unreadable ??= fault;
      ended.abort();
    },
  });
  if (found.aside !== undefined) {
    log('error', 'store-set-aside', { message: found.damage?.message ?? '', aside: found.aside });
  }
  const storeDamage = ground.damage ?? found.damage;
  const sockets = libp2pNetwork({
    transportSeed: keys.transport.seed,
    listen: config.listen,
    clock: nodeClock,
    ...(config.announce.length === 0 ? {} : { announce: config.announce }),
  });
  const network = options.staged?.network(sockets) ?? sockets;
  const daemon = new Daemon({
    id: home.daemon,
    keys: {
      transportSeed: keys.transport.seed,
      receiptSeed: keys.receipt.seed,
      logSeed: keys.log.seed,
    },
    votingKeys: home.votingKeys,
    charter,
    network,
    files,
    store: found.store,
    ...(storeDamage === undefined ? {} : { storeDamage }),
    crypto: nodeCrypto,
    clock: nodeClock,
    random: nodeRandom,
    capacityBytes: config.capacityBytes,
    repairLimits: {
      linkBytesPerSecond: config.repairLinkBytes,
      diskBytesPerSecond: config.repairDiskBytes,
    },
    log,
  });
  // The database is locked by now: nobody else's process id is overwritten.
  await mkdir(dirname(config.pid), { recursive: true });
  await writeFile(config.pid, `${process.pid}\n`, { mode: 0o600 });
  const admin = await startAdmin(daemon, { ...ground, network, signal: ended.signal });
  try {
    try {
      await daemon.start();
    } catch (error) {
      // A row that the start cannot do without: everything in the database can be had again.
      if (isFault(error, 'STORE_CORRUPT')) unreadable ??= error;
      if (unreadable === undefined) throw error;
    }
    if (unreadable === undefined) {
      options.ready({ daemon: home.daemon, addresses: network.addresses });
      await aborted(AbortSignal.any([options.stop, ended.signal]));
    }
    await stopInTime(daemon);
    return options.stop.aborted ? undefined : unreadable;
  } finally {
    ended.abort();
    await admin?.stop();
    await rm(config.pid, { force: true });
  }
}

/** The admin plane of a daemon. One that cannot be had is told of, and keeps no fragment from being served. */
async function startAdmin(
  daemon: Daemon,
  of: Ground & { readonly network: Network; readonly signal: AbortSignal },
): Promise<AdminServer | undefined> {
  const { home, files, logs, network, signal } = of;
  const { config, keys } = home;
  const plane = new AdminPlane({
    id: home.daemon,
    receiptSeed: keys.receipt.seed,
    files,
    crypto: nodeCrypto,
    clock: nodeClock,
    network,
    capacityBytes: config.capacityBytes,
    logs,
    daemon,
    care: (parts) => careView(parts, home.daemon),
    mapScript,
    adminKey: () => adminPublicKey(config.keys),
  });
  const unexpected = ({ code, message }: Fault) => logs.log('error', 'admin-failed', { code, message });
  try {
    const server = await startAdminServer({
      socket: config.adminSocket,
      listen: config.adminListen,
      ...(config.adminPublished ? { behind: await publishedAddress() } : {}),
      handle: adminHandler(plane, unexpected),
    });
    void plane.keepAccounts(signal);
    return server;
  } catch (error) {
    const { code, message } = asFault(error);
    logs.log('error', 'admin-unreachable', { code, message });
    return undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function stopInTime(daemon: Startable): Promise<void> {
  const patience = new AbortController();
  const late = nodeClock.sleep(STOP_MS, patience.signal).then(
    () => {
      throw new Fault(
        'failure',
        'STOP_SLOW',
        'the daemon did not stop in order within five seconds; it was cut',
        {},
      );
    },
    () => undefined,
  );
  try {
    await Promise.race([daemon.stop(), late]);
  } finally {
    patience.abort();
  }
}
