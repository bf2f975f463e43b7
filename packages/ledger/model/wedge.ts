// A refused entry must not wedge an honest log (design 2.5): two devices of one agency append one entry each, every voter
// has budget for one of them, and voters may disagree about which came first.
//
// A device that some voter refuses signs a larger tree that voids the entry; a void, and what it voids, is never refused.
// Holds: both logs can always go on without the fourth hoster, which lies and may be silent; and never are both entries
// certified on a budget for one. This is evidence within these bounds, not a proof.

import { count, hoster, HONEST, LIARS, QUORUM, sortGroups } from './rule.ts';
import type { Model, Rule, State, Weakening } from './rule.ts';

const DEVICES = [0, 1] as const;
/** Heads of either log: E, and E with its void. */
const [E, EV] = [1, 2] as const;

/** Each honest hoster: on which device its budget went (0: not yet), its head of either log. */
const WIDTH = 3;
const spentOn = (voter: number) => voter * WIDTH;
const headOf = (voter: number, device: number) => voter * WIDTH + 1 + device;
/** The head each device has signed. */
const writtenBy = (device: number) => HONEST.length * WIDTH + device;

const GOES_ON = 'at least one log goes on';
const WEAKENINGS: Readonly<Record<string, Weakening>> = {
  'no-void': { about: 'a refused device has nothing to do but to send its entry again', breaks: GOES_ON },
};

function build(weak?: string): Rule {
  /** Honest votes for the entry itself: by voters that took it before it was void. */
  const votes = (at: State, device: number) => count((voter) => at[spentOn(voter)] === device + 1);
  const goesOn = (at: State, device: number) =>
    count((voter) => at[headOf(voter, device)] === at[writtenBy(device)]) >= QUORUM;

  return {
    bytes: HONEST.length * WIDTH + DEVICES.length,
    start: (state) => {
      for (const device of DEVICES) state[writtenBy(device)] = E;
    },
    canonical: (state) => sortGroups(state, { first: 0, width: WIDTH, many: HONEST.length }),

    steps: (at, can) => {
      for (const device of DEVICES) {
        const name = `device ${device + 1}`;
        const refused = HONEST.some((voter) => at[headOf(voter, device)] === 0 && at[spentOn(voter)] !== 0);
        if (refused && at[writtenBy(device)] === E && weak !== 'no-void') {
          can(
            () => `${name}, refused by a hoster, signs the void of its entry`,
            (to) => (to[writtenBy(device)] = EV),
          );
        }
        for (const voter of HONEST) {
          if (at[headOf(voter, device)] === 0 && at[spentOn(voter)] === 0) {
            can(
              () => `${hoster(voter)} cosigns the entry of ${name}: its budget is spent`,
              (to) => {
                to[headOf(voter, device)] = E;
                to[spentOn(voter)] = device + 1;
              },
            );
          }
          if (at[writtenBy(device)] === EV && at[headOf(voter, device)] !== EV) {
            can(
              () => `${hoster(voter)} cosigns the entry of ${name} with its void`,
              (to) => (to[headOf(voter, device)] = EV),
            );
          }
        }
      }
    },

    never: {
      'the budget is overdrawn': (at) => DEVICES.every((device) => votes(at, device) >= QUORUM - LIARS),
    },
    reachable: {
      [GOES_ON]: (at) => DEVICES.some((device) => goesOn(at, device)),
      'both logs go on': (at) => DEVICES.every((device) => goesOn(at, device)),
    },
    sometimes: {
      'both entries voided': (at) =>
        DEVICES.every((device) => at[writtenBy(device)] === EV && goesOn(at, device)),
      'one entry certified': (at) => DEVICES.some((device) => votes(at, device) >= QUORUM),
    },
  };
}

export const wedge: Model = {
  name: 'wedge',
  about: 'two devices, one entry each, every voter with budget for one of them',
  weakenings: WEAKENINGS,
  build,
};
