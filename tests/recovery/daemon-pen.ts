// Entries of a daemon's own log, written by hand with the key file of its directory and brought to the hosters by the
// network's operator: what the daemon itself writes only when something has happened to it.

import { daemonIdBytes } from '@vauban/core';
import { openHome } from '@vauban/daemon';
import { NetworkSession } from '@vauban/fleet';
import { makeCertificate, parseSignature, type Payload, type Payloads } from '@vauban/ledger';
import { Pen, type WireAppend } from '../refusals/pen.ts';
import type { TestNetwork } from '../support/network.ts';

export class DaemonPen {
  readonly #session: NetworkSession;
  readonly #pen: Pen;
  readonly #genesis: Payloads['genesis'];

  private constructor(session: NetworkSession, seed: Uint8Array, daemon: string) {
    this.#session = session;
    this.#pen = new Pen(session.charter.name, seed);
    this.#genesis = { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(daemon) };
  }

  /** With the log key that the daemon of this site has now. */
  static async open(network: TestNetwork, site: string): Promise<DaemonPen> {
    const { daemon, keys } = await openHome((await network.daemon(site)).config);
    const session = await NetworkSession.open(network.directory, { as: 'operator' });
    return new DaemonPen(session, keys.log.seed, daemon);
  }

  get origin(): string {
    return this.#pen.origin;
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  /** The next append, with a genesis when it is the first. */
  write(...payloads: readonly Payload[]): WireAppend {
    return this.#pen.write(this.#pen.size === 0 ? [this.#genesis, ...payloads] : payloads);
  }

  /** What each of these hosters' daemons answers, in their order: `cosigned`, or the code of a refusal and its class. */
  async bring(append: WireAppend, sites: readonly string[]): Promise<string[]> {
    const replies = sites.map(async (site) => {
      const reply = await this.#voter(site).append(append, null);
      return reply.result === 'refused' ? `${reply.fault.code} (${reply.class})` : reply.result;
    });
    return Promise.all(replies);
  }

  /** Appends, and tells these hosters the certificate that all of them made. */
  async certify(append: WireAppend, sites: readonly string[]): Promise<void> {
    const lines = sites.map(async (site) => {
      const reply = await this.#voter(site).append(append, null);
      if (reply.result === 'cosigned') return parseSignature(reply.cosignature);
      throw new Error(`${site} answers ${reply.result === 'refused' ? reply.fault.code : reply.result}`);
    });
    const certificate = makeCertificate(this.#session.charter, append.checkpoint, await Promise.all(lines));
    await Promise.all(sites.map((site) => this.#voter(site).certify(this.origin, certificate)));
  }

  /** Each hoster of a test network has one site. */
  #voter(site: string) {
    const { charter } = this.#session;
    const hoster = charter.sites.find(({ id }) => id === site)?.hoster;
    const voter = this.#session.voters().find((one) => one.hoster === hoster);
    if (voter === undefined) throw new Error(`nobody votes at ${site}`);
    return voter;
  }
}
