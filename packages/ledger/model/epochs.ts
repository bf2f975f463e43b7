// Changing voters (design 2.9): one voter per charter version leaves and one enters, while a writer signs any fork.
//
// A version opens an epoch with fresh keys for all. A hoster that adopts it destroys its old key (fence); a certificate is
// q signatures by keys of one epoch; a new voter is ready when q ready and fenced voters of the previous set have sent it
// their heads, certified or not, and it holds the largest; heads that fork leave it unready. Holds, whatever the liar
// signs and shows: certified trees never fork, in whichever epochs they were certified. With an honest writer, the new
// voter can always still become ready and the log go on without the liar. This is evidence, not a proof.

import { sortGroups, type Rule, type State, type Step } from './rule.ts';
import { forked } from './trees.ts';
import { votingOf, type Setting, type Voting } from './voting-sets.ts';

export const FORKED = 'certified trees that fork';
export const READY = 'the new voters are ready and the log goes on';
const charter = (epoch: number) => `charter ${epoch + 1}`;

/** What builds on this rule may forbid votes, and send more along with the heads. */
export interface Extension {
  readonly mayVote?: (at: State, member: number) => boolean;
  readonly sent?: (to: State, source: number, entrant: number) => void;
}

/** The rule with the facts it is about, for what builds on it. */
export function epochRule(
  setting: Setting,
  weak?: string,
  extension: Extension = {},
): { rule: Rule; voting: Voting } {
  const keysKept = weak === 'mirroring-only' || weak === 'epoch-votes-only';
  const unbound = weak === 'mirroring-only' || weak === 'fence-only';
  const unmirrored = weak === 'unready-votes' || weak === 'restored-unmirrored';
  const voting = votingOf(setting, unbound);
  const { heads, honestWriter = false, restored = false, liars } = setting;
  const { members, last, enough, quorum, votesIn, name } = voting;
  const { epochOf, readyAt, headOf, told, signedIn } = voting.at;
  const all = members.map((_, member) => member);
  const entrants = all.filter((member) => (members[member]?.from ?? 0) > 0);
  /** Stands for a head when what it was shown forks: such a voter is not ready for this log. */
  const FORK = heads.names.length;
  const head = (at: State, member: number) => at[headOf(member)] ?? 0;
  const isReady = (at: State, member: number) => at[readyAt(member)] === 1;

  /** In force: q ready voters of the epoch before have cosigned it. They must have adopted that epoch for it. */
  const inForce = (at: State, epoch: number): boolean => {
    let ready = 0;
    for (const member of all) {
      const adopted = (at[epochOf(member)] ?? 0) >= epoch - 1;
      if (adopted && isReady(at, member) && votesIn(member, epoch - 1)) ready += 1;
    }
    return ready >= enough(epoch - 1);
  };

  const rule: Rule = {
    bytes: voting.bytes,
    start: (state) => {
      for (const [member, { from }] of members.entries()) {
        state[epochOf(member)] = Math.max(0, from - 1);
        state[readyAt(member)] = from === 0 ? 1 : 0;
      }
    },
    canonical: (state) => sortGroups(state, voting.like),
    steps: (at, can, may) => {
      for (const member of all) {
        adopt(at, member, can, may);
        vote(at, member, can);
      }
      for (const [nth, entrant] of entrants.entries()) mirror(at, entrant, 1 << nth, can, may);
    },
    never: { [FORKED]: (at) => forked(heads, voting.certified(at)) },
    ...(honestWriter
      ? {
          reachable: {
            [READY]: (at) => voting.votes(at, last, heads.signed.length) >= quorum,
          },
        }
      : {}),
    sometimes: {
      'the last voter enters, is ready and makes a quorum': (at) =>
        heads.signed.some(
          (tree) =>
            voting.votes(at, last, tree) === enough(last) &&
            (entrants.length === 0 ||
              entrants.some((member) => heads.covers(at[signedIn(member, last)] ?? 0, tree))),
        ),
    },
  };
  return { rule, voting };

  function adopt(at: State, member: number, can: Step, may: Step): void {
    const { from = 0, until = 0 } = members[member] ?? {};
    const epoch = (at[epochOf(member)] ?? 0) + 1;
    if (epoch > last || epoch > until || !inForce(at, epoch)) return;
    const leaves = epoch === until;
    const lost = restored && leaves;
    if (
      restored &&
      epoch === from &&
      all.some((other) => members[other]?.until === epoch && at[epochOf(other)] !== epoch)
    )
      return;
    const how = lost
      ? `loses its disk and its key; its new key stands in ${charter(epoch)}`
      : epoch === from
        ? `enters with ${charter(epoch)}`
        : `adopts ${charter(epoch)}${keysKept || unbound ? '' : ' and destroys its old key'}`;
    (lost ? may : can)(
      () => `${name(member)} ${how}`,
      (to) => {
        to[epochOf(member)] = epoch;
        if (lost) to[readyAt(member)] = 0;
        if (epoch === from && unmirrored) to[readyAt(member)] = 1;
        if (epoch <= from || isReady(to, member) || lost) return;
        // Still unready in its first epoch: what it was sent came from another set, so it begins anew.
        to[headOf(member)] = 0;
        for (const source of all)
          to[told(source)] = (to[told(source)] ?? 0) & ~(1 << entrants.indexOf(member));
      },
    );
  }

  function vote(at: State, member: number, can: Step): void {
    const now = at[epochOf(member)] ?? 0;
    if (!isReady(at, member) || extension.mayVote?.(at, member) === false) return;
    for (let epoch = keysKept ? 0 : now; epoch <= now; epoch++) {
      if (!votesIn(member, epoch)) continue;
      for (const tree of heads.signed) {
        if (tree === at[signedIn(member, epoch)] || !heads.covers(tree, head(at, member))) continue;
        if (honestWriter && tree > 1 && (voting.certified(at) & (1 << (tree - 1))) === 0) continue;
        can(
          () =>
            `${name(member)} ${tree === head(at, member) ? 'cosigns' : 'stores and cosigns'} ${heads.names[tree]} under ${charter(epoch)}`,
          (to) => {
            to[headOf(member)] = tree;
            to[signedIn(member, epoch)] = tree;
          },
        );
      }
    }
  }

  /** A new voter asks the voters of the previous set for their heads. An answer counts as it stands when it is given. */
  function mirror(at: State, entrant: number, bit: number, can: Step, may: Step): void {
    const epoch = at[epochOf(entrant)] ?? 0;
    if (isReady(at, entrant) || epoch < (members[entrant]?.from ?? 0)) return;
    const show = (to: State, tree: number) => {
      const seen = head(to, entrant);
      const longer = weak === 'longest-on-a-fork' && heads.size(tree) >= heads.size(seen);
      if (seen === FORK || heads.covers(seen, tree)) return;
      if (heads.covers(tree, seen) || longer) to[headOf(entrant)] = tree;
      else if (weak !== 'longest-on-a-fork') to[headOf(entrant)] = FORK;
    };
    let answers = 0;
    for (const source of all) {
      if (!votesIn(source, epoch - 1) || !isReady(at, source)) continue;
      if ((at[told(source)] ?? 0) & bit) {
        answers += 1;
        continue;
      }
      if (!keysKept && at[epochOf(source)] !== epoch) continue;
      if (weak === 'leaver-silent' && !votesIn(source, epoch)) continue;
      const sent = weak === 'certified-heads-only' ? 0 : head(at, source);
      can(
        () => `${name(source)} sends ${name(entrant)} its head: ${heads.names[sent] || 'nothing'}`,
        (to) => {
          to[told(source)] = (to[told(source)] ?? 0) | bit;
          show(to, sent);
          extension.sent?.(to, source, entrant);
        },
      );
    }
    if ((liars[epoch - 1] ?? 0) > 0 && !honestWriter) {
      for (const tree of heads.signed) {
        may(
          () => `a liar sends ${name(entrant)} the head ${heads.names[tree]}`,
          (to) => show(to, tree),
        );
      }
    }
    if (answers < enough(epoch - 1) || head(at, entrant) === FORK) return;
    (answers >= quorum ? can : may)(
      () =>
        `${name(entrant)} has the lists of a quorum and is ready, holding ${heads.names[head(at, entrant)] || 'nothing'}`,
      (to) => (to[readyAt(entrant)] = 1),
    );
  }
}
