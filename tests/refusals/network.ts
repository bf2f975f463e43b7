// A small network of real daemons in this process: keys, charter and directories as the fleet founds them, libp2p over
// loopback, files and LevelDB in a temporary directory. Each daemon's clock, disk and network can be bent by a test.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Charter, type Clock, type Files, type Network, type Store } from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom, openFiles, openLevelStore } from '@vauban/core/node';
import { Daemon, type DaemonHome, type DaemonOptions, openHome, readCharter } from '@vauban/daemon';
import { createNetwork, daemonPlaces, enactCharter } from '@vauban/fleet';
import type { CharterChain } from '@vauban/ledger';
import { libp2pNetwork } from '@vauban/wire/libp2p';

export const DAY_MS = 86_400_000;

/** The machine's clock, moved, and with long waits made shorter: background tasks come round while a test looks. */
class BentClock implements Clock {
  aheadMs = 0;
  readonly #pace: number;

  constructor(pace: number) {
    this.#pace = pace;
  }

  now(): number {
    return nodeClock.now() + this.aheadMs;
  }

  monotonic(): number {
    return nodeClock.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return nodeClock.sleep(ms >= 5_000 ? ms / this.#pace : ms, signal);
  }

  after(ms: number, call: () => void): () => void {
    return nodeClock.after(ms, call);
  }
}

/** What a test may put something between. */
export interface DaemonPorts {
  readonly files: Files;
  readonly store: Store;
  readonly network: Network;
}

export interface StartOptions extends Partial<Pick<DaemonOptions, 'budgets' | 'capacityBytes'>> {
  readonly bend?: (ports: DaemonPorts) => DaemonPorts;
}

/** One daemon with its keys and directory; `running` while it does. */
export interface Site {
  readonly name: string;
  readonly home: DaemonHome;
  readonly directory: string;
  readonly data: string;
  readonly clock: BentClock;
  running: Daemon | undefined;
}

export class TestNetwork {
  readonly directory: string;
  /** As `network create` leaves it: officers' and operators' keys are in it. */
  readonly root: string;
  readonly sites: readonly Site[];
  #charters: CharterChain;

  private constructor(directory: string, sites: readonly Site[], charters: CharterChain) {
    this.directory = directory;
    this.root = join(directory, 'network');
    this.sites = sites;
    this.#charters = charters;
  }

  /** Founded, not started. `pace`: how much faster background tasks come round. */
  static async create(of: { k: number; m: number; pace?: number }): Promise<TestNetwork> {
    const directory = await mkdtemp(join(tmpdir(), 'vauban-refusals-'));
    const root = join(directory, 'network');
    await createNetwork(root, {
      sites: 4,
      k: of.k,
      m: of.m,
      code: 'rs',
      capacityBytes: 1_000_000_000,
      // Clocks leap by years here: nobody has been away for that.
      durations: { awayMaxMs: 10 * 365 * DAY_MS },
    });
    const sites = await Promise.all(
      (await daemonPlaces(root)).map(
        async (place): Promise<Site> => ({
          name: place.facts.site.id,
          home: await openHome(place.config),
          directory: place.directory,
          data: place.data,
          clock: new BentClock(of.pace ?? 1),
          running: undefined,
        }),
      ),
    );
    const charters = await readCharter(join(root, 'charter.cbor'));
    return new TestNetwork(directory, sites, charters);
  }

  get charters(): CharterChain {
    return this.#charters;
  }

  get charter(): Charter {
    return this.#charters.current;
  }

  site(at: number): Site {
    const site = this.sites[at];
    if (site === undefined) throw new Error(`no site ${at}`);
    return site;
  }

  /** All of them, until each votes. */
  async startAll(): Promise<void> {
    await Promise.all(this.sites.map((_, at) => this.start(at)));
    await Promise.all(this.sites.map((_, at) => this.untilVoting(at)));
  }

  async start(at: number, options: StartOptions = {}): Promise<Daemon> {
    const site = this.site(at);
    const { home, clock, data } = site;
    const { keys, config } = home;
    const { bend, ...rest } = options;
    const plain: DaemonPorts = {
      files: openFiles(data),
      store: await openLevelStore(join(data, 'store')),
      network: libp2pNetwork({ transportSeed: keys.transport.seed, listen: config.listen, clock: nodeClock }),
    };
    const daemon = new Daemon({
      id: home.daemon,
      keys: {
        transportSeed: keys.transport.seed,
        receiptSeed: keys.receipt.seed,
        logSeed: keys.log.seed,
      },
      votingKeys: home.votingKeys,
      charter: (await readCharter(config.charter)).signedFrom(1),
      crypto: nodeCrypto,
      clock,
      random: nodeRandom,
      capacityBytes: config.capacityBytes,
      log: () => undefined,
      ...(bend === undefined ? plain : bend(plain)),
      ...rest,
    });
    await daemon.start();
    site.running = daemon;
    return daemon;
  }

  daemon(at: number): Daemon {
    const { running, name } = this.site(at);
    if (running === undefined) throw new Error(`the daemon of ${name} does not run`);
    return running;
  }

  async stop(at: number): Promise<void> {
    const site = this.site(at);
    const { running } = site;
    site.running = undefined;
    await running?.stop();
  }

  /** Resolves when the daemon votes. */
  async untilVoting(at: number): Promise<void> {
    await until(async () => (await this.daemon(at).status()).silent === null, `${this.site(at).name} votes`);
  }

  /** Puts the next charter version in force, by the officers' own tool. */
  async enact(change: (charter: Charter) => Charter): Promise<void> {
    this.#charters = await enactCharter(this.root, change);
  }

  async close(): Promise<void> {
    await Promise.all(this.sites.map((_, at) => this.stop(at)));
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Looks until it is so; the test's own time limit ends it otherwise. */
export async function until(look: () => Promise<boolean>, what: string): Promise<void> {
  const patience = nodeClock.monotonic() + 30_000;
  while (!(await look())) {
    if (nodeClock.monotonic() > patience) throw new Error(`it never came to pass: ${what}`);
    await nodeClock.sleep(20);
  }
}
