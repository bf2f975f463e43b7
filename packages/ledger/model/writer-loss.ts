// A writer that has lost its write-ahead state (design 2.7), once, at any moment of two appends.
//
// It asks q hosters for its own heads, but the hosters that answer need not be those that voted. As designed its key never
// signs again: it sends again the heads it was shown, and opens a new log. Holds: its next entry can always be certified
// without the fourth hoster, which lies or is silent, and so can every head it was shown; and its key never signs two
// trees of one size. This is evidence within these bounds, not a proof.

import { count, hoster, HONEST, LIAR, LIARS, QUORUM, sortGroups, withCertificate } from './rule.ts';
import type { Model, Rule, State, Step, Weakening } from './rule.ts';
import { trees } from './trees.ts';

/** A and AA before the loss; B, AB or AAB is what the old key would sign after it. The new log has one entry. */
const HEADS = trees('A', 'AA', 'B', 'AB', 'AAB');
const [A, AA] = [1, 2] as const;
const NEXT = [3, 4, 5] as const;

/** Each honest hoster: its head of the old log, of the new log, has it shown its head to the writer that lost its state. */
const WIDTH = 3;
const headOf = (voter: number) => voter * WIDTH;
const newHeadOf = (voter: number) => voter * WIDTH + 1;
const told = (voter: number) => voter * WIDTH + 2;
/** Trees signed in the old log; the writer: working, asking, or going on; the largest head shown; is the new log open. */
const WRITTEN = HONEST.length * WIDTH;
const WRITER = WRITTEN + 1;
const SHOWN = WRITTEN + 2;
const NEW_LOG = WRITTEN + 3;
const [WORKING, ASKING, GOING_ON] = [0, 1, 2] as const;

const GOES_ON = 'the next entry is certified';
const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'completes-longest-head': {
    about: 'the writer completes the longest head that q hosters show and goes on with the same key',
    breaks: GOES_ON,
  },
};

function build(weak?: string): Rule {
  const votes = (at: State, tree: number) => count((voter) => HEADS.covers(at[headOf(voter)] ?? 0, tree));
  const written = (at: State, tree: number) => (((at[WRITTEN] ?? 0) >> tree) & 1) === 1;
  const nextAfter = (shown: number) => NEXT[shown] ?? 0;

  return {
    bytes: NEW_LOG + 1,
    canonical: (state) => sortGroups(state, { first: 0, width: WIDTH, many: HONEST.length }),

    steps: (at, can, may) => {
      write(at, can, may);
      for (const voter of HONEST) {
        const head = at[headOf(voter)] ?? 0;
        for (const tree of HEADS.signed) {
          if (!written(at, tree) || tree === head || !HEADS.covers(tree, head)) continue;
          can(
            () => `${hoster(voter)} stores and cosigns ${HEADS.names[tree]}`,
            (to) => (to[headOf(voter)] = tree),
          );
        }
        if (at[NEW_LOG] === 1 && at[newHeadOf(voter)] === 0) {
          can(
            () => `${hoster(voter)} stores and cosigns the new log`,
            (to) => (to[newHeadOf(voter)] = 1),
          );
        }
        if (at[WRITER] === ASKING && at[told(voter)] === 0) {
          can(
            () => `${hoster(voter)} shows the writer ${HEADS.names[head] || 'nothing'}`,
            (to) => {
              to[told(voter)] = 1;
              if (HEADS.size(head) > HEADS.size(to[SHOWN] ?? 0)) to[SHOWN] = head;
            },
          );
        }
      }
    },

    never:
      weak === undefined
        ? {
            'one key signs two trees of one size': (at) =>
              HEADS.signed.some((one) =>
                HEADS.signed.some(
                  (other) =>
                    other > one &&
                    HEADS.size(one) === HEADS.size(other) &&
                    written(at, one) &&
                    written(at, other),
                ),
              ),
          }
        : {},
    reachable: {
      [GOES_ON]: (at) => {
        if (at[WRITER] === WORKING) return votes(at, AA) >= QUORUM;
        if (weak === 'completes-longest-head')
          return at[WRITER] === GOING_ON && votes(at, nextAfter(at[SHOWN] ?? 0)) >= QUORUM;
        return count((voter) => at[newHeadOf(voter)] === 1) >= QUORUM;
      },
      'every head it was shown is certified': (at) =>
        at[WRITER] !== GOING_ON || votes(at, at[SHOWN] ?? 0) >= QUORUM,
    },
    sometimes: {
      'a loss while one hoster alone holds the largest head, not shown': (at) =>
        at[WRITER] === GOING_ON && at[SHOWN] === 0 && votes(at, A) === 1,
    },
  };

  function write(at: State, can: Step, may: Step): void {
    if (at[WRITER] === WORKING) {
      if (!written(at, A)) {
        can(
          () => 'the writer signs A',
          (to) => (to[WRITTEN] = 1 << A),
        );
      } else if (!written(at, AA)) {
        withCertificate(
          votes(at, A),
          can,
          may,
        )?.(
          () => 'A is certified: the writer signs AA',
          (to) => (to[WRITTEN] = (to[WRITTEN] ?? 0) | (1 << AA)),
        );
      }
      may(
        () => 'the writer loses its write-ahead state and asks for its own heads',
        (to) => (to[WRITER] = ASKING),
      );
    }
    if (at[WRITER] === ASKING) {
      for (const tree of HEADS.signed) {
        if (!written(at, tree) || HEADS.size(tree) <= HEADS.size(at[SHOWN] ?? 0)) continue;
        may(
          () => `${LIAR} shows the writer ${HEADS.names[tree]}`,
          (to) => (to[SHOWN] = tree),
        );
      }
      // With two honest answers the third is the liar's, which shows nothing, or what it showed before.
      const answers = count((voter) => at[told(voter)] === 1);
      if (answers >= QUORUM - LIARS) goOn(at, answers >= QUORUM ? can : may);
    }
  }

  function goOn(at: State, step: Step): void {
    const shown = at[SHOWN] ?? 0;
    const resent = `the writer sends ${HEADS.names[shown] || 'nothing'} again`;
    if (weak === 'completes-longest-head') {
      step(
        () => `${resent} and signs ${HEADS.names[nextAfter(shown)]} with the same key`,
        (to) => {
          to[WRITER] = GOING_ON;
          to[WRITTEN] = (to[WRITTEN] ?? 0) | (1 << nextAfter(shown));
        },
      );
    } else {
      step(
        () => `${resent} and opens a new log with a new key`,
        (to) => {
          to[WRITER] = GOING_ON;
          to[NEW_LOG] = 1;
        },
      );
    }
  }
}

export const writerLoss: Model = {
  name: 'writer-loss',
  about: 'a writer that loses its write-ahead state once, at any moment of two appends',
  weakenings: WEAKENINGS,
  build,
};
