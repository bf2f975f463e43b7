// The admin plane of one daemon: its ports, made of the daemon's parts and of what looks after its fragments. What is not
// there yet, or not at all, is a fault that says so. Also draws up the account of each month, unasked.

import {
  asFault,
  type Clock,
  type Crypto,
  type DaemonId,
  Fault,
  type Files,
  findDaemon,
  homeOf,
  Mutex,
  type Network,
} from '@vauban/core';
import type { AnswerOf } from '@vauban/wire';
import { type LogControl, logLevels } from '../log.ts';
import type { Parts } from '../parts.ts';
import { drawUp } from './account.ts';
import {
  isMonth,
  keepAccount,
  keptAccount,
  monthOf,
  signAccount,
  type SignedAccount,
} from './account-file.ts';
import type { AdminPorts, CarePorts, DrainState, MetricFacts, Readiness, TokenScope } from './admin-ports.ts';
import { holdingOf, holdings } from './ledger-holdings.ts';
import { NetworkReading } from './network/network-reading.ts';
import type { NetworkView } from './network/network-view.ts';
import { DiskProbe, ledgerCheck, peersCheck, readinessOf } from './readiness.ts';
import { standing, uncertified } from './standing.ts';
import { checkToken } from './token.ts';

/** A month's account is the one drawn up last in it: never older than this at its end. */
const ACCOUNT_EVERY_MS = 6 * 3_600_000;

export interface PlanePorts {
  readonly id: DaemonId;
  readonly receiptSeed: Uint8Array;
  readonly files: Files;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly network: Pick<Network, 'traffic'>;
  readonly capacityBytes: number;
  readonly logs: LogControl;
  readonly daemon: {
    /** Undefined until the daemon has opened them. */
    opened(): Parts | undefined;
    /** Faults: DAEMON_STARTING. */
    status(): Promise<AnswerOf<'status'>>;
  };
  /** What looks after the fragments, as far as there is such a thing. */
  readonly care: (parts: Parts) => Partial<CarePorts>;
  /** What runs in the browser on the live map. */
  readonly mapScript: () => string;
  /** The public half of the admin key, read anew each time; undefined when none was made. */
  readonly adminKey: () => Promise<Uint8Array | undefined>;
}

export class AdminPlane implements AdminPorts {
  readonly #ports: PlanePorts;
  readonly #probe: DiskProbe;
  /** Two accounts at once would read everything twice. */
  readonly #accounting = new Mutex();
  /** Made when somebody first asks: nothing is counted for nobody. */
  #reading: NetworkReading | undefined;

  constructor(ports: PlanePorts) {
    this.#ports = ports;
    this.#probe = new DiskProbe(ports.files, ports.clock);
  }

  async status() {
    const { capacityBytes, logs, clock } = this.#ports;
    const status = await this.#ports.daemon.status();
    return standing({
      parts: this.#parts(),
      status,
      care: this.#care(),
      drain: await this.#drainNow(),
      capacityBytes,
      logLevel: logs.level(),
      now: clock.now(),
    });
  }

  async ready(): Promise<Readiness> {
    const parts = this.#ports.daemon.opened();
    if (parts === undefined) {
      const check = { ok: false, message: 'the daemon is still starting' };
      return readinessOf({ identity: check, disk: check, ledger: check, peers: check });
    }
    const charter = parts.keeper.chain.current;
    const others = charter.daemons.filter(({ id }) => id !== this.#ports.id).length;
    const failure = parts.fragments.failure;
    return readinessOf({
      identity: { ok: true, message: `daemon ${this.#ports.id}` },
      disk: failure === undefined ? await this.#probe.check() : { ok: false, message: failure.message },
      ledger: ledgerCheck(parts),
      peers: peersCheck(this.#care().peers?.(), {
        others,
        heard: this.#ports.network.traffic.receivedBytes > 0,
      }),
    });
  }

  async metrics(): Promise<MetricFacts> {
    const { files, network, clock, capacityBytes } = this.#ports;
    const status = await this.#ports.daemon.status();
    const { mirror, fragments, keeper } = this.#parts();
    const care = this.#care();
    const space = await files.space();
    const drain = await this.#drainNow();
    const alertsByCode: Record<string, number> = {};
    for (const { code } of status.alerts) alertsByCode[code] = (alertsByCode[code] ?? 0) + 1;
    const { hoster, site, startedAt, logs, entries, refusedMessages } = status;
    return {
      hoster,
      site,
      startedAt,
      now: clock.now(),
      fragments: status.fragments,
      missingFragments: fragments.missing.length,
      strayFiles: fragments.strays.length,
      bytesByAgency: status.bytesByAgency,
      capacityBytes,
      freeBytes: status.freeBytes,
      diskFreeBytes: space.freeBytes,
      diskSizeBytes: space.totalBytes,
      diskFailed: fragments.failure !== undefined,
      logs,
      entries,
      uncertified: uncertified({ mirror }),
      quarantinedLogs: mirror.logs.quarantine.doubt === null ? mirror.logs.quarantine.size : logs,
      caughtUp: ledgerCheck({ mirror }).ok,
      voterSilent: mirror.voting !== null && status.silent !== null,
      alertsByCode,
      refusedMessages,
      ...network.traffic,
      charterVersion: status.charterVersion,
      charterExpires: keeper.chain.current.expires,
      peers: care.peers?.() ?? [],
      readOnly: (care.readOnly?.() ?? null) !== null,
      draining: drain?.draining ?? false,
      drainBytesLeft: drain?.bytesLeft ?? 0,
      care: care.metrics?.(),
    };
  }

