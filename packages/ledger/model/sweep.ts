// Sweeping fragments that were uploaded but never placed (design 2.8), against an append that is slow: one fragment, its
// daemon, one device whose `place` (P) carries a receipt of generation 0, four voters.
//
// The daemon raises its generation, certifies the sweep, spares what it has since given a newer receipt for, asks q voters
// after their cosignature, and deletes only what none mentions; a voter that cosigned the sweep refuses a place with an
// older receipt unless it voted for it before. Holds, whatever the fourth hoster signs or says: what is acknowledged is
// stored; and the device can always get its file acknowledged without the liar. This is evidence, not a proof.

import { count, hoster, HONEST, LIARS, QUORUM, sortGroups, withCertificate } from './rule.ts';
import type { Model, Rule, State, Step, Weakening } from './rule.ts';
import { trees } from './trees.ts';

/** The device's log: P, then V (void of P) with N, a place whose receipt is of generation 1. */
const HEADS = trees('P', 'PVN');
const [P, PVN] = [1, 2] as const;

/** Each honest hoster: head of that log, has it promised P (cosigned it unvoided), cosigned the sweep, answered the daemon. */
const WIDTH = 4;
const headOf = (voter: number) => voter * WIDTH;
const promised = (voter: number) => voter * WIDTH + 1;
const swept = (voter: number) => voter * WIDTH + 2;
const asked = (voter: number) => voter * WIDTH + 3;
/** The device: its head, whether it holds a receipt of generation 1, whether it holds the certificate of P. */
const WRITTEN = HONEST.length * WIDTH;
const FRESH = WRITTEN + 1;
const HOLDS = WRITTEN + 2;
/** The daemon: its generation, is the fragment gone, was the fragment mentioned. */
const GENERATION = WRITTEN + 3;
const DELETED = WRITTEN + 4;
const MENTIONED = WRITTEN + 5;

const GONE = 'acknowledged data is erased';
const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'free-sweep': { about: 'the daemon deletes what it knows no place of', breaks: GONE },
  'ask-heads-first': {
    about:
      'the daemon asks q voters and deletes what none mentions; there are no generations and no sweep entry',
    breaks: GONE,
  },
  'fresh-receipt-not-spared': {
    about: 'the daemon deletes the set it fixed, even what it has given a newer receipt for',
    breaks: GONE,
  },
};

function build(weak?: string): Rule {
  const covering = (at: State, tree: number) => count((voter) => HEADS.covers(at[headOf(voter)] ?? 0, tree));
  const promises = (at: State) => count((voter) => at[promised(voter)] === 1);
  const enough = QUORUM - LIARS;

  return {
    bytes: MENTIONED + 1,
    start: (state) => (state[WRITTEN] = P),
    canonical: (state) => sortGroups(state, { first: 0, width: WIDTH, many: HONEST.length }),

    steps: (at, can, may) => {
      upload(at, can, may);
      for (const voter of HONEST) vote(at, voter, can);
      if (weak === undefined || weak === 'fresh-receipt-not-spared') {
        if (at[GENERATION] === 0) {
          may(
            () => 'the daemon raises its generation to 1, fixes the set to delete and signs the sweep',
            (to) => (to[GENERATION] = 1),
          );
        }
      }
      sweepUp(at, may);
    },

    never: {
      [GONE]: (at) => at[DELETED] === 1 && (promises(at) >= enough || covering(at, PVN) >= enough),
    },
    reachable: {
      'the file is acknowledged': (at) =>
        at[DELETED] === 0 && (promises(at) >= QUORUM || covering(at, PVN) >= QUORUM || at[HOLDS] === 1),
    },
    sometimes: {
      'an unplaced fragment deleted': (at) => at[DELETED] === 1,
      'a place saved by a fresh receipt': (at) => at[GENERATION] === 1 && covering(at, PVN) === HONEST.length,
    },
  };

  /** The device: once refused it asks for a fresh receipt, brings the bytes again if they are gone, and signs a larger tree. */
  function upload(at: State, can: Step, may: Step): void {
    const refused = HONEST.some((voter) => at[swept(voter)] === 1 && at[headOf(voter)] === 0);
    if (at[HOLDS] === 0 && at[WRITTEN] === P) {
      withCertificate(
        promises(at),
        can,
        may,
      )?.(
        () => 'the device holds the certificate of P: the file is acknowledged',
        (to) => (to[HOLDS] = 1),
      );
    }
    if (at[HOLDS] === 1 || !refused) return;
    if (at[FRESH] === 0) {
      can(
        () =>
          `refused, the device gets a receipt of generation 1${at[DELETED] === 1 ? ' for the bytes it brings again' : ''}`,
        (to) => {
          to[FRESH] = 1;
          to[DELETED] = 0;
        },
      );
    } else if (at[WRITTEN] === P) {
      can(
        () => 'the device signs PVN: P is void, N carries the fresh receipt',
        (to) => (to[WRITTEN] = PVN),
      );
    }
  }

  function vote(at: State, voter: number, can: Step): void {
    const head = at[headOf(voter)] ?? 0;
    if (head === 0 && at[swept(voter)] === 0) {
      can(
        () => `${hoster(voter)} stores and cosigns P`,
        (to) => {
          to[headOf(voter)] = P;
          to[promised(voter)] = 1;
        },
      );
    }
    if (at[WRITTEN] === PVN && head !== PVN) {
      can(
        () => `${hoster(voter)} stores and cosigns PVN`,
        (to) => (to[headOf(voter)] = PVN),
      );
    }
    if (at[GENERATION] === 1 && at[swept(voter)] === 0) {
      can(
        () =>
          `${hoster(voter)} cosigns the sweep${head === 0 ? ' and refuses receipts of generation 0 from now on' : ''}`,
        (to) => (to[swept(voter)] = 1),
      );
    }
  }

  /** The daemon asks and deletes. The liar mentions nothing and cosigns everything. */
  function sweepUp(at: State, may: Step): void {
    if (weak !== 'free-sweep') {
      for (const voter of HONEST) {
        if (at[asked(voter)] === 1 || (weak !== 'ask-heads-first' && at[swept(voter)] === 0)) continue;
        const head = at[headOf(voter)] ?? 0;
        may(
          () =>
            `${hoster(voter)} tells the daemon: ${head === 0 ? 'no place mentions it' : 'a place mentions it'}`,
          (to) => {
            to[asked(voter)] = 1;
            if (head !== 0) to[MENTIONED] = 1;
          },
        );
      }
    }
    const heard =
      weak === 'free-sweep' || (count((voter) => at[asked(voter)] === 1) >= enough && at[MENTIONED] === 0);
    const spared = at[FRESH] === 1 && weak !== 'fresh-receipt-not-spared';
    if (!heard || spared || at[DELETED] === 1) return;
    may(
      () => 'the daemon deletes the fragment',
      (to) => (to[DELETED] = 1),
    );
  }
}

export const sweep: Model = {
  name: 'sweep',
  about: 'one sweep of one fragment against a slow append of its place',
  weakenings: WEAKENINGS,
  build,
};
