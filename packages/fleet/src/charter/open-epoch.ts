// The next epoch of a charter: the same voters with fresh keys, and at most one who enters and one who leaves. Whether
// it may follow is checked by the chain that it extends.

import { type Charter, type DaemonId, type Hoster, votingHosters } from '@vauban/core';

/** Who moves; nobody does when all keys are merely replaced. One that enters anew is not listed as leaving. */
export interface EpochMoves {
  /** A hoster that votes from now on, or anew, with the key its engineer made for this epoch. */
  readonly enter?: { readonly hoster: string; readonly voter: DaemonId; readonly key: Uint8Array };
  readonly leave?: string;
}

/** Hosters that vote on, and whose voters have made a key for the next epoch. */
export function stayingVoters(charter: Charter, { enter, leave }: EpochMoves): string[] {
  return votingHosters(charter)
    .map(({ id }) => id)
    .filter((id) => id !== leave && id !== enter?.hoster);
}

/** Numbers, dates and signatures are the desk's. `keys`: of all who stay. */
export function openEpoch(
  charter: Charter,
  moves: EpochMoves,
  keys: ReadonlyMap<string, Uint8Array>,
): Charter {
  const { enter, leave } = moves;
  const epoch = charter.epoch + 1;
  const hosters = charter.hosters.map((one): Hoster => {
    // Keys of past epochs stand in the versions that listed them.
    if (one.id === enter?.hoster) {
      return { ...one, voter: enter.voter, votingSince: epoch, votingKeys: [{ epoch, key: enter.key }] };
    }
    if (one.id === leave) return { ...one, voter: null, votingSince: 0, votingKeys: [] };
    const key = keys.get(one.id);
    return one.voter === null || key === undefined ? one : { ...one, votingKeys: [{ epoch, key }] };
  });
  return { ...charter, epoch, hosters };
}
