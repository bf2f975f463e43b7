// A liar: serves everyone but one writer, whose appends it refuses for reasons of every class: the first one it
// met.

import { Fault } from '@vauban/core';
import { faultToWire } from '@vauban/wire';
import type { Liar } from '../liar.ts';
import { shared, sometimes } from './chance.ts';
import { speaking } from './mouth.ts';

const codes = { never: 'CHAIN_BROKEN', policy: 'AGENCY_SUSPENDED', later: 'BUDGET_SPENT' } as const;

export const refusedWriter: Liar = {
  name: 'refused-writer',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        append: async (question) => {
          const { origin } = question.asked.append;
          // All who play this game refuse the same one.
          if (shared(setting.ring, 'refused writer', () => origin) !== origin) return undefined;
          setting.did('refuses its victim');
          const reason = sometimes(setting, 3) ? 'never' : sometimes(setting, 2) ? 'policy' : 'later';
          const fault = faultToWire(new Fault('refused', codes[reason], 'not this one', {}));
          return question.say({ result: 'refused', class: reason, index: null, fault });
        },
      },
    }),
};
