// One storage daemon, put together: fragment store, mirror and vote, sessions and handlers, tasks. Everything it
// touches comes in as a port; the only place that opens sockets and disks is its adapter.
// Long: how the parts hang together is read in one place.

import {
  asFault,
  type ByteStream,
  checkedStore,
  type Clock,
  type Crypto,
  type DaemonId,
  daemonIdBytes,
  Fault,
  type Files,
  findDaemon,
  homeOf,
  type Network,
  prefixedStore,
  type Random,
  type Startable,
  type Store,
  utf8,
  votingHosters,
} from '@vauban/core';
import {
  type BudgetLimits,
  type Delegation,
  LogStore,
  LogWriter,
  Mirror,
  type SignedCharter,
  type Voter,
  type VotingSeat,
} from '@vauban/ledger';
import {
  type AnswerOf,
  CHARTER_DEADLINE_MS,
  CharterRumours,
  decodeRequest,
  encodeAnswer,
  encodeFaultAnswer,
  faultToWire,
  PeerClient,
  readBulkHeader,
  remoteVoter,
  writeBulkFault,
} from '@vauban/wire';
import { CharterKeeper } from './charter-keeper.ts';
import { LedgerHealing, ledgerAlerts } from './damaged-ledger.ts';
import { FragmentStore } from './fragment-store.ts';
import { FragmentsService } from './fragments-service.ts';
import { forkAlerts } from './note-gossip.ts';
import { LedgerTasks } from './ledger-tasks.ts';
import type { Log } from './log.ts';
import { requestHandler } from './requests.ts';
import { Sessions } from './sessions.ts';
import { VoterLife } from './voter-life.ts';
import type { VotingKeys } from './voting-keys.ts';

/** A hello with the longest delegation. */
const HELLO_BYTES_MAX = 8_192;
/** Lost fragments named in one entry. */
const LOST_PER_ENTRY = 1_000;
const LOST_RETRY_MS = 10_000;

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
  /** How long after a release nothing may be erased yet; the ledger's limit unless said otherwise. */
  readonly graceMs?: number;
  readonly log: Log;
}

interface Parts {
  readonly keeper: CharterKeeper;
  readonly life: VoterLife;
  readonly fragments: FragmentStore;
  readonly mirror: Mirror;
  readonly tasks: LedgerTasks;
  readonly healing: LedgerHealing;
  readonly ownStore: Store;
}

