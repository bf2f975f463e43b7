// One storage daemon, from start to stop: opens its parts, serves what peers ask, counts what it refuses. Everything it
// touches comes in as a port; the only place that opens sockets and disks is its adapter.

import { asFault, type ByteStream, Fault, type Startable } from '@vauban/core';
import type { Delegation } from '@vauban/ledger';
import {
  type AnswerOf,
  decodeRequest,
  encodeAnswer,
  encodeFaultAnswer,
  readBulkHeader,
  writeBulkFault,
} from '@vauban/wire';
import { FragmentsService } from './fragments-service.ts';
import { holdersOf } from './holders.ts';
import { type DaemonOptions, openParts, type Parts } from './parts.ts';
import { requestHandler } from './requests.ts';
import { Sessions } from './sessions.ts';
import { statusOf } from './status.ts';

export type { DaemonKeys, DaemonOptions } from './parts.ts';

/** A hello with the longest delegation. */
const HELLO_BYTES_MAX = 8_192;

export class Daemon implements Startable {
  readonly #options: DaemonOptions;
  readonly #abort = new AbortController();
  #parts: Parts | undefined;
  #startedAt = 0;
  #refusedMessages = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
  }

  /**
   * Opens everything, then serves; the voter's start-up read goes on in the background. Faults: MARKER_MISSING,
   * MARKER_OTHER, CHARTER_OTHER, DAEMON_UNKNOWN, STORE_CORRUPT, and whatever the disk or the listening socket says.
   */
  async start(): Promise<void> {
    const { clock, crypto, network, log } = this.#options;
    this.#startedAt = clock.now();
    const parts = await openParts(this.#options, this.#abort.signal);
    this.#parts = parts;
    const { keeper, fragments, mirror, tasks, healing, care } = parts;
    const now = () => clock.now();
    const revoked = (delegation: Delegation) => mirror.isRevoked(delegation);
    const charters = keeper.chain;
    const sessions = new Sessions({ crypto, charters, self: network.self, now, revoked });
    mirror.watchNotes((said) => {
      if (said.format === 'vauban/revoke/0') sessions.forgetDevice(said.agency, said.deviceKey);
    });
    const service = new FragmentsService({
      store: fragments,
      crypto,
      receipts: care.receipts,
      charter: () => keeper.chain.current,
      foreground: care.foreground,
      vouchRefusal: () => care.vouchRefusal(),
      troubled: (key) => care.watching.scrub.check(key),
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
      ping: () => care.ping(),
      holders: (segments, asker) => holdersOf(mirror.logs, segments, asker),
      healing: () => care.healing(),
      pauseRepair: (paused) => care.pauseRepair(paused),
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
        parts.peers.closed(from);
      },
    });
    await network.start();
    await tasks.start();
    await healing.start();
    await care.start();
    log('info', 'serving', {
      daemon: this.#options.id,
      fragments: fragments.totals().fragments,
      missing: fragments.missing.length,
      charterVersion: keeper.chain.current.version,
    });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#parts?.care.stop();
    await this.#parts?.healing.stop();
    await this.#parts?.tasks.stop();
    await this.#options.network.stop();
    await this.#parts?.mirror.voting?.journal.close();
    await this.#options.store.close();
    this.#options.log('info', 'stopped');
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

  /** Its parts, for the admin plane; undefined until they are open. */
  opened(): Parts | undefined {
    return this.#parts;
  }

  async status(): Promise<AnswerOf<'status'>> {
    const parts = this.#parts;
    if (parts === undefined)
      throw new Fault('failure', 'DAEMON_STARTING', 'the daemon is still starting', {});
    const standing = await statusOf({ ...this.#options, ...parts, charters: parts.keeper.chain });
    return { ...standing, refusedMessages: this.#refusedMessages, startedAt: this.#startedAt };
  }
}
