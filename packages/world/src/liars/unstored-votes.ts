// A liar: cosigns without looking and stores nothing: its daemon never hears of the append.

import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { cosigned } from './cosigning.ts';
import { speaking } from './mouth.ts';

export const unstoredVotes: Liar = {
  name: 'unstored-votes',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        append: async (question) => {
          if (sometimes(setting, 3)) return undefined;
          const vote = cosigned(ports, setting, question.asked.append);
          if (vote === undefined) return undefined;
          setting.did('cosigns unstored');
          return question.say(vote);
        },
      },
    }),
};