export class Daemon implements Startable {
  readonly #options: DaemonOptions;
  readonly #clients = new Map<string, PeerClient>();
  readonly #rumours: CharterRumours;
  readonly #abort = new AbortController();
  #parts: Parts | undefined;
  /** The newest word of a later charter, being followed. Never rejects. */
  #hearing: Promise<void> = Promise.resolve();
  #startedAt = 0;
  #refusedMessages = 0;
  #ownLog: Promise<void> = Promise.resolve();

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#rumours = new CharterRumours(options.clock);
  }

  /**
   * Opens everything, then serves; the voter's start-up read goes on in the background. Faults: MARKER_MISSING,
   * MARKER_OTHER, CHARTER_OTHER, DAEMON_UNKNOWN, STORE_CORRUPT, and whatever the disk or the listening socket says.
   */
  async start(): Promise<void> {
    const { clock, crypto, network, log } = this.#options;
    this.#startedAt = clock.now();
    const parts = await this.#open();
    this.#parts = parts;
    const { keeper, fragments, mirror, tasks, healing } = parts;
    const now = () => clock.now();
    const revoked = (delegation: Delegation) => mirror.isRevoked(delegation);
    const charters = keeper.chain;
    const sessions = new Sessions({ crypto, charters, self: network.self, now, revoked });
    const service = new FragmentsService({
      store: fragments,
      crypto,
      daemon: this.#options.id,
      receiptSeed: this.#options.keys.receiptSeed,
      charter: () => keeper.chain.current,
    });
    const handle = requestHandler({
      daemon: this.#options.id,
      sessions,
      keeper,
      mirror,
      fragments: service,
      votingKeyOf: async (epoch) => (await this.#options.votingKeys.of(epoch))?.publicKey,
      nextKey: () => parts.life.nextKey(),
      status: () => this.status(),
    });
    network.serve({
      request: async (from, body) => {
        try {
          // Nothing but an introduction is read from a stranger, and no introduction is longer.
          if (body.length > HELLO_BYTES_MAX) sessions.of(from);
          return encodeAnswer(await handle(from, decodeRequest(body)), keeper.chain.current.version);
        } catch (error) {
          return encodeFaultAnswer(this.#refuse(error), keeper.chain.current.version);
        }
      },
      bulk: async (from, stream) => {
        await this.#bulk(sessions, service, { from, stream }).catch((error: unknown) => {
          this.#refuse(error);
          stream.abort();
        });
      },
      closed: (from) => {
        sessions.forget(from);
        this.#clients.get(from)?.forget();
      },
    });
    await network.start();
    await tasks.start();
    await healing.start();
    this.#ownLog = this.#certifyLosses();
    log('info', 'serving', {
      daemon: this.#options.id,
      fragments: fragments.totals().fragments,
      missing: fragments.missing.length,
      charterVersion: keeper.chain.current.version,
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#parts?.healing.stop();
    await this.#parts?.tasks.stop();
    await this.#options.network.stop();
    await this.#ownLog;
    await this.#parts?.mirror.voting?.journal.close();
    await this.#options.store.close();
    this.#options.log('info', 'stopped');
  }

  async #open(): Promise<Parts> {
    const { id, crypto, clock, random, files, charter, log, capacityBytes, storeDamage } = this.#options;
    const store = checkedStore(this.#options.store, crypto);
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
      keys: this.#options.votingKeys,
      store: prefixedStore(store, utf8('voting/')),
      log,
    });
    const { budgets, graceMs } = this.#options;
    const found = await life.open();
    const mirror = new Mirror({
      logs,
      crypto,
      clock,
      charters,
      voting: found.right,
      ...(budgets === undefined ? {} : { budgets }),
      ...(graceMs === undefined ? {} : { graceMs }),
    });
    const others = () => this.#otherVoters(keeper);
    const tasks = new LedgerTasks({
      mirror,
      charters,
      crypto,
      clock,
      random,
      log,
      others,
      newer: () => this.#hearing,
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
    const ownStore = prefixedStore(store, utf8('own/'));
    return { keeper, life, fragments, mirror, tasks, healing, ownStore };
  }

  #client(
    peer: { readonly peer: string; readonly addresses: readonly string[] },
    keeper: CharterKeeper,
  ): PeerClient {
    const known = this.#clients.get(peer.peer);
    if (known !== undefined) return known;
    const client = new PeerClient(peer, {
      network: this.#options.network,
      crypto: this.#options.crypto,
      charterName: keeper.chain.current.name,
      charterVersion: () => keeper.chain.current.version,
      identity: { role: 'daemon' },
      onNewerCharter: (_, version) => {
        const heard = this.#rumours.follow({
          peer: peer.peer,
          version,
          known: () => keeper.chain.current.version,
          obtain: () => this.#fetchCharter(client, keeper),
        });
        if (heard !== undefined) this.#hearing = heard;
      },
    });
    this.#clients.set(peer.peer, client);
    return client;
  }

  async #fetchCharter(from: PeerClient, keeper: CharterKeeper): Promise<void> {
    try {
      const wanted = { from: keeper.chain.current.version + 1 };
      const { versions } = await from.ask('charter', wanted, { deadlineMs: CHARTER_DEADLINE_MS });
      await keeper.adopt(versions);
    } catch (error) {
      this.#options.log('warn', 'charter-fetch', { code: asFault(error).code });
    }
  }

  #otherVoters(keeper: CharterKeeper): Voter[] {
    const charter = keeper.chain.current;
    return votingHosters(charter).flatMap((hoster) => {
      const voter = findDaemon(charter, hoster.voter ?? '');
      if (voter === undefined || voter.id === this.#options.id) return [];
      return [remoteVoter(hoster.id, this.#client(voter, keeper), { signal: this.#abort.signal })];
    });
  }

  async #bulk(
    sessions: Sessions,
    service: FragmentsService,
    of: { readonly from: string; readonly stream: ByteStream },
  ): Promise<void> {
    const { from, stream } = of;
    try {
      // Before anything is read: a stranger's bytes are not waited for.
      const session = sessions.of(from);
      const header = await readBulkHeader(stream);
      if (header.bulk === 'put') await service.put(session, header, stream);
      else await service.get(session, header, stream);
      if (header.bulk === 'put') await stream.closeWrite();
    } catch (error) {
      await writeBulkFault(stream, this.#refuse(error));
      await stream.closeWrite();
    }
  }

  /** Counts and logs what is refused; unexpected errors are logged in full and answered without details. */
  #refuse(error: unknown): Fault {
    this.#refusedMessages += 1;
    if (error instanceof Fault) {
      this.#stopOnFailedDisk(error);
      this.#options.log('debug', 'refused', { code: error.code });
      return error;
    }
    const fault = asFault(error);
    this.#options.log('error', 'unexpected', { code: fault.code, message: fault.message });
    return new Fault('failure', 'DAEMON_FAILED', 'the daemon could not do that; its log says why', {
      code: fault.code,
    });
  }

  /** After a failed write of ledger or vote history nothing more is signed: the vote is over, and says so. */
  #stopOnFailedDisk(fault: Fault): void {
    const mirror = this.#parts?.mirror;
    if (mirror === undefined || !['STORE_FAILED', 'VOTE_HISTORY_FAILED'].includes(fault.code)) return;
    if (mirror.silent !== null && mirror.silent.code !== 'VOTER_STARTING') return;
    mirror.stopVoting(fault);
    this.#options.log('error', 'voting-stopped', { code: fault.code, message: fault.message });
  }

  /** Fragments found missing at the start become `lost` entries in this daemon's own log, when a quorum can be had. */
  async #certifyLosses(): Promise<void> {
    const { crypto, clock, random, keys, id, log } = this.#options;
    const parts = this.#parts;
    if (parts === undefined) return;
    while (parts.fragments.missing.length > 0 && !this.#abort.signal.aborted) {
      const batch = parts.fragments.missing.slice(0, LOST_PER_ENTRY);
      try {
        const self = parts.mirror.voting;
        const own: Voter[] =
          self === null
            ? []
            : [
                {
                  hoster: self.hoster,
                  append: (append, certificate) => parts.mirror.append(append, certificate),
                  heads: (nonce, scope) => parts.mirror.heads(nonce, scope, null),
                  batches: (origin, from) => parts.mirror.batches(origin, from),
                  certify: (origin, certificate) => parts.mirror.certify(origin, certificate),
                  putNote: (note) => parts.mirror.putNote(note),
                  notes: (after) => parts.mirror.notes(after, null),
                },
              ];
        const writer = new LogWriter({
          crypto,
          clock,
          random,
          charters: parts.keeper.chain,
          voters: () => [...own, ...this.#otherVoters(parts.keeper)],
          newer: () => this.#hearing,
          logs: await LogStore.open(parts.ownStore, crypto),
          seed: keys.logSeed,
          genesis: { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(id) },
        });
        await writer.start();
        const fragments = batch.map(({ segment, index }): [Uint8Array, number] => [segment, index]);
        await writer.append(() => [{ kind: 'lost', fragments }]);
        await writer.spreadCertificate();
        for (const key of batch) await parts.fragments.forgetMissing(key);
        log('warn', 'loss-certified', { fragments: batch.length });
      } catch (error) {
        const fault = asFault(error);
        log('warn', 'loss-not-certified', { code: fault.code, message: fault.message });
        await clock.sleep(LOST_RETRY_MS, this.#abort.signal).catch(() => undefined);
      }
    }
  }

  async status(): Promise<AnswerOf<'status'>> {
    const parts = this.#parts;
    if (parts === undefined)
      throw new Fault('failure', 'DAEMON_STARTING', 'the daemon is still starting', {});
    const { id, files } = this.#options;
    const charter = parts.keeper.chain.current;
    const self = findDaemon(charter, id);
    const home = self === undefined ? undefined : homeOf(charter, self);
    const totals = parts.fragments.totals();
    const { freeBytes } = await files.space();
    const { silent, logs } = parts.mirror;
    // Not to vote, or not yet, is no trouble; to have stopped is.
    const alerts = [silent?.code.startsWith('VOTER_') === true ? null : silent];
    alerts.push(
      parts.fragments.failure ?? null,
      ...ledgerAlerts(logs.quarantine),
      ...(await forkAlerts(parts.mirror)),
      ...unreadyAlerts(parts.mirror.seat),
    );
    const origins = logs.origins();
    return {
      daemon: id,
      hoster: home?.hoster.id ?? '',
      site: home?.site.id ?? '',
      charterVersion: charter.version,
      fragments: totals.fragments,
      bytes: totals.bytes,
      freeBytes: Math.max(0, Math.min(freeBytes, this.#options.capacityBytes - totals.bytes)),
      bytesByAgency: Object.fromEntries(totals.byAgency),
      logs: origins.length,
      entries: origins.reduce((sum, origin) => sum + logs.state(origin).size, 0),
      silent:
        silent === null || (parts.mirror.voting === null && silent.code === 'VOTER_NONE')
          ? null
          : faultToWire(silent),
      alerts: alerts.flatMap((one) => (one === null ? [] : [faultToWire(one)])),
      refusedMessages: this.#refusedMessages,
      startedAt: this.#startedAt,
    };
  }
}

/** A hoster that does not vouch for some logs still votes on all others. */
function unreadyAlerts({ unready }: VotingSeat): Fault[] {
  if (unready.size === 0) return [];
  const logs = [...unready].slice(0, 10);
  const message = `this hoster does not vouch for ${unready.size} logs, whose heads contradicted one another when it entered the voting set: ${logs.join(', ')}`;
  return [new Fault('integrity', 'LOG_UNREADY', message, { logs })];
}