  async healing() {
    return this.#careFor('healing')();
  }

  async network(): Promise<NetworkView> {
    const { id, crypto, clock, logs } = this.#ports;
    const status = await this.status();
    this.#reading ??= new NetworkReading({ id, parts: this.#parts(), crypto, clock, log: logs.log });
    return this.#reading.view(status);
  }

  mapScript(): string {
    return this.#ports.mapScript();
  }

  async drainState() {
    return this.#careFor('drainState')();
  }

  async drain(cancel: boolean) {
    return this.#careFor('drain')(cancel);
  }

  async readmit() {
    return this.#careFor('readmit')();
  }

  logLevel() {
    return this.#ports.logs.level();
  }

  setLogLevel(level: ReturnType<LogControl['level']>) {
    const { logs } = this.#ports;
    const from = logs.level();
    const quieter = logLevels.indexOf(level) > logLevels.indexOf(from);
    // A log that falls silent says so while it still talks.
    if (!quieter) logs.setLevel(level);
    logs.log('info', 'log-level', { from, to: level });
    logs.setLevel(level);
  }

  async scopeOf(token: string): Promise<TokenScope> {
    const { id, crypto, clock } = this.#ports;
    const key = await this.#ports.adminKey();
    if (key === undefined) {
      throw new Fault(
        'refused',
        'TOKEN_FORGED',
        'no token of this daemon exists; vauban daemon token makes one',
        {},
      );
    }
    return checkToken(crypto, key, { token, daemon: id, now: clock.now() }).scope;
  }

  async account(month: string | undefined): Promise<SignedAccount> {
    if (month !== undefined && !isMonth(month)) {
      throw new Fault('usage', 'USAGE', 'a month is written like 2026-03', {});
    }
    if (month === undefined || month === monthOf(this.#ports.clock.now())) {
      return this.#accounting.run(() => this.#drawUp());
    }
    const kept = await keptAccount(this.#ports.files, month);
    if (kept !== undefined) return kept;
    throw new Fault('failure', 'ACCOUNT_NONE', `no account was drawn up in ${month}`, { month });
  }

  /** Draws up this month's account now and then, so that each month leaves one, until the signal. Never rejects. */
  async keepAccounts(signal: AbortSignal): Promise<void> {
    const { clock, logs } = this.#ports;
    for (;;) {
      await clock.sleep(ACCOUNT_EVERY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.account(undefined);
      } catch (error) {
        logs.log('warn', 'account-not-drawn-up', { code: asFault(error).code });
      }
    }
  }

  async #drawUp(): Promise<SignedAccount> {
    const { id, files, crypto, clock, receiptSeed } = this.#ports;
    const { keeper, fragments, mirror } = this.#parts();
    const charter = keeper.chain.current;
    const self = findDaemon(charter, id);
    const home = self === undefined ? undefined : homeOf(charter, self);
    const of = { daemon: id, logs: mirror.logs, crypto, charters: keeper.chain };
    const account = await drawUp(
      {
        daemon: id,
        hoster: home?.hoster.id ?? '',
        site: home?.site.id ?? '',
        charter,
        files,
        index: fragments,
        holdings: () => holdings(of),
        holdingOf: (segment) => holdingOf(of, segment),
        now: () => clock.now(),
      },
      monthOf(clock.now()),
    );
    const signed = signAccount(crypto, receiptSeed, account);
    await keepAccount(files, signed);
    return signed;
  }

  async #drainNow(): Promise<DrainState | null> {
    const state = await this.#care().drainState?.();
    return state ?? null;
  }

  #careFor<Name extends 'healing' | 'drainState' | 'drain' | 'readmit'>(name: Name): CarePorts[Name] {
    const care = this.#care();
    const found = care[name];
    if (found !== undefined) return found.bind(care) as CarePorts[Name];
    throw new Fault('failure', 'NOT_YET', `this version of the daemon cannot do that yet (${name})`, {
      name,
    });
  }

  #care(): Partial<CarePorts> {
    return this.#ports.care(this.#parts());
  }

  #parts(): Parts {
    const parts = this.#ports.daemon.opened();
    if (parts !== undefined) return parts;
    throw new Fault('failure', 'DAEMON_STARTING', 'the daemon is still starting; ask again in a moment', {});
  }
}
