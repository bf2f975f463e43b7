// A device that writes its log as the client does, over the wire to real daemons, with its write-ahead state on disk:
// the ledger's own cost, without sealing and coding.

import type { Charter } from '@vauban/core';
import { checkedStore, findDaemon, votingHosters } from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom, openLevelStore } from '@vauban/core/node';
import {
  type CharterChain,
  LogStore,
  LogWriter,
  type Payload,
  signDelegation,
  type Voter,
} from '@vauban/ledger';
import { PeerClient, remoteVoter } from '@vauban/wire';
import { libp2pNetwork } from '@vauban/wire/libp2p';
import { delayed } from './delayed-network.ts';

/** A sealed record of one small file's write. */
const SEALED_BYTES = 300;
const YEAR_MS = 365 * 86_400_000;

export interface BenchAgency {
  readonly id: string;
  readonly rootSeed: Uint8Array;
}

export function newAgency(id: string): BenchAgency {
  return { id, rootSeed: nodeRandom.bytes(32) };
}

/** The agency as the charter lists it. */
export function listed(
  { id, rootSeed }: BenchAgency,
  policies: readonly string[],
): Charter['agencies'][number] {
  const rootKey = nodeCrypto.ed25519Public(rootSeed);
  return { id, name: id, rootKey, quotaBytes: 1e12, suspended: false, policies: [...policies] };
}

export class BenchWriter {
  readonly #writer: LogWriter;
  readonly #close: () => Promise<void>;

  private constructor(writer: LogWriter, close: () => Promise<void>) {
    this.#writer = writer;
    this.#close = close;
  }

  static async open(of: {
    readonly chain: CharterChain;
    readonly agency: BenchAgency;
    /** A new directory for its log. */
    readonly directory: string;
    readonly oneWayMs?: number;
  }): Promise<BenchWriter> {
    const { chain, agency } = of;
    const seed = nodeRandom.bytes(32);
    const direct = libp2pNetwork({ transportSeed: nodeRandom.bytes(32), listen: [], clock: nodeClock });
    const network = delayed(direct, of.oneWayMs ?? 0);
    const note = delegation(chain.current, agency, { seed, peer: network.self });
    await network.start();
    const clients = votingHosters(chain.current).map((hoster) => {
      const daemon = findDaemon(chain.current, hoster.voter ?? '');
      if (daemon === undefined) throw new Error(`${hoster.id} has no voter`);
      const client = new PeerClient(daemon, {
        network,
        crypto: nodeCrypto,
        charterName: chain.current.name,
        charterVersion: () => chain.current.version,
        identity: { role: 'device', note },
      });
      return { hoster: hoster.id, client };
    });
    const voters: Voter[] = clients.map(({ hoster, client }) => remoteVoter(hoster, client));
    const store = await openLevelStore(of.directory);
    const logs = await LogStore.open(checkedStore(store, nodeCrypto), nodeCrypto);
    const writer = new LogWriter({
      crypto: nodeCrypto,
      clock: nodeClock,
      random: nodeRandom,
      charters: chain,
      voters: () => voters,
      logs,
      seed,
      genesis: { kind: 'genesis', writer: 'device', note, adopts: null },
    });
    await Promise.all(clients.map(({ client }) => client.ask('note', { note })));
    await writer.start();
    return new BenchWriter(writer, async () => {
      await network.stop();
      await store.close();
    });
  }

  /** One append of so many entries; resolves with its certificate at hand. */
  async append(entries: number): Promise<void> {
    const payloads = Array.from({ length: entries }, (): Payload => {
      return { kind: 'objects', sealed: nodeRandom.bytes(SEALED_BYTES) };
    });
    await this.#writer.append(() => payloads);
  }

  close(): Promise<void> {
    return this.#close();
  }
}

function delegation(
  charter: Charter,
  agency: BenchAgency,
  device: { readonly seed: Uint8Array; readonly peer: string },
): Uint8Array {
  const issued = nodeClock.now();
  const said = {
    format: 'vauban/delegate/0' as const,
    charter: charter.name,
    agency: agency.id,
    deviceKey: nodeCrypto.ed25519Public(device.seed),
    peer: device.peer,
    vault: nodeCrypto.sha256(agency.rootSeed),
    policy: charter.policies[0]?.name ?? '',
    rights: ['write' as const],
    issued,
    until: issued + YEAR_MS,
  };
  return signDelegation(nodeCrypto, said, agency.rootSeed);
}
