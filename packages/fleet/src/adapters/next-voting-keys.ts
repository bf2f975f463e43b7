// The keys that voters have made for the next epoch, collected for the version that opens it. Each counts only with its
// voter's own word, given with the key in force.

import { asFault, Fault, votingHosters } from '@vauban/core';
import { nodeCrypto, nodeRandom } from '@vauban/core/node';
import { openNextKey } from '@vauban/ledger';
import type { NetworkSession } from './network-session.ts';

/**
 * By hoster. `absent`: hosters that are not asked and get a key that nobody holds: they count as silent until they enter
 * anew in a later epoch. Faults: VOTING_KEY_MISSING (unreachable) {hosters}.
 */
export async function nextVotingKeys(
  session: NetworkSession,
  hosters: readonly string[],
  absent: readonly string[] = [],
): Promise<Map<string, Uint8Array>> {
  const { charter } = session;
  const keys = new Map<string, Uint8Array>();
  const missing = new Map<string, Fault>();
  const ask = async (id: string) => {
    const voter = votingHosters(charter).find((one) => one.id === id)?.voter ?? '';
    try {
      keys.set(id, openNextKey(nodeCrypto, charter, id, await session.ask(voter, 'next-key', {})));
    } catch (error) {
      missing.set(id, asFault(error));
    }
  };
  for (const id of absent) keys.set(id, nodeCrypto.ed25519Public(nodeRandom.bytes(32)));
  await Promise.all(hosters.filter((id) => !absent.includes(id)).map(ask));
  if (missing.size === 0) return keys;
  const names = [...missing.keys()].sort();
  const [[first, why]] = [...missing] as [[string, Fault]];
  const facts = { hosters: names, because: why.code };
  const message = `${names.length} voters have given no key for epoch ${charter.epoch + 1}: ${names.join(', ')} (${first}: ${why.message}). Wait until they vote again, or let one of them leave, or enter anew`;
  throw new Fault('unreachable', 'VOTING_KEY_MISSING', message, facts, why);
}
