// Reading while voters change (design 2.6, 2.9): the rule of epochs.ts with one slot, and one reader that comes at any
// moment and knows the charter of before.
//
// It counts q answers signed with keys of one epoch, by voters that are ready; told of a newer charter it begins again.
// Holds, whatever the liar hides: what was certified in any epoch when the reader began is among the heads it is shown;
// reading.ts says what it makes of them. This is evidence within these bounds, not a proof.

import { epochRule } from './epochs.ts';
import type { Model, Rule, State, Step, Weakening } from './rule.ts';
import { inLetters, trees, union } from './trees.ts';
import { oneByOne } from './voting-sets.ts';

const MISSED = 'an acknowledged entry is missed';
const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'unready-answers': { about: 'a new voter answers readers before it is ready', breaks: MISSED },
  'ignores-newer-charter': {
    about: 'the reader counts answers of the voters it knows, even those that name a newer charter',
    breaks: MISSED,
  },
};
const [IDLE, READING, DONE] = [0, 1, 2];

function build(weak?: string): Rule {
  const heads = trees('A', 'B');
  const { rule, voting } = epochRule({
    hosters: 4,
    liars: [1, 1],
    members: oneByOne(3, 1, 1),
    heads,
    spare: 1,
  });
  const { epochOf, readyAt, headOf, spareOf } = voting.at;
  const members = voting.members.map((_, member) => member);
  /** Whether a hoster has answered the reader. */
  const answered = (member: number) => spareOf(member, 0);
  /** The reader: idle, reading or done; the epoch it reads under; the trees it was shown; those it must be shown. */
  const READER = rule.bytes;
  const EPOCH = READER + 1;
  const SHOWN = READER + 2;
  const MUST = READER + 3;

  return {
    ...rule,
    bytes: MUST + 1,
    steps: (at, can, may) => {
      rule.steps(at, can, may);
      read(at, can);
    },
    never: {
      ...rule.never,
      [MISSED]: (at) => at[READER] === DONE && ((at[MUST] ?? 0) & ~union(heads, at[SHOWN] ?? 0)) !== 0,
    },
    reachable: { 'the reader has q answers of one epoch': (at) => at[READER] === DONE },
    sometimes: {
      ...rule.sometimes,
      'a reader that began again finds what the old voters certified': (at) =>
        at[READER] === DONE && at[EPOCH] === 1 && (at[MUST] ?? 0) > 1,
    },
  };

  function read(at: State, can: Step): void {
    const epoch = at[EPOCH] ?? 0;
    if (at[READER] === IDLE) {
      can(
        () =>
          `the reader begins, under charter 1; certified by now: ${inLetters(heads, voting.certified(at))}`,
        (to) => {
          to[READER] = READING;
          to[MUST] = voting.certified(at);
        },
      );
    }
    if (at[READER] !== READING) return;
    let answers = 0;
    for (const member of members) {
      if (!voting.votesIn(member, epoch)) continue;
      if (at[answered(member)] === 1) {
        answers += 1;
        continue;
      }
      const unready = at[readyAt(member)] === 0;
      if (unready && (weak !== 'unready-answers' || at[epochOf(member)] !== epoch)) continue;
      if (at[epochOf(member)] !== epoch && weak !== 'ignores-newer-charter') {
        if ((at[epochOf(member)] ?? 0) > epoch) {
          can(
            () => `${voting.name(member)} tells the reader of charter ${epoch + 2}: it begins again`,
            (to) => {
              to[EPOCH] = epoch + 1;
              to[SHOWN] = 0;
              for (const other of members) to[answered(other)] = 0;
            },
          );
        }
        continue;
      }
      const head = unready ? 0 : (at[headOf(member)] ?? 0);
      can(
        () => `${voting.name(member)} shows the reader ${heads.names[head] || 'nothing'}`,
        (to) => {
          to[answered(member)] = 1;
          to[SHOWN] = (to[SHOWN] ?? 0) | (1 << head);
        },
      );
    }
    // The liar shows nothing, or what it showed before: it can only hide.
    if (answers < voting.enough(epoch)) return;
    can(
      () =>
        `with the liar's empty answer the reader has its quorum: it saw ${inLetters(heads, at[SHOWN] ?? 0)}`,
      (to) => (to[READER] = DONE),
    );
  }
}

export const epochReading: Model = {
  name: 'epoch-reading',
  about:
    'one reader at any moment while one voter of four is replaced, one slot, a writer that signs both trees',
  weakenings: WEAKENINGS,
  build,
};
