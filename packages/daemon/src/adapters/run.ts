// The composition root of a daemon process: real clock, disks, sockets and keys, from one configuration file.
// Everything that decides anything lives elsewhere.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault, isFault, type Fact, type Files, type Startable } from '@vauban/core';
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
import { logLevels } from '../config.ts';
import { Daemon } from '../daemon.ts';
import type { Log, LogLevel } from '../log.ts';
import { checkMarker } from '../marker.ts';
import { checkAgainstCharter, type DaemonHome, openHome, readCharter } from './home.ts';

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
  const files = openFiles(config.data);
  // Before the database is opened: opening creates it, and an unmounted disk must stay as empty as it is.
  await checkMarker(files, home.daemon);
  const log = logger(config.logLevel, options.log);
  const charter = chain.signedFrom(1);
  let damage: Fault | undefined;
  for (let setAside = 0; ; setAside++) {
    const unreadable = await runOnce(options, { home, charter, files, log, damage });
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
  readonly log: Log;
  /** Why the database before was set aside, when one was: this one begins empty. */
  readonly damage: Fault | undefined;
}

/** Runs until it is stopped; or until its database turns out to be unreadable, which is then the result. */
async function runOnce(options: RunOptions, ground: Ground): Promise<Fault | undefined> {
  const { home, charter, files, log } = ground;
  const { config, keys } = home;
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
  const network = libp2pNetwork({
    transportSeed: keys.transport.seed,
    listen: config.listen,
    clock: nodeClock,
    ...(config.announce.length === 0 ? {} : { announce: config.announce }),
  });
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
    log,
  });
  // The database is locked by now: nobody else's process id is overwritten.
  await mkdir(dirname(config.pid), { recursive: true });
  await writeFile(config.pid, `${process.pid}\n`, { mode: 0o600 });
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
    await rm(config.pid, { force: true });
  }
}

function logger(least: LogLevel, write: (line: string) => void): Log {
  const from = logLevels.indexOf(least);
  return (level: LogLevel, event: string, facts: { readonly [key: string]: Fact } = {}) => {
    if (logLevels.indexOf(level) < from) return;
    write(JSON.stringify({ time: new Date().toISOString(), level, event, ...facts }));
  };
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
