// The composition root of a daemon process: real clock, disks, sockets and keys, from one configuration file.
// Everything that decides anything lives elsewhere.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault, type Fact, type Startable } from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom, openFiles, openLevelStore } from '@vauban/core/node';
import { libp2pNetwork } from '@vauban/wire/libp2p';
import { logLevels } from '../config.ts';
import { Daemon } from '../daemon.ts';
import type { Log, LogLevel } from '../log.ts';
import { checkMarker } from '../marker.ts';
import { checkAgainstCharter, openHome, readCharter } from './home.ts';

/** A daemon that takes longer to close in order is cut. */
const STOP_MS = 5_000;
/** The index, ledger and charter of one daemon, in the data directory. */
const STORE_DIRECTORY = 'store';

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
  const { config, keys } = home;
  const chain = await readCharter(config.charter);
  checkAgainstCharter(home, chain);
  const files = openFiles(config.data);
  // Before the database is opened: opening creates it, and an unmounted disk must stay as empty as it is.
  await checkMarker(files, home.daemon);
  const log = logger(config.logLevel, options.log);
  const store = await openLevelStore(join(config.data, STORE_DIRECTORY));
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
      voting: keys.voting === null ? null : { epoch: keys.voting.epoch, seed: keys.voting.key.seed },
    },
    charter: chain.signedFrom(1),
    network,
    files,
    store,
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
    await daemon.start();
    options.ready({ daemon: home.daemon, addresses: network.addresses });
    await aborted(options.stop);
    await stopInTime(daemon);
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
