// Trimming surplus copies (design 2.8): three daemons hold one fragment, each may ask to drop its own copy.
//
// A daemon erases its copy only once its `trim`, which names a keeper, is certified; a voter refuses a trim if it cosigned
// a trim of the keeper, or one that names this holder as keeper. Holds, whatever the fourth voter signs: a copy is left.
// Not claimed: that every surplus copy can be trimmed. Trims that name each other in a circle can block one another for
// good, which costs space and no data. This is evidence within these bounds, not a proof.

import { count, hoster, HONEST, LIARS, QUORUM, sortGroups } from './rule.ts';
import type { Model, Rule, State, Weakening } from './rule.ts';

const HOLDERS = ['X', 'Y', 'Z'] as const;
/** All trims there can be: who drops its copy, and who keeps one. */
const TRIMS = HOLDERS.flatMap((_, holder) =>
  HOLDERS.flatMap((_name, keeper) => (keeper === holder ? [] : [{ holder, keeper }])),
);
/** Each honest voter: bits of the trims it has cosigned. Then bits of the daemons that have erased. */
const ERASED = HONEST.length;
const NO_COPY = 'no copy is left';

const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'on-another-custody': {
    about: 'a daemon drops its copy because the ledger names another holder, without a certified trim',
    breaks: NO_COPY,
  },
  'only-the-keeper-looked-at': {
    about:
      'a voter refuses a trim whose keeper it has seen trimmed, but not one of a daemon that is a keeper',
    breaks: NO_COPY,
  },
  'only-the-holder-looked-at': {
    about:
      'a voter refuses a trim of a daemon that is a keeper, but not one whose keeper it has seen trimmed',
    breaks: NO_COPY,
  },
};

function build(weak?: string): Rule {
  const cosigned = (at: State, voter: number, nth: number) => (((at[voter] ?? 0) >> nth) & 1) === 1;
  const certified = (at: State, nth: number) => count((voter) => cosigned(at, voter, nth)) >= QUORUM - LIARS;
  const accepts = (at: State, voter: number, { holder, keeper }: { holder: number; keeper: number }) =>
    !TRIMS.some(
      (other, nth) =>
        cosigned(at, voter, nth) &&
        ((other.holder === keeper && weak !== 'only-the-holder-looked-at') ||
          (other.keeper === holder && weak !== 'only-the-keeper-looked-at')),
    );

  return {
    bytes: ERASED + 1,
    canonical: (state) => sortGroups(state, { first: 0, width: 1, many: HONEST.length }),

    steps: (at, can) => {
      for (const [nth, trim] of TRIMS.entries()) {
        const words = `trim of ${HOLDERS[trim.holder]} with keeper ${HOLDERS[trim.keeper]}`;
        for (const voter of HONEST) {
          if (cosigned(at, voter, nth) || !accepts(at, voter, trim)) continue;
          can(
            () => `${hoster(voter)} cosigns the ${words}`,
            (to) => (to[voter] = (to[voter] ?? 0) | (1 << nth)),
          );
        }
        const gone = (((at[ERASED] ?? 0) >> trim.holder) & 1) === 1;
        if (gone || (weak !== 'on-another-custody' && !certified(at, nth))) continue;
        can(
          () =>
            weak === 'on-another-custody'
              ? `daemon ${HOLDERS[trim.holder]} erases its copy, because ${HOLDERS[trim.keeper]} logged custody`
              : `the ${words} is certified: ${HOLDERS[trim.holder]} erases its copy`,
          (to) => (to[ERASED] = (to[ERASED] ?? 0) | (1 << trim.holder)),
        );
      }
    },

    never: { [NO_COPY]: (at) => at[ERASED] === (1 << HOLDERS.length) - 1 },
    sometimes: { 'two of three copies trimmed': (at) => [3, 5, 6].includes(at[ERASED] ?? 0) },
  };
}

export const trim: Model = {
  name: 'trim',
  about: 'three daemons with one copy each of a fragment, every trim with every keeper',
  weakenings: WEAKENINGS,
  build,
};
