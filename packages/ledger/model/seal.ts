// Sealing the log of a revoked or forked writer (design 2.7): two slots and forks, a writer that signs on, hosters that crash.
//
// A hoster that learns of `revoke` stops voting, fsyncs the seal, and only then reports its branch; q reports are needed,
// and `sealed` names the union of their branches. Holds, whatever the fourth hoster signs or reports: nothing is ever
// certified, before or after, that `sealed` does not name; and the log can always be closed without the liar. This is
// evidence within these bounds, not a proof.

import { count, hoster, HONEST, LIAR, LIARS, QUORUM, sortGroups } from './rule.ts';
import type { Model, Rule, State, Weakening } from './rule.ts';
import { inLetters, longest, trees, union } from './trees.ts';

const HEADS = trees('A', 'AA', 'B', 'BB');

/** Each honest hoster: the tree it has cosigned, its seal (none, in memory, synced), the certificate it knows, has it reported. */
const WIDTH = 4;
const headOf = (voter: number) => voter * WIDTH;
const sealOf = (voter: number) => voter * WIDTH + 1;
const certificateAt = (voter: number) => voter * WIDTH + 2;
const reported = (voter: number) => voter * WIDTH + 3;
const [NONE, IN_MEMORY, SYNCED] = [0, 1, 2] as const;
/** The note `revoke` is out; the liar has reported; branches reported; branches named by `sealed` (0 before it is signed). */
const REVOKED = HONEST.length * WIDTH;
const LIAR_REPORTED = REVOKED + 1;
const REPORTED = REVOKED + 2;
const SEALED = REVOKED + 3;

const LOST = 'a certified entry is lost';
const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'two-reports': { about: 'f + 1 = 2 reports are enough', breaks: LOST },
  'longest-branch': { about: '`sealed` names the longest branch reported, not the union', breaks: LOST },
  'certified-only': { about: 'a hoster reports only what it knows to be certified', breaks: LOST },
  'report-before-seal': { about: 'a hoster reports first and seals later', breaks: LOST },
  'unsynced-seal': { about: 'a hoster reports before its seal is synced', breaks: LOST },
};

function build(weak?: string): Rule {
  const votes = (at: State, tree: number) => count((voter) => HEADS.covers(at[headOf(voter)] ?? 0, tree));
  const certified = (at: State, tree: number) => votes(at, tree) >= QUORUM - LIARS;
  const needed = weak === 'two-reports' ? LIARS + 1 : QUORUM;
  const mayReport = (seal: number) =>
    weak === 'report-before-seal' || seal === SYNCED || (weak === 'unsynced-seal' && seal === IN_MEMORY);

  return {
    bytes: SEALED + 1,
    canonical: (state) => sortGroups(state, { first: 0, width: WIDTH, many: HONEST.length }),

    steps: (at, can, may) => {
      if (at[REVOKED] === 0) {
        can(
          () => 'the agency signs `revoke`',
          (to) => (to[REVOKED] = 1),
        );
      }
      for (const voter of HONEST) {
        const head = at[headOf(voter)] ?? 0;
        const seal = at[sealOf(voter)] ?? NONE;
        for (const tree of HEADS.signed) {
          if (seal === NONE && tree !== head && HEADS.covers(tree, head)) {
            may(
              () => `${hoster(voter)} stores and cosigns ${HEADS.names[tree]}`,
              (to) => (to[headOf(voter)] = tree),
            );
          }
          if (tree !== at[certificateAt(voter)] && HEADS.covers(head, tree) && certified(at, tree)) {
            may(
              () => `${hoster(voter)} is given the certificate of ${HEADS.names[tree]}`,
              (to) => (to[certificateAt(voter)] = tree),
            );
          }
        }
        if (at[REVOKED] === 0) continue;
        if (seal === NONE) {
          can(
            () => `${hoster(voter)} reads \`revoke\` and seals the log, not yet synced`,
            (to) => (to[sealOf(voter)] = IN_MEMORY),
          );
        }
        if (seal === IN_MEMORY) {
          can(
            () => `${hoster(voter)} has synced the seal`,
            (to) => (to[sealOf(voter)] = SYNCED),
          );
          may(
            () => `${hoster(voter)} crashes and comes back without the seal`,
            (to) => (to[sealOf(voter)] = NONE),
          );
        }
        if (mayReport(seal) && at[reported(voter)] === 0 && at[SEALED] === 0) {
          const branch = weak === 'certified-only' ? (at[certificateAt(voter)] ?? 0) : head;
          can(
            () => `${hoster(voter)} reports ${HEADS.names[branch] || 'nothing'}`,
            (to) => {
              to[reported(voter)] = 1;
              to[REPORTED] = (to[REPORTED] ?? 0) | (1 << branch);
            },
          );
        }
      }
      if (at[REVOKED] === 0 || at[SEALED] !== 0) return;
      if (at[LIAR_REPORTED] === 0) {
        for (let tree = 0; tree < HEADS.names.length; tree++) {
          may(
            () => `${LIAR} reports ${HEADS.names[tree] || 'nothing'}`,
            (to) => {
              to[LIAR_REPORTED] = 1;
              to[REPORTED] = (to[REPORTED] ?? 0) | (1 << tree);
            },
          );
        }
      }
      if (count((voter) => at[reported(voter)] === 1) + (at[LIAR_REPORTED] ?? 0) < needed) return;
      const shown = at[REPORTED] ?? 0;
      const named = weak === 'longest-branch' ? longest(HEADS, shown) : shown;
      can(
        () => `the agency signs \`sealed\`, naming ${inLetters(HEADS, named)}`,
        (to) => (to[SEALED] = union(HEADS, named) | 1),
      );
    },

    never: {
      [LOST]: (at) =>
        at[SEALED] !== 0 &&
        HEADS.signed.some((tree) => (((at[SEALED] ?? 0) >> tree) & 1) === 0 && certified(at, tree)),
    },
    reachable: { 'the log is closed': (at) => at[SEALED] !== 0 },
    sometimes: {
      'a certificate and a second branch in one sealed log': (at) =>
        at[SEALED] === HEADS.all && (certified(at, 1) || certified(at, 3)),
    },
  };
}

export const seal: Model = {
  name: 'seal',
  about:
    'sealing a log of two slots whose writer signs two branches; hosters crash before the seal is synced',
  weakenings: WEAKENINGS,
  build,
};
