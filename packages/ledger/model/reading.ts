// Reading (design 2.6): one log with two slots and its forks, four hosters, one reader that comes at any moment.
//
// Holds, whatever the fourth hoster hides: what was certified when the reader began is in its answer, and an answer that
// saw no fork rests on a certificate. The reader always gets to an answer without the liar. Storing and signing is one
// step here, because append.ts shows why it may be. This is evidence within these bounds, not a proof.

import { count, hoster, HONEST, LIAR, LIARS, QUORUM, sortGroups, withCertificate } from './rule.ts';
import type { Model, Rule, State, Step, Weakening } from './rule.ts';
import { forked, inLetters, longest, trees, union } from './trees.ts';
import { writing } from './writing.ts';

const LINE = trees('A', 'AA');
const FORKS = trees('A', 'AA', 'B', 'BB');

/** Each honest hoster: the tree it has cosigned, the one it knows the certificate of, whether it has answered the reader. */
const WIDTH = 3;
const headOf = (voter: number) => voter * WIDTH;
const certificateAt = (voter: number) => voter * WIDTH + 1;
const answered = (voter: number) => voter * WIDTH + 2;
const WRITTEN = HONEST.length * WIDTH;
/** The reader: idle, reading, or done; the trees it must show; has the liar answered; trees and certificates it was shown; its answer. */
const READER = WRITTEN + 1;
const MUST = WRITTEN + 2;
const LIAR_ANSWERED = WRITTEN + 3;
const SHOWN = WRITTEN + 4;
const CERTIFICATES = WRITTEN + 5;
const ANSWER = WRITTEN + 6;
const [IDLE, READING, DONE] = [0, 1, 2];

const UNFINISHED: Readonly<Record<string, Weakening>> = {
  'last-certified': {
    about: 'the reader answers with the last certificate it is shown and leaves larger heads unfinished',
    breaks: 'an acknowledged entry is missed',
  },
  'answer-unfinished': {
    about: 'the reader answers with the largest head without finishing it',
    breaks: 'an answer without a certificate',
  },
};

const FORKED: Readonly<Record<string, Weakening>> = {
  'largest-on-a-fork': {
    about: 'shown a fork, the reader takes the largest head instead of the union of the branches',
    breaks: 'an acknowledged entry is missed',
  },
};

