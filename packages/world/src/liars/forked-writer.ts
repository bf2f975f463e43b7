// A lying writer: one device key in two programs, each with a history of its own. No hoster lies here; the programs are
// what a copied disk, or an agency that wants two truths, would be.

import {
  type Charter,
  type Clock,
  type Crypto,
  findDaemon,
  memoryStore,
  type Network,
  type Random,
  votingHosters,
} from '@vauban/core';
import { type CharterChain, LogStore, LogWriter, signDelegation, type Voter } from '@vauban/ledger';
import { PeerClient, remoteVoter } from '@vauban/wire';

export interface ForkedWriterOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly clock: Clock;
  readonly charters: CharterChain;
  /** Its transport, and the agency root key it delegates itself with. */
  readonly network: Network;
  readonly agency: { readonly id: string; readonly rootSeed: Uint8Array };
  readonly vault: Uint8Array;
}

export interface Branch {
  /** Appends an entry nobody can read; resolves with `certified` or the code of what kept it from being so. */
  append(): Promise<string>;
}

/** Both programs over the same voters; `first` and `second` say which each may reach. */
export async function forkedWriter(
  options: ForkedWriterOptions,
  reach: { readonly first: readonly string[]; readonly second: readonly string[] },
): Promise<{ readonly first: Branch; readonly second: Branch }> {
  const { crypto, random, clock, charters, network, agency, vault } = options;
  const seed = random.bytes(32);
  const note = signDelegation(
    crypto,
    {
      format: 'vauban/delegate/0',
      charter: charters.current.name,
      agency: agency.id,
      deviceKey: crypto.ed25519Public(seed),
      peer: network.self,
      vault,
      policy: 'standard',
      rights: ['write', 'delete'],
      issued: clock.now(),
      until: clock.now() + 86_400_000,
    },
    agency.rootSeed,
  );
  const all = votersOf(options, charters.current, note);
  const branch = async (reached: readonly string[]): Promise<Branch> => {
    const near = all.filter(({ hoster }) => reached.includes(hoster));
    // It starts as if it had never been: all are asked, nobody knows its log.
    let voters: readonly Voter[] = all;
    const writer = new LogWriter({
      crypto,
      clock,
      random,
      charters,
      voters: () => voters,
      logs: await LogStore.open(memoryStore(), crypto),
      seed,
      genesis: { kind: 'genesis', writer: 'device', note, adopts: null },
    });
    await writer.start();
    voters = near;
    return {
      async append() {
        try {
          await writer.append(() => [{ kind: 'objects', sealed: random.bytes(60) }]);
          return 'certified';
        } catch (error) {
          return (error as { readonly code?: string }).code ?? String(error);
        }
      },
    };
  };
  return { first: await branch(reach.first), second: await branch(reach.second) };
}

function votersOf({ network, crypto }: ForkedWriterOptions, charter: Charter, note: Uint8Array): Voter[] {
  return votingHosters(charter).flatMap((hoster) => {
    const daemon = findDaemon(charter, hoster.voter ?? '');
    if (daemon === undefined) return [];
    const options = { network, crypto, charterName: charter.name, charterVersion: () => charter.version };
    const client = new PeerClient(daemon, { ...options, identity: { role: 'device', note } });
    return [remoteVoter(hoster.id, client)];
  });
}
