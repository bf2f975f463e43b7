// Who votes in which epoch, and the bytes that describe each honest hoster while voting sets change. For epochs.ts and
// what builds on it: liars have no bytes, they sign and answer whatever helps.

import { quorumOf, type State } from './rule.ts';
import type { Trees } from './trees.ts';

/** An honest hoster and the epochs it votes in: from `from` up to, not including, `until`. */
export interface Member {
  readonly name: string;
  readonly from: number;
  readonly until: number;
}

export interface Setting {
  readonly hosters: number;
  /** Liars among the voters of each epoch, so one more than there are changes. */
  readonly liars: readonly number[];
  /** The honest ones; those that never leave come first, because only they are exchanged for one another. */
  readonly members: readonly Member[];
  readonly heads: Trees;
  /** True when the writer signs the trees one after the other; else all of them are there to be voted for. */
  readonly honestWriter?: boolean;
  /** True when the hoster that leaves is the one that enters: it lost its disk and comes back with a new key. */
  readonly restored?: boolean;
  /** Bytes per member for what builds on this. */
  readonly spare?: number;
}

/** Honest hosters, `leavers` of which are replaced one after the other; the liars stay. */
export function oneByOne(honest: number, leavers: number, liars: number): readonly Member[] {
  const stayers = honest - leavers;
  const forGood = leavers + 1;
  return Array.from({ length: honest + leavers }, (_, nth) => ({
    name: `hoster ${nth < honest ? nth + 1 : nth + 1 + liars}`,
    from: nth < honest ? 0 : nth - honest + 1,
    until: nth < stayers || nth >= honest ? forGood : nth - stayers + 1,
  }));
}

export type Voting = ReturnType<typeof votingOf>;

/** Where each fact about a member lies, and what can be said about all of them. */
export function votingOf(setting: Setting, unbound: boolean) {
  const { hosters, liars, members, heads, spare = 0 } = setting;
  const last = liars.length - 1;
  const width = 5 + last + spare;
  const quorum = quorumOf(hosters, Math.max(...liars));
  const stayers = members.filter(({ from, until }) => from === 0 && until > last).length;

  /** The epoch this hoster has adopted; a hoster still to come is one before its first. */
  const epochOf = (member: number) => member * width;
  const readyAt = (member: number) => member * width + 1;
  /** The tree it holds; for one that is not ready, the largest it was shown. */
  const headOf = (member: number) => member * width + 2;
  /** Bits of the new voters it has sent its list to. */
  const told = (member: number) => member * width + 3;
  /** The largest tree it has signed with its key of that epoch, which stands for all the trees below. */
  const signedIn = (member: number, epoch: number) => member * width + 4 + epoch;
  const spareOf = (member: number, byte: number) => member * width + 5 + last + byte;

  const voters = liars.map((_, epoch) => members.map(({ from, until }) => epoch >= from && epoch < until));
  const votesIn = (member: number, epoch: number) => voters[epoch]?.[member] === true;
  const counts = (at: State, member: number, epoch: number, tree: number): boolean => {
    if (!unbound) return heads.covers(at[signedIn(member, epoch)] ?? 0, tree);
    for (let any = 0; any <= last; any++) if (heads.covers(at[signedIn(member, any)] ?? 0, tree)) return true;
    return false;
  };
  /** Honest signatures that count in an epoch. */
  const votes = (at: State, epoch: number, tree: number): number => {
    let sum = 0;
    for (let member = 0; member < members.length; member++) {
      if (votesIn(member, epoch) && counts(at, member, epoch, tree)) sum += 1;
    }
    return sum;
  };
  /** How many honest members of an epoch's voting set make a quorum together with its liars. */
  const enough = (epoch: number) => quorum - (liars[epoch] ?? 0);
  /** Bits of the trees that have a certificate of some epoch, or can have one as soon as the liars sign. */
  const certified = (at: State): number => {
    let bits = 0;
    for (const tree of heads.signed) {
      for (let epoch = 0; epoch <= last; epoch++)
        if (votes(at, epoch, tree) >= enough(epoch)) bits |= 1 << tree;
    }
    return bits;
  };

  return {
    setting,
    members,
    last,
    quorum,
    enough,
    votesIn,
    votes,
    certified,
    name: (member: number) => members[member]?.name ?? '',
    at: { epochOf, readyAt, headOf, told, signedIn, spareOf },
    bytes: members.length * width,
    like: { first: 0, width, many: stayers },
  };
}
