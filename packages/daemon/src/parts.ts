// The parts of a daemon, opened and hung together: charter, fragments, mirror and vote, tasks. Owns the order of opening:
// the vote is found before the mirror speaks, and what contradicts it is known before anything is answered.

import {
  asFault,
  checkedStore,
  type Clock,
  type Crypto,
  type DaemonId,
  Fault,
  type Files,
  findDaemon,
  type Network,
  prefixedStore,
  type Random,
  type Store,
  utf8,
} from '@vauban/core';
import { type BudgetLimits, LogStore, Mirror, type SignedCharter } from '@vauban/ledger';
import { Care } from './care.ts';
import { CharterKeeper } from './charter-keeper.ts';
import { LedgerHealing, ledgerAlerts } from './damaged-ledger.ts';
import { FragmentStore } from './fragment-store.ts';
import { LedgerTasks } from './ledger-tasks.ts';
import type { Log } from './log.ts';
import { Peers } from './peers.ts';
import type { RepairLimits } from './repair/pace.ts';
import { VoterLife } from './voter-life.ts';
import type { VotingKeys } from './voting-keys.ts';

export interface DaemonKeys {
  readonly transportSeed: Uint8Array;
  readonly receiptSeed: Uint8Array;
  readonly logSeed: Uint8Array;
}

export interface DaemonOptions {
  readonly id: DaemonId;
  readonly keys: DaemonKeys;
  /** Keys for its hoster's vote, which come and go with the epochs of the charter. */
  readonly votingKeys: VotingKeys;
  /** The chain known at start; newer versions are kept by the daemon itself. */
  readonly charter: readonly SignedCharter[];
  readonly network: Network;
  /** The data directory. */
  readonly files: Files;
  readonly store: Store;
  /** What is wrong with the store as it was opened: it may lack its newest writes, or everything. */
  readonly storeDamage?: Fault;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly capacityBytes: number;
  /** What one agency may cost this voter a day; the ledger's limits unless said otherwise. */
  readonly budgets?: BudgetLimits;
  /** How fast repair may be; `standardRepairLimits` unless said otherwise. */
  readonly repairLimits?: RepairLimits;
  readonly log: Log;
}

/** Opened, not started. */
export interface Parts {
  readonly keeper: CharterKeeper;
  readonly peers: Peers;
  readonly life: VoterLife;
  readonly fragments: FragmentStore;
  readonly mirror: Mirror;
  readonly tasks: LedgerTasks;
  readonly healing: LedgerHealing;
  /** Looks after the fragments that are here, and after those that were lost elsewhere. */
  readonly care: Care;
}

/** Faults: those of `Daemon.start`. `signal` ends what is asked of other hosters. */
export async function openParts(options: DaemonOptions, signal: AbortSignal): Promise<Parts> {
  const { id, crypto, clock, random, files, charter, log, capacityBytes, storeDamage } = options;
  const store = checkedStore(options.store, crypto);
  const keeper = await CharterKeeper.open(charter, prefixedStore(store, utf8('charter/')), {
    crypto,
    clock,
  });
  const self = findDaemon(keeper.chain.current, id);
  if (self === undefined) {
    throw new Fault(
      'refused',
      'DAEMON_UNKNOWN',
      `daemon ${id} is not in charter version ${keeper.chain.current.version}; send its public line to the officers`,
      { daemon: id },
    );
  }
  const index = prefixedStore(store, utf8('index/'));
  const fragments = await FragmentStore.open({
    files,
    index,
    crypto,
    clock,
    random,
    daemon: id,
    capacityBytes,
  });
  const logs = await LogStore.open(prefixedStore(store, utf8('ledger/')), crypto, 'quarantine');
  if (storeDamage !== undefined) logs.quarantine.distrust(storeDamage);
  const charters = keeper.chain;
  const life = new VoterLife({
    id,
    charters,
    crypto,
    files,
    keys: options.votingKeys,
    store: prefixedStore(store, utf8('voting/')),
    log,
  });
  const { budgets } = options;
  const found = await life.open();
  try {
    const mirror = new Mirror({
      logs,
      crypto,
      clock,
      charters,
      voting: found.right,
      ...(budgets === undefined ? {} : { budgets }),
    });
    const peers = new Peers({ id, keeper, network: options.network, crypto, clock, log, signal });
    const others = () => peers.voters();
    const tasks = new LedgerTasks({
      mirror,
      charters,
      crypto,
      clock,
      random,
      log,
      others,
      newer: () => peers.newer(),
      keepSilent: (reason) => life.stop(reason),
      makeReady: (...of) => life.makeReady(...of),
      keepCounters: () => life.keepCounters(),
    });
    await life.attach(mirror, found, () => tasks.wake());
    keeper.watchEpochs(life);
    await mirror.checkHistory().catch((error: unknown) => {
      // The history is the truth, the database is what is wrong: nothing is voted before the two agree again.
      logs.quarantine.distrust(asFault(error));
    });
    for (const { code, message } of ledgerAlerts(logs.quarantine))
      log('error', 'ledger-damaged', { code, message });
    const healing = new LedgerHealing({ mirror, charters, crypto, clock, random, log, others });
    const care = await Care.open({ ...options, store, keeper, peers, fragments, mirror, signal });
    return { keeper, peers, life, fragments, mirror, tasks, healing, care };
  } catch (error) {
    // Nobody else would: a daemon that did not open has no parts to stop.
    await found.right?.journal.close();
    throw error;
  }
}
