// Appending and voting (design 2.3): one log with two slots, four hosters, a writer that is honest or signs any fork.
//
// Holds, whatever the fourth hoster signs, whatever the network loses, repeats, delays or reorders, and whichever hosters
// crash between taking bytes and having synced them: no two certificates for one size; certified trees never fork; what is
// certified is on the disks of all the honest hosters that made the quorum. With an honest writer, both entries can always
// still be certified without the liar. This is evidence within these bounds, not a proof.

import { count, hoster, HONEST, LIARS, QUORUM, quorumOf, sortGroups } from './rule.ts';
import type { Model, Rule, State, Weakening } from './rule.ts';
import { trees } from './trees.ts';
import { writing } from './writing.ts';

const LINE = trees('A', 'AA');
const FORKS = trees('A', 'B', 'AA', 'AB', 'BA', 'BB');

/** Each honest hoster: the tree in its memory, the tree its disk would show after a crash, the trees it has signed. */
const WIDTH = 3;
const memoryOf = (voter: number) => voter * WIDTH;
const diskOf = (voter: number) => voter * WIDTH + 1;
const signedBy = (voter: number) => voter * WIDTH + 2;
/** The trees the writer has signed. */
const WRITTEN = HONEST.length * WIDTH;

const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'no-own-size-check': {
    about: 'a hoster takes any tree of the writer, not only one that grows its own',
    breaks: 'two certificates for one size',
  },
  'sign-before-store': {
    about: 'a hoster signs before the batch is synced',
    breaks: 'two certificates for one size',
  },
  'quorum-of-two': {
    about: 'f + 1 = 2 of four cosignatures count as a quorum',
    breaks: 'two certificates for one size',
  },
};

function build(writer: 'honest' | 'lying', weak?: string): Rule {
  const heads = writer === 'honest' ? LINE : FORKS;
  const quorum = weak === 'quorum-of-two' ? quorumOf(3, 0) : QUORUM;
  const votes = (at: State, tree: number) =>
    count((voter) => (((at[signedBy(voter)] ?? 0) >> tree) & 1) === 1);
  /** The liar's signature is there whenever it helps. */
  const certified = (at: State, tree: number) => votes(at, tree) >= quorum - LIARS;
  const { start, written, steps } = writing(heads, WRITTEN, writer);

  return {
    bytes: WRITTEN + 1,
    start,
    canonical: (state) => sortGroups(state, { first: 0, width: WIDTH, many: HONEST.length }),

    steps: (at, can, may) => {
      steps(at, votes, [can, may]);
      for (const voter of HONEST) {
        const memory = at[memoryOf(voter)] ?? 0;
        const disk = at[diskOf(voter)] ?? 0;
        for (const tree of heads.signed) {
          if (!written(at, tree) || tree === memory) continue;
          if (weak !== 'no-own-size-check' && !heads.covers(tree, memory)) continue;
          can(
            () => `${hoster(voter)} checks ${heads.names[tree]} and takes it, not yet synced`,
            (to) => (to[memoryOf(voter)] = tree),
          );
        }
        if (memory !== disk) {
          can(
            () => `${hoster(voter)} has synced ${heads.names[memory]}`,
            (to) => (to[diskOf(voter)] = memory),
          );
          may(
            () => `${hoster(voter)} crashes and comes back with ${heads.names[disk] || 'nothing'}`,
            (to) => (to[memoryOf(voter)] = disk),
          );
        }
        const stored = memory === disk || weak === 'sign-before-store';
        if (memory !== 0 && stored && (((at[signedBy(voter)] ?? 0) >> memory) & 1) === 0) {
          can(
            () => `${hoster(voter)} cosigns ${heads.names[memory]}`,
            (to) => (to[signedBy(voter)] = (to[signedBy(voter)] ?? 0) | (1 << memory)),
          );
        }
      }
    },

    never: {
      'two certificates for one size': (at) =>
        heads.signed.some((tree) =>
          heads.signed.some(
            (other) =>
              other > tree &&
              heads.size(tree) === heads.size(other) &&
              certified(at, tree) &&
              certified(at, other),
          ),
        ),
      'certified trees that fork': (at) =>
        heads.signed.some((tree) =>
          heads.signed.some(
            (other) =>
              other > tree && heads.forks(tree, other) && certified(at, tree) && certified(at, other),
          ),
        ),
      'a certified tree on too few honest disks': (at) =>
        heads.signed.some(
          (tree) =>
            certified(at, tree) &&
            count((voter) => heads.covers(at[diskOf(voter)] ?? 0, tree)) < QUORUM - LIARS,
        ),
    },
    reachable: writer === 'honest' ? { 'both entries certified': (at) => votes(at, 2) >= QUORUM } : {},
    sometimes: {
      'a certificate for the second slot': (at) =>
        heads.signed.some((tree) => heads.size(tree) === 2 && certified(at, tree)),
    },
  };
}

export const append: Model = {
  name: 'append',
  about: 'append and vote, two slots, an honest writer, crashes of any hoster',
  weakenings: {},
  build: (weak) => build('honest', weak),
};

export const appendByLiar: Model = {
  name: 'append-by-liar',
  about: 'append and vote, two slots, a writer that signs every fork, crashes of any hoster',
  weakenings: WEAKENINGS,
  build: (weak) => build('lying', weak),
};