function build(writer: 'honest' | 'lying', weak?: string): Rule {
  const heads = writer === 'honest' ? LINE : FORKS;
  const votes = (at: State, tree: number) => count((voter) => heads.covers(at[headOf(voter)] ?? 0, tree));
  const certified = (at: State) =>
    heads.signed.reduce((bits, tree) => (votes(at, tree) >= QUORUM - LIARS ? bits | (1 << tree) : bits), 0);
  const { start, written, steps } = writing(heads, WRITTEN, writer);

  return {
    bytes: ANSWER + 1,
    start,
    canonical: (state) => sortGroups(state, { first: 0, width: WIDTH, many: HONEST.length }),

    steps: (at, can, may) => {
      steps(at, votes, [can, may]);
      for (const voter of HONEST) {
        const head = at[headOf(voter)] ?? 0;
        for (const tree of heads.signed) {
          if (written(at, tree) && tree !== head && heads.covers(tree, head)) {
            can(
              () => `${hoster(voter)} stores and cosigns ${heads.names[tree]}`,
              (to) => (to[headOf(voter)] = tree),
            );
          }
          if (tree !== at[certificateAt(voter)] && heads.covers(head, tree)) {
            // The writer passes it on with its next append: it may die first, or be slow.
            withCertificate(
              votes(at, tree),
              may,
              may,
            )?.(
              () => `${hoster(voter)} is given the certificate of ${heads.names[tree]}`,
              (to) => (to[certificateAt(voter)] = tree),
            );
          }
        }
      }
      if (at[READER] === IDLE) {
        can(
          () => `the reader begins; certified by now: ${inLetters(heads, certified(at))}`,
          (to) => {
            to[READER] = READING;
            to[MUST] = certified(at);
          },
        );
      }
      if (at[READER] !== READING) return;
      hear(at, can, may);
      decide(at, can, may);
    },

    never: {
      'an acknowledged entry is missed': (at) =>
        at[READER] === DONE && ((at[MUST] ?? 0) & ~(at[ANSWER] ?? 0)) !== 0,
      'an answer without a certificate': (at) =>
        at[READER] === DONE &&
        !forked(heads, at[SHOWN] ?? 0) &&
        ((at[ANSWER] ?? 0) & ~(certified(at) | 1)) !== 0,
    },
    reachable: { 'the reader has its answer': (at) => at[READER] === DONE },
    sometimes: {
      'an answer with the second entry': (at) =>
        at[READER] === DONE &&
        heads.signed.some((tree) => heads.size(tree) === 2 && ((at[ANSWER] ?? 0) >> tree) & 1),
    },
  };

  /** Answers come in, each as it stands when it is given. The liar shows any head the writer signed, or none. */
  function hear(at: State, can: Step, may: Step): void {
    for (const voter of HONEST) {
      const head = at[headOf(voter)] ?? 0;
      const known = at[certificateAt(voter)] ?? 0;
      const old = ((at[SHOWN] ?? 0) >> head) & ((at[CERTIFICATES] ?? 0) >> known) & 1;
      // A reader without an answer asks again; only news changes anything.
      if (at[answered(voter)] === 1 && old === 1) continue;
      can(
        () => `${hoster(voter)} shows the reader ${heads.names[head] || 'nothing'}`,
        (to) => {
          to[answered(voter)] = 1;
          to[SHOWN] = (to[SHOWN] ?? 0) | (1 << head);
          to[CERTIFICATES] = (to[CERTIFICATES] ?? 0) | (1 << known);
        },
      );
    }
    if (at[LIAR_ANSWERED] === 1) return;
    for (let tree = 0; tree < heads.names.length; tree++) {
      if (tree > 0 && !written(at, tree)) continue;
      may(
        () => `${LIAR} shows the reader ${heads.names[tree] || 'nothing'}`,
        (to) => {
          to[LIAR_ANSWERED] = 1;
          to[SHOWN] = (to[SHOWN] ?? 0) | (1 << tree);
        },
      );
    }
  }

  /** With q answers: on a fork the union of all branches; else the largest head, once it has been finished. */
  function decide(at: State, can: Step, may: Step): void {
    const honest = count((voter) => at[answered(voter)] === 1);
    if (honest + (at[LIAR_ANSWERED] ?? 0) < QUORUM) return;
    const shown = at[SHOWN] ?? 0;
    const answer = (bits: number, how: string, step: Step | undefined) =>
      step?.(
        () => `the reader answers ${inLetters(heads, union(heads, bits))}: ${how}`,
        (to) => {
          to[READER] = DONE;
          to[ANSWER] = union(heads, bits);
        },
      );
    if (forked(heads, shown) && weak !== 'largest-on-a-fork') {
      answer(shown, 'the union of the branches', can);
      return;
    }
    if (weak === 'last-certified') {
      answer(longest(heads, at[CERTIFICATES] ?? 0), 'the last certificate shown', can);
      return;
    }
    for (const tree of [0, ...heads.signed]) {
      if (((longest(heads, shown) >> tree) & 1) === 0) continue;
      const taken = forked(heads, shown) || weak === 'answer-unfinished';
      answer(
        1 << tree,
        'the largest head',
        taken || tree === 0 ? can : withCertificate(votes(at, tree), can, may),
      );
    }
  }
}

export const reading: Model = {
  name: 'reading',
  about: 'one reader at any moment, two slots, an honest writer',
  weakenings: UNFINISHED,
  build: (weak) => build('honest', weak),
};

export const readingForks: Model = {
  name: 'reading-forks',
  about: 'one reader at any moment, two slots, a writer that signs two branches',
  weakenings: FORKED,
  build: (weak) => build('lying', weak),
};
